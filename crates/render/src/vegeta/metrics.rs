//! vegeta's figures.

use std::collections::BTreeSet;

use plimsoll_analysis::{ChainFindings, ErrorFinding};
use plimsoll_model::{Nanos, Timestamp};

use crate::numbers::percentile_of;

/// `lib.Metrics` after `Close`.
#[derive(Debug)]
pub(super) struct Metrics<'a> {
    pub(super) requests: u64,
    pub(super) successes: u64,
    pub(super) rate: f64,
    pub(super) throughput: f64,
    pub(super) success: f64,
    pub(super) earliest: Option<Timestamp>,
    pub(super) latest: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
    pub(super) duration: u64,
    pub(super) wait: u64,
    pub(super) latencies: Latencies,
    pub(super) bytes_in: Bytes,
    pub(super) bytes_out: Bytes,
    /// By code as text, as vegeta sorts them.
    pub(super) status_codes: Vec<(String, u64)>,
    pub(super) errors: Vec<&'a str>,
}

/// Nanoseconds.
#[derive(Debug)]
pub(super) struct Latencies {
    pub(super) total: u128,
    pub(super) mean: u64,
    pub(super) p50: u64,
    pub(super) p90: u64,
    pub(super) p95: u64,
    pub(super) p99: u64,
    pub(super) max: u64,
    pub(super) min: u64,
}

#[derive(Debug)]
pub(super) struct Bytes {
    pub(super) total: u64,
    pub(super) mean: f64,
}

impl<'a> Metrics<'a> {
    pub(super) fn of(chain: &'a ChainFindings) -> Self {
        let known = |at: Option<Timestamp>| at.and_then(Timestamp::known);
        let (earliest, latest, end) =
            (known(chain.earliest), known(chain.latest), known(chain.end));
        let between = |later: Option<Timestamp>, earlier: Option<Timestamp>| {
            later.zip(earlier).map_or(Nanos::ZERO, |(later, earlier)| later.since(earlier)).0
        };
        let duration = between(latest, earliest);
        let wait = between(end, latest);
        let (requests, successes) = (chain.requests as f64, chain.http_successes as f64);
        let per_request = |n: f64| if chain.requests == 0 { 0.0 } else { n / requests };
        let bytes = |total: u64| Bytes { total, mean: per_request(total as f64) };
        // One request, or several at the same moment, take no time: vegeta then gives their number as the rate.
        let per_second = |n: f64, span: u64| if duration == 0 { n } else { n / seconds(span) };
        Self {
            requests: chain.requests,
            successes: chain.http_successes,
            rate: per_second(requests, duration),
            throughput: per_second(successes, duration.saturating_add(wait)),
            success: per_request(successes),
            earliest,
            latest,
            end,
            duration,
            wait,
            latencies: latencies(chain),
            bytes_in: bytes(chain.bytes_in_total),
            bytes_out: bytes(chain.bytes_out_total),
            status_codes: status_codes(chain),
            errors: errors(chain),
        }
    }
}

fn latencies(chain: &ChainFindings) -> Latencies {
    let all = &chain.latency.all;
    let ns = |span: Option<Nanos>| span.unwrap_or_default().0;
    let percentile =
        |quantile| ns(percentile_of(all, quantile).and_then(|percentile| percentile.value));
    Latencies {
        total: all.sum_ns,
        mean: ns(all.mean),
        p50: percentile(0.5),
        p90: percentile(0.9),
        p95: percentile(0.95),
        p99: percentile(0.99),
        max: ns(all.max),
        min: ns(all.min),
    }
}

fn status_codes(chain: &ChainFindings) -> Vec<(String, u64)> {
    let mut codes: Vec<(String, u64)> =
        chain.status_codes.iter().map(|(code, n)| (code.to_string(), *n)).collect();
    codes.sort_unstable();
    codes
}

/// One text of each kind, in the order in which the kinds first occurred. Failures without text are no errors to vegeta,
/// nor is what a body says.
fn errors(chain: &ChainFindings) -> Vec<&str> {
    let mut errors: Vec<&ErrorFinding> =
        chain.errors.iter().filter(|error| !error.example.is_empty() && !error.is_rpc).collect();
    errors.sort_by_key(|error| error.first_place);
    let mut seen = BTreeSet::new();
    errors.retain(|error| seen.insert(&error.template));
    errors.into_iter().map(|error| error.example.as_str()).collect()
}

/// As Go's `Duration.Seconds`, to the last bit.
fn seconds(ns: u64) -> f64 {
    const SECOND: u64 = 1_000_000_000;
    (ns / SECOND) as f64 + (ns % SECOND) as f64 / 1e9
}
