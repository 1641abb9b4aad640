//! What load is sustained, from stages and an SLO.

use std::collections::BTreeMap;

use plimsoll_model::{Nanos, Rate};

use super::stage::Stage;
use super::{CapacityFindings, SecondOpinions, StageFindings};
use crate::capacity::backlog::{Backlog, backlog};
use crate::capacity::kneedle::Kneedle;
use crate::capacity::mlrsearch::Classification;
use crate::capacity::ramp::ramp;
use crate::capacity::segmented::segmented;
use crate::capacity::sustained::{
    Binding, Censored, Classified, Interval, Step, sustained, uncertainty,
};
use crate::capacity::usl;
use crate::capacity::window::{Objective, Reason, Rules, Window};
use crate::{Measure, Options, Slo};

/// Rates that differ by less than this share are one that was offered twice, ...
const SAME_RATE: f64 = 0.005;

/// ... or, where arrivals are random, by as much as twice the chance error of their counts, and at most this share.
pub(super) const SAME_COUNTED: f64 = 0.015;

/// The most draws of windows for the peak of the Universal Scalability Law: each is a fit, which takes some 40 µs.
const MOST_FITS: usize = 200;

/// A bracket wider than this share asks for more rates.
const WIDE: f64 = 0.10;

/// What is said of a stage.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) classification: Classification,
    pub(super) binding: Option<Binding>,
    pub(super) backlog: Option<Backlog>,
    pub(super) valid: usize,
    pub(super) invalid: BTreeMap<Reason, usize>,
}

/// The stages as an SLO judges them, and the capacity that they show.
pub(super) fn judge(
    stages: &[Stage],
    slo: &Slo,
    options: &Options,
) -> (Vec<StageFindings>, Option<CapacityFindings>) {
    let measure = &options.measure;
    let mut objective = Objective::new(slo);
    objective.exceed_ratio = measure.exceed_ratio;
    objective.min_windows = measure.min_windows;
    let (ramps, held): (Vec<&Stage>, Vec<&Stage>) = stages.iter().partition(|stage| stage.is_ramp);
    let steps = steps(&held);
    let shortest = stages.iter().map(|stage| stage.window).min().unwrap_or(Nanos::ZERO);
    let rules_of_all = Rules::new(&options.validity, slo).scaled(shortest, measure.window);
    let classified =
        sustained(&steps, &objective, &rules_of_all).map(|found| found.rates).unwrap_or_default();
    let findings = stages
        .iter()
        .map(|stage| {
            let rate = steps.iter().zip(&held).find(|(_, held)| std::ptr::eq(**held, stage));
            let classified = rate.and_then(|(step, _)| {
                classified.iter().find(|classified| classified.rate == step.rate)
            });
            let verdict = verdict(stage, classified, &objective, &rules_of_all);
            stage.finding(verdict.as_ref(), options)
        })
        .collect();
    let capacity = if steps.is_empty() {
        screened(&ramps, &objective, &rules_of_all, shortest, measure)
    } else {
        bracketed(&steps, &held, &objective, &rules_of_all, shortest, options)
    };
    (findings, capacity)
}

/// What is said of one stage: its own windows, and what its rate is by all stages of that rate.
fn verdict(
    stage: &Stage,
    classified: Option<&Classified>,
    objective: &Objective,
    rules: &Rules,
) -> Option<Verdict> {
    let mut invalid = BTreeMap::new();
    let mut valid = 0;
    for window in &stage.windows {
        let reasons = rules.reasons(&window.row);
        valid += usize::from(reasons.is_empty());
        for reason in reasons {
            *invalid.entry(reason).or_default() += 1;
        }
    }
    let rows: Vec<Window> = stage.windows.iter().map(|window| window.row).collect();
    let classified = classified?;
    Some(Verdict {
        classification: classified.classification,
        binding: classified.binding,
        backlog: backlog(&rows, objective.latency),
        valid,
        invalid,
    })
}

