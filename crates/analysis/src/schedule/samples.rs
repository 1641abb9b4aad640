//! A bounded sample of each run's records.

use std::collections::BinaryHeap;

use plimsoll_model::{Record, Timestamp};

use crate::runs::MAX_RUNS;

/// The most samples of all runs together: 3 MiB.
const BUDGET: usize = 1 << 16;

/// A run's first records are kept whatever its stride: only there does a run that fell behind at once show its rate.
const HEAD: u64 = 1 << 10;

/// What is kept of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sample {
    pub(crate) seq: u64,
    /// When the request was started, in nanoseconds since the epoch.
    pub(crate) at: i64,
    /// In nanoseconds.
    pub(crate) latency: u64,
    pub(crate) group: u32,
    /// When the request was due, where the record says.
    pub(crate) intended: Timestamp,
}

/// A systematic sample of each run's records: those whose number is a multiple of the run's stride, and its head.
///
/// Which records of a run are kept depends on how many there are, never on what they are like. Strides and heads depend
/// on the order of all records, and on nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    /// By run.
    runs: Vec<RunSamples>,
    count: usize,
    budget: usize,
}

#[derive(Clone, Debug)]
struct RunSamples {
    /// The stride, a power of two, less one.
    mask: u64,
    /// Lower numbers than this are kept too.
    head: u64,
    /// Whether no stride was coarse enough.
    is_closed: bool,
    samples: Vec<Sample>,
}

/// The samples of runs that are one, in order of their numbers; no number is there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sampled {
    /// All records whose number is a multiple of it are there, ...
    pub(crate) stride: u64,
    /// ... all with lower numbers than this, and no others.
    pub(crate) head: u64,
    pub(crate) samples: Vec<Sample>,
}

impl Default for Samples {
    fn default() -> Self {
        Self::with_budget(BUDGET)
    }
}

impl Samples {
    fn with_budget(budget: usize) -> Self {
        Self { runs: Vec::new(), count: 0, budget }
    }

    /// Keeps the record or not. Records without number or timestamp are not kept, nor those of no run.
    #[inline]
    pub(crate) fn add(&mut self, run: u32, group: u32, record: &Record) {
        if self.runs.get(run as usize).is_none_or(|run| run.wants(record.seq)) {
            self.keep(run, group, record);
        }
    }

    #[cold]
    fn keep(&mut self, run: u32, group: u32, record: &Record) {
        let place = run as usize;
        if !record.has_seq || !record.timestamp.is_known() || place >= MAX_RUNS {
            return;
        }
        if place >= self.runs.len() {
            self.runs.resize_with(place + 1, RunSamples::default);
        }
        if self.count >= self.budget {
            self.thin();
        }
        let run = &mut self.runs[place];
        if run.is_closed || !run.wants(record.seq) {
            return;
        }
        run.samples.push(Sample {
            seq: record.seq,
            at: record.timestamp.0,
            latency: record.latency.0,
            group,
            intended: record.intended,
        });
        self.count += 1;
    }

    /// Thins the run with the most samples, again and again, until there is room for a while.
    fn thin(&mut self) {
        let enough = self.budget - self.budget.div_ceil(4);
        let mut largest: BinaryHeap<(usize, usize)> = self
            .runs
            .iter()
            .enumerate()
            .map(|(place, run)| (run.samples.len(), place))
            .filter(|&(count, _)| count > 0)
            .collect();
        while self.count > enough
            && let Some((before, place)) = largest.pop()
        {
            let run = &mut self.runs[place];
            run.thin();
            self.count -= before - run.samples.len();
            largest.push((run.samples.len(), place));
        }
    }

    /// The samples of runs that turned out to be one, by the coarsest of their strides.
    pub(crate) fn of(&self, runs: impl IntoIterator<Item = u32>) -> Sampled {
        let runs: Vec<&RunSamples> =
            runs.into_iter().filter_map(|run| self.runs.get(run as usize)).collect();
        if runs.iter().any(|run| run.is_closed) {
            return Sampled { stride: 1, ..Sampled::default() };
        }
        let mask = runs.iter().map(|run| run.mask).max().unwrap_or(0);
        let head = runs.iter().map(|run| run.head).min().unwrap_or(HEAD);
        let mut samples: Vec<Sample> = runs
            .iter()
            .flat_map(|run| &run.samples)
            .filter(|sample| sample.seq & mask == 0 || sample.seq < head)
            .copied()
            .collect();
        samples.sort_unstable();
        // A record that was kept twice, or an impostor: the earliest counts.
        samples.dedup_by_key(|sample| sample.seq);
        Sampled { stride: mask.saturating_add(1), head, samples }
    }
}

