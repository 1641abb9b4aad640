//! `plimsoll.toml`: schema in `docs/configuration.md`.

mod chain;
mod fleet;
mod place;
mod set;
mod suggest;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use plimsoll_analysis::plan::{Costs, Fleet, Growth};
use plimsoll_analysis::{
    ChainRule, ChainsBy, Class, Conditions, IntendedRate, Matcher, Measure, Options, Ports,
    RpcCodes, Rule, Slo, Taxonomy, Validity,
};
use plimsoll_model::{CodeSet, Nanos, Rate};
use plimsoll_render::ConfiguredChain;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use chain::CapacityTable;
use fleet::{CostTable, FleetTable, GeneratorTable, GrowthTable};
use place::Place;

pub(crate) use chain::PlannedChain;
pub(crate) use fleet::{GeneratorHosts, PerRelay};
pub(crate) use set::Set;

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "plimsoll.toml";

/// The most windows per stage that can be asked for.
const MOST_WINDOWS: u32 = 10_000;

/// The most draws of windows that can be asked for.
const MOST_RESAMPLES: usize = 100_000;

/// The configuration. Tables of verbs to come are let pass, unknown ones are not.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where it was read; empty where nothing was.
    #[serde(skip)]
    pub(crate) path: PathBuf,
    /// What was read.
    #[serde(skip)]
    text: String,
    /// What was changed on the command line.
    #[serde(skip)]
    sets: Vec<Set>,
    slo: Option<SloTable>,
    chains: Chains,
    measure: MeasureTable,
    fleet: FleetTable,
    growth: Option<GrowthTable>,
    cost: Option<CostTable>,
    generator: GeneratorTable,
    #[serde(rename = "gate")]
    _gate: Option<IgnoredAny>,
    taxonomy: Vec<RuleTable>,
    rpc: RpcTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SloTable {
    success_min: Option<f64>,
    latency_ms: Option<f64>,
    good_ratio_min: Option<f64>,
}

/// Keys of other verbs are let pass.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MeasureTable {
    intended_rps: Option<f64>,
    min_sent_ratio: Option<f64>,
    max_client_error_ratio: Option<f64>,
    max_send_lag_ratio: Option<f64>,
    max_generator_cpu: Option<f64>,
    ports: PortsTable,
    window_s: Option<f64>,
    warmup_s: Option<f64>,
    min_windows: Option<u32>,
    exceed_ratio: Option<f64>,
    bootstrap_resamples: Option<usize>,
    bootstrap_seed: Option<u64>,
    confidence: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PortsTable {
    low: Option<u16>,
    high: Option<u16>,
    hold_s: Option<f64>,
    source_ips: Option<u32>,
    utilisation: Option<f64>,
}

