//! What an analysis says. Plain data with public fields: any value is valid, and render reads all of it.

use std::collections::BTreeMap;

use plimsoll_model::{InputId, Nanos, Rate, Timestamp};
pub use plimsoll_model::{PortBudget, Ports};

pub use crate::distribution::Distribution;
use crate::gate::sample::LatencyBlock;
use crate::stages::{CapacityFindings, StageFindings, WindowFindings};
use crate::taxonomy::{Class, Side};
pub use crate::verdict::{Behind, ClassFailures, Evidence, Onset, Unchecked, Verdict, VerdictKind};

/// Everything that was found in the records.
#[derive(Clone, Debug)]
pub struct Findings {
    /// What became of each input's records, by [`InputId`].
    pub inputs: Vec<InputFindings>,
    /// The runs, by their first record.
    pub runs: Vec<RunFindings>,
    /// All records together.
    pub total: ChainFindings,
    /// The chains, by name; records that no chain claims come last as `(unmatched)`, folded ones as `(other)`.
    pub chains: Vec<ChainFindings>,
    /// How the chains were formed.
    pub grouping: Grouping,
    /// What requests took of their generators' CPU time; `None` where these do not tell it.
    pub generator_cpu: Option<GeneratorCpu>,
    /// What the reader of the answer has to know before believing it.
    pub warnings: Vec<Warning>,
}

/// CPU time of generators and the requests that it went into, cut ones among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorCpu {
    /// Of all generators that tell it.
    pub time: Nanos,
    /// Records of theirs.
    pub requests: u64,
}

impl GeneratorCpu {
    /// CPU time for a request.
    #[must_use]
    pub fn per_request(&self) -> Nanos {
        Nanos(self.time.0 / self.requests.max(1))
    }
}

/// What became of one input's records. `read = counted + duplicates + cut`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputFindings {
    /// Records that the reader handed over.
    pub read: u64,
    /// Records that every figure is made of.
    pub counted: u64,
    /// Records that had been counted before, from this input or another.
    pub duplicates: u64,
    /// Records outside `--from`, `--to` or inside `--skip`.
    pub cut: u64,
    /// Records without a timestamp (counted, but in no rate).
    pub without_timestamp: u64,
    /// The earliest and the latest timestamp of all records that were read.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// One generator's stream.
#[derive(Clone, Debug)]
pub struct RunFindings {
    /// The attack's name, empty where it has none.
    pub attack: String,
    /// The inputs that hold the run's records.
    pub inputs: Vec<InputId>,
    /// Counted records.
    pub requests: u64,
    /// From the first request until one mean interval after the last one.
    pub active_spans: Vec<(Timestamp, Timestamp)>,
    /// Accepted answers.
    pub success: Option<Proportion>,
    /// All latencies; `None` where there were too many runs to keep them apart.
    pub latency: Option<LatencySummary>,
    /// The rate that the generator was to keep, where it is known.
    pub intended: Option<Intended>,
    /// How late the requests were sent; `None` where the intended schedule is not known.
    pub pace: Option<Pace>,
    /// Numbers between the first and the last that no record has: results that were lost. `None` where that cannot be told.
    pub missing: Option<u64>,
}

/// A rate that a generator was to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intended {
    /// Requests per second.
    pub rate: Rate,
    /// How it is known.
    pub source: RateSource,
    /// How far it may be wrong, as a share of it.
    pub uncertainty: f64,
}

/// How an intended rate is known, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateSource {
    /// Each record says when its request was due.
    Recorded,
    /// It was given.
    Configured,
    /// From the numbers and timestamps of the undisturbed spans of the run.
    Envelope,
}

/// How requests were sent, against the schedule that the generator was to keep.
///
/// Send lag is a request's timestamp less the moment at which it was due; METHODS.md §2.2.3. It is measured on every
/// `stride`-th request of each run, where that is more than the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// How the schedule is known; of several runs, the weaker source.
    pub source: RateSource,
    /// Send lag. Its count is the number of requests that it was measured on.
    pub lag: LatencySummary,
    /// Requests that were later than is accepted.
    pub late: Late,
    /// Requests sent per request that was due by then, 0..=1.
    pub sent_ratio: f64,
    /// Latencies from the moment at which the requests were due, of those that the lag was measured on.
    pub corrected: LatencySummary,
    /// Pauses in which requests were due and none was sent.
    pub stalls: u64,
    /// The longest of them: start and length.
    pub longest_stall: Option<(Timestamp, Nanos)>,
    /// Requests in flight, on average, while the generator was behind.
    pub in_flight_when_late: Option<f64>,
}

