//! Which records are one generator's stream.
//!
//! A generator takes number and timestamp in one step, so inside a run both rise together, while the file is in the
//! order of completion. A record that would break this starts another run: the same attack run twice and written to one
//! file begins again at number 0, later. Without numbers, only a long pause tells that a run has ended.
//!
//! Where it is known when requests were due, that counts: several threads send them in about the order of their numbers.

use std::cmp::Ordering;

use plimsoll_model::{Record, Timestamp};

/// The most runs that are kept apart.
pub(crate) const MAX_RUNS: usize = 16_384;

/// The run of all records for which there was no room.
pub(crate) const OVERFLOW: u32 = u32::MAX;

/// Runs of one stream that a record is tried against.
const MAX_TRIED: usize = 64;

/// A record this close to a run needs no further reason to belong to it.
const NEAR: u64 = 1_000_000_000;

/// Without numbers a pause this long ends a run, ...
const PAUSE: u64 = 10_000_000_000;

/// ... unless the run's own intervals are long: then one of as many intervals.
const PAUSE_INTERVALS: u64 = 20;

/// All runs of all streams.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    streams: Vec<Stream>,
    all: Vec<Run>,
}

/// The records of one attack name in one input, of one shard where there are several.
#[derive(Clone, Debug)]
struct Stream {
    /// The run of the last record, which is most often the next one's.
    latest: usize,
    numbered: Vec<usize>,
    /// The runs of records that have no number or no timestamp.
    unnumbered: Vec<usize>,
    /// The first start of the records that went to [`OVERFLOW`].
    overflow_start: i64,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    stream: u32,
    extent: Extent,
    has_numbers: bool,
}

/// Without numbers, `min_seq` is 0 and `max_seq` the number of records with timestamp.
#[derive(Clone, Copy, Debug)]
struct Extent {
    min_seq: u64,
    max_seq: u64,
    min_at: i64,
    max_at: i64,
    /// The greatest distance of which all numbers' distances are multiples; 0 for one number.
    step: u64,
}

impl Extent {
    fn of(seq: u64, at: i64) -> Self {
        Self { min_seq: seq, max_seq: seq, min_at: at, max_at: at, step: 0 }
    }

    /// Whether the record follows or precedes the run closely, or lies inside it.
    ///
    /// Without branches on the order of completion, which no processor foresees.
    #[inline]
    fn is_in_step(&self, seq: u64, at: i64) -> bool {
        let contradicts = u8::from((seq > self.max_seq) != (at > self.max_at))
            | u8::from((seq < self.min_seq) != (at < self.min_at));
        let length = self.max_at.wrapping_sub(self.min_at).cast_unsigned().wrapping_add(2 * NEAR);
        let offset = at.wrapping_sub(self.min_at).cast_unsigned().wrapping_add(NEAR);
        contradicts | u8::from(offset > length) == 0
    }

    /// Whether both can be of one run: of the first and last records of each, none has a higher number and an earlier start
    /// than another.
    fn agrees_with(&self, other: &Self) -> bool {
        let ends =
            |extent: &Self| [(extent.min_seq, extent.min_at), (extent.max_seq, extent.max_at)];
        ends(self).iter().all(|(seq, at)| {
            ends(other).iter().all(|(other_seq, other_at)| match seq.cmp(other_seq) {
                Ordering::Equal => at == other_at,
                order => at.cmp(other_at) != order.reverse(),
            })
        })
    }

    /// Whether the record can be of this run and nothing suggests another one.
    fn takes(&self, seq: u64, at: i64) -> bool {
        let contradicts = |seq_to: Ordering, at_to: Ordering| match seq_to {
            Ordering::Equal => at_to != Ordering::Equal,
            Ordering::Less | Ordering::Greater => at_to == seq_to.reverse(),
        };
        !contradicts(seq.cmp(&self.max_seq), at.cmp(&self.max_at))
            && !contradicts(seq.cmp(&self.min_seq), at.cmp(&self.min_at))
            && (self.distance(at) <= NEAR || self.resumes(seq, at))
    }

    /// Whether a pause is a stall or the pace of a slow run: its numbers go on where they stopped, or the pause is
    /// nothing special.
    fn resumes(&self, seq: u64, at: i64) -> bool {
        let numbers = seq.saturating_sub(self.max_seq).max(self.min_seq.saturating_sub(seq));
        let seen = self.max_seq - self.min_seq;
        let interval = self.max_at.abs_diff(self.min_at).checked_div(seen).unwrap_or(0);
        numbers <= 1 + seen / 16 || self.distance(at) / 16 <= interval
    }