/// `[[taxonomy]]`: what an error text means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    pattern: String,
    class: String,
    #[serde(default)]
    meaning: String,
    #[serde(default)]
    advice: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RpcTable {
    success_codes: Vec<i64>,
    rate_limited_codes: Vec<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainTable {
    #[serde(rename = "match")]
    conditions: Option<MatchTable>,
    success_codes: Option<Vec<String>>,
    target_rps: Option<f64>,
    capacity_rps: Option<CapacityTable>,
    capacity_from: Option<Vec<String>>,
    instances_under_test: Option<u32>,
    db_queries_per_relay: Option<f64>,
    egress_bytes_per_relay: Option<f64>,
    targets: Option<String>,
    weight: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchTable {
    attack: Option<String>,
    host: Option<String>,
    path_prefix: Option<String>,
    url_regex: Option<String>,
    method: Option<String>,
    /// `Name: glob`.
    header: Option<String>,
    file: Option<String>,
}

/// `[chains.<name>]` in the order of the file, since the first chain that matches claims a record.
#[derive(Debug, Default)]
struct Chains(Vec<(String, ChainTable)>);

impl<'de> Deserialize<'de> for Chains {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Chains;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of chains")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Chains, A::Error> {
                let mut chains = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    chains.push(entry);
                }
                Ok(Chains(chains))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// The chains of the configuration, and the answer headers that they look at.
pub(crate) struct ConfiguredChains {
    pub(crate) by: ChainsBy,
    pub(crate) chains: Vec<ConfiguredChain>,
    pub(crate) headers: Vec<String>,
}

/// A chain that `attack` can send to.
pub(crate) struct AttackedChain {
    pub(crate) name: String,
    /// A file, or a URL.
    pub(crate) targets: String,
    pub(crate) weight: Option<f64>,
    /// Requests per second.
    pub(crate) target_rps: Option<f64>,
}

impl Config {
    /// Reads the named file, or the default one where it exists.
    pub(crate) fn load(named: Option<&Path>) -> anyhow::Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None if Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{}{}", path.display(), at_place(&text, &error)))?;
        (config.path, config.text) = (path, text);
        config.check_names().map_err(|error| config.in_file(error))?;
        Ok(config)
    }

    /// The same with some keys changed.
    pub(crate) fn with(&self, sets: &[Set]) -> anyhow::Result<Self> {
        let mut table: toml::Table = toml::from_str(&self.text)?;
        let mut config = Self::default();
        for set in sets {
            self.check_chain(set)?;
            set.apply(&mut table);
            let changed = toml::Value::from(table.clone()).try_into::<Self>();
            config = changed.map_err(|error| {
                let message = suggest::suggested(&one_line(error.message()));
                anyhow::anyhow!("--set {}: {message}", set.text)
            })?;
        }
        (config.path, config.text) = (self.path.clone(), self.text.clone());
        config.sets = sets.to_vec();
        config.check_names().map_err(|error| config.in_file(error))?;
        Ok(config)
    }

    /// Whether the chain that is changed is one of the file's.
    fn check_chain(&self, set: &Set) -> anyhow::Result<()> {
        let names = self.chain_names();
        let Some(rest) = set.key.strip_prefix("chains.") else { return Ok(()) };
        let is_of =
            |name: &&str| rest.strip_prefix(*name).is_some_and(|rest| rest.starts_with('.'));
        anyhow::ensure!(
            names.is_empty() || names.iter().any(is_of),
            "--set {}: there is no such chain; there are {}",
            set.text,
            names.join(", ")
        );
        Ok(())
    }

    /// What is wrong, with its place. Messages begin with the key.
    pub(crate) fn in_file(&self, error: anyhow::Error) -> anyhow::Error {
        let message = error.to_string();
        let place = self.place(place::subject(&message));
        error.context(place.unwrap_or_else(|| self.path.display().to_string()))
    }

    /// Where a key was given: `plimsoll.toml:3:1`, `--set …`. `None` where it was not.
    pub(crate) fn place(&self, key: &str) -> Option<String> {
        let is_in = |set: &&Set| {
            let rest = key.strip_prefix(set.key.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if let Some(set) = self.sets.iter().rfind(is_in) {
            return Some(format!("--set {}", set.text));
        }
        let Place { line, column } = Place::of(&self.text, key)?;
        Some(format!("{}:{line}:{column}", self.path.display()))
    }

    /// The value of a key in the file, as it would be written.
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        fn find<'a>(table: &'a toml::Table, path: &str) -> Option<&'a toml::Value> {
            table.iter().find_map(|(name, value)| {
                let rest = path.strip_prefix(name.as_str())?;
                match (rest.strip_prefix('.'), value) {
                    (None, value) if rest.is_empty() => Some(value),
                    (Some(rest), toml::Value::Table(inner)) => find(inner, rest),
                    _ => None,
                }
            })
        }
        let table: toml::Table = toml::from_str(&self.text).ok()?;
        find(&table, key).map(|value| match value {
            toml::Value::String(text) => text.clone(),
            value => value.to_string(),
        })
    }

    /// How a key, or one below it, was changed on the command line.
    pub(crate) fn set_place(&self, key: &str) -> Option<String> {
        let is_at = |set: &&Set| {
            let rest = set.key.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.sets.iter().rfind(is_at).map(|set| format!("--set {}", set.text))
    }

    /// The instances that are planned, and how.
    pub(crate) fn fleet(&self) -> anyhow::Result<Fleet> {
        self.fleet.fleet()
    }

    /// How targets grow, where that is said.
    pub(crate) fn growth(&self) -> anyhow::Result<Option<Growth>> {
        self.growth.as_ref().map(GrowthTable::growth).transpose()
    }

    /// What things cost, where that is said.
    pub(crate) fn costs(&self) -> anyhow::Result<Option<Costs>> {
        self.cost.as_ref().map(CostTable::costs).transpose()
    }

    /// What a request leads to, where a chain does not say.
    pub(crate) fn per_relay(&self) -> anyhow::Result<PerRelay> {
        self.cost.as_ref().map_or_else(|| Ok(PerRelay::default()), CostTable::per_relay)
    }

    /// The hosts that a test is made from.
    pub(crate) fn generator_hosts(&self) -> anyhow::Result<GeneratorHosts> {
        self.generator.hosts()
    }

    /// The chains that are planned for: those with a target.
    pub(crate) fn planned(&self) -> anyhow::Result<Vec<PlannedChain>> {
        let planned = self.chains.0.iter().map(|(name, chain)| chain.planned(name));
        Ok(planned.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// The names of all chains, with a target or without.
    pub(crate) fn chain_names(&self) -> Vec<&str> {
        self.chains.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The names that the report itself uses.
    fn check_names(&self) -> anyhow::Result<()> {
        for (name, _) in &self.chains.0 {
            anyhow::ensure!(
                name != "total" && !name.starts_with('('),
                "[chains.{name}]: a chain cannot be called `total` or begin with `(`: reports use such names themselves"
            );
        }
        Ok(())
    }

    /// How requests and stages are judged, with the service level that was typed.
    pub(crate) fn judging(&self, slo: Option<Slo>) -> anyhow::Result<Options> {
        Ok(Options {
            slo: self.slo(slo)?,
            taxonomy: Arc::new(self.taxonomy()?),
            validity: self.validity()?,
            ports: self.ports()?,
            measure: self.measure()?,
            confidence: self.confidence()?,
            ..Options::default()
        })
    }

    /// The service level, with what the command line says on top.
    pub(crate) fn slo(&self, typed: Option<Slo>) -> anyhow::Result<Option<Slo>> {
        let mut slo = Slo::default();
        if let Some(table) = &self.slo {
            if let Some(latency) = table.latency_ms {
                anyhow::ensure!(
                    latency > 0.0 && latency < 1e12,
                    "slo.latency_ms = {latency}: expected a positive number of milliseconds"
                );
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked above"
                )]
                let nanos = (latency * 1e6).round() as u64;
                slo.latency = Some(Nanos(nanos));
            }
            slo.success_min = share("slo.success_min", table.success_min)?;
            slo.good_ratio_min = share("slo.good_ratio_min", table.good_ratio_min)?;
        }
        if let Some(typed) = typed {
            slo.latency = typed.latency.or(slo.latency);
            slo.success_min = typed.success_min.or(slo.success_min);
        }
        Ok((slo != Slo::default()).then_some(slo))
    }

    /// What error texts mean: the rules of the configuration before those that are built in.
    pub(crate) fn taxonomy(&self) -> anyhow::Result<Taxonomy> {
        let mut rules = Vec::new();
        for (number, table) in (1..).zip(&self.taxonomy) {
            let class = table.class.parse::<Class>();
            let class = class.map_err(|error| anyhow::anyhow!("[[taxonomy]] {number}: {error}"))?;
            rules.push(Rule {
                pattern: table.pattern.clone(),
                class,
                meaning: table.meaning.clone(),
                advice: table.advice.clone(),
            });
        }
        Taxonomy::new(&rules, self.rpc_codes()?)
            .map_err(|error| anyhow::anyhow!("{}", one_line(&error.to_string())))
    }

    /// The JSON-RPC errors that are not plain failures.
    pub(crate) fn rpc_codes(&self) -> anyhow::Result<RpcCodes> {
        let RpcTable { success_codes, rate_limited_codes } = &self.rpc;
        if let Some(code) = success_codes.iter().find(|code| rate_limited_codes.contains(code)) {
            anyhow::bail!(
                "[rpc]: {code} is in success_codes and in rate_limited_codes: an answer is either a success or over a limit"
            );
        }
        Ok(RpcCodes { success: success_codes.clone(), rate_limited: rate_limited_codes.clone() })
    }

    /// From when on a generator was the limit.
    pub(crate) fn validity(&self) -> anyhow::Result<Validity> {
        let MeasureTable {
            min_sent_ratio,
            max_client_error_ratio,
            max_send_lag_ratio,
            max_generator_cpu,
            ..
        } = self.measure;
        let default = Validity::default();
        let value =
            |key, value, default| Ok::<_, anyhow::Error>(share(key, value)?.unwrap_or(default));
        Ok(Validity {
            min_sent_ratio: value(
                "measure.min_sent_ratio",
                min_sent_ratio,
                default.min_sent_ratio,
            )?,
            max_client_error_ratio: value(
                "measure.max_client_error_ratio",
                max_client_error_ratio,
                default.max_client_error_ratio,
            )?,
            max_send_lag_ratio: value(
                "measure.max_send_lag_ratio",
                max_send_lag_ratio,
                default.max_send_lag_ratio,
            )?,
            max_generator_cpu: value(
                "measure.max_generator_cpu",
                max_generator_cpu,
                default.max_generator_cpu,
            )?,
        })
    }

    /// How stages are measured.
    pub(crate) fn measure(&self) -> anyhow::Result<Measure> {
        let table = &self.measure;
        let default = Measure::default();
        let seconds = |key, value: Option<f64>, default| match value {
            Some(value) => {
                anyhow::ensure!(
                    (0.0..1e9).contains(&value),
                    "measure.{key} = {value}: expected a number of seconds"
                );
                Ok(Nanos::from(std::time::Duration::from_secs_f64(value)))
            }
            None => Ok(default),
        };
        let window = seconds("window_s", table.window_s, default.window)?;
        anyhow::ensure!(
            window > Nanos::ZERO,
            "measure.window_s = {}: expected a number of seconds above 0",
            table.window_s.unwrap_or_default()
        );
        anyhow::ensure!(
            table.min_windows.is_none_or(|windows| (1..=MOST_WINDOWS).contains(&windows)),
            "measure.min_windows = {}: expected a number from 1 to {MOST_WINDOWS}",
            table.min_windows.unwrap_or_default()
        );
        let exceed_ratio = share("measure.exceed_ratio", table.exceed_ratio)?;
        anyhow::ensure!(
            exceed_ratio != Some(1.0),
            "measure.exceed_ratio = 1: expected a share below 1, as with all windows above the goal nothing is held"
        );
        anyhow::ensure!(
            table.bootstrap_resamples.is_none_or(|times| (1..=MOST_RESAMPLES).contains(&times)),
            "measure.bootstrap_resamples = {}: expected a number from 1 to {MOST_RESAMPLES}",
            table.bootstrap_resamples.unwrap_or_default()
        );
        Ok(Measure {
            window,
            warm_up: seconds("warmup_s", table.warmup_s, default.warm_up)?,
            min_windows: table.min_windows.unwrap_or(default.min_windows),
            exceed_ratio: exceed_ratio.unwrap_or(default.exceed_ratio),
            resamples: table.bootstrap_resamples.unwrap_or(default.resamples),
            seed: table.bootstrap_seed.unwrap_or(default.seed),
        })
    }

    /// Two-sided confidence of intervals.
    pub(crate) fn confidence(&self) -> anyhow::Result<f64> {
        let confidence = self.measure.confidence;
        anyhow::ensure!(
            confidence.is_none_or(|confidence| confidence > 0.0 && confidence < 1.0),
            "measure.confidence = {}: expected a share above 0 and below 1",
            confidence.unwrap_or_default()
        );
        Ok(confidence.unwrap_or_else(|| Options::default().confidence))
    }

    /// How many instances served each chain, where that is said.
    pub(crate) fn instances_under_test(&self) -> anyhow::Result<BTreeMap<String, u32>> {
        let said = |(name, chain): &(String, ChainTable)| {
            Some((name.clone(), chain.instances_under_test?))
        };
        let instances: BTreeMap<String, u32> = self.chains.0.iter().filter_map(said).collect();
        if let Some((name, _)) = instances.iter().find(|(_, count)| **count == 0) {
            anyhow::bail!("chains.{name}.instances_under_test = 0: expected at least 1");
        }
        Ok(instances)
    }

    /// The ports of a generator's host.
    pub(crate) fn ports(&self) -> anyhow::Result<Ports> {
        let table = &self.measure.ports;
        let default = Ports::default();
        let (low, high) = (table.low.unwrap_or(default.low), table.high.unwrap_or(default.high));
        anyhow::ensure!(
            low <= high,
            "measure.ports: low = {low} is above high = {high}: expected a range such as 32768 to 60999"
        );
        let utilisation = share("measure.ports.utilisation", table.utilisation)?;
        anyhow::ensure!(
            utilisation != Some(0.0),
            "measure.ports.utilisation = 0: expected a share above 0, as without any port no request can be sent"
        );
        anyhow::ensure!(
            table.source_ips != Some(0),
            "measure.ports.source_ips = 0: expected the number of addresses that requests are sent from, at least 1"
        );
        let hold = match table.hold_s {
            Some(hold) => {
                anyhow::ensure!(
                    (0.0..1e9).contains(&hold),
                    "measure.ports.hold_s = {hold}: expected a number of seconds"
                );
                Nanos::from(std::time::Duration::from_secs_f64(hold))
            }
            None => default.hold,
        };
        Ok(Ports {
            low,
            high,
            hold,
            source_ips: table.source_ips.unwrap_or(default.source_ips),
            utilisation: utilisation.unwrap_or(default.utilisation),
        })
    }

    /// The rates that attacks were to keep: those that were typed, then the configuration's.
    pub(crate) fn intended(&self, typed: &[IntendedRate]) -> anyhow::Result<Vec<IntendedRate>> {
        let mut rates = typed.to_vec();
        if let Some(rate) = self.measure.intended_rps {
            anyhow::ensure!(
                rate > 0.0 && rate < 1e9,
                "measure.intended_rps = {rate}: expected a number of requests per second"
            );
            rates.push(IntendedRate {
                attacks: Matcher::default(),
                pattern: None,
                rate: Rate(rate),
            });
        }
        Ok(rates)
    }

    /// The chains with targets.
    pub(crate) fn attacked(&self) -> anyhow::Result<Vec<AttackedChain>> {
        let mut attacked = Vec::new();
        for (name, chain) in &self.chains.0 {
            let Some(targets) = chain.targets.clone() else { continue };
            let (weight, target_rps) = (chain.weight, chain.target_rps);
            for (key, value) in [("weight", weight), ("target_rps", target_rps)] {
                anyhow::ensure!(
                    value.is_none_or(|value| value > 0.0 && value < 1e9),
                    "chains.{name}.{key} = {}: expected a positive number",
                    value.unwrap_or_default()
                );
            }
            attacked.push(AttackedChain { name: name.clone(), targets, weight, target_rps });
        }
        Ok(attacked)
    }

    /// The chains, where at least one says what it matches or accepts; one that does not say what it matches is the
    /// attack of its name.
    pub(crate) fn chains(&self) -> anyhow::Result<ConfiguredChains> {
        let chains = &self.chains.0;
        let mut headers = Vec::new();
        let says_nothing =
            |chain: &ChainTable| chain.conditions.is_none() && chain.success_codes.is_none();
        if chains.iter().all(|(_, chain)| says_nothing(chain)) {
            return Ok(ConfiguredChains { by: ChainsBy::Found, chains: Vec::new(), headers });
        }
        let mut rules = Vec::new();
        for (name, chain) in chains {
            let rule = chain.rule(name, &mut headers);
            let rule = rule.map_err(|error| {
                anyhow::anyhow!("[chains.{name}]: {}", one_line(&format!("{error:#}")))
            });
            rules.push(rule?);
        }
        let configured = |rule: &ChainRule| ConfiguredChain {
            name: rule.name.clone(),
            success_codes: rule.success_codes.as_ref().map(CodeSet::to_string),
        };
        let chains = rules.iter().map(configured).collect();
        Ok(ConfiguredChains { by: ChainsBy::Configured(rules), chains, headers })
    }
}

/// A share, if it is one.
fn share(key: &str, value: Option<f64>) -> anyhow::Result<Option<f64>> {
    if let Some(value) = value {
        anyhow::ensure!(
            (0.0..=1.0).contains(&value),
            "{key} = {value}: expected a share between 0 and 1"
        );
    }
    Ok(value)
}

impl ChainTable {
    fn rule(&self, name: &str, headers: &mut Vec<String>) -> anyhow::Result<ChainRule> {
        let conditions = match &self.conditions {
            None => Conditions { attack: Some(glob_of(name)), ..Conditions::default() },
            Some(table) => Conditions {
                attack: table.attack.clone(),
                host: table.host.clone(),
                path_prefix: table.path_prefix.clone(),
                url_regex: table.url_regex.clone(),
                method: table.method.clone(),
                header: table
                    .header
                    .as_deref()
                    .map(|header| header_condition(header, headers))
                    .transpose()?,
                file: table.file.clone(),
            },
        };
        anyhow::ensure!(
            conditions != Conditions::default(),
            "match is empty: expected attack, host, path_prefix, url_regex, method, header or file"
        );
        let codes = self.success_codes.as_ref().map(|codes| codes.join(",").parse::<CodeSet>());
        Ok(ChainRule {
            name: name.to_owned(),
            matches: Matcher::new(&conditions)?,
            success_codes: codes.transpose()?,
        })
    }
}

/// The message without line ends, and without lines that only point at what is above them.
fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && *line != "^").collect::<Vec<_>>().join(" ")
}

