use crate::chart::Escaped;
use crate::escape::{code_span, prose, visible};

/// A sentence of our own words, with those of a recording or a configuration among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sentence(Vec<Words>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    Own(String),
    Foreign(String),
}

impl Sentence {
    /// Begins with our own words.
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self::default().own(words)
    }

    /// Goes on in our own words.
    pub(crate) fn own(mut self, words: impl Into<String>) -> Self {
        self.0.push(Words::Own(words.into()));
        self
    }

    /// Goes on in the words of a recording.
    pub(crate) fn foreign(mut self, words: impl Into<String>) -> Self {
        self.0.push(Words::Foreign(words.into()));
        self
    }

    /// As it is, for JSON.
    pub(crate) fn raw(&self) -> String {
        self.0
            .iter()
            .map(|words| match words {
                Words::Own(text) | Words::Foreign(text) => text.as_str(),
            })
            .collect()
    }

    /// For a terminal: nothing in it acts on one.
    pub(crate) fn text(&self) -> String {
        visible(&self.raw()).into_owned()
    }

    /// For HTML: foreign words are code.
    pub(crate) fn html(&self) -> String {
        let word = |words: &Words| match words {
            Words::Own(text) => Escaped(text).to_string(),
            Words::Foreign(text) if text.trim().is_empty() => "(empty)".to_owned(),
            Words::Foreign(text) => format!("<code>{}</code>", Escaped(text)),
        };
        self.0.iter().map(word).collect()
    }

    /// For Markdown: foreign words are code.
    pub(crate) fn markdown(&self) -> String {
        self.0
            .iter()
            .map(|words| match words {
                Words::Own(text) => prose(text),
                Words::Foreign(text) => code_span(text),
            })
            .collect()
    }
}

/// `a`, `a and b`, `a, b and c`, each foreign.
pub(crate) fn listed(mut sentence: Sentence, names: &[String], most: usize) -> Sentence {
    let shown = names.len().min(most);
    for (index, name) in names.iter().take(most).enumerate() {
        let between = match index {
            0 => "",
            _ if index + 1 == shown && shown == names.len() => " and ",
            _ => ", ",
        };
        sentence = sentence.own(between).foreign(name);
    }
    match names.len() - shown {
        0 => sentence,
        1 => sentence.own(" and one more"),
        more => sentence.own(format!(" and {more} more")),
    }
}