    /// Whether the moment is near enough to a run without numbers. A run of one record has no pace yet: it takes any that
    /// follows.
    fn takes_unnumbered(&self, at: i64) -> bool {
        (self.max_seq < 2 && at >= self.max_at) || self.distance(at) <= self.longest_pause()
    }

    /// The longest pause inside a run without numbers.
    fn longest_pause(&self) -> u64 {
        let intervals = self.max_seq.saturating_sub(1).max(1);
        let interval = self.max_at.saturating_sub(self.min_at).max(0).unsigned_abs() / intervals;
        interval.saturating_mul(PAUSE_INTERVALS).max(PAUSE)
    }

    fn distance(&self, at: i64) -> u64 {
        if at > self.max_at {
            at.abs_diff(self.max_at)
        } else {
            self.min_at.abs_diff(at.min(self.min_at))
        }
    }

    #[inline]
    fn extend(&mut self, seq: u64, at: i64) {
        // Of nearly all runs it is 1 from the second number on.
        if self.step != 1 {
            self.step = greatest_common_divisor(self.step, seq.abs_diff(self.min_seq));
        }
        self.min_seq = self.min_seq.min(seq);
        self.max_seq = self.max_seq.max(seq);
        self.min_at = self.min_at.min(at);
        self.max_at = self.max_at.max(at);
    }
}

impl Runs {
    /// Adds a stream and returns its number.
    pub(crate) fn add_stream(&mut self) -> u32 {
        self.streams.push(Stream {
            latest: usize::MAX,
            numbered: Vec::new(),
            unnumbered: Vec::new(),
            overflow_start: i64::MAX,
        });
        u32::try_from(self.streams.len() - 1).unwrap_or(u32::MAX)
    }

    /// The run of the stream's next record: its number, or [`OVERFLOW`].
    #[inline]
    pub(crate) fn assign(&mut self, stream: u32, record: &Record) -> u32 {
        let place = &self.streams[stream as usize];
        if record.has_seq
            && let Some(run) = self.all.get_mut(place.latest)
            && run.extent.is_in_step(record.seq, record.due().0)
        {
            run.extent.extend(record.seq, record.due().0);
            return number(place.latest);
        }
        self.find(stream, record)
    }

    #[cold]
    fn find(&mut self, stream: u32, record: &Record) -> u32 {
        let Timestamp(at) = record.due();
        let place = &self.streams[stream as usize];
        let found = if !record.timestamp.is_known() {
            let unnumbered = place.unnumbered.last().copied();
            self.all.get(place.latest).map(|_| place.latest).or(unnumbered)
        } else if record.has_seq {
            let tried = place.numbered.iter().rev().take(MAX_TRIED).copied();
            tried
                .filter(|&run| self.all[run].extent.takes(record.seq, at))
                .min_by_key(|&run| self.all[run].extent.distance(at))
        } else {
            let tried = place.unnumbered.iter().rev().take(MAX_TRIED).copied();
            tried
                .filter(|&run| self.all[run].extent.takes_unnumbered(at))
                .min_by_key(|&run| self.all[run].extent.distance(at))
        };
        let run = match found {
            Some(run) => run,
            None if self.all.len() < MAX_RUNS => self.add_run(stream, record),
            None => {
                if record.timestamp.is_known() {
                    let place = &mut self.streams[stream as usize];
                    place.overflow_start = place.overflow_start.min(at);
                }
                return OVERFLOW;
            }
        };
        if record.timestamp.is_known() {
            let extent = &mut self.all[run].extent;
            if record.has_seq {
                extent.extend(record.seq, at);
                self.streams[stream as usize].latest = run;
            } else {
                extent.extend(extent.max_seq + 1, at);
            }
        }
        number(run)
    }

    fn add_run(&mut self, stream: u32, record: &Record) -> usize {
        let run = self.all.len();
        let place = &mut self.streams[stream as usize];
        let has_numbers = record.has_seq && record.timestamp.is_known();
        let extent = if has_numbers {
            Extent::of(record.seq, record.due().0)
        } else {
            Extent { min_seq: 0, max_seq: 0, min_at: i64::MAX, max_at: i64::MIN, step: 1 }
        };
        if has_numbers {
            place.numbered.push(run);
        } else {
            place.unnumbered.push(run);
        }
        self.all.push(Run { stream, extent, has_numbers });
        run
    }

