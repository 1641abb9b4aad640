//! Foreign texts made harmless.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character would act on a terminal or hide what stands beside it, rather than show itself.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with hidden characters as visible escapes: `\n`, `\x1b`, `\u{202e}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(byte) if byte.is_ascii_control() => out.extend(byte.escape_ascii().map(char::from)),
            _ if is_hidden(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// At most `limit` characters of the text, and a mark where it was longer.
pub(crate) fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A Markdown code span: GitHub looks for no markup, link, mention or reference inside one.
pub(crate) fn code_span(text: &str) -> String {
    let text = visible(text);
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run_of_backticks(&text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Our own words, or a configuration's, where a character of them would be markup.
pub(crate) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '$' | '&')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A code span for a table's cell, where a pipe needs a backslash even inside code.
pub(crate) fn code_cell(text: &str) -> String {
    let span = code_span(text);
    let mut out = String::with_capacity(span.len());
    let mut after_backslash = false;
    for c in span.chars() {
        match c {
            // A backslash before the pipe's own would undo it.
            '|' if after_backslash => out.push_str("u{7c}"),
            '|' => out.push_str("\\|"),
            c => out.push(c),
        }
        after_backslash = c == '\\';
    }
    out
}

/// JSON text with hidden characters inside its strings as `\uXXXX`; its meaning is the same.
///
/// Outside of strings JSON has no such characters, apart from the line feeds and tabs that lay it out.
pub(crate) fn ascii_hidden(json: String) -> String {
    let acts = |c: char| is_hidden(c) && c != '\n' && c != '\t';
    if !json.contains(acts) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("writing to a string cannot fail");
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_made_visible() {
        assert_eq!(
            visible("a\x1b[31mb\u{202e}c\nd\u{9b}e\x7f"),
            r"a\x1b[31mb\u{202e}c\nd\u{9b}e\x7f"
        );
        assert_eq!(visible("é ✓ 日本"), "é ✓ 日本");
    }

    #[test]
    fn a_code_span_outlasts_the_backticks_in_it() {
        assert_eq!(code_span("a"), "`a`");
        assert_eq!(code_span("a``b`c"), "```a``b`c```");
        assert_eq!(code_span("`"), "`` ` ``");
        assert_eq!(code_span(""), "(empty)");
    }

    #[test]
    fn prose_is_no_markup() {
        assert_eq!(prose("a_b *c* <d> [e](f)"), r"a\_b \*c\* \<d\> \[e\](f)");
        assert_eq!(prose("a\nb"), r"a\\nb");
    }

    #[test]
    fn no_pipe_in_a_cell_splits_it() {
        assert_eq!(code_cell("a|b"), r"`a\|b`");
        assert_eq!(code_cell(r"a\|b"), r"`a\u{7c}b`");
        assert_eq!(code_cell("||"), r"`\|\|`");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let json = serde_json::to_string("\u{9b}x\u{202e}\u{e0001}é").unwrap();
        let escaped = ascii_hidden(json.clone());
        assert_eq!(escaped, "\"\\u009bx\\u202e\\udb40\\udc01é\"");
        assert_eq!(
            serde_json::from_str::<String>(&escaped).unwrap(),
            serde_json::from_str::<String>(&json).unwrap()
        );
    }
}
