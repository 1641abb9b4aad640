//! Credentials in URLs.

use std::borrow::Cow;

use super::random::looks_like_key;
use super::{MASK, is_word, names_credential, push_mask, split_where};

/// What the segments so far say of the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    Nothing,
    /// `v2` and `v3`, behind which RPC providers put their keys.
    Key,
    /// `v1` and `v4`, behind which keys stand as well as the names of methods.
    KeyOrName,
    /// The name of a credential.
    Credential,
}

impl Announced {
    fn by(segment: &str) -> Self {
        match segment {
            "v2" | "v3" => Self::Key,
            "v1" | "v4" => Self::KeyOrName,
            _ if is_credential_name(segment) => Self::Credential,
            _ => Self::Nothing,
        }
    }

    fn covers(self, segment: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Key => segment.len() >= 16,
            Self::KeyOrName => {
                segment.len() >= 18 && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
            Self::Credential => segment.len() >= 8 && !is_credential_name(segment),
        }
    }
}

/// Appends the masked URL.
pub(super) fn mask_into(url: &str, out: &mut String) {
    let (scheme, rest) = url.split_at(scheme_len(url));
    out.push_str(scheme);
    let (userinfo, mut rest) = rest.split_at(userinfo_len(rest, !scheme.is_empty()));
    if !userinfo.is_empty() {
        out.push_str(MASK);
        out.push('@');
    }
    if !scheme.is_empty() {
        let (host, path) = split_authority(rest);
        mask_port(host, out);
        rest = path;
    }
    let (rest, fragment) = split_at_char(rest, '#');
    let (path, query) = split_at_char(rest, '?');
    let mut announced = Announced::Nothing;
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        match segment.strip_suffix('\\') {
            Some(segment) => {
                mask_segment(segment, &mut announced, out);
                out.push('\\');
            }
            None => mask_segment(segment, &mut announced, out),
        }
    }
    if let Some(query) = query {
        out.push('?');
        for (index, item) in query.split('&').enumerate() {
            if index > 0 {
                out.push('&');
            }
            match item.split_once('=') {
                Some((key, value)) => {
                    out.push_str(key);
                    out.push('=');
                    push_mask(value, out);
                }
                None if looks_like_key(&percent_decoded(item)) => out.push_str(MASK),
                None => out.push_str(item),
            }
        }
    }
    if let Some(fragment) = fragment {
        out.push('#');
        push_mask(fragment, out);
    }
}

