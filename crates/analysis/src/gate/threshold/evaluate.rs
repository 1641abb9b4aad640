//! What a goal is held against.

use plimsoll_model::{Nanos, Rate, Timestamp};

use super::{Aggregation, Metric, Outcome, Threshold};
use crate::gate::sample::{Latency, LatencyBlock, Sample, Window};
use crate::latencies::samples_needed_for;

impl Threshold {
    /// Holds a chain, or all of them together, against it.
    #[must_use]
    pub fn outcome(&self, sample: &Sample) -> Outcome {
        match self.window {
            Some(window) => self.by_spans(sample, window),
            None => match self.value_of(sample) {
                Ok(value) => Outcome::Found {
                    value,
                    holds: self.operator.holds(value, self.value),
                    missed: None,
                    first: None,
                    window: None,
                },
                Err(outcome) => outcome,
            },
        }
    }

    fn value_of(&self, sample: &Sample) -> Result<f64, Outcome> {
        let counts = Counted::of(sample);
        match self.metric {
            Metric::LatencyMs => self.latency(&sample.success_latency, &sample.latency_blocks),
            Metric::AllLatencyMs => self.latency(&sample.all_latency, &[]),
            Metric::OfferedRps => rate(sample.offered),
            Metric::ThroughputRps => rate(sample.throughput),
            Metric::GoodputRps => rate(sample.goodput),
            Metric::Errors | Metric::ErrorRatio if self.class.is_some() || self.side.is_some() => {
                let of = |class: &crate::Class| {
                    self.class.is_none_or(|wanted| *class == wanted)
                        && self.side.is_none_or(|side| class.side() == side)
                };
                let errors = sample.errors.iter().filter(|(class, _)| of(class));
                self.made(&Counted { errors: errors.map(|(_, count)| count).sum(), ..counts })
            }
            _ => self.made(&counts),
        }
        .ok_or(Outcome::NoData)
        .and_then(|found| found)
    }

    /// Of counts over some time.
    fn made(&self, counts: &Counted) -> Option<Result<f64, Outcome>> {
        let ratio =
            |count: u64| (counts.requests > 0).then(|| count as f64 / counts.requests as f64);
        let number = |count: u64| match self.aggregation {
            Aggregation::Rate => (counts.seconds > 0.0).then(|| count as f64 / counts.seconds),
            _ => Some(count as f64),
        };
        match self.metric {
            Metric::SuccessRatio => ratio(counts.successes),
            Metric::GoodRatio => ratio(counts.good?),
            Metric::ErrorRatio => ratio(counts.errors),
            Metric::Errors if counts.requests == 0 => None,
            Metric::Errors => number(counts.errors),
            Metric::Requests => number(counts.requests).filter(|_| counts.requests > 0),
            Metric::OfferedRps => Rate(counts.requests as f64 / counts.seconds).finite(),
            Metric::ThroughputRps => Rate(counts.successes as f64 / counts.seconds).finite(),
            Metric::GoodputRps => Rate(counts.good? as f64 / counts.seconds).finite(),
            Metric::LatencyMs | Metric::AllLatencyMs => None,
        }
        .map(Ok)
    }

    fn latency(&self, known: &Latency, blocks: &[LatencyBlock]) -> Option<Result<f64, Outcome>> {
        if known.count == 0 {
            return None;
        }
        let found = match self.aggregation {
            Aggregation::Average => known.mean,
            Aggregation::Min => known.min,
            Aggregation::Max => known.max,
            Aggregation::Quantile(quantile) => {
                let needed = samples_needed_for(quantile);
                if known.count < needed {
                    return Some(Err(Outcome::TooFew { values: known.count, needed }));
                }
                known.quantile(quantile).or_else(|| quantile_of(blocks, quantile))
            }
            _ => None,
        };
        Some(Ok(found?.as_millis_f64()))
    }

    fn by_spans(&self, sample: &Sample, window: Nanos) -> Outcome {
        let is_latency = matches!(self.metric, Metric::LatencyMs | Metric::AllLatencyMs);
        let spans = if is_latency {
            self.latency_spans(sample, window)
        } else {
            self.counted_spans(sample, window)
        };
        let Some(spans) = spans.filter(|spans| !spans.values.is_empty()) else {
            return Outcome::NoData;
        };
        let holds = |value: f64| self.operator.holds(value, self.value);
        let missed: Vec<&(Option<Timestamp>, f64)> =
            spans.values.iter().filter(|(_, value)| !holds(*value)).collect();
        let shown = if missed.is_empty() { spans.values.iter().collect() } else { missed.clone() };
        let worst = shown.iter().map(|span| span.1).reduce(|a, b| self.operator.worse(a, b));
        Outcome::Found {
            value: worst.unwrap_or_default(),
            holds: missed.is_empty(),
            missed: Some((missed.len(), spans.values.len())),
            first: missed.first().and_then(|span| span.0),
            window: Some(spans.length),
        }
    }

