//! Records that wait to be written, as columns.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::{Nanos, Timestamp};

use super::texts::Texts;
use crate::builder::same;
use crate::error::Error;
use crate::native::block::{MAX_RECORDS, MAX_ZONE, PAIRS_OF_BLOCK};
use crate::native::column::{Column, Packing};
use crate::native::record::NativeRecord;
use crate::native::wire::{self, Columns, PLACES, Place};
use crate::raw::{Phases, Zone};

/// Bytes of texts and bodies from which on a block is written whatever the number of its records.
const MAX_BYTES: usize = 1 << 20;

/// Bytes that a block of one record has beside texts and body, and some to spare.
pub(super) const MARGIN: usize = 1 << 21;

/// Targets with more bytes of texts are not remembered.
const MAX_RECENT: usize = 1 << 12;

/// Slots for the targets met last.
const RECENT: usize = 64;

/// A target met, and its place in the block.
#[derive(Clone, Debug, Default)]
struct Recent {
    texts: Vec<u8>,
    attack: usize,
    method: usize,
    place: Option<u32>,
}

impl Recent {
    #[inline(always)]
    fn is(&self, record: &NativeRecord<'_>) -> bool {
        let (attack, method) = (record.attack.len(), record.method.len());
        if self.attack != attack || self.method != method {
            return false;
        }
        let Some((names, url)) = self.texts.split_at_checked(attack + method) else { return false };
        same(url, record.url)
            && same(&names[..attack], record.attack)
            && same(&names[attack..], record.method)
    }
}

#[derive(Debug)]
pub(super) struct Block {
    columns: [Vec<u64>; PLACES],
    count: usize,
    /// Bytes of texts and bodies.
    bytes: usize,
    has_seq: bool,
    recent: Vec<Recent>,
    targets: Table<[u32; 3]>,
    errors: Table<u32>,
    sets: HashMap<Vec<u32>, u32, FixedState>,
    sizes: Vec<u64>,
    names: Vec<u64>,
    values: Vec<u64>,
    bodies: Vec<u8>,
    /// Room for packed columns.
    room: Vec<u8>,
}

/// Distinct values in the order of their first appearance.
#[derive(Debug)]
struct Table<T> {
    places: HashMap<T, u32, FixedState>,
    values: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { places: HashMap::default(), values: Vec::new() }
    }
}

impl<T: Copy + Eq + std::hash::Hash> Table<T> {
    fn place(&mut self, value: T) -> u32 {
        *self.places.entry(value).or_insert_with(|| {
            self.values.push(value);
            index(self.values.len() - 1)
        })
    }

    fn clear(&mut self) {
        self.places.clear();
        self.values.clear();
    }
}

/// The slot for a target. Those that share one are told apart by content.
#[inline(always)]
fn mark(record: &NativeRecord<'_>) -> usize {
    let tail = |text: &[u8]| match text.last_chunk::<4>() {
        Some(four) => u32::from_le_bytes(*four) as usize,
        None => text.last().map_or(0, |&byte| usize::from(byte)),
    };
    let url = tail(record.url).wrapping_mul(0x9e37_79b1) >> 8;
    (url ^ tail(record.attack) ^ record.url.len()) % RECENT
}

/// A length of a table of a block, which is far below 32 bits.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Default for Block {
    fn default() -> Self {
        Self {
            columns: std::array::from_fn(|_| Vec::new()),
            count: 0,
            bytes: 0,
            has_seq: false,
            recent: vec![Recent::default(); RECENT],
            targets: Table::default(),
            errors: Table::default(),
            sets: HashMap::default(),
            sizes: Vec::new(),
            names: Vec::new(),
            values: Vec::new(),
            bodies: Vec::new(),
            room: Vec::new(),
        }
    }
}

impl Block {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn count(&self) -> u32 {
        index(self.count)
    }

    /// Whether the record, of `size` bytes of texts and body, may be added.
    #[inline]
    pub(super) fn has_room(&self, record: &NativeRecord<'_>, size: usize) -> bool {
        self.is_empty()
            || self.count < MAX_RECORDS
                && self.bytes + size <= MAX_BYTES
                && self.names.len() < PAIRS_OF_BLOCK
                && self.has_seq == record.seq.is_some()
    }

