use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;
use plimsoll_model::Nanos;

use super::Lag;

/// Longer lags are counted as this.
const LONGEST: u64 = 3_600_000_000_000;

/// Requests as they are taken up, by all threads: when their answers come is another matter.
#[derive(Debug)]
pub(crate) struct Departures(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    count: u64,
    late_targets: u64,
    lags: Option<Histogram<u32>>,
}

/// What was taken up in a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Departed {
    pub(super) count: u64,
    pub(super) late_targets: u64,
    pub(super) lag: Option<Lag>,
}

impl Departures {
    pub(crate) fn new() -> Self {
        // Three digits are more than a lag deserves; the bounds are valid, or there are no lags.
        let lags = Histogram::new_with_bounds(1, LONGEST, 2).ok();
        Self(Mutex::new(Counts { count: 0, late_targets: 0, lags }))
    }

    /// Counts a request that is so late, maybe because its target was.
    pub(crate) fn add(&self, lag: Nanos, target_was_late: bool) {
        let mut counts = self.lock();
        counts.count += 1;
        counts.late_targets += u64::from(target_was_late);
        if let Some(lags) = &mut counts.lags {
            lags.saturating_record(lag.0.clamp(1, LONGEST));
        }
    }

    /// What there was since it was asked last.
    pub(super) fn take(&self) -> Departed {
        let mut counts = self.lock();
        let lag = counts.lags.as_mut().filter(|lags| !lags.is_empty()).map(|lags| {
            let lag = Lag {
                p50: Nanos(lags.value_at_quantile(0.5)),
                p99: Nanos(lags.value_at_quantile(0.99)),
                max: Nanos(lags.max()),
            };
            lags.reset();
            lag
        });
        Departed {
            count: std::mem::take(&mut counts.count),
            late_targets: std::mem::take(&mut counts.late_targets),
            lag,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once() {
        let departures = Departures::new();
        assert_eq!(departures.take(), Departed::default());
        for (lag, target_was_late) in [(0, false), (5, false), (5, true)] {
            departures.add(Nanos(lag), target_was_late);
        }
        let lag = Lag { p50: Nanos(5), p99: Nanos(5), max: Nanos(5) };
        assert_eq!(departures.take(), Departed { count: 3, late_targets: 1, lag: Some(lag) });
        assert_eq!(departures.take(), Departed::default());
    }
}