    fn counted_spans(&self, sample: &Sample, window: Nanos) -> Option<Spans> {
        let (per_span, length) = grouped(sample.windows.first()?.span, window)?;
        let values = sample.windows.chunks(per_span).filter_map(|windows| {
            let counts = Counted::of_windows(windows, self);
            Some((windows.first()?.start, self.made(&counts)?.ok()?))
        });
        Some(Spans { length, values: values.collect() })
    }

    fn latency_spans(&self, sample: &Sample, window: Nanos) -> Option<Spans> {
        // The last block may be shorter.
        let (per_span, length) = grouped(sample.latency_blocks.first()?.span, window)?;
        let values = sample.latency_blocks.chunks(per_span).filter_map(|blocks| {
            let value = match self.aggregation {
                Aggregation::Quantile(quantile) => {
                    let answers: u64 = blocks.iter().flat_map(|b| &b.counts).map(|c| c.1).sum();
                    (answers >= samples_needed_for(quantile)).then_some(())?;
                    quantile_of(blocks, quantile)?
                }
                Aggregation::Average => mean_of(blocks)?,
                Aggregation::Min => blocks.iter().filter_map(|b| b.counts.first()).min()?.0,
                _ => blocks.iter().filter_map(|b| b.counts.last()).max()?.0,
            };
            Some((blocks.first()?.start, value.as_millis_f64()))
        });
        Some(Spans { length, values: values.collect() })
    }
}

/// Values by spans of time.
struct Spans {
    length: Nanos,
    values: Vec<(Option<Timestamp>, f64)>,
}

/// How many windows make a span of at least this length, and how long that is.
fn grouped(window: Nanos, span: Nanos) -> Option<(usize, Nanos)> {
    let count = span.0.div_ceil(window.0.max(1)).max(1);
    Some((usize::try_from(count).ok()?, Nanos(count.saturating_mul(window.0))))
}

/// Requests over some time.
#[derive(Clone, Copy, Debug)]
struct Counted {
    requests: u64,
    successes: u64,
    good: Option<u64>,
    errors: u64,
    seconds: f64,
}

impl Counted {
    fn of(sample: &Sample) -> Self {
        let per_second = sample.offered.map_or(0.0, Rate::per_second);
        Self {
            requests: sample.requests,
            successes: sample.successes,
            good: sample.good,
            errors: sample.requests.saturating_sub(sample.successes),
            seconds: if per_second > 0.0 { sample.requests as f64 / per_second } else { 0.0 },
        }
    }

    fn of_windows(windows: &[Window], threshold: &Threshold) -> Self {
        let sum = |of: &dyn Fn(&Window) -> u64| windows.iter().map(of).sum::<u64>();
        let errors = sum(&|window| match threshold.side {
            Some(side) => window.sides.get(&side).copied().unwrap_or(0),
            None => window.requests.saturating_sub(window.successes),
        });
        Self {
            requests: sum(&|window| window.requests),
            successes: sum(&|window| window.successes),
            good: windows.iter().map(|window| window.good).sum(),
            errors,
            seconds: sum(&|window| window.span.0) as f64 / 1e9,
        }
    }
}

/// The value at rank ceil(q·n) of all blocks together.
pub(in crate::gate) fn quantile_of(blocks: &[LatencyBlock], quantile: f64) -> Option<Nanos> {
    let mut counts: Vec<(Nanos, u64)> =
        blocks.iter().flat_map(|block| block.counts.iter().copied()).collect();
    counts.sort_unstable();
    let all: u64 = counts.iter().map(|count| count.1).sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count"
    )]
    let rank = (quantile * all as f64 - 1e-9).ceil().max(1.0) as u64;
    let mut seen = 0;
    counts
        .into_iter()
        .find(|(_, count)| {
            seen += count;
            seen >= rank
        })
        .map(|(value, _)| value)
}

fn mean_of(blocks: &[LatencyBlock]) -> Option<Nanos> {
    let counts = || blocks.iter().flat_map(|block| &block.counts);
    let all: u64 = counts().map(|count| count.1).sum();
    let sum: u128 = counts().map(|count| u128::from(count.0.0) * u128::from(count.1)).sum();
    let mean = sum.checked_div(u128::from(all))?;
    Some(Nanos(u64::try_from(mean).unwrap_or(u64::MAX)))
}

