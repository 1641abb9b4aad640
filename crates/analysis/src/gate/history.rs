//! Where a history of measurements changed, so that slow drifts are seen which no pair of runs shows.

use std::collections::BTreeMap;

use plimsoll_model::{Nanos, Timestamp};

use super::sample::Measured;
use super::threshold::quantile_of;
use crate::capacity::change_points::ChangePoints;

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// Failures per request.
    FailureRatio,
    /// A quantile of the latency of accepted answers, in milliseconds.
    LatencyMs(f64),
}

/// A change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The chain.
    pub chain: String,
    /// What changed.
    pub figure: Figure,
    /// The first measurement that is different.
    pub run: String,
    /// When it began.
    pub at: Option<Timestamp>,
    /// The mean from the change before to this one.
    pub before: f64,
    /// The mean from this change on, to the next one.
    pub after: f64,
    /// How likely chance makes so large a difference.
    pub p_value: f64,
    /// How many measurements have been so since.
    pub runs: usize,
    /// Whether it is the last of its figure: what holds now.
    pub is_last: bool,
}

impl Change {
    /// Whether more failed, or it took longer.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.after > self.before
    }
}

/// The changes of each chain of the last measurement, over measurements in order of time.
#[must_use]
pub fn changes(history: &[&Measured], quantiles: &[f64], finder: &ChangePoints) -> Vec<Change> {
    let Some(last) = history.last() else { return Vec::new() };
    let mut found = Vec::new();
    for chain in &last.chains {
        let figures = std::iter::once(Figure::FailureRatio)
            .chain(quantiles.iter().map(|&quantile| Figure::LatencyMs(quantile)));
        for figure in figures {
            let series: Vec<(&Measured, f64)> = history
                .iter()
                .filter_map(|run| Some((*run, value(run, &chain.chain, figure)?)))
                .collect();
            let values: Vec<f64> = series.iter().map(|point| point.1).collect();
            let points = finder.find(&values).unwrap_or_default();
            for (place, point) in points.iter().enumerate() {
                let next = points.get(place + 1).map_or(series.len(), |next| next.index);
                let Some((run, _)) = series.get(point.index) else { continue };
                found.push(Change {
                    chain: chain.chain.clone(),
                    figure,
                    run: run.name.clone(),
                    at: run.start,
                    before: point.mean_before,
                    after: point.mean_after,
                    p_value: point.p_value,
                    runs: next - point.index,
                    is_last: next == series.len(),
                });
            }
        }
    }
    found
}

fn value(run: &Measured, chain: &str, figure: Figure) -> Option<f64> {
    let sample = run.chain(chain).filter(|sample| sample.requests > 0)?;
    match figure {
        Figure::FailureRatio => {
            Some(sample.requests.saturating_sub(sample.successes) as f64 / sample.requests as f64)
        }
        Figure::LatencyMs(quantile) => sample
            .success_latency
            .quantile(quantile)
            .or_else(|| quantile_of(&sample.latency_blocks, quantile))
            .map(Nanos::as_millis_f64),
    }
}

/// Measurements in order of time, those without one first; of several of one time, by name.
#[must_use]
pub fn in_order(runs: &[Measured]) -> Vec<&Measured> {
    let sorted: BTreeMap<(Option<i64>, &str, usize), &Measured> = runs
        .iter()
        .enumerate()
        .map(|(place, run)| ((run.start.map(|start| start.0), run.name.as_str(), place), run))
        .collect();
    sorted.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::sample::{Latency, Sample};

    fn run(number: i64, failures: u64, p99_ms: u64) -> Measured {
        Measured {
            name: format!("run-{number}.json"),
            start: Some(Timestamp(number)),
            chains: vec![Sample {
                chain: "a".to_owned(),
                requests: 10_000,
                successes: 10_000 - failures,
                success_latency: Latency {
                    quantiles: vec![(0.99, Nanos(p99_ms * 1_000_000))],
                    ..Latency::default()
                },
                ..Sample::default()
            }],
            ..Measured::default()
        }
    }

    /// The series of Otava's test (`change_points.json`), as milliseconds.
    #[test]
    fn changes_are_otavas() {
        let series =
            [102, 95, 99, 100, 112, 100, 101, 98, 101, 96, 50, 51, 48, 48, 55, 50, 49, 51, 50, 49];
        let runs: Vec<Measured> =
            (0..).zip(series).map(|(number, value)| run(number, 0, value)).collect();
        let finder = ChangePoints { window: 10, max_p_value: 0.0001, min_magnitude: 0.05 };
        let mut mixed = runs.clone();
        mixed.reverse();
        let found = changes(&in_order(&mixed), &[0.99], &finder);
        let [change] = &found[..] else { panic!("{found:?}") };
        assert_eq!((change.run.as_str(), change.runs, change.is_last), ("run-10.json", 10, true));
        assert!((change.before - 100.4).abs() < 1e-9 && (change.after - 50.1).abs() < 1e-9);
        assert!(!change.is_worse());
    }

    #[test]
    fn a_rise_of_failures_from_none_is_a_change() {
        let runs: Vec<Measured> = (0..30)
            .map(|number| {
                run(
                    number,
                    if number < 18 { 0 } else { 40 + u64::try_from(number % 3).unwrap() },
                    100,
                )
            })
            .collect();
        let finder = ChangePoints { min_magnitude: 0.05, ..ChangePoints::default() };
        let found = changes(&in_order(&runs), &[0.99], &finder);
        let [change] = &found[..] else { panic!("{found:?}") };
        assert_eq!((change.figure, change.run.as_str()), (Figure::FailureRatio, "run-18.json"));
        assert!(change.is_worse());
    }
}
