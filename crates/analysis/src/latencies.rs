use std::collections::BTreeMap;

use plimsoll_model::Nanos;

use crate::{Distribution, LatencySummary, Percentile};

/// Up to this many values are kept as they are: most cells of a long list of chains and runs are small.
const MAX_EXACT: usize = 2_048;

/// Longer latencies (19.5 hours) count as this one inside the histogram, so that an absurd value costs no memory.
const CAP: u64 = 1 << 46;

/// A histogram of three significant digits: a value's bucket is at most 1/1024 of the value wide.
const RELATIVE_ERROR: f64 = 0.001;

/// The percentiles of a summary, in thousandths.
const PER_MILLE: [u64; 5] = [500, 900, 950, 990, 999];

/// A distribution of latencies that merges exactly.
///
/// Up to 2,048 values it is exact. Which form it has depends on the number of values only, never on how they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    /// The values that are not in the histogram, at most [`MAX_EXACT`]: it takes them in at one go, which is quicker.
    values: Vec<u64>,
    folded: Option<Box<Folded>>,
}

/// Values that came before.
#[derive(Clone, Debug)]
struct Folded {
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    /// By [`bucket`]: the counts of an `HdrHistogram`, of which counting here costs a sixth. A page has a power of two's
    /// buckets and is there where one of them has values.
    pages: Vec<Option<Box<Page>>>,
    /// How often the count of a bucket went past its 32 bits.
    carries: BTreeMap<usize, u64>,
}

type Page = [u32; 1 << HALF];

/// Buckets of a power of two: the width of each is at most 1/1024 of its values.
const HALF: u32 = 10;

/// The bucket of a value: 2,048 of width 1, then 1,024 for each further power of two, as in an `HdrHistogram` of three
/// significant digits and unit 1.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "capped, it is below 2^16")]
pub(crate) fn bucket(value: u64) -> usize {
    let value = value.min(CAP);
    let shift = (u64::BITS - 1 - HALF) - (value | (1 << HALF)).leading_zeros();
    ((u64::from(shift) << HALF) + (value >> shift)) as usize
}

/// The lowest value of a bucket.
pub(crate) fn lowest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> HALF).saturating_sub(1);
    (bucket - (shift << HALF)) << shift
}

impl Latencies {
    #[inline]
    pub(crate) fn record(&mut self, latency: Nanos) {
        if self.values.len() >= MAX_EXACT {
            self.fold();
        }
        self.values.push(latency.0);
    }

    /// Counts a latency `count` times.
    pub(crate) fn record_n(&mut self, latency: Nanos, count: u64) {
        if count == 1 {
            self.record(latency);
        } else if count > 0 {
            self.folded.get_or_insert_with(Box::default).take_n(latency.0, count);
        }
    }

    #[cold]
    fn fold(&mut self) {
        self.folded.get_or_insert_with(Box::default).take(&self.values);
        self.values.clear();
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(theirs) = &other.folded {
            match &mut self.folded {
                Some(mine) => mine.merge(theirs),
                None => self.folded = Some(theirs.clone()),
            }
        }
        if self.values.len() + other.values.len() > MAX_EXACT {
            self.fold();
        }
        self.values.extend_from_slice(&other.values);
    }

    pub(crate) fn count(&self) -> u64 {
        self.values.len() as u64 + self.folded.as_ref().map_or(0, |folded| folded.count)
    }

    pub(crate) fn distribution(&self) -> Distribution {
        Distribution::of_buckets(self.whole().buckets())
    }

    /// All values in one histogram.
    fn whole(&self) -> Folded {
        let mut whole = self.folded.as_deref().cloned().unwrap_or_default();
        whole.take(&self.values);
        whole
    }

    pub(crate) fn summary(&self) -> LatencySummary {
        let whole = self.whole();
        let count = whole.count;
        let ranks = PER_MILLE.map(|per_mille| nearest_rank(count, per_mille));
        let values = if count == 0 {
            [None; PER_MILLE.len()]
        } else if self.folded.is_none() {
            let mut sorted = self.values.clone();
            sorted.sort_unstable();
            ranks.map(|rank| {
                usize::try_from(rank - 1).ok().and_then(|index| sorted.get(index).copied())
            })
        } else {
            whole.values_at(ranks)
        };
        let percentiles = PER_MILLE.iter().zip(values).map(|(&per_mille, value)| Percentile {
            quantile: per_mille as f64 / 1_000.0,
            value: value.map(Nanos),
            supported: count >= samples_needed(per_mille),
        });
        let known = |value: u64| (count > 0).then_some(Nanos(value));
        LatencySummary {
            count,
            sum_ns: whole.sum,
            min: known(whole.min),
            mean: whole
                .sum
                .checked_div(u128::from(count))
                .map(|mean| Nanos(u64::try_from(mean).unwrap_or(u64::MAX))),
            percentiles: percentiles.collect(),
            max: known(whole.max),
            relative_error: if self.folded.is_none() { 0.0 } else { RELATIVE_ERROR },
        }
    }
}

