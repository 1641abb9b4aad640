//! The formats of lines, JSON and CSV: from record to record, over damage to the next one.

use std::cell::RefCell;

use memchr::memchr;
use plimsoll_model::Format;

use crate::decoder::{Decoder, Stop};
use crate::native::{self, NextFrame};
use crate::sink::{DamagedSpan, Sink};
use crate::{csv, gob, json};

/// A quoted CSV field that spans more bytes than this is an unclosed quote.
const MAX_QUOTED: usize = 1 << 20;

/// The end of the record at `start`, before its line end, and the start of the next; `None` where no line end is there
/// yet.
fn record_end(bytes: &[u8], start: usize, at_end: bool, format: Format) -> Option<(usize, usize)> {
    let rest = &bytes[start..];
    let end = if format == Format::VegetaCsv {
        let first = memchr::memchr2(b'\n', b'"', rest)?;
        if rest[first] == b'\n' {
            first
        } else {
            match quoted_end(rest, at_end) {
                Quoted::End(end) => end,
                Quoted::Stray => memchr(b'\n', rest)?,
                Quoted::Unknown => return None,
            }
        }
    } else {
        memchr(b'\n', rest)?
    };
    let text_end = if end > 0 && rest[end - 1] == b'\r' { end - 1 } else { end };
    Some((start + text_end, start + end + 1))
}

/// Where a record with quotes ends.
enum Quoted {
    /// At the first line end outside quotes.
    End(usize),
    /// At the first line end: a quote is never closed, or only after another record has begun.
    Stray,
    /// Behind the bytes that are there.
    Unknown,
}

fn quoted_end(rest: &[u8], at_end: bool) -> Quoted {
    let mut quoted = false;
    let limit = rest.len().min(MAX_QUOTED);
    for hit in memchr::memchr2_iter(b'"', b'\n', &rest[..limit]) {
        match rest[hit] {
            b'"' => quoted = !quoted,
            _ if !quoted => return Quoted::End(hit),
            _ => match memchr(b'\n', &rest[hit + 1..]) {
                Some(length) if is_csv_record(&rest[hit + 1..=hit + length]) => {
                    return Quoted::Stray;
                }
                None if !at_end => return Quoted::Unknown,
                _ => {}
            },
        }
    }
    if !at_end && rest.len() < MAX_QUOTED { Quoted::Unknown } else { Quoted::Stray }
}

thread_local! {
    /// For lines on trial: making one for each of them would take longer than the trial.
    static SCRATCH: RefCell<csv::Scratch> = RefCell::default();
}

/// Whether a line certainly is a CSV record.
fn is_csv_record(line: &[u8]) -> bool {
    // Most lines that are none begin with something else: no need to read them as one.
    csv::begins_with_timestamp(line)
        && SCRATCH.with_borrow_mut(|scratch| {
            csv::parse(line, csv::MAX_COLUMNS, scratch)
                .is_ok_and(|record| record.timestamp.0 > 0 && record.code < 1000)
        })
}

/// Decodes `bytes` from `start` on. With `at_end`, nothing follows them: a last line without an end is a line.
pub(crate) fn walk(
    bytes: &[u8],
    start: usize,
    at_end: bool,
    decoder: &Decoder,
    sink: &mut impl Sink,
) -> Stop {
    let format = decoder.format;
    let columns = decoder.columns;
    let mut walk = Walk { format, columns, scratch: csv::Scratch::default(), damage: None, sink };
    let mut at = start;
    let stop = loop {
        if at >= bytes.len() {
            break Stop::End;
        }
        let (text_end, next, terminated) = match record_end(bytes, at, at_end, format) {
            Some((text_end, next)) => (text_end, next, true),
            None if !at_end => break Stop::Incomplete(at),
            None => (bytes.len(), bytes.len(), false),
        };
        let what = match walk.read(&bytes[at..text_end], terminated) {
            Ok(()) => {
                at = next;
                continue;
            }
            Err(what) => what,
        };
        // Not a record: another stream may begin at the line or in it.
        if let Some(other) = record_at(bytes, at, at_end).filter(|&other| other != format) {
            break Stop::Switch(at, other);
        }
        let frame = native::next_frame(bytes, at, next);
        let frame_start = if let NextFrame::At(start) = frame { start } else { next };
        let other = match gob::find_definition(bytes, at, frame_start) {
            Some(definition) => Some((definition, Format::VegetaGob)),
            None if frame_start < next => Some((frame_start, Format::Native)),
            None => None,
        };
        if let Some((start, format)) = other {
            let head = &bytes[at..start];
            if !head.is_empty()
                && let Err(what) = walk.read(head, false)
            {
                walk.damaged(at, start, what);
            }
            break Stop::Switch(start, format);
        }
        let is_cut =
            matches!(frame, NextFrame::Maybe(_)) || gob::cut_definition(bytes, at, next).is_some();
        if !at_end && is_cut {
            break Stop::Incomplete(at);
        }
        // A line that was cut runs into the next record.
        if let Some(inner) = inner_record(bytes, at, text_end, format) {
            walk.damaged(at, inner, what);
            at = inner;
            continue;
        }
        // A stray quote must not take the lines behind it along.
        let first_line = memchr(b'\n', &bytes[at..next]).map_or(next, |end| at + end + 1);
        if first_line == next || walk.read(bytes[at..first_line].trim_ascii_end(), true).is_err() {
            let what =
                if terminated { what } else { format!("the input ends inside a record: {what}") };
            walk.damaged(at, first_line, what);
        }
        at = first_line;
    };
    walk.tell_damage();
    stop
}

