//! The Universal Scalability Law beside the windows that it was fitted to.

use std::collections::BTreeMap;

use plimsoll_analysis::capacity::usl::Point;
use plimsoll_model::Rate;

use super::Subject;
use super::axis::Axis;
use super::canvas::Dash;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet};
use crate::numbers::count;
use crate::sections::per_second;

/// Places of the curve.
const PLACES: u32 = 160;

/// Columns of dots.
const COLUMNS: f64 = 300.0;

pub(super) fn chart(subject: Subject<'_>) -> Option<Chart> {
    let opinions = &subject.chain.capacity.as_ref()?.second_opinions;
    let fit = opinions.usl.as_ref()?.as_ref().ok()?;
    let points = &opinions.usl_points;
    let measured = fit.max_concurrency;
    if !(measured > 0.0 && measured.is_finite()) {
        return None;
    }
    let peak = fit.peak();
    let end = peak.map_or(measured, |peak| measured.max(peak.concurrency)) * 1.15;
    let curve: Vec<(f64, f64)> = (0..=PLACES)
        .map(|place| end * f64::from(place) / f64::from(PLACES))
        .filter_map(|n| Some((n, fit.model.throughput_at_concurrency(n)?.per_second())))
        .collect();
    let highest = points.iter().map(|point| point.throughput.per_second());
    let most = highest.chain(curve.iter().map(|point| point.1)).fold(0.0, f64::max);
    let mut panel = Panel::new(
        Axis::from_zero(end, 8, "requests in flight (mean of a window)"),
        Axis::from_zero(most, 5, "answers per second"),
        220.0,
    );
    let untrusted = panel.x.high;
    panel.marks.push(Mark::Span { ink: Ink::Untold, from: measured, to: untrusted });
    let (known, beyond): (Vec<_>, Vec<_>) = curve.iter().partition(|point| point.0 <= measured);
    let mut beyond = beyond;
    beyond.splice(0..0, known.last().copied());
    panel.marks.push(Mark::Dots {
        ink: Ink::Middle,
        radius: 2.2,
        filled: true,
        points: extremes(points, end),
    });
    panel.marks.push(Mark::Line { ink: Ink::High, dash: Dash::Solid, width: 2.0, points: known });
    panel.marks.push(Mark::Line { ink: Ink::High, dash: Dash::Dashed, width: 2.0, points: beyond });
    if let Some(peak) = peak {
        let at = (peak.concurrency, peak.throughput.per_second());
        panel.marks.push(Mark::Dots {
            ink: Ink::Bad,
            radius: 4.5,
            filled: false,
            points: vec![at],
        });
        panel.label(Ink::Bad, at.1, "peak");
    } else if let Some(last) = curve.last() {
        panel.label(Ink::High, last.1, "fit");
    }
    let name = subject.name();
    let title = match (peak, fit.model.limit()) {
        (Some(peak), _) => format!(
            "{name}: the Universal Scalability Law peaks at {} with {:.0} in flight",
            per_second(peak.throughput),
            peak.concurrency
        ),
        (None, Some(limit)) => format!(
            "{name}: the Universal Scalability Law has no peak within reach, and ends at {}",
            per_second(limit)
        ),
        (None, None) => format!("{name}: the Universal Scalability Law has no peak within reach"),
    };
    let model = &fit.model;
    let sheet = Sheet {
        name: subject.file("scalability"),
        title,
        note: format!(
            "A second opinion, which sizes nothing: dots are windows; contention σ = {:.4}, coherency κ = {:.6}, {} alone; shaded: beyond what was measured",
            model.sigma,
            model.kappa,
            per_second(model.lambda)
        ),
        description: format!(
            "Throughput over concurrency: {} windows and the fitted curve, up to {:.1} requests in flight.",
            count(points.len() as u64),
            measured
        ),
        tips: None,
        panels: vec![panel],
    };
    Some(sheet.draw())
}

/// Of each column of the chart the lowest and the highest point.
fn extremes(points: &[Point], end: f64) -> Vec<(f64, f64)> {
    let mut columns: BTreeMap<u32, [(f64, f64); 2]> = BTreeMap::new();
    for point in points {
        let Rate(throughput) = point.throughput;
        let at = (point.concurrency, throughput);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a column")]
        let column = (point.concurrency / end * COLUMNS) as u32;
        let ends = columns.entry(column).or_insert([at, at]);
        if throughput < ends[0].1 {
            ends[0] = at;
        }
        if throughput > ends[1].1 {
            ends[1] = at;
        }
    }
    let mut points: Vec<(f64, f64)> = columns.into_values().flatten().collect();
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_points_the_extremes_stay() {
        let points: Vec<Point> = (0..10_000)
            .map(|n| Point { concurrency: f64::from(n % 100), throughput: Rate(f64::from(n)) })
            .collect();
        let shown = extremes(&points, 100.0);
        assert_eq!(shown.len(), 200);
        assert!(shown.contains(&(99.0, 9_999.0)) && shown.contains(&(0.0, 0.0)));
    }
}
