use std::time::Duration;

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// The same span in milliseconds.
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The same span in seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl From<Duration> for Nanos {
    /// Saturates at 584 years.
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, from 1677 to 2262.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The stream does not say when (a zero or absent time, or one outside the range). Sorts before every moment.
    pub const UNKNOWN: Self = Self(i64::MIN);

    /// Whether the moment is known.
    #[must_use]
    pub fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }

    /// `None` for [`Timestamp::UNKNOWN`].
    #[must_use]
    pub fn known(self) -> Option<Self> {
        self.is_known().then_some(self)
    }

    /// The moment `span` later, at the latest the end of the range; unknown stays unknown.
    #[must_use]
    pub fn saturating_add(self, span: Nanos) -> Self {
        if self.is_known() { Self(self.0.saturating_add_unsigned(span.0)) } else { self }
    }

    /// The span from `earlier` to `self`, zero where `earlier` is not earlier or either is unknown.
    #[must_use]
    pub fn since(self, earlier: Self) -> Nanos {
        if !self.is_known() || !earlier.is_known() || self <= earlier {
            return Nanos::ZERO;
        }
        Nanos(self.0.abs_diff(earlier.0))
    }
}

/// Events per second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

impl Rate {
    /// `count` events over `span`; `None` where the span is zero.
    #[must_use]
    pub fn over(count: u64, span: Nanos) -> Option<Self> {
        (span > Nanos::ZERO).then(|| Self(count as f64 / span.as_secs_f64()))
    }

    /// Events per second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_moment_stays_unknown() {
        assert_eq!(Timestamp::UNKNOWN.saturating_add(Nanos(5)), Timestamp::UNKNOWN);
        assert_eq!(Timestamp(9).since(Timestamp::UNKNOWN), Nanos::ZERO);
    }

    #[test]
    fn spans_reach_over_the_whole_range() {
        assert_eq!(Timestamp(i64::MAX).since(Timestamp(i64::MIN + 1)), Nanos(u64::MAX - 1));
        assert_eq!(Timestamp(i64::MAX).saturating_add(Nanos(u64::MAX)), Timestamp(i64::MAX));
    }

    #[test]
    fn a_rate_needs_time() {
        assert_eq!(Rate::over(3, Nanos::ZERO), None);
        assert_eq!(Rate::over(3, Nanos(1_500_000_000)), Some(Rate(2.0)));
    }
}
