//! A block to its records.

use plimsoll_model::{Nanos, Timestamp};

use super::column::{Column, Unpack};
use super::dictionary::Texts;
use super::wire::{self, PLACES, Place};
use crate::body::RawBody;
use crate::headers::RawHeaders;
use crate::raw::{Phases, RawRecord, Zone};
use crate::sink::Sink;

/// The most records of a block.
pub(super) const MAX_RECORDS: usize = 4_096;

/// Headers of one record, at most, ...
pub(super) const MAX_HEADERS: usize = 1 << 16;

/// ... and the bytes of its texts: shared texts make large records of few bytes.
pub(super) const MAX_TEXT: usize = 1 << 23;

/// Headers from which on a writer ends a block.
pub(super) const PAIRS_OF_BLOCK: usize = 1 << 14;

/// Headers of all sets of a block, at most.
const MAX_PAIRS: u32 = (1 << 14) + (1 << 16);

/// The offset of a zone in seconds has to be less: gob holds it as a whole number of minutes in 16 bits.
pub(super) const MAX_ZONE: i64 = 60 << 15;

/// Records that are put together at a time: their columns stay close.
const STEP: usize = 64;

/// Why a block's records are lost, and how many of them had been read.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) read: u64,
    pub(super) what: String,
}

impl From<&str> for Lost {
    fn from(what: &str) -> Self {
        Self { read: 0, what: what.to_owned() }
    }
}

/// The texts and tables of a block.
struct Tables<'a> {
    targets: Vec<[&'a [u8]; 3]>,
    errors: Vec<&'a [u8]>,
    /// Where the pairs of each set begin and end.
    sets: Vec<(usize, usize)>,
    pairs: Vec<(&'a [u8], &'a [u8])>,
}

/// Tells `sink` the `count` records of a block.
///
/// # Errors
/// What is wrong with it, or what is missing to read it.
pub(super) fn read(
    payload: &[u8],
    count: u32,
    texts: Texts<'_>,
    sink: &mut impl Sink,
) -> Result<(), Lost> {
    let count = count as usize;
    if count > MAX_RECORDS {
        return Err("a block of more than 4096 records".into());
    }
    let block: wire::Block<'_> = rmp_serde::from_slice(payload)
        .map_err(|error| Lost { read: 0, what: format!("a block that cannot be read: {error}") })?;
    let tables = Tables::of(&block, texts)?;
    let columns = Values::of(&block.columns, count)?;
    tell(columns, count, &tables, block.bodies, sink)
}

impl<'a> Tables<'a> {
    fn of(block: &wire::Block<'_>, known: Texts<'a>) -> Result<Self, &'static str> {
        let text = |id: u64| -> Result<&'a [u8], &'static str> {
            let Some(after) = id.checked_sub(1) else { return Ok(&[]) };
            let number = block.base.checked_add(after);
            number.and_then(|number| known.get(number)).ok_or("a block whose dictionary is missing")
        };
        let ids = |column: &Column<'_>, count: u32, most: u32| -> Result<Vec<u64>, &'static str> {
            if count > most {
                return Err("a block with a table that is longer than any may be");
            }
            Unpack::new(column, count as usize)
                .map(Unpack::all)
                .ok_or("a block with a table of another length than it says")
        };
        let texts =
            |column: &Column<'_>, count: u32, most: u32| -> Result<Vec<&'a [u8]>, &'static str> {
                ids(column, count, most)?.into_iter().map(text).collect()
            };
        let most = u32::try_from(MAX_RECORDS).unwrap_or(u32::MAX);
        let mut tables =
            Self { targets: Vec::new(), errors: Vec::new(), sets: Vec::new(), pairs: Vec::new() };
        if let Some(targets) = &block.targets {
            let [attacks, methods, urls] = [&targets.attack, &targets.method, &targets.url]
                .map(|column| texts(column, targets.count, most));
            let attacks_and_methods = attacks?.into_iter().zip(methods?);
            tables.targets = attacks_and_methods
                .zip(urls?)
                .map(|((attack, method), url)| [attack, method, url])
                .collect();
        } else {
            tables.targets.push([&[]; 3]);
        }
        if let Some(errors) = &block.errors {
            tables.errors = texts(&errors.text, errors.count, most)?;
        }
        if let Some(headers) = &block.headers {
            let names = texts(&headers.name, headers.pairs, MAX_PAIRS)?;
            let values = texts(&headers.value, headers.pairs, MAX_PAIRS)?;
            tables.pairs = names.into_iter().zip(values).collect();
            let mut start = 0_usize;
            for size in ids(&headers.sizes, headers.count, most)? {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                let end = start.saturating_add(size);
                let Some(set) = tables.pairs.get(start..end) else {
                    return Err("a block with fewer headers than it says");
                };
                let bytes = set.iter().map(|(name, value)| name.len() + value.len());
                if size > MAX_HEADERS || bytes.sum::<usize>() > MAX_TEXT {
                    return Err(
                        "a block with more headers, or longer ones, than a record may have",
                    );
                }
                tables.sets.push((start, end));
                start = end;
            }
        }
        Ok(tables)
    }
}

/// The columns of a block, unpacked a step at a time. Those that it does not have stay 0.
struct Values<'a> {
    columns: [Option<Unpack<'a>>; PLACES],
    step: [[u64; STEP]; PLACES],
}

