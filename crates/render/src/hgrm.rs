//! `HdrHistogram`'s percentile distribution, as its Java original prints it (`outputPercentileDistribution` of
//! `AbstractHistogram`) and its plotters read it.

use std::fmt::Write as _;

use hdrhistogram::Histogram;
use plimsoll_analysis::Distribution;

/// Rows per halving of the distance to 100 %.
const TICKS: f64 = 5.0;

/// Nanoseconds in the unit of the values, milliseconds.
const UNIT: f64 = 1e6;

/// The distribution of all parts together, in milliseconds.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "histograms that resize themselves can be added")]
pub fn render(parts: &[&Distribution]) -> String {
    let mut whole = Distribution::default().to_histogram();
    for part in parts {
        whole.add(part.to_histogram()).expect("a histogram that resizes itself takes any other");
    }
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&whole, &mut out);
    out
}

fn write(histogram: &Histogram<u64>, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let total = histogram.len();
    let mut seen = 0;
    let mut percentile = 0.0;
    for step in histogram.iter_recorded() {
        seen += step.count_at_value();
        let value = step.value_iterated_to() as f64 / UNIT;
        // One row at the end has no successor but 100 %.
        let is_last = seen == total;
        while is_last || 100.0 * seen as f64 / total as f64 >= percentile {
            let level = percentile / 100.0;
            let odds = 1.0 / (1.0 - level);
            let (value, odds) = (rounded(value, 3), rounded(odds, 2));
            writeln!(out, "{value:>12} {} {seen:10} {odds:>14}", rounded(level, 12))?;
            if is_last {
                writeln!(out, "{value:>12} {} {seen:10}", rounded(1.0, 12))?;
                break;
            }
            percentile = next(percentile);
        }
    }
    let [mean, deviation, max] = [histogram.mean(), histogram.stdev(), histogram.max() as f64]
        .map(|nanos| rounded(nanos / UNIT, 3));
    writeln!(out, "#[Mean    = {mean:>12}, StdDeviation   = {deviation:>12}]")?;
    writeln!(out, "#[Max     = {max:>12}, Total count    = {total:12}]")?;
    let (buckets, sub_buckets) = (histogram.buckets(), 2_u32 << 10);
    writeln!(out, "#[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]")
}

/// Rounded as Java rounds: by the shortest digits that stand for the number, and half of the last one up. Percentiles are
/// often such halves.
fn rounded(number: f64, digits: usize) -> String {
    let shortest = number.to_string();
    let fraction = shortest.split_once('.').map_or("", |(_, fraction)| fraction);
    let is_half = fraction.len() == digits + 1 && fraction.ends_with('5');
    format!("{:.digits$}", if is_half { number.next_up() } else { number })
}

/// The percentile of the row behind one.
fn next(percentile: f64) -> f64 {
    let halvings = (100.0 / (100.0 - percentile)).ln() / std::f64::consts::LN_2;
    percentile + 100.0 / (TICKS * 2_f64.powf(halvings.trunc() + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_up() {
        // As HdrHistogram 2.2.2 printed them for a million latencies.
        assert_eq!(rounded(0.999_780_273_437_5, 12), "0.999780273438");
        assert_eq!(rounded(0.999_926_757_812_5, 12), "0.999926757813");
        // Below the half in binary, but not as it is written.
        assert_eq!(rounded(1.005, 2), "1.01");
        assert_eq!((rounded(0.0, 3), rounded(1.004_9, 2)), ("0.000".into(), "1.00".into()));
    }
}
