//! From findings to the structs that are written.

use std::collections::BTreeMap;

use plimsoll_analysis::{self as analysis, FoundBy, GroupBy, Grouping};
use plimsoll_model::{self as model, Nanos, Timestamp};

use super::capacity::{capacity, latency_block, stage, window};
use super::histogram::base64;
use super::number::{Decimal, exact_ms, exact_s};
use super::structs::{
    Chain, Config, ConfiguredChain, Damage, Error, GeneratorCpu, Histograms, InOrder, Input,
    Latencies, Latency, Proportion, Report, Run, SendLag, Slo, Verdict, Warning,
};
use crate::clock::rfc3339;
use crate::notices::{Notice, notices};
use crate::numbers::percentile_of;
use crate::verdict::{Sentence, told};
use crate::{EffectiveConfig, Summary};

pub(super) fn report<'a>(summary: &'a Summary<'a>) -> Report<'a> {
    let findings = summary.findings;
    let by_name = |chain: &'a analysis::ChainFindings| (chain.name.as_str(), chain);
    Report {
        schema: "plimsoll.summary/1",
        plimsoll_version: summary.version,
        config: Config {
            slo: slo(summary),
            success_codes: &summary.config.success_codes,
            group_by: group_by(&findings.grouping),
            chains: summary.config.chains.iter().map(configured_chain).collect(),
            from_utc: summary.config.from.and_then(utc),
            to_utc: summary.config.to.and_then(utc),
            skip_s: exact_s(summary.config.skip),
            window_s: exact_s(summary.config.window),
        },
        inputs: inputs(summary),
        runs: findings.runs.iter().map(|found| run(found, summary.ledgers)).collect(),
        generator_cpu: findings
            .generator_cpu
            .map(|cpu| GeneratorCpu { cpu_s: exact_s(cpu.time), requests: cpu.requests }),
        verdict: verdict(&findings.total),
        total: chain(&findings.total, &summary.config),
        chains: InOrder(
            findings
                .chains
                .iter()
                .map(by_name)
                .map(|(name, found)| (name, chain(found, &summary.config)))
                .collect(),
        ),
        histograms: InOrder(
            findings
                .chains
                .iter()
                .map(by_name)
                .map(|(name, found)| (name, histograms(&found.latency)))
                .collect(),
        ),
        warnings: notices(summary).iter().map(warning).collect(),
    }
}

fn slo(summary: &Summary<'_>) -> Option<Slo> {
    let config = &summary.config;
    config.has_slo().then(|| Slo {
        latency_ms: config.slo_latency.map(span_ms),
        success_min: config.slo_success_min,
        good_ratio_min: config.slo_good_ratio_min,
    })
}

fn configured_chain(chain: &crate::ConfiguredChain) -> ConfiguredChain<'_> {
    ConfiguredChain { name: &chain.name, success_codes: chain.success_codes.as_deref() }
}

fn group_by(grouping: &Grouping) -> String {
    match grouping {
        Grouping::Configured => "configured".to_owned(),
        Grouping::Asked(by) => match by {
            GroupBy::Attack => "asked: attack".to_owned(),
            GroupBy::Host => "asked: host".to_owned(),
            GroupBy::Path(segments) => format!("asked: path:{segments}"),
            GroupBy::Url => "asked: url".to_owned(),
            GroupBy::File => "asked: file".to_owned(),
            GroupBy::Method => "asked: method".to_owned(),
        },
        Grouping::Found(by) => match by {
            FoundBy::Attack => "found: attack".to_owned(),
            FoundBy::Host => "found: host".to_owned(),
            FoundBy::Path => "found: path".to_owned(),
            FoundBy::Nothing => "found: nothing".to_owned(),
        },
    }
}

fn inputs<'a>(summary: &'a Summary<'a>) -> Vec<Input<'a>> {
    let found = summary.findings.inputs.iter().map(Some).chain(std::iter::repeat(None));
    summary.ledgers.iter().zip(found).map(|(ledger, found)| input(ledger, found)).collect()
}

fn input<'a>(ledger: &'a model::Ledger, found: Option<&analysis::InputFindings>) -> Input<'a> {
    let span = found.and_then(|found| found.span);
    let formats: Vec<&str> = ledger.formats.iter().map(|format| format.name()).collect();
    Input {
        path: &ledger.name,
        sha256: ledger.sha256.as_deref(),
        bytes: ledger.bytes,
        format: (!formats.is_empty()).then(|| formats.join("+")),
        compression: ledger.compression.name(),
        records: ledger.records,
        counted: found.map_or(0, |found| found.counted),
        duplicates: found.map_or(0, |found| found.duplicates),
        cut: found.map_or(0, |found| found.cut),
        damaged_records: ledger.damaged_records,
        lost_bytes: ledger.lost_bytes,
        damage: ledger.damage.iter().map(damage).collect(),
        first_utc: span.and_then(|(first, _)| utc(first)),
        last_utc: span.and_then(|(_, last)| utc(last)),
        notes: &ledger.notes,
        refused: ledger.refused.as_deref(),
    }
}

fn damage(place: &model::Damage) -> Damage<'_> {
    Damage {
        record: place.record,
        byte: place.byte,
        lost_bytes: place.lost_bytes,
        what: &place.what,
    }
}

