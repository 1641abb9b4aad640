//! Raw records to a batch: texts are looked up as they are spelt, and put into words once each.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use plimsoll_model::{
    Batch, BodySign, ErrorId, ErrorText, Format, InputId, Record, Share, Target, TargetId,
    fold_error,
};

use crate::body::Said;
use crate::native::notes;
use crate::pipeline::Harvest;
use crate::raw::{RawRecord, Spelling, Text};
use crate::rpc::RpcError;
use crate::sink::{Aside, DamagedSpan, Sink};

/// Distinct raw error texts that are remembered per batch; where each one is different, remembering is of no use.
const MAX_RAW_ERRORS: usize = 256;

/// Slots for the targets seen last.
const RECENT: usize = 64;

/// Records of a batch, at most. A chunk of anything but a native stream holds fewer.
const MAX_RECORDS: usize = 1 << 17;
/// Bytes of its targets' texts, at most, and those of one target.
const MAX_TARGET_BYTES: usize = 1 << 24;

/// A target as spelt: where its texts stand in the arena.
#[derive(Clone, Copy, Debug)]
struct Spelt {
    start: usize,
    attack: usize,
    method: usize,
    url: usize,
    spellings: [Spelling; 3],
}

impl Spelt {
    /// No target: it stands nowhere.
    const VACANT: Self =
        Self { start: usize::MAX, attack: 0, method: 0, url: 0, spellings: [Spelling::Plain; 3] };

    #[inline(always)]
    fn is(&self, arena: &[u8], record: &RawRecord<'_>) -> bool {
        let url = self.start;
        let attack = url + self.url;
        let method = attack + self.attack;
        let end = method + self.method;
        let (Some(url), Some(attack), Some(method)) =
            (arena.get(url..attack), arena.get(attack..method), arena.get(method..end))
        else {
            return false;
        };
        same(url, record.url.bytes)
            && same(attack, record.attack.bytes)
            && same(method, record.method.bytes)
            && self.spellings
                == [record.attack.spelling, record.method.spelling, record.url.spelling]
    }
}

/// Fills a [`Batch`].
#[derive(Debug)]
pub(crate) struct BatchBuilder {
    pub(crate) batch: Batch,
    /// What was damaged, and how many of the batch's records stand in front of it.
    damage: Vec<(u64, DamagedSpan)>,
    /// The formats that the batch's records are in.
    formats: Vec<Format>,
    /// Remarks on the input.
    notes: Vec<&'static str>,
    /// Header names whose values belong to a target.
    wanted: Vec<String>,
    accepted_rpc_codes: Vec<i64>,
    arena: Vec<u8>,
    spelt: Vec<Spelt>,
    /// By a cheap mark of the target: the one seen last, and its index.
    recent: Box<[(u32, Spelt); RECENT]>,
    targets: HashTable<u32>,
    /// With headers, targets by content.
    with_headers: hashbrown::HashMap<Target, u32, FixedState>,
    /// By [`kind`] of error: by [`Spelling`], then by text.
    raw_errors: [[hashbrown::HashMap<Vec<u8>, u32, FixedState>; 3]; ERROR_KINDS],
    /// By [`kind`] of error.
    templates: [hashbrown::HashMap<String, u32, FixedState>; ERROR_KINDS],
    folded: String,
    hasher: FixedState,
    /// Of the texts of all targets.
    target_bytes: usize,
}

impl BatchBuilder {
    pub(crate) fn new(wanted: Vec<String>, accepted_rpc_codes: Vec<i64>) -> Self {
        Self {
            batch: Batch::default(),
            damage: Vec::new(),
            formats: Vec::new(),
            notes: Vec::new(),
            wanted,
            accepted_rpc_codes,
            arena: Vec::new(),
            spelt: Vec::new(),
            recent: Box::new([(0, Spelt::VACANT); RECENT]),
            targets: HashTable::new(),
            with_headers: hashbrown::HashMap::default(),
            raw_errors: Default::default(),
            templates: Default::default(),
            folded: String::new(),
            hasher: FixedState::default(),
            target_bytes: 0,
        }
    }

    /// Empties the builder and keeps its memory.
    fn clear(&mut self) {
        self.batch.clear();
        self.target_bytes = 0;
        self.damage.clear();
        self.formats.clear();
        self.notes.clear();
        self.arena.clear();
        self.spelt.clear();
        self.recent.fill((0, Spelt::VACANT));
        self.targets.clear();
        self.with_headers.clear();
        self.raw_errors.as_flattened_mut().iter_mut().for_each(hashbrown::HashMap::clear);
        self.templates.iter_mut().for_each(hashbrown::HashMap::clear);
    }