    /// The stream that a run was found in.
    pub(crate) fn stream(&self, run: u32) -> Option<u32> {
        self.all.get(run as usize).map(|run| run.stream)
    }

    /// The numbers of records of runs that are one, where all of them have numbers.
    pub(crate) fn numbers(&self, runs: &[u32]) -> Option<Numbers> {
        let extent = |run: &u32| {
            let run = self.all.get(*run as usize).filter(|run| run.has_numbers);
            run.map(|run| run.extent)
        };
        let extents = runs.iter().map(extent).collect::<Option<Vec<Extent>>>()?;
        let first = extents.iter().map(|extent| extent.min_seq).min()?;
        let last = extents.iter().map(|extent| extent.max_seq).max()?;
        let step = extents.iter().fold(0, |step, extent| {
            let step = greatest_common_divisor(step, extent.step);
            greatest_common_divisor(step, extent.min_seq - first)
        });
        Some(Numbers { first, last, step: step.max(1) })
    }

    /// Whether there were too many to keep them apart.
    pub(crate) fn overflows(&self) -> bool {
        self.overflowing().next().is_some()
    }

    /// The streams of which some records had no room in a run.
    pub(crate) fn overflowing(&self) -> impl Iterator<Item = u32> {
        (0..)
            .zip(&self.streams)
            .filter(|(_, stream)| stream.overflow_start != i64::MAX)
            .map(|(number, _)| number)
    }

    /// For each run the run that it continues after a pause, or itself.
    ///
    /// While records are read, a pause starts another run unless the numbers go on at once: they may belong to a run
    /// that starts anew. Where answers take seconds, the order of completion makes such pauses too, and both runs go on side
    /// by side. Afterwards it is known whether the numbers did start anew. Runs without numbers that records in order
    /// of completion made two are one where they turn out to lie near each other.
    pub(crate) fn joined(&self) -> Vec<u32> {
        let mut roots: Vec<u32> = (0..self.all.len()).map(number).collect();
        for stream in &self.streams {
            let mut order = stream.numbered.clone();
            order.sort_by_key(|&run| self.all[run].extent.min_at);
            let mut open: Vec<(usize, Extent)> = Vec::new();
            for run in order {
                let extent = self.all[run].extent;
                let tried = open.iter_mut().rev().take(MAX_TRIED);
                match tried.into_iter().find(|(_, before)| before.agrees_with(&extent)) {
                    Some((root, before)) => {
                        roots[run] = number(*root);
                        before.extend(extent.min_seq, extent.min_at);
                        before.extend(extent.max_seq, extent.max_at);
                    }
                    None => open.push((run, extent)),
                }
            }
            let mut order = stream.unnumbered.clone();
            order.sort_by_key(|&run| self.all[run].extent.min_at);
            let mut open: Option<(usize, Extent)> = None;
            for run in order {
                let extent = self.all[run].extent;
                match &mut open {
                    Some((root, before))
                        if before.distance(extent.min_at)
                            <= before.longest_pause().min(extent.longest_pause()) =>
                    {
                        roots[run] = number(*root);
                        before.max_at = before.max_at.max(extent.max_at);
                        before.max_seq += extent.max_seq;
                    }
                    _ => open = Some((run, extent)),
                }
            }
        }
        roots
    }

    /// The runs of each stream, as far as they can be told from one another afterwards.
    pub(crate) fn spans(&self) -> Vec<Vec<RunSpan>> {
        let starts = self.starts();
        let mut spans: Vec<Vec<RunSpan>> = vec![Vec::new(); self.streams.len()];
        for (spans, stream) in spans.iter_mut().zip(&self.streams) {
            // Last resort of those that had no room in a run: tried when no run holds them.
            if stream.overflow_start != i64::MAX {
                let start = stream.overflow_start;
                spans.push(RunSpan { from: start, until: i64::MAX, numbers: None, start });
            }
        }
        for (run, &start) in self.all.iter().zip(&starts.by_run) {
            if let Some(spans) = spans.get_mut(run.stream as usize) {
                let Extent { min_seq, max_seq, min_at, max_at, .. } = run.extent;
                let numbers = run.has_numbers.then_some((min_seq, max_seq));
                spans.push(RunSpan { from: min_at, until: max_at, numbers, start });
            }
        }
        spans
    }

    /// When each run started.
    pub(crate) fn starts(&self) -> RunStarts {
        let roots = self.joined().into_iter();
        let by_run =
            roots.map(|root| self.all.get(root as usize).map_or(i64::MAX, |run| run.extent.min_at));
        RunStarts {
            by_run: by_run.collect(),
            overflow_by_stream: self.streams.iter().map(|stream| stream.overflow_start).collect(),
        }
    }
}

