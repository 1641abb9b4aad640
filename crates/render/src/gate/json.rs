//! `plimsoll.gate/1`: the schema is `schema/plimsoll.gate.schema.json`. Every key is always present; `null` means that there is
//! no such figure.

use plimsoll_analysis::gate::clustering::Clustering;
use plimsoll_analysis::gate::history::Figure;
use plimsoll_analysis::gate::judge::{Check, Found};
use plimsoll_analysis::gate::latency::Basis;
use plimsoll_analysis::gate::threshold::{Aggregation, Metric, Outcome, Threshold};
use serde::Serialize;

use super::GateReport;
use super::headline::headline;
use super::words::{refusal, refusal_kind, rule, sentence, whole};
use crate::escape::ascii_hidden;

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    plimsoll_version: &'a str,
    decision: &'static str,
    headline: String,
    exit_code: u8,
    candidate: &'a [String],
    baseline: &'a [String],
    history: usize,
    settings: Settings,
    refusals: Vec<Refused>,
    checks: Vec<Row<'a>>,
    new_chains: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Comparisons<'a> {
    schema: &'static str,
    comparisons: Vec<Report<'a>>,
}

#[derive(Serialize)]
struct Settings {
    margin_ratio: f64,
    alpha: f64,
    correction: &'static str,
    questions: usize,
    use_design_effect: bool,
    min_runs: usize,
    rate_tolerance_ratio: f64,
    success_min_ratio: Option<f64>,
    latency_max_ratio: Option<f64>,
    latency_min_effect_ms: f64,
    new_error_max_ratio: Option<f64>,
    accepts_inconclusive: bool,
}

#[derive(Serialize)]
struct Refused {
    kind: &'static str,
    message: String,
}

/// A rule. Shares and their differences are ratios, latencies milliseconds.
#[derive(Serialize, Default)]
struct Row<'a> {
    kind: &'static str,
    chain: Option<&'a str>,
    rule: String,
    gates: bool,
    decision: &'static str,
    message: String,
    unit: Option<&'static str>,
    baseline: Option<f64>,
    candidate: Option<f64>,
    change: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    limit: Option<f64>,
    p_not_worse: Option<f64>,
    p_worse: Option<f64>,
    requests: Option<u64>,
    baseline_requests: Option<u64>,
    design_effect: Option<f64>,
    blocks: Option<usize>,
    needed_requests: Option<u64>,
    needed_requests_per_side: Option<u64>,
    basis: Option<&'static str>,
    since: Option<&'a str>,
}

/// The judgement as JSON, with a line feed at its end.
///
/// # Panics
/// If memory runs out.
#[must_use]
pub fn render(report: &GateReport<'_>) -> String {
    text(&written(report))
}

