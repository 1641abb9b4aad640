//! From frame to frame, and over damage to the next one.

use super::block::{self, Lost};
use super::frame::{
    self, COMPRESSED, Found, HEAD, Head, MAGIC, MAJOR, NextFrame, kind, next_frame,
};
use super::streams::{Arrival, INTERRUPTED, OTHER_END, Streams, TOO_MANY_TEXTS, UNKNOWN_KIND};
use super::wire;
use crate::decoder::Stop;
use crate::gob::{self, NextForeign};
use crate::raw::RawRecord;
use crate::sink::{Aside, DamagedSpan, Sink};
use plimsoll_model::Format;

/// Decodes `bytes` from `start` on. With `at_end`, nothing follows them: what is incomplete is damaged. With `lost`,
/// damage came before: the next frame is still to be found.
///
/// Records that are lost are told apart from bytes that are: a head that is sound, of a damaged frame or of a later one,
/// says how many there were.
pub(crate) fn walk(
    bytes: &[u8],
    start: usize,
    at_end: bool,
    mut lost: bool,
    streams: &mut Streams,
    sink: &mut impl Sink,
) -> Stop {
    let mut at = start;
    let mut room = Vec::new();
    let mut budget = frame::budget(bytes);
    while at < bytes.len() {
        let found = if lost {
            Found::Nothing("damage goes on")
        } else {
            frame::at_start(&bytes[at..], &mut budget)
        };
        // What is wrong, and the records that are known to be lost by it.
        let (what, records) = match found {
            Found::Whole(head) => {
                take(bytes, at, &head, &mut room, streams, sink);
                at += head.size();
                continue;
            }
            Found::CutHead | Found::Cut(_) if !at_end => return Stop::Incomplete(at),
            Found::CutHead => ("the input ends inside the head of a frame", 0),
            Found::Cut(head) => {
                arrive(at, &head, streams, sink);
                ("the input ends inside a frame", head.holds())
            }
            Found::Damaged(head) => {
                let what = "a frame that does not match its checksum";
                let end = at + head.size();
                let Some(follows) = follows(bytes, end, at_end) else {
                    return Stop::Incomplete(at);
                };
                arrive(at, &head, streams, sink);
                if follows {
                    damage(sink, at, end, what);
                    missing(sink, end, head.holds(), what);
                    at = end;
                    continue;
                }
                (what, head.holds())
            }
            Found::Nothing(what) => {
                match if lost { NextForeign::Nowhere } else { gob::foreign_at(bytes, at, at_end) } {
                    NextForeign::At(start, format) => return leave(start, format, streams, sink),
                    NextForeign::Maybe(start) => return Stop::Incomplete(start),
                    NextForeign::Nowhere => (what, 0),
                }
            }
        };
        let next = search(bytes, at, lost, at_end);
        lost = false;
        let end = match next {
            Next::Frame(next) | Next::Maybe(next) | Next::Foreign(next, _) => next,
            Next::Nothing => bytes.len(),
        };
        damage(sink, at, end, what);
        streams.damaged();
        missing(sink, end, records, what);
        match next {
            Next::Frame(next) => at = next,
            Next::Maybe(next) => return Stop::Lost(next),
            Next::Foreign(next, format) => return leave(next, format, streams, sink),
            Next::Nothing => break,
        }
    }
    Stop::End
}

/// Another format begins: frames behind it are of streams that begin anew.
fn leave(start: usize, format: Format, streams: &mut Streams, sink: &mut impl Sink) -> Stop {
    finish(start, streams, sink);
    Stop::Switch(start, format)
}

/// No more frames of these streams follow: they end at this byte.
pub(crate) fn finish(at: usize, streams: &mut Streams, sink: &mut impl Sink) {
    tell(at, streams.close(), sink);
}

/// Bytes that hold no record that is read. How many they held is told by [`missing`].
fn damage(sink: &mut impl Sink, start: usize, end: usize, what: &str) {
    if start < end {
        sink.damage(DamagedSpan { start, end, records: 0, what: what.to_owned() });
    }
}

