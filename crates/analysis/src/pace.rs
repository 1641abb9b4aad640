//! How well the generators kept their schedules: per run, and merged per chain.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{InputId, Nanos, Rate, Target, Timestamp};

use crate::latencies::Latencies;
use crate::schedule::{Bursts, Sample, Sampled, Schedule, SendLag};
use crate::verdict::Unchecked;
use crate::{Intended, IntendedRate, Late, Pace, Proportion, RateSource};

/// Of a chain's records, the share in runs without a known schedule up to which the others speak for them.
const NEGLIGIBLE: f64 = 0.05;

/// The lag from which on the requests under way are of interest.
const BEHIND: Nanos = Nanos(50_000_000);

/// A run was faster than a given rate where its requests took less than this share of the time that they were to take.
const FASTER: f64 = 0.99;

/// What is known of one run's schedule.
#[derive(Debug)]
pub(crate) struct RunPace {
    sampled: Sampled,
    known: Option<Known>,
    bursts: Option<Bursts>,
    /// A rate that was given for the run and is not its own: it was faster.
    refused: Option<Rate>,
    /// From one of its numbers to the next: the schedule counts them all.
    step: f64,
}

#[derive(Debug)]
struct Known {
    schedule: Schedule,
    intended: Intended,
    lag: SendLag,
    /// Requests that were due by the last start.
    due: f64,
    sent: f64,
}

/// One run's part in what paces are merged of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share<'a> {
    pub(crate) run: &'a RunPace,
    /// Requests of it that are meant.
    pub(crate) requests: u64,
}

impl RunPace {
    /// The pace of the run whose records were sampled so; `given` is the rate that it was to keep, where that is known, and
    /// `step` leads from one of its numbers to the next.
    pub(crate) fn of(sampled: Sampled, given: Option<Rate>, step: u64) -> Self {
        let step = step as f64;
        let of_all = |rate: Rate| Rate(rate.per_second() * step);
        let recorded = Schedule::recorded(&sampled);
        let refused = given.filter(|rate| recorded.is_none() && is_faster(&sampled, of_all(*rate)));
        let (schedule, source) = match (recorded, given) {
            (Some(schedule), _) => (Some(schedule), RateSource::Recorded),
            (None, Some(rate)) if refused.is_none() => {
                (Schedule::known(&sampled, 1e9 / of_all(rate).per_second()), RateSource::Configured)
            }
            _ => (Schedule::found(&sampled), RateSource::Envelope),
        };
        let known = schedule.and_then(|schedule| {
            let lag = SendLag::of(&schedule, &sampled, BEHIND)?;
            let sent = (sampled.samples.last()?.seq as f64 + 1.0) / step;
            Some(Known {
                intended: Intended {
                    rate: Rate(1e9 / (schedule.interval * step)),
                    source,
                    uncertainty: schedule.uncertainty,
                },
                due: sent / lag.sent_ratio.max(f64::MIN_POSITIVE),
                sent,
                schedule,
                lag,
            })
        });
        let bursts = Bursts::of(&sampled);
        Self { sampled, known, bursts, refused, step }
    }

    pub(crate) fn intended(&self) -> Option<Intended> {
        self.known.as_ref().map(|known| known.intended)
    }

    /// The rate that the run was to keep from beginning to end, where that is known and records do not say themselves when
    /// they were due.
    pub(crate) fn constant(&self) -> Option<Intended> {
        let known = self.known.as_ref()?;
        (!known.schedule.is_recorded).then_some(known.intended)
    }

    /// How many requests were to be started from one moment until another, in nanoseconds since the epoch.
    pub(crate) fn due_between(&self, from: i64, until: i64) -> Option<f64> {
        let schedule = &self.known.as_ref()?.schedule;
        Some((schedule.due(until - 1) - schedule.due(from - 1)) / self.step)
    }

    /// When the sampled requests of these groups were due and how late they were, in order of time; none where that is not
    /// known.
    pub(crate) fn lags(&self, groups: Option<&BTreeSet<u32>>) -> Vec<(i64, Nanos)> {
        let Some(known) = &self.known else { return Vec::new() };
        let is_meant =
            |sample: &&Sample| groups.is_none_or(|groups| groups.contains(&sample.group));
        let lag =
            |sample: &Sample| (known.schedule.due_time(sample), known.schedule.lag_of(sample));
        let mut lags: Vec<(i64, Nanos)> = self.sampled.even().filter(is_meant).map(lag).collect();
        lags.sort_unstable();
        lags
    }

