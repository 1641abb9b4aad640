//! Duplicates found in one pass, in bounded memory.
//!
//! Fingerprints lie in slabs of attack, time and number. A slab has one place per number, so that the records of a run,
//! which come nearly in order, are remembered side by side; only where a number comes again with another fingerprint
//! (another run of the same name, or a stream without numbers) does the slab need a hash table. Where the slabs outgrow
//! their budget, those not touched for longest are condensed: their fingerprints are forgotten, and a record that comes to
//! such a slab later can only be reported as unchecked.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use plimsoll_model::Record;

use crate::fingerprint::{Fingerprint, FingerprintSet, fingerprint};

/// Bytes of fingerprints that are kept.
pub(crate) const BUDGET: usize = 32 << 20;

/// A slab is 2^33 ns long, 8.6 s, ...
const SLAB_NANOS_BITS: u32 = 33;

/// ... and 2^9 numbers wide.
const SLAB_NUMBER_BITS: u32 = 9;

/// Slabs whose places are remembered. Records in flight at the same time should not need more.
const CACHED: usize = 64;

#[derive(Clone, Debug)]
pub(crate) struct Slabs {
    budget: usize,
    all: Vec<Slab>,
    index: HashMap<u64, usize, FixedState>,
    cache: [(u64, usize); CACHED],
    /// Emptied pages of condensed slabs, for new ones.
    spare: Vec<Box<[Fingerprint; Slab::NUMBERS]>>,
    bytes: usize,
    clock: u64,
    condensed: Option<Bloom>,
    inserted: u64,
    unchecked: u64,
}

#[derive(Clone, Debug)]
struct Slab {
    key: u64,
    /// By the lowest bits of the number, 0 where there is none yet.
    first: Box<[Fingerprint; Self::NUMBERS]>,
    /// Those that found their place taken.
    others: Option<FingerprintSet>,
    touched: u64,
    /// Whether fingerprints of this slab were forgotten, so that a new one may be an old one.
    is_revisit: bool,
}

impl Slab {
    const NUMBERS: usize = 1 << SLAB_NUMBER_BITS;

    fn bytes(&self) -> usize {
        size_of_val(&*self.first) + self.others.as_ref().map_or(0, FingerprintSet::bytes)
    }
}

impl Slabs {
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            budget,
            all: Vec::new(),
            index: HashMap::default(),
            cache: [(0, usize::MAX); CACHED],
            spare: Vec::new(),
            bytes: 0,
            clock: 0,
            condensed: None,
            inserted: 0,
            unchecked: 0,
        }
    }

    /// Whether the record was there before, as far as is known.
    #[inline]
    pub(crate) fn is_repeat(&mut self, record: &Record, attack: u64) -> bool {
        let page = record.seq >> SLAB_NUMBER_BITS;
        // Two slabs of one key would only be fuller: the fingerprint decides.
        let key =
            (record.timestamp.0 >> SLAB_NANOS_BITS).cast_unsigned() ^ page.rotate_left(40) ^ attack;
        #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are what is wanted")]
        let (line, number) =
            ((page ^ attack) as usize % CACHED, record.seq as usize % Slab::NUMBERS);
        let (cached_key, cached_place) = self.cache[line];
        let place = if cached_key == key && cached_place < self.all.len() {
            cached_place
        } else {
            self.open(key, line)
        };
        let slab = &mut self.all[place];
        let fingerprint = fingerprint(record, attack);
        let first = &mut slab.first[number];
        if *first == fingerprint {
            return true;
        }
        if *first == 0 {
            *first = fingerprint;
            self.inserted += 1;
            self.unchecked += u64::from(slab.is_revisit);
            return false;
        }
        self.is_repeat_elsewhere(place, fingerprint)
    }

    #[inline(never)]
    fn is_repeat_elsewhere(&mut self, place: usize, fingerprint: Fingerprint) -> bool {
        let slab = &mut self.all[place];
        let before = slab.bytes();
        if !slab.others.get_or_insert_with(|| FingerprintSet::with_room_for(0)).insert(fingerprint)
        {
            return true;
        }
        self.inserted += 1;
        self.unchecked += u64::from(slab.is_revisit);
        let grown = slab.bytes() - before;
        if grown > 0 {
            self.bytes += grown;
            if self.bytes > self.budget {
                self.clock += 1;
                slab.touched = self.clock;
                self.condense();
            }
        }
        false
    }

    /// New fingerprints so far.
    pub(crate) fn inserted(&self) -> u64 {
        self.inserted
    }

    /// Records that may be duplicates of forgotten ones.
    pub(crate) fn unchecked(&self) -> u64 {
        self.unchecked
    }

    /// Finds the slab or makes it, and remembers its place.
    #[cold]
    fn open(&mut self, key: u64, line: usize) -> usize {
        self.clock += 1;
        let place = if let Some(&place) = self.index.get(&key) {
            place
        } else {
            let mut slab = Slab {
                key,
                first: self.spare.pop().unwrap_or_else(|| Box::new([0; Slab::NUMBERS])),
                others: None,
                touched: 0,
                is_revisit: false,
            };
            if self.bytes + slab.bytes() > self.budget {
                self.condense();
            }
            self.bytes += slab.bytes();
            slab.is_revisit = self.condensed.as_ref().is_some_and(|condensed| condensed.holds(key));
            self.all.push(slab);
            self.index.insert(key, self.all.len() - 1);
            self.all.len() - 1
        };
        self.all[place].touched = self.clock;
        self.cache[line] = (key, place);
        place
    }

    /// Forgets the slabs that were not touched for longest, down to half the budget.
    #[cold]
    fn condense(&mut self) {
        // A slab in the cache may be in use without having been opened again.
        for &(key, place) in &self.cache {
            if let Some(slab) = self.all.get_mut(place)
                && slab.key == key
            {
                slab.touched = slab.touched.max(self.clock - 1);
            }
        }
        self.all.sort_unstable_by_key(|slab| (slab.touched, slab.key));
        let condensed = self.condensed.get_or_insert_with(Bloom::new);
        let mut bytes: usize = self.all.iter().map(Slab::bytes).sum();
        let mut forgotten = 0;
        for slab in &self.all {
            if bytes <= self.budget / 2 {
                break;
            }
            condensed.insert(slab.key);
            bytes -= slab.bytes();
            forgotten += 1;
        }
        self.spare.extend(self.all.drain(..forgotten).map(|slab| {
            let mut page = slab.first;
            page.fill(0);
            page
        }));
        self.bytes = bytes;
        self.index = self.all.iter().enumerate().map(|(place, slab)| (slab.key, place)).collect();
        self.cache = [(0, usize::MAX); CACHED];
    }
}

