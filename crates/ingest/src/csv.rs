//! vegeta's CSV: no header, 12 columns; 9 up to vegeta 12.7, fewer before.
//!
//! 1 timestamp in Unix nanoseconds, 2 code, 3 latency in nanoseconds, 4 bytes out, 5 bytes in, 6 error, 7 body in base64,
//! 8 attack, 9 seq, 10 method, 11 URL, 12 headers in base64
//! (<https://github.com/tsenart/vegeta/blob/cf58112/lib/results.go>, `NewCSVEncoder`).
//!
//! Two readers that agree: a quick one for records without quotes, and csv-core for the others.

use plimsoll_model::{Nanos, Timestamp};

use crate::body::RawBody;
use crate::headers::RawHeaders;
use crate::raw::{RawRecord, Spelling, Text, Zone};
use crate::scan::{find_either, leading_uint};

/// Columns of the oldest layout that is read: without body, attack and seq.
pub(crate) const MIN_COLUMNS: usize = 6;
/// Columns of today's layout.
pub(crate) const MAX_COLUMNS: usize = 12;

/// The names that a header line would have, where somebody added one.
pub(crate) const NAMES: [&str; MAX_COLUMNS] = [
    "timestamp",
    "code",
    "latency",
    "bytes_out",
    "bytes_in",
    "error",
    "body",
    "attack",
    "seq",
    "method",
    "url",
    "headers",
];

/// Why a record is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CsvError {
    Columns(usize),
    Field(usize),
}

impl std::fmt::Display for CsvError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Columns(found) => {
                let columns = if *found == 1 { "column" } else { "columns" };
                write!(f, "{found} {columns} where a vegeta CSV has 12, 9, 7 or 6")
            }
            Self::Field(index) => {
                write!(f, "column {} ({}) cannot be read", index + 1, NAMES[*index])
            }
        }
    }
}

/// A record without its line end.
///
/// `columns` is the number that the input's first record has: that many are accepted, and those that a vegeta wrote.
///
/// # Errors
/// The column that cannot be read.
#[inline]
pub(crate) fn parse<'a>(
    record: &'a [u8],
    columns: usize,
    scratch: &'a mut Scratch,
) -> Result<RawRecord<'a>, CsvError> {
    if let Some(record) = parse_fast(record) {
        return Ok(record);
    }
    scratch.read(record);
    let (fields, count) = scratch.fields();
    assemble(&fields, count, columns)
}

/// A record of 12 columns of which the error alone may be quoted, as vegeta writes nearly all of them; `None` for any
/// other, good or bad.
#[inline(always)]
pub(crate) fn parse_fast(line: &[u8]) -> Option<RawRecord<'_>> {
    let mut scan = Scan { rest: line };
    let timestamp = Timestamp(i64::try_from(scan.uint()?).ok()?);
    let code = u16::try_from(scan.uint()?).ok()?;
    let latency = Nanos(u64::try_from(i64::try_from(scan.uint()?).ok()?).ok()?);
    let bytes_out = scan.uint()?;
    let bytes_in = scan.uint()?;
    let error = scan.error()?;
    let body = scan.long_text()?;
    let attack = Text::plain(scan.text()?);
    let seq = scan.uint()?;
    let method = Text::plain(scan.text()?);
    let url = Text::plain(scan.text()?);
    if !body.len().is_multiple_of(4) {
        return None;
    }
    let headers = match scan.rest {
        [] => RawHeaders::Absent,
        [b' ' | b'\t', ..] => return None,
        headers if !headers.len().is_multiple_of(4) => return None,
        headers if memchr::memchr2(b',', b'"', headers).is_some() => return None,
        headers => RawHeaders::Base64(headers),
    };
    let has_seq = true;
    Some(RawRecord {
        attack,
        method,
        url,
        error,
        body: RawBody::Base64(body),
        headers,
        seq,
        timestamp,
        zone: Zone::Utc,
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
    /// A number and the comma behind it.
    #[inline(always)]
    fn uint(&mut self) -> Option<u64> {
        let (value, digits) = leading_uint(self.rest)?;
        if self.rest.get(digits) != Some(&b',') {
            return None;
        }
        self.rest = &self.rest[digits + 1..];
        Some(value)
    }

    /// A text without quotes and leading space, and the comma behind it.
    #[inline(always)]
    fn text(&mut self) -> Option<&'a [u8]> {
        if let [b',', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(&[]);
        }
        let end = find_either(self.rest, b',', b'"')?;
        self.cut(end)
    }

    /// A text that may be quoted, and the comma behind it.
    #[inline(always)]
    fn error(&mut self) -> Option<Text<'a>> {
        if self.rest.first() == Some(&b'"') { self.quoted() } else { self.text().map(Text::plain) }
    }

    fn quoted(&mut self) -> Option<Text<'a>> {
        let inside = &self.rest[1..];
        let mut doubled = false;
        let mut at = 0;
        loop {
            at += memchr::memchr(b'"', inside.get(at..)?)?;
            match inside.get(at + 1)? {
                b',' => break,
                b'"' => doubled = true,
                _ => return None,
            }
            at += 2;
        }
        let bytes = &inside[..at];
        if memchr::memchr(b'\r', bytes).is_some() {
            return None;
        }
        self.rest = &inside[at + 2..];
        Some(Text { bytes, spelling: if doubled { Spelling::CsvQuoted } else { Spelling::Plain } })
    }

    #[inline(always)]
    fn long_text(&mut self) -> Option<&'a [u8]> {
        if let [b',', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(&[]);
        }
        let end = memchr::memchr2(b',', b'"', self.rest)?;
        self.cut(end)
    }

    #[inline(always)]
    fn cut(&mut self, end: usize) -> Option<&'a [u8]> {
        if self.rest[end] != b',' || matches!(self.rest.first(), Some(b' ' | b'\t')) {
            return None;
        }
        let text = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(text)
    }
}

