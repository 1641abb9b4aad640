//! Records on their way into a native stream: its writer takes one after the other, workers decode many at once.

use std::hash::Hasher as _;
use std::io::Write;
use std::ops::Range;

use plimsoll_model::{Nanos, Timestamp};

use super::losses::{Loss, Losses};
use crate::headers::HeaderPart;
use crate::raw::{Phases, RawRecord, Text, Zone};
use crate::{Error, NativeRecord, NativeWriter};

/// Records that are kept until they are written.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// All texts and bodies, one behind the other.
    bytes: Vec<u8>,
    /// All headers: where names and values are.
    headers: Vec<(Range<usize>, Range<usize>)>,
    records: Vec<Kept>,
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
            body: match raw.body.given() {
                Some(body) => self.place(&body),
                None => 0..0,
            },
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
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(&self.bytes);
        for record in &self.records {
            hasher.write_i64(record.timestamp.0);
            hasher.write_u64(record.latency.0);
        }
        hasher.finish()
    }

    pub(super) fn write<W: Write>(&self, writer: &mut NativeWriter<W>) -> Result<(), Error> {
        let bytes = |place: &Range<usize>| &self.bytes[place.clone()];
        let mut pairs = Vec::new();
        for record in &self.records {
            let headers = record.headers.clone().map(|places| &self.headers[places]);
            pairs.clear();
            pairs.extend(
                headers.into_iter().flatten().map(|(name, value)| (bytes(name), bytes(value))),
            );
            writer.write(&NativeRecord {
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
            })?;
        }
        Ok(())
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
