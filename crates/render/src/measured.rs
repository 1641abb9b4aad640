//! What a plan needs of a summary: from the findings, or from the JSON that was written of them.

use std::collections::BTreeMap;
use std::error;
use std::fmt;

use plimsoll_analysis::capacity::sustained::{Binding, Censored};
use plimsoll_analysis::plan::basis::Measured;
use plimsoll_analysis::plan::growth::LEAST;
use plimsoll_analysis::{CapacityFindings, ChainFindings, GeneratorCpu, Slo, VerdictKind};
use plimsoll_model::{Ledger, Nanos, Rate};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::sections::goal;
use crate::verdict::{Sentence, told};
use crate::{EffectiveConfig, Summary};

/// What was measured, of each chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurement {
    /// The chains, by name.
    pub chains: Vec<MeasuredChain>,
    /// What a good answer was; nothing where nobody said.
    pub slo: Slo,
    /// That in words.
    pub goal: String,
    /// What the chains sustain together, where they were measured in one mix of several.
    pub mix: Option<Mix>,
    /// What requests took of their generators' CPU time, where these tell it.
    pub generator_cpu: Option<GeneratorCpu>,
    /// How many warnings the summary has.
    pub warnings: usize,
    /// Whether an input was damaged.
    pub damaged: bool,
}

/// What chains sustain together.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// What was found of all of them.
    pub found: Measured,
    /// The chain that gives way first, where one does.
    pub limited_by: Option<String>,
    /// The share that each has of the rate, by name; without those that have next to none.
    pub shares: BTreeMap<String, f64>,
}

/// What was measured of a chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredChain {
    /// Its name.
    pub name: String,
    /// The inputs that hold its records; none of a summary.
    pub inputs: Vec<String>,
    /// Requests.
    pub requests: u64,
    /// Accepted answers.
    pub successes: u64,
    /// Bytes of accepted answers' bodies; 0 where they were not recorded.
    pub bytes_in_success: u64,
    /// Bytes of all requests' bodies.
    pub bytes_out: u64,
    /// What load it sustains, where that was found.
    pub capacity: Option<Measured>,
    /// The mean latency of accepted answers.
    pub latency: Option<Nanos>,
    /// Who set the limit, by the name used in JSON.
    pub verdict: String,
    /// That in a sentence.
    pub headline: String,
    /// The evidence, the most important first.
    pub because: Vec<String>,
}

impl MeasuredChain {
    fn of(chain: &ChainFindings, summary: &Summary<'_>) -> Self {
        let verdict = told(chain);
        let input = |id: &plimsoll_model::InputId| summary.ledgers.get(id.0 as usize);
        Self {
            name: chain.name.clone(),
            inputs: chain
                .inputs
                .iter()
                .filter_map(input)
                .map(|ledger| ledger.name.clone())
                .collect(),
            requests: chain.requests,
            successes: chain.successes,
            bytes_in_success: chain.bytes_in_success,
            bytes_out: chain.bytes_out_total,
            capacity: chain.capacity.as_ref().map(|found| measured(chain, found, &summary.config)),
            latency: chain.latency.success.mean,
            verdict: verdict.kind.name().to_owned(),
            headline: verdict.headline.raw(),
            because: verdict.because.iter().map(Sentence::raw).collect(),
        }
    }
}

impl Measurement {
    /// From an analysis.
    #[must_use]
    pub fn of(summary: &Summary<'_>) -> Self {
        let chains = summary.findings.chains.iter();
        let chains: Vec<MeasuredChain> =
            chains.map(|chain| MeasuredChain::of(chain, summary)).collect();
        Self {
            mix: mix(&summary.findings.total, &summary.config),
            chains,
            slo: summary.config.slo(),
            goal: goal(&summary.config.slo()),
            generator_cpu: summary.findings.generator_cpu,
            warnings: crate::warnings(summary).len(),
            damaged: summary.ledgers.iter().any(Ledger::is_damaged),
        }
    }

    /// Whether a chain of this name was measured.
    #[must_use]
    pub fn has(&self, chain: &str) -> bool {
        self.chains.iter().any(|found| found.name == chain)
    }

    /// Takes these chains as served by so many instances, whatever was said when they were analysed.
    pub fn serve_by(&mut self, instances: &BTreeMap<String, u32>) {
        for chain in &mut self.chains {
            if let (Some(found), Some(count)) = (&mut chain.capacity, instances.get(&chain.name)) {
                found.instances = *count;
            }
        }
        if let Some(mix) = &mut self.mix {
            let served = self.chains.iter().filter(|chain| mix.shares.contains_key(&chain.name));
            let most = served.filter_map(|chain| Some(chain.capacity?.instances)).max();
            mix.found.instances = most.unwrap_or(mix.found.instances);
        }
    }

