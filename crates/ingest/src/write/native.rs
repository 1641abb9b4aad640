//! Records on their way into a native stream: its writer takes one after the other, workers decode many at once.

use std::io::{self, Write};
use std::ops::Range;

use plimsoll_model::{Nanos, Timestamp};
use sha2::{Digest as _, Sha256};

use super::losses::{Loss, Losses};
use super::{Encoder, base64};
use crate::headers::HeaderPart;
use crate::native::{End, kind};
use crate::raw::{Phases, RawRecord, Text, Zone};
use crate::sink::Aside;
use crate::{Error, ErrorKind, NativeRecord, NativeWriter, StreamHeader};

/// Records that are kept until they are written.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// All texts and bodies, one behind the other.
    bytes: Vec<u8>,
    /// All headers: where names and values are.
    headers: Vec<(Range<usize>, Range<usize>)>,
    records: Vec<Kept>,
    asides: Vec<KeptAside>,
    scratch: Vec<u8>,
}

/// What a stream that is read says beside its records.
#[derive(Debug)]
struct KeptAside {
    /// How many of the shelf's records stand in front of it.
    before: usize,
    kind: u8,
    stream: u64,
    payload: Range<usize>,
}

/// A record, its texts as places in the shelf's bytes.
#[derive(Debug)]
struct Kept {
    attack: Range<usize>,
    method: Range<usize>,
    url: Range<usize>,
    error: Range<usize>,
    body: Range<usize>,
    /// Places in the shelf's headers.
    headers: Option<Range<usize>>,
    seq: Option<u64>,
    timestamp: Timestamp,
    zone: Zone,
    intended: Timestamp,
    latency: Nanos,
    phases: Option<Phases>,
    bytes_out: u64,
    bytes_in: u64,
    code: u16,
}

impl Shelf {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.headers.clear();
        self.records.clear();
        self.asides.clear();
    }

    pub(super) fn aside(&mut self, aside: &Aside<'_>) {
        let payload = self.place(aside.payload);
        let before = self.records.len();
        let &Aside { kind, stream, .. } = aside;
        self.asides.push(KeptAside { before, kind, stream, payload });
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.len() + size_of_val(&self.headers[..]) + size_of_val(&self.records[..])
    }

    pub(super) fn push(&mut self, raw: &RawRecord<'_>, losses: &mut Losses) {
        let headers = (!raw.headers.is_absent()).then(|| self.headers(raw, losses));
        let kept = Kept {
            attack: self.text(raw.attack),
            method: self.text(raw.method),
            url: self.text(raw.url),
            error: self.text(raw.error),
            body: self.body(raw, losses),
            headers,
            seq: raw.has_seq.then_some(raw.seq),
            timestamp: raw.timestamp,
            zone: raw.zone,
            intended: raw.intended,
            latency: raw.latency,
            phases: raw.phases,
            bytes_out: raw.bytes_out,
            bytes_in: raw.bytes_in,
            code: raw.code,
        };
        self.records.push(kept);
    }

    /// A number that other records are unlikely to have.
    pub(super) fn mark(&self) -> u64 {
        let mut hash = Sha256::new_with_prefix(&self.bytes);
        for record in &self.records {
            hash.update(record.timestamp.0.to_le_bytes());
            hash.update(record.latency.0.to_le_bytes());
            hash.update(record.seq.unwrap_or(u64::MAX).to_le_bytes());
            hash.update(record.code.to_le_bytes());
        }
        first_bytes(&hash.finalize())
    }

    fn record<'a>(
        &'a self,
        record: &Kept,
        pairs: &'a mut Vec<(&'a [u8], &'a [u8])>,
    ) -> NativeRecord<'a> {
        let bytes = |place: &Range<usize>| &self.bytes[place.clone()];
        let headers = record.headers.clone().map(|places| &self.headers[places]);
        pairs
            .extend(headers.into_iter().flatten().map(|(name, value)| (bytes(name), bytes(value))));
        NativeRecord {
            attack: bytes(&record.attack),
            method: bytes(&record.method),
            url: bytes(&record.url),
            error: bytes(&record.error),
            body: bytes(&record.body),
            headers: headers.map(|_| &pairs[..]),
            seq: record.seq,
            timestamp: record.timestamp,
            zone: record.zone,
            intended: record.intended,
            latency: record.latency,
            phases: record.phases,
            bytes_out: record.bytes_out,
            bytes_in: record.bytes_in,
            code: record.code,
        }
    }

    fn body(&mut self, raw: &RawRecord<'_>, losses: &mut Losses) -> Range<usize> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let place = if let Some(body) = base64::body(raw.body, &mut scratch) {
            self.place(body)
        } else {
            losses.add(Loss::UnreadableBody);
            0..0
        };
        self.scratch = scratch;
        place
    }

    fn text(&mut self, text: Text<'_>) -> Range<usize> {
        let start = self.bytes.len();
        text.push_plain(&mut self.bytes);
        start..self.bytes.len()
    }

    fn place(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn headers(&mut self, raw: &RawRecord<'_>, losses: &mut Losses) -> Range<usize> {
        let start = self.headers.len();
        let mut name = 0..0;
        // A name without a value is no pair.
        let (mut is_bare, mut has_bare) = (false, false);
        let is_whole = raw.headers.each(|part| match part {
            HeaderPart::Name(bytes) => {
                has_bare |= is_bare;
                is_bare = true;
                name = self.place(bytes);
            }
            HeaderPart::Value(bytes) => {
                is_bare = false;
                let value = self.place(bytes);
                self.headers.push((name.clone(), value));
            }
        });
        if !is_whole || has_bare || is_bare {
            losses.add(Loss::Headers);
        }
        start..self.headers.len()
    }
}