fn run<'a>(run: &'a analysis::RunFindings, ledgers: &'a [model::Ledger]) -> Run<'a> {
    let names = run.inputs.iter().filter_map(|id| ledgers.get(id.0 as usize));
    Run {
        host: (),
        attack: &run.attack,
        inputs: names.map(|ledger| ledger.name.as_str()).collect(),
        requests: run.requests,
        intended_rps: run.intended.map(|intended| intended.rate.per_second()),
        send_lag_ms: run.pace.as_ref().map(|pace| send_lag(pace, run.intended)),
        sent_ratio: run.pace.as_ref().map(|pace| pace.sent_ratio),
        missing_records: run.missing,
        active_spans: run
            .active_spans
            .iter()
            .filter_map(|&(from, to)| utc(from).zip(utc(to)))
            .collect(),
        success: run.success.as_ref().map(proportion),
        latency_ms: run.latency.as_ref().map(latency),
    }
}

fn chain<'a>(chain: &'a analysis::ChainFindings, config: &EffectiveConfig) -> Chain<'a> {
    let rate = |rate: Option<model::Rate>| rate.map(model::Rate::per_second);
    Chain {
        requests: chain.requests,
        successes: chain.successes,
        failures: chain.failures,
        good: chain.good,
        errors_by_side: by_side(&chain.errors_by_side),
        success: chain.success.as_ref().map(proportion),
        http_success: chain.http_success.as_ref().map(proportion),
        server_success: chain.server_success.as_ref().map(proportion),
        active_s: exact_s(chain.active),
        offered_rps: rate(chain.offered),
        throughput_rps: rate(chain.throughput),
        goodput_rps: rate(chain.goodput),
        bytes_in_total: chain.bytes_in_total,
        bytes_in_success: chain.bytes_in_success,
        bytes_out_total: chain.bytes_out_total,
        bytes_measured: chain.bytes_measured,
        bodies_recorded: chain.bodies,
        latency_ms: Latencies {
            all: latency(&chain.latency.all),
            success: latency(&chain.latency.success),
            failure: latency(&chain.latency.failure),
        },
        latency_corrected_ms: chain.pace.as_ref().ok().map(|pace| latency(&pace.corrected)),
        send_lag_ms: chain.pace.as_ref().ok().map(|pace| send_lag(pace, chain.intended)),
        status_codes: &chain.status_codes,
        errors: chain.errors.iter().map(|found| error(found, chain.requests)).collect(),
        verdict: verdict(chain),
        stages: chain.stages.iter().map(stage).collect(),
        capacity: chain.capacity.as_ref().map(|found| capacity(found, chain, config)),
        windows: chain.windows.iter().map(window).collect(),
        latency_blocks: chain.latency_blocks.iter().map(latency_block).collect(),
    }
}

pub(super) fn by_side(counts: &BTreeMap<analysis::Side, u64>) -> BTreeMap<&'static str, u64> {
    counts.iter().map(|(side, &count)| (side.name(), count)).collect()
}

pub(super) fn proportion(found: &analysis::Proportion) -> Proportion {
    Proportion {
        ratio: found.ratio,
        low: found.low,
        high: found.high,
        confidence: found.confidence,
    }
}

fn latency(found: &analysis::LatencySummary) -> Latency {
    let percentile = |quantile| {
        percentile_of(found, quantile).filter(|p| p.supported).and_then(|p| p.value).map(span_ms)
    };
    Latency {
        count: found.count,
        sum: exact_ms(found.sum_ns),
        min: found.min.map(span_ms),
        mean: found.mean.map(span_ms),
        p50: percentile(0.5),
        p90: percentile(0.9),
        p95: percentile(0.95),
        p99: percentile(0.99),
        p999: percentile(0.999),
        max: found.max.map(span_ms),
        relative_error: found.relative_error,
    }
}

fn error(found: &analysis::ErrorFinding, requests: u64) -> Error<'_> {
    Error {
        class: found.class.to_string(),
        side: found.class.side().name(),
        alternatives: found.alternatives.iter().map(ToString::to_string).collect(),
        count: found.count,
        ratio: if requests == 0 { 0.0 } else { found.count as f64 / requests as f64 },
        template: &found.template,
        example: &found.example,
        first_utc: found.first.and_then(utc),
        last_utc: found.last.and_then(utc),
        status_code: found.status,
        rpc_code: found.rpc_code,
        hosts: found.hosts.iter().map(|host| (host.host.as_str(), host.count)).collect(),
        meaning: &found.meaning,
        advice: &found.advice,
    }
}

fn verdict(chain: &analysis::ChainFindings) -> Verdict {
    let told = told(chain);
    let lines = |sentences: &[Sentence]| sentences.iter().map(Sentence::raw).collect();
    Verdict {
        kind: told.kind.name(),
        headline: told.headline.raw(),
        because: lines(&told.because),
        advice: lines(&told.advice),
    }
}

fn send_lag(pace: &analysis::Pace, intended: Option<analysis::Intended>) -> SendLag {
    let summary = latency(&pace.lag);
    SendLag {
        p50: summary.p50,
        p99: summary.p99,
        max: summary.max,
        intended_rps: intended.map(|intended| intended.rate.per_second()),
        source: match pace.source {
            analysis::RateSource::Recorded => "recorded",
            analysis::RateSource::Configured => "configured",
            analysis::RateSource::Envelope => "envelope",
        },
        measured: summary.count,
    }
}

fn histograms(latency: &analysis::LatencyFindings) -> Histograms {
    Histograms {
        success: base64(&latency.success_histogram.to_histogram()),
        failure: base64(&latency.failure_histogram.to_histogram()),
    }
}

fn warning(notice: &Notice<'_>) -> Warning {
    Warning { kind: notice.kind, message: notice.line() }
}

pub(super) fn utc(at: Timestamp) -> Option<String> {
    at.known().map(rfc3339)
}

pub(super) fn span_ms(span: Nanos) -> Decimal {
    exact_ms(u128::from(span.0))
}
