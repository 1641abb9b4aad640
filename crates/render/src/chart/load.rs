//! Goodput and latency against the offered rate, with the load line.

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::sustained::Censored;
use plimsoll_analysis::{CapacityFindings, StageFindings};
use plimsoll_model::{Nanos, Rate};

use super::Subject;
use super::axis::{Axis, short_time};
use super::canvas::Dash;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet};
use crate::numbers::{count, counted, rate};
use crate::sections::{goal, per_second};

type Value = fn(&StageFindings) -> Option<Nanos>;

pub(super) fn chart(subject: Subject<'_>) -> Option<Chart> {
    let chain = subject.chain;
    // Chains that were not measured together have no rate in common.
    let is_mix = chain.capacity.as_ref().is_some_and(|found| !found.mix.is_empty());
    if subject.name.is_some() && !is_mix {
        return None;
    }
    let mut stages: Vec<&StageFindings> = chain.stages.iter().collect();
    stages.sort_by(|left, right| left.offered.0.total_cmp(&right.offered.0));
    // A single rate is a point, of which a table says as much.
    let (first, last) = (stages.first()?.offered.0, stages.last()?.offered.0);
    if stages.len() < 2 || last < first * 1.02 {
        return None;
    }
    let capacity = chain.capacity.as_ref();
    let most = capacity
        .and_then(|found| found.interval.high.or(found.upper))
        .map_or(last, |high| last.max(high.per_second()));
    let x = || Axis::from_zero(most * 1.04, 8, "offered requests per second");
    let mut panel =
        Panel::new(x(), Axis::from_zero(most * 1.04, 5, "good requests per second"), 240.0);
    panel.has_x = false;
    let mut below = Panel::new(x(), latency_axis(&stages, subject)?, 150.0);
    for one in [&mut panel, &mut below] {
        one.upright = true;
        bracket(one, capacity);
    }
    let all = vec![(0.0, 0.0), (most * 1.04, most * 1.04)];
    panel.marks.push(Mark::Line { ink: Ink::Axis, dash: Dash::Dashed, width: 1.0, points: all });
    let has_slo = stages.iter().any(|stage| stage.goodput.is_some());
    let goodput = |stage: &StageFindings| {
        stage.goodput.or_else(|| {
            let success = stage.success?;
            Some(Rate(stage.offered.per_second() * success.ratio))
        })
    };
    dots(&mut panel, &stages, |stage| goodput(stage).map(Rate::per_second), Ink::Good);
    if let Some(last) = stages.iter().rev().find_map(|stage| goodput(stage)) {
        panel.label(Ink::Good, last.per_second(), if has_slo { "good" } else { "succeeded" });
    }
    panel.label(Ink::Axis, most * 1.04, "all that is offered");
    if let Some(limit) = subject.config.slo_latency.map(Nanos::as_millis_f64) {
        below.marks.push(Mark::Across { ink: Ink::Bad, dash: Dash::Dashed, at: limit });
        below.label(Ink::Bad, limit, format!("SLO {}", short_time(limit)));
    }
    let lines: [(Ink, &str, Value); 2] = [
        (Ink::Middle, "p50", |stage| stage.latency.p50),
        (Ink::High, "p99", |stage| stage.latency.p99),
    ];
    for (ink, name, value) in lines {
        let shown = |stage: &StageFindings| value(stage).map(Nanos::as_millis_f64);
        dots(&mut below, &stages, shown, ink);
        if let Some(at) = stages.iter().rev().find_map(|stage| shown(stage)) {
            below.label(ink, at, name);
        }
    }
    if let Some(lower) = capacity.and_then(|found| found.lower) {
        let at = lower.per_second();
        let to_left = at > most * 0.55;
        panel.marks.push(Mark::Plimsoll { at });
        let words = format!("load line {}", per_second(lower));
        let aside = if to_left { -most } else { most } * 0.03;
        let place = (at + aside, most * 0.955);
        panel.marks.push(Mark::Words { at: place, ends: to_left, text: words });
    }
    let name = subject.name();
    let sheet = Sheet {
        name: subject.file("load"),
        title: title(&name, capacity, subject),
        note: note(capacity, has_slo),
        description: description(&stages, capacity),
        tips: None,
        panels: vec![panel, below],
    };
    Some(sheet.draw())
}

fn latency_axis(stages: &[&StageFindings], subject: Subject<'_>) -> Option<Axis> {
    let values = || {
        let both = |stage: &&StageFindings| [stage.latency.p50, stage.latency.p99];
        let limit = subject.config.slo_latency;
        stages.iter().flat_map(both).flatten().chain(limit).map(Nanos::as_millis_f64)
    };
    let low = values().reduce(f64::min)?;
    Some(Axis::log(low.max(1e-6), values().fold(low, f64::max), short_time, "latency"))
}

