use std::fmt;

use plimsoll_model::Nanos;

/// A rate as it is typed, exactly: so many requests per span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frequency {
    count: u64,
    per: u64,
}

/// Rates that are computed are kept in millionths of a request per second.
const MILLIONTHS: f64 = 1e6;
const MILLION_SECONDS: u64 = 1_000_000_000_000_000;
/// Far above what any machine sends, and low enough that nothing overflows.
const MOST_PER_SECOND: f64 = 1e8;

impl Frequency {
    /// `count` requests per span. `None` unless it is more than one request in 11 days and less than 10⁸ per second.
    #[must_use]
    pub fn new(count: u64, per: Nanos) -> Option<Self> {
        let made = Self { count, per: per.0 };
        let sane = count > 0 && per.0 > 0 && per.0 <= MILLION_SECONDS;
        (sane && (1e-6..=MOST_PER_SECOND).contains(&made.per_second())).then_some(made)
    }

    /// The nearest millionth of a request per second.
    #[must_use]
    pub fn from_per_second(rate: f64) -> Option<Self> {
        if !(1e-6..=MOST_PER_SECOND).contains(&rate) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 10^14"
        )]
        let count = (rate * MILLIONTHS).round() as u64;
        Self::new(count, Nanos(MILLION_SECONDS))
    }

    /// This rate's share: `part` of `whole`.
    #[must_use]
    pub fn share(self, part: u32, whole: u32) -> Option<Self> {
        let exact = self.count.checked_mul(part.into()).zip(self.per.checked_mul(whole.into()));
        exact.and_then(|(count, per)| Self::new(count, Nanos(per))).or_else(|| {
            Self::from_per_second(self.per_second() * f64::from(part) / f64::from(whole))
        })
    }

    /// Requests per second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.count as f64 * 1e9 / self.per as f64
    }

    pub(super) fn count(self) -> u64 {
        self.count
    }

    pub(super) fn per(self) -> u64 {
        self.per
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.per_second())
    }
}