    /// Whether a text that begins so is a summary, rather than results: it names its schema first, or has been sorted by
    /// its keys and begins with a chain.
    #[must_use]
    pub fn is_summary(beginning: &[u8]) -> bool {
        let has =
            |text: &[u8], key: &str| text.windows(key.len()).any(|part| part == key.as_bytes());
        let start = beginning.trim_ascii_start();
        let first = &start[..start.len().min(64)];
        start.starts_with(b"{")
            && (has(first, "\"schema\":")
                || has(start, "\"active_s\":") && has(start, "\"bytes_in_total\":"))
    }

    /// Whether a text is an object that has nothing of a result, and so is to be complained of as a summary.
    #[must_use]
    pub fn is_no_result(text: &[u8]) -> bool {
        let object = serde_json::from_slice::<serde_json::Map<String, Value>>(text);
        let of_results = ["timestamp", "latency", "code"];
        object.is_ok_and(|object| !of_results.iter().any(|key| object.contains_key(*key)))
    }

    /// From `plimsoll.summary/1`. Keys that a plan does not need are not looked at.
    ///
    /// # Errors
    /// What is no summary, or lacks something that every summary has.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        ReadError::check_schema(text)?;
        let read: Report = serde_json::from_str(text).map_err(|error| ReadError::json(&error))?;
        let span = |ms: f64| {
            Nanos::from(std::time::Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default())
        };
        let slo = read.config.slo.map_or_else(Slo::default, |slo| Slo {
            latency: slo.latency_ms.map(span),
            success_min: slo.success_min,
            good_ratio_min: slo.good_ratio_min,
        });
        let chains = read.chains.into_iter().map(|(name, value)| {
            let chain: Chain = serde_json::from_value(value)
                .map_err(|error| ReadError(format!("chains.{name}: {error}")))?;
            let verdict = &chain.verdict.kind;
            let capacity = chain.capacity.as_ref().map(|found| found.measured(verdict));
            let capacity = capacity
                .transpose()
                .map_err(|what| ReadError(format!("chains.{name}.capacity.{what}")))?;
            Ok(MeasuredChain {
                name,
                inputs: Vec::new(),
                requests: chain.requests,
                successes: chain.successes,
                bytes_in_success: chain.bytes_in_success,
                bytes_out: chain.bytes_out_total,
                capacity,
                latency: chain.latency_ms.success.mean.map(span),
                verdict: chain.verdict.kind,
                headline: chain.verdict.headline,
                because: chain.verdict.because,
            })
        });
        let chains = chains.collect::<Result<Vec<_>, ReadError>>()?;
        let verdict = &read.total.verdict.kind;
        let mix = read.total.capacity.as_ref().and_then(|found| found.mix(verdict)).transpose();
        Ok(Self {
            mix: mix.map_err(|what| ReadError(format!("total.capacity.{what}")))?,
            chains,
            slo,
            goal: goal(&slo),
            generator_cpu: read
                .generator_cpu
                .map(|cpu| GeneratorCpu { time: span(cpu.cpu_s * 1e3), requests: cpu.requests }),
            warnings: read.warnings.len(),
            damaged: read
                .inputs
                .iter()
                .any(|input| input.damaged_records > 0 || input.lost_bytes > 0),
        })
    }
}

fn measured(chain: &ChainFindings, found: &CapacityFindings, config: &EffectiveConfig) -> Measured {
    Measured::of(found, chain.verdict.kind, config.instances_of(&chain.name, found))
}

/// What all chains sustain together; `None` where each was measured alone, or not always in one mix.
fn mix(total: &ChainFindings, config: &EffectiveConfig) -> Option<Mix> {
    let found = total.capacity.as_ref().filter(|found| !found.mix.is_empty())?;
    let shares = found.mix.iter().map(|part| (part.chain.clone(), part.share)).collect();
    let limited_by = found.limited_by.clone();
    Some(Mix { found: measured(total, found, config), limited_by, shares })
}

/// Why a text is no summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(String);

impl ReadError {
    pub(crate) fn new(what: String) -> Self {
        Self(what)
    }

    pub(crate) fn json(error: &serde_json::Error) -> Self {
        Self(error.to_string())
    }

