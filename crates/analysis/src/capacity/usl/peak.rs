use plimsoll_model::Rate;

use super::super::random::Random;
use super::fit::least_squares;
use super::{Interval, Point, fit};

/// A bootstrap interval of the peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakInterval {
    /// Of Nmax; an end is infinite where the resamples there have no peak.
    pub concurrency: Interval,
    /// Of Xmax, requests per second; λ/σ where a resample has no peak, infinite where it has no limit either.
    pub throughput: Interval,
    /// The share of the resamples that have no peak.
    pub no_peak_ratio: f64,
}

/// The interval of Nmax and Xmax at two-sided `level` by resampling points: a case bootstrap, which asks for several windows
/// at each load.
///
/// The seed alone decides the answer. `None` where [`fit`] refuses the points, fewer than half of the resamples tell a model,
/// or the level is outside 0..1.
#[must_use]
pub fn peak_interval(
    points: &[Point],
    level: f64,
    resamples: usize,
    seed: u64,
) -> Option<PeakInterval> {
    fit(points).ok()?;
    if !(level > 0.0 && level < 1.0) {
        return None;
    }
    let mut random = Random::new(seed);
    let (mut concurrencies, mut throughputs) = (Vec::new(), Vec::new());
    for _ in 0..resamples {
        let drawn: Vec<Point> = points.iter().map(|_| points[random.below(points.len())]).collect();
        let Some(model) = least_squares(&drawn) else { continue };
        let limit = || model.limit().map_or(f64::INFINITY, Rate::per_second);
        let peak = model.peak();
        concurrencies.push(peak.map_or(f64::INFINITY, |peak| peak.concurrency));
        throughputs.push(peak.map_or_else(limit, |peak| peak.throughput.per_second()));
    }
    if concurrencies.is_empty() || concurrencies.len() * 2 < resamples {
        return None;
    }
    let without = concurrencies.iter().filter(|value| value.is_infinite()).count();
    let no_peak_ratio = without as f64 / concurrencies.len() as f64;
    Some(PeakInterval {
        concurrency: central(&mut concurrencies, level)?,
        throughput: central(&mut throughputs, level)?,
        no_peak_ratio,
    })
}

fn central(values: &mut [f64], level: f64) -> Option<Interval> {
    use super::super::sample_quantile;
    let tail = (1.0 - level) / 2.0;
    Some(Interval {
        low: sample_quantile(values, tail)?,
        high: sample_quantile(values, 1.0 - tail)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(kappa: f64) -> Vec<Point> {
        let model = super::super::Model { sigma: 0.03, kappa, lambda: Rate(90.0) };
        let mut random = Random::new(7);
        [1.0, 5.0, 10.0, 20.0, 40.0, 80.0, 120.0, 160.0]
            .iter()
            .flat_map(|&concurrency| [concurrency; 6])
            .map(|concurrency| {
                let exact = model.throughput_at_concurrency(concurrency).unwrap().0;
                let throughput = Rate(exact * (0.99 + 0.02 * random.unit()));
                Point { concurrency, throughput }
            })
            .collect()
    }

    #[test]
    fn the_interval_holds_the_peak_and_repeats() {
        let points = noisy(1e-4);
        let found = peak_interval(&points, 0.95, 200, 1).unwrap();
        assert!(found.concurrency.low < 98.5 && 98.5 < found.concurrency.high, "{found:?}");
        assert!(found.throughput.low < found.throughput.high);
        assert_eq!(Some(found), peak_interval(&points, 0.95, 200, 1));
        assert_ne!(Some(found), peak_interval(&points, 0.95, 200, 2));
    }

    #[test]
    fn no_peak_has_no_upper_end() {
        let found = peak_interval(&noisy(0.0), 0.95, 200, 1).unwrap();
        assert!(found.concurrency.high.is_infinite() && found.no_peak_ratio > 0.1, "{found:?}");
        assert_eq!(peak_interval(&noisy(0.0), f64::NAN, 200, 1), None);
        assert_eq!(peak_interval(&[], 0.95, 200, 1), None);
        assert_eq!(peak_interval(&noisy(0.0), 0.95, 0, 1), None);
    }
}
