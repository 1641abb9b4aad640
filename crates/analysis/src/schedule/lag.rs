//! How far a run lagged behind its schedule, and what it looked like while it did.

use plimsoll_model::{Nanos, Timestamp};

use super::{Sample, Sampled, Schedule};
use crate::latencies::{nearest_rank, samples_needed};

/// A pause this long is a stall, in nanoseconds, ...
const STALL: f64 = 100_000_000.0;

/// ... if so many requests fell due in it.
const STALL_INTERVALS: f64 = 20.0;

/// The most stalls that are told one by one.
const MAX_STALLS: usize = 8;

/// How much later than intended requests were started.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SendLag {
    /// Percentiles by nearest rank over the samples that stand for all evenly; `None` where these are too few.
    pub(crate) p50: Option<Nanos>,
    pub(crate) p99: Option<Nanos>,
    /// The greatest lag of any sample.
    pub(crate) max: Nanos,
    /// The requests that were sent by the last start, as a share of those that were due.
    pub(crate) sent_ratio: f64,
    pub(crate) stalls: Stalls,
    /// `None` where no request was late enough.
    pub(crate) in_flight: Option<InFlight>,
}

/// Pauses in which requests fell due and none was sent.
///
/// Between two samples whose numbers do not follow each other, a pause shows by as much as it is longer than the time
/// between the samples before or after: none is longer than told here, short ones and all but the longest of several in
/// a row may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stalls {
    pub(crate) count: u64,
    pub(crate) total: Nanos,
    /// In order of time.
    pub(crate) longest: Vec<Stall>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    pub(crate) start: Timestamp,
    pub(crate) length: Nanos,
}

/// How many requests were under way at once. Where `mean` is close to `peak`, workers were the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct InFlight {
    /// On average, while a request was later than the threshold.
    pub(crate) mean: f64,
    /// The most at any time, where every record is a sample.
    pub(crate) peak: Option<usize>,
}

impl SendLag {
    /// `late` is the lag from which on the requests under way are of interest. `None` without samples.
    pub(crate) fn of(schedule: &Schedule, sampled: &Sampled, late: Nanos) -> Option<Self> {
        let last = sampled.samples.last()?;
        let lag = |sample: &Sample| schedule.lag_of(sample);
        let mut lags: Vec<Nanos> = sampled.even().map(lag).collect();
        lags.sort_unstable();
        let count = lags.len() as u64;
        let percentile = |per_mille| {
            let rank = usize::try_from(nearest_rank(count, per_mille)).ok()?;
            (count >= samples_needed(per_mille)).then_some(lags.get(rank - 1).copied()).flatten()
        };
        Some(Self {
            p50: percentile(500),
            p99: percentile(990),
            max: sampled.samples.iter().map(lag).max()?,
            sent_ratio: ((last.seq as f64 + 1.0) / schedule.due(last.at)).min(1.0),
            stalls: stalls(schedule, &sampled.samples),
            in_flight: in_flight(schedule, sampled, late),
        })
    }
}

fn stalls(schedule: &Schedule, samples: &[Sample]) -> Stalls {
    let pace = |pair: usize| -> Option<f64> {
        let (a, b) = (samples.get(pair)?, samples.get(pair + 1)?);
        Some(nanos(a.at, b.at) / (b.seq - a.seq) as f64)
    };
    let mut stalls = Stalls::default();
    for (pair, window) in samples.windows(2).enumerate() {
        let (a, b) = (window[0], window[1]);
        let interval = schedule.interval_between(&a, &b);
        let least = STALL.max(STALL_INTERVALS * interval);
        let start = a.at.max(next_due(schedule, &a, interval));
        let pause = nanos(start, b.at);
        if pause < least {
            continue;
        }
        let beside = pace(pair + 1).into_iter().chain(pair.checked_sub(1).and_then(pace));
        let usual = beside.fold(interval, f64::max);
        let pause = pause - (b.seq - a.seq - 1) as f64 * usual;
        if pause >= least {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and a conversion that saturates is meant"
            )]
            let length = Nanos(pause as u64);
            stalls.count += 1;
            stalls.total = Nanos(stalls.total.0.saturating_add(length.0));
            stalls.longest.push(Stall { start: Timestamp(start), length });
        }
    }
    stalls.longest.sort_by_key(|stall| std::cmp::Reverse(stall.length));
    stalls.longest.truncate(MAX_STALLS);
    stalls.longest.sort_by_key(|stall| stall.start);
    stalls
}