    /// Whether a text says that it is a summary of a version that is known.
    pub(crate) fn check_schema(text: &str) -> Result<(), Self> {
        let read = serde_json::from_str::<Schema>(text);
        let schema = read.map_err(|error| Self::json(&error))?.schema;
        if schema.as_deref() == Some("plimsoll.summary/1") {
            return Ok(());
        }
        let found = schema.unwrap_or_else(|| "an object without a schema".to_owned());
        Err(Self(format!(
            "expected a summary, plimsoll.summary/1, as plimsoll analyze --format json writes it, found {found}"
        )))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for ReadError {}

#[derive(Deserialize)]
struct Schema {
    schema: Option<String>,
}

#[derive(Deserialize)]
struct Report {
    config: Config,
    total: Total,
    chains: serde_json::Map<String, Value>,
    inputs: Vec<Input>,
    /// Missing in summaries that were written before there was one.
    generator_cpu: Option<Cpu>,
    warnings: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Cpu {
    cpu_s: f64,
    requests: u64,
}

#[derive(Deserialize)]
struct Total {
    verdict: Verdict,
    capacity: Option<Capacity>,
}

#[derive(Deserialize)]
struct Config {
    slo: Option<Goals>,
}

#[derive(Clone, Copy, Deserialize)]
struct Goals {
    latency_ms: Option<f64>,
    success_min: Option<f64>,
    good_ratio_min: Option<f64>,
}

#[derive(Deserialize)]
struct Input {
    damaged_records: u64,
    lost_bytes: u64,
}

#[derive(Deserialize)]
struct Chain {
    requests: u64,
    successes: u64,
    bytes_in_success: u64,
    bytes_out_total: u64,
    capacity: Option<Capacity>,
    latency_ms: Latencies,
    verdict: Verdict,
}

#[derive(Deserialize)]
struct Latencies {
    success: Latency,
}

#[derive(Deserialize)]
struct Latency {
    mean: Option<f64>,
}

#[derive(Deserialize)]
struct Verdict {
    kind: String,
    headline: String,
    because: Vec<String>,
}

#[derive(Deserialize)]
struct Capacity {
    bound_lower_rps: Option<f64>,
    bound_upper_rps: Option<f64>,
    interval_low_rps: Option<f64>,
    interval_high_rps: Option<f64>,
    censored: String,
    screening: bool,
    mixed: bool,
    mix: Option<BTreeMap<String, f64>>,
    limited_by: Option<String>,
    binding: Option<String>,
    instances_under_test: u32,
}

impl Capacity {
    /// Of the total's: `None` where it is not that of a mix.
    fn mix(&self, verdict: &str) -> Option<Result<Mix, String>> {
        let shares = self.mix.clone().filter(|shares| !shares.is_empty())?;
        if let Some((name, share)) = shares.iter().find(|(_, share)| !(0.0..=1.0).contains(*share))
        {
            return Some(Err(format!("mix.{name}: {share}: expected a share")));
        }
        let limited_by = self.limited_by.clone();
        Some(self.measured(verdict).map(|found| Mix { found, limited_by, shares }))
    }

    /// Whether each rate is one, and they are in order: whoever wrote them otherwise meant something else.
    fn check_rates(&self) -> Result<(), String> {
        let rates = [
            ("bound_lower_rps", self.bound_lower_rps),
            ("bound_upper_rps", self.bound_upper_rps),
            ("interval_low_rps", self.interval_low_rps),
            ("interval_high_rps", self.interval_high_rps),
        ];
        for (key, rate) in rates {
            let is_rate = |rate: &f64| (LEAST.per_second()..=1e9).contains(rate);
            // A spread of sweeps may reach down to nothing.
            let is_end = |rate: &f64| key == "interval_low_rps" && *rate == 0.0;
            if let Some(rate) = rate.filter(|rate| !is_rate(rate) && !is_end(rate)) {
                return Err(format!(
                    "{key}: {rate:?}: expected requests per second, from 0.000001 to 1,000,000,000"
                ));
            }
        }
        let [lower, upper, low, high] = rates;
        for (less, more) in [(lower, upper), (low, high), (lower, high)] {
            if let (Some(least), Some(most)) = (less.1, more.1)
                && least > most
            {
                return Err(format!(
                    "{}: {most:?}: expected at least {}, {least:?}",
                    more.0, less.0
                ));
            }
        }
        Ok(())
    }

    fn measured(&self, verdict: &str) -> Result<Measured, String> {
        use Censored::{BelowMinLoad, Generator, MaxLoad};
        let censored = [Censored::None, MaxLoad, Generator, BelowMinLoad]
            .into_iter()
            .find(|censored| censored.name() == self.censored)
            .ok_or_else(|| format!("censored: {} is not known", self.censored))?;
        let bindings = [Binding::Success, Binding::Latency, Binding::Backlog];
        let named = |name: &String| {
            let found = bindings.into_iter().find(|binding| binding.name() == name);
            found.ok_or_else(|| format!("binding: {name} is not known"))
        };
        if self.instances_under_test == 0 {
            return Err("instances_under_test: expected at least 1".to_owned());
        }
        self.check_rates()?;
        Ok(Measured {
            lower: self.bound_lower_rps.map(Rate),
            upper: self.bound_upper_rps.map(Rate),
            low: self.interval_low_rps.map(Rate),
            high: self.interval_high_rps.map(Rate),
            censored,
            binding: self.binding.as_ref().map(named).transpose()?,
            screening: self.screening,
            generator_limited: verdict == VerdictKind::GeneratorLimited.name(),
            mixed: self.mixed,
            instances: self.instances_under_test,
        })
    }
}