/// Requests that were sent later than is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Late {
    /// The lag that is accepted.
    pub limit: Nanos,
    /// Requests with more, of those that the lag was measured on.
    pub share: Option<Proportion>,
    /// When the first of them was sent.
    pub first: Option<Timestamp>,
}

/// One chain, or all of them together. All figures are over counted records.
#[derive(Clone, Debug)]
pub struct ChainFindings {
    /// The chain's name, unmasked texts never.
    pub name: String,
    /// The inputs that hold its records, as far as its runs were kept apart.
    pub inputs: Vec<InputId>,
    /// Records counted.
    pub requests: u64,
    /// Accepted answers (no error, an accepted status code).
    pub successes: u64,
    /// `requests - successes`.
    pub failures: u64,
    /// Accepted and within the SLO's latency; `None` without one.
    pub good: Option<u64>,
    /// `successes / requests`; `None` without requests.
    pub success: Option<Proportion>,
    /// vegeta's definition: `200 <= code < 400`.
    pub http_success: Option<Proportion>,
    /// Requests that vegeta would call successes.
    pub http_successes: u64,
    /// Time in which the chain's runs were under way: their union, without the gaps between runs. 0 where there were too
    /// many runs to keep them apart: then there are no rates either.
    pub active: Nanos,
    /// `requests / active`; `None` where no time passed or it is not known.
    pub offered: Option<Rate>,
    /// `successes / active`.
    pub throughput: Option<Rate>,
    /// `good / active`; `None` without an SLO.
    pub goodput: Option<Rate>,
    /// Sum of the answers' captured bytes.
    pub bytes_in_total: u64,
    /// The same of accepted answers alone: bodies, without headers.
    pub bytes_in_success: u64,
    /// Sum of the requests' bytes.
    pub bytes_out_total: u64,
    /// Records whose answer's bytes were captured (`bytes_in > 0`).
    pub bytes_measured: u64,
    /// Records whose answer's body is in the recording: where there is none, JSON-RPC errors cannot be seen.
    pub bodies: u64,
    /// Failures by side, for the sides that have some.
    pub errors_by_side: BTreeMap<Side, u64>,
    /// Accepted answers among the requests that the generator and the test's set-up let through.
    pub server_success: Option<Proportion>,
    /// The rate that was to be kept, where the chain's requests are those of one run.
    pub intended: Option<Intended>,
    /// How late the chain's requests were sent, or why that is not known.
    pub pace: Result<Pace, Unchecked>,
    /// Who failed, and how that is known.
    pub verdict: Verdict,
    /// The window table: the chain's requests by when they were due, in order of time.
    pub windows: Vec<WindowFindings>,
    /// Latencies of accepted answers, from when they were due, by blocks of a few of these windows.
    pub latency_blocks: Vec<LatencyBlock>,
    /// The spans of constant rate that the chain's requests were due in, in order of time.
    pub stages: Vec<StageFindings>,
    /// What load it sustains; `None` without an SLO, and where no stage tells.
    pub capacity: Option<CapacityFindings>,
    /// Latencies, successes and failures apart.
    pub latency: LatencyFindings,
    /// Records by HTTP status; 0 means that no complete answer arrived.
    pub status_codes: BTreeMap<u16, u64>,
    /// Distinct error templates, the most frequent first (then by template).
    pub errors: Vec<ErrorFinding>,
    /// The earliest timestamp.
    pub earliest: Option<Timestamp>,
    /// The latest timestamp.
    pub latest: Option<Timestamp>,
    /// The latest `timestamp + latency`.
    pub end: Option<Timestamp>,
    /// The attack names whose records the chain holds, in order of the name (a bounded number).
    pub attacks: Vec<String>,
    /// The hosts that its requests were sent to, in order of the name (a bounded number).
    pub hosts: Vec<String>,
}

/// `successes` of `trials` with its Wilson score interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportion {
    /// Numerator.
    pub successes: u64,
    /// Denominator, at least 1.
    pub trials: u64,
    /// `successes / trials`, 0..=1.
    pub ratio: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Two-sided confidence of the interval, for example 0.95.
    pub confidence: f64,
}

/// Latencies of a chain.
#[derive(Clone, Debug)]
pub struct LatencyFindings {
    /// Every record.
    pub all: LatencySummary,
    /// Accepted answers.
    pub success: LatencySummary,
    /// The others.
    pub failure: LatencySummary,
    /// The distribution behind `success`.
    pub success_histogram: Distribution,
    /// The distribution behind `failure`.
    pub failure_histogram: Distribution,
}

