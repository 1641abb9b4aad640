//! Where a key stands in the file, so that every complaint has an address.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// Of the byte at `offset`.
    pub(crate) fn at(text: &str, offset: usize) -> Option<Self> {
        let before = text.get(..offset)?;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Some(Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        })
    }

    /// Of a key such as `cost.on_demand_per_hour`. Names of chains may hold dots.
    pub(crate) fn of(text: &str, key: &str) -> Option<Self> {
        let table = DeTable::parse(text).ok()?;
        Self::at(text, offset(table.get_ref(), key)?)
    }
}

/// The key whose value is at `offset`, or holds what is there.
pub(crate) fn key_at(text: &str, offset: usize) -> Option<String> {
    fn find(table: &DeTable<'_>, offset: usize) -> Option<String> {
        table.iter().find_map(|(key, value)| {
            let name: &str = key.get_ref();
            let deeper = match value.get_ref() {
                DeValue::Table(inner) => find(inner, offset),
                _ => None,
            };
            match deeper {
                Some(deeper) => Some(format!("{name}.{deeper}")),
                None => value.span().contains(&offset).then(|| name.to_owned()),
            }
        })
    }
    find(DeTable::parse(text).ok()?.get_ref(), offset)
}

fn offset(table: &DeTable<'_>, path: &str) -> Option<usize> {
    table.iter().find_map(|(key, value)| {
        let name: &str = key.get_ref();
        let rest = path.strip_prefix(name)?;
        match rest.strip_prefix('.') {
            None if rest.is_empty() => Some(Spanned::span(key).start),
            Some(rest) => match value.get_ref() {
                DeValue::Table(inner) => offset(inner, rest),
                _ => None,
            },
            None => None,
        }
    })
}

/// The key that a complaint is about: `key = value: expected …`, `[chains.kava]: …`, `measure.ports: …`.
pub(crate) fn subject(message: &str) -> &str {
    let subject = message.split(" = ").next().unwrap_or_default();
    let subject = subject.split(": ").next().unwrap_or_default();
    subject.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_however_they_are_written() {
        let text = "[cost]\ncurrency = \"EUR\"\n\n  fixed_per_month = 3\n[chains.\"a.b\"]\ntarget_rps = 1\ncapacity_rps = { point = 2 }\n";
        let place = |key| Place::of(text, key).map(|place| (place.line, place.column));
        assert_eq!(place("cost.fixed_per_month"), Some((4, 3)));
        assert_eq!(place("chains.a.b.target_rps"), Some((6, 1)));
        assert_eq!(place("chains.a.b.capacity_rps.point"), Some((7, 18)));
        assert_eq!(place("cost"), Some((1, 2)));
        assert_eq!(place("cost.fixed"), None);
        let key = |value: &str| key_at(text, text.find(value).unwrap());
        assert_eq!(key("[cost]").as_deref(), Some("cost"));
        assert_eq!(key("3\n").as_deref(), Some("cost.fixed_per_month"));
        assert_eq!(key("2 }").as_deref(), Some("chains.a.b.capacity_rps.point"));
    }

    #[test]
    fn a_complaint_begins_with_its_key() {
        for (message, key) in [
            ("cost.x = 3: expected less", "cost.x"),
            ("[chains.kava]: nothing", "chains.kava"),
            ("measure.ports: low = 3 is above", "measure.ports"),
        ] {
            assert_eq!(subject(message), key);
        }
    }
}