impl Default for Folded {
    fn default() -> Self {
        Self {
            count: 0,
            sum: 0,
            min: u64::MAX,
            max: 0,
            pages: Vec::new(),
            carries: BTreeMap::new(),
        }
    }
}

impl Folded {
    fn take(&mut self, values: &[u64]) {
        for &value in values {
            self.sum += u128::from(value);
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
        self.count += values.len() as u64;
        let needed = values.iter().max().map_or(0, |&value| (bucket(value) >> HALF) + 1);
        if self.pages.len() < needed {
            self.pages.resize(needed, None);
        }
        for &value in values {
            let bucket = bucket(value);
            let page = self.pages[bucket >> HALF].get_or_insert_with(empty_page);
            let count = &mut page[bucket % (1 << HALF)];
            *count = count.wrapping_add(1);
            if *count == 0 {
                *self.carries.entry(bucket).or_default() += 1;
            }
        }
    }

    fn take_n(&mut self, value: u64, count: u64) {
        self.take(&[value]);
        let more = count - 1;
        self.sum += u128::from(value) * u128::from(more);
        self.count += more;
        let bucket = bucket(value);
        let page = self.pages[bucket >> HALF].get_or_insert_with(empty_page);
        let slot = &mut page[bucket % (1 << HALF)];
        let total = u64::from(*slot) + more;
        #[expect(clippy::cast_possible_truncation, reason = "the lower half; the upper is carried")]
        let lower = total as u32;
        *slot = lower;
        if total >> u32::BITS > 0 {
            *self.carries.entry(bucket).or_default() += total >> u32::BITS;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if self.pages.len() < other.pages.len() {
            self.pages.resize(other.pages.len(), None);
        }
        for (&bucket, &carries) in &other.carries {
            *self.carries.entry(bucket).or_default() += carries;
        }
        for (index, (mine, theirs)) in self.pages.iter_mut().zip(&other.pages).enumerate() {
            let Some(theirs) = theirs else { continue };
            let mine = mine.get_or_insert_with(empty_page);
            for (at, (mine, &theirs)) in mine.iter_mut().zip(&**theirs).enumerate() {
                let (sum, carries) = mine.overflowing_add(theirs);
                *mine = sum;
                if carries {
                    *self.carries.entry((index << HALF) + at).or_default() += 1;
                }
            }
        }
    }

    /// The buckets that have values, with their counts.
    fn buckets(&self) -> impl Iterator<Item = (usize, u64)> {
        let pages =
            self.pages.iter().enumerate().filter_map(|(index, page)| Some((index, page.as_ref()?)));
        let counts = pages.flat_map(|(index, page)| {
            page.iter().enumerate().map(move |(at, &count)| ((index << HALF) + at, count))
        });
        let with_carries = counts.map(|(bucket, count)| {
            let carries = if self.carries.is_empty() {
                0
            } else {
                self.carries.get(&bucket).map_or(0, |carries| carries << u32::BITS)
            };
            (bucket, u64::from(count) + carries)
        });
        with_carries.filter(|&(_, count)| count > 0)
    }

    /// The values at 1-based ranks in rising order.
    fn values_at<const N: usize>(&self, ranks: [u64; N]) -> [Option<u64>; N] {
        let mut found = [None; N];
        let mut open = ranks.into_iter().zip(&mut found).peekable();
        let mut below = 0;
        for (bucket, count) in self.buckets() {
            below += count;
            while let Some((_, found)) = open.next_if(|(rank, _)| *rank <= below) {
                let value = lowest(bucket + 1) - 1;
                // What the cap folded together is known by its maximum only.
                let value = if value >= CAP { self.max } else { value };
                *found = Some(value.clamp(self.min, self.max));
            }
        }
        found
    }
}

#[cold]
fn empty_page() -> Box<Page> {
    Box::new([0; 1 << HALF])
}

/// The 1-based rank of the percentile by nearest rank: the smallest r with r/n >= q.
pub(crate) fn nearest_rank(count: u64, per_mille: u64) -> u64 {
    let rank = (u128::from(count) * u128::from(per_mille)).div_ceil(1_000);
    u64::try_from(rank).unwrap_or(u64::MAX).max(1)
}

/// The fewest values for which a two-sided 95 % interval of the quantile by order statistics exists:
/// n >= ln(0.025)/ln(q), and the same for 1-q.
///
/// Wilks 1941; METHODS.md §2.2.7: 72 for p95, 368 for p99, 3,688 for p99.9.
pub(crate) fn samples_needed(per_mille: u64) -> u64 {
    samples_needed_for(per_mille as f64 / 1_000.0)
}

/// The same of any quantile inside 0..1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, or as many as there are numbers"
)]
pub(crate) fn samples_needed_for(quantile: f64) -> u64 {
    let needed = |q: f64| (0.025_f64.ln() / q.ln()).ceil();
    needed(quantile).max(needed(1.0 - quantile)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Latencies {
        let mut latencies = Latencies::default();
        for &value in values {
            latencies.record(Nanos(value));
        }
        latencies
    }

    #[test]
    fn the_sample_sizes_of_the_table() {
        assert_eq!(PER_MILLE.map(samples_needed), [6, 36, 72, 368, 3_688]);
    }

    #[test]
    fn nothing_has_no_percentile() {
        let summary = Latencies::default().summary();
        assert_eq!((summary.count, summary.min, summary.mean, summary.max), (0, None, None, None));
        assert!(
            summary
                .percentiles
                .iter()
                .all(|percentile| percentile.value.is_none() && !percentile.supported)
        );
        assert!(Latencies::default().distribution().to_histogram().is_empty());
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let summary = of(&[30, 10, 20, 40]).summary();
        assert_eq!(summary.percentiles[0].value, Some(Nanos(20)));
        assert_eq!(summary.percentiles[1].value, Some(Nanos(40)));
        assert_eq!((summary.mean, summary.sum_ns), (Some(Nanos(25)), 100));
    }

    #[test]
    fn absurd_latencies_cost_no_memory_and_stay_in_sum_and_maximum() {
        let values: Vec<u64> =
            (0..3_000).map(|index| if index % 2 == 0 { u64::MAX } else { 5 }).collect();
        let latencies = of(&values);
        let summary = latencies.summary();
        assert!(latencies.distribution().to_histogram().len() < 40_000);
        assert_eq!(summary.max, Some(Nanos(u64::MAX)));
        assert_eq!(summary.percentiles[1].value, Some(Nanos(u64::MAX)));
        assert_eq!(summary.percentiles[0].value, Some(Nanos(5)));
        assert_eq!(summary.sum_ns, 1_500 * (u128::from(u64::MAX) + 5));
    }

    #[test]
    fn counts_go_past_32_bits() {
        let mut latencies = of(&vec![7; 3_000]);
        for _ in 0..24 {
            let other = latencies.clone();
            latencies.merge(&other);
        }
        let whole = latencies.distribution().to_histogram();
        assert_eq!((whole.len(), whole.max()), (3_000 << 24, 7));
        assert_eq!(latencies.summary().percentiles[4].value, Some(Nanos(7)));
        assert_eq!(Distribution::from(&whole), latencies.distribution());
        let mut folded = Folded::default();
        folded.take(&[5]);
        folded.pages[0].as_mut().unwrap()[5] = u32::MAX;
        folded.take(&[5, 5]);
        assert_eq!(folded.buckets().collect::<Vec<_>>(), [(5, (1 << 32) + 1)]);
    }

    #[test]
    fn a_latency_counts_as_often_as_it_is_said_to() {
        let (mut once, mut often) = (Latencies::default(), Latencies::default());
        for (value, count) in [(5, 3_000_u64), (7_000, 1), (1 << 50, 2)] {
            often.record_n(Nanos(value), count);
            (0..count).for_each(|_| once.record(Nanos(value)));
        }
        often.record_n(Nanos(9), 0);
        assert_eq!(once.summary(), often.summary());
        assert_eq!(once.distribution(), often.distribution());
        often.record_n(Nanos(5), (1 << 33) - 3_000);
        assert_eq!(often.summary().count, (1 << 33) + 3);
        assert_eq!(often.distribution().to_histogram().len(), (1 << 33) + 3);
    }

    #[test]
    fn wide_distributions_take_little_memory() {
        let far = of(&[1, 1 << 45].repeat(3_000));
        assert_eq!(far.whole().pages.iter().flatten().count(), 2);
        assert!(far.distribution() == Distribution::from(&far.distribution().to_histogram()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn percentiles_are_within_the_stated_error(
            mut values in prop::collection::vec((0_u32..40).prop_flat_map(|bits| 0..=(1_u64 << bits)), 1..6_000)
        ) {
            let summary = of(&values).summary();
            values.sort_unstable();
            for percentile in &summary.percentiles {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0.5 to 0.999 of a length")]
                let rank = ((values.len() as f64 * percentile.quantile - 1e-9).ceil() as usize).max(1);
                let (exact, value) = (values[rank - 1] as f64, percentile.value.unwrap().0 as f64);
                prop_assert!((value - exact).abs() <= exact * summary.relative_error, "{value} for {exact}");
            }
        }

        #[test]
        fn merging_is_concatenation(
            values in prop::collection::vec(0..=1_u64 << 40, 0..5_000),
            cuts in prop::collection::vec(0..5_000_usize, 0..4),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(values.len())).collect();
            cuts.extend([0, values.len()]);
            cuts.sort_unstable();
            let mut merged = Latencies::default();
            cuts.windows(2).rev().for_each(|cut| merged.merge(&of(&values[cut[0]..cut[1]])));
            let whole = of(&values);
            prop_assert_eq!(merged.summary(), whole.summary());
            prop_assert_eq!(merged.distribution(), whole.distribution());
        }
    }
}