#[inline]
fn assemble<'a>(
    fields: &[&'a [u8]; MAX_COLUMNS],
    count: usize,
    columns: usize,
) -> Result<RawRecord<'a>, CsvError> {
    if count != columns && !matches!(count, 6 | 7 | 9 | 12) {
        return Err(CsvError::Columns(count));
    }
    let number = |index: usize| uint(fields[index]).ok_or(CsvError::Field(index));
    let mut record = RawRecord::empty();
    record.timestamp = int(fields[0]).map(Timestamp).ok_or(CsvError::Field(0))?;
    record.code = u16::try_from(number(1)?).map_err(|_| CsvError::Field(1))?;
    let latency = int(fields[2]).ok_or(CsvError::Field(2))?;
    record.latency = u64::try_from(latency).map(Nanos).map_err(|_| CsvError::Field(2))?;
    record.bytes_out = number(3)?;
    record.bytes_in = number(4)?;
    record.error = Text::plain(fields[5]);
    // The body is not decoded, but one that was cut shows by its length.
    if !fields[6].len().is_multiple_of(4) {
        return Err(CsvError::Field(6));
    }
    record.body = RawBody::Base64(fields[6]);
    record.attack = Text::plain(fields[7]);
    if count > 8 {
        record.seq = number(8)?;
        record.has_seq = true;
    }
    record.method = Text::plain(fields[9]);
    record.url = Text::plain(fields[10]);
    if !fields[11].len().is_multiple_of(4) {
        return Err(CsvError::Field(11));
    }
    if !fields[11].is_empty() {
        record.headers = RawHeaders::Base64(fields[11]);
    }
    Ok(record)
}

#[inline]
fn uint(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    let mut value = 0_u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

#[inline]
fn int(digits: &[u8]) -> Option<i64> {
    match digits.strip_prefix(b"-") {
        Some(digits) => 0_i64.checked_sub_unsigned(uint(digits)?),
        None => i64::try_from(uint(digits)?).ok(),
    }
}

/// Whether a record at the very end of an input, without a line end, is all there: it has as many columns as the others,
/// and the HTTP/1 form of its headers ends with an empty line.
pub(crate) fn is_whole(line: &[u8], columns: usize, record: &RawRecord<'_>) -> bool {
    use base64::Engine as _;
    let headers_are_whole = match record.headers {
        RawHeaders::Base64(text) => base64::engine::general_purpose::STANDARD
            .decode(text)
            .is_ok_and(|wire| wire == b"\r\n" || wire.ends_with(b"\r\n\r\n")),
        _ => true,
    };
    headers_are_whole && count_columns(line) == columns
}

/// Room for a record whose fields are quoted.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Kept, because building one takes longer than reading with it.
    reader: Option<csv_core::Reader>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Scratch {
    /// Reads one record by the rules of Go's `encoding/csv` with `TrimLeadingSpace`.
    fn read(&mut self, record: &[u8]) {
        self.ends.clear();
        self.text.clear();
        self.text.resize(record.len() + 2, 0);
        self.ends.resize(MAX_COLUMNS + 2, 0);
        let normal = normalise(record);
        let reader = self.reader.get_or_insert_with(|| {
            // A CR that no LF follows is a byte like any other.
            csv_core::ReaderBuilder::new().terminator(csv_core::Terminator::Any(b'\n')).build()
        });
        reader.reset();
        let (_, _, written, ended) = reader.read_record(&normal, &mut self.text, &mut self.ends);
        self.text.truncate(written);
        self.ends.truncate(ended);
    }

    fn fields(&self) -> ([&[u8]; MAX_COLUMNS], usize) {
        let mut fields: [&[u8]; MAX_COLUMNS] = [&[]; MAX_COLUMNS];
        let mut start = 0;
        for (field, &end) in fields.iter_mut().zip(&self.ends) {
            *field = self.text.get(start..end).unwrap_or_default();
            start = end;
        }
        (fields, self.ends.len())
    }
}

/// The record as csv-core has to see it to read what Go reads: without the spaces in front of a field, with the line
/// ends inside quotes as LF, and with a line end. Quotes inside quotes that nobody doubled, as vegeta 6 wrote them, are
/// doubled.
fn normalise(record: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(record.len() + 1);
    let mut quoted = false;
    let mut at_start = true;
    let mut rest = record;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'\r' if after.first() == Some(&b'\n') => continue,
            b' ' | b'\t' if at_start => continue,
            b'"' if at_start => quoted = true,
            b'"' if quoted => match after {
                [] | [b',', ..] => quoted = false,
                [b'"', after @ ..] => {
                    out.push(b'"');
                    rest = after;
                }
                _ => out.push(b'"'),
            },
            _ => {}
        }
        out.push(*byte);
        at_start = !quoted && *byte == b',';
    }
    out.push(b'\n');
    out
}

