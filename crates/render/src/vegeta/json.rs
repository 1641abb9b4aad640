use plimsoll_model::Timestamp;

use super::float;
use super::metrics::{Bytes, Metrics};
use crate::Summary;
use crate::clock::rfc3339_short;
use crate::escape::ascii_hidden;

/// What `vegeta report -type json` prints for all records together: one line.
///
/// # Panics
/// If memory runs out.
#[must_use]
pub fn json(summary: &Summary<'_>) -> String {
    let metrics = Metrics::of(&summary.findings.total);
    let latencies = &metrics.latencies;
    let codes: Vec<String> =
        metrics.status_codes.iter().map(|(code, n)| format!("\"{code}\":{n}")).collect();
    let errors: Vec<String> = metrics.errors.iter().map(|error| string(error)).collect();
    let fields = [
        (
            "latencies",
            format!(
                r#"{{"total":{},"mean":{},"50th":{},"90th":{},"95th":{},"99th":{},"max":{},"min":{}}}"#,
                latencies.total,
                latencies.mean,
                latencies.p50,
                latencies.p90,
                latencies.p95,
                latencies.p99,
                latencies.max,
                latencies.min
            ),
        ),
        ("bytes_in", bytes(&metrics.bytes_in)),
        ("bytes_out", bytes(&metrics.bytes_out)),
        ("earliest", moment(metrics.earliest)),
        ("latest", moment(metrics.latest)),
        ("end", moment(metrics.end)),
        ("duration", metrics.duration.to_string()),
        ("wait", metrics.wait.to_string()),
        ("requests", metrics.requests.to_string()),
        ("rate", float::json(metrics.rate)),
        ("throughput", float::json(metrics.throughput)),
        ("success", float::json(metrics.success)),
        ("status_codes", format!("{{{}}}", codes.join(","))),
        ("errors", format!("[{}]", errors.join(","))),
    ];
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}\n", fields.join(","))
}

fn bytes(bytes: &Bytes) -> String {
    format!(r#"{{"total":{},"mean":{}}}"#, bytes.total, float::json(bytes.mean))
}

/// Go's zero time where there is none.
fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "\"0001-01-01T00:00:00Z\"".to_owned(),
        |at| format!("\"{}\"", rfc3339_short(at)),
    )
}

/// Go writes what means something in HTML as escapes.
fn string(text: &str) -> String {
    let json = serde_json::to_string(text).expect("a string is JSON");
    ascii_hidden(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}
