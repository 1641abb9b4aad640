//! Error texts without what varies from request to request.

/// The longest template, in bytes.
const MAX_LEN: usize = 512;

/// The most bytes of a text that are looked at.
const MAX_LOOKED_AT: usize = 8_192;

/// Words after which a number says what happened: `os error 111`, `status code 503`. `ConnectionResetError(104, …` as well.
const NUMBERS_MATTER_AFTER: [&str; 5] = ["error", "errno", "code", "status", "errcode"];

/// What ends a word.
const SEPARATORS: [bool; 256] = {
    let mut table = [false; 256];
    let separators = b" \t\r\n\x0c\"'`()[]{}<>,;=|";
    let mut index = 0;
    while index < separators.len() {
        table[separators[index] as usize] = true;
        index += 1;
    }
    table
};

/// Appends `text` to `out` with what varies from request to request blanked.
///
/// | in the text | in the template |
/// |---|---|
/// | a URL, and a quoted path as in `Get "/login":` | `<url>` |
/// | IPv4 and IPv6 addresses with and without port, `host.name:port` | `<addr>` |
/// | the name in `lookup NAME:` and `lookup NAME on` | `<host>` |
/// | UUIDs, `0x…`, hexadecimal ids of 8 digits and more, long mixed ids | `<id>` |
/// | spans of time such as `1.5s`, moments such as `2026-11-25T02:17:49Z` | `<time>` |
/// | other numbers, such as ports and HTTP/2 stream ids | `<n>` |
///
/// Numbers that mean something stay: the status at the start of `503 Service Unavailable`, the one after `error`, `errno`,
/// `code` or `status`, and digits inside words (`http2`, `x509`, `HTTP/1.1`).
///
/// What is appended is at most 512 bytes long; a longer template ends in `…`. Of a text, the first 8 KiB are looked at.
///
/// ```
/// let mut template = String::new();
/// plimsoll_model::fold_error("read tcp 10.0.0.1:42755->10.0.0.2:443: read: connection reset by peer", &mut template);
/// assert_eq!(template, "read tcp <addr>-><addr>: read: connection reset by peer");
/// ```
pub fn fold_error(text: &str, out: &mut String) {
    let mut looked_at = text.len().min(MAX_LOOKED_AT);
    while !text.is_char_boundary(looked_at) {
        looked_at -= 1;
    }
    let (text, _) = text.split_at(looked_at);
    let bytes = text.as_bytes();
    let start = out.len();
    let mut previous = "";
    let mut after_lookup = false;
    // What lies between `copied` and `at` stays as it is; it is copied at one go.
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() && out.len() - start + (at - copied) <= MAX_LEN {
        let rest = &bytes[at..];
        if let Some((skip, len, blank)) = opening(rest) {
            out.push_str(&text[copied..at + skip]);
            out.push_str(blank);
            at += skip + len;
            copied = at;
        } else if is_separator(rest[0]) {
            at += 1;
        } else if rest.starts_with(b"->") {
            at += 2;
        } else {
            let (len, is_url) = token_len(rest);
            let colons =
                rest[..len].iter().rev().take_while(|byte| matches!(byte, b':' | b'.')).count();
            let word = &text[at..at + len - colons];
            let folding = if is_url {
                Folding::Blank("<url>")
            } else if after_lookup && is_host(word, &text[at + word.len()..]) {
                Folding::Blank("<host>")
            } else {
                fold_word(word, previous, at == 0)
            };
            if folding != Folding::Keep {
                out.push_str(&text[copied..at]);
                copied = at + word.len();
            }
            match folding {
                Folding::Keep => {}
                Folding::Blank(blank) => out.push_str(blank),
                Folding::Parts => fold_parts(word, out),
            }
            previous = word;
            after_lookup = word == "lookup" && colons == 0;
            at += len;
        }
    }
    // One endless word is not copied as a whole to be cut afterwards.
    let mut end = at.min(copied + MAX_LEN + 1);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    out.push_str(&text[copied..end]);
    if out.len() - start > MAX_LEN {
        let mut end = start + MAX_LEN - '…'.len_utf8();
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push('…');
    }
}

/// What becomes of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Folding {
    Keep,
    Blank(&'static str),
    Parts,
}

/// Where a quoted URL or a bracketed address starts: what stays before it, how long it is and what stands for it.
fn opening(bytes: &[u8]) -> Option<(usize, usize, &'static str)> {
    match bytes {
        [b'"', rest @ ..] => quoted_url_len(rest).map(|len| (1, len, "<url>")),
        [b'[', ..] => bracketed_address_len(bytes).map(|len| (0, len, "<addr>")),
        _ => None,
    }
}