    #[inline]
    pub(super) fn push(&mut self, record: &NativeRecord<'_>, size: usize, texts: &mut Texts) {
        let target = self.target(record, texts);
        let error = match record.error {
            [] => 0,
            error => self.errors.place(texts.id(error)) + 1,
        };
        let headers = record.headers.map_or(0, |headers| self.headers(headers, texts) + 1);
        let NativeRecord { timestamp, intended, latency, .. } = *record;
        self.has_seq = record.seq.is_some();
        let timestamp = timestamp.0.cast_unsigned();
        // Readers take no more for a latency.
        let latency = Nanos(latency.0.min(i64::MAX.unsigned_abs()));
        let lag = timestamp.wrapping_sub(intended.0.cast_unsigned());
        let mut column = |place: Place, value: u64| self.columns[place as usize].push(value);
        column(Place::Seq, record.seq.unwrap_or(0));
        column(Place::Timestamp, timestamp);
        column(Place::End, timestamp.wrapping_add(latency.0));
        column(Place::Intended, intended.0.cast_unsigned());
        column(Place::Lag, lag);
        column(Place::Latency, latency.0);
        column(Place::Code, record.code.into());
        column(Place::BytesOut, record.bytes_out);
        column(Place::BytesIn, record.bytes_in);
        column(Place::Target, target.into());
        column(Place::Error, error.into());
        column(Place::Headers, headers.into());
        column(Place::Body, record.body.len() as u64);
        self.rare(record);
        self.bodies.extend_from_slice(record.body);
        self.bytes += size;
        self.count += 1;
    }

    /// Columns that few streams have: they are filled up once one is needed.
    #[inline(always)]
    fn rare(&mut self, record: &NativeRecord<'_>) {
        let folded = match record.zone {
            Zone::Offset(east) if i64::from(east).abs() < MAX_ZONE => {
                let east = i64::from(east);
                ((east << 1) ^ (east >> 63)).cast_unsigned() + 1
            }
            Zone::Utc | Zone::OutOfRange | Zone::Offset(_) => 0,
        };
        self.rare_value(Place::Zone, folded);
        let phases = record.phases.unwrap_or_default();
        let Phases { dns, connect, tls, first_byte } = phases;
        for (place, phase) in [
            (Place::Dns, dns),
            (Place::Connect, connect),
            (Place::Tls, tls),
            (Place::FirstByte, first_byte),
        ] {
            let value = phase.map_or(0, |Nanos(phase)| phase.saturating_add(1));
            self.rare_value(place, value);
        }
    }

    #[inline(always)]
    fn rare_value(&mut self, place: Place, value: u64) {
        let column = &mut self.columns[place as usize];
        if value != 0 || !column.is_empty() {
            column.resize(self.count, 0);
            column.push(value);
        }
    }

    #[inline]
    fn target(&mut self, record: &NativeRecord<'_>, texts: &mut Texts) -> u32 {
        let slot = mark(record);
        let recent = &self.recent[slot];
        if let Some(place) = recent.place.filter(|_| recent.is(record)) {
            return place;
        }
        let ids = [record.attack, record.method, record.url].map(|text| texts.id(text));
        let place = self.targets.place(ids);
        let recent = &mut self.recent[slot];
        recent.texts.clear();
        recent.place = None;
        if record.attack.len() + record.method.len() + record.url.len() > MAX_RECENT {
            return place;
        }
        for text in [record.attack, record.method, record.url] {
            recent.texts.extend_from_slice(text);
        }
        (recent.attack, recent.method) = (record.attack.len(), record.method.len());
        recent.place = Some(place);
        place
    }

    fn headers(&mut self, headers: &[(&[u8], &[u8])], texts: &mut Texts) -> u32 {
        let ids: Vec<u32> =
            headers.iter().flat_map(|&(name, value)| [texts.id(name), texts.id(value)]).collect();
        if let Some(&place) = self.sets.get(&ids) {
            return place;
        }
        let place = index(self.sets.len());
        self.sizes.push(headers.len() as u64);
        for pair in ids.chunks_exact(2) {
            self.names.push(pair[0].into());
            self.values.push(pair[1].into());
        }
        self.sets.insert(ids, place);
        place
    }