/// Records that are lost, told at the byte where that is known.
fn missing(sink: &mut impl Sink, at: usize, records: u64, what: &str) {
    if records > 0 {
        sink.damage(DamagedSpan { start: at, end: at, records, what: what.to_owned() });
    }
}

fn arrive(at: usize, head: &Head, streams: &mut Streams, sink: &mut impl Sink) {
    tell(at, streams.arrive(head), sink);
}

fn tell(at: usize, arrival: Arrival, sink: &mut impl Sink) {
    arrival.notes.into_iter().for_each(|note| sink.note(note));
    missing(sink, at, arrival.missing, "records in front of this place are missing");
}

/// Takes up a frame that is as it was written.
fn take(
    bytes: &[u8],
    at: usize,
    head: &Head,
    room: &mut Vec<u8>,
    streams: &mut Streams,
    sink: &mut impl Sink,
) {
    let end = at + head.size();
    arrive(at, head, streams, sink);
    let matters = match head.kind {
        kind::HEADER | kind::DICTIONARY | kind::END => true,
        kind::BLOCK => sink.wants_records(),
        kind::TELEMETRY | kind::RATE => sink.wants_asides(),
        _ => {
            sink.note(UNKNOWN_KIND);
            false
        }
    };
    if head.is_known() && !matters {
        return;
    }
    let result = plain(head, &bytes[at + HEAD..end], room).and_then(|payload| match head.kind {
        kind::DICTIONARY => {
            let dropped = streams.add(head, payload).map_err(|what| Lost { read: 0, what })?;
            if dropped {
                sink.note(TOO_MANY_TEXTS);
            }
            Ok(())
        }
        kind::END => {
            let end = rmp_serde::from_slice::<wire::End>(payload).map_err(|error| Lost {
                read: 0,
                what: format!("an end that cannot be read: {error}"),
            })?;
            if !end.clean {
                sink.note(INTERRUPTED);
            }
            if end.records != head.records {
                sink.note(OTHER_END);
            }
            sink.aside(&aside(head, streams, payload));
            Ok(())
        }
        kind::HEADER => {
            let begun = streams.begin(payload).map_err(|what| Lost { read: 0, what });
            sink.aside(&aside(head, streams, payload));
            begun
        }
        kind::TELEMETRY | kind::RATE => {
            sink.aside(&aside(head, streams, payload));
            Ok(())
        }
        _ => {
            sink.share(streams.share());
            let texts = streams.texts(head).ok_or("a block of no stream")?;
            block::read(payload, head.count, texts, sink)
        }
    });
    if let Err(lost) = result {
        let records = head.holds().saturating_sub(lost.read);
        // Of a block that is read in part, no byte can be told to be lost.
        if lost.read == 0 {
            damage(sink, at, end, &lost.what);
        }
        missing(sink, end, records, &lost.what);
    }
}

fn aside<'a>(head: &Head, streams: &Streams, payload: &'a [u8]) -> Aside<'a> {
    Aside { kind: head.kind, stream: head.stream, share: streams.share(), payload }
}

/// The payload without compression.
fn plain<'a>(head: &Head, payload: &'a [u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], Lost> {
    if !head.is_known() {
        let (major, minor) = head.version;
        let what = format!("a frame of version {major}.{minor}: this reader knows version {MAJOR}");
        return Err(Lost { read: 0, what });
    }
    if head.flags & !COMPRESSED != 0 {
        return Err("a frame with flags that this reader does not know".into());
    }
    if head.flags & COMPRESSED == 0 {
        return Ok(payload);
    }
    let (length, packed) = payload.split_first_chunk::<4>().ok_or("a frame without a length")?;
    let length = u32::from_le_bytes(*length) as usize;
    // What lz4 can make of so many bytes at most.
    if length > frame::MAX_PAYLOAD || length > packed.len().saturating_mul(255) {
        return Err("a frame of impossible length".into());
    }
    if room.len() < length {
        room.resize(length, 0);
    }
    match lz4_flex::block::decompress_into(packed, &mut room[..length]) {
        Ok(unpacked) if unpacked == length => Ok(&room[..length]),
        _ => Err("a frame that cannot be decompressed".into()),
    }
}

