//! A stage: a span of constant offered rate, cut into windows.

use std::ops::Range;

use plimsoll_model::{Nanos, Rate, Timestamp};

use super::timeline::{Part, Span};
use crate::Intended;
use crate::Measure;
use crate::capacity::mser::mser;
use crate::capacity::window;
use crate::generators::{Generator, Planned};
use crate::latencies::nearest_rank;
use crate::pace::RunPace;
use crate::taxonomy::Side;
use crate::windows::Window;

/// The fewest means that tell a warm-up from chance.
const LEAST_MEANS: usize = 10;

/// The time over which a mean is taken to find the warm-up.
const MEAN_OVER: i64 = 1_000_000_000;

/// The most windows, and means, of a stage: what says that it took years has them longer.
const MOST: i64 = 32_768;

/// A stage.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) offered: Rate,
    /// By how much the offered rate may be wrong, as a share of it.
    pub(super) error: f64,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// The length of a window.
    pub(super) window: Nanos,
    /// Those behind the warm-up.
    pub(super) windows: Vec<Judged>,
    pub(super) is_ramp: bool,
    /// Whether it was still settling when it ended.
    pub(super) not_steady: bool,
    /// Whether what it shows is but a part of a mix: other chains had requests meanwhile.
    pub(super) is_mixed: bool,
}

/// A window of a stage.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// All that is known of its requests.
    pub(super) counts: Window,
    /// What it is judged by.
    pub(super) row: window::Window,
    /// Requests that were due; `None` where the schedule is not known.
    pub(super) due: Option<f64>,
}

/// How a stage is cut: the cells of the grid that are left out at its start, and those of each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    warm_up: i64,
    window: i64,
}

impl Cut {
    /// For a stage of so many cells.
    fn of(cells: i64, width: i64, measure: &Measure) -> Self {
        let in_cells = |span: Nanos| {
            i64::try_from(span.0)
                .map_or(i64::MAX, |span| span.div_euclid(width) + i64::from(span % width > 0))
        };
        let windows = i64::from(measure.min_windows.max(1));
        let (warm_up, window) = (in_cells(measure.warm_up), in_cells(measure.window).max(1));
        if warm_up.saturating_add(window.saturating_mul(windows)) <= cells {
            return Self { warm_up, window: window.max(cells / MOST) };
        }
        // As long as a window of all that there is room for.
        let scaled = (cells / (windows + 1)).max(1);
        let window = scaled.min(window);
        Self { warm_up: if warm_up == 0 { 0 } else { warm_up.min(window) }, window }
    }
}

impl Stage {
    /// The stage of a span; `None` where it has no room for a window behind its warm-up.
    pub(super) fn of(
        span: &Span,
        parts: &[Part<'_>],
        lags: &[Vec<(i64, Nanos)>],
        everything: &[(i64, u64)],
        width: i64,
        measure: &Measure,
    ) -> Option<Self> {
        let cells = span.windows.end - span.windows.start;
        let members: Vec<Member<'_>> = span
            .parts
            .iter()
            .filter_map(|&part| Member::of(parts.get(part)?, lags.get(part)?, span))
            .collect();
        let cut = Cut::of(cells, width, measure);
        let settled = settled(&members, span, width, cut);
        let begin = span.windows.start + cut.warm_up.max(settled.cut);
        let windows: Vec<Judged> = (0..(span.windows.end - begin).max(0) / cut.window)
            .map(|number| begin + number * cut.window)
            .map(|first| judged(&members, span, first, cut.window, width))
            .collect();
        let of_all: u64 = within(everything, |count| count.0, span.windows.start, span.windows.end)
            .iter()
            .map(|count| count.1)
            .sum();
        (!windows.is_empty()).then(|| Self {
            offered: offered(&members, width),
            error: members.iter().map(Member::error).fold(0.0, f64::max),
            start: Timestamp(span.time.start),
            end: Timestamp(span.time.end),
            window: Nanos((cut.window * width).unsigned_abs()),
            windows,
            is_ramp: span.is_ramp,
            not_steady: settled.not_steady,
            is_mixed: of_all > members.iter().map(|member| member.own).sum(),
        })
    }
}

/// A part of the chain within a span.
pub(super) struct Member<'a> {
    /// By cell.
    windows: Vec<&'a [Window]>,
    pace: Option<&'a RunPace>,
    /// The rate that the run was to keep, as its generator says.
    planned: Option<Rate>,
    generators: &'a [&'a Generator],
    lags: &'a [(i64, Nanos)],
    /// Requests of the chain, ...
    own: u64,
    /// ... as a share of the run's.
    share: f64,
    /// Requests of the run, and the span's length in cells.
    run: f64,
    cells: i64,
    /// The first and the last cell of the run.
    ends: (i64, i64),
}

