//! RFC 3339 as Go writes it.

use plimsoll_model::Timestamp;

use crate::raw::Zone;
use crate::scan::leading_uint;

/// Seconds from 0001-01-01T00:00:00Z, where Go's times begin, to 1970.
pub(crate) const YEAR_ONE_TO_UNIX: i64 = 62_135_596_800;

/// Powers of ten.
const POWERS: [i64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// Parses `2026-11-23T08:35:32.781375413Z`, with any number of fractional digits and any offset.
///
/// Moments that 64 bits of nanoseconds cannot hold, among them Go's zero time, are [`Timestamp::UNKNOWN`]. `None` where
/// the text is no timestamp.
#[inline]
pub(crate) fn parse_rfc3339(text: &[u8]) -> Option<(Timestamp, Zone)> {
    let (timestamp, zone, rest) = leading_rfc3339(text)?;
    rest.is_empty().then_some((timestamp, zone))
}

/// The same for a text that goes on behind the time, and where it does.
#[inline(always)]
pub(crate) fn leading_rfc3339(text: &[u8]) -> Option<(Timestamp, Zone, &[u8])> {
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
    let mut zone = Zone::Utc;
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
            // At most a day.
            zone = Zone::Offset(i32::try_from(offset).unwrap_or_default());
            rest = after;
        }
        _ => return None,
    }
    let seconds =
        days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let (timestamp, out_of_range) = moment(seconds, nanos);
    Some((timestamp, if out_of_range { Zone::OutOfRange } else { zone }, rest))
}

/// Adds a moment as `2026-11-23T08:35:32.781375413Z` or with the zone's offset, without zeros behind the fraction; one
/// that is unknown as Go's zero time.
///
/// Go writes an offset of odd seconds without them, and with a clock that shows them: another moment. Here the moment
/// stays.
pub(crate) fn push_rfc3339(out: &mut Vec<u8>, timestamp: Timestamp, zone: Zone) {
    let (seconds, nanos) = match timestamp.known() {
        Some(Timestamp(nanos)) => {
            (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000))
        }
        None => (-YEAR_ONE_TO_UNIX, 0),
    };
    let minutes = match zone {
        Zone::Offset(offset) if has_rfc3339(offset) => offset / 60,
        Zone::Offset(_) | Zone::Utc | Zone::OutOfRange => 0,
    };
    let local = seconds + i64::from(minutes) * 60;
    let (year, month, day) = date(local.div_euclid(86_400));
    let clock = local.rem_euclid(86_400);
    push_two(out, year / 100);
    push_two(out, year % 100);
    for (mark, two) in [
        (b'-', month),
        (b'-', day),
        (b'T', clock / 3600),
        (b':', clock / 60 % 60),
        (b':', clock % 60),
    ] {
        out.push(mark);
        push_two(out, two);
    }
    if nanos > 0 {
        out.push(b'.');
        push_two(out, nanos / 10_000_000);
        push_two(out, nanos / 100_000 % 100);
        push_two(out, nanos / 1_000 % 100);
        push_two(out, nanos / 10 % 100);
        push_digit(out, nanos % 10);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    if minutes == 0 {
        out.push(b'Z');
        return;
    }
    out.push(if minutes < 0 { b'-' } else { b'+' });
    let minutes = i64::from(minutes.abs());
    push_two(out, minutes / 60);
    out.push(b':');
    push_two(out, minutes % 60);
}

/// Whether RFC 3339 has such an offset, but for its seconds.
pub(crate) fn has_rfc3339(offset: i32) -> bool {
    offset.abs() < 86_400
}

/// Two digits of a number below 100.
#[inline]
fn push_two(out: &mut Vec<u8>, number: i64) {
    push_digit(out, number / 10);
    push_digit(out, number % 10);
}

#[inline]
fn push_digit(out: &mut Vec<u8>, digit: i64) {
    out.push(b'0' + digit.to_le_bytes()[0]);
}

/// Year, month and day of a day since 1970-01-01: the inverse of [`days_since_epoch`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let cycle = days.div_euclid(146_097);
    let day_of_cycle = days.rem_euclid(146_097);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
        - day_of_cycle / 146_096)
        / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_cycle + cycle * 400 + i64::from(month <= 2), month, day)
}

/// Seconds since 1970 and nanoseconds as a moment, and whether it is one that cannot be held and is not Go's zero time.
#[inline(always)]
pub(crate) fn moment(seconds: i64, nanos: i64) -> (Timestamp, bool) {
    match seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(nanos)) {
        Some(nanos) => (Timestamp(nanos), false),
        None => (Timestamp::UNKNOWN, (seconds, nanos) != (-YEAR_ONE_TO_UNIX, 0)),
    }
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
        parse_rfc3339(text.as_bytes()).map(|(timestamp, _)| timestamp.0)
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
            let mut written = Vec::new();
            push_rfc3339(&mut written, Timestamp(nanos), Zone::Offset(minutes * 60));
            let expected = text.replace("+00:00", "Z");
            prop_assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }
}
