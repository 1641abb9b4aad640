use std::collections::BTreeMap;

use plimsoll_analysis::{CapacityFindings, Findings, Slo};
use plimsoll_model::{Ledger, Nanos, Timestamp};

/// All that a report is made of.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// What was found in the records.
    pub findings: &'a Findings,
    /// What was read, in the order of `findings.inputs`.
    pub ledgers: &'a [Ledger],
    /// What the analysis was asked.
    pub config: EffectiveConfig,
    /// Plimsoll's version.
    pub version: &'a str,
}

/// The settings that were in force, from configuration and command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EffectiveConfig {
    /// The SLO's latency.
    pub slo_latency: Option<Nanos>,
    /// The SLO's least share of accepted answers, 0..=1.
    pub slo_success_min: Option<f64>,
    /// The SLO's least share of good requests, 0..=1.
    pub slo_good_ratio_min: Option<f64>,
    /// The accepted status codes, as in `200-399`.
    pub success_codes: String,
    /// Records before this moment were cut.
    pub from: Option<Timestamp>,
    /// Records after this moment were cut.
    pub to: Option<Timestamp>,
    /// Length of the warm-up that was cut from each run.
    pub skip: Nanos,
    /// Whether a configured chain looks at answer headers.
    pub matched_by_header: bool,
    /// The configured chains.
    pub chains: Vec<ConfiguredChain>,
    /// The length of the windows that stages are judged by.
    pub window: Nanos,
    /// How many instances served a chain in the test, where that was said; else one.
    pub instances_under_test: BTreeMap<String, u32>,
}

/// What the configuration says of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredChain {
    /// The chain's name.
    pub name: String,
    /// The status codes that are accepted instead of [`EffectiveConfig::success_codes`], as in `200,404`.
    pub success_codes: Option<String>,
}

impl EffectiveConfig {
    /// What a good answer was.
    pub(crate) fn slo(&self) -> Slo {
        Slo {
            latency: self.slo_latency,
            success_min: self.slo_success_min,
            good_ratio_min: self.slo_good_ratio_min,
        }
    }

    /// How many instances a capacity of this chain was found on; that of a mix, on as many as served any chain of it.
    pub(crate) fn instances_of(&self, chain: &str, found: &CapacityFindings) -> u32 {
        let of = |chain: &str| self.instances_under_test.get(chain).copied().unwrap_or(1);
        found.mix.iter().map(|part| of(&part.chain)).max().unwrap_or_else(|| of(chain))
    }

    /// Whether any goal was set.
    pub(crate) fn has_slo(&self) -> bool {
        self.slo_latency.is_some()
            || self.slo_success_min.is_some()
            || self.slo_good_ratio_min.is_some()
    }
}