impl<'a> Member<'a> {
    pub(super) fn of(part: &'a Part<'a>, lags: &'a [(i64, Nanos)], span: &Span) -> Option<Self> {
        let windows: Vec<&[Window]> = part
            .cells
            .iter()
            .map(|cell| within(cell, |window| window.index, span.windows.start, span.windows.end))
            .collect();
        let run = within(&part.run, |count| count.0, span.windows.start, span.windows.end);
        let of_run: u64 = run.iter().map(|count| count.1).sum();
        let own: u64 = windows.iter().copied().flatten().map(Window::requests).sum();
        let ends = (run.first()?.0, run.last()?.0);
        let Range { start, end } = span.time;
        let is_around = |plan: &&Planned| plan.start <= start && end <= plan.end;
        let planned = part.plan.iter().find(is_around);
        (own > 0).then(|| Self {
            windows,
            pace: part.pace,
            planned: planned.map(|plan| plan.rate(start, end)),
            generators: part.generators,
            lags,
            own,
            share: own as f64 / of_run.max(own) as f64,
            run: of_run as f64,
            cells: span.windows.end - span.windows.start,
            ends,
        })
    }

    /// Requests that were due from one cell of the grid on and before another; `None` where that is not known.
    fn due(&self, first: i64, end: i64, width: i64) -> Option<f64> {
        if end <= self.ends.0 || first > self.ends.1 {
            return Some(0.0);
        }
        let pace = self.pace?;
        let due = |first: i64, end: i64| {
            pace.due_between(first.saturating_mul(width), end.saturating_mul(width))
        };
        let sent = |first: i64, end: i64| {
            self.between(first, end).map(Window::requests).sum::<u64>() as f64
        };
        if pace.constant().is_none() {
            // Each request is recorded by when it was due.
            return due(first, end).map(|_| sent(first, end));
        }
        // The run begins and ends somewhere within its outermost cells.
        let (inner, behind) = (first.max(self.ends.0 + 1), end.min(self.ends.1));
        if inner >= behind {
            return due(first, end).map(|_| sent(first, end));
        }
        Some(sent(first, inner) + due(inner, behind)? * self.share + sent(behind, end))
    }

    /// Its windows from one cell of the grid on and before another.
    fn between(&self, first: i64, end: i64) -> impl Iterator<Item = &'a Window> {
        self.windows.iter().flat_map(move |cell| within(cell, |window| window.index, first, end))
    }

    /// Requests per second.
    fn offered(&self, width: i64) -> f64 {
        let measured = self.run / (self.cells as f64 * width as f64 / 1e9);
        let nominal = |known: Intended| roundest(known.rate.per_second(), known.uncertainty);
        let known = || self.pace.and_then(RunPace::constant).map(nominal);
        let of_run = self.planned.map(Rate::per_second).or_else(known).unwrap_or(measured);
        of_run * self.share
    }

    /// By how much that may be wrong, as a share of it: next to nothing where the rate is known, else by chance.
    fn error(&self) -> f64 {
        let is_known = self.planned.is_some() || self.pace.and_then(RunPace::constant).is_some();
        if is_known { 0.0 } else { 2.0 / self.run.max(1.0).sqrt() }
    }
}

