//! What a gate looks at: figures of runs, whether they were just counted or read from a summary.

use std::collections::BTreeMap;

use plimsoll_model::{Nanos, Rate, Timestamp};

use super::blocks::{in_blocks, length_of_blocks};
use crate::taxonomy::{Class, Side};
use crate::{ChainFindings, LatencySummary, VerdictKind};

/// One measurement: a run, or several generators' runs that were analysed together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// What it is called: the name of its file.
    pub name: String,
    /// When its first request was sent.
    pub start: Option<Timestamp>,
    /// Which status codes were a success.
    pub success_codes: String,
    /// Which latency was good enough.
    pub slo_latency: Option<Nanos>,
    /// Everything together.
    pub total: Sample,
    /// The chains, by name.
    pub chains: Vec<Sample>,
    /// Whether an input of it was damaged.
    pub damaged: bool,
}

impl Measured {
    /// The chain of this name.
    #[must_use]
    pub fn chain(&self, name: &str) -> Option<&Sample> {
        self.chains.iter().find(|chain| chain.chain == name)
    }
}

/// A chain of a measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Its name.
    pub chain: String,
    /// Requests.
    pub requests: u64,
    /// Accepted answers.
    pub successes: u64,
    /// Accepted and in time; `None` without a goal.
    pub good: Option<u64>,
    /// Requests per second.
    pub offered: Option<Rate>,
    /// Accepted answers per second.
    pub throughput: Option<Rate>,
    /// Good answers per second.
    pub goodput: Option<Rate>,
    /// Who set the limit.
    pub verdict: VerdictKind,
    /// That in a sentence.
    pub headline: String,
    /// Answers whose body is in the recording.
    pub bodies: u64,
    /// Failures by class.
    pub errors: BTreeMap<Class, u64>,
    /// What became of the requests of each moment, in order of time.
    pub windows: Vec<Window>,
    /// Latencies of accepted answers.
    pub success_latency: Latency,
    /// Latencies of all requests.
    pub all_latency: Latency,
    /// Latencies of accepted answers by blocks of time, in its order; none where the summary is older than these.
    pub latency_blocks: Vec<LatencyBlock>,
}

/// The requests of a span of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// When it begins.
    pub start: Option<Timestamp>,
    /// How long it is.
    pub span: Nanos,
    /// Requests that were sent.
    pub requests: u64,
    /// Accepted answers.
    pub successes: u64,
    /// Accepted and in time.
    pub good: Option<u64>,
    /// Failures by side.
    pub sides: BTreeMap<Side, u64>,
}

/// A distribution in a few figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    /// Values.
    pub count: u64,
    /// Least.
    pub min: Option<Nanos>,
    /// Mean.
    pub mean: Option<Nanos>,
    /// Greatest.
    pub max: Option<Nanos>,
    /// (quantile, value), for those that the sample supports.
    pub quantiles: Vec<(f64, Nanos)>,
}

/// Latencies of a span of time, told to 1.6 %.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatencyBlock {
    /// When it begins.
    pub start: Option<Timestamp>,
    /// How long it is.
    pub span: Nanos,
    /// (latency, answers), in rising order.
    pub counts: Vec<(Nanos, u64)>,
}

impl LatencyBlock {
    /// How far a latency may be off, as a share of it.
    pub const RELATIVE_ERROR: f64 = crate::windows::Spread::RELATIVE_ERROR;
}

impl Latency {
    /// The value of a quantile that is among those that are known.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<Nanos> {
        self.quantiles.iter().find(|known| (known.0 - quantile).abs() < 1e-9).map(|known| known.1)
    }
}

impl From<&LatencySummary> for Latency {
    fn from(found: &LatencySummary) -> Self {
        let supported = found.percentiles.iter().filter(|percentile| percentile.supported);
        Self {
            count: found.count,
            min: found.min,
            mean: found.mean,
            max: found.max,
            quantiles: supported
                .filter_map(|percentile| Some((percentile.quantile, percentile.value?)))
                .collect(),
        }
    }
}

impl Sample {
    /// Of what was just found. The headline is the verdict in words.
    #[must_use]
    pub fn of(found: &ChainFindings, headline: String) -> Self {
        let mut errors = BTreeMap::new();
        for error in &found.errors {
            *errors.entry(error.class).or_default() += error.count;
        }
        let window = |found: &crate::WindowFindings| Window {
            start: Some(found.start),
            span: found.span,
            requests: found.sent,
            successes: found.successes,
            good: found.good,
            sides: found.by_side.clone(),
        };
        Self {
            chain: found.name.clone(),
            requests: found.requests,
            successes: found.successes,
            good: found.good,
            offered: found.offered,
            throughput: found.throughput,
            goodput: found.goodput,
            verdict: found.verdict.kind,
            headline,
            bodies: found.bodies,
            errors,
            windows: found.windows.iter().map(window).collect(),
            success_latency: Latency::from(&found.latency.success),
            all_latency: Latency::from(&found.latency.all),
            latency_blocks: found.latency_blocks.clone(),
        }
    }

    /// Failures of a side.
    #[must_use]
    pub fn failed(&self, side: Side) -> u64 {
        let of_side = self.errors.iter().filter(|(class, _)| class.side() == side);
        of_side.map(|(_, count)| count).sum()
    }

    /// (successes, requests) by blocks of time that are long enough to see bursts.
    #[must_use]
    pub fn blocks(&self) -> Vec<(u64, u64)> {
        let windows: Vec<(u64, u64)> =
            self.windows.iter().map(|window| (window.successes, window.requests)).collect();
        in_blocks(&windows, length_of_blocks(windows.len()))
    }
}
