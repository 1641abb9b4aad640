use hdrhistogram::Histogram;
use plimsoll_model::{Nanos, Timestamp};

use super::kernel::{Sockets, States, open_files, run_and_wait};

/// How the generator fared in about a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Second {
    /// Its end.
    pub at: Timestamp,
    /// How long it was.
    pub span: Nanos,
    /// The time that the generator's threads ran.
    pub cpu: Nanos,
    /// The time that they were ready to run and waited for a core.
    pub run_queue_delay: Nanos,
    /// Files open at its end.
    pub open_files: u64,
    /// Sockets at its end.
    pub sockets: Sockets,
    /// The same by state, now and then: it takes milliseconds to count them.
    pub states: Option<States>,
    /// Requests in flight at its end.
    pub in_flight: u64,
    /// How late requests were sent whose outcome came in it; `None` where none came.
    pub lag: Option<Lag>,
}

/// How late requests were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Half of them at most.
    pub p50: Nanos,
    /// 99 of 100 at most.
    pub p99: Nanos,
    /// The last.
    pub max: Nanos,
}

/// Longer lags are counted as this.
const LONGEST: u64 = 3_600_000_000_000;

/// Seconds from one count of sockets by state to the next.
const STATES_EVERY: u64 = 10;

/// Gathers what a [`Second`] is made of.
pub(crate) struct Monitor {
    lags: Option<Histogram<u32>>,
    seconds: u64,
    before: Nanos,
    ran: Nanos,
    waited: Nanos,
}

impl Monitor {
    pub(crate) fn new() -> Self {
        let (ran, waited) = run_and_wait();
        // Three digits are more than a lag deserves; the bounds are valid, or there are no lags.
        let lags = Histogram::new_with_bounds(1, LONGEST, 2).ok();
        Self { lags, seconds: 0, before: Nanos::ZERO, ran, waited }
    }

    pub(crate) fn add(&mut self, lags: impl Iterator<Item = Nanos>) {
        if let Some(histogram) = &mut self.lags {
            for lag in lags {
                histogram.saturating_record(lag.0.clamp(1, LONGEST));
            }
        }
    }

    /// Ends a second.
    pub(crate) fn second(&mut self, at: Timestamp, now: Nanos, in_flight: usize) -> Second {
        let (ran, waited) = run_and_wait();
        let past = |now: Nanos, before: Nanos| Nanos(now.0.saturating_sub(before.0));
        let lags = self.lags.as_ref().filter(|lags| !lags.is_empty());
        let lag = lags.map(|lags| Lag {
            p50: Nanos(lags.value_at_quantile(0.5)),
            p99: Nanos(lags.value_at_quantile(0.99)),
            max: Nanos(lags.max()),
        });
        let sockets = Sockets::now();
        let states =
            self.seconds.is_multiple_of(STATES_EVERY).then(|| States::now(sockets)).flatten();
        self.seconds += 1;
        let second = Second {
            at,
            span: past(now, self.before),
            cpu: past(ran, self.ran),
            run_queue_delay: past(waited, self.waited),
            open_files: open_files(),
            sockets,
            states,
            in_flight: in_flight as u64,
            lag,
        };
        (self.before, self.ran, self.waited) = (now, ran, waited);
        if let Some(lags) = &mut self.lags {
            lags.reset();
        }
        second
    }
}
