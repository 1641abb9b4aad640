use std::fmt;

use glob::Pattern;
use plimsoll_model::Target;
use regex::Regex;

use crate::url;

/// What a record has to be like to belong to a chain, as it is configured. Conditions that are given must all hold;
/// with none, every record matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Glob over the attack's name.
    pub attack: Option<String>,
    /// Glob over the URL's host, or over `host:port`. Case is ignored.
    pub host: Option<String>,
    /// Start of the URL's path, in whole segments: `/eth` claims `/eth` and `/eth/v1`, not `/ethereum`.
    pub path_prefix: Option<String>,
    /// Regular expression found anywhere in the URL.
    pub url_regex: Option<String>,
    /// HTTP method. Case is ignored.
    pub method: Option<String>,
    /// An answer header, by its place in [`Target::headers`], and a glob over its value. An absent header never matches.
    pub header: Option<(usize, String)>,
    /// Glob over the input's name, or over its last path component.
    pub file: Option<String>,
}

/// [`Conditions`], ready to be tried.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    attack: Option<Pattern>,
    host: Option<Pattern>,
    path_prefix: Option<String>,
    url_regex: Option<Regex>,
    method: Option<String>,
    header: Option<(usize, Pattern)>,
    file: Option<Pattern>,
}

impl Matcher {
    /// Compiles the conditions.
    ///
    /// # Errors
    /// The first condition that is not a valid glob or regular expression.
    pub fn new(conditions: &Conditions) -> Result<Self, InvalidCondition> {
        let header = match &conditions.header {
            Some((index, text)) => glob("header", Some(text))?.map(|pattern| (*index, pattern)),
            None => None,
        };
        Ok(Self {
            attack: glob("attack", conditions.attack.as_deref())?,
            host: glob(
                "host",
                conditions.host.as_ref().map(|host| host.to_ascii_lowercase()).as_deref(),
            )?,
            path_prefix: conditions.path_prefix.clone(),
            url_regex: match &conditions.url_regex {
                Some(text) => Some(
                    Regex::new(text)
                        .map_err(|error| InvalidCondition::new("url_regex", text, &error))?,
                ),
                None => None,
            },
            method: conditions.method.clone(),
            header,
            file: glob("file", conditions.file.as_deref())?,
        })
    }

    /// Whether requests to `target`, recorded in the input of this name, match.
    #[must_use]
    pub fn matches(&self, target: &Target, input: &str) -> bool {
        let parts = url::parts(&target.url);
        let host = |pattern: &Pattern| {
            parts.as_ref().is_some_and(|parts| {
                let host = parts.host.to_ascii_lowercase();
                pattern.matches(&host) || pattern.matches(url::without_port(&host))
            })
        };
        let prefix = |prefix: &str| {
            parts.as_ref().is_some_and(|parts| starts_with_segments(parts.path, prefix))
        };
        let header = |(index, pattern): &(usize, Pattern)| {
            target
                .headers
                .get(*index)
                .and_then(Option::as_deref)
                .is_some_and(|value| pattern.matches(value))
        };
        let file = |pattern: &Pattern| {
            let name = input.rsplit(['/', '\\']).next().unwrap_or(input);
            pattern.matches(input) || pattern.matches(name)
        };
        self.attack.as_ref().is_none_or(|pattern| pattern.matches(&target.attack))
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&target.method))
            && self.host.as_ref().is_none_or(host)
            && self.path_prefix.as_deref().is_none_or(prefix)
            && self.url_regex.as_ref().is_none_or(|regex| regex.is_match(&target.url))
            && self.header.as_ref().is_none_or(header)
            && self.file.as_ref().is_none_or(file)
    }
}

fn starts_with_segments(path: &str, prefix: &str) -> bool {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn glob(condition: &'static str, text: Option<&str>) -> Result<Option<Pattern>, InvalidCondition> {
    text.map(|text| {
        Pattern::new(text).map_err(|error| InvalidCondition::new(condition, text, &error))
    })
    .transpose()
}

/// A condition that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCondition {
    condition: &'static str,
    text: String,
    reason: String,
}

impl InvalidCondition {
    fn new(condition: &'static str, text: &str, reason: &dyn fmt::Display) -> Self {
        Self { condition, text: text.to_owned(), reason: reason.to_string() }
    }
}

impl fmt::Display for InvalidCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{} = \"{}\"` is not valid: {}", self.condition, self.text, self.reason)
    }
}

impl std::error::Error for InvalidCondition {}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            attack: "boba-500".into(),
            method: "POST".into(),
            url: "https://RPC.example:8443/boba/v1?key=x".into(),
            headers: vec![None, Some("node-7".into())],
        }
    }

    fn matches(conditions: &Conditions) -> bool {
        Matcher::new(conditions).unwrap().matches(&target(), "results/boba-1.gob")
    }

    #[test]
    fn each_condition_is_tried() {
        let yes = |text: &str| Some(text.to_owned());
        let none = Conditions::default;
        for (conditions, expected) in [
            (none(), true),
            (Conditions { attack: yes("boba-*"), ..none() }, true),
            (Conditions { attack: yes("boba"), ..none() }, false),
            (Conditions { host: yes("rpc.EXAMPLE"), ..none() }, true),
            (Conditions { host: yes("*.example:8443"), ..none() }, true),
            (Conditions { host: yes("*.example:9"), ..none() }, false),
            (Conditions { path_prefix: yes("/boba"), ..none() }, true),
            (Conditions { path_prefix: yes("/boba/"), ..none() }, true),
            (Conditions { path_prefix: yes("/bob"), ..none() }, false),
            (Conditions { path_prefix: yes("/"), ..none() }, true),
            (Conditions { url_regex: yes("/v[0-9]"), ..none() }, true),
            (Conditions { method: yes("post"), ..none() }, true),
            (Conditions { method: yes("get"), ..none() }, false),
            (Conditions { header: Some((1, "node-*".into())), ..none() }, true),
            (Conditions { header: Some((0, "*".into())), ..none() }, false),
            (Conditions { header: Some((9, "*".into())), ..none() }, false),
            (Conditions { file: yes("boba-*.gob"), ..none() }, true),
            (Conditions { file: yes("results/*"), ..none() }, true),
            (Conditions { attack: yes("boba-*"), method: yes("GET"), ..none() }, false),
        ] {
            assert_eq!(matches(&conditions), expected, "{conditions:?}");
        }
    }

    #[test]
    fn the_error_names_the_condition() {
        let error =
            Matcher::new(&Conditions { url_regex: Some("(".into()), ..Conditions::default() })
                .unwrap_err();
        assert!(error.to_string().starts_with("`url_regex = \"(\"` is not valid: "));
        assert!(
            Matcher::new(&Conditions { host: Some("a***".into()), ..Conditions::default() })
                .is_err()
        );
    }
}
