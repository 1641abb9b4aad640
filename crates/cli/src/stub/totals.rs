//! `plimsoll.stub/1`: what the stub saw, as JSON.

use std::collections::BTreeMap;

use plimsoll_attack::stub::Counts;
use serde::Serialize;

#[derive(Serialize)]
struct Totals<'a> {
    schema: &'static str,
    connections: u64,
    tls_failures: u64,
    unknown_path: u64,
    unreadable: u64,
    http2_requests: u64,
    chains: BTreeMap<&'a str, Chain>,
}

#[derive(Serialize)]
struct Chain {
    requests: u64,
    results: u64,
    rpc_errors: u64,
    full_503: u64,
    full_429: u64,
    full_reset: u64,
    full_hung: u64,
    given_up: u64,
    in_flight: u64,
}

pub(crate) fn json(counts: &Counts) -> anyhow::Result<String> {
    let chains = counts.chains.iter().map(|(name, chain)| {
        let totals = Chain {
            requests: chain.requests,
            results: chain.results,
            rpc_errors: chain.rpc_errors,
            full_503: chain.unavailable,
            full_429: chain.too_many,
            full_reset: chain.reset,
            full_hung: chain.hung,
            given_up: chain.given_up,
            in_flight: chain.in_flight(),
        };
        (name.as_str(), totals)
    });
    let totals = Totals {
        schema: "plimsoll.stub/1",
        connections: counts.connections,
        tls_failures: counts.tls_failures,
        unknown_path: counts.unknown_path,
        unreadable: counts.unreadable,
        http2_requests: counts.http2,
        chains: chains.collect(),
    };
    Ok(serde_json::to_string_pretty(&totals)? + "\n")
}