fn rate(rate: Option<Rate>) -> Option<Result<f64, Outcome>> {
    rate.map(|rate| Ok(rate.per_second()))
}

/// A rate over no time is none.
trait Finite {
    fn finite(self) -> Option<f64>;
}

impl Finite for Rate {
    fn finite(self) -> Option<f64> {
        Some(self.per_second()).filter(|rate| rate.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::{Class, Side};

    fn sample() -> Sample {
        let window = |second: i64, failures: u64| Window {
            start: Some(Timestamp(second * 1_000_000_000)),
            span: Nanos(1_000_000_000),
            requests: 100,
            successes: 100 - failures,
            good: Some(90 - failures),
            sides: [(Side::Server, failures)].into(),
        };
        let block = |second: i64, ms: u64| LatencyBlock {
            start: Some(Timestamp(second * 1_000_000_000)),
            span: Nanos(5_000_000_000),
            counts: vec![(Nanos(ms * 1_000_000), 495), (Nanos(ms * 3_000_000), 5)],
        };
        Sample {
            requests: 1_000,
            successes: 970,
            good: Some(870),
            offered: Some(Rate(100.0)),
            errors: [(Class::Timeout, 20), (Class::Reset, 10)].into(),
            windows: (0..10)
                .map(|second| window(second, if second == 7 { 30 } else { 0 }))
                .collect(),
            success_latency: Latency {
                count: 970,
                mean: Some(Nanos(12_000_000)),
                quantiles: vec![(0.99, Nanos(30_000_000))],
                ..Latency::default()
            },
            latency_blocks: vec![block(0, 10), block(5, 20)],
            ..Sample::default()
        }
    }

    fn outcome(text: &str) -> Outcome {
        Threshold::parse(text).unwrap().outcome(&sample())
    }

    fn holds(text: &str) -> (bool, f64) {
        match outcome(text) {
            Outcome::Found { holds, value, .. } => (holds, value),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn whole_runs_are_held_against_goals() {
        for (text, expected, value) in [
            ("success_ratio>=0.97", true, 0.97),
            ("success_ratio>0.97", false, 0.97),
            ("good_ratio>0.9", false, 0.87),
            ("error_ratio<=0.03", true, 0.03),
            ("errors==30", true, 30.0),
            ("errors: rate<2", false, 3.0),
            ("errors{class:server.timeout}<20", false, 20.0),
            ("errors{side:application}!=0", false, 0.0),
            ("requests: count>=1000", true, 1_000.0),
            ("offered_rps>99", true, 100.0),
            ("latency_ms: p(99)<=30", true, 30.0),
            ("latency_ms: p(98)<25", true, 20.0),
            ("latency_ms: avg<12", false, 12.0),
        ] {
            let found = holds(text);
            assert_eq!(found.0, expected, "{text}");
            assert!((found.1 - value).abs() < 1e-9, "{text} {found:?}");
        }
    }

    /// 3 % failures of a run are 15 % of five seconds of it and 30 % of one.
    #[test]
    fn spans_are_held_against_goals_one_by_one() {
        let found = outcome("success_ratio>=0.97 for 2s");
        let Outcome::Found { value, holds: false, missed, first, window } = found else {
            panic!("{found:?}")
        };
        assert!((value - 0.85).abs() < 1e-9);
        assert_eq!((missed, window), (Some((1, 5)), Some(Nanos(2_000_000_000))));
        assert_eq!(first, Some(Timestamp(6_000_000_000)));
        assert_eq!(holds("errors{side:server}: count<=30 for 1s"), (true, 30.0));
        assert_eq!(holds("latency_ms: p(99)<=30 for 5s"), (true, 20.0));
        assert_eq!(holds("latency_ms: med<15 for 5s"), (false, 20.0));
    }

    #[test]
    fn nothing_keeps_no_goal() {
        let nothing = Sample::default();
        for text in [
            "success_ratio>=0",
            "errors<1",
            "requests>=0",
            "latency_ms: p(99)<1",
            "offered_rps>=0",
            "good_ratio>=0",
            "success_ratio>=0 for 10s",
            "latency_ms: max<1 for 10s",
        ] {
            let found = Threshold::parse(text).unwrap().outcome(&nothing);
            assert_eq!(found, Outcome::NoData, "{text}");
        }
        assert_eq!(
            outcome("latency_ms: p(99.9)<1"),
            Outcome::TooFew { values: 970, needed: 3_688 }
        );
        assert_eq!(outcome("latency_all_ms: avg<1"), Outcome::NoData);
    }
}
