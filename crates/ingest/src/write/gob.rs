//! vegeta's gob: type definitions, then a message per record in which zero-valued fields do not appear.

use super::{Loss, Losses, Scratch, base64};
use crate::headers::{HeaderPart, RawHeaders};
use crate::raw::{RawRecord, Text, Zone};
use crate::time::YEAR_ONE_TO_UNIX;
use plimsoll_model::Timestamp;

/// The definitions of `Result` (type 64), `Time` (65), `Header` (67) and its slice of strings (66), as every vegeta since
/// 12.8 writes them.
pub(super) const PREAMBLE: &[u8] = b"\
    \xff\x96\x7f\x03\x01\x01\x06Result\x01\xff\x80\x00\x01\x0c\x01\x06Attack\x01\x0c\x00\x01\x03\
    Seq\x01\x06\x00\x01\x04Code\x01\x06\x00\x01\x09Timestamp\x01\xff\x82\x00\x01\x07Latency\x01\x04\
    \x00\x01\x08BytesOut\x01\x06\x00\x01\x07BytesIn\x01\x06\x00\x01\x05Error\x01\x0c\x00\x01\x04\
    Body\x01\x0a\x00\x01\x06Method\x01\x0c\x00\x01\x03URL\x01\x0c\x00\x01\x07Headers\x01\xff\x86\
    \x00\x00\x00\x10\xff\x81\x05\x01\x01\x04Time\x01\xff\x82\x00\x00\x00\x17\xff\x85\x04\x01\x01\
    \x06Header\x01\xff\x86\x00\x01\x0c\x01\xff\x84\x00\x00\x0c\xff\x83\x02\x01\x02\xff\x84\x00\x01\
    \x0c\x00\x00";

/// Writes a record's message.
pub(super) fn record(
    raw: &RawRecord<'_>,
    out: &mut Vec<u8>,
    scratch: &mut Scratch,
    losses: &mut Losses,
) {
    let Scratch { part, inner, map, .. } = scratch;
    part.clear();
    // The type's id, 64.
    part.extend_from_slice(b"\xff\x80");
    let mut fields = Fields { out: part, last: 0 };
    fields.text(1, raw.attack, inner);
    fields.uint(2, raw.seq);
    fields.uint(3, raw.code.into());
    fields.time(4, raw.timestamp, raw.zone);
    // Signed on the wire; a latency is never negative, and no input has one of 292 years.
    fields.uint(5, raw.latency.0 << 1);
    fields.uint(6, raw.bytes_out);
    fields.uint(7, raw.bytes_in);
    fields.text(8, raw.error, inner);
    match base64::body(raw.body, inner) {
        Some(body) => fields.bytes(9, body),
        None => losses.add(Loss::UnreadableBody),
    }
    fields.text(10, raw.method, inner);
    fields.text(11, raw.url, inner);
    if !fields.headers(12, raw.headers, map) {
        losses.add(Loss::Headers);
    }
    part.push(0);
    push_uint(out, part.len() as u64);
    out.extend_from_slice(part);
}

/// Fields of a struct, each behind the distance from the one before. Zero-valued ones are left out.
struct Fields<'a> {
    out: &'a mut Vec<u8>,
    last: u8,
}

impl Fields<'_> {
    #[inline]
    fn begin(&mut self, number: u8) {
        self.out.push(number - self.last);
        self.last = number;
    }

    #[inline]
    fn uint(&mut self, number: u8, value: u64) {
        if value != 0 {
            self.begin(number);
            push_uint(self.out, value);
        }
    }

    #[inline]
    fn bytes(&mut self, number: u8, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.begin(number);
            push_bytes(self.out, bytes);
        }
    }

    #[inline]
    fn text(&mut self, number: u8, text: Text<'_>, scratch: &mut Vec<u8>) {
        self.bytes(number, text.plain_in(scratch));
    }

    /// The binary form of Go's `time.Time`; its zero value is the beginning of year 1 in UTC.
    fn time(&mut self, number: u8, timestamp: Timestamp, zone: Zone) {
        let (seconds, nanos) = match timestamp.known() {
            Some(Timestamp(nanos)) => {
                let seconds = nanos.div_euclid(1_000_000_000) + YEAR_ONE_TO_UNIX;
                (seconds, nanos.rem_euclid(1_000_000_000))
            }
            None if matches!(zone, Zone::Offset(_)) => (0, 0),
            None => return,
        };
        let (minutes, odd_seconds) = match zone {
            Zone::Offset(offset) => (offset / 60, offset % 60),
            Zone::Utc | Zone::OutOfRange => (-1, 0),
        };
        self.begin(number);
        // A number below 2^30, and offsets of at most two bytes and of less than a minute.
        let [.., n1, n2, n3, n4] = nanos.to_be_bytes();
        let [.., m1, m2] = minutes.to_be_bytes();
        let [.., s] = odd_seconds.to_be_bytes();
        let version = if odd_seconds == 0 { 1 } else { 2 };
        self.out.extend_from_slice(&[14 + version, version]);
        self.out.extend_from_slice(&seconds.to_be_bytes());
        self.out.extend_from_slice(&[n1, n2, n3, n4, m1, m2]);
        if version == 2 {
            self.out.push(s);
        }
    }

    /// Headers; false where they are not all readable.
    fn headers(&mut self, number: u8, headers: RawHeaders<'_>, map: &mut HeaderMap) -> bool {
        match headers {
            RawHeaders::Absent => true,
            RawHeaders::Gob(count, map) => {
                self.begin(number);
                push_uint(self.out, count);
                self.out.extend_from_slice(map);
                true
            }
            RawHeaders::Pairs(_)
            | RawHeaders::CompactJson(_)
            | RawHeaders::Json(_)
            | RawHeaders::Base64(_) => {
                map.clear();
                let whole = headers.each(|part| map.push(part));
                let (count, map) = map.finish();
                self.begin(number);
                push_uint(self.out, count);
                self.out.extend_from_slice(map);
                whole
            }
        }
    }
}

/// A header map that is put together part by part: how many values a name has is known only behind them.
#[derive(Debug, Default)]
pub(super) struct HeaderMap {
    map: Vec<u8>,
    names: u64,
    /// Values of the last name.
    values: Vec<u8>,
    count: u64,
}

impl HeaderMap {
    fn clear(&mut self) {
        self.map.clear();
        self.names = 0;
    }

    pub(super) fn push(&mut self, part: HeaderPart<'_>) {
        match part {
            HeaderPart::Name(name) => {
                self.end_name();
                push_bytes(&mut self.map, name);
                self.names += 1;
            }
            HeaderPart::Value(value) => {
                push_bytes(&mut self.values, value);
                self.count += 1;
            }
        }
    }

    fn end_name(&mut self) {
        if self.names > 0 {
            push_uint(&mut self.map, self.count);
            self.map.append(&mut self.values);
            self.count = 0;
        }
    }

    /// How many names there are, and the bytes behind that.
    pub(super) fn finish(&mut self) -> (u64, &[u8]) {
        self.end_name();
        (self.names, &self.map)
    }
}

/// An unsigned integer: below 128 one byte; else 256 - n in one byte and n bytes, the most significant first.
#[inline]
fn push_uint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        out.push(value.to_le_bytes()[0]);
        return;
    }
    let zeros = value.leading_zeros() / 8;
    // 8 - zeros bytes follow.
    out.push(0xf8 + zeros.to_le_bytes()[0]);
    out.extend_from_slice(&value.to_be_bytes()[zeros as usize..]);
}

#[inline]
fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