/// What is known of the capacity, shaded: the interval by chance, the bracket within it, the load line at its lower end.
fn bracket(panel: &mut Panel, capacity: Option<&CapacityFindings>) {
    let Some(found) = capacity else { return };
    let (low, high) = (panel.x.low, panel.x.high);
    let ends = |from: Option<Rate>, to: Option<Rate>| {
        (from.map_or(low, Rate::per_second), to.map_or(high, Rate::per_second))
    };
    let (from, to) = ends(found.interval.low, found.interval.high);
    panel.marks.push(Mark::Span { ink: Ink::Untold, from, to });
    let (from, to) = ends(found.lower, found.upper);
    panel.marks.push(Mark::Span { ink: Ink::Bracket, from, to });
    if let Some(upper) = found.upper {
        let at = upper.per_second();
        panel.marks.push(Mark::Upright { ink: Ink::Bad, dash: Dash::Dashed, width: 1.2, at });
    }
    if let Some(lower) = found.lower {
        let at = lower.per_second();
        panel.marks.push(Mark::Upright { ink: Ink::Line, dash: Dash::Solid, width: 2.2, at });
    }
}

/// A line through the stages; what holds is a disc, what does not a ring, what nobody can tell a small disc.
fn dots(
    panel: &mut Panel,
    stages: &[&StageFindings],
    value: impl Fn(&StageFindings) -> Option<f64>,
    ink: Ink,
) {
    let place = |stage: &&StageFindings| Some((stage.offered.per_second(), value(stage)?));
    let points: Vec<(f64, f64)> = stages.iter().filter_map(place).collect();
    panel.marks.push(Mark::Line { ink, dash: Dash::Solid, width: 1.6, points });
    let kinds = [
        (Some(Classification::Undecided), Ink::Unknown, 2.4, true),
        (None, ink, 3.4, true),
        (Some(Classification::Lower), ink, 4.2, true),
        (Some(Classification::Upper), ink, 4.2, false),
    ];
    for (kind, ink, radius, filled) in kinds {
        let such = stages.iter().filter(|stage| stage.classification == kind);
        let points: Vec<(f64, f64)> = such.filter_map(place).collect();
        if !points.is_empty() {
            panel.marks.push(Mark::Dots { ink, radius, filled, points });
        }
    }
}

fn title(name: &str, capacity: Option<&CapacityFindings>, subject: Subject<'_>) -> String {
    let stages = subject.chain.stages.len() as u64;
    let Some(found) = capacity else {
        return format!("{name}: {} of different rates", counted(stages, "stage", "stages"));
    };
    let goal = goal(&subject.config.slo());
    let hold = if subject.name.is_some() { "hold" } else { "holds" };
    let bound = |bound: Option<Rate>| per_second(bound.unwrap_or(Rate(0.0)));
    match found.censored {
        Censored::None => {
            format!("{name} {hold} {}, not {} ({goal})", bound(found.lower), bound(found.upper))
        }
        Censored::MaxLoad => {
            format!("{name} {hold} at least {}: no rate was too high ({goal})", bound(found.lower))
        }
        Censored::Generator => format!(
            "{name} {hold} at least {}: beyond, the generator was the limit ({goal})",
            bound(found.lower)
        ),
        Censored::BelowMinLoad => {
            format!(
                "{name} {hold} less than {}: every rate was too high ({goal})",
                bound(found.upper)
            )
        }
    }
}

fn note(capacity: Option<&CapacityFindings>, has_slo: bool) -> String {
    let what = if has_slo { "Good" } else { "Accepted" };
    let mut note = format!("{what} requests and latency by stage");
    if capacity.is_some() {
        note += "; disc: held, ring: too much, grey: undecided; shaded: where the limit lies, paler: by chance";
    }
    if capacity.is_some_and(|found| found.mixed) {
        note += "; other chains shared the server";
    }
    note
}

fn description(stages: &[&StageFindings], capacity: Option<&CapacityFindings>) -> String {
    let ends = [stages.first(), stages.last()].map(|stage| rate(stage.map(|stage| stage.offered)));
    let mut said = format!(
        "{} stages from {}/s to {}/s offered: good requests per second above, median and 99th percentile of the latency below.",
        count(stages.len() as u64),
        ends[0],
        ends[1]
    );
    if let Some(lower) = capacity.and_then(|found| found.lower) {
        said = format!("{said} The load line is at {}.", per_second(lower));
    }
    said
}
