//! Stages and what load they show to be sustained.

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::sustained::Binding;
use plimsoll_analysis::capacity::usl;
use plimsoll_analysis::{CapacityFindings, StageFindings};
use plimsoll_model::Rate;

use super::build::{proportion, span_ms, utc};
use super::number::exact_s;
use super::structs::{Capacity, Stage, StageLatency, Usl};

/// The confidence of a model's intervals.
const LEVEL: f64 = 0.95;

pub(super) fn stage(found: &StageFindings) -> Stage {
    Stage {
        offered_rps: found.offered.per_second(),
        start_utc: utc(found.start),
        end_utc: utc(found.end),
        window_s: exact_s(found.window),
        windows: found.windows,
        valid_windows: found.valid_windows,
        requests: found.requests,
        good: found.good,
        goodput_rps: found.goodput.map(Rate::per_second),
        success: found.success.as_ref().map(proportion),
        latency_ms: StageLatency {
            p50: found.p50.map(span_ms),
            p99: found.p99.map(span_ms),
            relative_error: StageFindings::RELATIVE_ERROR,
        },
        classification: found.classification.map(Classification::name),
        binding: found.binding.map(Binding::name),
        invalid: found.invalid.iter().map(|(reason, &count)| (reason.code(), count)).collect(),
        not_steady: found.not_steady,
        ramp: found.is_ramp,
    }
}

pub(super) fn capacity(found: &CapacityFindings) -> Capacity {
    let rate = |rate: Option<Rate>| rate.map(Rate::per_second);
    let opinions = &found.second_opinions;
    Capacity {
        bound_lower_rps: rate(found.lower),
        bound_upper_rps: rate(found.upper),
        conditional_rps: rate(found.conditional),
        interval_low_rps: rate(found.interval.low),
        interval_high_rps: rate(found.interval.high),
        relative_width: found.relative_width,
        censored: found.censored.name(),
        screening: found.screening,
        mixed: found.mixed,
        binding: found.binding.map(Binding::name),
        instances_under_test: 1,
        window_s: exact_s(found.window),
        usl: opinions.usl.as_ref().and_then(|fit| fit.as_ref().ok()).map(model),
        kneedle_rps: rate(opinions.kneedle),
        segmented_rps: rate(opinions.segmented),
        next_rates_rps: found.next_rates.iter().map(|rate| rate.per_second()).collect(),
    }
}

fn model(fit: &usl::Fit) -> Usl {
    let intervals = fit.intervals(LEVEL);
    let interval = |place: usize| intervals.map(|of| [of[place].low, of[place].high]);
    let peak = fit.peak();
    Usl {
        sigma: fit.model.sigma,
        kappa: fit.model.kappa,
        lambda_rps: fit.model.lambda.per_second(),
        sigma_interval: interval(0),
        kappa_interval: interval(1),
        lambda_interval_rps: interval(2),
        peak_concurrency: peak.map(|peak| peak.concurrency),
        peak_rps: peak.map(|peak| peak.throughput.per_second()),
    }
}
