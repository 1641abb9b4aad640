//! What a gate needs of an analysis: from the findings, or from the summary that was written of them.

use std::collections::BTreeMap;
use std::str::FromStr;

use plimsoll_analysis::gate::sample::{Latency, LatencyBlock, Measured, Sample, Window};
use plimsoll_analysis::{Class, Side, VerdictKind};
use plimsoll_model::{Nanos, Rate, Timestamp};
use serde::Deserialize;

use crate::Summary;
use crate::measured::ReadError;
use crate::verdict::told;

/// The most chains that are read, and of each ...
const MOST_CHAINS: usize = 10_000;

/// ... the most windows, ...
const MOST_WINDOWS: usize = 10_000;

/// ... blocks of latencies, ...
const MOST_BLOCKS: usize = 64;

/// ... and latencies of each: there are no more buckets.
const MOST_LATENCIES: usize = 2_048;

/// The largest count: sums of these do not overflow.
const MOST: u64 = 1 << 48;

/// The longest window, in seconds.
const LONGEST: f64 = 1e6;

/// From an analysis.
#[must_use]
pub fn measured(summary: &Summary<'_>, name: String) -> Measured {
    let findings = summary.findings;
    let sample = |found| Sample::of(found, told(found).headline.raw());
    Measured {
        name,
        start: findings.total.earliest,
        success_codes: summary.config.success_codes.clone(),
        slo_latency: summary.config.slo_latency,
        total: sample(&findings.total),
        chains: findings.chains.iter().map(sample).collect(),
        damaged: summary.ledgers.iter().any(plimsoll_model::Ledger::is_damaged),
    }
}

/// From `plimsoll.summary/1`. Keys that a gate does not need are not looked at; blocks of latencies may be missing, as in
/// summaries of older versions.
///
/// # Errors
/// What is no summary, or lacks something that every summary has.
pub fn read_measured(text: &str, name: String) -> Result<Measured, ReadError> {
    ReadError::check_schema(text)?;
    let read: Report = serde_json::from_str(text).map_err(|error| ReadError::json(&error))?;
    if read.chains.len() > MOST_CHAINS {
        let count = read.chains.len();
        return Err(ReadError::new(format!("chains: {count}, expected at most {MOST_CHAINS}")));
    }
    let chains = read.chains.into_iter().map(|(chain, value)| {
        let place = format!("chains.{chain}");
        let read: Chain = serde_json::from_value(value)
            .map_err(|error| ReadError::new(format!("{place}: {error}")))?;
        read.sample(chain).map_err(|what| ReadError::new(format!("{place}.{what}")))
    });
    let starts = read.inputs.iter().filter_map(|input| input.first_utc.as_deref());
    let start = starts.map(moment).collect::<Result<Vec<_>, _>>();
    Ok(Measured {
        name,
        start: start
            .map_err(|what| ReadError::new(format!("inputs.first_utc: {what}")))?
            .into_iter()
            .min(),
        success_codes: read.config.success_codes,
        slo_latency: read.config.slo.and_then(|slo| slo.latency_ms).map(millis),
        chains: chains.collect::<Result<_, ReadError>>()?,
        total: read
            .total
            .sample(String::new())
            .map_err(|what| ReadError::new(format!("total.{what}")))?,
        damaged: read.inputs.iter().any(|input| input.damaged_records > 0 || input.lost_bytes > 0),
    })
}

