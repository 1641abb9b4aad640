//! Windows, stages and capacity.

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::sustained::Binding;
use plimsoll_analysis::capacity::usl;
use plimsoll_analysis::{
    self as analysis, CapacityFindings, ChainFindings, StageFindings, WindowFindings,
};
use plimsoll_model::{Nanos, Rate};

use super::build::{by_side, proportion, span_ms, utc};
use super::number::exact_s;
use super::structs::{Capacity, Estimate, LatencyBlock, Stage, StageLatency, Usl, UslPeak, Window};
use crate::EffectiveConfig;

pub(super) fn window(found: &WindowFindings) -> Window {
    Window {
        start_utc: utc(found.start),
        span_s: exact_s(found.span),
        offered: found.offered,
        sent: found.sent,
        successes: found.successes,
        good: found.good,
        by_side: by_side(&found.by_side),
        p50_ms: found.p50.map(span_ms),
        p99_ms: found.p99.map(span_ms),
        send_lag_p99_ms: found.send_lag_p99.map(span_ms),
        generator_cpu_ratio: found.generator_cpu,
        in_flight: found.in_flight,
        valid: found.reasons.is_empty(),
        reason: found.reasons.first().map(|reason| reason.code()),
    }
}

/// A pair of microseconds and answers for each latency, in one text: as numbers they would be thousands of lines.
pub(super) fn latency_block(found: &analysis::gate::sample::LatencyBlock) -> LatencyBlock {
    let pair = |(latency, count): &(Nanos, u64)| format!("{}:{count}", (latency.0 + 500) / 1_000);
    LatencyBlock {
        start_utc: found.start.and_then(utc),
        span_s: exact_s(found.span),
        latency_us: found.counts.iter().map(pair).collect::<Vec<_>>().join(" "),
    }
}

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
        latency_ms: latency(&found.latency),
        classification: found.classification.map(Classification::name),
        binding: found.binding.map(Binding::name),
        invalid: found.invalid.iter().map(|(reason, &count)| (reason.code(), count)).collect(),
        not_steady: found.not_steady,
        ramp: found.is_ramp,
    }
}

fn latency(found: &analysis::StageLatency) -> StageLatency {
    let of = |percentile: Option<Nanos>| percentile.map(span_ms);
    StageLatency {
        count: found.count,
        p50: of(found.p50),
        p90: of(found.p90),
        p95: of(found.p95),
        p99: of(found.p99),
        p999: of(found.p999),
        relative_error: analysis::StageLatency::RELATIVE_ERROR,
    }
}

pub(super) fn capacity(
    found: &CapacityFindings,
    chain: &ChainFindings,
    config: &EffectiveConfig,
) -> Capacity {
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
        mix: (!found.mix.is_empty())
            .then(|| found.mix.iter().map(|part| (part.chain.clone(), part.share)).collect()),
        limited_by: found.limited_by.clone(),
        binding: found.binding.map(Binding::name),
        instances_under_test: config.instances_of(&chain.name, found),
        window_s: exact_s(found.window),
        usl: opinions
            .usl
            .as_ref()
            .and_then(|fit| fit.as_ref().ok())
            .map(|fit| usl(fit, opinions.usl_peak.as_ref())),
        kneedle_rps: rate(opinions.kneedle),
        segmented_rps: rate(opinions.segmented),
        next_rates_rps: found.next_rates.iter().map(|rate| rate.per_second()).collect(),
    }
}

fn usl(fit: &usl::Fit, interval: Option<&usl::PeakInterval>) -> Usl {
    const LEVEL: f64 = 0.95;
    let intervals = fit.intervals(LEVEL);
    let estimate = |place: usize, value: f64| {
        let interval = intervals.and_then(|intervals| intervals.get(place).copied());
        Estimate {
            value,
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
        }
    };
    let peak = fit.peak();
    Usl {
        sigma: estimate(0, fit.model.sigma),
        kappa: estimate(1, fit.model.kappa),
        lambda_rps: estimate(2, fit.model.lambda.per_second()),
        peak_concurrency: peak.map(|peak| peak.concurrency),
        peak_rps: peak.map(|peak| peak.throughput.per_second()),
        peak_interval: interval.and_then(peak_interval),
        residual_rps: fit.residual_error,
        degrees_of_freedom: fit.freedom,
    }
}

/// Ends that no number is are open; `None` where both are.
fn peak_interval(found: &usl::PeakInterval) -> Option<UslPeak> {
    let end = |value: f64| value.is_finite().then_some(value);
    Some(UslPeak {
        concurrency_low: end(found.concurrency.low)?,
        concurrency_high: end(found.concurrency.high),
        rps_low: end(found.throughput.low)?,
        rps_high: end(found.throughput.high),
        no_peak_ratio: found.no_peak_ratio,
    })
}
