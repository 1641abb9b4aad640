//! What a decoder tells while it walks over bytes.

use plimsoll_model::{Format, Share};

use crate::raw::RawRecord;

/// Bytes of a chunk that belong to no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DamagedSpan {
    /// Offset of the first byte in the chunk.
    pub(crate) start: usize,
    /// Offset behind the last byte.
    pub(crate) end: usize,
    /// Records that seem to have stood there. 0 where none did, or where how many is told by a span of no bytes.
    pub(crate) records: u64,
    pub(crate) what: String,
}

/// A frame of a native stream that tells of the stream, not of a request: its header, its end, or how its generator was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside<'a> {
    pub(crate) kind: u8,
    /// The stream's id.
    pub(crate) stream: u64,
    /// The part of an attack that the stream is.
    pub(crate) share: Share,
    pub(crate) payload: &'a [u8],
}

/// Takes what a decoder finds, in the order of the bytes.
pub(crate) trait Sink {
    fn record(&mut self, record: &RawRecord<'_>);
    fn damage(&mut self, span: DamagedSpan);
    /// What follows is in `format`.
    fn format(&mut self, format: Format);
    /// Something about the input that is no damage.
    fn note(&mut self, what: &'static str);
    /// The records that follow, up to the next [`Sink::format`], are of this share of an attack; else they are of all of it.
    fn share(&mut self, _: Share) {}
    /// A frame of a native stream that holds no records.
    fn aside(&mut self, _: &Aside<'_>) {}
    /// Whether such frames are to be told.
    fn wants_asides(&self) -> bool {
        false
    }
    /// Whether records are to be told at all.
    fn wants_records(&self) -> bool {
        true
    }
}

/// Takes nothing: for a walk that only looks for boundaries.
pub(crate) struct Ignore;

impl Sink for Ignore {
    fn record(&mut self, _: &RawRecord<'_>) {}
    fn damage(&mut self, _: DamagedSpan) {}
    fn format(&mut self, _: Format) {}
    fn note(&mut self, _: &'static str) {}
    fn wants_records(&self) -> bool {
        false
    }
}