    #[inline]
    fn target(&mut self, record: &RawRecord<'_>) -> TargetId {
        if !self.wanted.is_empty() {
            return self.target_with_headers(record);
        }
        let slot = mark(record);
        let (index, spelt) = &self.recent[slot];
        if spelt.is(&self.arena, record) {
            return TargetId(*index);
        }
        let index = self.target_by_table(record);
        self.recent[slot] = (index, self.spelt[index as usize]);
        TargetId(index)
    }

    #[cold]
    fn target_by_table(&mut self, record: &RawRecord<'_>) -> u32 {
        let hash = hash_texts(&self.hasher, &[record.attack, record.method, record.url]);
        let known = |&index: &u32| self.spelt[index as usize].is(&self.arena, record);
        if let Some(&index) = self.targets.find(hash, known) {
            return index;
        }
        let index = index_of(self.spelt.len());
        let start = self.arena.len();
        for text in [record.url, record.attack, record.method] {
            self.arena.extend_from_slice(text.bytes);
        }
        self.target_bytes += self.arena.len() - start;
        self.spelt.push(Spelt {
            start,
            attack: record.attack.bytes.len(),
            method: record.method.bytes.len(),
            url: record.url.bytes.len(),
            spellings: [record.attack.spelling, record.method.spelling, record.url.spelling],
        });
        self.batch.targets.push(in_words(record, Vec::new()));
        let (hasher, arena, spelt) = (&self.hasher, &self.arena, &self.spelt);
        self.targets
            .insert_unique(hash, index, |&index| hash_spelt(hasher, arena, &spelt[index as usize]));
        index
    }

    fn target_with_headers(&mut self, record: &RawRecord<'_>) -> TargetId {
        let headers = self.wanted.iter().map(|name| record.headers.first(name)).collect();
        let target = in_words(record, headers);
        if let Some(&index) = self.with_headers.get(&target) {
            return TargetId(index);
        }
        let index = index_of(self.batch.targets.len());
        let values = target.headers.iter().flatten().map(String::len);
        self.target_bytes +=
            target.attack.len() + target.method.len() + target.url.len() + values.sum::<usize>();
        self.batch.targets.push(target.clone());
        self.with_headers.insert(target, index);
        TargetId(index)
    }

    /// The error that text and body amount to; none where neither says anything.
    #[inline]
    fn error(&mut self, record: &RawRecord<'_>) -> Option<ErrorId> {
        let (text, sign) = match record.body.says(record.code, &self.accepted_rpc_codes) {
            Some(Said::Rpc(error)) => return Some(self.rpc_error(&error)),
            Some(Said::Sign(sign)) => (record.error, sign),
            None => (record.error, BodySign::Nothing),
        };
        (!text.is_empty()).then(|| self.error_text(text, sign))
    }

    #[cold]
    fn rpc_error(&mut self, error: &RpcError) -> ErrorId {
        let text = error.to_string();
        self.error_text(Text::plain(text.as_bytes()), BodySign::RpcError(error.code))
    }

    fn error_text(&mut self, text: Text<'_>, sign: BodySign) -> ErrorId {
        let (kind, spelling) = (kind(sign), text.spelling as usize);
        if let Some(&index) = self.raw_errors[kind][spelling].get(text.bytes) {
            return ErrorId(index);
        }
        let words = text.to_str();
        self.folded.clear();
        fold_error(&words, &mut self.folded);
        let known = self.templates[kind].get(&self.folded).copied();
        let index = known.unwrap_or_else(|| {
            let index = index_of(self.batch.errors.len());
            let template = self.folded.clone();
            self.batch.errors.push(ErrorText {
                template: template.clone(),
                example: words.into_owned(),
                sign,
            });
            self.templates[kind].insert(template, index);
            index
        });
        let raw_errors = &mut self.raw_errors[kind][spelling];
        if raw_errors.len() < MAX_RAW_ERRORS {
            raw_errors.insert(text.bytes.to_vec(), index);
        }
        ErrorId(index)
    }
}

/// Kinds of error text that are looked up apart.
const ERROR_KINDS: usize = 4;

/// The kind of error that a text with this sign is. A JSON-RPC error's code is part of its text.
fn kind(sign: BodySign) -> usize {
    match sign {
        BodySign::Nothing => 0,
        BodySign::Partial => 1,
        BodySign::WantsTls => 2,
        BodySign::RpcError(_) => 3,
    }
}

