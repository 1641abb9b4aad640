//! Latency by percentile, as `HdrHistogram` plots it: each step to the right leaves out nine of ten of what is above.

use hdrhistogram::Histogram;
use plimsoll_analysis::{Distribution, LatencySummary};
use plimsoll_model::Nanos;

use super::Subject;
use super::axis::{Axis, short_time};
use super::canvas::Dash;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet};
use crate::numbers::{count, millis, percentile_of};

/// Places along the axis at which a curve is read.
const PLACES: u32 = 320;

pub(super) fn chart(subject: Subject<'_>) -> Option<Chart> {
    let latency = &subject.chain.latency;
    let curves: Vec<Curve> = [
        Curve::of(Ink::Good, "succeeded", &latency.success, &latency.success_histogram),
        Curve::of(Ink::Bad, "failed", &latency.failure, &latency.failure_histogram),
    ]
    .into_iter()
    .flatten()
    .collect();
    let values = || curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1));
    let most = curves.iter().map(|curve| curve.count).max()?;
    let limit = subject.config.slo_latency.map(Nanos::as_millis_f64);
    let low = values().chain(limit).fold(f64::INFINITY, f64::min);
    let high = values().chain(limit).fold(0.0, f64::max);
    let x = Axis::quantiles(most as f64, "share of the requests that took no longer");
    let mut panel = Panel::new(x, Axis::log(low, high, short_time, "latency"), 240.0);
    panel.upright = true;
    if let Some(at) = limit {
        panel.marks.push(Mark::Across { ink: Ink::Bad, dash: Dash::Dashed, at });
        panel.label(Ink::Bad, at, format!("SLO {}", short_time(at)));
    }
    for curve in &curves {
        let points = curve.points.clone();
        let last = points.last().copied()?;
        let ink = curve.ink;
        panel.marks.push(Mark::Line { ink, dash: Dash::Solid, width: 2.2, points });
        panel.marks.push(Mark::Dots { ink, radius: 3.0, filled: true, points: vec![last] });
        panel.label(ink, last.1, curve.name);
    }
    let parts: Vec<String> = curves.iter().map(Curve::words).collect();
    let name = subject.name();
    let description = format!(
        "Latency by percentile on logarithmic scales. {}.",
        curves.iter().map(Curve::count_words).collect::<Vec<_>>().join("; ")
    );
    let sheet = Sheet {
        name: subject.file("percentiles"),
        title: format!("{name}: {}", parts.join("; ")),
        note: "Successes and failures apart, as recorded; each step to the right leaves out nine of ten, the dot is the longest"
            .to_owned(),
        description,
        tips: None,
        panels: vec![panel],
    };
    Some(sheet.draw())
}

struct Curve {
    ink: Ink,
    name: &'static str,
    count: u64,
    median: Option<Nanos>,
    p99: Option<Nanos>,
    max: Nanos,
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// `None` without values.
    fn of(
        ink: Ink,
        name: &'static str,
        summary: &LatencySummary,
        distribution: &Distribution,
    ) -> Option<Self> {
        let max = summary.max?;
        let histogram = distribution.to_histogram();
        let supported = |quantile| {
            percentile_of(summary, quantile).filter(|found| found.supported).and_then(|p| p.value)
        };
        Some(Self {
            ink,
            name,
            count: summary.count,
            median: supported(0.5),
            p99: supported(0.99),
            max,
            points: points(&histogram, max),
        })
    }

    /// `99 % of what succeeded within 98.4 ms, the longest took 120 ms`.
    fn words(&self) -> String {
        let longest = format!("the longest took {} ms", millis(self.max));
        let what = format!("of what {}", self.name);
        match (self.median, self.p99) {
            (_, Some(p99)) => format!("99 % {what} within {} ms, {longest}", millis(p99)),
            (Some(median), None) => format!("half {what} within {} ms, {longest}", millis(median)),
            (None, None) => format!("the longest {what} took {} ms", millis(self.max)),
        }
    }

    fn count_words(&self) -> String {
        format!("{} {}: {}", count(self.count), self.name, self.words())
    }
}

/// From 1/(1 - quantile) = 1 to as many as there are values, evenly on the axis; the last is the longest, exactly.
fn points(histogram: &Histogram<u64>, max: Nanos) -> Vec<(f64, f64)> {
    let count = histogram.len() as f64;
    let value = |nanos: u64| Nanos(nanos.min(max.0)).as_millis_f64().max(1e-6);
    let mut recorded = histogram.iter_recorded();
    let (mut seen, mut at) = (0, 0);
    let mut points: Vec<(f64, f64)> = (0..PLACES)
        .map(|place| count.powf(f64::from(place) / f64::from(PLACES)))
        .map(|inverse| {
            // Nearest rank: the first value that as many do not exceed.
            let rank = ((1.0 - 1.0 / inverse) * count).ceil().max(1.0);
            while (seen as f64) < rank {
                let Some(step) = recorded.next() else { break };
                seen += step.count_at_value();
                at = step.value_iterated_to();
            }
            (inverse, value(at))
        })
        .collect();
    points.push((count.max(1.0), value(max.0)));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_ends_at_the_longest() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        for value in 1..=1_000_u64 {
            histogram.record(value * 1_000_000).unwrap();
        }
        let points = points(&histogram, Nanos(1_000_000_123));
        assert_eq!(points.first().unwrap().0.total_cmp(&1.0), std::cmp::Ordering::Equal);
        let last = points.last().unwrap();
        assert!((last.0 - 1_000.0).abs() < 1e-9 && (last.1 - 1_000.000_123).abs() < 1e-9);
        // Of 1 to 1,000 ms the q-th quantile is 1,000·q ms, to a millisecond and 0.1 %.
        for (inverse, value) in points {
            let expected = 1_000.0 * (1.0 - 1.0 / inverse);
            assert!((value - expected).abs() < 2.0, "{inverse}: {value}");
        }
    }
}
