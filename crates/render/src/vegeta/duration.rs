//! Durations as Go and vegeta write them.

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Nanoseconds, rounded to the unit below their largest: `1.998s`, `17.877ms`, `1h1m0s`.
pub(super) fn rounded(ns: u64) -> String {
    let unit = match ns {
        HOUR.. => MINUTE,
        MINUTE.. => SECOND,
        SECOND.. => MILLISECOND,
        MILLISECOND.. => MICROSECOND,
        _ => 1,
    };
    exact(ns.saturating_add(unit / 2) / unit * unit)
}

/// As Go's `Duration.String`.
fn exact(ns: u64) -> String {
    match ns {
        0 => "0s".to_owned(),
        1..MICROSECOND => format!("{ns}ns"),
        MICROSECOND..MILLISECOND => decimal(ns, MICROSECOND, "µs"),
        MILLISECOND..SECOND => decimal(ns, MILLISECOND, "ms"),
        SECOND..MINUTE => decimal(ns, SECOND, "s"),
        MINUTE..HOUR => format!("{}m{}", ns / MINUTE, decimal(ns % MINUTE, SECOND, "s")),
        HOUR.. => {
            format!("{}h{}m{}", ns / HOUR, ns % HOUR / MINUTE, decimal(ns % MINUTE, SECOND, "s"))
        }
    }
}

fn decimal(ns: u64, unit: u64, name: &str) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", ns / unit, ns % unit);
    format!("{}{name}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by `vegeta report` for results with these durations.
    #[test]
    fn as_vegeta_rounds() {
        assert_eq!(rounded(0), "0s");
        assert_eq!(rounded(1), "1ns");
        assert_eq!(rounded(999), "999ns");
        assert_eq!(rounded(115_243), "115.243µs");
        assert_eq!(rounded(999_999), "999.999µs");
        assert_eq!(rounded(46_340), "46.34µs");
        assert_eq!(rounded(17_876_957), "17.877ms");
        assert_eq!(rounded(1_999_500_000), "2s");
        assert_eq!(rounded(1_997_860_753), "1.998s");
        assert_eq!(rounded(59_599_600_000), "59.6s");
        assert_eq!(rounded(59_999_600_000), "1m0s");
        assert_eq!(rounded(61_500_000_000), "1m2s");
        assert_eq!(rounded(1_241_166_666_999), "20m41s");
        assert_eq!(rounded(3_661_999_999_999), "1h1m0s");
        assert_eq!(rounded(25_383_499_999_999), "7h3m0s");
    }
}