/// Native streams in the making, one behind the other: where a stream begins among the records that are read, one begins here,
/// with all that it says of itself. Records of other formats make a stream of their own.
#[derive(Debug)]
pub struct NativeOutput<W> {
    /// Of streams that are no copy.
    header: StreamHeader,
    stream: Stream<W>,
    /// Streams so far.
    count: u64,
    too_large: u64,
}

#[derive(Debug)]
enum Stream<W> {
    Unbegun(W),
    Begun(Begun<W>),
    /// Writing has failed.
    Broken,
}

#[derive(Debug)]
struct Begun<W> {
    writer: Box<NativeWriter<W>>,
    /// The id of the stream that it is a copy of.
    copy_of: Option<u64>,
    /// Whether that stream's end was met, and if so whether it came to an end of its own.
    end: Option<bool>,
}

impl<W: Write> Begun<W> {
    fn finish(self) -> Result<W, Error> {
        let is_whole = self.end.unwrap_or(self.copy_of.is_none());
        self.writer.end(is_whole)
    }
}

impl<W: Write> NativeOutput<W> {
    /// Writes to `writer` with this header, where the records that come have none. All ids are made of the header's.
    pub fn new(writer: W, header: StreamHeader) -> Self {
        Self { header, stream: Stream::Unbegun(writer), count: 0, too_large: 0 }
    }

    /// Writes what the encoder holds.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn write(&mut self, encoder: &Encoder) -> Result<(), Error> {
        let kept = &encoder.native;
        let mut asides = kept.asides.iter().peekable();
        for (place, record) in kept.records.iter().enumerate() {
            while let Some(aside) = asides.next_if(|aside| aside.before <= place) {
                self.aside(aside, &kept.bytes[aside.payload.clone()])?;
            }
            self.record(kept, record)?;
        }
        asides.try_for_each(|aside| self.aside(aside, &kept.bytes[aside.payload.clone()]))
    }

    /// Records that were left out, as they are larger than a stream can hold.
    pub fn too_large(&self) -> u64 {
        self.too_large
    }

    /// Ends the stream and gives the writer back. A copy of a stream that was stopped has no clean end either.
    ///
    /// # Errors
    /// Where the writer fails, or has failed.
    pub fn finish(self) -> Result<W, Error> {
        match self.stream {
            Stream::Unbegun(writer) => NativeWriter::new(writer, &self.header)?.finish(),
            Stream::Begun(begun) => begun.finish(),
            Stream::Broken => Err(ErrorKind::Write { source: io::ErrorKind::Other.into() }.into()),
        }
    }

    fn record(&mut self, kept: &Shelf, record: &Kept) -> Result<(), Error> {
        match &self.stream {
            Stream::Begun(Begun { end: None, .. }) | Stream::Broken => {}
            Stream::Unbegun(_) | Stream::Begun(_) => self.begin(None)?,
        }
        let Stream::Begun(begun) = &mut self.stream else { return Ok(()) };
        match begun.writer.write(&kept.record(record, &mut Vec::new())) {
            Err(error) if matches!(error.kind(), ErrorKind::TooLarge { .. }) => {
                self.too_large += 1;
                Ok(())
            }
            written => written,
        }
    }

    fn aside(&mut self, aside: &KeptAside, payload: &[u8]) -> Result<(), Error> {
        if aside.kind == kind::HEADER {
            return self.begin(Some((aside.stream, payload)));
        }
        // What is left of a stream whose beginning was cut off.
        if matches!(self.stream, Stream::Unbegun(_)) {
            self.begin(None)?;
        }
        match &mut self.stream {
            // Of several streams by turns, only one can be copied.
            Stream::Begun(begun) if aside.kind == kind::END => {
                if begun.copy_of.is_none_or(|id| id == aside.stream) {
                    let end = rmp_serde::from_slice::<End>(payload);
                    begun.end = Some(end.is_ok_and(|end| end.clean));
                }
                Ok(())
            }
            Stream::Begun(begun) => begun.writer.copied(aside.kind, payload),
            Stream::Unbegun(_) | Stream::Broken => Ok(()),
        }
    }

    /// Ends the stream, if there is one, and begins the next: a copy of one with this id and header.
    fn begin(&mut self, copy: Option<(u64, &[u8])>) -> Result<(), Error> {
        let writer = match std::mem::replace(&mut self.stream, Stream::Broken) {
            Stream::Unbegun(writer) => writer,
            Stream::Begun(begun) => begun.finish()?,
            Stream::Broken => return Ok(()),
        };
        let copy_of = copy.map(|(id, _)| id);
        let mut hash = Sha256::new_with_prefix(self.header.id.to_le_bytes());
        hash.update(copy_of.unwrap_or(0).to_le_bytes());
        hash.update(self.count.to_le_bytes());
        let id = first_bytes(&hash.finalize());
        let writer = match copy {
            Some((_, header)) => NativeWriter::copy(writer, id, header)?,
            None => NativeWriter::new(writer, &StreamHeader { id, ..self.header.clone() })?,
        };
        self.stream = Stream::Begun(Begun { writer: Box::new(writer), copy_of, end: None });
        self.count += 1;
        Ok(())
    }
}

fn first_bytes(hash: &[u8]) -> u64 {
    hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
