//! Renderers, from the outside: hand-made findings in, reports out.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

mod gate;
mod hostile;
mod json;
mod markdown;
mod report;
mod samples;
mod text;
mod vegeta;
