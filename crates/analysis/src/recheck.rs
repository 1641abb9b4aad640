//! Duplicates found exactly, in further passes, where one pass had to forget some of what it saw.
//!
//! Each pass looks at the fingerprints of one partition only and marks the records that repeat an earlier one.

use std::collections::BTreeMap;

use plimsoll_model::InputId;

use crate::fingerprint::{Fingerprint, FingerprintSet};

/// How full a partition's table is meant to get, in per cent: partitions differ a little, and at 75 it would double.
const FILL: u64 = 60;

#[derive(Clone, Debug)]
pub(crate) struct Recheck {
    partitions: u64,
    partition: u64,
    expected: u64,
    seen: FingerprintSet,
    marks: Marks,
}

impl Recheck {
    /// For `fingerprints` in all, of which as many are held at a time as `budget` suggests.
    pub(crate) fn new(fingerprints: u64, budget: usize) -> Self {
        let bytes = fingerprints.saturating_mul(size_of::<Fingerprint>() as u64 * 100 / FILL);
        let partitions = bytes.div_ceil((budget as u64).max(1)).clamp(1, 1 << 20);
        let expected = fingerprints / partitions;
        Self {
            partitions,
            partition: 0,
            expected,
            seen: Self::set(expected),
            marks: Marks::default(),
        }
    }

    fn set(expected: u64) -> FingerprintSet {
        FingerprintSet::with_room_for(usize::try_from(expected).unwrap_or(0))
    }

    #[inline]
    pub(crate) fn check(&mut self, fingerprint: Fingerprint, input: InputId, ordinal: u64) {
        // The lower bits: the set goes by the upper ones.
        let partition = ((fingerprint & 0xffff_ffff) * self.partitions) >> 32;
        if partition == self.partition && !self.seen.insert(fingerprint) {
            self.marks.insert(input, ordinal);
        }
    }

    /// Goes on to the next partition; `false` after the last one.
    pub(crate) fn advance(&mut self) -> bool {
        self.partition += 1;
        let goes_on = self.partition < self.partitions;
        // The old table goes before the new one comes.
        self.seen = Self::set(0);
        if goes_on {
            self.seen = Self::set(self.expected);
        }
        goes_on
    }

    pub(crate) fn into_marks(self) -> Marks {
        self.marks
    }
}

/// Records that repeat an earlier one, by input and place in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// Bits of 32,768 records each, where any is set.
    pages: BTreeMap<(InputId, u64), Vec<u64>>,
    count: u64,
}

impl Marks {
    const PAGE_BITS: u32 = 15;

    fn insert(&mut self, input: InputId, ordinal: u64) {
        let (page, word, bit) = Self::place(ordinal);
        let page =
            self.pages.entry((input, page)).or_insert_with(|| vec![0; 1 << (Self::PAGE_BITS - 6)]);
        page[word] |= bit;
        self.count += 1;
    }

    pub(crate) fn holds(&self, input: InputId, ordinal: u64) -> bool {
        let (page, word, bit) = Self::place(ordinal);
        self.pages.get(&(input, page)).is_some_and(|page| page[word] & bit != 0)
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    fn place(ordinal: u64) -> (u64, usize, u64) {
        let bit = ordinal & ((1 << Self::PAGE_BITS) - 1);
        let word = (bit >> 6) as usize;
        (ordinal >> Self::PAGE_BITS, word, 1 << (bit & 63))
    }
}
