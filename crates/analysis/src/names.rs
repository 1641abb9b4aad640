use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The most bytes of a name that are kept.
const MAX_NAME_LEN: usize = 256;

/// A word that a cut falls into goes as a whole if it is shorter: what masking recognises may be cut beyond recognition.
const MAX_CUT_WORD: usize = 128;

/// The name, or where it is too long its beginning and what tells it apart from others with the same beginning.
pub(crate) fn short_name(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME_LEN {
        return Cow::Borrowed(name);
    }
    let hash = FixedState::with_seed(0).hash_one(name) >> 16;
    Cow::Owned(format!("{}…{hash:012x}", beginning(name, MAX_NAME_LEN)))
}

/// The text, or where it is longer than `len` bytes its beginning and `…`.
pub(crate) fn excerpt(text: &str, len: usize) -> Cow<'_, str> {
    if text.len() <= len {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", beginning(text, len.saturating_sub('…'.len_utf8()))))
}

/// At most `len` bytes of a longer text, without the word that is cut.
fn beginning(text: &str, len: usize) -> &str {
    let end = (0..=len).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    let whole = text.split_at(end).0;
    let is_word = |c: char| c.is_alphanumeric() || "_-.+~%".contains(c);
    let words = whole.trim_end_matches(is_word);
    if whole.len() - words.len() < MAX_CUT_WORD { words } else { whole }
}

/// A bounded set of texts, numbered in order of appearance.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    limit: usize,
    ids: HashMap<Box<str>, u32, FixedState>,
    texts: Vec<Box<str>>,
}

impl Names {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ids: HashMap::default(), texts: Vec::new() }
    }

    /// The text's number; `None` for a new text where the set is full.
    pub(crate) fn intern(&mut self, text: &str) -> Option<u32> {
        if let Some(&id) = self.ids.get(text) {
            return Some(id);
        }
        if self.texts.len() >= self.limit {
            return None;
        }
        let id = u32::try_from(self.texts.len()).ok()?;
        self.ids.insert(text.into(), id);
        self.texts.push(text.into());
        Some(id)
    }

    pub(crate) fn text(&self, id: u32) -> &str {
        self.texts.get(id as usize).map_or("", AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        assert_eq!(short_name("eth-500"), "eth-500");
        let (one, other) = ("é".repeat(400) + "1", "é".repeat(400) + "2");
        assert_ne!(short_name(&one), short_name(&other));
        assert!(short_name(&one).starts_with("éé") && short_name(&one).len() < 300);
    }

    #[test]
    fn an_excerpt_cuts_no_key_in_two() {
        let text = format!("{} https://h/v3/{}", "x".repeat(100), "ab1".repeat(20));
        assert_eq!(excerpt(&text, 120), format!("{} https://h/v3/…", "x".repeat(100)));
        assert_eq!(excerpt(&text, 1_000), text);
        assert_eq!(excerpt(&"é".repeat(400), 300), format!("{}…", "é".repeat(148)));
    }
}
