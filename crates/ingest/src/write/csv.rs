//! vegeta's CSV of 12 columns, as Go's `encoding/csv` writes it.

use std::ops::Range;

use plimsoll_model::Timestamp;

use super::{Loss, Losses, Scratch, base64, push_number};
use crate::headers::{HeaderPart, RawHeaders};
use crate::raw::{RawRecord, Spelling, Text};
use crate::time::YEAR_ONE_TO_UNIX;

/// What Go makes of the beginning of year 1 in nanoseconds: it does not fit, and wraps to a time in 1754.
const ZERO_TIME: i64 = (-YEAR_ONE_TO_UNIX).wrapping_mul(1_000_000_000);

/// Writes a record's line.
pub(super) fn record(
    raw: &RawRecord<'_>,
    out: &mut Vec<u8>,
    scratch: &mut Scratch,
    losses: &mut Losses,
) {
    let Scratch { part, inner, lines, .. } = scratch;
    let mut line_ends = false;
    let mut text = |out: &mut Vec<u8>, text: Text<'_>| {
        line_ends |= push_text(out, text, part);
        out.push(b',');
    };
    let number = |out: &mut Vec<u8>, number: u64| {
        push_number(out, number);
        out.push(b',');
    };
    push_number(out, raw.timestamp.known().map_or(ZERO_TIME, |Timestamp(nanos)| nanos));
    out.push(b',');
    number(out, raw.code.into());
    number(out, raw.latency.0);
    number(out, raw.bytes_out);
    number(out, raw.bytes_in);
    text(out, raw.error);
    if !base64::push_body(out, raw.body, inner) {
        losses.add(Loss::UnreadableBody);
    }
    out.push(b',');
    text(out, raw.attack);
    number(out, raw.seq);
    text(out, raw.method);
    text(out, raw.url);
    if !push_headers(out, raw.headers, lines, inner) {
        losses.add(Loss::Headers);
    }
    out.push(b'\n');
    if line_ends {
        losses.add(Loss::LineEnds);
    }
}

/// Adds a field, and says whether a reader will change its line ends.
#[inline]
fn push_text(out: &mut Vec<u8>, text: Text<'_>, scratch: &mut Vec<u8>) -> bool {
    let plain = text.plain_in(scratch);
    if !needs_quotes(plain) {
        out.extend_from_slice(plain);
        return false;
    }
    out.push(b'"');
    if text.spelling == Spelling::CsvQuoted {
        out.extend_from_slice(text.bytes);
    } else {
        let mut rest = plain;
        while let Some(quote) = memchr::memchr(b'"', rest) {
            out.extend_from_slice(&rest[..=quote]);
            out.push(b'"');
            rest = &rest[quote + 1..];
        }
        out.extend_from_slice(rest);
    }
    out.push(b'"');
    memchr::memmem::find(plain, b"\r\n").is_some()
}

/// Go's rule: delimiters, quotes and line ends, a space in front, and what ends a `PostgreSQL` copy.
#[inline]
fn needs_quotes(field: &[u8]) -> bool {
    let Some(&first) = field.first() else { return false };
    let special = field.iter().any(|byte| matches!(byte, b'\n' | b'\r' | b'"' | b','));
    special || field == b"\\." || starts_with_space(first, field)
}

#[inline]
fn starts_with_space(first: u8, field: &[u8]) -> bool {
    if first < 0x80 {
        return first == b' ' || (b'\t'..=b'\r').contains(&first);
    }
    let beginning = &field[..field.len().min(4)];
    let first = beginning.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    first.is_some_and(char::is_whitespace)
}

/// The lines of a record's headers in HTTP/1 form, which are sorted before they are written.
#[derive(Debug, Default)]
pub(super) struct Lines {
    texts: Vec<u8>,
    /// Where each line's name and value stand.
    lines: Vec<(Range<usize>, Range<usize>)>,
}

/// Adds the headers in base64, and says whether all of them could be.
fn push_headers(
    out: &mut Vec<u8>,
    headers: RawHeaders<'_>,
    lines: &mut Lines,
    wire: &mut Vec<u8>,
) -> bool {
    if headers.is_absent() {
        return true;
    }
    if let RawHeaders::Base64(text) = headers
        && base64::body(crate::body::RawBody::Base64(text), wire).is_some()
    {
        base64::push(out, wire);
        return true;
    }
    let whole = lines.fill(headers);
    wire.clear();
    let Lines { texts, lines } = lines;
    lines.sort_by(|(left, _), (right, _)| texts[left.clone()].cmp(&texts[right.clone()]));
    for (name, value) in lines {
        wire.extend_from_slice(&texts[name.clone()]);
        wire.extend_from_slice(b": ");
        wire.extend_from_slice(&texts[value.clone()]);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"\r\n");
    base64::push(out, wire);
    whole
}

impl Lines {
    /// Takes up the headers as Go writes them, and says whether they are still what they were.
    fn fill(&mut self, headers: RawHeaders<'_>) -> bool {
        let Self { texts, lines } = self;
        texts.clear();
        lines.clear();
        let mut name = None;
        let mut unchanged = true;
        // A name without values has no line.
        let mut values = 1_usize;
        let whole = headers.each(|part| match part {
            HeaderPart::Name(new) => {
                unchanged &= values > 0;
                values = 0;
                name = is_field_name(new).then(|| push_range(texts, new));
                unchanged &= name.is_some();
            }
            HeaderPart::Value(value) => {
                values += 1;
                if let Some(name) = &name {
                    let range = push_range(texts, trim(value));
                    for byte in &mut texts[range.clone()] {
                        if matches!(byte, b'\r' | b'\n') {
                            *byte = b' ';
                        }
                    }
                    unchanged &= texts[range.clone()] == *value;
                    lines.push((name.clone(), range));
                }
            }
        });
        whole && unchanged && values > 0
    }
}

fn push_range(texts: &mut Vec<u8>, text: &[u8]) -> Range<usize> {
    let start = texts.len();
    texts.extend_from_slice(text);
    start..texts.len()
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = value {
        value = rest;
    }
    value
}

/// Whether HTTP takes it for the name of a header; Go leaves others out.
fn is_field_name(name: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_token)
}
