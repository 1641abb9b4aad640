//! Records to findings: which chains there are, how many requests succeeded, how long they took, at which rate they came.
//!
//! ```
//! use plimsoll_analysis::{Analyzer, Options, Step};
//! use plimsoll_model::{Batch, Nanos, Record, Target, TargetId, Timestamp};
//!
//! let request = |seq: u64| Record {
//!     timestamp: Timestamp(1_700_000_000_000_000_000 + seq.cast_signed() * 5_000_000),
//!     latency: Nanos(12_000_000),
//!     seq,
//!     bytes_in: 56,
//!     bytes_out: 60,
//!     target: TargetId(0),
//!     error: None,
//!     code: 200,
//!     has_seq: true,
//!     has_body: false,
//!     intended: Timestamp::UNKNOWN,
//! };
//! let batch = Batch {
//!     records: (0..200).map(request).collect(),
//!     targets: vec![Target { attack: "eth".into(), url: "http://127.0.0.1:9001/eth".into(), ..Target::default() }],
//!     ..Batch::default()
//! };
//! let mut analyzer = Analyzer::new(Options::default(), vec!["eth.gob".into()]);
//! analyzer.add(&batch);
//! let Step::Done(findings) = analyzer.finish(false) else { unreachable!("one pass is enough") };
//! assert_eq!(findings.chains[0].name, "eth");
//! assert_eq!(findings.chains[0].offered.unwrap().per_second(), 200.0);
//! ```
//!
//! # Accuracy
//!
//! Counts, sums, minima and maxima are exact, and everything merges exactly. Percentiles are nearest-rank: exact for up to
//! 2,048 values, else from a histogram of three significant digits, at most 0.1 % too high. Records are recognised as
//! duplicates by 64 bits: among 10 million, two different ones are taken for one with probability 3 in a million.
//!
//! # Limits
//!
//! Memory is bounded, whatever the records: 100 chains, 16,384 runs, latencies of 128 of them, 512 error templates and
//! 32 MiB for recognising duplicates; what goes beyond is folded and told as a [`Warning`]. Names are cut at 256 bytes,
//! example texts at 2 KiB. Latencies above 19.5 hours are exact in sum and
//! maximum only. Two generators that used one attack name at the same time and were written into one file look like one
//! run; in two files they are two.
//!
//! The crate reads nothing, prints nothing and has no clock: findings are a function of records and [`Options`].

mod analyzer;
pub mod capacity;
mod cells;
mod counting;
mod distribution;
mod findings;
mod fingerprint;
mod found;
pub mod gate;
mod generators;
mod groups;
mod labels;
mod latencies;
mod matcher;
mod names;
mod options;
mod pace;
pub mod plan;
mod proportion;
mod recheck;
mod runs;
mod schedule;
mod slabs;
mod spans;
mod stages;
mod streams;
mod summary;
mod tally;
mod taxonomy;
mod templates;
mod url;
mod verdict;
mod warm_up;
mod windows;

pub use analyzer::{Analyzer, Step};
pub use findings::*;
pub use found::UNMATCHED;
pub use labels::{FailureLabel, Label, Labels};
pub use matcher::{Conditions, InvalidCondition, Matcher};
pub use options::{ChainRule, ChainsBy, IntendedRate, Measure, Options, Slo, Validity};
pub use stages::{
    CapacityFindings, MixShare, SecondOpinions, StageFindings, StageLatency, WindowFindings,
};
pub use summary::OTHER;
pub use taxonomy::{
    Cause, Class, Failure, InvalidRule, RpcCodes, Rule, Side, Taxonomy, UnknownClass,
};
pub use warm_up::{WarmUpFinder, WarmUps};
