//! What was meant by a key that nobody knows, and what a value should have been.

/// Edits by which a key may differ from what was meant.
const MOST_EDITS: usize = 3;

/// The message of an unknown key, with the known one that is most like it: `unknown field …; did you mean `zones`?`.
pub(crate) fn suggested(message: &str) -> String {
    let message = &plain(message);
    let mut quoted = message.split('`').skip(1).step_by(2);
    let nearest =
        message.starts_with("unknown field").then(|| quoted.next()).flatten().and_then(|unknown| {
            let near = |known: &str| strsim::damerau_levenshtein(unknown, known);
            quoted.min_by_key(|known| near(known)).filter(|known| {
                let edits = near(known);
                // `latency` for `latency_ms`, and `capacity` for `capacity_rps`.
                edits <= MOST_EDITS && edits < unknown.len() || known.starts_with(unknown)
            })
        });
    match nearest {
        Some(known) => format!("{message}; did you mean `{known}`?"),
        None => message.to_owned(),
    }
}

/// Rust's names of numbers in the words of everybody else.
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
        assert_eq!(suggested(typed), "invalid type: string \"cheap\", expected a number");
    }

    #[test]
    fn what_is_nearly_known_is_suggested() {
        let end = |message: &str| suggested(message)[message.len()..].to_owned();
        assert_eq!(
            end("unknown field `zone`, expected one of `zones`, `peak`"),
            "; did you mean `zones`?"
        );
        assert_eq!(
            end("unknown field `latency`, expected `latency_ms`"),
            "; did you mean `latency_ms`?"
        );
        assert_eq!(end("unknown field `colour`, expected one of `zones`, `peak`"), "");
        assert_eq!(end("invalid type: `zone`, expected `zones`"), "");
    }
}
