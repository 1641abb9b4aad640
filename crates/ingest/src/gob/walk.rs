//! From message to message, and over damage to the next one.

use memchr::{memchr, memchr3_iter, memmem};

use super::decode;
use super::schema::Schema;
use super::wire::{Cursor, WireError};
use crate::MAX_RECORD;
use crate::decoder::Stop;
use crate::line;
use crate::native::{self, NextFrame};
use crate::raw::RawRecord;
use crate::sink::{DamagedSpan, Sink};
use plimsoll_model::Format;

/// How the definition of vegeta's `Result` begins behind its type id: field 3 (a struct), its common part, its name.
const RESULT_DEFINITION: &[u8] = b"\x03\x01\x01\x06Result";

/// The longest length prefix and type id together.
const MAX_PREFIX: usize = 18;

/// Bytes that the definition of a `Result` has at most; vegeta's has 150.
const MAX_DEFINITION: usize = 1 << 12;

/// What stands at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    Record,
    Definition,
    /// The bytes end before the message does, and do not contradict it.
    Incomplete,
    Damaged(String),
}

/// The message at `start`, and the offset behind it. A definition is taken up, a record is read into `record`.
fn message<'a>(
    bytes: &'a [u8],
    start: usize,
    schema: &mut Schema,
    record: &mut RawRecord<'a>,
) -> (Message, usize) {
    let mut cursor = Cursor::new(&bytes[start..]);
    let length = match cursor.uint() {
        Ok(0) => return (Message::Damaged("a message of no length".to_owned()), start),
        Ok(length) if length <= MAX_RECORD as u64 => length,
        Ok(length) => {
            return (Message::Damaged(format!("an impossible length of {length} bytes")), start);
        }
        Err(WireError::Short) => return (Message::Incomplete, start),
        Err(WireError::Bad(what)) => {
            return (Message::Damaged(format!("for a length {what}")), start);
        }
    };
    let (mut body, complete) = match cursor.take(length) {
        Ok(body) => (Cursor::new(body), true),
        Err(_) => (cursor, false),
    };
    let end = bytes.len() - cursor.rest().len();
    match value(&mut body, schema, complete, record) {
        Ok(_) if !body.rest().is_empty() || !complete => {
            (Message::Damaged("a record that ends before its message does".to_owned()), end)
        }
        Ok(message) => (message, end),
        Err(WireError::Short) if !complete => (Message::Incomplete, start),
        Err(WireError::Short) => (Message::Damaged("a record cut short".to_owned()), end),
        Err(WireError::Bad(what)) => (Message::Damaged(what.to_owned()), end),
    }
}

/// The offset behind the message at `start`, if it is a sound record of the current type: the quick way through what
/// nearly all messages are.
#[inline(always)]
fn sound_record<'a>(
    bytes: &'a [u8],
    start: usize,
    schema: &Schema,
    record: &mut RawRecord<'a>,
) -> Option<usize> {
    let kind = schema.current.as_deref()?;
    let mut cursor = Cursor::new(&bytes[start..]);
    let length = cursor.uint().ok().filter(|&length| length <= MAX_RECORD as u64)?;
    let mut body = Cursor::new(strip_id(cursor.take(length).ok()?, &kind.id_bytes)?);
    decode::record(&mut body, kind, schema, record).ok()?;
    body.rest().is_empty().then(|| bytes.len() - cursor.rest().len())
}

/// `bytes` without the type id in front; ids have two bytes as good as always.
#[inline(always)]
fn strip_id<'a>(bytes: &'a [u8], id: &[u8]) -> Option<&'a [u8]> {
    match (bytes, id) {
        ([first, second, rest @ ..], [one, two]) => (first == one && second == two).then_some(rest),
        _ => bytes.strip_prefix(id),
    }
}