/// Whether a word behind `lookup` is a name, as in `lookup NAME on ADDRESS: …`, and not a part of a sentence.
fn is_host(word: &str, rest: &str) -> bool {
    let rest = rest.trim_start_matches('.');
    !word.is_empty() && !word.contains('/') && (rest.starts_with(':') || rest.starts_with(" on "))
}

fn fold_word(word: &str, previous: &str, is_first: bool) -> Folding {
    let bytes = word.as_bytes();
    let has_digit = bytes.iter().fold(false, |found, byte| found | byte.is_ascii_digit());
    let is_ipv6 = bytes.contains(&b':') && is_ipv6(bytes);
    if is_ipv6 || (has_digit && is_address(bytes)) {
        Folding::Blank("<addr>")
    } else if !has_digit {
        Folding::Keep
    } else if is_number(bytes) {
        let matters = (is_first && bytes.len() == 3) || numbers_matter_after(previous);
        if matters { Folding::Keep } else { Folding::Blank("<n>") }
    } else if is_time(bytes) || is_moment(bytes) {
        Folding::Blank("<time>")
    } else if is_id(bytes) {
        Folding::Blank("<id>")
    } else {
        Folding::Parts
    }
}

/// `conn#12`, `gateway:8080`, `request-1f3a9c0b77`: words with a number or an id hung on.
fn fold_parts(word: &str, out: &mut String) {
    let mut before = "";
    for piece in word.split_inclusive(['-', '_', '#', ':']) {
        let part = piece.trim_end_matches(['-', '_', '#', ':']);
        let is_whole = part.len() == word.len();
        if is_whole {
            out.push_str(part);
        } else if part.len() >= 2 && is_number(part.as_bytes()) && !numbers_matter_after(before) {
            out.push_str("<n>");
        } else if is_id(part.as_bytes()) {
            out.push_str("<id>");
        } else {
            out.push_str(part);
        }
        out.push_str(&piece[part.len()..]);
        before = part;
    }
}

