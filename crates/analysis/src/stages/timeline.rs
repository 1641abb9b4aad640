//! When a chain's requests were due at a constant rate: the spans of its runs, and what lies under several at once.
//!
//! Where a run's generator says which rates it was to keep, these are its spans, to the nanosecond. Else they are looked
//! for in its counts, window by window.

use std::borrow::Cow;
use std::ops::Range;

use super::segment::{Shape, shape};
use crate::generators::{Generator, Planned};
use crate::pace::RunPace;
use crate::windows::Window;

/// Windows without a request from which on what follows is looked at on its own.
const PAUSE: i64 = 16;

/// The fewest windows at one rate that are told from what is before and behind.
const SHORTEST: usize = 8;

/// Requests that a span may lack at an end and still be whole: that many do not keep away by chance.
const MISSED: f64 = 20.0;

/// A chain's requests in one run.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    /// Windows of the grid with the chain's requests, in order of time, by the cells that they are counted in.
    pub(crate) cells: Vec<&'a [Window]>,
    /// Requests of the whole run by the index of the window, in order of time.
    pub(crate) run: Cow<'a, [(i64, u64)]>,
    /// How the run was to be sent; `None` for what was not kept apart by run.
    pub(crate) pace: Option<&'a RunPace>,
    /// Which rates it was to keep; none where its generator does not say.
    pub(crate) plan: &'a [Planned],
    /// The generators that may have sent it.
    pub(crate) generators: &'a [&'a Generator],
}

/// A span in which the rate of some parts is constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// In nanoseconds since the epoch.
    pub(super) time: Range<i64>,
    /// Indices of the grid's windows within it, all of them whole.
    pub(super) windows: Range<i64>,
    /// Which parts have requests in it.
    pub(super) parts: Vec<usize>,
    /// Whether the rate rises or falls all the time.
    pub(super) is_ramp: bool,
}