#[inline]
fn value<'a>(
    body: &mut Cursor<'a>,
    schema: &mut Schema,
    complete: bool,
    record: &mut RawRecord<'a>,
) -> Result<Message, WireError> {
    if let Some(current) = &schema.current
        && let Some(rest) = strip_id(body.rest(), &current.id_bytes)
    {
        *body = Cursor::new(rest);
        decode::record(body, current, schema, record)?;
        return Ok(Message::Record);
    }
    let id = body.int()?;
    if id < 0 {
        if !complete {
            // A definition is small: one that does not fit is not there yet, or is none.
            return Err(WireError::Short);
        }
        schema.define(id.checked_neg().ok_or(WireError::Bad("an impossible type id"))?, *body)?;
        *body = Cursor::new(&[]);
        return Ok(Message::Definition);
    }
    let kind = schema.record(id).ok_or(WireError::Bad("a value of an undefined type"))?;
    decode::record(body, kind, schema, record)?;
    Ok(Message::Record)
}

/// Decodes `bytes` from `start` on. With `at_end`, nothing follows them: what is incomplete is damaged. With `lost`,
/// damage came before: what stands at `start` has yet to show that it is a record.
pub(crate) fn walk(
    bytes: &[u8],
    start: usize,
    at_end: bool,
    mut lost: bool,
    schema: &mut Schema,
    sink: &mut impl Sink,
) -> Stop {
    let mut at = start;
    let mut resync = Resync::new(bytes);
    let mut record = RawRecord::empty();
    while at < bytes.len() {
        if !lost && let Some(end) = sound_record(bytes, at, schema, &mut record) {
            sink.record(&record);
            at = end;
            continue;
        }
        let (found, end) = if lost {
            (Message::Damaged("damage goes on".to_owned()), at)
        } else {
            message(bytes, at, schema, &mut record)
        };
        let what = match found {
            Message::Record => {
                sink.record(&record);
                at = end;
                continue;
            }
            Message::Definition => {
                at = end;
                continue;
            }
            Message::Incomplete if !at_end => return Stop::Incomplete(at),
            Message::Incomplete => "the input ends inside a message".to_owned(),
            Message::Damaged(what) => what,
        };
        // Damage may have been cut inside a line: the search below knows where one begins.
        if !lost {
            match native::next_frame(bytes, at, at + 1) {
                NextFrame::At(_) => return Stop::Switch(at, Format::Native),
                NextFrame::Maybe(_) if !at_end => return Stop::Incomplete(at),
                _ => {}
            }
            match resync.line(at, at_end) {
                Line::Record(format) => return Stop::Switch(at, format),
                Line::Incomplete => return Stop::Incomplete(at),
                Line::None => {}
            }
        }
        let next = resync.next(at, lost, at_end, schema);
        lost = false;
        let end = match next {
            Next::Message(next) | Next::Maybe(next) | Next::Line(next, _) => next,
            Next::Nothing => bytes.len(),
        };
        if end > at {
            let records = count_messages(bytes, at, end, schema);
            sink.damage(DamagedSpan { start: at, end, records, what });
        }
        match next {
            Next::Message(next) => at = next,
            Next::Maybe(next) => return Stop::Lost(next),
            Next::Line(next, format) => return Stop::Switch(next, format),
            Next::Nothing => break,
        }
    }
    Stop::End
}

/// Damaged records between two offsets: by their lengths if these lead from one to the other, else one.
fn count_messages(bytes: &[u8], start: usize, end: usize, schema: &Schema) -> u64 {
    let Some(record) = &schema.current else { return 1 };
    let mut at = start;
    let mut count = 0;
    while at < end {
        let mut cursor = Cursor::new(&bytes[at..end]);
        let Ok(length) = cursor.uint() else { return 1 };
        let Ok(body) = cursor.take(length) else { return 1 };
        if !body.starts_with(&record.id_bytes) {
            return 1;
        }
        at = end - cursor.rest().len();
        count += 1;
    }
    count.max(1)
}

/// Where reading goes on behind damage.
enum Next {
    Message(usize),
    /// A message may begin here; the bytes end too early to tell.
    Maybe(usize),
    Line(usize, Format),
    Nothing,
}

/// Looks for the next message behind damage.
struct Resync<'a> {
    bytes: &'a [u8],
    /// The next definition of a `Result`, the end of the bytes if there is none: looked for once and not again until it
    /// has been passed.
    definition: Option<usize>,
    /// The next native frame, likewise.
    frame: Option<NextFrame>,
    /// The next line end, likewise.
    line_end: Option<usize>,
    /// Bytes that may still be decoded on trial. Past that only short records are tried, so that bytes made to look
    /// like records everywhere cannot make the search quadratic.
    budget: usize,
}

