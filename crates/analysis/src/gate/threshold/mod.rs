//! Absolute goals, in the grammar of k6's thresholds: `success_ratio{chain:ethereum}>=0.995`,
//! `latency_ms{chain:kava}: p(99)<500`, `errors{side:server}: count<10 for 10s`.

mod evaluate;
mod parse;

use std::fmt;

use plimsoll_model::{Nanos, Timestamp};

use crate::taxonomy::{Class, Side};
pub(super) use evaluate::quantile_of;
pub use parse::InvalidThreshold;

/// A goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As it was written.
    pub text: String,
    /// What is looked at.
    pub metric: Metric,
    /// Of which chain; `None` for all together.
    pub chain: Option<String>,
    /// Of errors, which side's.
    pub side: Option<Side>,
    /// Of errors, which class.
    pub class: Option<Class>,
    /// What is made of it.
    pub aggregation: Aggregation,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: f64,
    /// In each span of this length rather than over the whole run.
    pub window: Option<Nanos>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Accepted answers per request.
    SuccessRatio,
    /// Accepted answers in time, per request.
    GoodRatio,
    /// Failures per request.
    ErrorRatio,
    /// Failures.
    Errors,
    /// Requests.
    Requests,
    /// Latency of accepted answers, in milliseconds.
    LatencyMs,
    /// Latency of all requests, in milliseconds.
    AllLatencyMs,
    /// Requests per second.
    OfferedRps,
    /// Accepted answers per second.
    ThroughputRps,
    /// Accepted answers in time, per second.
    GoodputRps,
}

impl Metric {
    /// All, with their names.
    pub const ALL: [(&'static str, Self); 13] = [
        ("success_ratio", Self::SuccessRatio),
        ("good_ratio", Self::GoodRatio),
        ("error_ratio", Self::ErrorRatio),
        ("errors", Self::Errors),
        ("requests", Self::Requests),
        ("latency_ms", Self::LatencyMs),
        ("latency_all_ms", Self::AllLatencyMs),
        ("offered_rps", Self::OfferedRps),
        ("throughput_rps", Self::ThroughputRps),
        ("goodput_rps", Self::GoodputRps),
        // As k6 calls them.
        ("http_req_duration", Self::AllLatencyMs),
        ("http_req_failed", Self::ErrorRatio),
        ("http_reqs", Self::Requests),
    ];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, metric)| *metric == self).map_or("", |(name, _)| name)
    }

    /// Whether it is told by side and class.
    fn is_of_errors(self) -> bool {
        matches!(self, Self::ErrorRatio | Self::Errors)
    }

    fn aggregations(self) -> &'static str {
        match self {
            Self::SuccessRatio | Self::GoodRatio | Self::ErrorRatio => "rate",
            Self::Errors | Self::Requests => "count, rate",
            Self::LatencyMs | Self::AllLatencyMs => "avg, min, med, max, p(N)",
            Self::OfferedRps | Self::ThroughputRps | Self::GoodputRps => "value",
        }
    }

    /// What is made of it where nothing is said.
    fn default_aggregation(self) -> Option<Aggregation> {
        match self {
            Self::SuccessRatio | Self::GoodRatio | Self::ErrorRatio => Some(Aggregation::Rate),
            Self::Errors | Self::Requests => Some(Aggregation::Count),
            Self::LatencyMs | Self::AllLatencyMs => None,
            Self::OfferedRps | Self::ThroughputRps | Self::GoodputRps => Some(Aggregation::Value),
        }
    }

    fn takes(self, aggregation: Aggregation) -> bool {
        use Aggregation::{Average, Count, Max, Min, Quantile, Rate, Value};
        match self {
            Self::SuccessRatio | Self::GoodRatio | Self::ErrorRatio => aggregation == Rate,
            Self::Errors | Self::Requests => matches!(aggregation, Count | Rate),
            Self::LatencyMs | Self::AllLatencyMs => {
                matches!(aggregation, Average | Min | Max | Quantile(_))
            }
            Self::OfferedRps | Self::ThroughputRps | Self::GoodputRps => aggregation == Value,
        }
    }
}

/// What is made of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregation {
    /// How many.
    Count,
    /// Of a ratio, itself; of counts, per second.
    Rate,
    /// What it is.
    Value,
    /// The mean.
    Average,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// A quantile, inside 0..1; `med` is 0.5.
    Quantile(f64),
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`, `===`
    Equal,
    /// `!=`
    Unequal,
}

impl Operator {
    fn holds(self, found: f64, value: f64) -> bool {
        match self {
            Self::Less => found < value,
            Self::AtMost => found <= value,
            Self::More => found > value,
            Self::AtLeast => found >= value,
            // As k6 does, to the last digit.
            Self::Equal => found.total_cmp(&value).is_eq() || found - value == 0.0,
            Self::Unequal => !Self::Equal.holds(found, value),
        }
    }

    /// Which of two values is further from holding.
    fn worse(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Less | Self::AtMost => a.max(b),
            Self::More | Self::AtLeast => a.min(b),
            Self::Equal | Self::Unequal => a,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        })
    }
}

/// What became of a goal.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was looked at.
    Found {
        /// The value; of several spans, the worst.
        value: f64,
        /// Whether it holds; of several spans, in all of them.
        holds: bool,
        /// Of several spans, in how many of how many it does not.
        missed: Option<(usize, usize)>,
        /// When the first of these begins.
        first: Option<Timestamp>,
        /// How long the spans are: as long as was asked for, or the next that the windows allow.
        window: Option<Nanos>,
    },
    /// There is nothing to look at, which is no way to keep a goal.
    NoData,
    /// There are too few values for the quantile.
    TooFew {
        /// How many there are.
        values: u64,
        /// How many it takes.
        needed: u64,
    },
}
