//! Numbers for people.

use plimsoll_analysis::{LatencySummary, Percentile};
use plimsoll_model::{Nanos, Rate};

/// What stands where there is no value.
pub(crate) const NONE: &str = "–";

/// `1,600`.
pub(crate) fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// `1 record`, `1,600 records`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// `99.38 %` of `whole`. Exact ends are `0 %` and `100 %`, and nothing else is ever rounded to them.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match part {
        _ if whole == 0 => NONE.to_owned(),
        0 => "0 %".to_owned(),
        part if part >= whole => "100 %".to_owned(),
        part => format!("{} %", inner_percentage(part, whole)),
    }
}

/// The percentage for `0 < part < whole`, with two decimals or as many as it takes to be neither 0 nor 100.
pub(crate) fn inner_percentage(part: u64, whole: u64) -> String {
    // Beyond 16 decimals the product would not fit.
    const MOST: usize = 16;
    let (part, whole) = (u128::from(part), u128::from(whole));
    let mut decimals = 2;
    loop {
        let unit = 10_u128.pow(u32::try_from(decimals).unwrap_or(0));
        let rounded = (part * 100 * unit + whole / 2) / whole;
        if decimals == MOST || (rounded > 0 && rounded < 100 * unit) {
            let rounded = rounded.clamp(1, 100 * unit - 1);
            return format!("{}.{:0decimals$}", rounded / unit, rounded % unit);
        }
        decimals += 1;
    }
}

/// `[99.05, 100]`, in percent, for the ends of an interval given as ratios.
pub(crate) fn interval(low: f64, high: f64) -> String {
    // The interval's formula leaves rounding errors of this size on its exact ends.
    const NOTHING: f64 = 1e-12;
    let shown = |ratio: f64, decimals: usize| match ratio {
        ratio if ratio <= NOTHING => "0".to_owned(),
        ratio if ratio >= 1.0 - NOTHING => "100".to_owned(),
        ratio => format!("{:.decimals$}", ratio * 100.0),
    };
    let is_rounded_to_an_end = |text: &str| {
        text.len() > 3 && text.parse().is_ok_and(|value: f64| value <= 0.0 || value >= 100.0)
    };
    let mut decimals = 2;
    loop {
        let (from, to) = (shown(low, decimals), shown(high, decimals));
        let too_coarse =
            is_rounded_to_an_end(&from) || is_rounded_to_an_end(&to) || (from == to && low < high);
        if !too_coarse || decimals >= 12 {
            return format!("[{from}, {to}]");
        }
        decimals += 1;
    }
}

/// Milliseconds with three significant digits, whole from 100 on: `0.115`, `5.07`, `98.4`, `1,234`.
pub(crate) fn millis(span: Nanos) -> String {
    if span == Nanos::ZERO {
        return "0".to_owned();
    }
    let value = span.as_millis_f64();
    grouped(&three_digits(value, 6))
}

/// A percentile in milliseconds, or why there is none.
pub(crate) fn percentile(summary: &LatencySummary, quantile: f64) -> String {
    match percentile_of(summary, quantile) {
        Some(Percentile { value: Some(value), supported: true, .. }) => millis(*value),
        Some(Percentile { value: Some(_), supported: false, .. }) => {
            format!("n/a (n={})", count(summary.count))
        }
        _ => NONE.to_owned(),
    }
}

/// The summary's percentile for `quantile`.
pub(crate) fn percentile_of(summary: &LatencySummary, quantile: f64) -> Option<&Percentile> {
    summary.percentiles.iter().find(|p| (p.quantile - quantile).abs() < 1e-9)
}

/// Events per second: `50.1`, `400.4`, `5,000`.
pub(crate) fn rate(rate: Option<Rate>) -> String {
    match rate.map(Rate::per_second) {
        None => NONE.to_owned(),
        Some(value) if value >= 999.95 => grouped(&format!("{value:.0}")),
        Some(value) if value >= 9.995 => format!("{value:.1}"),
        Some(value) if value <= 0.0 => "0".to_owned(),
        Some(value) => three_digits(value, 9),
    }
}