/// What a walk over lines carries along.
struct Walk<'a, S> {
    format: Format,
    /// Columns of the first CSV record.
    columns: usize,
    scratch: csv::Scratch,
    /// Damage that may go on in the next line.
    damage: Option<DamagedSpan>,
    sink: &'a mut S,
}

impl<S: Sink> Walk<'_, S> {
    /// Hands the record of a line to the sink; a blank line holds none.
    #[inline]
    fn read(&mut self, line: &[u8], terminated: bool) -> Result<(), String> {
        if self.format == Format::VegetaJson {
            self.read_json(line)
        } else {
            self.read_csv(line, terminated)
        }
    }

    #[inline]
    fn read_json(&mut self, line: &[u8]) -> Result<(), String> {
        if let Some(record) = json::parse_fast(line) {
            self.tell_damage();
            self.sink.record(&record);
        } else if !line.trim_ascii().is_empty() {
            let parsed = json::parse_any(line)?;
            self.tell_damage();
            self.sink.record(&parsed.as_raw());
        }
        Ok(())
    }

    #[inline]
    fn read_csv(&mut self, line: &[u8], terminated: bool) -> Result<(), String> {
        if terminated && let Some(record) = csv::parse_fast(line) {
            self.tell_damage();
            self.sink.record(&record);
            return Ok(());
        }
        match csv::parse(line, self.columns, &mut self.scratch) {
            Ok(record) if terminated || csv::is_whole(line, self.columns, &record) => {
                // Not `tell_damage`: the record borrows from the scratch room.
                if let Some(span) = self.damage.take() {
                    self.sink.damage(span);
                }
                self.sink.record(&record);
                Ok(())
            }
            Ok(_) => Err("it is cut short".to_owned()),
            Err(_) if line.trim_ascii().is_empty() => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Adds a damaged line to the damage before it, if it follows directly.
    fn damaged(&mut self, start: usize, end: usize, what: String) {
        if let Some(span) = self.damage.as_mut().filter(|span| span.end == start) {
            span.end = end;
            span.records += 1;
        } else {
            self.tell_damage();
            self.damage = Some(DamagedSpan { start, end, records: 1, what });
        }
    }

    #[inline(always)]
    fn tell_damage(&mut self) {
        if self.damage.is_some() {
            self.damage.take().into_iter().for_each(|span| self.sink.damage(span));
        }
    }
}

/// The format of the record that begins at `start`, if one certainly does: a whole line that says when and how.
pub(crate) fn record_at(bytes: &[u8], start: usize, at_end: bool) -> Option<Format> {
    let first = *bytes.get(start)?;
    let format = match first {
        b'{' if bytes.get(start + 1) == Some(&b'"') => Format::VegetaJson,
        b'0'..=b'9' | b'-' => Format::VegetaCsv,
        _ => return None,
    };
    let end = match record_end(bytes, start, at_end, format) {
        Some((end, _)) => end,
        None if at_end => bytes.len(),
        None => return None,
    };
    let line = &bytes[start..end];
    let certain = match format {
        Format::VegetaJson => {
            json::parse_fast(line).is_some()
                || json::parse_any(line).is_ok_and(|line| line.is_result())
        }
        _ => is_csv_record(line),
    };
    certain.then_some(format)
}

/// Whether a line begins like a record at `start` and ends behind the bytes.
pub(crate) fn goes_on(bytes: &[u8], start: usize) -> bool {
    let rest = bytes.get(start..).unwrap_or_default();
    let format = match rest {
        [b'{'] | [b'{', b'"', ..] => Format::VegetaJson,
        [b'0'..=b'9', ..]
            if csv::begins_with_timestamp(rest) || rest.iter().all(u8::is_ascii_digit) =>
        {
            Format::VegetaCsv
        }
        _ => return false,
    };
    rest.len() < MAX_QUOTED && record_end(bytes, start, false, format).is_none()
}

/// Columns of the CSV record at `start`.
pub(crate) fn columns_at(bytes: &[u8], start: usize) -> Option<usize> {
    if record_at(bytes, start, true) != Some(Format::VegetaCsv) {
        return None;
    }
    let (end, _) = record_end(bytes, start, true, Format::VegetaCsv).unwrap_or((bytes.len(), 0));
    Some(csv::count_columns(&bytes[start..end]))
}

/// A record that begins inside a damaged line and reaches to its end.
fn inner_record(bytes: &[u8], start: usize, end: usize, format: Format) -> Option<usize> {
    if format != Format::VegetaJson {
        return None;
    }
    // Few tries: a line may be made of openings.
    memchr::memmem::find_iter(&bytes[start + 1..end], b"{\"")
        .take(16)
        .map(|hit| start + 1 + hit)
        .find(|&inner| record_at(&bytes[..end], inner, true).is_some())
}

/// The offset behind the last record that certainly ends in `bytes`, judged by its last line alone; `None` where that
/// line is odd and only [`walk`] can tell.
pub(crate) fn hop(bytes: &[u8], decoder: &Decoder) -> Option<usize> {
    let Some(last) = memchr::memrchr(b'\n', bytes) else { return Some(0) };
    let end = last + 1;
    if decoder.format == Format::VegetaCsv
        && !memchr::memchr_iter(b'"', &bytes[..end]).count().is_multiple_of(2)
    {
        return None;
    }
    let start = memchr::memrchr(b'\n', &bytes[..last]).map_or(0, |before| before + 1);
    let line = &bytes[start..last];
    let sound = match decoder.format {
        Format::VegetaJson => {
            line.trim_ascii().starts_with(b"{") && line.trim_ascii().ends_with(b"}")
        }
        _ => csv::parse(line, decoder.columns, &mut csv::Scratch::default()).is_ok(),
    };
    sound.then_some(end)
}

/// Whether the bytes begin with a JSON result.
///
/// # Errors
/// Why they do not.
pub(crate) fn detect_json(bytes: &[u8]) -> Result<(), String> {
    let mut what = None;
    for line in
        bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(8)
    {
        match json::parse_any(line) {
            Ok(line) if line.has_known_key() => return Ok(()),
            Ok(_) => {
                what.get_or_insert_with(|| {
                    "the first object has neither timestamp, latency nor code".to_owned()
                });
            }
            Err(error) => {
                what.get_or_insert(format!("the first line is no result ({error})"));
            }
        }
    }
    Err(what.unwrap_or_else(|| "there is no line".to_owned()))
}

/// Whether the bytes begin with a CSV result, or with a header line and then one: columns, and bytes of the header.
///
/// # Errors
/// Why they do not.
pub(crate) fn detect_csv(bytes: &[u8]) -> Result<(usize, usize), String> {
    let header = header_line(bytes);
    let mut at = header;
    let mut what = None;
    for _ in 0..8 {
        if at >= bytes.len() {
            break;
        }
        let (end, next) =
            record_end(bytes, at, true, Format::VegetaCsv).unwrap_or((bytes.len(), bytes.len()));
        let line = &bytes[at..end];
        let columns = csv::count_columns(line);
        if (csv::MIN_COLUMNS..=csv::MAX_COLUMNS).contains(&columns) {
            match csv::parse(line, columns, &mut csv::Scratch::default()) {
                Ok(_) => return Ok((columns, header)),
                Err(error) => what = what.or(Some(error.to_string())),
            }
        } else {
            what = what.or(Some(csv::CsvError::Columns(columns).to_string()));
        }
        at = next;
    }
    Err(what.map_or_else(
        || "there is no line".to_owned(),
        |what| format!("the first line is no result ({what})"),
    ))
}

/// The format of the first line that certainly is a record.
pub(crate) fn find_record(bytes: &[u8], at_end: bool) -> Option<Format> {
    memchr::memchr_iter(b'\n', bytes).find_map(|end| record_at(bytes, end + 1, at_end))
}

/// Bytes of a first line that names vegeta's columns in vegeta's order.
fn header_line(bytes: &[u8]) -> usize {
    let Some(end) = memchr(b'\n', bytes) else { return 0 };
    let line = String::from_utf8_lossy(&bytes[..end]);
    let names: Vec<&str> = line.trim_end().split(',').collect();
    let known = names.len() >= csv::MIN_COLUMNS && names.len() <= csv::MAX_COLUMNS;
    let same = names
        .iter()
        .zip(csv::NAMES)
        .all(|(name, known)| name.trim().trim_matches('"').eq_ignore_ascii_case(known));
    if known && same { end + 1 } else { 0 }
}