    /// The rate that was given for the run, where it was faster than that.
    pub(crate) fn refused(&self) -> Option<Rate> {
        self.refused
    }
}

/// Whether the run was faster than this rate in both of its halves: one that catches up is so in one.
fn is_faster(sampled: &Sampled, rate: Rate) -> bool {
    let (before, after) = sampled.samples.split_at(sampled.samples.len() / 2);
    [before, after].iter().all(|half| {
        let (Some(first), Some(last)) = (half.first(), half.last()) else { return false };
        let intervals = (last.seq - first.seq) as f64;
        let took = last.at.saturating_sub(first.at) as f64 * rate.per_second() / 1e9;
        // A request may be on its way while another leaves.
        took + 2.0 < intervals * FASTER
    })
}

/// The place of the rate that was given for the run of this attack in these inputs.
pub(crate) fn given_rate(
    rates: &[IntendedRate],
    attack: &str,
    inputs: impl IntoIterator<Item = InputId>,
    names: &[String],
) -> Option<usize> {
    let target = Target { attack: attack.to_owned(), ..Target::default() };
    let input = inputs.into_iter().next();
    let name = input.and_then(|input| names.get(input.0 as usize)).map_or("", String::as_str);
    rates.iter().position(|rate| rate.attacks.matches(&target, name))
}

/// The pace of the requests that `groups` holds, or of all, in the runs that have some; `limit` is the lag from which on a
/// request counts as late.
///
/// # Errors
/// Why it is not known.
pub(crate) fn merged(
    shares: &[Share<'_>],
    groups: Option<&BTreeSet<u32>>,
    limit: Nanos,
    confidence: f64,
) -> Result<Pace, Unchecked> {
    let total: u64 = shares.iter().map(|share| share.requests).sum();
    let known: Vec<(&Share<'_>, &Known)> =
        shares.iter().filter_map(|share| Some((share, share.run.known.as_ref()?))).collect();
    let unknown: u64 =
        shares.iter().filter(|share| share.run.known.is_none()).map(|share| share.requests).sum();
    if known.is_empty() || unknown as f64 > NEGLIGIBLE * total as f64 {
        let has_numbers = shares.iter().any(|share| !share.run.sampled.samples.is_empty());
        return Err(if has_numbers { Unchecked::NoRate } else { Unchecked::NoNumbers });
    }
    let is_meant = |sample: &&Sample| groups.is_none_or(|groups| groups.contains(&sample.group));
    let measured = |share: &Share<'_>| share.run.sampled.even().filter(is_meant).count() as u64;
    // For how many of its requests one of a run's samples stands.
    let stands_for = |share: &Share<'_>| share.requests as f64 / measured(share).max(1) as f64;
    let finest = known.iter().map(|(share, _)| stands_for(share)).fold(f64::INFINITY, f64::min);
    let (mut lags, mut corrected) = (Latencies::default(), Latencies::default());
    let (mut late, mut first_late) = (0, None);
    for (share, known) in &known {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a ratio of counts"
        )]
        let weight = ((stands_for(share) / finest).round() as u64).max(1);
        for sample in share.run.sampled.even().filter(is_meant) {
            let lag = known.schedule.lag_of(sample);
            lags.record_n(lag, weight);
            corrected.record_n(Nanos(lag.0.saturating_add(sample.latency)), weight);
            late += if lag > limit { weight } else { 0 };
        }
        let is_late = |sample: &&Sample| known.schedule.lag_of(sample) > limit;
        let first = share.run.sampled.samples.iter().filter(is_meant).find(is_late);
        first_late = first_late.into_iter().chain(first.map(|sample| Timestamp(sample.at))).min();
    }
    let lag = lags.summary();
    let latest = known.iter().max_by_key(|(_, known)| known.lag.max);
    let longest = known.iter().flat_map(|(_, known)| &known.lag.stalls.longest);
    let sources = known.iter().map(|(_, known)| known.intended.source);
    Ok(Pace {
        source: sources.max().unwrap_or(RateSource::Envelope),
        late: Late {
            limit,
            share: Proportion::wilson(late, lag.count, confidence),
            first: first_late,
        },
        lag,
        corrected: corrected.summary(),
        sent_ratio: (known.iter().map(|(_, known)| known.sent).sum::<f64>()
            / known.iter().map(|(_, known)| known.due).sum::<f64>())
        .min(1.0),
        stalls: known.iter().map(|(_, known)| known.lag.stalls.count).sum(),
        longest_stall: longest
            .max_by_key(|stall| (stall.length, std::cmp::Reverse(stall.start)))
            .map(|stall| (stall.start, stall.length)),
        in_flight_when_late: latest.and_then(|(_, known)| known.lag.in_flight).map(|now| now.mean),
    })
}