#[derive(Deserialize)]
struct Report {
    config: Config,
    inputs: Vec<Input>,
    total: Chain,
    chains: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Config {
    slo: Option<Slo>,
    success_codes: String,
}

#[derive(Clone, Copy, Deserialize)]
struct Slo {
    latency_ms: Option<f64>,
}

#[derive(Deserialize)]
struct Input {
    first_utc: Option<String>,
    damaged_records: u64,
    lost_bytes: u64,
}

#[derive(Deserialize)]
struct Chain {
    requests: u64,
    successes: u64,
    good: Option<u64>,
    offered_rps: Option<f64>,
    throughput_rps: Option<f64>,
    goodput_rps: Option<f64>,
    bodies_recorded: u64,
    latency_ms: Latencies,
    errors: Vec<Error>,
    verdict: Verdict,
    windows: Vec<WindowRow>,
    #[serde(default)]
    latency_blocks: Vec<Block>,
}

#[derive(Deserialize)]
struct Latencies {
    all: Figures,
    success: Figures,
}

#[derive(Deserialize)]
struct Figures {
    count: u64,
    min: Option<f64>,
    mean: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    p999: Option<f64>,
    max: Option<f64>,
}

#[derive(Deserialize)]
struct Error {
    class: String,
    count: u64,
}

#[derive(Deserialize)]
struct Verdict {
    kind: String,
    headline: String,
}

#[derive(Deserialize)]
struct WindowRow {
    start_utc: Option<String>,
    span_s: f64,
    sent: u64,
    successes: u64,
    good: Option<u64>,
    by_side: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Block {
    start_utc: Option<String>,
    span_s: f64,
    latency_us: String,
}

impl Chain {
    fn sample(&self, chain: String) -> Result<Sample, String> {
        for (key, count, most) in [
            ("windows", self.windows.len(), MOST_WINDOWS),
            ("latency_blocks", self.latency_blocks.len(), MOST_BLOCKS),
        ] {
            if count > most {
                return Err(format!("{key}: {count}, expected at most {most}"));
            }
        }
        counted("requests", self.requests)?;
        if self.successes > self.requests {
            return Err(format!("successes: {} of {} requests", self.successes, self.requests));
        }
        let kinds = VerdictKind::ALL.into_iter();
        let verdict = kinds
            .clone()
            .find(|kind| kind.name() == self.verdict.kind)
            .ok_or_else(|| format!("verdict.kind: {} is not known", self.verdict.kind))?;
        let mut errors = BTreeMap::new();
        for error in &self.errors {
            let class =
                Class::from_str(&error.class).map_err(|error| format!("errors: {error}"))?;
            let count = errors.entry(class).or_insert(0_u64);
            *count = counted("errors", count.saturating_add(error.count))?;
        }
        let rate =
            |rate: Option<f64>| rate.filter(|rate| *rate >= 0.0 && rate.is_finite()).map(Rate);
        let windows = self.windows.iter().map(WindowRow::window).collect::<Result<_, _>>();
        let blocks = self.latency_blocks.iter().map(Block::block).collect::<Result<_, _>>();
        Ok(Sample {
            chain,
            requests: self.requests,
            successes: self.successes,
            good: self.good,
            offered: rate(self.offered_rps),
            throughput: rate(self.throughput_rps),
            goodput: rate(self.goodput_rps),
            verdict,
            headline: self.verdict.headline.clone(),
            bodies: self.bodies_recorded,
            errors,
            windows: windows.map_err(|what| format!("windows: {what}"))?,
            success_latency: self.latency_ms.success.latency(),
            all_latency: self.latency_ms.all.latency(),
            latency_blocks: blocks.map_err(|what| format!("latency_blocks: {what}"))?,
        })
    }
}

impl WindowRow {
    fn window(&self) -> Result<Window, String> {
        let side = |(name, count): (&String, &u64)| {
            let side = Side::ALL.into_iter().find(|side| side.name() == name);
            let side = side.ok_or_else(|| format!("by_side: {name} is not known"))?;
            Ok::<_, String>((side, counted("by_side", *count)?))
        };
        counted("sent", self.sent)?;
        self.good.map(|good| counted("good", good)).transpose()?;
        if self.successes > self.sent {
            return Err(format!("successes: {} of {} requests", self.successes, self.sent));
        }
        Ok(Window {
            start: self.start_utc.as_deref().map(moment).transpose()?,
            span: span(self.span_s)?,
            requests: self.sent,
            successes: self.successes,
            good: self.good,
            sides: self.by_side.iter().map(side).collect::<Result<_, _>>()?,
        })
    }
}

impl Block {
    fn block(&self) -> Result<LatencyBlock, String> {
        let pair = |pair: &str| {
            let (latency, count) = pair.split_once(':')?;
            let micros: u64 = latency.parse().ok()?;
            let count: u32 = count.parse().ok()?;
            Some((Nanos(micros.checked_mul(1_000)?), u64::from(count)))
        };
        let texts = || self.latency_us.split_ascii_whitespace();
        if texts().nth(MOST_LATENCIES).is_some() {
            return Err(format!("latency_us: expected at most {MOST_LATENCIES} latencies"));
        }
        let counts = texts().map(|text| {
            pair(text).ok_or_else(|| format!("latency_us: `{text}`: expected microseconds:answers"))
        });
        Ok(LatencyBlock {
            start: self.start_utc.as_deref().map(moment).transpose()?,
            span: span(self.span_s)?,
            counts: counts.collect::<Result<_, _>>()?,
        })
    }
}

impl Figures {
    fn latency(&self) -> Latency {
        let known = [
            (0.5, self.p50),
            (0.9, self.p90),
            (0.95, self.p95),
            (0.99, self.p99),
            (0.999, self.p999),
        ];
        let known = known.into_iter().filter_map(|(quantile, ms)| Some((quantile, millis(ms?))));
        Latency {
            count: self.count,
            min: self.min.map(millis),
            mean: self.mean.map(millis),
            max: self.max.map(millis),
            quantiles: known.collect(),
        }
    }
}

/// A count that can be added to others.
fn counted(key: &str, count: u64) -> Result<u64, String> {
    if count > MOST { Err(format!("{key}: {count}, expected at most {MOST}")) } else { Ok(count) }
}

fn span(seconds: f64) -> Result<Nanos, String> {
    if (0.0..=LONGEST).contains(&seconds) {
        return Ok(millis(seconds * 1e3));
    }
    Err(format!("span_s: {seconds}, expected seconds up to {LONGEST}"))
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let moment = jiff::Timestamp::from_str(text).ok();
    let nanos = moment.and_then(|moment| i64::try_from(moment.as_nanosecond()).ok());
    nanos.map(Timestamp).ok_or_else(|| format!("`{text}`: expected a moment"))
}

fn millis(ms: f64) -> Nanos {
    Nanos::from(std::time::Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = r#"{"schema": "plimsoll.summary/1", "config": {"slo": null, "success_codes": "200-399"}, "inputs": [],
        "total": CHAIN, "chains": {"a": CHAIN}}"#;

    const CHAIN: &str = r#"{"requests": 10, "successes": 9, "good": null, "offered_rps": 5.0, "throughput_rps": null,
        "goodput_rps": null, "bodies_recorded": 0, "latency_ms": {"all": FIGURES, "success": FIGURES},
        "errors": [{"class": "server.timeout", "count": 1}], "verdict": {"kind": "healthy", "headline": "well"},
        "windows": [{"start_utc": null, "span_s": 1, "sent": 10, "successes": 9, "good": null, "by_side": {"server": 1}}]BLOCKS}"#;

