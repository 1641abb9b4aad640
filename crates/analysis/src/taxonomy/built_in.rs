use std::error::Error;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::Regex;

use super::Cause;
use super::class::Class;
use super::file::{self, File, Sign};
use super::patterns::Patterns;

/// The rules that come with the program.
pub(crate) static BUILT_IN: LazyLock<BuiltIn> = LazyLock::new(|| {
    BuiltIn::parse(include_str!("rules.toml")).expect("the embedded rules are tested")
});

/// Statuses are below.
const STATUSES: u16 = 600;

/// What is said about failures of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    class: Class,
    alternatives: Vec<Class>,
    /// The alternatives that are left where an answer had begun.
    once_begun: Vec<Class>,
    meaning: Box<str>,
    advice: Box<str>,
}

impl Entry {
    pub(crate) fn new(
        class: Class,
        alternatives: Vec<Class>,
        meaning: Box<str>,
        advice: Box<str>,
    ) -> Self {
        const BEFORE_AN_ANSWER: [Class; 3] =
            [Class::ConnectTimeout, Class::DnsFailure, Class::TlsFailure];
        let begun = |class: &Class| !BEFORE_AN_ANSWER.contains(class);
        let once_begun = alternatives.iter().copied().filter(begun).collect();
        Self { class, alternatives, once_begun, meaning, advice }
    }

    pub(crate) fn cause(&self, begun: bool) -> Cause<'_> {
        let alternatives = if begun { &self.once_begun } else { &self.alternatives };
        Cause { class: self.class, alternatives, meaning: &self.meaning, advice: &self.advice }
    }
}

/// The rules of `rules.toml`, ready to be tried. An entry's number is its place in `entries`.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    /// First those of the classes, in their order.
    entries: Vec<Entry>,
    wants_tls: usize,
    partial: usize,
    /// The entry of each status.
    statuses: Vec<usize>,
    texts: Texts,
    stated_status: Regex,
    rpc_texts: Texts,
    rpc_codes: Vec<((i64, i64), usize)>,
    rpc_rate_limited: usize,
}