impl<'a> Values<'a> {
    fn of(columns: &wire::Columns<'a>, count: usize) -> Result<Self, &'static str> {
        let mut values = Self { columns: [None; PLACES], step: [[0; STEP]; PLACES] };
        for place in Place::ALL {
            if let Some(column) = columns.get(place) {
                let unpack = Unpack::new(column, count)
                    .ok_or("a block with a column of another length than it says")?;
                values.columns[place as usize] = Some(unpack);
            }
        }
        if !values.has(Place::Timestamp) && !values.has(Place::End) {
            return Err("a block without timestamps");
        }
        if !values.has(Place::Latency) || !values.has(Place::Code) {
            return Err("a block without latencies or status codes");
        }
        Ok(values)
    }

    #[inline(always)]
    fn has(&self, place: Place) -> bool {
        self.columns[place as usize].is_some()
    }

    /// Whether the block knows what latencies are made of.
    fn has_phases(&self) -> bool {
        [Place::Dns, Place::Connect, Place::Tls, Place::FirstByte]
            .iter()
            .any(|&place| self.has(place))
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        for (column, values) in self.columns.iter_mut().zip(&mut self.step) {
            if let Some(column) = column {
                column.next(&mut values[..count]);
            }
        }
    }

    #[inline(always)]
    fn get(&self, place: Place, index: usize) -> u64 {
        self.step[place as usize][index]
    }

    #[inline(always)]
    fn timestamp(&self, index: usize) -> u64 {
        if self.has(Place::Timestamp) {
            self.get(Place::Timestamp, index)
        } else {
            self.get(Place::End, index).wrapping_sub(self.get(Place::Latency, index))
        }
    }

    #[inline(always)]
    fn intended(&self, index: usize) -> Timestamp {
        if self.has(Place::Intended) {
            Timestamp(self.get(Place::Intended, index).cast_signed())
        } else if self.has(Place::Lag) {
            let lag = self.get(Place::Lag, index);
            Timestamp(self.timestamp(index).wrapping_sub(lag).cast_signed())
        } else {
            Timestamp::UNKNOWN
        }
    }

    fn zone(&self, index: usize) -> Option<Zone> {
        let Some(folded) = self.get(Place::Zone, index).checked_sub(1) else {
            return Some(Zone::Utc);
        };
        let offset = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
        i32::try_from(offset).ok().filter(|_| offset.abs() < MAX_ZONE).map(Zone::Offset)
    }

    fn phases(&self, index: usize) -> Option<Phases> {
        let phase = |place| self.get(place, index).checked_sub(1).map(Nanos);
        let phases = Phases {
            dns: phase(Place::Dns),
            connect: phase(Place::Connect),
            tls: phase(Place::Tls),
            first_byte: phase(Place::FirstByte),
        };
        (phases != Phases::default()).then_some(phases)
    }
}

fn tell<'a>(
    mut values: Values<'_>,
    count: usize,
    tables: &'a Tables<'a>,
    mut bodies: &'a [u8],
    sink: &mut impl Sink,
) -> Result<(), Lost> {
    let mut read = 0;
    let has_phases = values.has_phases();
    // Filled again and again: it is large.
    let mut record = RawRecord::empty();
    record.has_seq = values.has(Place::Seq);
    for start in (0..count).step_by(STEP) {
        let step = STEP.min(count - start);
        values.advance(step);
        for index in 0..step {
            if fill(&mut record, &values, index, tables, &mut bodies).is_none() {
                let what =
                    "a record whose target, error, headers, body, status, zone or latency is none";
                return Err(Lost { read, what: what.to_owned() });
            }
            if has_phases {
                record.phases = values.phases(index);
            }
            sink.record(&record);
            read += 1;
        }
    }
    Ok(())
}

/// Puts the record of this index together; `None` where it points at what is not there.
#[inline(always)]
fn fill<'a>(
    record: &mut RawRecord<'a>,
    values: &Values<'_>,
    index: usize,
    tables: &'a Tables<'_>,
    bodies: &mut &'a [u8],
) -> Option<()> {
    let place = |place| usize::try_from(values.get(place, index)).ok();
    let [attack, method, url] = *tables.targets.get(place(Place::Target)?)?;
    record.attack.bytes = attack;
    record.method.bytes = method;
    record.url.bytes = url;
    record.error.bytes = match place(Place::Error)? {
        0 => &[],
        error => tables.errors.get(error - 1)?,
    };
    record.headers = match place(Place::Headers)? {
        0 => RawHeaders::Absent,
        set => {
            let &(start, end) = tables.sets.get(set - 1)?;
            RawHeaders::Pairs(&tables.pairs[start..end])
        }
    };
    let (body, rest) = bodies.split_at_checked(place(Place::Body)?)?;
    *bodies = rest;
    record.body = RawBody::Plain(body);
    record.seq = values.get(Place::Seq, index);
    record.timestamp = Timestamp(values.timestamp(index).cast_signed());
    record.zone = values.zone(index)?;
    record.intended = values.intended(index);
    // As everywhere else, one below 0 is none.
    record.latency = Nanos(i64::try_from(values.get(Place::Latency, index)).ok()?.unsigned_abs());
    record.bytes_out = values.get(Place::BytesOut, index);
    record.bytes_in = values.get(Place::BytesIn, index);
    record.code = u16::try_from(values.get(Place::Code, index)).ok()?;
    Some(())
}
