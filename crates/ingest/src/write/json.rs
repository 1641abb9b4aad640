//! vegeta's JSON lines, as easyjson writes them.

use super::{Loss, Losses, Scratch, base64, push_number};
use crate::body::RawBody;
use crate::headers::{HeaderPart, RawHeaders};
use crate::raw::{RawRecord, Spelling, Text};
use crate::scan::{find_json_escaped, is_json_escaped};
use crate::time::push_rfc3339;

/// Writes a record's line.
pub(super) fn record(
    raw: &RawRecord<'_>,
    out: &mut Vec<u8>,
    scratch: &mut Scratch,
    losses: &mut Losses,
) {
    let part = &mut scratch.part;
    let mut valid = true;
    out.extend_from_slice(b"{\"attack\":");
    valid &= push_text(out, raw.attack, part);
    out.extend_from_slice(b",\"seq\":");
    push_number(out, raw.seq);
    out.extend_from_slice(b",\"code\":");
    push_number(out, raw.code);
    out.extend_from_slice(b",\"timestamp\":\"");
    push_rfc3339(out, raw.timestamp, raw.zone);
    out.extend_from_slice(b"\",\"latency\":");
    push_number(out, raw.latency.0);
    out.extend_from_slice(b",\"bytes_out\":");
    push_number(out, raw.bytes_out);
    out.extend_from_slice(b",\"bytes_in\":");
    push_number(out, raw.bytes_in);
    out.extend_from_slice(b",\"error\":");
    valid &= push_text(out, raw.error, part);
    if matches!(raw.body, RawBody::Absent | RawBody::Plain([])) {
        out.extend_from_slice(b",\"body\":null");
    } else {
        out.extend_from_slice(b",\"body\":\"");
        if !base64::push_body(out, raw.body, part) {
            losses.add(Loss::UnreadableBody);
        }
        out.push(b'"');
    }
    out.extend_from_slice(b",\"method\":");
    valid &= push_text(out, raw.method, part);
    out.extend_from_slice(b",\"url\":");
    valid &= push_text(out, raw.url, part);
    out.extend_from_slice(b",\"headers\":");
    valid &= push_headers(out, raw.headers, losses);
    out.extend_from_slice(b"}\n");
    if !valid {
        losses.add(Loss::Encoding);
    }
}

fn push_headers(out: &mut Vec<u8>, headers: RawHeaders<'_>, losses: &mut Losses) -> bool {
    match headers {
        RawHeaders::Absent => {
            out.extend_from_slice(b"null");
            return true;
        }
        RawHeaders::CompactJson(object)
            if !object.iter().any(|&byte| is_json_escaped(byte) && byte != b'"') =>
        {
            out.extend_from_slice(object);
            return true;
        }
        _ => {}
    }
    let mut valid = true;
    let mut before = Before::Nothing;
    out.push(b'{');
    let whole = headers.each(|part| match part {
        HeaderPart::Name(name) => {
            match before {
                Before::Nothing => {}
                Before::Name | Before::Value => out.extend_from_slice(b"],"),
            }
            valid &= push_string(out, name);
            out.extend_from_slice(b":[");
            before = Before::Name;
        }
        HeaderPart::Value(value) => {
            if before == Before::Value {
                out.push(b',');
            }
            valid &= push_string(out, value);
            before = Before::Value;
        }
    });
    if before != Before::Nothing {
        out.push(b']');
    }
    out.push(b'}');
    if !whole {
        losses.add(Loss::Headers);
    }
    valid
}

/// What was written before a part of the headers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Name,
    Value,
}

#[inline]
fn push_text(out: &mut Vec<u8>, text: Text<'_>, scratch: &mut Vec<u8>) -> bool {
    match text.spelling {
        Spelling::Plain => push_string(out, text.bytes),
        // As it was spelt: vegeta's own lines stay what they are.
        Spelling::JsonEscaped => push_escaped(out, text.bytes, true),
        Spelling::CsvQuoted => push_string(out, text.plain_in(scratch)),
    }
}

/// Adds a string, and says whether it was UTF-8.
#[inline]
fn push_string(out: &mut Vec<u8>, text: &[u8]) -> bool {
    push_escaped(out, text, false)
}

/// With `spelt`, the text is the inside of a JSON string, and its escapes stay.
#[inline]
fn push_escaped(out: &mut Vec<u8>, mut text: &[u8], spelt: bool) -> bool {
    let mut valid = true;
    out.push(b'"');
    while let Some(at) = find_json_escaped(text) {
        out.extend_from_slice(&text[..at]);
        let length = match text[at] {
            b'\\' if spelt => {
                let escape = &text[at..text.len().min(at + 2)];
                out.extend_from_slice(escape);
                escape.len()
            }
            0x80.. => {
                let length = text[at..].iter().take_while(|&&byte| byte >= 0x80).count();
                valid &= push_foreign(out, &text[at..at + length]);
                length
            }
            byte => {
                push_escape(out, byte);
                1
            }
        };
        text = &text[at + length..];
    }
    out.extend_from_slice(text);
    out.push(b'"');
    valid
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'\t' => b't',
        b'\r' => b'r',
        b'\n' => b'n',
        b'\\' | b'"' => byte,
        _ => {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Adds bytes that are not ASCII. What is no UTF-8 becomes U+FFFD byte for byte, and JavaScript's line ends are escaped.
fn push_foreign(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let mut valid = true;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\u{2028}' => out.extend_from_slice(b"\\u2028"),
                '\u{2029}' => out.extend_from_slice(b"\\u2029"),
                _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
            valid = false;
        }
    }
    valid
}