impl BuiltIn {
    fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let file: File = toml::from_str(text)?;
        let mut entries = Entries::of_classes(&file)?;
        let rules: Vec<_> = file.rule.iter().map(|rule| (rule, entries.add(rule))).collect();
        let rpc: Vec<_> = file.rpc.iter().map(|rule| (rule, entries.add(rule))).collect();
        let of_sign = |sign: Sign| {
            let rule = rules.iter().find(|(rule, _)| rule.sign == Some(sign));
            rule.map(|(_, entry)| *entry).ok_or(format!("no rule for {sign:?}"))
        };
        let by_status = |status: u16| {
            let status = i64::from(status);
            first_of_code(&rules, status).unwrap_or(Class::Unclassified as usize)
        };
        let rate_limited = rpc.iter().find(|(rule, _)| rule.class.0 == Class::RateLimited);
        Ok(Self {
            wants_tls: of_sign(Sign::WantsTls)?,
            partial: of_sign(Sign::Partial)?,
            statuses: (0..STATUSES).map(by_status).collect(),
            texts: Texts::new(&rules),
            stated_status: Regex::new(&file.stated_status)?,
            rpc_texts: Texts::new(&rpc),
            rpc_codes: rpc
                .iter()
                .flat_map(|(rule, entry)| rule.ranges().map(|range| (range, *entry)))
                .collect(),
            rpc_rate_limited: rate_limited.ok_or("no rule for rate limits")?.1,
            entries: entries.0,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    pub(crate) fn of_class(&self, class: Class) -> &Entry {
        &self.entries[class as usize]
    }

    pub(crate) fn wants_tls(&self) -> usize {
        self.wants_tls
    }

    pub(crate) fn partial(&self) -> usize {
        self.partial
    }

    pub(crate) fn rpc_rate_limited(&self) -> usize {
        self.rpc_rate_limited
    }

    pub(crate) fn find_status(&self, status: u16) -> usize {
        let known = self.statuses.get(usize::from(status));
        known.copied().unwrap_or(Class::Unclassified as usize)
    }

    pub(crate) fn find_text(&self, text: &str) -> usize {
        self.texts
            .find(text)
            .or_else(|| self.stated_status(text).map(|status| self.find_status(status)))
            .unwrap_or(Class::Unclassified as usize)
    }

    pub(crate) fn find_rpc(&self, code: Option<i64>, text: &str) -> usize {
        let by_code = || {
            let within =
                |(first, last): (i64, i64)| code.is_some_and(|code| (first..=last).contains(&code));
            self.rpc_codes.iter().find(|(range, _)| within(*range)).map(|(_, entry)| *entry)
        };
        self.rpc_texts.find(text).or_else(by_code).unwrap_or(Class::RpcError as usize)
    }

    fn stated_status(&self, text: &str) -> Option<u16> {
        let found = self.stated_status.captures(text.as_bytes())?;
        let digits = found.iter().skip(1).flatten().next()?;
        let status = std::str::from_utf8(digits.as_bytes()).ok()?.parse().ok()?;
        (!(200..400).contains(&status)).then_some(status)
    }
}

fn first_of_code(rules: &[(&file::Entry, usize)], code: i64) -> Option<usize> {
    let applies =
        |rule: &file::Entry| rule.ranges().any(|(first, last)| (first..=last).contains(&code));
    rules.iter().find(|(rule, _)| applies(rule)).map(|(_, entry)| *entry)
}

/// Entries as they are collected.
struct Entries(Vec<Entry>);

impl Entries {
    fn of_classes(file: &File) -> Result<Self, Box<dyn Error>> {
        let entry = |class: Class| {
            let said = file.class.iter().find(|said| said.class.0 == class);
            let said = said.ok_or_else(|| format!("nothing is said about {class}"))?;
            let words = |words: &Option<String>| words.as_deref().unwrap_or_default().into();
            Ok(Entry::new(class, Vec::new(), words(&said.meaning), words(&said.advice)))
        };
        Class::ALL.into_iter().map(entry).collect::<Result<_, _>>().map(Self)
    }

    /// The entry of a rule: its class's where it has nothing of its own to say.
    fn add(&mut self, rule: &file::Entry) -> usize {
        let class = rule.class.0;
        if rule.meaning.is_none() && rule.advice.is_none() && rule.alternatives.is_empty() {
            return class as usize;
        }
        let own = &self.0[class as usize];
        let words = |words: &Option<String>, own: &str| words.as_deref().unwrap_or(own).into();
        let entry = Entry::new(
            class,
            rule.alternatives.iter().map(|name| name.0).collect(),
            words(&rule.meaning, &own.meaning),
            words(&rule.advice, &own.advice),
        );
        self.0.push(entry);
        self.0.len() - 1
    }
}

/// Patterns of rules, and what each leads to.
#[derive(Debug)]
struct Texts {
    spelt: Vec<String>,
    /// The entry of each pattern.
    entries: Vec<usize>,
    /// Made when the first text comes.
    patterns: OnceLock<Patterns>,
}

impl Texts {
    fn new(rules: &[(&file::Entry, usize)]) -> Self {
        let (spelt, entries) = rules
            .iter()
            .flat_map(|(rule, entry)| {
                rule.patterns.iter().cloned().map(|pattern| (pattern, *entry))
            })
            .unzip();
        Self { spelt, entries, patterns: OnceLock::new() }
    }

    /// The place of the first pattern that is found in the text.
    fn first(&self, text: &str) -> Option<usize> {
        let patterns = self.patterns.get_or_init(|| {
            Patterns::new(&self.spelt).expect("the patterns of the embedded rules are tested")
        });
        patterns.first(text)
    }

    fn find(&self, text: &str) -> Option<usize> {
        self.first(text).and_then(|first| self.entries.get(first).copied())
    }
}

#[cfg(test)]
impl BuiltIn {
    /// The pattern that decides about a text.
    pub(crate) fn deciding_pattern(&self, text: &str) -> Option<&str> {
        self.texts.first(text).map(|first| self.texts.spelt[first].as_str())
    }

    pub(crate) fn deciding_rpc_pattern(&self, text: &str) -> Option<&str> {
        self.rpc_texts.first(text).map(|first| self.rpc_texts.spelt[first].as_str())
    }

    pub(crate) fn patterns(&self) -> &[String] {
        &self.texts.spelt
    }

    pub(crate) fn rpc_patterns(&self) -> &[String] {
        &self.rpc_texts.spelt
    }

    pub(crate) fn causes(&self) -> impl Iterator<Item = Cause<'_>> {
        self.entries.iter().map(|entry| entry.cause(false))
    }
}