/// When the request behind `a` was due.
#[expect(clippy::cast_possible_truncation, reason = "a conversion that saturates is meant")]
fn next_due(schedule: &Schedule, a: &Sample, interval: f64) -> i64 {
    if schedule.is_recorded {
        a.intended.0.saturating_add(interval as i64)
    } else {
        schedule.intended(a.seq.saturating_add(1))
    }
}

/// From one moment to a later one, 0 to an earlier one.
fn nanos(from: i64, to: i64) -> f64 {
    if to > from { to.abs_diff(from) as f64 } else { 0.0 }
}

/// By Little's law: the time that requests were under way, over the time that passed.
fn in_flight(schedule: &Schedule, sampled: &Sampled, late: Nanos) -> Option<InFlight> {
    // While a request is later than the threshold: spans in order, with the time before each.
    let mut spans: Vec<(i64, i64, f64)> = Vec::new();
    let mut before = 0.0;
    let mut last = i64::MIN;
    for sample in &sampled.samples {
        let start = schedule.due_time(sample).saturating_add_unsigned(late.0).max(last);
        last = sample.at.max(last);
        if start < sample.at {
            spans.push((start, sample.at, before));
            before += nanos(start, sample.at);
        }
    }
    if before <= 0.0 {
        return None;
    }
    // The time in spans up to a moment.
    let up_to = |at: i64| {
        let next = spans.partition_point(|&(start, ..)| start <= at);
        let Some(&(start, end, before)) = next.checked_sub(1).and_then(|span| spans.get(span))
        else {
            return 0.0;
        };
        before + nanos(start, at.min(end))
    };
    let end = |sample: &Sample| sample.at.saturating_add_unsigned(sample.latency);
    let under_way: f64 = sampled.even().map(|sample| up_to(end(sample)) - up_to(sample.at)).sum();
    let peak = || {
        let mut ends: Vec<i64> = sampled.samples.iter().map(end).collect();
        ends.sort_unstable();
        let mut ended = 0;
        let under_way = (1..).zip(&sampled.samples).map(|(started, sample)| {
            ended += ends[ended..].partition_point(|&end| end <= sample.at);
            started - ended.min(started)
        });
        under_way.max().unwrap_or(0)
    };
    Some(InFlight {
        mean: under_way * sampled.stride as f64 / before,
        peak: (sampled.stride == 1).then(peak),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn sampled(stride: u64, starts_ms: &[(u64, i64)]) -> Sampled {
        let sample = |&(seq, at): &(u64, i64)| Sample {
            seq,
            at: at * MS,
            latency: 30_000_000,
            group: 0,
            intended: Timestamp::UNKNOWN,
        };
        Sampled { stride, head: 0, samples: starts_ms.iter().map(sample).collect() }
    }

    fn every_10_ms() -> Schedule {
        Schedule {
            seq: 0,
            at: 0,
            interval: 10.0 * MS as f64,
            touched: 0,
            uncertainty: 0.0,
            is_recorded: false,
        }
    }

    /// 100 requests/s, and a stall of 400 ms from the 10th on; it is caught up on at once.
    fn stalled() -> Vec<(u64, i64)> {
        (0..100_u64)
            .map(|seq| (seq, if (10..50).contains(&seq) { 500 } else { 10 * seq.cast_signed() }))
            .collect()
    }

    #[test]
    fn a_stall_lasts_from_when_a_request_was_due() {
        let late =
            SendLag::of(&every_10_ms(), &sampled(1, &stalled()), Nanos(100_000_000)).unwrap();
        let stall = Stall { start: Timestamp(100 * MS), length: Nanos(400_000_000) };
        assert_eq!(late.stalls, Stalls { count: 1, total: stall.length, longest: vec![stall] });
        assert_eq!((late.p50, late.p99, late.max), (Some(Nanos(0)), None, Nanos(400_000_000)));
        assert!((late.sent_ratio - 1.0).abs() < 1e-9);
    }

    #[test]
    fn requests_in_flight_are_counted_while_another_is_late() {
        let late =
            SendLag::of(&every_10_ms(), &sampled(1, &stalled()), Nanos(100_000_000)).unwrap();
        // From 200 ms until 500 ms; the three under way at 100 ms had ended by 120 ms.
        assert_eq!(late.in_flight, Some(InFlight { mean: 0.0, peak: Some(43) }));
        let late = SendLag::of(&every_10_ms(), &sampled(1, &stalled()), Nanos::ZERO).unwrap();
        // From 100 ms on: 20 ms, 10 ms and nothing are left of the last three before.
        let mean = late.in_flight.unwrap().mean;
        assert!((mean - 30.0 / 400.0).abs() < 1e-9, "{mean}");
        let late =
            SendLag::of(&every_10_ms(), &sampled(1, &stalled()), Nanos(400_000_000)).unwrap();
        assert_eq!(late.in_flight, None);
    }

    #[test]
    fn between_samples_a_stall_shows_by_what_is_unusual() {
        let sparse: Vec<(u64, i64)> = stalled().into_iter().step_by(4).collect();
        let late = SendLag::of(&every_10_ms(), &sampled(4, &sparse), Nanos(100_000_000)).unwrap();
        // Of the stall 20 ms and 10 ms are as good as the requests that are no samples.
        assert_eq!(late.stalls.count, 1);
        assert_eq!(late.stalls.total, Nanos(380_000_000));
        let slow: Vec<(u64, i64)> =
            (0..50_u64).map(|seq| (64 * seq, 6_400 * seq.cast_signed())).collect();
        let late = SendLag::of(&every_10_ms(), &sampled(64, &slow), Nanos(100_000_000)).unwrap();
        assert_eq!(late.stalls.count, 0, "each takes ten times as long as it should");
        assert!((late.sent_ratio - 3_137.0 / 31_361.0).abs() < 1e-9, "{}", late.sent_ratio);
    }

    #[test]
    fn recorded_times_tell_a_stall_from_a_slow_step() {
        // 5 requests/s for two seconds, then 100/s, with a stall of 400 ms in it.
        let slow = (0..10).map(|seq: i64| (seq, 200 * seq, 200 * seq));
        let fast = (10..110).map(|seq: i64| {
            let due = 2_000 + 10 * (seq - 10);
            (seq, due, if (30..70).contains(&seq) { 2_600 } else { due })
        });
        let all = slow.chain(fast).map(|(seq, due, at)| Sample {
            seq: seq.cast_unsigned(),
            at: at * MS,
            latency: 1_000_000,
            group: 0,
            intended: Timestamp(due * MS),
        });
        let sampled = Sampled { stride: 1, head: 0, samples: all.collect() };
        let schedule = Schedule::recorded(&sampled).unwrap();
        let late = SendLag::of(&schedule, &sampled, Nanos(100_000_000)).unwrap();
        let stall = Stall { start: Timestamp(2_200 * MS), length: Nanos(400_000_000) };
        assert_eq!(late.stalls, Stalls { count: 1, total: stall.length, longest: vec![stall] });
        assert_eq!((late.p50, late.max), (Some(Nanos(0)), Nanos(400_000_000)));
        let mut unsure = sampled;
        unsure.samples[7].intended = Timestamp::UNKNOWN;
        assert_eq!(Schedule::recorded(&unsure), None);
    }

    #[test]
    fn the_longest_stalls_are_told_and_all_counted() {
        let mut at = 0;
        let stalling: Vec<(u64, i64)> = (0..20_i64)
            .map(|seq| {
                at += if seq == 0 { 0 } else { 300 + 10 * seq };
                (seq.cast_unsigned(), at)
            })
            .collect();
        let late = SendLag::of(&every_10_ms(), &sampled(1, &stalling), Nanos(100_000_000)).unwrap();
        assert_eq!((late.stalls.count, late.stalls.longest.len()), (19, MAX_STALLS));
        assert!(late.stalls.longest.is_sorted_by_key(|stall| stall.start));
        assert_eq!(late.stalls.longest[7].length, Nanos(490_000_000));
    }
}
