//! Types that exist only to be written.

use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeMap;

use super::number::Decimal;

/// What the contract names and no analysis fills yet: `null`.
pub(super) type NotYet = ();

#[derive(serde::Serialize)]
pub(super) struct Report<'a> {
    pub(super) schema: &'static str,
    pub(super) plimsoll_version: &'a str,
    pub(super) config: Config<'a>,
    pub(super) inputs: Vec<Input<'a>>,
    pub(super) runs: Vec<Run<'a>>,
    pub(super) generator_cpu: Option<GeneratorCpu>,
    pub(super) verdict: Verdict,
    pub(super) total: Chain<'a>,
    pub(super) chains: InOrder<'a, Chain<'a>>,
    pub(super) histograms: InOrder<'a, Histograms>,
    pub(super) warnings: Vec<Warning>,
}

#[derive(serde::Serialize)]
pub(super) struct Config<'a> {
    pub(super) slo: Option<Slo>,
    pub(super) success_codes: &'a str,
    pub(super) group_by: String,
    pub(super) chains: Vec<ConfiguredChain<'a>>,
    pub(super) from_utc: Option<String>,
    pub(super) to_utc: Option<String>,
    pub(super) skip_s: Decimal,
    pub(super) window_s: Decimal,
}

#[derive(serde::Serialize)]
pub(super) struct ConfiguredChain<'a> {
    pub(super) name: &'a str,
    pub(super) success_codes: Option<&'a str>,
}

#[derive(serde::Serialize)]
pub(super) struct Slo {
    pub(super) latency_ms: Option<Decimal>,
    pub(super) success_min: Option<f64>,
    pub(super) good_ratio_min: Option<f64>,
}

#[derive(serde::Serialize)]
pub(super) struct Input<'a> {
    pub(super) path: &'a str,
    pub(super) sha256: Option<&'a str>,
    pub(super) bytes: u64,
    pub(super) format: Option<String>,
    pub(super) compression: &'static str,
    pub(super) records: u64,
    pub(super) counted: u64,
    pub(super) duplicates: u64,
    pub(super) cut: u64,
    pub(super) damaged_records: u64,
    pub(super) lost_bytes: u64,
    pub(super) damage: Vec<Damage<'a>>,
    pub(super) first_utc: Option<String>,
    pub(super) last_utc: Option<String>,
    pub(super) notes: &'a [String],
    pub(super) refused: Option<&'a str>,
}

#[derive(serde::Serialize)]
pub(super) struct Damage<'a> {
    pub(super) record: u64,
    pub(super) byte: u64,
    pub(super) lost_bytes: u64,
    pub(super) what: &'a str,
}

#[derive(serde::Serialize)]
pub(super) struct Run<'a> {
    pub(super) host: NotYet,
    pub(super) attack: &'a str,
    pub(super) inputs: Vec<&'a str>,
    pub(super) requests: u64,
    pub(super) intended_rps: Option<f64>,
    pub(super) send_lag_ms: Option<SendLag>,
    pub(super) sent_ratio: Option<f64>,
    pub(super) missing_records: Option<u64>,
    pub(super) active_spans: Vec<(String, String)>,
    pub(super) success: Option<Proportion>,
    pub(super) latency_ms: Option<Latency>,
}

#[derive(serde::Serialize)]
pub(super) struct GeneratorCpu {
    pub(super) cpu_s: Decimal,
    pub(super) requests: u64,
}

#[derive(serde::Serialize)]
pub(super) struct Chain<'a> {
    pub(super) requests: u64,
    pub(super) successes: u64,
    pub(super) failures: u64,
    pub(super) good: Option<u64>,
    pub(super) errors_by_side: BTreeMap<&'static str, u64>,
    pub(super) success: Option<Proportion>,
    pub(super) http_success: Option<Proportion>,
    pub(super) server_success: Option<Proportion>,
    pub(super) active_s: Decimal,
    pub(super) offered_rps: Option<f64>,
    pub(super) throughput_rps: Option<f64>,
    pub(super) goodput_rps: Option<f64>,
    pub(super) bytes_in_total: u64,
    pub(super) bytes_in_success: u64,
    pub(super) bytes_out_total: u64,
    pub(super) bytes_measured: u64,
    pub(super) bodies_recorded: u64,
    pub(super) latency_ms: Latencies,
    pub(super) latency_corrected_ms: Option<Latency>,
    pub(super) send_lag_ms: Option<SendLag>,
    pub(super) status_codes: &'a BTreeMap<u16, u64>,
    pub(super) errors: Vec<Error<'a>>,
    pub(super) verdict: Verdict,
    pub(super) stages: Vec<Stage>,
    pub(super) capacity: Option<Capacity>,
    pub(super) windows: Vec<Window>,
    pub(super) latency_blocks: Vec<LatencyBlock>,
}

#[derive(serde::Serialize)]
pub(super) struct LatencyBlock {
    pub(super) start_utc: Option<String>,
    pub(super) span_s: Decimal,
    pub(super) latency_us: String,
}

#[derive(serde::Serialize)]
pub(super) struct Proportion {
    pub(super) ratio: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) confidence: f64,
}

#[derive(serde::Serialize)]
pub(super) struct Latencies {
    pub(super) all: Latency,
    pub(super) success: Latency,
    pub(super) failure: Latency,
}

