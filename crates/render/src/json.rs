//! The machine's report, schema `plimsoll.summary/1`.
//!
//! One object, pretty-printed, with its keys in a fixed order and its chains in the order of the findings. The schema is
//! `schema/plimsoll.summary.schema.json` in the repository; what it says about each key in short:
//!
//! * Every key is always present; `null` means that there is no such figure, never zero.
//! * Latencies are milliseconds (`_ms`) and exact to the nanosecond, moments RFC 3339 in UTC with nanoseconds, rates per
//!   second (`_rps`), ratios 0..1.
//! * A percentile that the sample cannot support is `null`.
//! * `histograms` holds HdrHistogram's V2 encoding, compressed, in base64, of latencies in nanoseconds. Successes and
//!   failures together are all records of a chain.
//! * Characters that act on a terminal are written as `\uXXXX`.

mod build;
mod capacity;
mod histogram;
mod number;
mod structs;

pub(crate) use structs::InOrder;

use crate::Summary;
use crate::escape::ascii_hidden;

/// The summary as JSON, with a line feed at its end.
///
/// # Panics
/// If memory runs out.
#[must_use]
pub fn render(summary: &Summary<'_>) -> String {
    let report = build::report(summary);
    let mut json =
        serde_json::to_string_pretty(&report).expect("the structs hold nothing that JSON cannot");
    json.push('\n');
    ascii_hidden(json)
}
