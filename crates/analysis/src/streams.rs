use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::{Batch, InputId, Record, Share, TargetId};

use crate::Options;
use crate::fingerprint::attack_hash;
use crate::names::{Names, short_name};
use crate::runs::{RunStarts, Runs};

/// The most attack names that are told apart.
const MAX_ATTACKS: usize = 1_000;

/// What stands for an attack beyond the limit.
pub(crate) const NO_ATTACK: u32 = u32::MAX;

/// One pass's view of the records: which run each belongs to, and which are cut.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    window: Option<(i64, i64)>,
    skip: u64,
    starts: Option<RunStarts>,
    attacks: Names,
    runs: Runs,
    /// Input, share and attack of each stream.
    keys: Vec<(InputId, Share, u32)>,
    /// Streams by these.
    index: HashMap<(InputId, Share, u32), u32, FixedState>,
    /// By target of the current batch.
    slots: Vec<Option<Slot>>,
}

/// What all records of one target have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) stream: u32,
    pub(crate) attack: u32,
    pub(crate) attack_hash: u64,
}

impl Streams {
    /// With `starts`, known from an earlier pass, the beginning of each run is cut as the options say.
    pub(crate) fn new(options: &Options, starts: Option<RunStarts>) -> Self {
        let from = options.from.map(|from| from.0);
        let to = options.to.map(|to| to.0);
        let window = (from.is_some() || to.is_some())
            .then(|| (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX)));
        Self {
            window,
            skip: options.skip.0,
            starts,
            attacks: Names::new(MAX_ATTACKS),
            runs: Runs::default(),
            keys: Vec::new(),
            index: HashMap::default(),
            slots: Vec::new(),
        }
    }

    /// Makes ready for the batch's records.
    pub(crate) fn open(&mut self, batch: &Batch) {
        self.slots.clear();
        self.slots.resize(batch.targets.len(), None);
    }

    /// What is known of the target's records; `None` where the batch has no such target.
    #[inline]
    pub(crate) fn slot(&mut self, batch: &Batch, target: TargetId) -> Option<Slot> {
        match self.slots.get(target.0 as usize) {
            Some(&Some(slot)) => Some(slot),
            _ => self.resolve(batch, target),
        }
    }

    #[cold]
    fn resolve(&mut self, batch: &Batch, target: TargetId) -> Option<Slot> {
        let name = &batch.targets.get(target.0 as usize)?.attack;
        let attack = self.attacks.intern(&short_name(name)).unwrap_or(NO_ATTACK);
        // Each shard's numbers count its own requests, which were sent while the others sent theirs.
        let key = (batch.input, batch.share, attack);
        let stream = *self.index.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.runs.add_stream()
        });
        let slot = Slot { stream, attack, attack_hash: attack_hash(name) };
        *self.slots.get_mut(target.0 as usize)? = Some(slot);
        Some(slot)
    }

    /// The record's run; `None` where the record is cut.
    #[inline]
    pub(crate) fn place(&mut self, stream: u32, record: &Record) -> Option<u32> {
        if self.window.is_none() && self.starts.is_none() {
            return Some(self.runs.assign(stream, record));
        }
        self.place_or_cut(stream, record)
    }

    #[inline(never)]
    fn place_or_cut(&mut self, stream: u32, record: &Record) -> Option<u32> {
        if let Some((from, to)) = self.window
            && !(record.timestamp.is_known()
                && from <= record.timestamp.0
                && record.timestamp.0 < to)
        {
            return None;
        }
        let run = self.runs.assign(stream, record);
        if let Some(starts) = &self.starts
            && record.timestamp.is_known()
            && let Some(start) = starts.start(run, stream)
            && record.timestamp.0 < start.saturating_add_unsigned(self.skip)
        {
            return None;
        }
        Some(run)
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    pub(crate) fn starts(&self) -> Option<&RunStarts> {
        self.starts.as_ref()
    }

    /// Input and attack of a stream.
    pub(crate) fn key(&self, stream: u32) -> Option<(InputId, u32)> {
        self.keys.get(stream as usize).map(|&(input, _, attack)| (input, attack))
    }

    /// The part of its attack that a stream is.
    pub(crate) fn share(&self, stream: u32) -> Option<Share> {
        self.keys.get(stream as usize).map(|&(_, share, _)| share)
    }

    /// The attack's name, empty where it has none or there are too many.
    pub(crate) fn attack(&self, attack: u32) -> &str {
        self.attacks.text(attack)
    }
}