/// The spans of constant rate that a chain's parts have together; windows are `width` nanoseconds wide.
pub(super) fn spans(parts: &[Part<'_>], width: i64) -> Vec<Span> {
    let mut own: Vec<(Range<i64>, usize, bool)> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let spans = part.spans(width).into_iter();
        own.extend(spans.map(|(range, is_ramp)| (range, number, is_ramp)));
    }
    let mut edges: Vec<i64> = own.iter().flat_map(|(range, ..)| [range.start, range.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    own.sort_by_key(|(range, ..)| range.start);
    let mut open: Vec<&(Range<i64>, usize, bool)> = Vec::new();
    let mut coming = own.iter().peekable();
    let mut spans = Vec::new();
    for edge in edges.windows(2) {
        open.retain(|(range, ..)| range.end > edge[0]);
        while let Some(span) = coming.next_if(|(range, ..)| range.start <= edge[0]) {
            open.push(span);
        }
        let windows = whole(&(edge[0]..edge[1]), width);
        if open.is_empty() || windows.end < behind(windows.start, SHORTEST) {
            continue;
        }
        let mut parts: Vec<usize> = open.iter().map(|(_, number, _)| *number).collect();
        parts.sort_unstable();
        let is_ramp = open.iter().any(|(_, _, is_ramp)| *is_ramp);
        spans.push(Span { time: edge[0]..edge[1], windows, parts, is_ramp });
    }
    spans
}

/// The windows that lie within a span of time as a whole.
fn whole(time: &Range<i64>, width: i64) -> Range<i64> {
    let start = time.start.div_euclid(width) + i64::from(time.start.rem_euclid(width) > 0);
    start..time.end.div_euclid(width)
}

impl Part<'_> {
    /// Its own spans, in nanoseconds since the epoch; whether each is a ramp.
    fn spans(&self, width: i64) -> Vec<(Range<i64>, bool)> {
        let planned = self.planned(width);
        if !planned.is_empty() {
            return planned;
        }
        let time = |index: i64| index.saturating_mul(width);
        let found = self.found().into_iter();
        found.map(|(range, is_ramp)| (time(range.start)..time(range.end), is_ramp)).collect()
    }

    /// Those that were planned and kept: an attack may have been ended early, or its beginning left out.
    fn planned(&self, width: i64) -> Vec<(Range<i64>, bool)> {
        let (Some(&(first, _)), Some(&(last, _))) = (self.run.first(), self.run.last()) else {
            return Vec::new();
        };
        let [begin, end] = [first, last + 1].map(|index| index.saturating_mul(width));
        let kept = |plan: &Planned| {
            // What is not there of a span, but for what is no more than the time between requests.
            let is_missed = |from: i64, until: i64| {
                let time = until.saturating_sub(from).max(0) as f64 / 1e9;
                plan.rate(plan.start, plan.end).per_second() * time > MISSED
            };
            let start = if is_missed(plan.start, begin) { begin + width } else { plan.start };
            let is_cut = plan.end == i64::MAX || is_missed(end, plan.end);
            let end = if is_cut { end - width } else { plan.end };
            (start..end, plan.is_ramp())
        };
        let mut spans: Vec<_> = self.plan.iter().map(kept).collect();
        spans.retain(|(range, _)| {
            range.start < range.end && self.has_requests(&whole(range, width))
        });
        spans
    }

    /// Those that its counts show, in windows, without the windows at their ends, which may be but parts.
    fn found(&self) -> Vec<(Range<i64>, bool)> {
        let mut spans = Vec::new();
        if self.pace.and_then(RunPace::constant).is_some() {
            if let (Some(first), Some(last)) = (self.run.first(), self.run.last()) {
                spans.push((first.0 + 1..last.0, false));
            }
        } else {
            for island in islands(&self.run) {
                let Some(&(first, _)) = island.first() else { continue };
                let counts = dense(island);
                // Requests begin and end somewhere within a window: two of few would look like other rates.
                let [_, whole @ .., _] = &counts[..] else { continue };
                let range =
                    |start: usize, end: usize| behind(first + 1, start)..behind(first + 1, end);
                match shape(whole, SHORTEST) {
                    Shape::Steps(ranges) => {
                        spans.extend(ranges.into_iter().map(|Range { start, end }| {
                            let is_last = end == whole.len();
                            let start = start + usize::from(start > 0);
                            (range(start, end - usize::from(!is_last)), false)
                        }));
                    }
                    Shape::Ramp => spans.push((range(0, whole.len()), true)),
                }
            }
        }
        spans.retain(|(range, _)| range.start < range.end && self.has_requests(range));
        spans
    }

    fn has_requests(&self, range: &Range<i64>) -> bool {
        self.cells.iter().any(|windows| {
            let first = windows.partition_point(|window| window.index < range.start);
            windows.get(first).is_some_and(|window| window.index < range.end)
        })
    }
}

/// The index that lies so many windows behind another.
fn behind(index: i64, windows: usize) -> i64 {
    index.saturating_add_unsigned(windows as u64)
}

/// The parts of a series between long pauses.
fn islands(counts: &[(i64, u64)]) -> impl Iterator<Item = &[(i64, u64)]> {
    counts.chunk_by(|before, after| after.0 - before.0 <= PAUSE)
}

/// The counts of all windows from the first to the last, those without a request too.
fn dense(island: &[(i64, u64)]) -> Vec<u64> {
    let mut counts = Vec::with_capacity(island.len());
    let Some(&(start, _)) = island.first() else { return counts };
    for &(index, count) in island {
        counts.resize(usize::try_from(index - start).unwrap_or(0), 0);
        counts.push(count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    type Counts = Vec<(i64, u64)>;

    fn windows(counts: &Counts) -> Vec<Window> {
        counts.iter().map(|&(index, _)| Window::at(index)).collect()
    }

    fn part<'a>(counts: &'a Counts, windows: &'a [Window]) -> Part<'a> {
        let run = Cow::Borrowed(&counts[..]);
        Part { cells: vec![windows], run, pace: None, plan: &[], generators: &[] }
    }

    #[test]
    fn a_run_of_steps_has_as_many_spans() {
        let counts: Counts = (0..120)
            .map(|index: i64| {
                (1_000 + index, if index < 40 { 10 } else { 20 + index.unsigned_abs() / 80 * 10 })
            })
            .collect();
        let spans = spans(&[part(&counts, &windows(&counts))], 1);
        let windows: Vec<Range<i64>> = spans.into_iter().map(|span| span.windows).collect();
        assert_eq!(windows, [1_001..1_039, 1_041..1_079, 1_081..1_119]);
    }

    /// Held for 3 s at a rate that is the same in each window, but began in the middle of one.
    #[test]
    fn a_rate_that_begins_within_a_window_is_no_ramp() {
        let mut counts: Counts = (0..25).map(|index| (index, 50)).collect();
        (counts[0].1, counts[24].1) = (17, 33);
        let spans = spans(&[part(&counts, &windows(&counts))], 1);
        let [span] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!((span.windows.clone(), span.is_ramp), (1..24, false));
    }

    #[test]
    fn pauses_and_slivers_are_no_spans() {
        let long: Counts =
            (0..40).chain(100_000_000_000..100_000_000_040).map(|index| (index, 7)).collect();
        let short: Counts = (3..44).map(|index| (index, 5)).collect();
        let spans = spans(&[part(&long, &windows(&long)), part(&short, &windows(&short))], 1);
        let found: Vec<(Range<i64>, Vec<usize>)> =
            spans.into_iter().map(|span| (span.windows, span.parts)).collect();
        assert_eq!(found, [(4..39, vec![0, 1]), (100_000_000_001..100_000_000_039, vec![0])]);
    }
}