fn numbers_matter_after(word: &str) -> bool {
    word.starts_with("HTTP/")
        || word.ends_with("Error")
        || NUMBERS_MATTER_AFTER.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn is_separator(byte: u8) -> bool {
    SEPARATORS[byte as usize]
}

/// The length of the token at the start, and whether it is a URL.
fn token_len(bytes: &[u8]) -> (usize, bool) {
    let len = bytes.iter().enumerate().position(|(at, &byte)| {
        is_separator(byte) || (byte == b'-' && bytes.get(at + 1) == Some(&b'>'))
    });
    let len = len.unwrap_or(bytes.len());
    let token = &bytes[..len];
    let scheme = token.iter().position(|&byte| byte == b':').unwrap_or(0);
    if scheme == 0 || !token[scheme..].starts_with(b"://") {
        return (len, false);
    }
    let end = bytes
        .iter()
        .position(|&byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>'));
    (end.unwrap_or(bytes.len()), true)
}

/// The length of the URL or path that starts here and that a quotation mark ends.
fn quoted_url_len(bytes: &[u8]) -> Option<usize> {
    let is_path = bytes.first() == Some(&b'/');
    let scheme = bytes.iter().take(16).position(|byte| !byte.is_ascii_alphanumeric())?;
    if !is_path && (scheme == 0 || !bytes[scheme..].starts_with(b"://")) {
        return None;
    }
    let escaped = |at: usize| at > 0 && bytes[at - 1] == b'\\';
    bytes.iter().enumerate().position(|(at, &byte)| byte == b'"' && !escaped(at))
}

/// The length of `[IPv6]` or `[IPv6]:port`.
fn bracketed_address_len(bytes: &[u8]) -> Option<usize> {
    let close = bytes.iter().take(64).position(|&byte| byte == b']')?;
    if !is_ipv6(&bytes[1..close]) {
        return None;
    }
    let port = bytes[close + 1..].strip_prefix(b":").map_or(0, leading_digits);
    Some(if port > 0 { close + 2 + port } else { close + 1 })
}

fn leading_digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

fn is_ipv6(bytes: &[u8]) -> bool {
    let zone = bytes.iter().position(|&byte| byte == b'%').unwrap_or(bytes.len());
    let address = &bytes[..zone];
    address.len() <= 45
        && address.split(|&byte| byte == b':').nth(2).is_some()
        && address.iter().all(|&byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.')
        && address.iter().any(u8::is_ascii_hexdigit)
}

/// An IPv4 address with or without port or mask, or a host name with dots (or `localhost`) and port.
fn is_address(bytes: &[u8]) -> bool {
    let split = bytes.iter().rposition(|&byte| byte == b':' || byte == b'/');
    let (host, port) = split.map_or((bytes, None), |at| (&bytes[..at], Some(&bytes[at + 1..])));
    let is_port =
        |port: &[u8]| (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
    if port.is_some_and(|port| !is_port(port)) {
        return false;
    }
    if is_ipv4(host) {
        return true;
    }
    let is_name =
        host.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let is_host = host == b"localhost" || host[..host.len().saturating_sub(1)].contains(&b'.');
    split.is_some_and(|at| bytes[at] == b':') && is_name && is_host
}

fn is_ipv4(bytes: &[u8]) -> bool {
    let mut parts = 0;
    for part in bytes.split(|&byte| byte == b'.') {
        parts += 1;
        if parts > 4 || part.is_empty() || part.len() > 3 || !part.iter().all(u8::is_ascii_digit) {
            return false;
        }
    }
    parts == 4
}

/// Digits, at most one sign before and one decimal point inside.
fn is_number(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"+")).unwrap_or(bytes);
    let whole = leading_digits(digits);
    let fraction = match &digits[whole..] {
        [] => 0,
        [b'.', fraction @ ..] if !fraction.is_empty() => leading_digits(fraction) + 1,
        _ => return false,
    };
    whole > 0 && whole + fraction == digits.len()
}

/// As Go writes them: `30s`, `1.5ms`, `1m0.25s`, `12µs`.
fn is_time(bytes: &[u8]) -> bool {
    let is_unit = |byte: &u8| matches!(byte, b'h' | b'm' | b's' | b'n' | b'u' | 0xc2 | 0xb5);
    bytes.first().is_some_and(u8::is_ascii_digit)
        && matches!(bytes.last(), Some(b's' | b'm' | b'h'))
        && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.' || is_unit(byte))
}

/// As RFC 3339 writes them: `2026-11-25T02:17:49Z`.
fn is_moment(bytes: &[u8]) -> bool {
    let date = |at: usize| matches!(at, 4 | 7);
    bytes.len() >= 19
        && bytes[10] == b'T'
        && bytes[..10]
            .iter()
            .enumerate()
            .all(|(at, byte)| if date(at) { *byte == b'-' } else { byte.is_ascii_digit() })
        && bytes[11..].iter().all(|byte| byte.is_ascii_digit() || b":.Z+-".contains(byte))
}

fn is_id(bytes: &[u8]) -> bool {
    if let Some(hex) = bytes.strip_prefix(b"0x") {
        return !hex.is_empty() && hex.iter().all(u8::is_ascii_hexdigit);
    }
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    let is_uuid = || {
        bytes.len() == 36
            && bytes.iter().enumerate().all(|(at, byte)| {
                if matches!(at, 8 | 13 | 18 | 23) {
                    *byte == b'-'
                } else {
                    byte.is_ascii_hexdigit()
                }
            })
    };
    has_digit
        && (bytes.len() >= 8 && bytes.iter().all(u8::is_ascii_hexdigit)
            || bytes.len() >= 16 && bytes.iter().all(u8::is_ascii_alphanumeric)
            || is_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fold(text: &str) -> String {
        let mut out = String::new();
        fold_error(text, &mut out);
        out
    }

    /// Texts recorded with the real vegeta (the project's error corpus, `ERRORS.md`), with ports and stream ids as they came.
    #[test]
    fn recorded_texts_fold_to_what_they_have_in_common() {
        for (text, template) in [
            (
                r#"Get "http://127.0.0.1:9/": dial tcp 0.0.0.0:0->127.0.0.1:9: connect: connection refused"#,
                r#"Get "<url>": dial tcp <addr>-><addr>: connect: connection refused"#,
            ),
            (
                "read tcp 127.0.0.1:42755->127.0.0.1:9001: read: connection reset by peer",
                "read tcp <addr>-><addr>: read: connection reset by peer",
            ),
            (
                r#"Post "http://127.0.0.1:9020/": readfrom tcp 127.0.0.1:40001->127.0.0.1:9020: write tcp 127.0.0.1:40001->127.0.0.1:9020: write: broken pipe"#,
                r#"Post "<url>": readfrom tcp <addr>-><addr>: write tcp <addr>-><addr>: write: broken pipe"#,
            ),
            (
                r#"Get "https://127.0.0.1:9444/abort": stream error: stream ID 57; INTERNAL_ERROR; received from peer"#,
                r#"Get "<url>": stream error: stream ID <n>; INTERNAL_ERROR; received from peer"#,
            ),
            (
                r#"Get "https://127.0.0.1:9547/stuck?ms=30000": http2: server sent GOAWAY and closed the connection; LastStreamID=43, ErrCode=ENHANCE_YOUR_CALM, debug="""#,
                r#"Get "<url>": http2: server sent GOAWAY and closed the connection; LastStreamID=<n>, ErrCode=ENHANCE_YOUR_CALM, debug="""#,
            ),
            (
                r#"Get "http://nx.test.example:9001/": lookup nx.test.example on 10.255.255.53:53: no such host"#,
                r#"Get "<url>": lookup <host> on <addr>: no such host"#,
            ),
            (
                r#"Get "https://127.0.0.1:9443/eth": tls: failed to verify certificate: x509: certificate signed by unknown authority"#,
                r#"Get "<url>": tls: failed to verify certificate: x509: certificate signed by unknown authority"#,
            ),
            (
                r#"Get "https://127.0.0.1:9001/": http: server gave HTTP response to HTTPS client"#,
                r#"Get "<url>": http: server gave HTTP response to HTTPS client"#,
            ),
            (
                r#"Get "http://127.0.0.1:9001/slow?ms=500": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
                r#"Get "<url>": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
            ),
            (
                r#"Get "/redirect": stopped after 10 redirects"#,
                r#"Get "<url>": stopped after <n> redirects"#,
            ),
            ("503 Service Unavailable", "503 Service Unavailable"),
            ("unexpected EOF", "unexpected EOF"),
        ] {
            assert_eq!(fold(text), template);
        }
    }

    #[test]
    fn endless_texts_cost_no_more_than_what_is_looked_at() {
        for text in ["é".repeat(1 << 19), "\"/".repeat(1 << 20), "x".repeat(1 << 20)] {
            assert!(fold(&text).len() <= MAX_LEN);
        }
        let url = format!("Get \"http://h/{}\": EOF", "x".repeat(8_000));
        assert_eq!(fold(&url), "Get \"<url>\": EOF");
        assert_eq!(fold(&format!("Get \"http://h/{}\": EOF", "x".repeat(9_000))), "Get \"<url>");
    }

    #[test]
    fn other_writers_texts() {
        for (text, template) in [
            ("Connection refused (os error 111)", "Connection refused (os error 111)"),
            ("dial tcp [::1]:9001: connect: refused", "dial tcp <addr>: connect: refused"),
            ("no route to fe80::1%eth0 or [2001:db8::2]", "no route to <addr> or <addr>"),
            ("Get https://h.example/a?b=c: EOF", "Get <url>: EOF"),
            ("connect to node-1.example:8545 failed", "connect to <addr> failed"),
            ("connect to gateway:8080 failed", "connect to gateway:<n> failed"),
            ("HTTP/1.1 502 after 1.25s, code 502", "HTTP/1.1 502 after <time>, code 502"),
            ("request 123e4567-e89b-12d3-a456-426614174000 gone", "request <id> gone"),
            ("trace-4bf92f3577b34da6 at 0xc000012345", "trace-<id> at <id>"),
            ("conn#12: h2 GOAWAY, -32005", "conn#<n>: h2 GOAWAY, <n>"),
            ("got 1200 bytes, wanted 1300", "got <n> bytes, wanted <n>"),
            ("dial tcp: lookup gateway: no such host", "dial tcp: lookup <host>: no such host"),
            ("ConnectionResetError(104, 'x') after 3", "ConnectionResetError(104, 'x') after <n>"),
            (r#"Get "http://h/?q=\"x\"": EOF"#, r#"Get "<url>": EOF"#),
            ("lookup h.example.: no such host", "lookup <host>.: no such host"),
            (
                "expired: current time 2026-11-25T02:17:49Z is after 2026-10-26T02:12:00+01:00",
                "expired: current time <time> is after <time>",
            ),
            ("lookup: no such host", "lookup: no such host"),
            (
                "failed to lookup address information: EOF",
                "failed to lookup address information: EOF",
            ),
            ("größe 12µs → 3", "größe <time> → <n>"),
            ("", ""),
        ] {
            assert_eq!(fold(text), template);
        }
    }

    #[test]
    fn the_template_is_bounded() {
        let template = fold(&"é ".repeat(4_000));
        assert!(template.len() <= MAX_LEN && template.ends_with('…'));
        let mut out = String::from("before ");
        fold_error(&"x".repeat(10_000), &mut out);
        assert!(out.starts_with("before x") && out.len() <= "before ".len() + MAX_LEN);
    }

    proptest! {
        #[test]
        fn any_text_folds(text in r#"([a-f0-9:.]{0,12}|\[|\]|->|"|/|://|lookup |[ ,;=-]|\PC){0,40}"#) {
            prop_assert!(fold(&text).len() <= MAX_LEN);
        }

        #[test]
        fn ports_and_stream_ids_never_tell_texts_apart(port in 1_u16.., other in 1_u16.., id in 1_u32..) {
            let text = |port: u16, id: u32| {
                format!("Get \"https://h:{port}/\": read tcp 10.0.0.1:{port}->[::1]:{port}: stream ID {id}; LastStreamID={id}")
            };
            prop_assert_eq!(fold(&text(port, id)), fold(&text(other, 7)));
        }
    }
}
