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
    counts: Counts,
}

/// There are thousands of spreads, and the counts of most are small: memory is what windows cost.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Counts {
    Small(Vec<u16>),
    /// Where one of them was too large for 16 bits; none goes past 32.
    Large(Vec<u32>),
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

    /// An empty one with room for what another holds.
    pub(super) fn like(other: &Self) -> Self {
        Self { first: 0, counts: Counts::Small(Vec::with_capacity(other.counts.len())) }
    }

    /// Counts a latency; returns by how many bytes that made it larger.
    #[inline]
    pub(crate) fn add(&mut self, latency: Nanos) -> usize {
        let bucket = bucket(latency.0);
        if let Counts::Small(counts) = &mut self.counts
            && let Some(count) = counts.get_mut(usize::from(bucket.wrapping_sub(self.first)))
            && *count < u16::MAX
        {
            *count += 1;
            0
        } else {
            self.add_otherwise(bucket)
        }
    }

    #[cold]
    fn add_otherwise(&mut self, bucket: u16) -> usize {
        let before = self.bytes();
        self.reach(bucket, bucket);
        let place = usize::from(bucket - self.first);
        match &mut self.counts {
            Counts::Small(counts) if counts[place] < u16::MAX => counts[place] += 1,
            _ => {
                let count = &mut self.counts.large()[place];
                *count = count.saturating_add(1);
            }
        }
        self.bytes() - before
    }

    /// Makes room for these buckets, by whole powers of two, lest each new one move the others.
    fn reach(&mut self, lowest: u16, highest: u16) {
        let [first, last] = [lowest, highest].map(|bucket| bucket & !(OCTAVE - 1));
        if self.counts.len() == 0 {
            self.first = first;
        }
        let before = self.first.saturating_sub(first);
        self.first -= before;
        let (before, end) = (usize::from(before), usize::from(last - self.first + OCTAVE));
        match &mut self.counts {
            Counts::Small(counts) => extend(counts, before, end),
            Counts::Large(counts) => extend(counts, before, end),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let Some(last) = other.counts.len().checked_sub(1) else { return };
        #[expect(clippy::cast_possible_truncation, reason = "buckets are below 2^11")]
        self.reach(other.first, other.first + last as u16);
        let place = usize::from(other.first - self.first);
        if let (Counts::Small(mine), Counts::Small(theirs)) = (&mut self.counts, &other.counts)
            && add_small(&mut mine[place..], theirs)
        {
            return;
        }
        match &other.counts {
            Counts::Small(theirs) => add(&mut self.counts.large()[place..], theirs),
            Counts::Large(theirs) => add(&mut self.counts.large()[place..], theirs),
        }
    }

    /// The memory of the counts.
    pub(crate) fn bytes(&self) -> usize {
        match &self.counts {
            Counts::Small(counts) => size_of_val(&counts[..]),
            Counts::Large(counts) => size_of_val(&counts[..]),
        }
    }

    /// (latency, count) of each bucket that has some, in rising order; latencies to [`Spread::RELATIVE_ERROR`].
    pub(crate) fn counts(&self) -> Vec<(Nanos, u64)> {
        let counts: Vec<u64> = match &self.counts {
            Counts::Small(counts) => counts.iter().map(|&count| count.into()).collect(),
            Counts::Large(counts) => counts.iter().map(|&count| count.into()).collect(),
        };
        let places = u64::from(self.first)..;
        let all = places.zip(counts).filter(|(_, count)| *count > 0);
        all.map(|(bucket, count)| (Nanos(middle(bucket)), count)).collect()
    }

    /// The value of a rank, from 1 on, to [`Spread::RELATIVE_ERROR`]; `None` beyond the last.
    pub(crate) fn at(&self, rank: u64) -> Option<Nanos> {
        let place = match &self.counts {
            Counts::Small(counts) => place_of(counts, rank),
            Counts::Large(counts) => place_of(counts, rank),
        };
        Some(Nanos(middle(u64::from(self.first) + place? as u64)))
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self::Small(Vec::new())
    }
}

impl Counts {
    fn len(&self) -> usize {
        match self {
            Self::Small(counts) => counts.len(),
            Self::Large(counts) => counts.len(),
        }
    }

    /// The counts with room for large ones.
    fn large(&mut self) -> &mut [u32] {
        if let Self::Small(counts) = self {
            *self = Self::Large(counts.iter().map(|&count| count.into()).collect());
        }
        match self {
            Self::Large(counts) => counts,
            Self::Small(_) => &mut [],
        }
    }
}

/// Puts so many empty counts in front of the others, and as many behind as make `len` of them, if they are not as many.
fn extend<T: Copy + Default>(counts: &mut Vec<T>, before: usize, len: usize) {
    if before > 0 {
        counts.splice(0..0, std::iter::repeat_n(T::default(), before));
    }
    if len > counts.len() {
        counts.resize(len, T::default());
    }
}

/// Adds counts to counts.
fn add<T: Copy + Into<u32>>(mine: &mut [u32], theirs: &[T]) {
    for (mine, &theirs) in mine.iter_mut().zip(theirs) {
        *mine = mine.saturating_add(theirs.into());
    }
}

/// Adds counts to counts, if none becomes too large by that.
fn add_small(mine: &mut [u16], theirs: &[u16]) -> bool {
    // Without a branch in the loop, so that the processor takes many at once.
    let overflows = |(&mine, &theirs): (&u16, &u16)| mine > u16::MAX - theirs;
    if mine.iter().zip(theirs).map(overflows).fold(false, std::ops::BitOr::bitor) {
        return false;
    }
    for (mine, &theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
    true
}

/// Where the value of a rank is counted.
fn place_of<T: Copy + Into<u64>>(counts: &[T], rank: u64) -> Option<usize> {
    let mut seen = 0;
    counts.iter().position(|&count| {
        seen += count.into();
        seen >= rank
    })
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

        #[test]
        fn large_counts_are_as_good_as_small_ones(
            counts in prop::collection::vec((0_u64..1_000, prop::sample::select(vec![1_u32, 40_000, 65_535, 65_536])), 1..6),
            cut in 0_usize..6,
        ) {
            let of = |counts: &[(u64, u32)]| {
                let mut spread = Spread::default();
                for &(value, count) in counts {
                    (0..count).for_each(|_| { spread.add(Nanos(value)); });
                }
                spread
            };
            let whole = of(&counts);
            let (left, right) = counts.split_at(cut.min(counts.len()));
            let mut merged = of(left);
            merged.merge(&of(right));
            prop_assert_eq!(&merged, &whole);
            let total: u64 = counts.iter().map(|count| u64::from(count.1)).sum();
            let highest = counts.iter().map(|count| count.0).max().unwrap();
            prop_assert_eq!(whole.at(total), Some(Nanos(middle(bucket(highest).into()))));
            prop_assert_eq!(whole.at(total + 1), None);
        }
    }
}