/// The sum of a stream's latencies, for the benchmark: every record is decoded, and not looked at any further.
#[doc(hidden)]
#[must_use]
pub fn sum_of_latencies(bytes: &[u8]) -> u64 {
    struct Sum(u64);
    impl Sink for Sum {
        fn record(&mut self, record: &RawRecord<'_>) {
            self.0 = self.0.wrapping_add(std::hint::black_box(record).latency.0);
        }
        fn damage(&mut self, _: DamagedSpan) {}
        fn format(&mut self, _: Format) {}
        fn note(&mut self, _: &'static str) {}
    }
    let mut sum = Sum(0);
    walk(bytes, 0, true, false, &mut Streams::default(), &mut sum);
    sum.0
}

/// Whether a frame begins, or the input ends, behind a damaged frame; `None` where the bytes do not tell.
fn follows(bytes: &[u8], end: usize, at_end: bool) -> Option<bool> {
    let rest = bytes.get(end..).unwrap_or_default();
    if rest.is_empty() {
        return at_end.then_some(true);
    }
    match frame::head_at_start(rest) {
        Ok(_) => Some(true),
        Err(Found::CutHead) if !at_end => None,
        Err(_) => Some(false),
    }
}

/// Where reading goes on behind damage.
enum Next {
    Frame(usize),
    /// Something may begin here; the bytes end too early to tell.
    Maybe(usize),
    Foreign(usize, Format),
    Nothing,
}

/// Looks for what follows the damage at `damaged`; with `lost`, it may begin there.
fn search(bytes: &[u8], damaged: usize, lost: bool, at_end: bool) -> Next {
    let from = if lost { damaged } else { damaged + 1 };
    let frame = next_frame(bytes, from, usize::MAX);
    // Other formats are looked for in front of it only.
    let (until, at_end_of_search) = match frame {
        NextFrame::At(start) => (start, true),
        NextFrame::Maybe(start) => (start, at_end),
        NextFrame::Nowhere => (bytes.len(), at_end),
    };
    match (gob::next_foreign(&bytes[..until], damaged, lost, at_end_of_search), frame) {
        (NextForeign::At(start, format), _) => Next::Foreign(start, format),
        (_, NextFrame::At(start)) => Next::Frame(start),
        (NextForeign::Maybe(start), _) if !at_end => Next::Maybe(start),
        (_, NextFrame::Maybe(start)) if !at_end => Next::Maybe(start),
        _ => Next::Nothing,
    }
}

/// Whether the bytes begin a native stream.
///
/// # Errors
/// Why they do not, or why it is not read.
pub(crate) fn detect(bytes: &[u8]) -> Result<(), Undetected> {
    match frame::at_start(bytes, &mut frame::budget(bytes)) {
        Found::Whole(head) | Found::Cut(head) if !head.is_known() => {
            Err(Undetected::Version(format!(
                "a native stream of version {}.{}, and this plimsoll reads version {MAJOR}",
                head.version.0, head.version.1
            )))
        }
        Found::Nothing(_) if !bytes.starts_with(&MAGIC) => Err(Undetected::Other),
        Found::CutHead if bytes.len() < MAGIC.len() => Err(Undetected::Other),
        Found::Whole(_) | Found::Cut(_) | Found::CutHead => Ok(()),
        Found::Nothing(_) | Found::Damaged(_) => Err(Undetected::Damaged),
    }
}

/// Why bytes begin no native stream that is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undetected {
    /// They begin one of a version that is not read.
    Version(String),
    /// They begin one that is damaged.
    Damaged,
    Other,
}
