use std::sync::Arc;

use plimsoll_model::{CodeSet, Nanos, Rate, Secrets, Timestamp};

use crate::matcher::Matcher;
use crate::taxonomy::Taxonomy;
use crate::{GroupBy, Ports};

/// The share of good requests that is asked for where an SLO does not say.
const GOOD_RATIO: f64 = 0.99;

/// What to analyse, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// How records are grouped into chains.
    pub chains: ChainsBy,
    /// Accepted status codes, where a chain has none of its own.
    pub success_codes: CodeSet,
    /// What a good request is; without it no goodput is told.
    pub slo: Option<Slo>,
    /// Records before this moment are cut. Records without timestamp are cut where this or `to` is given.
    pub from: Option<Timestamp>,
    /// Records at or after this moment are cut.
    pub to: Option<Timestamp>,
    /// What is cut from the start of each run: a warm-up. Needs a pass over all records of its own.
    pub skip: Nanos,
    /// Counts records that are there twice as often as they are there.
    pub keep_duplicates: bool,
    /// Two-sided confidence of the intervals of proportions, inside 0..1.
    pub confidence: f64,
    /// Whether credentials in URLs, names and error texts are masked.
    pub secrets: Secrets,
    /// What error texts mean.
    pub taxonomy: Arc<Taxonomy>,
    /// Rates that generators were to keep; the first that matches a run's attack is the run's.
    pub intended: Vec<IntendedRate>,
    /// From when on a generator was the limit.
    pub validity: Validity,
    /// The ports of a generator's host.
    pub ports: Ports,
    /// How stages are measured.
    pub measure: Measure,
}

/// The rate that the attacks of some names were to keep.
#[derive(Clone, Debug)]
pub struct IntendedRate {
    /// Which attacks: conditions on the attack's name and the input hold, others never do.
    pub attacks: Matcher,
    /// The pattern of their names, as it was given; `None` for all attacks.
    pub pattern: Option<String>,
    /// The rate.
    pub rate: Rate,
}

/// What a generator has to keep to be no limit; METHODS.md §2.2.3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validity {
    /// The least share of the requests that were due that has to be sent, 0..=1.
    pub min_sent_ratio: f64,
    /// The largest share of requests that may fail by the generator's or the set-up's doing, 0..=1.
    pub max_client_error_ratio: f64,
    /// The largest 99th percentile of the send lag, as a share of the SLO's latency (of a second where there is none).
    pub max_send_lag_ratio: f64,
    /// The largest share of the CPU time that it could have that it may use, 0..=1.
    pub max_generator_cpu: f64,
}

impl Validity {
    /// The send lag that is accepted where this latency is asked for: at least two milliseconds, as a generator in good
    /// health sleeps in whole ones.
    #[must_use]
    pub fn lag_limit(&self, latency: Option<Nanos>) -> Nanos {
        const LEAST: Nanos = Nanos(2_000_000);
        const LATENCY_WITHOUT_SLO: Nanos = Nanos(1_000_000_000);
        let latency = latency.unwrap_or(LATENCY_WITHOUT_SLO);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of it"
        )]
        let limit = Nanos((latency.0 as f64 * self.max_send_lag_ratio) as u64);
        limit.max(LEAST)
    }
}

impl Default for Validity {
    fn default() -> Self {
        Self {
            min_sent_ratio: 0.99,
            max_client_error_ratio: 0.001,
            max_send_lag_ratio: 0.1,
            max_generator_cpu: 0.8,
        }
    }
}

/// How the windows of a stage are made and judged; METHODS.md §2.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// The length of a window. Those of stages that are too short for it are shorter.
    pub window: Nanos,
    /// What is left out at the start of a stage, at least.
    pub warm_up: Nanos,
    /// How many windows decide; with fewer, what they say is a screening.
    pub min_windows: u32,
    /// The share of them in which the SLO may be missed, 0..1.
    pub exceed_ratio: f64,
    /// How often windows are drawn for the interval of the capacity.
    pub resamples: usize,
    /// What decides which are drawn.
    pub seed: u64,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            window: Nanos(10_000_000_000),
            warm_up: Nanos(10_000_000_000),
            min_windows: 6,
            exceed_ratio: 0.5,
            resamples: 1_000,
            seed: 1,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chains: ChainsBy::Found,
            success_codes: CodeSet::default(),
            slo: None,
            from: None,
            to: None,
            skip: Nanos::ZERO,
            keep_duplicates: false,
            confidence: 0.95,
            secrets: Secrets::default(),
            taxonomy: Arc::default(),
            intended: Vec::new(),
            validity: Validity::default(),
            ports: Ports::default(),
            measure: Measure::default(),
        }
    }
}

/// The service level that a load has to be carried at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slo {
    /// A request is good if it is accepted and took at most this long.
    pub latency: Option<Nanos>,
    /// The share of accepted answers that is asked for, 0..=1.
    pub success_min: Option<f64>,
    /// The share of good requests that is asked for, 0..=1; 0.99 where nothing is said.
    pub good_ratio_min: Option<f64>,
}

impl Slo {
    /// The share of good requests that is asked for.
    #[must_use]
    pub fn good_ratio(&self) -> f64 {
        self.good_ratio_min.unwrap_or(GOOD_RATIO)
    }

    /// Whether both ask for the same, the share of good requests that is meant where nothing is said included.
    #[must_use]
    pub fn is_same_goal(&self, other: &Self) -> bool {
        let near = |own: Option<f64>, other: Option<f64>| match (own, other) {
            (Some(own), Some(other)) => (own - other).abs() < 1e-9,
            (own, other) => own.is_none() && other.is_none(),
        };
        // Without a latency there is no good request.
        let good = |slo: &Self| slo.latency.map(|_| slo.good_ratio());
        self.latency == other.latency
            && near(self.success_min, other.success_min)
            && near(good(self), good(other))
    }
}

/// How records are grouped into chains.
#[derive(Clone, Debug)]
pub enum ChainsBy {
    /// By whatever splits the records sensibly: attack names, hosts, first path segments.
    Found,
    /// By one attribute.
    Asked(GroupBy),
    /// By rules; the first that matches claims the record.
    Configured(Vec<ChainRule>),
}

/// A configured chain. Several rules may share a name: they are one chain.
#[derive(Clone, Debug)]
pub struct ChainRule {
    /// The chain's name.
    pub name: String,
    /// Which records are the chain's.
    pub matches: Matcher,
    /// Accepted status codes, where they differ from [`Options::success_codes`].
    pub success_codes: Option<CodeSet>,
}
