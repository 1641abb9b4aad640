//! vegeta's JSON lines.
//!
//! Two readers that agree: a quick one for lines as vegeta writes them (its keys in its order, nothing escaped but what
//! the texts hold), and `serde_json` for every other line.

use std::borrow::Cow;
use std::fmt;

use plimsoll_model::{Nanos, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::body::RawBody;
use crate::headers::{HeaderPart, RawHeaders};
use crate::raw::{RawRecord, Spelling, Text, Zone};
use crate::scan::{find_json_special, leading_uint};
use crate::time::{leading_rfc3339, parse_rfc3339};

/// A line as vegeta writes it; `None` where it is any other line, good or bad.
#[inline(always)]
pub(crate) fn parse_fast(line: &[u8]) -> Option<RawRecord<'_>> {
    let mut scan = Scan { rest: line };
    scan.literal(b"{\"attack\":\"")?;
    let attack = scan.string()?;
    scan.literal(b",\"seq\":")?;
    let seq = scan.uint()?;
    scan.literal(b",\"code\":")?;
    let code = u16::try_from(scan.uint()?).ok()?;
    scan.literal(b",\"timestamp\":\"")?;
    let (timestamp, zone);
    (timestamp, zone, scan.rest) = leading_rfc3339(scan.rest)?;
    scan.literal(b"\",\"latency\":")?;
    let latency = Nanos(u64::try_from(i64::try_from(scan.uint()?).ok()?).ok()?);
    scan.literal(b",\"bytes_out\":")?;
    let bytes_out = scan.uint()?;
    scan.literal(b",\"bytes_in\":")?;
    let bytes_in = scan.uint()?;
    scan.literal(b",\"error\":\"")?;
    let error = scan.string()?;
    let body = if scan.literal(b",\"body\":\"").is_some() {
        RawBody::Base64(scan.long_string()?)
    } else {
        scan.literal(b",\"body\":null")?;
        RawBody::Absent
    };
    scan.literal(b",\"method\":\"")?;
    let method = scan.string()?;
    scan.literal(b",\"url\":\"")?;
    let url = scan.string()?;
    let headers = if scan.literal(b",\"headers\":null}").is_some() {
        RawHeaders::Absent
    } else {
        scan.literal(b",\"headers\":")?;
        let object = scan.headers()?;
        scan.literal(b"}")?;
        RawHeaders::CompactJson(object)
    };
    if !scan.rest.trim_ascii().is_empty() {
        return None;
    }
    let has_seq = true;
    Some(RawRecord {
        attack,
        method,
        url,
        error,
        body,
        headers,
        seq,
        timestamp,
        zone,
        intended: Timestamp::UNKNOWN,
        phases: None,
        latency,
        bytes_out,
        bytes_in,
        code,
        has_seq,
    })
}

struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    #[inline(always)]
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    /// A number without leading zeros, which JSON has not.
    #[inline(always)]
    fn uint(&mut self) -> Option<u64> {
        let (value, digits) = leading_uint(self.rest)?;
        if digits > 1 && self.rest[0] == b'0' {
            return None;
        }
        self.rest = &self.rest[digits..];
        Some(value)
    }

    /// The rest of a string whose opening quote has been read.
    #[inline(always)]
    fn string(&mut self) -> Option<Text<'a>> {
        if let [b'"', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(Text::default());
        }
        let end = find_json_special(self.rest)?;
        match self.rest[end] {
            b'"' => Some(Text::plain(self.cut(end))),
            b'\\' => self.escaped_string(end),
            _ => None,
        }
    }

    /// The same without escapes.
    #[inline(always)]
    fn plain_string(&mut self) -> Option<&'a [u8]> {
        let end = find_json_special(self.rest)?;
        (self.rest[end] == b'"').then(|| self.cut(end))
    }

    /// The same for a long string: two passes that take many bytes at a time beat one that takes eight.
    #[inline(always)]
    fn long_string(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'"', self.rest)?;
        // All of them looked at, without a branch.
        let special =
            |found: u8, &byte: &u8| found | u8::from(byte < 0x20) | u8::from(byte == b'\\');
        (self.rest[..end].iter().fold(0, special) == 0).then(|| self.cut(end))
    }

    fn escaped_string(&mut self, mut at: usize) -> Option<Text<'a>> {
        loop {
            at += find_json_special(self.rest.get(at..)?)?;
            match self.rest[at] {
                b'"' => break,
                b'\\' => at += escape_length(&self.rest[at..])?,
                _ => return None,
            }
        }
        Some(Text { bytes: self.cut(at), spelling: Spelling::JsonEscaped })
    }

    fn cut(&mut self, end: usize) -> &'a [u8] {
        let text = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        text
    }

    /// An object of arrays of plain strings.
    fn headers(&mut self) -> Option<&'a [u8]> {
        let start = self.rest;
        self.each_header(|_| ())?;
        Some(&start[..start.len() - self.rest.len()])
    }

    #[inline(always)]
    fn each_header(&mut self, mut visit: impl FnMut(HeaderPart<'a>)) -> Option<()> {
        self.literal(b"{")?;
        if self.literal(b"}").is_some() {
            return Some(());
        }
        loop {
            self.literal(b"\"")?;
            visit(HeaderPart::Name(self.plain_string()?));
            self.literal(b":[")?;
            if self.literal(b"]").is_none() {
                loop {
                    self.literal(b"\"")?;
                    visit(HeaderPart::Value(self.plain_string()?));
                    if self.literal(b",").is_none() {
                        break;
                    }
                }
                self.literal(b"]")?;
            }
            if self.literal(b",").is_none() {
                break;
            }
        }
        self.literal(b"}")
    }
}