/// Count, exact sum, minimum and maximum, and nearest-rank percentiles of a distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencySummary {
    /// Values.
    pub count: u64,
    /// Exact sum in nanoseconds.
    pub sum_ns: u128,
    /// Exact minimum; `None` without values.
    pub min: Option<Nanos>,
    /// `sum / count`, truncated to a nanosecond.
    pub mean: Option<Nanos>,
    /// Nearest-rank percentiles in the order p50, p90, p95, p99, p99.9.
    pub percentiles: Vec<Percentile>,
    /// Exact maximum.
    pub max: Option<Nanos>,
    /// The largest relative error of a percentile.
    pub relative_error: f64,
}

/// One percentile of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentile {
    /// Which one, as a quantile in 0..1, for example 0.99.
    pub quantile: f64,
    /// Its value by nearest rank; `None` without values.
    pub value: Option<Nanos>,
    /// Whether the sample supports it (two-sided 95 % order-statistics interval exists). Reports show it only if so.
    pub supported: bool,
}

/// An error template with its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorFinding {
    /// What failed.
    pub class: Class,
    /// Classes that the text may stand for as well.
    pub alternatives: Vec<Class>,
    /// What happened, in a sentence.
    pub meaning: String,
    /// What to do about it.
    pub advice: String,
    /// The text with ports, addresses, ids and URLs blanked.
    pub template: String,
    /// The first recorded text, credentials masked, at most 2 KiB of it. Empty where the failures have no text: then the
    /// template says which status they have.
    pub example: String,
    /// Records.
    pub count: u64,
    /// Timestamp of the earliest record with it.
    pub first: Option<Timestamp>,
    /// Timestamp of the latest record with it.
    pub last: Option<Timestamp>,
    /// When the first of the records with it was over.
    pub first_end: Option<Timestamp>,
    /// Sum of the records' latencies in nanoseconds.
    pub latency_sum_ns: u128,
    /// The place of the first record with it among all records, inputs one after another, from 0.
    pub first_place: u64,
    /// The HTTP status, 0 where no complete answer arrived or several statuses are together here.
    pub status: u16,
    /// Whether the text is that of a JSON-RPC error inside an HTTP success.
    pub is_rpc: bool,
    /// That error's code.
    pub rpc_code: Option<i64>,
    /// Records by host (a bounded number of hosts), the most first.
    pub hosts: Vec<HostFailures>,
}

/// Failures of the requests to one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFailures {
    /// Host and port; empty where the records have none.
    pub host: String,
    /// Records.
    pub count: u64,
}

/// How the chains were formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// By the configuration's `[chains.<name>]`.
    Configured,
    /// As asked for on the command line.
    Asked(GroupBy),
    /// Found in the data: by what.
    Found(FoundBy),
}

/// What automatic grouping went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// Attack names; names that differ only in a number are one chain.
    Attack,
    /// Host and port.
    Host,
    /// The first path segment.
    Path,
    /// Nothing splits the records: they are one chain.
    Nothing,
}

/// What `--group-by` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// The attack's name, exactly.
    Attack,
    /// Host and port of the URL.
    Host,
    /// The first `n` path segments.
    Path(usize),
    /// The URL without its query, masked.
    Url,
    /// The input's name.
    File,
    /// The HTTP method.
    Method,
}

/// What the reader of the answer has to know before believing it.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// Records had been counted before and were left out.
    Duplicates {
        /// How many.
        records: u64,
    },
    /// There were more groups than are kept apart: the rest is in `(other)`.
    GroupsFolded {
        /// The most that are kept apart.
        limit: usize,
        /// Records in `(other)`.
        records: u64,
    },
    /// There were more runs, or more parts of runs by group, than are kept apart: some have no latencies, some chains may
    /// have no rates.
    RunsFolded {
        /// The limit that was reached.
        limit: usize,
    },
    /// There were more error templates than are kept.
    ErrorsFolded {
        /// The most that are kept.
        limit: usize,
        /// Records whose template was not kept: they are in `(other errors)`.
        records: u64,
    },
    /// Records without a timestamp are in no rate.
    WithoutTimestamp {
        /// How many.
        records: u64,
    },
    /// Records that no configured chain claims.
    Unmatched {
        /// How many.
        records: u64,
    },
    /// Duplicates may have been missed: an input could not be read again to make sure.
    DuplicatesUnchecked {
        /// Records that fall into a time span that had been set aside to bound memory.
        records: u64,
    },
    /// Numbers inside runs that no record has: results that were lost, which no figure can hold.
    NumbersMissing {
        /// How many.
        records: u64,
    },
    /// A run was faster than the rate that was given for it, which was therefore left aside.
    RateExceeded {
        /// The run's attack.
        attack: String,
        /// What was given.
        given: Rate,
    },
    /// A rate was given for attacks that are not in the records.
    UnmatchedRate {
        /// The pattern of their names.
        attacks: String,
    },
    /// A configured chain matched nothing.
    EmptyChain {
        /// Its name.
        name: String,
    },
}