impl<'a> Resync<'a> {
    const SHORT: usize = 2048;

    fn new(bytes: &'a [u8]) -> Self {
        let budget = bytes.len().saturating_mul(16);
        Self { bytes, definition: None, frame: None, line_end: None, budget }
    }

    /// Takes the cost of a trial from the budget, if that has room for it.
    fn affords(&mut self, length: usize) -> bool {
        let affordable = length <= self.budget || length <= Self::SHORT;
        if affordable {
            self.budget = self.budget.saturating_sub(length);
        }
        affordable
    }

    /// What begins at `start`, taken for a line.
    fn line(&mut self, start: usize, at_end: bool) -> Line {
        let end = self.line_end.filter(|&end| end >= start).unwrap_or_else(|| {
            let rest = self.bytes.get(start..).unwrap_or_default();
            memchr(b'\n', rest).map_or(self.bytes.len(), |length| start + length)
        });
        self.line_end = Some(end);
        if !self.affords(end.saturating_sub(start)) {
            Line::None
        } else if let Some(format) = line::record_at(self.bytes, start, at_end) {
            Line::Record(format)
        } else if !at_end && line::goes_on(self.bytes, start) {
            Line::Incomplete
        } else {
            Line::None
        }
    }

    /// The next message behind the damage at `damaged`; with `lost`, it may begin there.
    fn next(&mut self, damaged: usize, lost: bool, at_end: bool, schema: &mut Schema) -> Next {
        let bytes = self.bytes;
        let from = if lost { damaged } else { damaged + 1 };
        let definition = self.next_definition(from);
        let id = schema.current.as_ref().map(|record| record.id_bytes.clone()).unwrap_or_default();
        let mut maybe = None;
        let frame = self.next_frame(from);
        let until = definition.into_iter().chain(frame.ok()).min();
        let search = until.map_or(bytes, |end| &bytes[..end]);
        let needle = id.first().copied().unwrap_or(b'\n');
        // A line may begin behind the damaged byte.
        for hit in memchr3_iter(needle, b'{', b'\n', search.get(damaged..).unwrap_or_default()) {
            let hit = damaged + hit;
            match bytes[hit] {
                b'{' | b'\n' => {
                    let start = hit + usize::from(bytes[hit] == b'\n');
                    match self.line(start, at_end) {
                        Line::Record(format) => return Next::Line(start, format),
                        // With the line end in front of it, by which it is known again.
                        Line::Incomplete => maybe = maybe.or(Some(hit)),
                        Line::None => {}
                    }
                }
                _ if bytes[hit..].starts_with(&id) => {
                    for start in hit.saturating_sub(MAX_PREFIX / 2).max(from)..hit {
                        match self.trial(start, hit, schema) {
                            Trial::Record => return Next::Message(start),
                            Trial::Incomplete if !at_end => maybe = maybe.or(Some(start)),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        if !at_end {
            maybe = maybe.into_iter().chain(frame.err().flatten()).min();
        }
        match (maybe, until) {
            (None, Some(start)) if frame == Ok(start) => Next::Line(start, Format::Native),
            (None, Some(start)) => Next::Message(start),
            (_, None) if !at_end => {
                // What is cut in front of a type's name or id stands at the very end.
                let tail = bytes.len().saturating_sub(MAX_PREFIX + RESULT_DEFINITION.len());
                let cut = cut_definition(bytes, from, bytes.len()).unwrap_or(tail.max(from));
                Next::Maybe(maybe.unwrap_or(cut).min(cut))
            }
            (Some(start), _) => Next::Maybe(start),
            (None, None) => Next::Nothing,
        }
    }

    /// Whether a record's message begins at `start` with its type id at `id`.
    fn trial(&mut self, start: usize, id: usize, schema: &mut Schema) -> Trial {
        let mut cursor = Cursor::new(&self.bytes[start..]);
        let Ok(length) = cursor.uint() else { return Trial::None };
        if self.bytes.len() - cursor.rest().len() != id || length > MAX_RECORD as u64 {
            return Trial::None;
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(cursor.rest().len());
        if !self.affords(length) {
            return Trial::None;
        }
        let mut record = RawRecord::empty();
        match message(self.bytes, start, schema, &mut record).0 {
            Message::Record if is_plausible(&record) => Trial::Record,
            Message::Incomplete => Trial::Incomplete,
            _ => Trial::None,
        }
    }

    /// The first native frame at or behind `from`, or where one may begin.
    fn next_frame(&mut self, from: usize) -> Result<usize, Option<usize>> {
        let next = match self.frame {
            Some(NextFrame::At(start) | NextFrame::Maybe(start)) if start < from => None,
            next => next,
        };
        let next = next.unwrap_or_else(|| native::next_frame(self.bytes, from, usize::MAX));
        self.frame = Some(next);
        match next {
            NextFrame::At(start) => Ok(start),
            NextFrame::Maybe(start) => Err(Some(start)),
            NextFrame::Nowhere => Err(None),
        }
    }

    /// The first definition of a `Result` at or behind `from`.
    fn next_definition(&mut self, from: usize) -> Option<usize> {
        let end = self.bytes.len();
        let start = match self.definition {
            Some(start) if start >= from => start,
            _ => find_definition(self.bytes, from, end).unwrap_or(end),
        };
        self.definition = Some(start);
        (start < end).then_some(start)
    }
}

/// Where a stream of another format than the native one begins.
pub(crate) enum NextForeign {
    At(usize, Format),
    /// Perhaps here: the bytes end too early to tell.
    Maybe(usize),
    Nowhere,
}

/// What begins at `start`, where no native frame does.
pub(crate) fn foreign_at(bytes: &[u8], start: usize, at_end: bool) -> NextForeign {
    let until = start + 1;
    if find_definition(bytes, start, until).is_some() {
        return NextForeign::At(start, Format::VegetaGob);
    }
    let short = bytes.len() - start < MAX_PREFIX + RESULT_DEFINITION.len();
    if !at_end && (short || cut_definition(bytes, start, until).is_some()) {
        return NextForeign::Maybe(start);
    }
    match Resync::new(bytes).line(start, at_end) {
        Line::Record(format) => NextForeign::At(start, format),
        Line::Incomplete => NextForeign::Maybe(start),
        Line::None => NextForeign::Nowhere,
    }
}

/// The first stream of another format behind the damage at `damaged`; with `lost`, it may begin there.
pub(crate) fn next_foreign(bytes: &[u8], damaged: usize, lost: bool, at_end: bool) -> NextForeign {
    match Resync::new(bytes).next(damaged, lost, at_end, &mut Schema::default()) {
        Next::Message(start) => NextForeign::At(start, Format::VegetaGob),
        Next::Line(start, format) => NextForeign::At(start, format),
        Next::Maybe(start) => NextForeign::Maybe(start),
        Next::Nothing => NextForeign::Nowhere,
    }
}

/// A record of a format that has lines.
enum Line {
    Record(Format),
    /// One may begin here; the bytes end too early to tell.
    Incomplete,
    None,
}

enum Trial {
    Record,
    Incomplete,
    None,
}

/// Whether a record found by searching is one: few bytes decode to nothing by chance, so it has to hold something.
fn is_plausible(record: &RawRecord<'_>) -> bool {
    record.timestamp.is_known() && (record.code < 1000)
}

/// The first definition of a `Result` that begins at or behind `from` and before `until`.
pub(crate) fn find_definition(bytes: &[u8], from: usize, until: usize) -> Option<usize> {
    let finder = memmem::Finder::new(RESULT_DEFINITION);
    let search = bytes.get(from..bytes.len().min(until.saturating_add(2 * MAX_PREFIX)))?;
    for hit in finder.find_iter(search) {
        let hit = from + hit;
        let mut starts = hit.saturating_sub(MAX_PREFIX).max(from)..hit.min(until);
        if let Some(start) = starts.rfind(|&start| preamble_at(bytes, start)) {
            return Some(start);
        }
    }
    None
}

/// A definition of a `Result` that begins at or behind `from`, before `until`, and goes on behind the bytes.
pub(crate) fn cut_definition(bytes: &[u8], from: usize, until: usize) -> Option<usize> {
    let recent = bytes.len().saturating_sub(MAX_DEFINITION).max(from);
    let search = bytes.get(recent..bytes.len().min(until.saturating_add(2 * MAX_PREFIX)))?;
    memmem::find_iter(search, RESULT_DEFINITION)
        .map(|hit| recent + hit)
        .flat_map(|hit| hit.saturating_sub(MAX_PREFIX).max(from)..hit.min(until))
        .find(|&start| {
            let length = Cursor::new(&bytes[start..]).uint();
            length.is_ok_and(|length| length <= MAX_DEFINITION as u64)
                && message(bytes, start, &mut Schema::default(), &mut RawRecord::empty()).0
                    == Message::Incomplete
        })
}

/// Whether the definition of a `Result` begins at `start`.
fn preamble_at(bytes: &[u8], start: usize) -> bool {
    let mut schema = Schema::default();
    let found = message(bytes, start, &mut schema, &mut RawRecord::empty()).0;
    found == Message::Definition && schema.current.is_some()
}

/// Steps over whole messages by their lengths, without decoding them, and takes up definitions.
///
/// Returns the offset behind the last whole message, which itself has been decoded, so that another decoder can start
/// there; `None` where something is odd and only [`walk`] can tell.
pub(crate) fn hop(bytes: &[u8], schema: &mut Schema) -> Option<usize> {
    let mut at = 0;
    let mut last = 0;
    let mut id = schema.current.as_ref()?.id_bytes.clone();
    let mut record = RawRecord::empty();
    while at < bytes.len() {
        let mut cursor = Cursor::new(&bytes[at..]);
        let length = match cursor.uint() {
            Ok(length) if (1..=MAX_RECORD as u64).contains(&length) => length,
            Err(WireError::Short) => break,
            _ => return None,
        };
        let rest = cursor.rest();
        let Ok(body) = cursor.take(length) else {
            // The last message goes on behind the bytes; a large one has to earn the memory for it.
            if length > 65_536 && message(bytes, at, schema, &mut record).0 != Message::Incomplete {
                return None;
            }
            if rest.len() >= id.len() && !rest.starts_with(&id) {
                return None;
            }
            break;
        };
        if strip_id(body, &id).is_none() {
            if message(bytes, at, schema, &mut record).0 != Message::Definition {
                return None;
            }
            id.clone_from(&schema.current.as_ref()?.id_bytes);
        }
        last = at;
        at = bytes.len() - cursor.rest().len();
    }
    let sound = at == 0
        || matches!(
            message(bytes, last, schema, &mut record).0,
            Message::Record | Message::Definition
        );
    sound.then_some(at)
}

/// Whether the bytes begin a gob stream.
///
/// # Errors
/// Why they do not.
pub(crate) fn detect(bytes: &[u8]) -> Result<(), String> {
    let mut schema = Schema::default();
    let what = match message(bytes, 0, &mut schema, &mut RawRecord::empty()).0 {
        Message::Definition => return Ok(()),
        Message::Record | Message::Incomplete => "the first message defines no type".to_owned(),
        Message::Damaged(what) => format!("the first message has {what}"),
    };
    Err(what)
}

/// Whether the definition of a result begins somewhere, whole or not.
pub(crate) fn mentions_result(bytes: &[u8]) -> bool {
    memmem::find(bytes, RESULT_DEFINITION).is_some()
}

/// The schema that vegeta writes, if records follow it although no definition is readable.
pub(crate) fn detect_headless(bytes: &[u8], at_end: bool) -> Option<Schema> {
    let mut found = CountRecords(0);
    walk(bytes, 0, at_end, false, &mut Schema::assumed(), &mut found);
    (found.0 >= 2).then(Schema::assumed)
}

struct CountRecords(u64);

impl Sink for CountRecords {
    fn record(&mut self, _: &RawRecord<'_>) {
        self.0 += 1;
    }
    fn damage(&mut self, _: DamagedSpan) {}
    fn format(&mut self, _: Format) {}
    fn note(&mut self, _: &'static str) {}
}
