//! Moments in UTC.

use jiff::Timestamp as Moment;
use plimsoll_model::Timestamp;

/// RFC 3339 with nanoseconds, always of one length.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    format!("{:.9}", moment(at))
}

/// RFC 3339 with as many decimals as it takes, as Go writes it.
pub(crate) fn rfc3339_short(at: Timestamp) -> String {
    moment(at).to_string()
}

/// `2026-11-23 08:35:32.777 – 08:35:34.775 UTC`, with the second date where it is another day.
pub(crate) fn period(first: Timestamp, last: Timestamp) -> String {
    let (first, last) = (moment(first), moment(last));
    let end = if day(first) == day(last) { "%H:%M:%S%.3f" } else { "%Y-%m-%d %H:%M:%S%.3f" };
    format!("{} – {} UTC", first.strftime("%Y-%m-%d %H:%M:%S%.3f"), last.strftime(end))
}

/// A date and a time of day to the second.
pub(crate) fn date_and_time(at: Timestamp) -> String {
    format!("{} UTC", moment(at).strftime("%Y-%m-%d %H:%M:%S%.f"))
}

/// Tells moments within a period apart, with no more digits than that needs.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    format: &'static str,
}

impl Clock {
    /// For moments from `first` to `last`.
    pub(crate) fn within(first: Timestamp, last: Timestamp) -> Self {
        const MILLISECONDS_UP_TO: u64 = 60_000_000_000;
        let format = if day(moment(first)) != day(moment(last)) {
            "%m-%d %H:%M:%S"
        } else if last.since(first).0 < MILLISECONDS_UP_TO {
            "%H:%M:%S%.3f"
        } else {
            "%H:%M:%S"
        };
        Self { format }
    }

    /// The time of day, with the date where the period needs it.
    pub(crate) fn show(self, at: Timestamp) -> String {
        moment(at).strftime(self.format).to_string()
    }
}

fn day(at: Moment) -> String {
    at.strftime("%F").to_string()
}

fn moment(at: Timestamp) -> Moment {
    Moment::from_nanosecond(i128::from(at.0))
        .expect("every i64 of nanoseconds is within jiff's range")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Timestamp = Timestamp(1_795_422_932_777_191_788);

    #[test]
    fn the_whole_range_can_be_said() {
        assert_eq!(rfc3339(Timestamp(i64::MIN)), "1677-09-21T00:12:43.145224192Z");
        assert_eq!(rfc3339(Timestamp(i64::MAX)), "2262-04-11T23:47:16.854775807Z");
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(rfc3339_short(Timestamp(500_000_000)), "1970-01-01T00:00:00.5Z");
    }

    #[test]
    fn a_period_names_its_day_once() {
        let last = Timestamp(FIRST.0 + 1_997_860_753);
        assert_eq!(period(FIRST, last), "2026-11-23 08:35:32.777 – 08:35:34.775 UTC");
        let last = Timestamp(FIRST.0 + 86_400_000_000_000);
        assert_eq!(period(FIRST, last), "2026-11-23 08:35:32.777 – 2026-11-24 08:35:32.777 UTC");
    }

    #[test]
    fn a_clock_is_as_fine_as_its_period() {
        let shown = |nanos| Clock::within(FIRST, Timestamp(FIRST.0 + nanos)).show(FIRST);
        assert_eq!(shown(1_000_000_000), "08:35:32.777");
        assert_eq!(shown(600_000_000_000), "08:35:32");
        assert_eq!(shown(86_400_000_000_000), "11-23 08:35:32");
    }
}