/// Whether the first column may be a time in nanoseconds.
pub(crate) fn begins_with_timestamp(line: &[u8]) -> bool {
    leading_uint(line).is_some_and(|(_, digits)| line.get(digits) == Some(&b','))
}

/// Columns of a record.
pub(crate) fn count_columns(record: &[u8]) -> usize {
    let mut quoted = false;
    let mut columns = 1;
    for &byte in record {
        quoted ^= byte == b'"';
        columns += usize::from(byte == b',' && !quoted);
    }
    columns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::raw::words;

    const LINE: &str = concat!(
        r#"1795422924559065013,0,6012803,60,54,"Post ""http://h/p"": EOF, twice",e30K,eth,12,POST,"#,
        "http://h/p?x=1,U2VydmVyOiB0c3J2DQoNCg=="
    );

    fn slow(line: &[u8]) -> Result<(String, [Option<String>; 2]), CsvError> {
        let mut scratch = Scratch::default();
        scratch.read(line);
        let (fields, count) = scratch.fields();
        assemble(&fields, count, MAX_COLUMNS).map(|record| words(&record))
    }

    #[test]
    fn both_readers_read_a_line_of_vegeta() {
        let fast = parse_fast(LINE.as_bytes()).unwrap();
        assert_eq!(Ok(words(&fast)), slow(LINE.as_bytes()));
        assert_eq!(fast.error.to_str(), r#"Post "http://h/p": EOF, twice"#);
        assert_eq!(fast.headers.first("server").as_deref(), Some("tsrv"));
    }

    #[test]
    fn older_layouts() {
        let mut scratch = Scratch::default();
        let six = parse(b"1,200,5,0,0,", MAX_COLUMNS, &mut scratch).unwrap();
        assert!(!six.has_seq);
        let nine = parse(b"1,200,5,0,0,,,eth,7", MAX_COLUMNS, &mut scratch).unwrap();
        assert_eq!((nine.seq, nine.has_seq, nine.attack.bytes), (7, true, &b"eth"[..]));
        // vegeta 6 quoted the error and left the quotes inside it as they were.
        let bare = br#"1,0,5,0,0,"Get "http://127.0.0.1/drop": EOF""#;
        let error = parse(bare, MAX_COLUMNS, &mut scratch).unwrap().error;
        assert_eq!(error.to_str(), r#"Get "http://127.0.0.1/drop": EOF"#);
    }

    #[test]
    fn a_lone_carriage_return_ends_nothing() {
        let joined = format!("{LINE}\r{LINE}");
        let error = parse(joined.as_bytes(), MAX_COLUMNS, &mut Scratch::default()).unwrap_err();
        assert!(matches!(error, CsvError::Columns(_)), "{error}");
    }

    #[test]
    fn a_field_is_named_where_it_is_wrong() {
        let mut scratch = Scratch::default();
        let mut error =
            |line: &str| parse(line.as_bytes(), MAX_COLUMNS, &mut scratch).unwrap_err().to_string();
        assert_eq!(error("1,2x,5,0,0,"), "column 2 (code) cannot be read");
        assert_eq!(error("1,200,5"), "3 columns where a vegeta CSV has 12, 9, 7 or 6");
        assert_eq!(
            error("1,200,5,0,0,,,eth,0,GET,http://h,abc"),
            "column 12 (headers) cannot be read"
        );
    }

    proptest! {
        /// What the quick reader accepts, csv-core accepts, and reads the same from it.
        #[test]
        fn the_quick_reader_is_no_more_lenient(
            at in 0..LINE.len(),
            replaced in 0_usize..4,
            by in prop_oneof![".{0,3}", "[\", 0-9a-z=-]{0,4}"],
        ) {
            let mut line = LINE.as_bytes().to_vec();
            line.splice(at..LINE.len().min(at + replaced), by.bytes());
            // A line end inside a line is not the line reader's to see.
            prop_assume!(!line.contains(&b'\n') && !line.contains(&b'\r'));
            if let Some(fast) = parse_fast(&line) {
                prop_assert_eq!(Ok(words(&fast)), slow(&line), "{}", String::from_utf8_lossy(&line));
            }
        }
    }
}