/// The length of the URL at the start of a text.
pub(super) fn len(text: &str) -> usize {
    // JSON may escape slashes and ampersands; before anything else, a backslash belongs to the text around the URL.
    let goes_on = |at: usize| text[at..].starts_with(r"\/") || text[at..].starts_with(r"\u0026");
    let end = text.char_indices().find(|&(at, character)| {
        (character == '\\' && !goes_on(at))
            || character.is_whitespace()
            || "\"'<>`".contains(character)
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// The length of the URL between quotation marks that starts here. What follows a host and a strange port may be the rest of
/// a password with spaces or quotes in it, as Go quotes it before `invalid userinfo`.
pub(super) fn quoted_len(text: &str) -> usize {
    let (len, scheme) = (len(text), scheme_len(text));
    let (host, _) = split_authority(&text[scheme..len]);
    let port = port_at(host).map_or("", |at| &host[at..]);
    if host.contains('@') || port.is_empty() || port == MASK || starts_with_port(port) {
        return len;
    }
    let (quoted, _) = split_where(&text[scheme..], |character| character == '"');
    let userinfo = scheme + userinfo_len(quoted, true);
    if userinfo < len { len } else { userinfo + self::len(&text[userinfo..]) }
}

/// The length of `scheme://` or `//` at the start, 0 without.
fn scheme_len(url: &str) -> usize {
    let (name, rest) = split_where(url, |character| !is_word(character));
    let slashes = match rest.strip_prefix(':') {
        Some(slashes) => slashes,
        None if name.is_empty() => rest,
        None => return 0,
    };
    let path = slashes.strip_prefix("//").or_else(|| slashes.strip_prefix(r"\/\/"));
    path.map_or(0, |path| url.len() - path.len())
}

/// The length of the user information with its `@`. A password may hold what ends an authority; a host without `@` and with
/// something else than a port is taken for its start.
fn userinfo_len(rest: &str, has_scheme: bool) -> usize {
    let (authority, _) = split_authority(rest);
    let end = match (authority.rfind('@'), port_at(authority)) {
        (Some(at), _) if has_scheme => Some(at),
        (Some(at), _) => Some(at).filter(|&at| authority[..at].contains(':')),
        (None, Some(port)) if !starts_with_port(&rest[port..]) => rest.rfind('@'),
        (None, _) => None,
    };
    // What was masked without a scheme may have been something else, and stays so.
    end.filter(|_| has_scheme || !rest.contains(MASK)).map_or(0, |at| at + 1)
}

/// Whether a port, and nothing else before the path, is at the start.
pub(super) fn starts_with_port(text: &str) -> bool {
    let digits = text.bytes().take(6).take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    let is_end = rest.is_empty() || rest.starts_with(['/', '?', '#']) || rest.starts_with(r"\/");
    (1..=5).contains(&digits) && is_end
}

/// Where the port starts, whatever it is.
fn port_at(authority: &str) -> Option<usize> {
    let address = if authority.starts_with('[') { authority.find(']')? } else { 0 };
    authority[address..].find(':').map(|at| address + at + 1)
}

fn mask_port(host: &str, out: &mut String) {
    let (name, port) = host.split_at(port_at(host).unwrap_or(host.len()));
    // In `Get https://h:443: EOF`, the second colon is the text's.
    let value = port.trim_end_matches([':', ',', '.', ';', ')', ']', '}']);
    out.push_str(name);
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        out.push_str(port);
    } else {
        out.push_str(MASK);
        out.push_str(&port[value.len()..]);
    }
}

fn mask_segment(segment: &str, announced: &mut Announced, out: &mut String) {
    for (index, piece) in segment.split(';').enumerate() {
        if index > 0 {
            out.push(';');
        }
        match piece.split_once('=') {
            Some((key, value)) if index > 0 || is_credential_name(key) => {
                out.push_str(key);
                out.push('=');
                push_mask(value, out);
            }
            _ if is_key(piece, announced) => out.push_str(MASK),
            _ => out.push_str(piece),
        }
    }
}

/// Whether a piece of the path is a key, and what it announces.
fn is_key(piece: &str, announced: &mut Announced) -> bool {
    let mut found = false;
    for part in percent_decoded(piece).split('/').filter(|part| !part.is_empty()) {
        found |= announced.covers(part) || looks_like_key(part);
        *announced = Announced::by(part);
    }
    if found {
        *announced = Announced::Nothing;
    }
    found
}

fn is_credential_name(segment: &str) -> bool {
    segment.eq_ignore_ascii_case("key") || names_credential(&segment.to_ascii_lowercase())
}

/// With `%41` as `A`; bytes beyond ASCII become some letter or other, which is good enough to judge by.
fn percent_decoded(piece: &str) -> Cow<'_, str> {
    let Some((head, rest)) = piece.split_once('%') else {
        return Cow::Borrowed(piece);
    };
    let mut decoded = head.to_owned();
    for part in rest.split('%') {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte {
            decoded.push(char::from(byte));
            decoded.push_str(&part[2..]);
        } else {
            decoded.push('%');
            decoded.push_str(part);
        }
    }
    Cow::Owned(decoded)
}

fn split_at_char(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((head, tail)) => (head, Some(tail)),
        None => (text, None),
    }
}

/// Splits before the path, and before the backslash that escapes its slash.
fn split_authority(rest: &str) -> (&str, &str) {
    let (authority, path) = split_where(rest, |character| matches!(character, '/' | '?' | '#'));
    let escaped = authority.strip_suffix('\\').filter(|_| path.starts_with('/'));
    rest.split_at(escaped.unwrap_or(authority).len())
}
