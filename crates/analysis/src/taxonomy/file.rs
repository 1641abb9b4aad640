use serde::Deserialize;

use super::class::{Class, UnknownClass};

/// `rules.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Finds the status that a text speaks of, in the first group that takes part in the match.
    pub(crate) stated_status: String,
    /// What there is to say about each class.
    pub(crate) class: Vec<Entry>,
    /// By text, status or sign.
    pub(crate) rule: Vec<Entry>,
    /// By code or message of a JSON-RPC error. One of class `server.rate_limited` is for the codes that are configured.
    pub(crate) rpc: Vec<Entry>,
}

/// A rule: what it applies to, and what is said then.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Regular expressions, found anywhere in the folded text.
    #[serde(default)]
    pub(crate) patterns: Vec<String>,
    /// Statuses or JSON-RPC codes.
    #[serde(default)]
    pub(crate) codes: Vec<i64>,
    /// The first and the last of more codes.
    pub(crate) range: Option<(i64, i64)>,
    pub(crate) sign: Option<Sign>,
    pub(crate) class: Name,
    #[serde(default)]
    pub(crate) alternatives: Vec<Name>,
    /// What the class says where it is absent.
    pub(crate) meaning: Option<String>,
    /// What the class says where it is absent.
    pub(crate) advice: Option<String>,
}

impl Entry {
    /// The ranges of codes that the rule applies to.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (i64, i64)> {
        self.codes.iter().map(|&code| (code, code)).chain(self.range)
    }
}

/// What a body says ([`BodySign`](plimsoll_model::BodySign)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sign {
    /// With status 400.
    WantsTls,
    /// Without any text.
    Partial,
}

/// A class by its full name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) Class);

impl TryFrom<String> for Name {
    type Error = UnknownClass;

    fn try_from(text: String) -> Result<Self, UnknownClass> {
        text.parse().map(Self)
    }
}
