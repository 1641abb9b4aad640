//! What `vegeta report` prints, for scripts that read it.
//!
//! Layout, names, units and formulas are vegeta's (`lib/metrics.go` and `lib/reporters.go` at v12.13.0): the rate is
//! requests by `latest - earliest`, success is a status from 200 to 399, latencies are of all requests. What differs:
//!
//! * Percentiles are nearest-rank within the stated error, not a t-digest's.
//! * 100 % and 0 % stand for exactly that; a ratio close to them gets more than two decimals.
//! * The error set has one recorded text per kind of error, not one per ephemeral port, and its control characters are shown
//!   as escapes.

mod duration;
mod float;
mod json;
mod metrics;
mod text;

pub use json::json;
pub use text::text;
