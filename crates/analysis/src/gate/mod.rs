//! May this build ship? A candidate's figures against a baseline's and against absolute goals.
//!
//! [`judge()`] holds all rules together. Underneath, [`success`] asks whether a share of successes is worse by more than a
//! margin ([`two_proportions`]), with failures that come in bursts ([`blocks`], [`clustering`]) and the requests that it
//! takes to tell ([`sample_size`]); [`latency`] does so for quantiles, [`multiplicity`] corrects for the number of questions.
//! [`comparable`] says what cannot be compared, [`threshold`] are absolute goals, [`history`] shows drifts.
//!
//! ```
//! use plimsoll_analysis::gate::success::{Counts, NonInferiority, Terms};
//!
//! let counts = |successes| Counts { successes, requests: 20_000, ..Counts::default() };
//! let terms = Terms { margin: 0.005, alpha: 0.025, questions: 1, use_design_effect: true, min_runs: 5 };
//! // 99.7 % after 99.8 %: a difference that is no chance, and that is less than half a percentage point.
//! let found = NonInferiority::of(&counts(19_940), &counts(19_960), &terms).unwrap();
//! assert!(found.pair.pooled_z().unwrap() < -1.96);
//! assert!(found.p_not_worse < 0.025 && found.interval.low > -0.005);
//! ```
//!
//! Nothing here reads a record, and whatever is random takes a seed.

pub mod blocks;
pub mod clustering;
pub mod comparable;
pub mod fisher;
pub mod history;
pub mod judge;
pub mod latency;
pub mod multiplicity;
pub mod sample;
pub mod sample_size;
pub mod success;
pub mod threshold;
pub mod two_proportions;

pub use judge::judge;
