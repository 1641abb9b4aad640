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
            writeln!(out, "{value:12.3} {level:.12} {seen:10} {odds:14.2}")?;
            if is_last {
                writeln!(out, "{value:12.3} {:.12} {seen:10}", 1.0)?;
                break;
            }
            percentile = next(percentile);
        }
    }
    let (mean, deviation) = (histogram.mean() / UNIT, histogram.stdev() / UNIT);
    writeln!(out, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]")?;
    let max = histogram.max() as f64 / UNIT;
    writeln!(out, "#[Max     = {max:12.3}, Total count    = {total:12}]")?;
    let (buckets, sub_buckets) = (histogram.buckets(), 2_u32 << 10);
    writeln!(out, "#[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]")
}

/// The percentile of the row behind one.
fn next(percentile: f64) -> f64 {
    let halvings = (100.0 / (100.0 - percentile)).ln() / std::f64::consts::LN_2;
    percentile + 100.0 / (TICKS * 2_f64.powf(halvings.trunc() + 1.0))
}
