//! Records to a native stream.

mod block;
mod texts;

use std::collections::BTreeMap;
use std::io::{self, Write};

use plimsoll_model::Nanos;
use serde::Serialize;

use super::block::{MAX_HEADERS, MAX_TEXT};
use super::frame::{COMPRESSED, Head, MAX_PAYLOAD, kind};
use super::record::{NativeRecord, SentRate, SentSchedule, StreamHeader, Telemetry};
use super::wire::{self, Place};
use crate::error::{Error, ErrorKind};
use block::Block;
use texts::Texts;

/// Records wait no longer than this to be written.
const PATIENCE: Nanos = Nanos(1_000_000_000);

/// Writes a native stream: records in blocks of 4,096, or of what came in a second.
///
/// A block is written in one piece. Whatever happens to the process, no more than the records of a block are lost; a
/// reader knows that the writer was stopped unless [`finish`](Self::finish) was called.
///
/// ```
/// use plimsoll_ingest::{NativeRecord, NativeWriter, StreamHeader};
/// use plimsoll_model::{Nanos, Timestamp};
///
/// let header = StreamHeader { id: 7, tool: "example".to_owned(), ..StreamHeader::default() };
/// let mut writer = NativeWriter::new(Vec::new(), &header)?;
/// writer.write(&NativeRecord {
///     attack: b"eth",
///     method: b"POST",
///     url: b"http://gateway.test/ethereum",
///     seq: Some(0),
///     intended: Timestamp(1_795_422_924_559_000_000),
///     timestamp: Timestamp(1_795_422_924_559_065_013),
///     latency: Nanos(6_012_803),
///     code: 200,
///     ..NativeRecord::default()
/// })?;
/// // From time to time, by any clock that does not run backwards.
/// writer.tick(Nanos(250_000_000))?;
/// let stream = writer.finish()?;
/// # assert!(stream.starts_with(b"\xc1PLM"));
/// # Ok::<(), plimsoll_ingest::Error>(())
/// ```
#[derive(Debug)]
pub struct NativeWriter<W> {
    writer: W,
    /// What the next frame's head says of those before it.
    head: Head,
    texts: Texts,
    block: Block,
    /// The first tick that the records that wait have seen.
    waiting_since: Option<Nanos>,
    payload: Vec<u8>,
    frame: Vec<u8>,
}

impl<W: Write> NativeWriter<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// Where `writer` fails.
    pub fn new(writer: W, header: &StreamHeader) -> Result<Self, Error> {
        let mut stream = Self::unbegun(writer, header.id);
        let mut chains = Vec::new();
        for (attack, schedule) in &header.chains {
            chains.push(wire::Chain { attack, schedule: schedule.into() });
        }
        let payload = wire::Header {
            tool: &header.tool,
            version: &header.version,
            host: &header.host,
            attack: &header.attack,
            schedule: header.schedule.as_ref().map(wire::Schedule::from),
            chains: &chains,
            shard: header.shard.map(|shard| wire::Shard { index: shard.index, count: shard.count }),
            start: header.start.map(|start| wire::Start {
                wall_ns: start.wall.0,
                monotonic_ns: start.monotonic.0,
            }),
            columns: Place::ALL.map(|place| (place.name(), place.unit())).into(),
        };
        stream.frame(kind::HEADER, 0, &payload)?;
        stream.send()?;
        Ok(stream)
    }

    /// Begins a stream with the header that another has, as it is.
    pub(crate) fn copy(writer: W, id: u64, header: &[u8]) -> Result<Self, Error> {
        let mut stream = Self::unbegun(writer, id);
        stream.copied(kind::HEADER, header)?;
        Ok(stream)
    }

    fn unbegun(writer: W, id: u64) -> Self {
        Self {
            writer,
            head: Head::new(kind::HEADER, id),
            texts: Texts::default(),
            block: Block::default(),
            waiting_since: None,
            payload: Vec::new(),
            frame: Vec::new(),
        }
    }

    /// Adds a frame of another stream that names no text, as it is, behind the records so far.
    pub(crate) fn copied(&mut self, kind: u8, payload: &[u8]) -> Result<(), Error> {
        self.write_block()?;
        self.payload.clear();
        self.payload.extend_from_slice(payload);
        pack(&mut self.head, kind, 0, &self.payload, &mut self.frame)?;
        self.send()
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Where the writer fails, or the record is larger than a stream can hold; then it is not added.
    pub fn write(&mut self, record: &NativeRecord<'_>) -> Result<(), Error> {
        let headers = record.headers.unwrap_or_default();
        let texts = [record.attack, record.method, record.url, record.error];
        let text = texts.iter().map(|text| text.len()).sum::<usize>()
            + headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let size = text + record.body.len();
        if size > MAX_PAYLOAD - block::MARGIN || text > MAX_TEXT || headers.len() > MAX_HEADERS {
            return Err(ErrorKind::TooLarge { bytes: size }.into());
        }
        if !self.block.has_room(record, size) {
            self.write_block()?;
        }
        self.block.push(record, size, &mut self.texts);
        Ok(())
    }

    /// Tells the time, by a clock that does not run backwards: records that have waited for a second are written.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn tick(&mut self, now: Nanos) -> Result<(), Error> {
        if self.block.is_empty() {
            self.waiting_since = None;
            return Ok(());
        }
        let since = *self.waiting_since.get_or_insert(now);
        if now.0.saturating_sub(since.0) >= PATIENCE.0 { self.flush() } else { Ok(()) }
    }

    /// Writes the records that wait.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.write_block()?;
        self.writer.flush().map_err(failed)
    }

    /// Adds what is known of the generator's state.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn telemetry(&mut self, telemetry: &Telemetry) -> Result<(), Error> {
        let send_lag: Vec<(f64, u64)> =
            telemetry.send_lag.iter().map(|&(quantile, lag)| (quantile, lag.0)).collect();
        let sockets: BTreeMap<&str, u64> =
            telemetry.sockets.iter().map(|(state, count)| (state.as_str(), *count)).collect();
        let payload = wire::Telemetry {
            time_ns: telemetry.time.0,
            cpu_ratio: telemetry.cpu_ratio,
            cpus: telemetry.cpus,
            run_queue_ratio: telemetry.run_queue_ratio,
            in_flight: telemetry.in_flight,
            open_files: telemetry.open_files,
            ports_in_use: telemetry.ports_in_use,
            sockets,
            send_lag: &send_lag,
        };
        self.frame(kind::TELEMETRY, 0, &payload)?;
        self.send()
    }

    /// Adds a rate that this attack of the stream will keep.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn rate(&mut self, attack: &str, rate: SentRate) -> Result<(), Error> {
        let SentRate { start, duration, rate_rps } = rate;
        let payload =
            wire::SentRate { attack, start_ns: start.0, duration_ns: duration.0, rate_rps };
        self.frame(kind::RATE, 0, &payload)?;
        self.send()
    }

    /// Ends the stream and gives the writer back.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn finish(self) -> Result<W, Error> {
        self.end(true)
    }

    /// Ends a stream whose attack was interrupted, and gives the writer back. Readers tell.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn interrupt(self) -> Result<W, Error> {
        self.end(false)
    }

    /// What has been handed over so far.
    #[cfg(test)]
    pub(super) fn written(&self) -> &W {
        &self.writer
    }

    pub(crate) fn end(mut self, clean: bool) -> Result<W, Error> {
        self.write_block()?;
        let end = wire::End { records: self.head.records, clean };
        self.frame(kind::END, 0, &end)?;
        self.send()?;
        self.writer.flush().map_err(failed)?;
        Ok(self.writer)
    }

    fn write_block(&mut self) -> Result<(), Error> {
        self.waiting_since = None;
        if self.block.is_empty() {
            return Ok(());
        }
        let from = self.texts.base();
        let (count, (lengths, texts)) = self.texts.added();
        if count > 0 {
            let dictionary = wire::Dictionary { from, lengths: lengths.column(), texts };
            frame(
                &mut self.head,
                kind::DICTIONARY,
                count,
                &dictionary,
                &mut self.payload,
                &mut self.frame,
            )?;
        }
        self.texts.written();
        let count = self.block.count();
        self.block.write(self.texts.base(), |payload| {
            frame(&mut self.head, kind::BLOCK, count, payload, &mut self.payload, &mut self.frame)
        })?;
        self.block.clear();
        if self.texts.is_full() {
            self.texts.begin_anew();
        }
        self.send()
    }

    fn frame(&mut self, kind: u8, count: u32, payload: &impl Serialize) -> Result<(), Error> {
        frame(&mut self.head, kind, count, payload, &mut self.payload, &mut self.frame)
    }

    /// Hands the frames over that are ready, in one piece.
    fn send(&mut self) -> Result<(), Error> {
        let result = self.writer.write_all(&self.frame).map_err(failed);
        self.frame.clear();
        result
    }
}