/// Where a run's numbers lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    first: u64,
    last: u64,
    step: u64,
}

impl Numbers {
    /// Records by which every n-th number is known to be a shard's and not what a loss has left: a loss of half of them
    /// at random leaves only even numbers once in 30,000 times.
    const SHARD: u64 = 16;

    /// The distance from number to number: more than 1 for a shard of an attack that is written in a format of vegeta's,
    /// which does not say so.
    pub(crate) fn step(self, records: u64) -> u64 {
        if records < Self::SHARD { 1 } else { self.step }
    }

    /// The numbers that none of so many records has; `None` where there are more records than numbers.
    pub(crate) fn missing(self, records: u64) -> Option<u64> {
        let numbers = (self.last - self.first) / self.step(records);
        numbers.checked_add(1)?.checked_sub(records)
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// When each run of a whole pass started. Runs and streams have the same numbers in every pass over the same records.
#[derive(Clone, Debug)]
pub(crate) struct RunStarts {
    by_run: Vec<i64>,
    overflow_by_stream: Vec<i64>,
}

impl RunStarts {
    /// The first start of the run; for [`OVERFLOW`] that of the stream's records there.
    pub(crate) fn start(&self, run: u32, stream: u32) -> Option<i64> {
        let overflow = || self.overflow_by_stream.get(stream as usize);
        self.by_run.get(run as usize).or_else(overflow).copied()
    }
}

/// Where the records of a run lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunSpan {
    from: i64,
    until: i64,
    /// Lowest and highest; without them records have no numbers, or any.
    numbers: Option<(u64, u64)>,
    /// Of the run that this one continues.
    start: i64,
}

impl RunSpan {
    /// Whether a record may be of this run.
    pub(crate) fn holds(&self, seq: Option<u64>, at: Timestamp) -> bool {
        let is_numbered = match (seq, self.numbers) {
            (Some(seq), Some((first, last))) => (first..=last).contains(&seq),
            (None, Some(_)) => false,
            (_, None) => true,
        };
        is_numbered && (self.from..=self.until).contains(&at.0)
    }