/// Requests per second of all.
fn offered(members: &[Member<'_>], width: i64) -> Rate {
    let rates = members.iter().map(|member| member.offered(width)).collect();
    // Parts of a rate that add up to it again are off by what rounding makes of them.
    Rate(roundest(sum(rates), 1e-12))
}

/// The number of the fewest digits that is this one, give or take a share of it: rates are typed by people.
pub(super) fn roundest(rate: f64, share: f64) -> f64 {
    const MOST_DIGITS: i32 = 9;
    if !rate.is_normal() {
        return rate;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
    let unit = rate.log10().ceil() as i32;
    (0..MOST_DIGITS)
        .map(|digits| {
            let power = unit - digits;
            // A power of ten below 1 is no number of its own, its inverse is.
            let places = 10_f64.powi(power.abs());
            if power >= 0 {
                (rate / places).round() * places
            } else {
                (rate * places).round() / places
            }
        })
        .find(|rounded| (rounded - rate).abs() <= share * rate)
        .unwrap_or(rate)
}

/// What of a stage is warm-up, in cells.
struct Settled {
    cut: i64,
    not_steady: bool,
}

/// Where the latency has settled; a rise is none of it.
fn settled(members: &[Member<'_>], span: &Span, width: i64, cut: Cut) -> Settled {
    let all = span.windows.end - span.windows.start;
    let cells = (MEAN_OVER / width).max(1).max(all / MOST);
    let count = all / cells;
    let means: Vec<f64> = (0..count)
        .map(|number| {
            let first = span.windows.start + number * cells;
            let windows = || members.iter().flat_map(|member| member.between(first, first + cells));
            let sum: u128 = windows().map(|window| u128::from(window.latency_sum)).sum();
            sum as f64 / windows().map(Window::requests).sum::<u64>().max(1) as f64
        })
        .collect();
    let enough = means.len() >= LEAST_MEANS && !span.is_ramp;
    let Some(found) = enough.then(|| mser(&means, 1)).flatten() else {
        return Settled { cut: 0, not_steady: false };
    };
    // What is left has to be windows enough.
    let most = span.windows.end - span.windows.start - cut.window;
    Settled {
        cut: i64::try_from(found.cut).unwrap_or(i64::MAX).saturating_mul(cells).min(most),
        not_steady: found.not_steady,
    }
}

pub(super) fn judged(
    members: &[Member<'_>],
    span: &Span,
    first: i64,
    cells: i64,
    width: i64,
) -> Judged {
    let end = first + cells;
    let counts = merged(members, first, end);
    let (from, until) = (first.saturating_mul(width), end.saturating_mul(width));
    let duration = Nanos((cells * width).unsigned_abs());
    let due = members
        .iter()
        .map(|member| member.due(first, end, width))
        .collect::<Option<Vec<f64>>>()
        .map(sum);
    let mut late: Vec<Nanos> = members
        .iter()
        .flat_map(|member| within(member.lags, |lag| lag.0, from, until))
        .map(|lag| lag.1)
        .collect();
    late.sort_unstable();
    let busy = members.iter().flat_map(|member| member.generators);
    let busiest = busy.filter_map(|generator| generator.cpu(from, until)).max_by(f64::total_cmp);
    let rank = usize::try_from(nearest_rank(late.len() as u64, 990)).unwrap_or(0);
    let requests = counts.requests();
    let row = window::Window {
        start: Nanos((first - span.windows.start).saturating_mul(width).unsigned_abs()),
        duration,
        // One more or less may be due within a window, whatever the generator does.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0")]
        scheduled: due.map(|due| (due - 1.0).max(0.0) as u64),
        sent: requests,
        successes: counts.successes(),
        good: counts.good(),
        client_errors: counts.failed(Side::Generator) + counts.failed(Side::Setup)
            - counts.interrupted,
        interrupted: counts.interrupted,
        send_lag_p99: rank.checked_sub(1).and_then(|place| late.get(place).copied()),
        generator_cpu: busiest,
        completed: None,
        latency_mean: counts.latency_sum.checked_div(requests).map(Nanos),
        in_flight: Some(counts.latency_sum as f64 / duration.0 as f64),
    };
    Judged { counts, row, due }
}

/// The sum, whatever the order of the parts.
fn sum(mut parts: Vec<f64>) -> f64 {
    parts.sort_by(f64::total_cmp);
    parts.iter().sum()
}

/// The requests of all members in these cells.
fn merged(members: &[Member<'_>], first: i64, end: i64) -> Window {
    let mut merged = Window::at(first);
    for member in members {
        for window in member.between(first, end) {
            merged.merge(window);
        }
    }
    merged
}

/// Of sorted items, those from one key on and before another.
fn within<T>(items: &[T], key: impl Fn(&T) -> i64, from: i64, until: i64) -> &[T] {
    let first = items.partition_point(|item| key(item) < from);
    let end = items.partition_point(|item| key(item) < until);
    items.get(first..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_as_round_as_they_may_be() {
        for (rate, share, expected) in [
            (400.000_703, 1e-5, 400.0),
            (0.333_333, 1e-9, 0.333_333),
            (0.333_333, 1e-5, 0.333_33),
            (449.9, 1e-3, 450.0),
            (449.9, 1e-6, 449.9),
            (1_234.567_89, 1e-6, 1_234.568),
            (99_999.9, 1e-4, 100_000.0),
            (7.0, 0.0, 7.0),
        ] {
            let found = roundest(rate, share);
            assert!((found - expected).abs() < 1e-9, "{rate}: {found}");
        }
        assert!(roundest(0.0, 0.1).abs() < f64::MIN_POSITIVE);
        assert!(roundest(f64::NAN, 0.1).is_nan());
        assert!(roundest(f64::INFINITY, 0.1).is_infinite());
    }

    #[test]
    fn windows_are_as_long_as_asked_where_there_is_room() {
        let measure = Measure::default();
        let cut = |cells| Cut::of(cells, 125_000_000, &measure);
        assert_eq!(cut(560), Cut { warm_up: 80, window: 80 });
        assert_eq!(cut(559), Cut { warm_up: 79, window: 79 });
        assert_eq!(cut(39), Cut { warm_up: 5, window: 5 });
        assert_eq!(cut(3), Cut { warm_up: 1, window: 1 });
        let second = Nanos(1_000_000_000);
        let years = cut(i64::MAX / 2);
        assert!(i64::MAX / 2 / years.window <= 2 * MOST, "{years:?}");
        let asked = Measure { window: second, warm_up: Nanos::ZERO, min_windows: 4, ..measure };
        assert_eq!(Cut::of(39, 125_000_000, &asked), Cut { warm_up: 0, window: 8 });
    }
}
