//! The window table: what became of a chain's requests from its first to its last.

use std::collections::BTreeMap;

use plimsoll_model::{Nanos, Timestamp};

use super::stage::{Judged, Member, judged};
use super::timeline::{Part, Span};
use crate::Options;
use crate::capacity::window::{Reason, Rules};
use crate::gate::blocks::length_of_blocks;
use crate::gate::sample::LatencyBlock;
use crate::taxonomy::Side;
use crate::windows::Spread;

/// The length of windows where there is room.
const SECOND: i64 = 1_000_000_000;

/// The most windows from a chain's first request to its last.
const MOST: i64 = 512;

/// The requests of a chain that were due in a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFindings {
    /// When the span begins.
    pub start: Timestamp,
    /// Its length, the same for all windows of a chain.
    pub span: Nanos,
    /// Requests that were due; `None` where the schedule is not known.
    pub offered: Option<u64>,
    /// Requests that were sent.
    pub sent: u64,
    /// Accepted answers.
    pub successes: u64,
    /// Accepted answers in time; `None` without an SLO's latency.
    pub good: Option<u64>,
    /// Failures by side, without those of none.
    pub by_side: BTreeMap<Side, u64>,
    /// Median latency of the accepted answers, from when they were due; `None` where they are too few to tell.
    pub p50: Option<Nanos>,
    /// 90th percentile of the same.
    pub p90: Option<Nanos>,
    /// 99th percentile of the same.
    pub p99: Option<Nanos>,
    /// 99.9th percentile of the same.
    pub p999: Option<Nanos>,
    /// The longest of the same, as exact as a percentile.
    pub longest: Option<Nanos>,
    /// 99th percentile of actual minus intended send time, where it is known.
    pub send_lag_p99: Option<Nanos>,
    /// The share of the CPU time that it could have that the generator used, where it was recorded; of several
    /// generators, the busiest's.
    pub generator_cpu: Option<f64>,
    /// Mean number of requests in flight, by Little's law; `None` where that is not known.
    pub in_flight: Option<f64>,
    /// Why the window counts neither as good nor as bad; none where it counts.
    pub reasons: Vec<Reason>,
}

/// The windows with requests, in order of time, and the latencies of these by blocks. `width` is the grid's, `lags` are of
/// each part.
pub(super) fn table(
    parts: &[Part<'_>],
    lags: &[Vec<(i64, Nanos)>],
    width: i64,
    options: &Options,
) -> (Vec<WindowFindings>, Vec<LatencyBlock>) {
    let cells = || parts.iter().flat_map(|part| &part.cells);
    let first = cells().filter_map(|cell| cell.first()).map(|window| window.index).min();
    let last = cells().filter_map(|cell| cell.last()).map(|window| window.index).max();
    let (Some(first), Some(last)) = (first, last) else { return Default::default() };
    let length = length(first, last, width);
    let begin = first.div_euclid(length).saturating_mul(length);
    let time = |index: i64| index.saturating_mul(width);
    let span = Span {
        time: time(begin)..time(last + 1),
        windows: begin..last + 1,
        parts: (0..parts.len()).collect(),
        is_ramp: false,
    };
    let members: Vec<Member<'_>> =
        parts.iter().zip(lags).filter_map(|(part, lags)| Member::of(part, lags, &span)).collect();
    let window = Nanos((length * width).unsigned_abs());
    let rules = Rules::new(&options.validity, &options.slo.unwrap_or_default())
        .scaled(window, options.measure.window);
    let has_slo = options.slo.is_some_and(|slo| slo.latency.is_some());
    let windows: Vec<(Timestamp, Judged)> = (0..=(last - begin) / length)
        .map(|number| begin + number * length)
        .map(|index| (Timestamp(time(index)), judged(&members, &span, index, length, width)))
        .filter(|(_, window)| window.row.sent > 0)
        .collect();
    let blocks = windows.chunks(length_of_blocks(windows.len())).map(|part| block(part, window));
    let blocks = blocks.collect();
    let found = |(start, window): &(_, _)| found(window, *start, &rules, has_slo);
    (windows.iter().map(found).collect(), blocks)
}

/// The latencies of a few windows in a row, each as long as `window`.
fn block(windows: &[(Timestamp, Judged)], window: Nanos) -> LatencyBlock {
    let mut latencies = Spread::default();
    for (_, window) in windows {
        latencies.merge(&window.counts.latencies);
    }
    LatencyBlock {
        start: windows.first().map(|(start, _)| *start),
        span: Nanos(window.0.saturating_mul(windows.len() as u64)),
        counts: latencies.counts(),
    }
}

/// How many windows of the grid make one of the table: about a second's, and twice that until they are few enough.
fn length(first: i64, last: i64, width: i64) -> i64 {
    let mut length = (SECOND / width).max(1);
    while last.div_euclid(length) - first.div_euclid(length) >= MOST {
        length *= 2;
    }
    length
}

fn found(judged: &Judged, start: Timestamp, rules: &Rules, has_slo: bool) -> WindowFindings {
    let Judged { counts, row, due } = judged;
    let failed = |side: Side| (side, counts.failed(side));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0")]
    let offered = due.map(|due| due.round().max(0.0) as u64);
    WindowFindings {
        start,
        span: row.duration,
        offered,
        sent: row.sent,
        successes: row.successes,
        good: has_slo.then_some(row.good),
        by_side: Side::ALL.into_iter().map(failed).filter(|(_, count)| *count > 0).collect(),
        p50: counts.percentile(500),
        p90: counts.percentile(900),
        p99: counts.percentile(990),
        p999: counts.percentile(999),
        longest: counts.longest(),
        send_lag_p99: row.send_lag_p99,
        generator_cpu: row.generator_cpu,
        in_flight: row.in_flight,
        reasons: rules.reasons(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_seconds_until_they_are_too_many() {
        let eighth = SECOND / 8;
        assert_eq!(length(0, 8 * 512 - 1, eighth), 8);
        assert_eq!(length(0, 8 * 512, eighth), 16);
        assert_eq!(length(-1, 8 * 511, eighth), 16);
        assert_eq!(length(0, 10, 4 * SECOND), 1);
        let length = length(0, i64::MAX / eighth, eighth);
        assert!(i64::MAX / eighth / length < MOST);
    }
}