/// `:3:5: unknown field …`, `:4:9: fleet.zones: invalid type …`, on one line.
fn at_place(text: &str, error: &toml::de::Error) -> String {
    let mut message = suggest::suggested(&one_line(error.message()));
    let Some(start) = error.span().map(|span| span.start) else { return format!(": {message}") };
    let names_its_key = message.starts_with("unknown field");
    if let Some(key) = place::key_at(text, start).filter(|_| !names_its_key) {
        message = format!("{key}: {message}");
    }
    match Place::at(text, start) {
        Some(Place { line, column }) => format!(":{line}:{column}: {message}"),
        None => format!(": {message}"),
    }
}

/// A glob that matches `name` alone.
fn glob_of(name: &str) -> String {
    name.chars().fold(String::new(), |mut glob, c| {
        if matches!(c, '*' | '?' | '[' | ']') {
            glob.extend(['[', c, ']']);
        } else {
            glob.push(c);
        }
        glob
    })
}

/// `Name: glob`, and the header's place among those that are looked at.
fn header_condition(text: &str, headers: &mut Vec<String>) -> anyhow::Result<(usize, String)> {
    let (name, glob) = text
        .split_once(':')
        .with_context(|| format!("header = \"{text}\": expected \"Name: value\""))?;
    let name = name.trim();
    let known = headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let place = known.unwrap_or_else(|| {
        headers.push(name.to_owned());
        headers.len() - 1
    });
    Ok((place, glob.trim().to_owned()))
}