impl Sink for BatchBuilder {
    #[inline]
    fn record(&mut self, raw: &RawRecord<'_>) {
        let target = self.target(raw);
        let error = self.error(raw);
        self.batch.records.push(Record {
            timestamp: raw.timestamp,
            intended: raw.intended,
            latency: raw.latency,
            seq: self.batch.share.place(raw.seq),
            bytes_in: raw.bytes_in,
            bytes_out: raw.bytes_out,
            target,
            error,
            code: raw.code,
            has_seq: raw.has_seq,
            has_body: !raw.body.is_empty(),
        });
    }

    fn damage(&mut self, span: DamagedSpan) {
        self.damage.push((self.batch.records.len() as u64, span));
    }

    fn share(&mut self, share: Share) {
        self.batch.share = share;
    }

    fn format(&mut self, format: Format) {
        self.batch.share = Share::ALL;
        if !self.formats.contains(&format) {
            self.formats.push(format);
        }
    }

    fn note(&mut self, what: &'static str) {
        if !self.notes.contains(&what) {
            self.notes.push(what);
        }
    }

    fn aside(&mut self, aside: &Aside<'_>) {
        notes(aside, &mut |note| self.batch.notes.push(note));
    }

    fn wants_asides(&self) -> bool {
        true
    }
}

impl Harvest for BatchBuilder {
    fn begin(&mut self, input: InputId) {
        self.clear();
        self.batch.share = Share::ALL;
        self.batch.input = input;
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.batch.records.len() >= MAX_RECORDS || self.target_bytes >= MAX_TARGET_BYTES
    }

    fn records(&self) -> u64 {
        self.batch.records.len() as u64
    }

    fn is_empty(&self) -> bool {
        self.batch.records.is_empty() && self.batch.notes.is_empty()
    }

    fn damaged(&self) -> &[(u64, DamagedSpan)] {
        &self.damage
    }

    fn formats(&self) -> &[Format] {
        &self.formats
    }

    fn notes(&self) -> &[&'static str] {
        &self.notes
    }
}

/// Whether two short texts are equal; for these, a call of the library's comparison costs more than comparing.
#[inline(always)]
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    match left.len() {
        0..4 => left.iter().eq(right),
        4..8 => ends_are_equal::<4>(left, right),
        8..16 => ends_are_equal::<8>(left, right),
        16..32 => ends_are_equal::<16>(left, right),
        32..=64 => ends_are_equal::<32>(left, right),
        _ => left == right,
    }
}

/// Whether two texts of `N` to `2 * N` bytes are equal: their first `N` bytes and their last, which may overlap.
#[inline(always)]
fn ends_are_equal<const N: usize>(left: &[u8], right: &[u8]) -> bool {
    left.first_chunk::<N>() == right.first_chunk::<N>()
        && left.last_chunk::<N>() == right.last_chunk::<N>()
}

/// A few bits that tell targets apart quickly; what they confuse is told apart by content.
#[inline(always)]
fn mark(record: &RawRecord<'_>) -> usize {
    let tail = |text: Text<'_>| match text.bytes.last_chunk::<4>() {
        Some(four) => u32::from_le_bytes(*four) as usize,
        None => text.bytes.last().map_or(0, |&byte| usize::from(byte)),
    };
    let url = tail(record.url).wrapping_mul(0x9e37_79b1) >> 8;
    let attack = tail(record.attack).wrapping_mul(0x85eb_ca6b) >> 10;
    (url ^ attack ^ record.url.bytes.len() ^ record.method.bytes.len() << 3) % RECENT
}

fn hash_texts(hasher: &FixedState, texts: &[Text<'_>; 3]) -> u64 {
    let mut state = hasher.build_hasher();
    for text in texts {
        text.bytes.hash(&mut state);
    }
    state.finish()
}

fn hash_spelt(hasher: &FixedState, arena: &[u8], spelt: &Spelt) -> u64 {
    let (url, rest) = arena[spelt.start..].split_at(spelt.url);
    let (attack, rest) = rest.split_at(spelt.attack);
    hash_texts(hasher, &[Text::plain(attack), Text::plain(&rest[..spelt.method]), Text::plain(url)])
}

fn in_words(record: &RawRecord<'_>, headers: Vec<Option<String>>) -> Target {
    Target {
        attack: record.attack.to_str().into_owned(),
        method: record.method.to_str().into_owned(),
        url: record.url.to_str().into_owned(),
        headers,
    }
}

/// An index of a batch, which is far smaller than the memory it would take to exceed 32 bits.
fn index_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