/// The keys of the condensed slabs: some may seem to be there that are not, none the other way round.
#[derive(Clone, Debug)]
struct Bloom(Vec<u64>);

impl Bloom {
    /// 1 MiB: with 100,000 keys (10 days of one attack) one in 25,000 others seems to be there.
    const WORDS: usize = 1 << 17;

    fn new() -> Self {
        Self(vec![0; Self::WORDS])
    }

    fn insert(&mut self, key: u64) {
        for (word, bit) in Self::bits(key) {
            self.0[word] |= bit;
        }
    }

    fn holds(&self, key: u64) -> bool {
        Self::bits(key).into_iter().all(|(word, bit)| self.0[word] & bit != 0)
    }

    fn bits(key: u64) -> [(usize, u64); 3] {
        let hash = (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let other = (key ^ (key >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1;
        [0_u64, 1, 2].map(|round| {
            let bits = hash.wrapping_add(round.wrapping_mul(other)) >> 40;
            let word = (bits >> 6) as usize % Self::WORDS;
            (word, 1 << (bits & 63))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::{Nanos, TargetId, Timestamp};

    fn record(seq: u64) -> Record {
        Record {
            timestamp: Timestamp(i64::try_from(seq * 1_000_000).unwrap()),
            latency: Nanos(seq),
            seq,
            bytes_in: 0,
            bytes_out: 0,
            target: TargetId(0),
            error: None,
            code: 200,
            has_seq: true,
            has_body: false,
            intended: Timestamp::UNKNOWN,
        }
    }

    #[test]
    fn within_the_budget_every_repeat_is_found() {
        let mut slabs = Slabs::new(BUDGET);
        assert!((0..50_000).all(|seq| !slabs.is_repeat(&record(seq), 1)));
        assert!((0..50_000).rev().all(|seq| slabs.is_repeat(&record(seq), 1)));
        assert!((0..100).all(|seq| !slabs.is_repeat(&record(seq), 2)));
        assert_eq!((slabs.inserted(), slabs.unchecked()), (50_100, 0));
    }

    #[test]
    fn beyond_the_budget_memory_stays_bounded_and_revisits_are_counted() {
        let budget = 256 << 10;
        let mut slabs = Slabs::new(budget);
        for seq in 0..200_000 {
            assert!(!slabs.is_repeat(&record(seq), 1));
            assert!(slabs.bytes <= budget);
        }
        assert_eq!(slabs.unchecked(), 0, "going on in time comes back to nothing");
        let found = (0..200_000).rev().filter(|&seq| slabs.is_repeat(&record(seq), 1)).count();
        assert!(found > 0);
        assert_eq!(slabs.unchecked(), 200_000 - found as u64);
    }
}