    const FIGURES: &str = r#"{"count": 9, "min": 1, "mean": 2, "p50": 1.5, "p90": null, "p95": null, "p99": null, "p999": null, "max": 3}"#;

    fn summary(blocks: &str) -> String {
        SUMMARY.replace("CHAIN", CHAIN).replace("FIGURES", FIGURES).replace("BLOCKS", blocks)
    }

    #[test]
    fn a_summary_of_an_older_version_has_no_blocks() {
        let read = read_measured(&summary(""), "old.json".to_owned()).unwrap();
        let chain = read.chain("a").unwrap();
        assert_eq!((chain.requests, chain.successes, chain.latency_blocks.len()), (10, 9, 0));
        assert_eq!(chain.errors[&Class::Timeout], 1);
        assert_eq!(chain.success_latency.quantile(0.5), Some(Nanos(1_500_000)));
        let blocks = r#", "latency_blocks": [{"start_utc": null, "span_s": 1, "latency_us": "1500:4 2000:5"}]"#;
        let read = read_measured(&summary(blocks), "new.json".to_owned()).unwrap();
        let expected = [(Nanos(1_500_000), 4), (Nanos(2_000_000), 5)];
        assert_eq!(read.chains[0].latency_blocks[0].counts, expected);
    }

    #[test]
    fn what_no_summary_has_is_refused_with_its_place() {
        let blocks = |us: &str| {
            format!(
                r#", "latency_blocks": [{{"start_utc": null, "span_s": 1, "latency_us": "{us}"}}]"#
            )
        };
        for (text, expected) in [
            (
                summary("").replace("\"requests\": 10", "\"requests\": 18446744073709551615"),
                "chains.a.requests: 1844",
            ),
            (
                summary("").replace(
                    "\"successes\": 9, \"good\": null, \"offered",
                    "\"successes\": 19, \"good\": null, \"offered",
                ),
                "successes: 19 of 10",
            ),
            (summary("").replace("\"span_s\": 1", "\"span_s\": 1e300"), "windows: span_s"),
            (summary("").replace("server.timeout", "server.slow"), "errors: "),
            (summary("").replace("\"healthy\"", "\"fine\""), "verdict.kind: fine is not known"),
            (summary("").replace("\"server\": 1", "\"moon\": 1"), "by_side: moon is not known"),
            (summary(&blocks("1500")), "latency_us: `1500`: expected microseconds:answers"),
            (summary(&blocks(&"1:1 ".repeat(3_000))), "latency_us: expected at most 2048"),
            (summary("").replace("summary/1", "summary/2"), "writes it, found plimsoll.summary/2"),
        ] {
            let error = read_measured(&text, "x".to_owned()).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