impl From<&SentSchedule> for wire::Schedule {
    fn from(schedule: &SentSchedule) -> Self {
        match *schedule {
            SentSchedule::Constant { rate_rps } => Self::Constant { rate_rps },
            SentSchedule::Steps(ref steps) => {
                let step = |&(rate_rps, duration): &(f64, Nanos)| wire::Step {
                    rate_rps,
                    duration_ns: duration.0,
                };
                Self::Steps { steps: steps.iter().map(step).collect() }
            }
            SentSchedule::Ramp { from_rps, to_rps, duration } => {
                Self::Ramp { from_rps, to_rps, duration_ns: duration.0 }
            }
            SentSchedule::Poisson { rate_rps } => Self::Poisson { rate_rps },
        }
    }
}

/// Puts a frame behind those in `out`.
fn frame(
    head: &mut Head,
    kind: u8,
    count: u32,
    payload: &impl Serialize,
    room: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    room.clear();
    rmp_serde::encode::write_named(room, payload)
        .map_err(|error| failed(io::Error::other(error)))?;
    pack(head, kind, count, room, out)
}

/// The same with a payload that is one already.
fn pack(
    head: &mut Head,
    kind: u8,
    count: u32,
    room: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    if room.len() > MAX_PAYLOAD {
        return Err(ErrorKind::TooLarge { bytes: room.len() }.into());
    }
    head.kind = kind;
    head.count = count;
    head.flags = 0;
    let start = out.len();
    let packed = start + super::frame::HEAD + 4;
    out.resize(packed + lz4_flex::block::get_maximum_output_size(room.len()), 0);
    let length = lz4_flex::block::compress_into(room, &mut out[packed..]).unwrap_or(usize::MAX);
    // Unpacking has to be worth its while.
    if length.saturating_add(4) <= room.len() - room.len() / 16 {
        head.flags = COMPRESSED;
        let plain = u32::try_from(room.len()).unwrap_or(u32::MAX);
        out[packed - 4..packed].copy_from_slice(&plain.to_le_bytes());
        out.truncate(packed + length);
    } else {
        out.truncate(packed - 4);
        out.extend_from_slice(room);
    }
    let (place, payload) = out[start..].split_at_mut(super::frame::HEAD);
    place.copy_from_slice(&head.bytes(payload));
    head.frames = head.frames.saturating_add(1);
    head.records += head.holds();
    head.texts += if kind == kind::DICTIONARY { u64::from(count) } else { 0 };
    Ok(())
}

fn failed(source: io::Error) -> Error {
    ErrorKind::Write { source }.into()
}
