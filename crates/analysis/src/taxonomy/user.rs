use std::fmt;
use std::sync::Arc;

use regex::bytes::RegexBuilder;

use super::built_in::{BUILT_IN, Entry};
use super::class::Class;
use super::patterns::Patterns;

/// A rule of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Regular expression found anywhere in an error's template, as the report shows it. ASCII letters match in either case.
    pub pattern: String,
    /// The class of failures that match.
    pub class: Class,
    /// What happened; empty for what the class says.
    pub meaning: String,
    /// What to do; empty for what the class says.
    pub advice: String,
}

/// [`Rule`]s, ready to be tried.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserRules {
    /// None without rules.
    patterns: Option<Arc<Patterns>>,
    entries: Vec<Entry>,
}

impl UserRules {
    pub(crate) fn new(rules: &[Rule]) -> Result<Self, InvalidRule> {
        if rules.is_empty() {
            return Ok(Self::default());
        }
        for (index, rule) in rules.iter().enumerate() {
            if rule.pattern.is_empty() {
                return Err(InvalidRule { index, reason: "it is empty".to_owned() });
            }
            RegexBuilder::new(&rule.pattern)
                .case_insensitive(true)
                .unicode(false)
                .build()
                .map_err(|error| InvalidRule::new(index, &error))?;
        }
        let patterns: Vec<&str> = rules.iter().map(|rule| rule.pattern.as_str()).collect();
        let patterns = Patterns::new(&patterns)
            .map_err(|error| InvalidRule { index: rules.len() - 1, reason: error.to_string() })?;
        let entries = rules.iter().map(entry).collect();
        Ok(Self { patterns: Some(Arc::new(patterns)), entries })
    }

    /// The first rule that matches the template.
    pub(crate) fn find(&self, template: &str) -> Option<usize> {
        self.patterns.as_ref()?.first(template)
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }
}

fn entry(rule: &Rule) -> Entry {
    let own = BUILT_IN.of_class(rule.class).cause(false);
    let or = |text: &str, own: &str| if text.is_empty() { own.into() } else { text.into() };
    Entry::new(rule.class, Vec::new(), or(&rule.meaning, own.meaning), or(&rule.advice, own.advice))
}

/// A rule that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRule {
    index: usize,
    reason: String,
}

impl InvalidRule {
    fn new(index: usize, error: &regex::Error) -> Self {
        // The message of a syntax error shows the pattern on lines of their own; the last line says what is wrong.
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        Self { index, reason: last.trim_start_matches("error: ").trim_end_matches('.').to_owned() }
    }

    /// The rule's place among those that were given, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }
}

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pattern of taxonomy rule {} is not valid: {}", self.index + 1, self.reason)
    }
}

impl std::error::Error for InvalidRule {}