/// A span of time as one would say it: `1.998 s`, `33 min 20 s`, `2 h 5 min`.
pub(crate) fn span(span: Nanos) -> String {
    let seconds = span.0.saturating_add(500_000_000) / 1_000_000_000;
    match span.0 {
        0 => "0 s".to_owned(),
        1..1_000_000_000 => format!("{} ms", millis(span)),
        1_000_000_000..59_999_500_000 => {
            let text = format!("{:.3}", span.as_secs_f64());
            format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
        }
        _ if seconds < 3600 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ if seconds < 3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", count(seconds / 3600), seconds % 3600 / 60),
    }
}

/// Three significant digits, at most `most` decimals, and none from 100 on.
fn three_digits(value: f64, most: usize) -> String {
    let mut decimals = 0;
    // From here on the value rounds to three digits before the point.
    let mut edge = 99.95;
    while value < edge && decimals < most {
        decimals += 1;
        edge /= 10.0;
    }
    format!("{value:.decimals$}")
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: &str) -> String {
    let digits = number.find('.').unwrap_or(number.len());
    let mut out = String::with_capacity(number.len() + digits / 3);
    for (index, c) in number.chars().enumerate() {
        if index > 0 && index < digits && (digits - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1600), "1,600");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn only_the_ends_are_shown_as_ends() {
        assert_eq!(percent(0, 7), "0 %");
        assert_eq!(percent(7, 7), "100 %");
        assert_eq!(percent(1, 3), "33.33 %");
        assert_eq!(percent(19_999, 20_000), "99.995 %");
        assert_eq!(percent(9_999_999, 10_000_000), "99.99999 %");
        assert_eq!(percent(1, 10_000_000), "0.00001 %");
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "99.9999999999999999 %");
        assert_eq!(percent(1, u64::MAX), "0.0000000000000001 %");
        assert_eq!(percent(0, 0), NONE);
    }

    #[test]
    fn intervals_end_at_100_only_where_they_do() {
        assert_eq!(interval(0.990_487, 1.0), "[99.05, 100]");
        assert_eq!(interval(0.0, 0.000_000_4), "[0, 0.00004]");
        assert_eq!(interval(0.001_969, 0.002_031), "[0.197, 0.203]");
        assert_eq!(interval(0.5, 0.5), "[50.00, 50.00]");
        assert_eq!(interval(0.999_999_43, 0.999_999_98), "[99.999943, 99.999998]");
    }

    #[test]
    fn milliseconds_keep_three_digits() {
        let shown = |ns| millis(Nanos(ns));
        assert_eq!(shown(0), "0");
        assert_eq!(shown(46), "0.000046");
        assert_eq!(shown(46_340), "0.0463");
        assert_eq!(shown(115_243), "0.115");
        assert_eq!(shown(999_600), "1.00");
        assert_eq!(shown(5_069_999), "5.07");
        assert_eq!(shown(9_996_000), "10.0");
        assert_eq!(shown(98_400_000), "98.4");
        assert_eq!(shown(99_960_000), "100");
        assert_eq!(shown(1_234_400_000), "1,234");
        assert_eq!(shown(30_000_000_000), "30,000");
    }

    #[test]
    fn rates_are_as_fine_as_one_reads_them() {
        let shown = |value| rate(Some(Rate(value)));
        assert_eq!(shown(0.0), "0");
        assert_eq!(shown(0.012_34), "0.0123");
        assert_eq!(shown(5.0), "5.00");
        assert_eq!(shown(50.125), "50.1");
        assert_eq!(shown(400.43), "400.4");
        assert_eq!(shown(4999.6), "5,000");
        assert_eq!(rate(None), NONE);
    }

    #[test]
    fn spans_are_said_as_one_says_them() {
        assert_eq!(span(Nanos(995_424_780)), "995 ms");
        assert_eq!(span(Nanos(1_997_860_753)), "1.998 s");
        assert_eq!(span(Nanos(59_999_600_000)), "1 min");
        assert_eq!(span(Nanos(5_000_000_000)), "5 s");
        assert_eq!(span(Nanos(2_000_000_000_000)), "33 min 20 s");
        assert_eq!(span(Nanos(7_500_000_000_000)), "2 h 5 min");
    }
}
