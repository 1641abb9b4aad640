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
        let mut schedule =
            Self { seq: anchor.seq, at: anchor.at, interval, touched: 0, uncertainty: 0.0 };
        let is_touched =
            |sample: &&Sample| schedule.lag(sample.seq, sample.at).0 as f64 <= line::BAND;
        schedule.touched = sampled.samples.iter().filter(is_touched).count();
        Some(schedule)
    }

    /// When the request was to be started.
    #[expect(clippy::cast_possible_truncation, reason = "a conversion that saturates is meant")]
    pub(crate) fn intended(&self, seq: u64) -> i64 {
        let numbers = seq.abs_diff(self.seq) as f64;
        let after = (numbers * self.interval + 0.5) as i64;
        if seq >= self.seq { self.at.saturating_add(after) } else { self.at.saturating_sub(after) }
    }

    /// How much later the request was started, nothing for one that is early by rounding.
    pub(crate) fn lag(&self, seq: u64, at: i64) -> Nanos {
        let intended = self.intended(seq);
        Nanos(if at > intended { at.abs_diff(intended) } else { 0 })
    }

    /// How many requests were due by then.
    fn due(&self, at: i64) -> f64 {
        let since = (i128::from(at) - i128::from(self.at)) as f64;
        (since / self.interval + self.seq as f64).floor() + 1.0
    }
}
