use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use jsonschema::Validator;
use plimsoll_render::json::render;
use serde::Deserialize;
use serde_json::Value;

use crate::samples;

const SCHEMA: &str = include_str!("../../../../schema/plimsoll.summary.schema.json");

fn schema() -> Validator {
    jsonschema::draft202012::new(&serde_json::from_str(SCHEMA).unwrap()).unwrap()
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::draft202012::meta::validate(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
}

#[test]
fn every_sample_follows_the_schema() {
    let schema = schema();
    for (name, sample) in samples::all() {
        let value: Value = serde_json::from_str(&render(&sample.summary())).unwrap();
        let errors: Vec<String> = schema
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn the_schema_wants_every_key_and_no_other() {
    let schema = schema();
    let value: Value = serde_json::from_str(&render(&samples::troubled().summary())).unwrap();
    for at in [
        "",
        "/config",
        "/inputs/1",
        "/inputs/1/damage/0",
        "/runs/0",
        "/total",
        "/total/errors/0",
        "/total/latency_ms/all",
    ] {
        let keys: Vec<String> =
            value.pointer(at).unwrap().as_object().unwrap().keys().cloned().collect();
        for key in keys {
            let mut without = value.clone();
            without.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(&key);
            assert!(!schema.is_valid(&without), "{at}/{key} may be absent");
        }
        let mut with = value.clone();
        with.pointer_mut(at)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .insert("surprise".to_owned(), Value::Null);
        assert!(!schema.is_valid(&with), "{at} may hold anything");
    }
}

#[test]
fn every_object_in_the_schema_is_closed_and_complete() {
    fn check(schema: &Value, at: &str) {
        let Some(object) = schema.as_object() else { return };
        if let Some(properties) = object.get("properties").and_then(Value::as_object) {
            let keys: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
            let required =
                object["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(keys, required, "{at}");
            assert_eq!(object["additionalProperties"], false, "{at}");
        }
        for (key, value) in object {
            check(value, &format!("{at}/{key}"));
        }
    }
    check(&serde_json::from_str(SCHEMA).unwrap(), "");
}

/// Histograms are left out: their bytes depend on the compressor, and what they hold is tested below.
#[test]
fn of_every_sample() {
    for (name, sample) in samples::all() {
        let json: String = render(&sample.summary())
            .lines()
            .map(|line| match line.split_once("\"HISTF") {
                Some((before, after)) => {
                    format!("{before}\"…\"{}\n", if after.ends_with(',') { "," } else { "" })
                }
                None => format!("{line}\n"),
            })
            .collect();
        insta::assert_snapshot!(name, json);
    }
}

#[test]
fn chains_keep_the_order_of_the_findings() {
    let mut sample = samples::troubled();
    sample.findings.chains.reverse();
    let json = render(&sample.summary());
    let places = ["mantle", "kava", "eth", "boba"]
        .map(|name| json.find(&format!("\n    \"{name}\": {{")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn histograms_read_back_with_every_count() {
    for (name, sample) in samples::all() {
        let value: Value = serde_json::from_str(&render(&sample.summary())).unwrap();
        for chain in &sample.findings.chains {
            let latency = &chain.latency;
            for (key, written) in
                [("success", &latency.success_histogram), ("failure", &latency.failure_histogram)]
            {
                let text = value["histograms"][&chain.name][key].as_str().unwrap();
                let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
                let read: Histogram<u64> =
                    Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
                assert_eq!(read, written.to_histogram(), "{name}");
            }
        }
    }
}

#[test]
fn sums_are_written_with_every_digit() {
    let mut sample = samples::healthy();
    sample.findings.total.latency.all.sum_ns = u128::from(u64::MAX) * 1000 + 7;
    assert!(render(&sample.summary()).contains("\"sum\": 18446744073709551.615007,"));
}

#[test]
fn a_strict_reader_reads_it() {
    for (name, sample) in samples::all() {
        let read: Report = serde_json::from_str(&render(&sample.summary())).unwrap();
        let findings = &sample.findings;
        assert_eq!(read.schema, "plimsoll.summary/1");
        assert_eq!(read.plimsoll_version, "0.0.0-test");
        assert_eq!(read.total.requests, findings.total.requests, "{name}");
        assert_eq!(read.chains.len(), findings.chains.len(), "{name}");
        for chain in &findings.chains {
            let written = &read.chains[&chain.name];
            assert_eq!(written.requests, chain.requests);
            assert_eq!(written.successes + written.failures, chain.requests);
            assert_eq!(written.status_codes.values().sum::<u64>(), chain.requests);
            assert_eq!(ns(written.latency_ms.all.max), chain.latency.all.max.map(|max| max.0));
            for (percentile, value) in
                chain.latency.all.percentiles.iter().zip(written.latency_ms.all.percentiles())
            {
                assert_eq!(
                    ns(value),
                    percentile.value.filter(|_| percentile.supported).map(|value| value.0)
                );
            }
            assert_eq!(written.errors.len(), chain.errors.len());
        }
        for (input, ledger) in read.inputs.iter().zip(&sample.ledgers) {
            assert_eq!(input.path, ledger.name);
            assert_eq!(input.damage.len(), ledger.damage.len());
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "latencies are neither long nor negative"
)]
fn ns(ms: Option<f64>) -> Option<u64> {
    ms.map(|ms| (ms * 1e6).round() as u64)
}

/// The contract as a reader in another program would write it down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the reader's purpose is to fail on keys that it does not know")]
struct Report {
    schema: String,
    plimsoll_version: String,
    config: Config,
    inputs: Vec<Input>,
    runs: Vec<Run>,
    generator_cpu: Option<GeneratorCpu>,
    verdict: Verdict,
    total: Chain,
    chains: BTreeMap<String, Chain>,
    histograms: BTreeMap<String, Histograms>,
    warnings: Vec<Warning>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct GeneratorCpu {
    cpu_s: f64,
    requests: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Config {
    slo: Option<Slo>,
    success_codes: String,
    group_by: String,
    chains: Vec<ConfiguredChain>,
    from_utc: Option<String>,
    to_utc: Option<String>,
    skip_s: f64,
    window_s: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct ConfiguredChain {
    name: String,
    success_codes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Slo {
    latency_ms: Option<f64>,
    success_min: Option<f64>,
    good_ratio_min: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Input {
    path: String,
    sha256: Option<String>,
    bytes: u64,
    format: Option<String>,
    compression: String,
    records: u64,
    counted: u64,
    duplicates: u64,
    cut: u64,
    damaged_records: u64,
    lost_bytes: u64,
    damage: Vec<Damage>,
    first_utc: Option<String>,
    last_utc: Option<String>,
    notes: Vec<String>,
    refused: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Damage {
    record: u64,
    byte: u64,
    lost_bytes: u64,
    what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Run {
    host: (),
    attack: String,
    inputs: Vec<String>,
    requests: u64,
    intended_rps: Option<f64>,
    send_lag_ms: Option<SendLag>,
    sent_ratio: Option<f64>,
    missing_records: Option<u64>,
    active_spans: Vec<(String, String)>,
    success: Option<Proportion>,
    latency_ms: Option<Latency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Chain {
    requests: u64,
    successes: u64,
    failures: u64,
    good: Option<u64>,
    errors_by_side: BTreeMap<String, u64>,
    success: Option<Proportion>,
    http_success: Option<Proportion>,
    server_success: Option<Proportion>,
    active_s: f64,
    offered_rps: Option<f64>,
    throughput_rps: Option<f64>,
    goodput_rps: Option<f64>,
    bytes_in_total: u64,
    bytes_in_success: u64,
    bytes_out_total: u64,
    bytes_measured: u64,
    bodies_recorded: u64,
    latency_ms: Latencies,
    latency_corrected_ms: Option<Latency>,
    send_lag_ms: Option<SendLag>,
    status_codes: BTreeMap<String, u64>,
    errors: Vec<Error>,
    verdict: Verdict,
    stages: Vec<Stage>,
    capacity: Option<Capacity>,
    windows: Vec<Window>,
    latency_blocks: Vec<LatencyBlock>,
}

#[expect(dead_code, reason = "it is read strictly, and looked at where gates read it")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LatencyBlock {
    start_utc: Option<String>,
    span_s: f64,
    latency_us: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Window {
    start_utc: String,
    span_s: f64,
    offered: Option<u64>,
    sent: u64,
    successes: u64,
    good: Option<u64>,
    by_side: BTreeMap<String, u64>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    send_lag_p99_ms: Option<f64>,
    generator_cpu_ratio: Option<f64>,
    in_flight: Option<f64>,
    valid: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Stage {
    offered_rps: f64,
    start_utc: String,
    end_utc: String,
    window_s: f64,
    windows: u64,
    valid_windows: u64,
    requests: u64,
    good: Option<u64>,
    goodput_rps: Option<f64>,
    success: Option<Proportion>,
    latency_ms: StageLatency,
    classification: Option<String>,
    binding: Option<String>,
    invalid: BTreeMap<String, u64>,
    not_steady: bool,
    ramp: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct StageLatency {
    count: u64,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    p999: Option<f64>,
    relative_error: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Capacity {
    bound_lower_rps: Option<f64>,
    bound_upper_rps: Option<f64>,
    conditional_rps: Option<f64>,
    interval_low_rps: Option<f64>,
    interval_high_rps: Option<f64>,
    relative_width: Option<f64>,
    censored: String,
    screening: bool,
    mixed: bool,
    mix: Option<BTreeMap<String, f64>>,
    limited_by: Option<String>,
    binding: Option<String>,
    instances_under_test: u32,
    window_s: f64,
    usl: Option<Usl>,
    kneedle_rps: Option<f64>,
    segmented_rps: Option<f64>,
    next_rates_rps: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Usl {
    sigma: Estimate,
    kappa: Estimate,
    lambda_rps: Estimate,
    peak_concurrency: Option<f64>,
    peak_rps: Option<f64>,
    peak_interval: Option<UslPeak>,
    residual_rps: f64,
    degrees_of_freedom: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct UslPeak {
    concurrency_low: f64,
    concurrency_high: Option<f64>,
    rps_low: f64,
    rps_high: Option<f64>,
    no_peak_ratio: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Estimate {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Proportion {
    ratio: f64,
    low: f64,
    high: f64,
    confidence: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Latencies {
    all: Latency,
    success: Latency,
    failure: Latency,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Latency {
    count: u64,
    sum: f64,
    min: Option<f64>,
    mean: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    p999: Option<f64>,
    max: Option<f64>,
    relative_error: f64,
}

impl Latency {
    fn percentiles(&self) -> [Option<f64>; 5] {
        [self.p50, self.p90, self.p95, self.p99, self.p999]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Error {
    class: String,
    side: String,
    alternatives: Vec<String>,
    count: u64,
    ratio: f64,
    template: String,
    example: String,
    first_utc: Option<String>,
    last_utc: Option<String>,
    status_code: u16,
    rpc_code: Option<i64>,
    hosts: BTreeMap<String, u64>,
    meaning: String,
    advice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct SendLag {
    p50: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
    intended_rps: Option<f64>,
    source: String,
    measured: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Verdict {
    kind: String,
    headline: String,
    because: Vec<String>,
    advice: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Histograms {
    success: String,
    failure: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see Report")]
struct Warning {
    kind: String,
    message: String,
}