    /// Calls `write` with the payload.
    pub(super) fn write(
        &mut self,
        base: u64,
        write: impl FnOnce(&wire::Block<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut room = std::mem::take(&mut self.room);
        room.clear();
        let mut packer = Packer { room: &mut room };
        let targets: [_; 3] = [0, 1, 2]
            .map(|part| packer.plain(self.targets.values.iter().map(|ids| u64::from(ids[part]))));
        let errors = packer.plain(self.errors.values.iter().map(|&id| u64::from(id)));
        let [sizes, names, values] =
            [&self.sizes, &self.names, &self.values].map(|ids| packer.plain(ids.iter().copied()));
        let chosen = self.choose();
        let columns: Vec<(Place, Packed)> = chosen
            .into_iter()
            .map(|(place, packing)| {
                (place, packer.pack(packing, self.columns[place as usize].iter().copied()))
            })
            .collect();
        let column = |packed: Packed| packed.column(&room);
        let mut written = Columns::default();
        for (place, packed) in columns {
            written.set(place, column(packed));
        }
        let [attack, method, url] = targets.map(column);
        let block = wire::Block {
            base,
            targets: Some(wire::Targets {
                count: index(self.targets.values.len()),
                attack,
                method,
                url,
            }),
            errors: (!self.errors.values.is_empty()).then(|| wire::Errors {
                count: index(self.errors.values.len()),
                text: column(errors),
            }),
            headers: (!self.sets.is_empty()).then(|| wire::Headers {
                count: index(self.sets.len()),
                sizes: column(sizes),
                pairs: index(self.names.len()),
                name: column(names),
                value: column(values),
            }),
            columns: written,
            bodies: &self.bodies,
        };
        let result = write(&block);
        self.room = room;
        result
    }

    /// The columns that are written, and how each is packed.
    fn choose(&self) -> Vec<(Place, Packing)> {
        let values = |place: Place| self.columns[place as usize].iter().copied();
        let narrowest = |candidates: &[(Place, Packing)]| {
            candidates.iter().min_by_key(|(_, packing)| packing.width()).copied()
        };
        let plain = |place| (place, Packing::plain(values(place)));
        let differences = |place| (place, Packing::differences(values(place)));
        // A generator writes records as they end, each soon after the one before.
        let time =
            [plain(Place::Timestamp), differences(Place::Timestamp), differences(Place::End)];
        let mut chosen: Vec<(Place, Packing)> = narrowest(&time).into_iter().collect();
        chosen.push(plain(Place::Latency));
        chosen.push(plain(Place::Code));
        if self.has_seq {
            chosen.extend(narrowest(&[plain(Place::Seq), differences(Place::Seq)]));
        }
        let unknown = Timestamp::UNKNOWN.0.cast_unsigned();
        if values(Place::Intended).any(|intended| intended != unknown) {
            let due = [plain(Place::Lag), plain(Place::Intended), differences(Place::Intended)];
            chosen.extend(narrowest(&due));
        }
        let optional = [
            Place::BytesOut,
            Place::BytesIn,
            Place::Target,
            Place::Error,
            Place::Headers,
            Place::Body,
            Place::Zone,
            Place::Dns,
            Place::Connect,
            Place::Tls,
            Place::FirstByte,
        ];
        let needed = optional.into_iter().filter(|&place| values(place).any(|value| value != 0));
        chosen.extend(needed.map(plain));
        chosen
    }

    /// Empties the block and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
        self.count = 0;
        self.bytes = 0;
        self.recent.iter_mut().for_each(|recent| recent.place = None);
        self.targets.clear();
        self.errors.clear();
        self.sets.clear();
        self.sizes.clear();
        self.names.clear();
        self.values.clear();
        // Room for one very large body is given back.
        self.bodies.clear();
        self.bodies.shrink_to(MAX_BYTES);
    }
}

/// A packed column: how, and where its bytes stand.
#[derive(Clone, Copy, Debug)]
struct Packed {
    packing: Packing,
    start: usize,
    end: usize,
}

impl Packed {
    fn column(self, packed: &[u8]) -> Column<'_> {
        self.packing.column(&packed[self.start..self.end])
    }
}

/// Packs columns one behind the other.
struct Packer<'a> {
    room: &'a mut Vec<u8>,
}

impl Packer<'_> {
    fn pack(&mut self, packing: Packing, values: impl Iterator<Item = u64> + Clone) -> Packed {
        let start = self.room.len();
        packing.pack(values, self.room);
        Packed { packing, start, end: self.room.len() }
    }

    fn plain(&mut self, values: impl Iterator<Item = u64> + Clone) -> Packed {
        self.pack(Packing::plain(values.clone()), values)
    }
}