/// The stages as steps: those of one rate alike, each pass over the rates a sweep of its own.
fn steps(stages: &[&Stage]) -> Vec<Step> {
    let mut rates: Vec<(f64, f64)> = stages
        .iter()
        .map(|stage| (stage.offered.per_second(), stage.error.max(SAME_RATE)))
        .collect();
    rates.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut nominal: Vec<(f64, f64)> = Vec::new();
    let is_one = |low: &(f64, f64), high: &(f64, f64)| {
        high.0 - low.0 <= low.1.max(high.1).min(SAME_COUNTED) * high.0
    };
    for group in rates.chunk_by(is_one) {
        let mean = group.iter().map(|rate| rate.0).sum::<f64>() / group.len() as f64;
        nominal.extend(group.iter().map(|rate| (rate.0, mean)));
    }
    let mut sweep = 0;
    let mut seen: Vec<f64> = Vec::new();
    stages
        .iter()
        .map(|stage| {
            let own = stage.offered.per_second();
            let found = nominal.iter().find(|(rate, _)| rate.total_cmp(&own).is_eq());
            let rate = found.map_or(own, |(_, mean)| *mean);
            if seen.contains(&rate) {
                sweep += 1;
                seen.clear();
            }
            seen.push(rate);
            Step {
                rate: Rate(rate),
                sweep,
                window: stage.window,
                windows: stage.windows.iter().map(|window| window.row).collect(),
            }
        })
        .collect()
}

fn bracketed(
    steps: &[Step],
    stages: &[&Stage],
    objective: &Objective,
    rules: &Rules,
    window: Nanos,
    options: &Options,
) -> Option<CapacityFindings> {
    let knee = sustained(steps, objective, rules)?.knee;
    if knee.lower.is_none() && knee.upper.is_none() {
        return None;
    }
    let measure = &options.measure;
    let uncertain =
        uncertainty(steps, objective, rules, measure.resamples, measure.seed, options.confidence)?;
    Some(CapacityFindings {
        lower: knee.lower,
        upper: knee.upper,
        conditional: knee.conditional,
        interval: uncertain.widest(),
        relative_width: knee.relative_width,
        censored: knee.censored,
        binding: knee.binding,
        screening: knee.screening,
        mixed: stages.iter().any(|stage| stage.is_mixed),
        mix: Vec::new(),
        limited_by: None,
        window,
        second_opinions: opinions(stages, rules, options),
        next_rates: next_rates(knee.lower, knee.upper, knee.censored),
        hold: hold(measure),
    })
}

/// What a ramp shows, which is where to hold steps.
fn screened(
    ramps: &[&Stage],
    objective: &Objective,
    rules: &Rules,
    window: Nanos,
    measure: &Measure,
) -> Option<CapacityFindings> {
    let rows: Vec<(Rate, Window)> = ramps
        .iter()
        .flat_map(|stage| &stage.windows)
        .filter_map(|window| Some((window.row.sent_rate()?, window.row)))
        .collect();
    let found = ramp(&rows, objective, rules)?;
    Some(CapacityFindings {
        lower: found.lower,
        upper: found.upper,
        conditional: None,
        interval: Interval { low: found.lower, high: found.upper },
        relative_width: width(found.lower, found.upper),
        censored: found.censored,
        binding: None,
        screening: true,
        mixed: ramps.iter().any(|stage| stage.is_mixed),
        mix: Vec::new(),
        limited_by: None,
        window,
        second_opinions: SecondOpinions::default(),
        next_rates: next_rates(found.lower, found.upper, found.censored),
        hold: hold(measure),
    })
}

/// How long a stage has to be for windows that are not scaled down.
fn hold(measure: &Measure) -> Nanos {
    let windows = measure.window.0.saturating_mul(u64::from(measure.min_windows));
    Nanos(windows.saturating_add(measure.warm_up.0))
}

pub(super) fn width(lower: Option<Rate>, upper: Option<Rate>) -> Option<f64> {
    let (lower, upper) = (lower?.per_second(), upper?.per_second());
    (upper > 0.0).then(|| (upper - lower) / upper)
}

