//! What is wrong with a file, on one line and with its address.

use super::place::{self, Place};
use super::suggest;

/// The message without line ends, and without lines that only point at what is above them.
pub(super) fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && *line != "^").collect::<Vec<_>>().join(" ")
}

/// `:3:5: unknown field …`, `:4:9: fleet.zones: invalid type …`, on one line.
pub(super) fn at_place(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map(|span| span.start);
    let message = start.and_then(|start| without_value(text, start, error.message()));
    let mut message = message
        .unwrap_or_else(|| suggest::suggested(&one_line(error.message()), None, &chains_of(text)));
    let Some(start) = start else { return format!(": {message}") };
    let names_its_key = message.starts_with("unknown field");
    if let Some(key) = place::key_at(text, start).filter(|_| !names_its_key) {
        message = format!("{key}: {message}");
    }
    match Place::at(text, start) {
        Some(Place { line, column }) => format!(":{line}:{column}: {message}"),
        None => format!(": {message}"),
    }
}

/// Of a key without a value, which the parser takes for a string without quotes.
fn without_value(text: &str, start: usize, message: &str) -> Option<String> {
    let (before, behind) = text.split_at_checked(start)?;
    let rest = behind.lines().next().unwrap_or_default().trim();
    let line = before.lines().next_back().unwrap_or_default();
    let key = line.trim_end().strip_suffix('=')?.trim();
    let is_so = (rest.is_empty() || rest.starts_with('#')) && message.contains("quoted");
    is_so.then(|| format!("{key} has no value: expected {key} = …, or no such line"))
}

/// What may be a chain's name: those of chains, and of tables beside them that look like one.
fn chains_of(text: &str) -> Vec<String> {
    let Ok(table) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let is_chain = |table: &toml::Table| {
        ["target_rps", "capacity_rps", "capacity_from"].iter().any(|key| table.contains_key(*key))
    };
    let chains = table.get("chains").and_then(toml::Value::as_table);
    let beside = table.iter().filter(|(_, value)| value.as_table().is_some_and(is_chain));
    chains
        .into_iter()
        .flat_map(toml::Table::keys)
        .chain(beside.map(|(name, _)| name))
        .cloned()
        .collect()
}
