//! What charts over time have in common: one clock, spans without requests, stages and windows that do not count.

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::{ChainFindings, StageFindings, WindowFindings};
use plimsoll_model::{Nanos, Timestamp};

use super::axis::{Axis, si};
use super::ink::Ink;
use super::sheet::{Panel, Strip};
use crate::clock::Clock;

const MINUTE: Nanos = Nanos(60_000_000_000);

/// A chain's windows on one clock.
pub(super) struct Timeline<'a> {
    windows: &'a [WindowFindings],
    start: Timestamp,
    end: Timestamp,
    pub(super) clock: Clock,
}

impl<'a> Timeline<'a> {
    /// `None` without a window.
    pub(super) fn of(chain: &'a ChainFindings) -> Option<Self> {
        let windows = &chain.windows[..];
        let start = windows.first()?.start;
        let last = windows.last()?;
        let end = last.start.saturating_add(last.span);
        // Windows are too long for fractions of a second to tell anything.
        let clock = Clock::within(start, end.max(start.saturating_add(MINUTE)));
        Some(Self { windows, start, end, clock })
    }

    pub(super) fn windows(&self) -> &'a [WindowFindings] {
        self.windows
    }

    pub(super) fn axis(&self) -> Axis {
        Axis::time(self.start, self.end.since(self.start).as_secs_f64(), 7)
    }

    /// Seconds since the first window began.
    pub(super) fn at(&self, moment: Timestamp) -> f64 {
        moment.since(self.start.min(moment)).as_secs_f64()
    }

    pub(super) fn ends(&self, window: &WindowFindings) -> (f64, f64) {
        (self.at(window.start), self.at(window.start.saturating_add(window.span)))
    }

    /// The windows between spans without a request.
    pub(super) fn runs(&self) -> impl Iterator<Item = &'a [WindowFindings]> {
        self.windows
            .chunk_by(|before, after| before.start.saturating_add(before.span) >= after.start)
    }

    /// A value over time, level for as long as a window lasts; a line for each run of windows that have one.
    pub(super) fn steps(
        &self,
        value: impl Fn(&WindowFindings) -> Option<f64>,
    ) -> Vec<Vec<(f64, f64)>> {
        let mut lines = Vec::new();
        for run in self.runs() {
            let mut line: Vec<(f64, f64)> = Vec::new();
            for window in run {
                match value(window) {
                    Some(value) => {
                        let (from, to) = self.ends(window);
                        line.extend([(from, value), (to, value)]);
                    }
                    None if !line.is_empty() => lines.push(std::mem::take(&mut line)),
                    None => {}
                }
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
        // A moment of a long time is to be seen, too.
        let least = self.at(self.end) * 0.003;
        for line in &mut lines {
            if let (Some(first), Some(last)) = (line.first().copied(), line.last_mut()) {
                last.0 = last.0.max(first.0 + least);
            }
        }
        lines
    }

    /// The corners of what lies between two values over time.
    pub(super) fn layer(
        &self,
        between: impl Fn(&WindowFindings) -> (f64, f64),
    ) -> Vec<Vec<(f64, f64)>> {
        let area = |run: &[WindowFindings]| {
            let ends = |window: &WindowFindings| (self.ends(window), between(window));
            let above = run.iter().flat_map(|window| {
                let ((from, to), (_, high)) = ends(window);
                [(from, high), (to, high)]
            });
            let below = run.iter().rev().flat_map(|window| {
                let ((from, to), (low, _)) = ends(window);
                [(to, low), (from, low)]
            });
            above.chain(below).collect()
        };
        let some = |window: &WindowFindings| {
            let (low, high) = between(window);
            high > low
        };
        self.runs()
            .flat_map(|run| run.chunk_by(move |before, after| some(before) == some(after)))
            .filter(|run| run.first().is_some_and(some))
            .map(area)
            .collect()
    }

    /// Shades what does not count, for the generator's sake; returns whether there is any.
    pub(super) fn shade(&self, panel: &mut Panel) -> bool {
        let spoilt =
            |window: &WindowFindings| window.reasons.iter().any(|reason| reason.is_generator());
        let runs = self.runs().flat_map(|run| run.chunk_by(|a, b| spoilt(a) == spoilt(b)));
        for run in runs.filter(|run| run.first().is_some_and(spoilt)) {
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                let (from, to) = (self.ends(first).0, self.ends(last).1);
                panel.spoilt.push((from, to));
            }
        }
        !panel.spoilt.is_empty()
    }

    /// Draws the stages above a panel, where there are several.
    pub(super) fn stages(&self, panel: &mut Panel, stages: &[StageFindings]) {
        if stages.len() < 2 {
            return;
        }
        panel.strip = stages
            .iter()
            .map(|stage| {
                let rate = format!("{}/s", si(three_digits(stage.offered.per_second())));
                let (ink, said) = match stage.classification {
                    Some(Classification::Lower) => (Ink::Line, " holds"),
                    Some(Classification::Upper) => (Ink::Bad, " too much"),
                    Some(Classification::Undecided) => (Ink::Untold, " undecided"),
                    None => (Ink::Untold, ""),
                };
                Strip {
                    ink,
                    from: self.at(stage.start),
                    to: self.at(stage.end),
                    text: format!("{rate}{said}"),
                    short: rate.trim_end_matches("/s").to_owned(),
                }
            })
            .collect();
    }

    /// The moment of a window, for tips.
    pub(super) fn moment(&self, window: &WindowFindings) -> String {
        self.clock.show(window.start)
    }
}

fn three_digits(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
    let unit = 10_f64.powi(value.log10().floor() as i32 - 2);
    (value / unit).round() * unit
}