/// Rates to offer next: between the bounds where they are far apart, beyond them where one is missing.
pub(super) fn next_rates(
    lower: Option<Rate>,
    upper: Option<Rate>,
    censored: Censored,
) -> Vec<Rate> {
    let rates = match (lower, upper, censored) {
        // A generator at its limit does not go further.
        (_, _, Censored::Generator) => Vec::new(),
        (Some(lower), Some(upper), _) if width(Some(lower), Some(upper)) > Some(WIDE) => {
            let (low, high) = (lower.per_second(), upper.per_second());
            let count = ((high / low).ln() / (1.0 / (1.0 - WIDE)).ln()).ceil().clamp(2.0, 8.0);
            let ratio = (high / low).powf(1.0 / count);
            (1..8)
                .take_while(|&step| f64::from(step) < count)
                .map(|step| low * ratio.powi(step))
                .collect()
        }
        (Some(_), Some(_), _) | (None, None, _) => Vec::new(),
        (Some(lower), None, _) => {
            (1..=3).map(|step| lower.per_second() * 1.25_f64.powi(step)).collect()
        }
        (None, Some(upper), _) => {
            (1..=3).rev().map(|step| upper.per_second() / 1.25_f64.powi(step)).collect()
        }
    };
    rates.into_iter().map(|rate: f64| Rate(rounded(rate))).collect()
}

/// Three significant digits are as many as a schedule needs.
fn rounded(rate: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
    let unit = 10_f64.powi(rate.log10().floor() as i32 - 2);
    if unit.is_finite() && unit > 0.0 { (rate / unit).round() * unit } else { rate }
}

/// What other methods say, over windows that count.
fn opinions(stages: &[&Stage], rules: &Rules, options: &Options) -> SecondOpinions {
    let mut points = Vec::new();
    let mut curve: Vec<(Rate, Rate)> = Vec::new();
    for stage in stages {
        let rows: Vec<Window> = stage.windows.iter().map(|window| window.row).collect();
        let valid: Vec<&Window> = rows.iter().filter(|row| rules.reasons(row).is_empty()).collect();
        let (good, time) = valid.iter().fold((0, 0_u64), |(good, time), row| {
            (good + row.good, time.saturating_add(row.duration.0))
        });
        if let Some(goodput) = Rate::over(good, Nanos(time)) {
            curve.push((stage.offered, goodput));
        }
        // An open loop's concurrency means nothing where a backlog grows.
        if backlog(&rows, None).is_none() {
            points.extend(valid.iter().filter_map(|row| {
                let latency = row.latency_mean?.as_secs_f64();
                Some(usl::Point::of_latency(Rate::over(row.successes, row.duration)?, latency))
            }));
        }
    }
    let plain: Vec<(f64, f64)> =
        curve.iter().map(|(x, y)| (x.per_second(), y.per_second())).collect();
    let fitted = (stages.len() > 1).then(|| usl::fit(&points));
    let has_peak = matches!(&fitted, Some(Ok(fit)) if fit.peak().is_some());
    let Measure { resamples, seed, .. } = options.measure;
    let resamples = resamples.min(MOST_FITS);
    let interval = || usl::peak_interval(&points, options.confidence, resamples, seed);
    let usl_peak = has_peak.then(interval).flatten();
    SecondOpinions {
        usl: fitted,
        usl_points: points,
        usl_peak,
        kneedle: Kneedle::default().find(&plain).knee.map(|knee| Rate(knee.x)),
        segmented: segmented(&curve).map(|found| found.breakpoint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_rates_narrow_the_bracket() {
        let rates = |lower: Option<f64>, upper: Option<f64>, censored| -> Vec<f64> {
            let found = next_rates(lower.map(Rate), upper.map(Rate), censored);
            found.into_iter().map(Rate::per_second).collect()
        };
        assert_eq!(rates(Some(400.0), Some(440.0), Censored::None), [0.0; 0]);
        assert_eq!(rates(Some(400.0), Some(450.0), Censored::None), [424.0]);
        let wide = rates(Some(100.0), Some(200.0), Censored::None);
        assert!(
            wide.len() >= 6 && wide.iter().all(|rate| (100.0..200.0).contains(rate)),
            "{wide:?}"
        );
        assert_eq!(rates(Some(400.0), None, Censored::MaxLoad), [500.0, 625.0, 781.0]);
        assert_eq!(rates(Some(400.0), None, Censored::Generator), [0.0; 0]);
        assert_eq!(rates(None, Some(500.0), Censored::BelowMinLoad), [256.0, 320.0, 400.0]);
    }
}
