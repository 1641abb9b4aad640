//! Rates beside the fastest: where a pacer meant to be slow, nothing is late.

use std::ops::Range;

use super::fit::{Candidate, MIN_TOUCHED, Stretch, needed};
use super::line::{BAND, Cloud, Line};

/// The greatest share of the late requests that were sent at other rates. In recorded attacks of constant rate 0.18 at
/// most, in recorded ramps and sines 0.32 to 0.84.
const MAX_PACED: f64 = 0.25;

/// A smaller share of late requests is nobody's rate.
const MIN_LATE: f64 = 0.05;

/// What is asked of another rate is less, as many of them count together: touched samples, ...
const LEAST: usize = 4;

/// ... and how long it was held, as a share of what is asked of the fastest.
const SHARE: f64 = 0.5;

/// Parts of a run in which other rates are looked for are so many times as long in each round.
const GROWTH: f64 = 4.0;

impl Stretch<'_> {
    /// Whether much of what lies above the line was sent at other rates that were kept to as well: nothing fell behind,
    /// the rate was a ramp or a sine.
    pub(super) fn keeps_other_rates(&self, fastest: &Candidate) -> bool {
        let points = &self.cloud.points;
        let numbers =
            |index: usize| points.get(index + 1).map_or(0.0, |next| next.x - points[index].x);
        let is_late: Vec<bool> =
            (0..points.len()).map(|index| !self.cloud.is_touched(&fastest.line, index)).collect();
        let indices = || (0..points.len()).filter(|&index| is_late[index]);
        let late: f64 = indices().map(numbers).sum();
        let whole = points.last().map_or(0.0, |last| last.x);
        if indices().count() < MIN_TOUCHED || late < MIN_LATE * whole {
            return false;
        }
        let mut length = needed(fastest.line.interval);
        while length < whole {
            let mut paced = 0.0;
            let mut start = 0;
            while start < points.len() {
                let long =
                    points[start..].partition_point(|point| point.x - points[start].x < length);
                let end = (start + long.max(MIN_TOUCHED)).min(points.len());
                if let Some((block, local)) = self.other_rate(start..end, &is_late, fastest) {
                    let is_paced =
                        |&index: &usize| is_late[index] && block.is_touched(&local, index - start);
                    paced += (start..end).filter(is_paced).map(numbers).sum::<f64>();
                }
                start = end;
            }
            if paced > MAX_PACED * late {
                return true;
            }
            length *= GROWTH;
        }
        false
    }

    /// Another rate that a part of the samples was sent at.
    fn other_rate(
        &self,
        part: Range<usize>,
        is_late: &[bool],
        fastest: &Candidate,
    ) -> Option<(Cloud, Line)> {
        if !is_late[part.clone()].contains(&true) {
            return None;
        }
        let part = Stretch {
            cloud: Cloud::of(self.cloud.points[part.clone()].to_vec()),
            samples: &self.samples[part],
            ..*self
        };
        let middle = part.cloud.edges().checked_sub(1)? / 2;
        let (line, touch) = part.cloud.settled(part.cloud.line(middle));
        let strays = (line.interval - fastest.line.interval) * part.cloud.span(touch);
        let local = Candidate { line, touch };
        let is_kept =
            strays > BAND && part.is_held(&local, LEAST, SHARE) && !part.is_released(&local);
        is_kept.then_some((part.cloud, line))
    }
}