/// Several comparisons as `plimsoll.compare/1`, each as `plimsoll.gate/1` has it.
///
/// # Panics
/// If memory runs out.
#[must_use]
pub fn comparisons(reports: &[GateReport<'_>]) -> String {
    let comparisons = reports.iter().map(written).collect();
    text(&Comparisons { schema: "plimsoll.compare/1", comparisons })
}

fn text(written: &impl Serialize) -> String {
    let mut json =
        serde_json::to_string_pretty(written).expect("the structs hold nothing that JSON cannot");
    json.push('\n');
    ascii_hidden(json)
}

fn written<'a>(report: &'a GateReport<'_>) -> Report<'a> {
    let (judgement, rules) = (report.judgement, report.rules);
    Report {
        schema: "plimsoll.gate/1",
        plimsoll_version: report.version,
        decision: judgement.decision.name(),
        headline: headline(report).raw(),
        exit_code: if report.compares { 0 } else { report.exit_code() },
        candidate: &report.candidate,
        baseline: &report.baseline,
        history: report.history,
        settings: Settings {
            margin_ratio: rules.margin,
            alpha: rules.alpha,
            correction: rules.correction.name(),
            questions: judgement.questions,
            use_design_effect: rules.use_design_effect,
            min_runs: rules.min_runs,
            rate_tolerance_ratio: rules.rate_tolerance,
            success_min_ratio: rules.success_min,
            latency_max_ratio: rules.latency_max_ratio,
            latency_min_effect_ms: rules.latency_min_effect.as_millis_f64(),
            new_error_max_ratio: rules.new_error_max_ratio,
            accepts_inconclusive: report.accepts_inconclusive,
        },
        refusals: judgement
            .refusals
            .iter()
            .map(|one| Refused { kind: refusal_kind(one), message: refusal(one).raw() })
            .collect(),
        checks: judgement.checks.iter().map(|check| row(check, report.compares)).collect(),
        new_chains: &judgement.new_chains,
        notes: &report.notes,
    }
}

fn row(check: &Check, compares: bool) -> Row<'_> {
    let row = Row {
        chain: check.chain.as_deref(),
        rule: rule(check),
        gates: check.gates,
        decision: check.decision.name(),
        message: sentence(check, compares).raw(),
        p_not_worse: check.p_not_worse.filter(|p| p.is_finite()),
        p_worse: check.p_worse.filter(|p| p.is_finite()),
        ..Row::default()
    };
    match &check.found {
        Found::Success(found) => Row {
            kind: "success",
            unit: Some("ratio"),
            baseline: Some(found.pair.baseline.ratio()),
            candidate: Some(found.pair.candidate.ratio()),
            change: Some(found.difference()),
            low: Some(found.interval.low),
            high: Some(found.interval.high),
            limit: Some(-found.margin),
            requests: Some(whole(found.pair.candidate.trials)),
            baseline_requests: Some(whole(found.pair.baseline.trials)),
            needed_requests: found.beside_baseline.map(f64::ceil).map(whole),
            needed_requests_per_side: Some(whole(found.per_side.ceil())),
            ..clustered(row, found.clustering)
        },
        Found::Floor(found) => Row {
            kind: "success_goal",
            unit: Some("ratio"),
            candidate: Some(found.share.ratio()),
            low: Some(found.interval.low),
            high: Some(found.interval.high),
            limit: Some(found.goal),
            requests: Some(whole(found.share.trials)),
            needed_requests: found.needed.map(f64::ceil).map(whole),
            ..clustered(row, found.clustering)
        },
        Found::Latency(found) => Row {
            kind: "latency",
            unit: Some("ms"),
            baseline: Some(found.baseline.as_millis_f64()),
            candidate: Some(found.candidate.as_millis_f64()),
            change: Some(found.ratio),
            low: Some(found.interval.low),
            high: Some(found.interval.high),
            limit: check.gates.then_some(found.limit),
            basis: Some(match found.basis {
                Basis::Runs => "runs",
                Basis::Blocks => "blocks",
            }),
            ..row
        },
        Found::NoLatency { .. } => Row { kind: "latency", unit: Some("ms"), ..row },
        Found::NewErrors(found) => Row {
            kind: "new_errors",
            unit: Some("ratio"),
            baseline: Some(0.0),
            candidate: Some(found.count as f64 / found.requests.max(1) as f64),
            limit: found.max_ratio,
            requests: Some(found.requests),
            p_not_worse: None,
            p_worse: Some(found.p_value),
            ..row
        },
        Found::Threshold { threshold, outcome } => Row {
            kind: "threshold",
            unit: Some(unit(threshold)),
            candidate: match outcome {
                Outcome::Found { value, .. } => Some(*value),
                Outcome::NoData | Outcome::TooFew { .. } => None,
            },
            limit: Some(threshold.value),
            ..row
        },
        Found::Change(found) => Row {
            kind: "change",
            unit: Some(match found.figure {
                Figure::FailureRatio => "ratio",
                Figure::LatencyMs(_) => "ms",
            }),
            baseline: Some(found.before),
            candidate: Some(found.after),
            p_worse: Some(found.p_value),
            since: Some(&found.run),
            ..row
        },
    }
}

fn clustered(row: Row<'_>, clustering: Clustering) -> Row<'_> {
    Row { design_effect: Some(clustering.design_effect), blocks: Some(clustering.blocks), ..row }
}

fn unit(threshold: &Threshold) -> &'static str {
    match (threshold.metric, threshold.aggregation) {
        (Metric::LatencyMs | Metric::AllLatencyMs, _) => "ms",
        (Metric::Errors | Metric::Requests, Aggregation::Count) => "count",
        (Metric::SuccessRatio | Metric::GoodRatio | Metric::ErrorRatio, _) => "ratio",
        _ => "rps",
    }
}
