//! A coarse distribution of latencies, small enough to have one per window.

use plimsoll_model::Nanos;

/// Buckets of a power of two, as a power of two: each is at most 1/32 of its values wide.
const HALF: u32 = 5;

/// The same, as buckets.
const OCTAVE: u16 = 1 << HALF;

/// Longer latencies count as this one.
const CAP: u64 = 1 << 46;

/// Counts by bucket, from the power of two of the lowest value to that of the highest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    first: u16,
    counts: Vec<u32>,
}

/// Of buckets that are `1 << shift` wide, those of a power of two follow each other.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "capped, it is below 2^11")]
fn bucket(value: u64) -> u16 {
    let value = value.min(CAP);
    let shift = (u64::BITS - 1 - HALF) - (value | (1 << HALF)).leading_zeros();
    ((u64::from(shift) << HALF) + (value >> shift)) as u16
}

/// The middle of a bucket's values.
fn middle(bucket: u64) -> u64 {
    let shift = (bucket >> HALF).saturating_sub(1);
    let lowest = (bucket - (shift << HALF)) << shift;
    lowest + ((1 << shift) >> 1)
}

impl Spread {
    /// The largest error of [`Spread::at`], as a share of the value.
    pub(crate) const RELATIVE_ERROR: f64 = 1.0 / (1 << (HALF + 1)) as f64;

    /// Counts a latency; returns by how many bytes that made it larger.
    #[inline]
    pub(crate) fn add(&mut self, latency: Nanos) -> usize {
        let bucket = bucket(latency.0);
        match self.counts.get_mut(usize::from(bucket.wrapping_sub(self.first))) {
            Some(count) => {
                *count = count.saturating_add(1);
                0
            }
            None => self.add_beyond(bucket),
        }
    }

    #[cold]
    fn add_beyond(&mut self, bucket: u16) -> usize {
        let before = self.bytes();
        self.reach(bucket);
        let place = usize::from(bucket - self.first);
        self.counts[place] = self.counts[place].saturating_add(1);
        self.bytes() - before
    }

    /// Makes room for a bucket, by whole powers of two, lest each new one move the others.
    fn reach(&mut self, bucket: u16) {
        let first = bucket & !(OCTAVE - 1);
        if self.counts.is_empty() {
            self.first = first;
        }
        if first < self.first {
            let more = usize::from(self.first - first);
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = first;
        }
        let end = usize::from(first - self.first + OCTAVE);
        if end > self.counts.len() {
            self.counts.resize(end, 0);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let (Some(last), first) = (other.counts.len().checked_sub(1), other.first) else { return };
        #[expect(clippy::cast_possible_truncation, reason = "buckets are below 2^11")]
        let last = first + last as u16;
        self.reach(first);
        self.reach(last);
        let place = usize::from(first - self.first);
        for (mine, theirs) in self.counts.iter_mut().skip(place).zip(&other.counts) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// The memory of the counts.
    pub(crate) fn bytes(&self) -> usize {
        self.counts.len() * size_of::<u32>()
    }

    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().map(|&count| u64::from(count)).sum()
    }

    /// The value of a rank, from 1 on, to [`Spread::RELATIVE_ERROR`]; `None` beyond the last.
    pub(crate) fn at(&self, rank: u64) -> Option<Nanos> {
        let mut seen = 0;
        let place = self.counts.iter().position(|&count| {
            seen += u64::from(count);
            seen >= rank
        })?;
        Some(Nanos(middle(u64::from(self.first) + place as u64)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_are_within_the_stated_error(
            mut values in prop::collection::vec((0_u32..46).prop_flat_map(|bits| 0..=(1_u64 << bits)), 1..300),
            cut in 0_usize..300,
        ) {
            let of = |values: &[u64]| {
                let mut spread = Spread::default();
                let bytes = values.iter().map(|&value| spread.add(Nanos(value))).sum::<usize>();
                assert_eq!(bytes, spread.bytes());
                spread
            };
            let whole = of(&values);
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut merged = of(left);
            merged.merge(&of(right));
            prop_assert_eq!(&merged, &whole);
            values.sort_unstable();
            for (rank, &exact) in (1..).zip(&values) {
                let value = whole.at(rank).unwrap().0 as f64;
                prop_assert!((value - exact as f64).abs() <= exact as f64 * Spread::RELATIVE_ERROR, "{value} for {exact}");
            }
            prop_assert_eq!(whole.at(values.len() as u64 + 1), None);
        }
    }
}
