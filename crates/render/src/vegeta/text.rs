use std::fmt::{self, Display, Formatter};

use super::duration::rounded;
use super::metrics::Metrics;
use crate::Summary;
use crate::escape::visible;
use crate::numbers::inner_percentage;

/// What `vegeta report` prints for all records together.
#[must_use]
pub fn text(summary: &Summary<'_>) -> String {
    Text(Metrics::of(&summary.findings.total)).to_string()
}

struct Text<'a>(Metrics<'a>);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Metrics {
            requests,
            rate,
            throughput,
            duration,
            wait,
            latencies,
            bytes_in,
            bytes_out,
            ..
        } = &self.0;
        let times = [duration.saturating_add(*wait), *duration, *wait].map(rounded).join(", ");
        let quantiles = [latencies.p50, latencies.p90, latencies.p95, latencies.p99];
        let quantiles = quantiles.map(rounded).join(", ");
        let (min, mean, max) =
            (rounded(latencies.min), rounded(latencies.mean), rounded(latencies.max));
        writeln!(
            f,
            "Requests      [total, rate, throughput]         {requests}, {rate:.2}, {throughput:.2}"
        )?;
        writeln!(f, "Duration      [total, attack, wait]             {times}")?;
        writeln!(
            f,
            "Latencies     [min, mean, 50, 90, 95, 99, max]  {min}, {mean}, {quantiles}, {max}"
        )?;
        writeln!(
            f,
            "Bytes In      [total, mean]                     {}, {:.2}",
            bytes_in.total, bytes_in.mean
        )?;
        writeln!(
            f,
            "Bytes Out     [total, mean]                     {}, {:.2}",
            bytes_out.total, bytes_out.mean
        )?;
        writeln!(f, "Success       [ratio]                           {}%", success(&self.0))?;
        write!(f, "Status Codes  [code:count]                      ")?;
        for (code, n) in &self.0.status_codes {
            write!(f, "{code}:{n}  ")?;
        }
        writeln!(f, "\nError Set:")?;
        self.0.errors.iter().try_for_each(|error| writeln!(f, "{}", visible(error)))
    }
}

fn success(metrics: &Metrics<'_>) -> String {
    let text = format!("{:.2}", metrics.success * 100.0);
    let rounded_to_an_end = match text.as_str() {
        "100.00" => metrics.successes < metrics.requests,
        "0.00" => metrics.successes > 0,
        _ => false,
    };
    if rounded_to_an_end { inner_percentage(metrics.successes, metrics.requests) } else { text }
}