#[derive(serde::Serialize)]
pub(super) struct Latency {
    pub(super) count: u64,
    pub(super) sum: Decimal,
    pub(super) min: Option<Decimal>,
    pub(super) mean: Option<Decimal>,
    pub(super) p50: Option<Decimal>,
    pub(super) p90: Option<Decimal>,
    pub(super) p95: Option<Decimal>,
    pub(super) p99: Option<Decimal>,
    pub(super) p999: Option<Decimal>,
    pub(super) max: Option<Decimal>,
    pub(super) relative_error: f64,
}

#[derive(serde::Serialize)]
pub(super) struct Error<'a> {
    pub(super) class: String,
    pub(super) side: &'static str,
    pub(super) alternatives: Vec<String>,
    pub(super) count: u64,
    pub(super) ratio: f64,
    pub(super) template: &'a str,
    pub(super) example: &'a str,
    pub(super) first_utc: Option<String>,
    pub(super) last_utc: Option<String>,
    pub(super) status_code: u16,
    pub(super) rpc_code: Option<i64>,
    pub(super) hosts: BTreeMap<&'a str, u64>,
    pub(super) meaning: &'a str,
    pub(super) advice: &'a str,
}

#[derive(serde::Serialize)]
pub(super) struct SendLag {
    pub(super) p50: Option<Decimal>,
    pub(super) p99: Option<Decimal>,
    pub(super) max: Option<Decimal>,
    pub(super) intended_rps: Option<f64>,
    pub(super) source: &'static str,
    pub(super) measured: u64,
}

#[derive(serde::Serialize)]
pub(super) struct Stage {
    pub(super) offered_rps: f64,
    pub(super) start_utc: Option<String>,
    pub(super) end_utc: Option<String>,
    pub(super) window_s: Decimal,
    pub(super) windows: usize,
    pub(super) valid_windows: usize,
    pub(super) requests: u64,
    pub(super) good: Option<u64>,
    pub(super) goodput_rps: Option<f64>,
    pub(super) success: Option<Proportion>,
    pub(super) latency_ms: StageLatency,
    pub(super) classification: Option<&'static str>,
    pub(super) binding: Option<&'static str>,
    pub(super) invalid: BTreeMap<&'static str, usize>,
    pub(super) not_steady: bool,
    pub(super) ramp: bool,
}

#[derive(serde::Serialize)]
pub(super) struct Window {
    pub(super) start_utc: Option<String>,
    pub(super) span_s: Decimal,
    pub(super) offered: Option<u64>,
    pub(super) sent: u64,
    pub(super) successes: u64,
    pub(super) good: Option<u64>,
    pub(super) by_side: BTreeMap<&'static str, u64>,
    pub(super) p50_ms: Option<Decimal>,
    pub(super) p99_ms: Option<Decimal>,
    pub(super) send_lag_p99_ms: Option<Decimal>,
    pub(super) generator_cpu_ratio: Option<f64>,
    pub(super) in_flight: Option<f64>,
    pub(super) valid: bool,
    pub(super) reason: Option<&'static str>,
}

#[derive(serde::Serialize)]
pub(super) struct StageLatency {
    pub(super) count: u64,
    pub(super) p50: Option<Decimal>,
    pub(super) p90: Option<Decimal>,
    pub(super) p95: Option<Decimal>,
    pub(super) p99: Option<Decimal>,
    pub(super) p999: Option<Decimal>,
    pub(super) relative_error: f64,
}

#[derive(serde::Serialize)]
pub(super) struct Capacity {
    pub(super) bound_lower_rps: Option<f64>,
    pub(super) bound_upper_rps: Option<f64>,
    pub(super) conditional_rps: Option<f64>,
    pub(super) interval_low_rps: Option<f64>,
    pub(super) interval_high_rps: Option<f64>,
    pub(super) relative_width: Option<f64>,
    pub(super) censored: &'static str,
    pub(super) screening: bool,
    pub(super) mixed: bool,
    pub(super) mix: Option<BTreeMap<String, f64>>,
    pub(super) limited_by: Option<String>,
    pub(super) binding: Option<&'static str>,
    pub(super) instances_under_test: u32,
    pub(super) window_s: Decimal,
    pub(super) usl: Option<Usl>,
    pub(super) kneedle_rps: Option<f64>,
    pub(super) segmented_rps: Option<f64>,
    pub(super) next_rates_rps: Vec<f64>,
}

#[derive(serde::Serialize)]
pub(super) struct Usl {
    pub(super) sigma: Estimate,
    pub(super) kappa: Estimate,
    pub(super) lambda_rps: Estimate,
    pub(super) peak_concurrency: Option<f64>,
    pub(super) peak_rps: Option<f64>,
    pub(super) peak_interval: Option<UslPeak>,
    pub(super) residual_rps: f64,
    pub(super) degrees_of_freedom: usize,
}

#[derive(serde::Serialize)]
pub(super) struct UslPeak {
    pub(super) concurrency_low: f64,
    pub(super) concurrency_high: Option<f64>,
    pub(super) rps_low: f64,
    pub(super) rps_high: Option<f64>,
    pub(super) no_peak_ratio: f64,
}

#[derive(serde::Serialize)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

#[derive(serde::Serialize)]
pub(super) struct Verdict {
    pub(super) kind: &'static str,
    pub(super) headline: String,
    pub(super) because: Vec<String>,
    pub(super) advice: Vec<String>,
}

#[derive(serde::Serialize)]
pub(super) struct Histograms {
    pub(super) success: String,
    pub(super) failure: String,
}

#[derive(serde::Serialize)]
pub(super) struct Warning {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

/// A map that keeps the order in which it was made.
pub(crate) struct InOrder<'a, T>(pub(crate) Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for InOrder<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
