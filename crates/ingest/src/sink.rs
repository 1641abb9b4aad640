//! What a decoder tells while it walks over bytes.

use plimsoll_model::Format;

use crate::raw::RawRecord;

/// Bytes of a chunk that belong to no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DamagedSpan {
    /// Offset of the first byte in the chunk.
    pub(crate) start: usize,
    /// Offset behind the last byte.
    pub(crate) end: usize,
    /// Records that seem to have stood there, at least 1.
    pub(crate) records: u64,
    pub(crate) what: String,
}

/// Takes what a decoder finds, in the order of the bytes.
pub(crate) trait Sink {
    fn record(&mut self, record: &RawRecord<'_>);
    fn damage(&mut self, span: DamagedSpan);
    /// What follows is in `format`.
    fn format(&mut self, format: Format);
}

/// Takes nothing: for a walk that only looks for boundaries.
pub(crate) struct Ignore;

impl Sink for Ignore {
    fn record(&mut self, _: &RawRecord<'_>) {}
    fn damage(&mut self, _: DamagedSpan) {}
    fn format(&mut self, _: Format) {}
}
