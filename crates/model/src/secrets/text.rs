//! Credentials in free texts.

use std::ops::Range;

use super::random::{is_basic, is_secret};
use super::url;
use super::{MASK, is_word, names_credential, push_mask, split_where};

/// What a quoted value or key may be opened with.
const QUOTES: [&str; 3] = ["\\\"", "\"", "'"];

/// What errors put before the name of a credential.
const COMPLAINTS: [&str; 3] = ["invalid", "missing", "expired"];

/// A stretch without spaces and quotes. What is in it is looked for once, or it would cost the square.
#[derive(Default)]
struct Stretch {
    end: usize,
    last_at: Option<usize>,
    last_mask: Option<usize>,
}

impl Stretch {
    /// Where the last `@` is in the stretch around `start`, if it is behind `start`. What was masked before stays
    /// as it is.
    fn last_at(&mut self, text: &str, start: usize) -> Option<usize> {
        if start >= self.end {
            let (stretch, _) = split_where(&text[start..], ends_stretch);
            let find = |sought: &str| Some(start + stretch.rfind(sought)?);
            self.end = start + stretch.len();
            self.last_at = find("@");
            self.last_mask = find(MASK);
        }
        self.last_at.filter(|&at| at > start && self.last_mask.is_none_or(|mask| mask < start))
    }
}

/// Appends the masked text.
pub(super) fn mask_into(text: &str, out: &mut String) {
    let mut stretch = Stretch::default();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if is_word(first) {
            at = mask_word(text, at, &mut stretch, out);
            continue;
        }
        out.push(first);
        at += first.len_utf8();
        let rest = &text[at..];
        if first == '"' && (rest.starts_with('/') || rest.starts_with(r"\/")) {
            let len = url::len(rest);
            url::mask_into(&rest[..len], out);
            at += len;
        }
    }
}

/// Masks the word that starts at `at` or what it announces, and returns where the rest starts.
fn mask_word(text: &str, at: usize, stretch: &mut Stretch, out: &mut String) -> usize {
    let (word, rest) = split_where(&text[at..], |character| !is_word(character));
    let end = at + word.len();
    if rest.starts_with("://") || rest.starts_with(r":\/\/") {
        let is_quoted = text[..at].ends_with('"');
        let len = if is_quoted { url::quoted_len(&text[at..]) } else { url::len(&text[at..]) };
        url::mask_into(&text[at..at + len], out);
        return at + len;
    }
    let value = value_behind(word, rest);
    if value.is_none()
        && let Some(password) = rest.strip_prefix(':')
        && !url::starts_with_port(password)
        && let Some(last_at) = stretch.last_at(text, end)
    {
        out.push_str(MASK);
        out.push('@');
        return last_at + 1;
    }
    if is_secret(word) {
        out.push_str(MASK);
    } else {
        out.push_str(word);
    }
    let value = value.unwrap_or_default();
    out.push_str(&rest[..value.start]);
    push_mask(&rest[value.clone()], out);
    end + value.end
}

/// Where in `rest` the credential is that the word before it announces.
fn value_behind(word: &str, rest: &str) -> Option<Range<usize>> {
    // Most words are followed by nothing that a credential would be behind.
    if !rest.starts_with([' ', ':', '=', '"', '\'', '\\']) {
        return None;
    }
    let mut value = rest;
    let len = if word == "port" && skip(&mut value, &[" \":", " \\\":"]).is_some() {
        let port = split_where(value, |character| character == '"').0.trim_end_matches('\\');
        port.bytes().any(|byte| !byte.is_ascii_digit()).then_some(port.len())?
    } else if word.eq_ignore_ascii_case("bearer") && skip(&mut value, &[" "]).is_some() {
        split_where(value, ends_value).0.len()
    } else if word.eq_ignore_ascii_case("basic") && skip(&mut value, &[" "]).is_some() {
        let (login, _) = split_where(value, ends_value);
        is_basic(login).then_some(login.len())?
    } else {
        named_value_len(&word.to_ascii_lowercase(), &mut value)?
    };
    let start = rest.len() - value.len();
    Some(start..start + len)
}

/// Skips what is between a key and its value, and returns the value's length if the key names a credential.
fn named_value_len(key: &str, rest: &mut &str) -> Option<usize> {
    let is_cookie = key == "cookie" || key == "set-cookie";
    if !is_cookie && !names_credential(key) {
        return None;
    }
    let is_authorization = key.ends_with("authorization");
    let is_header = is_cookie
        || is_authorization
        || (key.contains(['-', '_']) && !COMPLAINTS.iter().any(|word| key.starts_with(word)));
    let is_quoted_key = skip(rest, &QUOTES).is_some();
    let separator = skip(rest, &[":", "=", " = "])?;
    let is_spaced = skip(rest, &[" "]).is_some();
    skip(rest, &["["]);
    let quote = skip(rest, &QUOTES);
    if is_quoted_key && quote.is_none() {
        return None;
    }
    if !is_quoted_key && !is_header && is_spaced && separator == ":" {
        return None;
    }
    let len = match quote {
        Some(quote) => quoted_len(rest, quote),
        None if is_cookie => split_where(rest, |character| "\r\n".contains(character)).0.len(),
        None if is_authorization => {
            split_where(rest, |character| "\"'\n,;".contains(character)).0.len()
        }
        None => split_where(rest, ends_value).0.len(),
    };
    Some(len)
}

/// The length of what `quote` closes on the same line.
fn quoted_len(value: &str, quote: &str) -> usize {
    let is_escaped = quote.starts_with('\\');
    let mut before = ' ';
    let (inside, rest) = split_where(value, |character| {
        let closes = quote.ends_with(character) && (before == '\\') == is_escaped;
        before = character;
        closes || character == '\n'
    });
    if is_escaped && rest.starts_with('"') { inside.len() - 1 } else { inside.len() }
}

/// Skips the first of the prefixes that `text` has, and returns it.
fn skip<'a>(text: &mut &str, prefixes: &[&'a str]) -> Option<&'a str> {
    let prefix = prefixes.iter().find(|prefix| text.starts_with(**prefix))?;
    *text = &text[prefix.len()..];
    Some(prefix)
}

fn ends_stretch(character: char) -> bool {
    character.is_whitespace() || "\"'<>`".contains(character)
}

fn ends_value(character: char) -> bool {
    ends_stretch(character) || "&,;)".contains(character)
}
