//! Overload that has not broken the SLO yet: a queue that grows as long as a step lasts.

use plimsoll_model::Nanos;

use super::line::Line;
use super::student::{mean_and_deviation, t_quantile};
use super::window::Window;

/// One-sided confidence that something grows.
const CONFIDENCE: f64 = 0.95;

/// The share of the arrivals by which completions may stay behind.
const BEHIND: f64 = 0.01;

/// The part of the SLO's latency by which latency may rise over a step.
const RISE_OF_SLO: f64 = 0.1;

/// The multiple of a step's first window by which anything may rise over it.
const RISE_OF_FIRST: f64 = 2.0;

/// What shows that a backlog grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backlog {
    /// Fewer requests ended than began, by more than 1 %.
    Completions,
    /// Mean latency rises.
    Latency,
    /// The number of requests in flight rises.
    InFlight,
}

/// Whether a backlog grows over the windows of a step, in order and without its warm-up; what it shows by.
///
/// Completions stay below arrivals where their mean shortfall is above 1 %, and its one-sided lower bound of 95 % (t) above
/// zero. Latency or requests in flight rise where that bound of the slope of the least-squares line is, and the rise from the
/// first window to the last is material: more than a tenth of the SLO's `latency` (in flight: of what Little's law makes of
/// it), or more than twice the first window. Fewer than three windows tell nothing.
///
/// In simulations of M/M/4 with an SLO of ten service times (six windows of 50 to 1,000 service times), 2 % of the steps at three quarters of the servers' rate had a backlog, up to 14 % at 95 %, and at least
/// 93 % at 110 %. A step that is held again outvotes the first: [`sustained`](super::sustained).
#[must_use]
pub fn backlog(windows: &[Window], latency: Option<Nanos>) -> Option<Backlog> {
    if falls_behind(windows) {
        return Some(Backlog::Completions);
    }
    let seconds = |window: &Window| window.start.as_secs_f64();
    let latencies: Vec<(f64, f64)> = windows
        .iter()
        .filter_map(|window| Some((seconds(window), window.latency_mean?.as_secs_f64())))
        .collect();
    let allowed = latency.map(|latency| RISE_OF_SLO * latency.as_secs_f64());
    if rises(&latencies, allowed) {
        return Some(Backlog::Latency);
    }
    let in_flight: Vec<(f64, f64)> =
        windows.iter().filter_map(|window| Some((seconds(window), window.in_flight?))).collect();
    let rates: Vec<f64> =
        windows.iter().filter_map(|window| Some(window.sent_rate()?.per_second())).collect();
    let rate = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
    rises(&in_flight, allowed.map(|seconds| seconds * rate)).then_some(Backlog::InFlight)
}

fn falls_behind(windows: &[Window]) -> bool {
    let shortfalls: Vec<f64> = windows
        .iter()
        .filter(|window| window.sent > 0)
        .filter_map(|window| Some(1.0 - window.completed? as f64 / window.sent as f64))
        .collect();
    let count = shortfalls.len() as f64;
    if shortfalls.len() < 3 {
        return false;
    }
    let Some((mean, deviation)) = mean_and_deviation(&shortfalls) else { return false };
    let Some(t) = t_quantile(CONFIDENCE, count - 1.0) else { return false };
    mean > BEHIND && mean - t * deviation / count.sqrt() > 0.0
}

/// Whether values over seconds rise, by more than `allowed` or twice the first of them.
fn rises(points: &[(f64, f64)], allowed: Option<f64>) -> bool {
    let [(first_at, first), .., (last_at, _)] = *points else { return false };
    if points.len() < 3 || points.iter().any(|point| !point.1.is_finite()) {
        return false;
    }
    let Some(line) = Line::of(points) else { return false };
    let squares: f64 = points.iter().map(|(x, y)| (y - line.at(*x)).powi(2)).sum();
    let freedom = points.len() as f64 - 2.0;
    let Some(t) = t_quantile(CONFIDENCE, freedom) else { return false };
    let error = (squares / freedom / line.spread).sqrt();
    let rise = line.slope * (last_at - first_at);
    let is_material = rise > RISE_OF_FIRST * first || allowed.is_some_and(|allowed| rise > allowed);
    line.slope - t * error > 0.0 && is_material
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLO: Option<Nanos> = Some(Nanos(500_000_000));

    fn windows(latencies_ms: &[u64]) -> Vec<Window> {
        let window = |(index, &ms): (u64, &u64)| Window {
            start: Nanos(index * 1_000_000_000),
            duration: Nanos(1_000_000_000),
            sent: 550,
            latency_mean: Some(Nanos(ms * 1_000_000)),
            ..Window::default()
        };
        (0..).zip(latencies_ms).map(window).collect()
    }

    /// 550/s on a server of 500/s for 5 s: the last answer takes less than the SLO's 500 ms.
    #[test]
    fn a_queue_that_grows_is_seen_before_it_breaks_the_slo() {
        let rising = windows(&[60, 155, 250, 340, 440]);
        assert_eq!(backlog(&rising, SLO), Some(Backlog::Latency));
        assert_eq!(backlog(&rising, None), Some(Backlog::Latency));
        let mut behind = windows(&[60; 5]);
        for window in &mut behind {
            window.completed = Some(500);
        }
        assert_eq!(backlog(&behind, SLO), Some(Backlog::Completions));
        let mut queued = windows(&[60; 5]);
        for (window, in_flight) in queued.iter_mut().zip([30.0, 80.0, 131.0, 180.0, 229.0]) {
            window.in_flight = Some(in_flight);
        }
        assert_eq!(backlog(&queued, SLO), Some(Backlog::InFlight));
    }

    #[test]
    fn what_is_no_backlog() {
        for steady in [
            &[60, 58, 63, 61, 59, 60][..],
            // A warm-up.
            &[440, 340, 250, 155, 60],
            // A rise, but of nothing: 8 ms of 500 ms, and less than twice 60 ms.
            &[60, 62, 64, 66, 68],
            // One bad window, last.
            &[60, 61, 59, 60, 300],
            &[60, 300],
            &[],
        ] {
            assert_eq!(backlog(&windows(steady), SLO), None, "{steady:?}");
        }
        // The requests that are in flight at the end of the first window alone.
        let mut first = windows(&[60; 6]);
        for window in &mut first {
            window.completed = Some(550);
        }
        first[0].completed = Some(480);
        assert_eq!(backlog(&first, SLO), None);
        let same_time = vec![Window { in_flight: Some(f64::NAN), ..windows(&[60])[0] }; 5];
        assert_eq!(backlog(&same_time, SLO), None);
    }
}
