//! The state of a decoder between chunks, and the walk that follows an input through its formats.

use plimsoll_model::Format;

use crate::sink::Sink;
use crate::{csv, gob, line, native};

/// Where a format's walk ended before the end of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Nowhere: all bytes are accounted for.
    End,
    /// At a record that may go on behind the bytes.
    Incomplete(usize),
    /// The same, behind damage.
    Lost(usize),
    /// At the first record of another format.
    Switch(usize, Format),
}

/// What a decoder has to know at the start of a chunk. A chunk together with its state can be decoded by any thread.
#[derive(Clone, Debug)]
pub(crate) struct Decoder {
    pub(crate) format: Format,
    pub(crate) schema: gob::Schema,
    pub(crate) streams: native::Streams,
    /// Columns of the first CSV record.
    pub(crate) columns: usize,
    /// Bytes of a byte order mark and a header line that are still to be stepped over.
    pub(crate) header: usize,
    /// Whether the bytes before end in damage.
    pub(crate) lost: bool,
}

impl Decoder {
    pub(crate) fn new(format: Format) -> Self {
        let (schema, streams) = (gob::Schema::default(), native::Streams::default());
        Self { format, schema, streams, columns: csv::MAX_COLUMNS, header: 0, lost: false }
    }

    /// Tells what there is to tell when the input ends, at byte `at` of what was walked over last.
    pub(crate) fn finish(&mut self, at: usize, sink: &mut impl Sink) {
        native::finish(at, &mut self.streams, sink);
    }

    /// Decodes `bytes`. With `at_end`, nothing follows them. Returns the offset up to which they are accounted for.
    pub(crate) fn walk(&mut self, bytes: &[u8], at_end: bool, sink: &mut impl Sink) -> usize {
        let mut at = std::mem::take(&mut self.header).min(bytes.len());
        loop {
            sink.format(self.format);
            let lost = std::mem::take(&mut self.lost);
            let stop = match self.format {
                Format::VegetaGob => gob::walk(bytes, at, at_end, lost, &mut self.schema, sink),
                Format::Native => native::walk(bytes, at, at_end, lost, &mut self.streams, sink),
                Format::VegetaJson | Format::VegetaCsv => line::walk(bytes, at, at_end, self, sink),
            };
            match stop {
                Stop::End => return bytes.len(),
                Stop::Incomplete(end) => return end,
                Stop::Lost(end) => {
                    self.lost = true;
                    return end;
                }
                Stop::Switch(start, format) => {
                    at = start;
                    self.format = format;
                    if let Some(columns) = line::columns_at(bytes, start) {
                        self.columns = columns;
                    }
                }
            }
        }
    }
}
