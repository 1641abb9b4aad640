//! Who failed, and how that is known.
//!
//! A verdict is data: its kind, and the evidence in the order in which it is to be told. Words are render's.

mod judge;

use std::collections::BTreeMap;

use plimsoll_model::{Nanos, PortBudget, Rate, Timestamp};

use crate::taxonomy::Class;
use crate::{Intended, LatencySummary, Pace};

pub(crate) use judge::{Case, Goals, Load, judge};

/// Who set the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// Nobody: what was asked for was carried.
    Healthy,
    /// The load generator: what the server can do was not measured.
    GeneratorLimited,
    /// The test's own set-up: targets, names, certificates, credentials.
    SetupError,
    /// The network between generator and server.
    PathFailure,
    /// The server, or the gateway in front of it.
    ServerLimited,
    /// The application behind sound HTTP answers.
    ApplicationFailure,
    /// Several of these at once.
    Mixed,
    /// Too few requests, or failures that no rule knows.
    #[default]
    InsufficientData,
}

impl VerdictKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Healthy,
        Self::GeneratorLimited,
        Self::SetupError,
        Self::PathFailure,
        Self::ServerLimited,
        Self::ApplicationFailure,
        Self::Mixed,
        Self::InsufficientData,
    ];

    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::GeneratorLimited => "generator_limited",
            Self::SetupError => "setup_error",
            Self::PathFailure => "path_failure",
            Self::ServerLimited => "server_limited",
            Self::ApplicationFailure => "application_failure",
            Self::Mixed => "mixed",
            Self::InsufficientData => "insufficient_data",
        }
    }
}

/// A verdict on a chain or on all records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Who set the limit.
    pub kind: VerdictKind,
    /// Failures by class that the generator's collapse accounts for although their texts name the server: broken
    /// connections and time-outs that began after the first sign of it.
    pub wake: BTreeMap<Class, u64>,
    /// How it is known; in the order in which things happened, then what else there is to know.
    pub evidence: Vec<Evidence>,
}

/// One reason for a verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// Requests failed in one way.
    Failures(Box<ClassFailures>),
    /// Failures of a further, rarer kind, together.
    Others {
        /// Classes.
        classes: u64,
        /// Requests.
        count: u64,
    },
    /// The generator sent its requests late, or not at all.
    Behind(Box<Behind>),
    /// It sent its requests in bursts, with pauses between them: it waited for workers, or for itself.
    Bursts {
        /// Pauses.
        pauses: u64,
        /// The share of the time that they took, 0..=1.
        share: f64,
        /// Start and length of the longest.
        longest: (Timestamp, Nanos),
        /// Requests in flight, on average.
        in_flight: f64,
    },
    /// It used nearly all of the CPU time that it could have.
    Busy(Busy),
    /// It kept its schedule.
    OnSchedule {
        /// The rate that it was to keep, where it is one.
        intended: Option<Intended>,
        /// The send lag.
        lag: LatencySummary,
    },
    /// Whether it kept its schedule cannot be told.
    Unchecked(Unchecked),
    /// Time-outs came before the server's GOAWAYs, and are known to provoke them.
    Provoked {
        /// When the first time-out was over.
        timeout: Timestamp,
        /// When the first request ended with `ENHANCE_YOUR_CALM`.
        calm: Timestamp,
    },
    /// Broken connections and time-outs that count as the generator's doing, by class.
    Wake(BTreeMap<Class, u64>),
    /// What ports the rate takes.
    Ports(PortBudget),
    /// Answers were accepted, and too slow.
    Slow {
        /// Accepted answers that took longer than the SLO allows.
        slow: u64,
        /// The SLO's latency.
        limit: Nanos,
    },
    /// No body was recorded: JSON-RPC errors inside HTTP successes cannot be seen.
    NoBodies,
}

/// Failures of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassFailures {
    /// The class.
    pub class: Class,
    /// Requests.
    pub count: u64,
    /// Classes that all of their texts may stand for as well.
    pub alternatives: Vec<Class>,
    /// The most frequent texts, at most three, with their requests.
    pub templates: Vec<(String, u64)>,
    /// All texts.
    pub of_templates: usize,
    /// What the most frequent text means.
    pub meaning: String,
    /// What to do about it.
    pub advice: String,
    /// Where and when they began.
    pub onset: Onset,
    /// When the last was sent.
    pub last: Option<Timestamp>,
    /// The chains that they hit, the most hit first, if there are several chains; and how many chains there are.
    pub chains: Vec<String>,
    /// All chains.
    pub of_chains: usize,
    /// The hosts that they hit, the most hit first, if there are several hosts.
    pub hosts: Vec<String>,
    /// All hosts.
    pub of_hosts: usize,
}

/// Where failures began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Onset {
    /// When the first of them was sent.
    pub first: Option<Timestamp>,
    /// How long after the first request of all.
    pub after: Option<Nanos>,
    /// The lowest rate of a run from which on at least one in a hundred failed this way ...
    pub from: Option<Rate>,
    /// ... and the highest below it, at which fewer did.
    pub clean_up_to: Option<Rate>,
}

/// How a generator fell behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// The rate that it was to keep, where it is one.
    pub intended: Option<Intended>,
    /// The rate that it kept.
    pub achieved: Option<Rate>,
    /// Its lag and stalls.
    pub pace: Pace,
    /// All latencies as they were recorded.
    pub recorded: LatencySummary,
}

/// How busy a generator was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Busy {
    /// The share of the requests that were due while it used more of the CPU time that it could have than `limit`, 0..=1.
    pub share: f64,
    /// The largest share of that time that it used.
    pub most: f64,
    /// From which share on it counts as the limit.
    pub limit: f64,
}

/// Why it cannot be told whether a generator kept its schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchecked {
    /// The records have no numbers.
    NoNumbers,
    /// The requests follow no constant rate, as far as can be seen, and none was given.
    NoRate,
}