    pub(crate) fn start(&self) -> i64 {
        self.start
    }
}

fn number(run: usize) -> u32 {
    u32::try_from(run).unwrap_or(OVERFLOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::{Nanos, TargetId};

    const MS: i64 = 1_000_000;

    fn record(seq: u64, at: i64) -> Record {
        Record {
            timestamp: Timestamp(at),
            latency: Nanos(1),
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

    /// A run of `count` requests 10 ms apart, in order.
    fn run(start_ms: i64, count: u64) -> Vec<Record> {
        (0..count)
            .map(|seq| record(seq, (start_ms + 10 * i64::try_from(seq).unwrap()) * MS))
            .collect()
    }

    /// Two threads sent their requests of a random schedule: the second was held up for a moment.
    #[test]
    fn requests_that_were_sent_in_another_order_than_they_were_due_are_one_run() {
        let mut records = run(0, 100);
        for record in &mut records {
            record.intended = record.timestamp;
            record.timestamp.0 += 40 * MS * i64::from(record.seq % 2 == 1);
        }
        let late = |seq: u64, at: i64| Record {
            intended: Timestamp(at * MS),
            ..record(seq, at * MS + 38)
        };
        records.extend([late(101, 1_000), late(100, 1_000), late(103, 1_001), late(102, 1_001)]);
        assert_eq!(sizes(records), [104]);
    }

    /// How many records each run has, in the order of the runs' first records.
    fn sizes(records: impl IntoIterator<Item = Record>) -> Vec<usize> {
        let mut runs = Runs::default();
        let stream = runs.add_stream();
        let assigned: Vec<u32> =
            records.into_iter().map(|record| runs.assign(stream, &record)).collect();
        let roots = runs.joined();
        let mut sizes = vec![0; roots.len()];
        for run in assigned {
            sizes[roots[run as usize] as usize] += 1;
        }
        sizes.retain(|&size| size > 0);
        sizes
    }

    #[test]
    fn two_runs_in_one_file_are_two() {
        assert_eq!(sizes(run(0, 100).into_iter().chain(run(600_000, 90))), [100, 90]);
    }

    #[test]
    fn interleaved_runs_are_two() {
        let pairs = run(0, 100).into_iter().zip(run(600_000, 100));
        assert_eq!(sizes(pairs.flat_map(|(first, second)| [first, second])), [100, 100]);
    }

    #[test]
    fn order_of_completion_does_not_matter() {
        let mut records = run(0, 1_000);
        for chunk in records.chunks_mut(37) {
            chunk.reverse();
        }
        assert_eq!(sizes(records), [1_000]);
    }

    #[test]
    fn a_stall_is_inside_a_run() {
        let mut records = run(0, 100);
        for record in &mut records[40..] {
            record.timestamp.0 += 60_000 * MS;
        }
        assert_eq!(sizes(records.clone()), [100]);
        // The requests after the stall complete in any order.
        records[40..].reverse();
        assert_eq!(sizes(records), [100]);
    }

    /// Answers that take up to 7 s, some of them next to none: what a collapsing generator leaves behind.
    #[test]
    fn answers_in_great_disorder_are_of_one_run() {
        let mut records = run(0, 2_000);
        for record in &mut records {
            record.latency = Nanos(record.seq * 7_919 % 7_001 * MS.cast_unsigned());
        }
        records.sort_by_key(Record::end);
        assert_eq!(sizes(records.clone()), [2_000]);
        // The same once more, right after the last answer.
        let again = records.iter().map(|before| Record {
            timestamp: Timestamp(before.timestamp.0 + 27_000 * MS),
            ..*before
        });
        assert_eq!(sizes(records.iter().copied().chain(again)), [2_000, 2_000]);
    }

    #[test]
    fn a_short_run_before_one_that_completes_late_first() {
        let mut second = run(600_000, 200);
        second[..60].reverse();
        assert_eq!(sizes(run(0, 10).into_iter().chain(second)), [10, 200]);
    }

    #[test]
    fn a_slow_run_is_one() {
        let slow = |order: &[u64]| {
            order
                .iter()
                .map(|&seq| record(seq, i64::try_from(seq).unwrap() * 7_000 * MS))
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(slow(&[0, 1, 2, 3, 4])), [5]);
        assert_eq!(sizes(slow(&[1, 0, 4, 3, 2, 6, 5])), [7]);
    }

    fn without_numbers(records: impl IntoIterator<Item = Record>) -> Vec<usize> {
        sizes(records.into_iter().map(|record| Record { seq: 0, has_seq: false, ..record }))
    }

    #[test]
    fn without_numbers_a_long_pause_ends_a_run() {
        let (first, second) = (run(0, 50), run(600_000, 60));
        let after = first.iter().chain(&second).copied();
        assert_eq!(without_numbers(after), [50, 60]);
        let before = second.iter().chain(&first).copied();
        assert_eq!(without_numbers(before), [60, 50]);
        let alternately = second.iter().zip(&first).flat_map(|(a, b)| [*a, *b]);
        assert_eq!(without_numbers(alternately).len(), 2);
        let short = run(0, 50).into_iter().chain(run(9_000, 50));
        assert_eq!(without_numbers(short), [100]);
    }

    #[test]
    fn without_numbers_slow_and_late_answers_end_no_run() {
        let slow = (0..40).map(|index| record(0, index * 60_000 * MS));
        assert_eq!(without_numbers(slow), [40]);
        // The first 20 s of requests time out after 30 s.
        let mut late = run(0, 6_000);
        late.sort_by_key(|record| {
            record.timestamp.0 + if record.timestamp.0 < 20_000 * MS { 30_000 * MS } else { 0 }
        });
        assert_eq!(without_numbers(late), [6_000]);
        let mut mixed = run(0, 1_000);
        mixed.extend(run(600_000, 1_000));
        mixed[990..1_010].reverse();
        assert_eq!(without_numbers(mixed).iter().sum::<usize>(), 2_000);
    }

    #[test]
    fn records_without_timestamp_go_along() {
        let mut records = run(0, 20);
        records[5].timestamp = Timestamp::UNKNOWN;
        assert_eq!(sizes(records), [20]);
        assert_eq!(sizes([Record { timestamp: Timestamp::UNKNOWN, ..record(0, 0) }]), [1]);
    }

    #[test]
    fn beyond_the_limit_runs_share_one() {
        let mut runs = Runs::default();
        let stream = runs.add_stream();
        let last =
            (0..16_400).map(|index| runs.assign(stream, &record(0, index * 60_000 * MS))).last();
        assert_eq!(last, Some(OVERFLOW));
        assert_eq!(runs.starts().start(OVERFLOW, stream), Some(16_384 * 60_000 * MS));
    }
}
