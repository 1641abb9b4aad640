//! RFC 3339 as Go writes it.

use plimsoll_model::Timestamp;

use crate::scan::leading_uint;

/// Powers of ten.
const POWERS: [i64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// Parses `2026-11-23T08:35:32.781375413Z`, with any number of fractional digits and any offset.
///
/// Moments that 64 bits of nanoseconds cannot hold, among them Go's zero time, are [`Timestamp::UNKNOWN`]. `None` where
/// the text is no timestamp.
#[inline]
pub(crate) fn parse_rfc3339(text: &[u8]) -> Option<Timestamp> {
    leading_rfc3339(text).filter(|(_, rest)| rest.is_empty()).map(|(timestamp, _)| timestamp)
}

/// The same for a text that goes on behind the time, and where it does.
#[inline(always)]
pub(crate) fn leading_rfc3339(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (fixed, mut rest) = text.split_first_chunk::<19>()?;
    let two = |at: usize| -> Option<i64> {
        let (tens, ones) = (fixed[at].wrapping_sub(b'0'), fixed[at + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
    };
    if fixed[4] != b'-' || fixed[7] != b'-' || !matches!(fixed[10], b'T' | b't') {
        return None;
    }
    if fixed[13] != b':' || fixed[16] != b':' {
        return None;
    }
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut nanos = 0;
    if let Some(after) = rest.strip_prefix(b".") {
        let kept = &after[..after.len().min(9)];
        let (value, digits) = leading_uint(kept)?;
        nanos = i64::try_from(value).ok()? * POWERS[9 - digits];
        rest = &after[digits..];
        while let [b'0'..=b'9', finer @ ..] = rest {
            rest = finer;
        }
    }
    let mut offset = 0;
    match rest {
        [b'Z' | b'z', after @ ..] => rest = after,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, after @ ..] => {
            let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
            let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            offset = hours * 3600 + minutes * 60;
            if *sign == b'-' {
                offset = -offset;
            }
            rest = after;
        }
        _ => return None,
    }
    let seconds =
        days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let nanos = seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(nanos));
    Some((nanos.map_or(Timestamp::UNKNOWN, Timestamp), rest))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March so that the leap day
/// is a year's last. One calendar cycle, 400 years or 146,097 days, is added first: no number is negative then.
#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "a year of four digits, a month and a day"
)]
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month, day) = (year as u32 + 400, month as u32, day as u32);
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400;
    i64::from(days + day_of_year) - 719_468 - 146_097
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Option<i64> {
        parse_rfc3339(text.as_bytes()).map(|timestamp| timestamp.0)
    }

    #[test]
    fn what_vegeta_writes() {
        // 1795422932781375413 is the same record's time in vegeta's CSV (fixtures/corpus/ok-mixed).
        assert_eq!(parse("2026-11-23T08:35:32.781375413Z"), Some(1_795_422_932_781_375_413));
        assert_eq!(parse("2026-11-23T10:35:32.781375413+02:00"), Some(1_795_422_932_781_375_413));
        assert_eq!(parse("1970-01-01T00:00:00.5Z"), Some(500_000_000));
        assert_eq!(parse("0001-01-01T00:00:00Z"), Some(Timestamp::UNKNOWN.0));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T08:35:32",
            "2026-11-23T08:35:32.Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T08:35:32+2:00",
            "2026-11-23T08:35:32Zjunk",
            "２026-11-23T08:35Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(nanos in any::<i64>(), minutes in -1439_i32..1440) {
            prop_assume!(nanos != i64::MIN);
            let moment = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            prop_assert_eq!(parse(&moment.to_string()), Some(nanos));
            let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
            let text = moment.display_with_offset(offset).to_string();
            prop_assert_eq!(parse(&text), Some(nanos), "{}", text);
        }
    }
}