/// The worst bursts that the requests were sent in, if those of runs with bursts are more than a few.
pub(crate) fn bursts(shares: &[Share<'_>]) -> Option<Bursts> {
    let total: u64 = shares.iter().map(|share| share.requests).sum();
    let with_bursts = || shares.iter().filter(|share| share.run.bursts.is_some());
    let affected: u64 = with_bursts().map(|share| share.requests).sum();
    if affected as f64 <= NEGLIGIBLE * total as f64 {
        return None;
    }
    with_bursts()
        .filter_map(|share| share.run.bursts)
        .max_by(|a, b| a.longest.1.cmp(&b.longest.1).then_with(|| b.longest.0.cmp(&a.longest.0)))
}

/// The most requests per second that were to be sent at any time, by runs of these spans and rates.
pub(crate) fn peak(spans: &[(Timestamp, Timestamp, Rate)]) -> Option<Rate> {
    let mut changes: BTreeMap<i64, f64> = BTreeMap::new();
    for &(start, end, rate) in spans {
        *changes.entry(start.0).or_default() += rate.per_second();
        *changes.entry(end.0).or_default() -= rate.per_second();
    }
    let mut now = 0.0;
    let mut most: f64 = 0.0;
    for change in changes.values() {
        now += change;
        most = most.max(now);
    }
    (most > 0.0).then_some(Rate(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn sampled(starts: impl IntoIterator<Item = i64>) -> Sampled {
        let sample = |(seq, at)| Sample {
            seq,
            at,
            latency: 1_300_000,
            group: 0,
            intended: Timestamp::UNKNOWN,
        };
        let samples: Vec<Sample> = (0..).zip(starts).map(sample).collect();
        Sampled { stride: 1, head: 0, samples }
    }

    #[test]
    fn a_given_rate_below_the_runs_own_is_refused() {
        let steady = || sampled((0..2_000).map(|seq| seq * 5 * MS));
        let of = |rate| RunPace::of(steady(), Some(Rate(rate)), 1);
        assert_eq!(of(100.0).refused(), Some(Rate(100.0)));
        assert_eq!(of(100.0).intended().unwrap().source, RateSource::Envelope);
        for rate in [199.0, 200.0, 400.0] {
            assert_eq!(of(rate).refused(), None, "{rate}");
        }
        // Half a second late from the start on, caught up on at 2,000/s.
        let late = |seq: i64| (seq * 5).max(500 + seq / 2) * MS;
        let catching_up = RunPace::of(sampled((0..400).map(late)), Some(Rate(200.0)), 1);
        assert_eq!(catching_up.refused(), None);
        let two = RunPace::of(sampled([0, 0]), Some(Rate(1.0)), 1);
        assert_eq!(two.refused(), None);
    }

    #[test]
    fn runs_weigh_as_much_as_they_have_requests() {
        // A run on schedule of which each request was measured, and one as long, of which few were.
        let steady = RunPace::of(sampled((0..1_000).map(|seq| seq * MS)), Some(Rate(1_000.0)), 1);
        let mut sparse =
            sampled((0..100).map(|seq| seq * 10 * MS + if seq > 0 { 500 * MS } else { 0 }));
        for sample in &mut sparse.samples {
            sample.seq *= 1 << 50;
        }
        sparse.stride = 1 << 50;
        let interval = 10e6 / (1_u64 << 50) as f64;
        let sparse = RunPace::of(sparse, Some(Rate(1e9 / interval)), 1);
        let shares = [&steady, &sparse].map(|run| Share { run, requests: 1_000 });
        let pace = merged(&shares, None, Nanos(100_000_000), 0.95).unwrap();
        assert_eq!(pace.lag.count, 2_000);
        let late = pace.late.share.unwrap();
        assert_eq!((late.successes, late.trials), (990, 2_000));
        assert_eq!(pace.late.first, Some(Timestamp(510 * MS)));
    }

    #[test]
    fn rates_add_up_where_runs_overlap() {
        let span = |start, end, rate| (Timestamp(start), Timestamp(end), Rate(rate));
        let peaks = peak(&[span(0, 10, 5.0), span(5, 15, 7.0), span(15, 20, 10.0)]);
        assert_eq!(peaks, Some(Rate(12.0)));
        assert_eq!(peak(&[]), None);
    }
}
