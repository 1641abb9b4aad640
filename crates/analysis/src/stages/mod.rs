//! From a chain's windows to its stages, and from these to what load it sustains.

mod capacity;
mod mix;
mod segment;
mod stage;
mod table;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Nanos, Rate, Timestamp};

use crate::capacity::backlog::Backlog;
use crate::capacity::mlrsearch::Classification;
use crate::capacity::sustained::{Binding, Censored, Interval};
use crate::capacity::usl;
use crate::capacity::window::Reason;
use crate::gate::sample::LatencyBlock;
use crate::windows::Window;
use crate::{Options, Proportion};
pub(crate) use mix::judge as judge_together;
use stage::Stage;
pub use table::WindowFindings;
pub(crate) use timeline::Part;

/// A span of constant offered rate.
#[derive(Clone, Debug, PartialEq)]
pub struct StageFindings {
    /// Requests per second that were to be sent, where that is known, or else that were.
    pub offered: Rate,
    /// When it was to begin, where that is known, or else the start of the first whole window of time.
    pub start: Timestamp,
    /// When it was to end, where that is known, or else the end of the last.
    pub end: Timestamp,
    /// The length of its windows.
    pub window: Nanos,
    /// Windows behind the warm-up.
    pub windows: usize,
    /// Those in which the generator was not the limit.
    pub valid_windows: usize,
    /// Requests in these windows, all of them.
    pub requests: u64,
    /// Good requests; `None` without an SLO's latency.
    pub good: Option<u64>,
    /// Good requests per second; `None` without an SLO's latency.
    pub goodput: Option<Rate>,
    /// Accepted answers.
    pub success: Option<Proportion>,
    /// Latency of the accepted answers.
    pub latency: StageLatency,
    /// Whether the load is sustained; `None` without an SLO.
    pub classification: Option<Classification>,
    /// What makes it too high.
    pub binding: Option<Binding>,
    /// What a growing backlog showed by.
    pub backlog: Option<Backlog>,
    /// Windows that do not count, by the reason.
    pub invalid: BTreeMap<Reason, usize>,
    /// Whether the latency was still settling.
    pub not_steady: bool,
    /// Whether the rate rose or fell all the time.
    pub is_ramp: bool,
}

/// Latency of a stage's accepted answers, from when they were due; what they are too few to tell is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageLatency {
    /// Accepted answers.
    pub count: u64,
    /// Median.
    pub p50: Option<Nanos>,
    /// 90th percentile.
    pub p90: Option<Nanos>,
    /// 95th percentile.
    pub p95: Option<Nanos>,
    /// 99th percentile.
    pub p99: Option<Nanos>,
    /// 99.9th percentile.
    pub p999: Option<Nanos>,
}

impl StageLatency {
    /// The largest error of a percentile, as a share of the value.
    pub const RELATIVE_ERROR: f64 = crate::windows::Spread::RELATIVE_ERROR;

    fn of(window: &Window) -> Self {
        Self {
            count: window.successes(),
            p50: window.percentile(500),
            p90: window.percentile(900),
            p95: window.percentile(950),
            p99: window.percentile(990),
            p999: window.percentile(999),
        }
    }
}

/// What load a chain sustains at its SLO.
#[derive(Clone, Debug, PartialEq)]
pub struct CapacityFindings {
    /// The largest rate that held, below all that did not.
    pub lower: Option<Rate>,
    /// The smallest rate that did not hold.
    pub upper: Option<Rate>,
    /// Good requests per second at the lower bound.
    pub conditional: Option<Rate>,
    /// The widest of the bracket and the intervals of windows drawn again and of repeated sweeps.
    pub interval: Interval,
    /// (upper - lower)/upper.
    pub relative_width: Option<f64>,
    /// Why it is open at an end.
    pub censored: Censored,
    /// What makes the upper bound too high.
    pub binding: Option<Binding>,
    /// It rests on too few windows, or on a ramp.
    pub screening: bool,
    /// Other chains shared the server meanwhile: it holds for this mix only.
    pub mixed: bool,
    /// Of the capacity of several chains together, the mix that it holds for: each chain's share of the rate.
    pub mix: Vec<MixShare>,
    /// Of the same, the chain that gives way first.
    pub limited_by: Option<String>,
    /// The length of the windows; of several, the shortest.
    pub window: Nanos,
    /// What other methods say, which size nothing.
    pub second_opinions: SecondOpinions,
    /// Rates that would narrow the bracket, ...
    pub next_rates: Vec<Rate>,
    /// ... and how long each has to be held.
    pub hold: Nanos,
}

