use plimsoll_model::{CodeSet, Nanos, Timestamp};

use crate::GroupBy;
use crate::matcher::Matcher;

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