impl Sampled {
    /// The samples that stand for all records evenly.
    pub(crate) fn even(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| sample.seq.is_multiple_of(self.stride))
    }
}

impl Default for RunSamples {
    fn default() -> Self {
        Self { mask: 0, head: HEAD, is_closed: false, samples: Vec::new() }
    }
}

impl RunSamples {
    #[inline]
    fn wants(&self, seq: u64) -> bool {
        seq & self.mask == 0 || seq < self.head
    }

    /// Doubles the stride, unless most of what is left is the head: then this goes.
    fn thin(&mut self) {
        let in_head = self.samples.iter().filter(|sample| sample.seq < self.head).count();
        if self.mask > 0 && in_head * 2 > self.samples.len() {
            self.head = 0;
        } else {
            self.is_closed = self.mask == u64::MAX;
            self.mask = self.mask << 1 | 1;
        }
        if self.is_closed {
            self.samples = Vec::new();
            return;
        }
        let mut samples = std::mem::take(&mut self.samples);
        samples.retain(|sample| self.wants(sample.seq));
        // What a long run no longer holds is another's.
        samples.shrink_to(samples.len() * 2);
        self.samples = samples;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::{Nanos, TargetId};
    use proptest::prelude::*;

    fn record(seq: u64) -> Record {
        Record {
            timestamp: Timestamp(1_000 + seq.cast_signed()),
            latency: Nanos(7),
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

    fn seqs(sampled: &Sampled) -> Vec<u64> {
        sampled.samples.iter().map(|sample| sample.seq).collect()
    }

    #[test]
    fn a_long_run_is_kept_within_the_budget() {
        let mut samples = Samples::default();
        for seq in 0..2_000_000 {
            samples.add(0, 3, &record(seq));
            assert!(samples.count <= BUDGET);
        }
        let kept = samples.of([0]);
        assert_eq!((kept.stride, kept.head), (32, HEAD));
        let expected: Vec<u64> = (0..HEAD).chain((HEAD..2_000_000).step_by(32)).collect();
        assert_eq!(seqs(&kept), expected);
        assert_eq!(kept.even().count(), 62_500);
        assert!(samples.runs[0].samples.capacity() <= BUDGET);
        assert_eq!(
            kept.samples[9],
            Sample { seq: 9, at: 1_009, latency: 7, group: 3, intended: Timestamp::UNKNOWN }
        );
    }

    #[test]
    fn what_has_no_place_on_a_schedule_is_not_kept() {
        let mut samples = Samples::default();
        samples.add(0, 0, &Record { has_seq: false, ..record(0) });
        samples.add(0, 0, &Record { timestamp: Timestamp::UNKNOWN, ..record(0) });
        samples.add(crate::runs::OVERFLOW, 0, &record(0));
        assert_eq!(samples.count, 0);
        assert!(samples.of([0, 5]).samples.is_empty());
    }

    #[test]
    fn a_run_that_no_stride_thins_is_given_up() {
        let mut samples = Samples::with_budget(100);
        for _ in 0..500 {
            samples.add(1, 0, &record(0));
        }
        for seq in 0..90 {
            samples.add(2, 0, &record(seq));
        }
        assert!(samples.of([1]).samples.is_empty());
        assert!(samples.runs[1].is_closed);
        assert!(samples.count <= 100);
        assert_eq!(samples.of([2]).samples.len(), 90);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_sample_is_all_multiples_of_the_stride_and_the_head(
            records in prop::collection::vec((0_u32..6, 0_u64..5_000), 0..4_000),
            budget in 20_usize..400,
        ) {
            let mut samples = Samples::with_budget(budget);
            for &(run, seq) in &records {
                samples.add(run, 0, &record(seq));
                prop_assert!(samples.count <= budget);
            }
            for run in 0..6 {
                let sampled = samples.of([run]);
                let of_run = records.iter().filter(|record| record.0 == run);
                let mut expected: Vec<u64> = of_run
                    .map(|record| record.1)
                    .filter(|seq| seq % sampled.stride == 0 || *seq < sampled.head)
                    .collect();
                expected.sort_unstable();
                expected.dedup();
                prop_assert_eq!(seqs(&sampled), expected);
            }
            let both = samples.of([0, 1]);
            let (first, second) = (samples.of([0]), samples.of([1]));
            prop_assert_eq!(both.stride, first.stride.max(second.stride));
            prop_assert_eq!(both.head, first.head.min(second.head));
            prop_assert!(both.samples.is_sorted_by_key(|sample| sample.seq));
        }
    }
}