/// Bytes of the escape that begins with a backslash; `None` where it is none that JSON knows. Escaped surrogates are
/// left to `serde_json`, which knows which of them are pairs.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let digits = bytes.get(2..6)?;
            let surrogate =
                matches!(digits, [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
            (digits.iter().all(u8::is_ascii_hexdigit) && !surrogate).then_some(6)
        }
        _ => None,
    }
}

/// Adds the inside of a JSON string whose escapes [`parse_fast`] has checked, in plain words.
pub(crate) fn push_unescaped(mut inside: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', inside) {
        out.extend_from_slice(&inside[..at]);
        let (character, length) = match inside.get(at + 1) {
            Some(b'u') => {
                let digits = inside.get(at + 2..at + 6).unwrap_or_default();
                let code = std::str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok());
                (code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
            }
            Some(b'n') => ('\n', 2),
            Some(b't') => ('\t', 2),
            Some(b'r') => ('\r', 2),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(&other) => (char::from(other), 2),
            None => (char::REPLACEMENT_CHARACTER, 1),
        };
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        inside = inside.get(at + length..).unwrap_or_default();
    }
    out.extend_from_slice(inside);
}

/// Calls `visit` with each part of a header object that [`parse_fast`] has checked.
pub(crate) fn each_compact_header(object: &[u8], visit: impl FnMut(HeaderPart<'_>)) {
    let checked = Scan { rest: object }.each_header(visit);
    debug_assert!(checked.is_some(), "the object was checked when the line was read");
}

/// Calls `visit` with each part of a header object of any spelling; false where it is none.
pub(crate) fn each_header(object: &[u8], mut visit: impl FnMut(HeaderPart<'_>)) -> bool {
    let Ok(headers) = serde_json::from_str::<OrderedHeaders>(&String::from_utf8_lossy(object))
    else {
        return false;
    };
    for (name, values) in headers.0 {
        visit(HeaderPart::Name(name.as_bytes()));
        for value in values.unwrap_or_default() {
            visit(HeaderPart::Value(value.unwrap_or_default().as_bytes()));
        }
    }
    true
}

/// Headers of any spelling, in their order. As in Go, null is no value.
struct OrderedHeaders(Vec<(String, Option<Vec<Option<String>>>)>);

impl<'de> Deserialize<'de> for OrderedHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = OrderedHeaders;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of arrays")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OrderedHeaders, A::Error> {
                let mut headers = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    headers.push(entry);
                }
                Ok(OrderedHeaders(headers))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// A result as vegeta reads it: unknown keys skipped, missing and null ones zero.
///
/// Mirrors `jsonResult` in <https://github.com/tsenart/vegeta/blob/cf58112/lib/results_easyjson.go>.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    attack: Option<Cow<'a, str>>,
    seq: Option<u64>,
    code: Option<u16>,
    timestamp: Option<Cow<'a, str>>,
    /// Nanoseconds.
    latency: Option<i64>,
    bytes_out: Option<u64>,
    bytes_in: Option<u64>,
    error: Option<Cow<'a, str>>,
    /// Base64.
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    method: Option<Cow<'a, str>>,
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
}

/// A line of any form, with the texts put into plain words.
#[derive(Debug, Default)]
pub(crate) struct ParsedLine {
    attack: String,
    error: String,
    body: Option<String>,
    method: String,
    url: String,
    headers: Option<String>,
    seq: Option<u64>,
    timestamp: Option<(Timestamp, Zone)>,
    latency: Option<Nanos>,
    bytes_out: u64,
    bytes_in: u64,
    code: Option<u16>,
}

impl ParsedLine {
    /// Whether the line says when, how long or with which status: what a result has, and other JSON has not.
    pub(crate) fn is_result(&self) -> bool {
        self.timestamp.is_some() && (self.latency.is_some() || self.code.is_some())
    }

    /// Whether the line has any key that tells a result.
    pub(crate) fn has_known_key(&self) -> bool {
        self.timestamp.is_some() || self.latency.is_some() || self.code.is_some()
    }