/// A chain's share of a rate.
#[derive(Clone, Debug, PartialEq)]
pub struct MixShare {
    /// The chain's name.
    pub chain: String,
    /// Its requests over those of all chains, 0..=1.
    pub share: f64,
}

/// What other methods say of the same stages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecondOpinions {
    /// The Universal Scalability Law over steady windows, or why there is none.
    pub usl: Option<Result<usl::Fit, usl::FitError>>,
    /// What that was fitted to: a point for each window.
    pub usl_points: Vec<usl::Point>,
    /// How well its peak is known, by windows drawn again; `None` where it has none that is to be trusted.
    pub usl_peak: Option<usl::PeakInterval>,
    /// Where the curve of goodput over offered rate turns (Kneedle).
    pub kneedle: Option<Rate>,
    /// Where goodput stops following the offered rate (segmented regression).
    pub segmented: Option<Rate>,
}

/// What a chain's windows show.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) windows: Vec<WindowFindings>,
    pub(crate) latency_blocks: Vec<LatencyBlock>,
    pub(crate) stages: Vec<StageFindings>,
    /// `None` without an SLO, and where no stage tells.
    pub(crate) capacity: Option<CapacityFindings>,
}

/// A chain's windows and stages, and what load it sustains. `everything` are the requests of all chains by the index of
/// the window.
pub(crate) fn found(
    parts: &[Part<'_>],
    everything: &[(i64, u64)],
    groups: Option<&BTreeSet<u32>>,
    width: Nanos,
    options: &Options,
) -> Found {
    let Ok(width) = i64::try_from(width.0) else { return Found::default() };
    let lags: Vec<Vec<(i64, Nanos)>> = parts
        .iter()
        .map(|part| part.pace.map_or_else(Vec::new, |pace| pace.lags(groups)))
        .collect();
    let stages: Vec<Stage> = timeline::spans(parts, width)
        .iter()
        .filter_map(|span| Stage::of(span, parts, &lags, everything, width, &options.measure))
        .collect();
    let (windows, latency_blocks) = table::table(parts, &lags, width, options);
    let Some(slo) = options.slo else {
        let stages = stages.iter().map(|stage| stage.finding(None, options)).collect();
        return Found { windows, latency_blocks, stages, capacity: None };
    };
    let (stages, capacity) = capacity::judge(&stages, &slo, options);
    Found { windows, latency_blocks, stages, capacity }
}

impl Stage {
    fn finding(&self, judged: Option<&capacity::Verdict>, options: &Options) -> StageFindings {
        let mut all = Window::default();
        for window in &self.windows {
            all.merge(&window.counts);
        }
        let has_slo = options.slo.is_some_and(|slo| slo.latency.is_some());
        let good = has_slo.then(|| all.good());
        let time = Nanos(self.window.0.saturating_mul(self.windows.len() as u64));
        StageFindings {
            offered: self.offered,
            start: self.start,
            end: self.end,
            window: self.window,
            windows: self.windows.len(),
            valid_windows: judged.map_or(self.windows.len(), |judged| judged.valid),
            requests: all.requests(),
            good,
            goodput: good.and_then(|good| Rate::over(good, time)),
            success: Proportion::wilson(all.successes(), all.requests(), options.confidence),
            latency: StageLatency::of(&all),
            classification: judged.map(|judged| judged.classification),
            binding: judged.and_then(|judged| judged.binding),
            backlog: judged.and_then(|judged| judged.backlog),
            invalid: judged.map(|judged| judged.invalid.clone()).unwrap_or_default(),
            not_steady: self.not_steady,
            is_ramp: self.is_ramp,
        }
    }
}
