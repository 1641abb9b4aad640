//! The schedule that a run was to keep, from what it did, and how far it lagged behind it.
//!
//! A generator of constant rate numbers its requests and means to start each one interval after the one before. It may be
//! late, never early: in the plane of number and start all points lie on or above a line, and some touch it. The file does
//! not say the rate, and requests over time is none: a generator that fell behind would have kept it.

mod bursts;
mod fit;
mod lag;
mod line;
mod other;
mod samples;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use plimsoll_model::Nanos;

pub(crate) use bursts::Bursts;
pub(crate) use lag::SendLag;
pub(crate) use samples::{Sample, Sampled, Samples};

use line::Cloud;

/// When each request of a run was to be started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    /// A request that was on time, ...
    pub(crate) seq: u64,
    /// ... and when it was started, in nanoseconds since the epoch.
    pub(crate) at: i64,
    /// From one request to the next, in nanoseconds.
    pub(crate) interval: f64,
    /// The samples that were started at most [`line::BAND`] behind the schedule.
    pub(crate) touched: usize,
    /// About how far the interval may be wrong, as a share of it: by what tilts the line by [`line::BAND`] from the first
    /// sample it touches to the last. Much after a few requests on schedule, next to nothing after seconds of them.
    pub(crate) uncertainty: f64,
    /// Whether each sample says itself when it was due; the line is then no more than their average.
    pub(crate) is_recorded: bool,
}

impl Schedule {
    /// The schedule that the samples show, if they show one.
    pub(crate) fn found(sampled: &Sampled) -> Option<Self> {
        let (cloud, found) = fit::fit(Cloud::new(&sampled.samples), sampled);
        let fit::Candidate { line, touch } = found?;
        let anchor = sampled.samples[line.point];
        Some(Self {
            seq: anchor.seq,
            at: anchor.at,
            interval: line.interval,
            touched: touch.count,
            uncertainty: line::BAND / (cloud.span(touch) * line.interval),
            is_recorded: false,
        })
    }

    /// The schedule of a known rate, through the request that was least late. `None` without samples, and for an interval
    /// that is none.
    pub(crate) fn known(sampled: &Sampled, interval: f64) -> Option<Self> {
        if !interval.is_finite() || interval <= 0.0 {
            return None;
        }
        let line = Cloud::new(&sampled.samples).supporting(interval)?;
        let anchor = sampled.samples[line.point];
        let mut schedule = Self {
            seq: anchor.seq,
            at: anchor.at,
            interval,
            touched: 0,
            uncertainty: 0.0,
            is_recorded: false,
        };
        let is_touched = |sample: &&Sample| schedule.lag_of(sample).0 as f64 <= line::BAND;
        schedule.touched = sampled.samples.iter().filter(is_touched).count();
        Some(schedule)
    }

    /// The schedule that the samples themselves tell. `None` unless all of them do, and there is a rate in it.
    pub(crate) fn recorded(sampled: &Sampled) -> Option<Self> {
        let (first, last) = (sampled.samples.first()?, sampled.samples.last()?);
        if !sampled.samples.iter().all(|sample| sample.intended.is_known()) {
            return None;
        }
        let interval = last.intended.since(first.intended).0 as f64 / (last.seq - first.seq) as f64;
        (interval.is_finite() && interval > 0.0).then_some(Self {
            seq: first.seq,
            at: first.intended.0,
            interval,
            touched: sampled.samples.len(),
            uncertainty: 0.0,
            is_recorded: true,
        })
    }

    /// When the sample was to be started.
    pub(crate) fn due_time(&self, sample: &Sample) -> i64 {
        if self.is_recorded { sample.intended.0 } else { self.intended(sample.seq) }
    }

    /// How much later the sample was started, nothing for one that is early by rounding.
    pub(crate) fn lag_of(&self, sample: &Sample) -> Nanos {
        let due = self.due_time(sample);
        Nanos(if sample.at > due { sample.at.abs_diff(due) } else { 0 })
    }

    /// From one request to the next between two samples, in nanoseconds.
    fn interval_between(&self, a: &Sample, b: &Sample) -> f64 {
        if self.is_recorded {
            b.intended.since(a.intended).0 as f64 / (b.seq - a.seq) as f64
        } else {
            self.interval
        }
    }

    /// When the request was to be started.
    #[expect(clippy::cast_possible_truncation, reason = "a conversion that saturates is meant")]
    pub(crate) fn intended(&self, seq: u64) -> i64 {
        let numbers = seq.abs_diff(self.seq) as f64;
        let after = (numbers * self.interval + 0.5) as i64;
        if seq >= self.seq { self.at.saturating_add(after) } else { self.at.saturating_sub(after) }
    }

    /// How many requests were due by then.
    pub(crate) fn due(&self, at: i64) -> f64 {
        let since = (i128::from(at) - i128::from(self.at)) as f64;
        (since / self.interval + self.seq as f64).floor() + 1.0
    }
}
