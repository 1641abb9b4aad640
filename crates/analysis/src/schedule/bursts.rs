//! Sending that follows no schedule at all: bursts, and pauses between them.

use plimsoll_model::{Nanos, Timestamp};

use super::{Sample, Sampled};

/// A pause is longer than this, in nanoseconds, ...
const PAUSE: f64 = 20_000_000.0;

/// ... and than so many times the median time between two requests.
const MEDIANS: f64 = 20.0;

/// The least share of the time that pauses take where requests are sent in bursts. In recorded attacks at rates that
/// vegeta held, from 25/s to 6,000/s, it is 0; where it had collapsed, or waited for workers, 0.74 to 0.93.
const SHARE: f64 = 0.5;

/// Fewer requests show nothing.
const FEWEST: usize = 50;

/// Requests that were sent in bursts: a generator of constant rate that keeps up does not, nor does one whose rate changes
/// gradually.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bursts {
    pub(crate) pauses: u64,
    /// The share of the time that they took.
    pub(crate) share: f64,
    pub(crate) longest: (Timestamp, Nanos),
    /// When the first began.
    pub(crate) first: Timestamp,
    /// Requests in flight on average: the time that they took, over the time that passed.
    pub(crate) in_flight: f64,
}

impl Bursts {
    /// `None` where the requests were sent steadily.
    pub(crate) fn of(sampled: &Sampled) -> Option<Self> {
        let head = |sample: &&Sample| sample.seq < sampled.head;
        let first: Vec<&Sample> = sampled.samples.iter().filter(head).collect();
        let even: Vec<&Sample> = sampled.even().collect();
        // Small bursts fall between the samples of a long run; its first requests are all there.
        bursts(&even, sampled.stride).or_else(|| bursts(&first, 1))
    }
}

fn bursts(samples: &[&Sample], stride: u64) -> Option<Bursts> {
    // Between records that are missing nothing is known.
    let follow = |pair: &&[&Sample]| pair[1].seq - pair[0].seq == stride;
    let between = |pair: &[&Sample]| pair[1].at.saturating_sub(pair[0].at).max(0) as f64;
    let mut times: Vec<f64> = samples.windows(2).filter(follow).map(between).collect();
    if times.len() < FEWEST {
        return None;
    }
    let total: f64 = times.iter().sum();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable_by(middle, f64::total_cmp);
    let least = PAUSE.max(*median * MEDIANS);
    let is_pause = |pair: &&[&Sample]| between(pair) > least;
    let pauses = || samples.windows(2).filter(follow).filter(is_pause);
    let idle: f64 = pauses().map(between).sum();
    if idle < SHARE * total {
        return None;
    }
    // Of several as long, the first.
    let longest = pauses().reduce(|a, b| if between(b) > between(a) { b } else { a })?;
    let under_way: f64 = samples.iter().map(|sample| sample.latency as f64).sum();
    let elapsed = samples.last()?.at.abs_diff(samples.first()?.at) as f64;
    Some(Bursts {
        pauses: pauses().count() as u64,
        share: idle / total,
        first: Timestamp(pauses().next()?[0].at),
        longest: (Timestamp(longest[0].at), Nanos(longest[1].at.abs_diff(longest[0].at))),
        in_flight: under_way * stride as f64 / elapsed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn sampled(starts: impl IntoIterator<Item = i64>) -> Sampled {
        let sample = |(seq, at)| Sample {
            seq,
            at,
            latency: 100_000_000,
            group: 0,
            intended: plimsoll_model::Timestamp::UNKNOWN,
        };
        let samples: Vec<Sample> = (0..).zip(starts).map(sample).collect();
        Sampled { stride: 1, head: samples.len() as u64, samples }
    }

    #[test]
    fn workers_that_are_waited_for_send_in_bursts() {
        // 20 workers at 100 ms.
        let found =
            Bursts::of(&sampled((0..400).map(|seq| seq / 20 * 100 * MS + seq % 20 * MS / 20)));
        let found = found.unwrap();
        assert_eq!(
            (found.pauses, found.longest),
            (19, (Timestamp(19 * MS / 20), Nanos(99_050_000)))
        );
        assert!(found.share > 0.98 && (20.0..21.1).contains(&found.in_flight), "{found:?}");
    }

    #[test]
    fn steady_and_slow_and_stalled_runs_do_not() {
        let steady = |interval: i64| (0..400).map(move |seq| seq * interval);
        assert_eq!(Bursts::of(&sampled(steady(MS / 10))), None);
        assert_eq!(Bursts::of(&sampled(steady(1_000 * MS))), None);
        let ramp = (0..400).map(|seq| seq * seq * MS / 10);
        assert_eq!(Bursts::of(&sampled(ramp)), None);
        // One stall of half a second in two and a half.
        let stalled = steady(5 * MS).map(|at| if at >= 1_000 * MS { at + 500 * MS } else { at });
        assert_eq!(Bursts::of(&sampled(stalled)), None);
        let few = (0..40).map(|seq| seq / 20 * 100 * MS);
        assert_eq!(Bursts::of(&sampled(few)), None);
    }

    #[test]
    fn missing_records_make_no_pause() {
        let mut run = sampled((0..400).map(|seq| seq * MS));
        run.samples.retain(|sample| sample.seq / 10 % 3 != 1);
        assert_eq!(Bursts::of(&run), None);
    }
}