    pub(crate) fn as_raw(&self) -> RawRecord<'_> {
        let (timestamp, zone) = self.timestamp.unwrap_or((Timestamp::UNKNOWN, Zone::Utc));
        RawRecord {
            attack: Text::plain(self.attack.as_bytes()),
            method: Text::plain(self.method.as_bytes()),
            url: Text::plain(self.url.as_bytes()),
            error: Text::plain(self.error.as_bytes()),
            body: self
                .body
                .as_ref()
                .map_or(RawBody::Absent, |text| RawBody::Base64(text.as_bytes())),
            headers: self
                .headers
                .as_ref()
                .map_or(RawHeaders::Absent, |object| RawHeaders::Json(object.as_bytes())),
            seq: self.seq.unwrap_or(0),
            timestamp,
            zone,
            intended: Timestamp::UNKNOWN,
            phases: None,
            latency: self.latency.unwrap_or(Nanos::ZERO),
            bytes_out: self.bytes_out,
            bytes_in: self.bytes_in,
            code: self.code.unwrap_or(0),
            has_seq: self.seq.is_some(),
        }
    }
}

/// Any line that vegeta would read, by `serde_json`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse_any(line: &[u8]) -> Result<ParsedLine, String> {
    let text = String::from_utf8_lossy(line);
    if !text.trim_start().starts_with('{') {
        return Err("a line that is no JSON object".to_owned());
    }
    let line: Line<'_> = serde_json::from_str(&text).map_err(|error| describe(&error))?;
    let timestamp = match line.timestamp {
        None => None,
        Some(text) => Some(
            parse_rfc3339(text.as_bytes())
                .ok_or_else(|| "a timestamp that is not RFC 3339".to_owned())?,
        ),
    };
    let latency = line.latency.map(u64::try_from).transpose();
    let latency = latency.map_err(|_| "a negative latency".to_owned())?.map(Nanos);
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned).unwrap_or_default();
    Ok(ParsedLine {
        attack: owned(line.attack),
        error: owned(line.error),
        // Anything but a text is no body.
        body: line.body.and_then(|raw| serde_json::from_str(raw.get()).ok()),
        method: owned(line.method),
        url: owned(line.url),
        headers: line.headers.map(|raw| raw.get().to_owned()).filter(|raw| raw != "null"),
        seq: line.seq,
        timestamp,
        latency,
        bytes_out: line.bytes_out.unwrap_or(0),
        bytes_in: line.bytes_in.unwrap_or(0),
        code: line.code,
    })
}

/// `serde_json`'s message with the column alone: the line is known from the record's address.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    format!("JSON: {message} at column {}", error.column())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::raw::words;

    const LINE: &str = concat!(
        r#"{"attack":"a","seq":7,"code":503,"timestamp":"2026-11-23T08:35:32.781375413Z","#,
        r#""latency":3026006,"bytes_out":60,"bytes_in":59,"error":"dial \u003e \"x\" \\","#,
        r#""body":"e30K","method":"POST","url":"http://h/p?a=1\u0026b=2","#,
        r#""headers":{"Server":["t","u"],"Vary":[]}}"#
    );

    #[test]
    fn both_readers_read_a_line_of_vegeta() {
        let fast = parse_fast(LINE.as_bytes()).unwrap();
        let any = parse_any(LINE.as_bytes()).unwrap();
        assert_eq!(words(&fast), words(&any.as_raw()));
        assert_eq!(fast.error.to_str(), r#"dial > "x" \"#);
        assert_eq!(fast.url.to_str(), "http://h/p?a=1&b=2");
        assert_eq!(fast.headers.first("server").as_deref(), Some("t"));
        assert_eq!(fast.headers.first("vary"), None);
    }

    #[test]
    fn only_any_reads_other_forms() {
        for line in [
            "{}",
            r#" {"latency" : 5, "timestamp":"2026-01-01T00:00:00Z", "more": {"a":[1]} } "#,
            r#"{"seq":18446744073709551615,"attack":null,"headers":null,"body":null}"#,
        ] {
            assert!(parse_fast(line.as_bytes()).is_none(), "{line}");
            assert!(parse_any(line.as_bytes()).is_ok(), "{line}");
        }
        let seq = parse_any(br#"{"seq":18446744073709551615}"#).unwrap().seq;
        assert_eq!(seq, Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn escapes_are_read_as_serde_json_reads_them(text in r#"([a-z"\\/\n\r\t\u{8}\u{c}\u{1}]|\PC){0,20}"#) {
            let quoted = serde_json::to_string(&text).unwrap();
            let mut plain = Vec::new();
            push_unescaped(&quoted.as_bytes()[1..quoted.len() - 1], &mut plain);
            prop_assert_eq!(String::from_utf8(plain).unwrap(), text);
        }

        /// What the quick reader accepts, serde_json accepts, and reads the same from it.
        #[test]
        fn the_quick_reader_is_no_more_lenient(
            at in 0..LINE.len(),
            replaced in 0_usize..4,
            by in prop_oneof![".{0,3}", "[\"\\\\{},:0-9a-z\\[\\]]{0,4}"],
        ) {
            let mut line = LINE.as_bytes().to_vec();
            line.splice(at..LINE.len().min(at + replaced), by.bytes());
            if let Some(fast) = parse_fast(&line) {
                let any = parse_any(&line);
                prop_assert!(any.is_ok(), "{}: {:?}", String::from_utf8_lossy(&line), any);
                prop_assert_eq!(words(&fast), words(&any.unwrap().as_raw()));
            }
        }
    }
}
