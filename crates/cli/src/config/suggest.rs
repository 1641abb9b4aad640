//! What was meant by a key that nobody knows, and what a value should have been.

use super::Config;

/// Edits by which a key may differ from what was meant, and at most half of its letters.
const MOST_EDITS: usize = 3;

/// The tables of the file that have keys of their own, but for the chains.
const TABLES: [&str; 9] =
    ["slo", "fleet", "growth", "cost", "generator", "gate", "measure", "measure.ports", "rpc"];

/// The message of an unknown key, with what was probably meant: `unknown field …; did you mean `zones`?`. Of what was typed
/// `key` is all of it, and `chains` are names that may be a chain's.
pub(super) fn suggested(message: &str, key: Option<&str>, chains: &[String]) -> String {
    let message = plain(message);
    let meant = message.strip_prefix("unknown field `").and_then(|rest| {
        let (unknown, rest) = rest.split_once('`')?;
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        meant(unknown, &known, key, chains)
    });
    match meant {
        Some(meant) => format!("{message}; did you mean `{meant}`?"),
        None => message,
    }
}

fn meant(unknown: &str, known: &[&str], key: Option<&str>, chains: &[String]) -> Option<String> {
    // What was typed behind the unknown part is kept.
    let is_whole = |key: &str, at: usize| {
        let behind = &key[at + unknown.len()..];
        (at == 0 || key[..at].ends_with('.')) && (behind.is_empty() || behind.starts_with('.'))
    };
    let behind = key.and_then(|key| {
        let (at, _) = key.match_indices(unknown).find(|(at, _)| is_whole(key, *at))?;
        key.get(at + unknown.len()..)
    });
    let behind = behind.unwrap_or_default();
    let is_top = known.contains(&"chains");
    if is_top && chains.iter().any(|chain| chain == unknown) {
        return Some(format!("chains.{unknown}{behind}"));
    }
    let first = chains.first().map_or("NAME", String::as_str);
    let tables = TABLES.iter().map(|table| (*table).to_owned());
    let tables: Vec<(String, Vec<String>)> = tables
        .chain([format!("chains.{first}")])
        .map(|table| {
            let keys = if table.starts_with("chains.") { "chains.NAME" } else { &table };
            let keys = keys_of(keys);
            (table, keys)
        })
        .filter(|(_, keys)| keys.iter().ne(known))
        .collect();
    let elsewhere = |is: &dyn Fn(&[&str]) -> Option<String>| {
        tables.iter().find_map(|(table, keys)| {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            Some(format!("{table}.{}{behind}", is(&keys)?))
        })
    };
    let here = |keys: &[&str]| nearest(unknown, &keys.iter().copied());
    let chain = || nearest(unknown, &chains.iter().map(String::as_str)).filter(|_| is_top);
    here(known)
        .or_else(|| Some(format!("chains.{}{behind}", chain()?)))
        .or_else(|| elsewhere(&|keys| keys.contains(&unknown).then(|| unknown.to_owned())))
        .or_else(|| if is_top { elsewhere(&here) } else { None })
}

/// The keys of a table, as the error of an unknown one names them.
fn keys_of(table: &str) -> Vec<String> {
    let asked = toml::from_str::<Config>(&format!("[{table}]\n\"?\" = 0\n"));
    let Err(error) = asked else { return Vec::new() };
    error.message().split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// Of some names the one that is most like this, or two.
pub(crate) fn nearest<'a>(
    unknown: &str,
    known: &(impl Iterator<Item = &'a str> + Clone),
) -> Option<String> {
    let words = |name: &str| {
        let name = name.to_lowercase().replace("iz", "is");
        let mut words: Vec<String> = name.split('_').map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let own = words(unknown);
    let edits = |known: &&str| strsim::damerau_levenshtein(unknown, known);
    // `target_utilization` for `utilisation_target`.
    if let Some(same) = known.clone().find(|known| words(known) == own) {
        return Some(same.to_owned());
    }
    let near = |known: &&str| {
        let edits = edits(known);
        edits <= MOST_EDITS && 2 * edits <= unknown.len()
    };
    // `latency` for `latency_ms`, `rps` for `target_rps`; `target` for `targets` or `target_rps`.
    let mut found: Vec<&str> = Vec::new();
    found.extend(known.clone().filter(near).min_by_key(edits));
    found.extend(known.clone().find(|known| known.starts_with(&format!("{unknown}_"))));
    found.extend(known.clone().find(|known| known.ends_with(&format!("_{unknown}"))));
    found.dedup();
    found.truncate(2);
    (!found.is_empty()).then(|| found.join("` or `"))
}

/// Rust's names of what was expected in the words of everybody else.
fn plain(message: &str) -> String {
    let Some((found, expected)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    let expected = match expected {
        "f64" => "a number",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i64" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list, as in [\"a\", \"b\"]",
        table if table.starts_with("struct ") => "a table of keys",
        other => other,
    };
    format!("{found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_called_so() {
        let typed = "invalid type: string \"cheap\", expected f64";
        let said = suggested(typed, None, &[]);
        assert_eq!(said, "invalid type: string \"cheap\", expected a number");
    }

    #[test]
    fn what_is_nearly_known_is_suggested() {
        let end = |message: &str| suggested(message, None, &[])[message.len()..].to_owned();
        for (message, meant) in [
            ("unknown field `zone`, expected one of `zones`, `peak`", "; did you mean `zones`?"),
            ("unknown field `latency`, expected `latency_ms`", "; did you mean `latency_ms`?"),
            ("unknown field `b_a`, expected one of `zones`, `a_b`", "; did you mean `a_b`?"),
            ("unknown field `a`, expected one of `a_b`, `aa`", "; did you mean `a_b`?"),
            (
                "unknown field `zone`, expected `zones` or `zone_failures`",
                "; did you mean `zones` or `zone_failures`?",
            ),
            ("unknown field `gate`, expected one of `zones`, `kava`", ""),
            ("unknown field `colour`, expected one of `zones`, `peak`", ""),
            ("invalid type: `zone`, expected `zones`", ""),
        ] {
            assert_eq!(end(message), meant, "{message}");
        }
    }

    #[test]
    fn every_table_has_keys() {
        for table in TABLES.into_iter().chain(["chains.NAME"]) {
            assert!(!keys_of(table).is_empty(), "{table}");
        }
    }
}
