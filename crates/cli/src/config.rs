//! `plimsoll.toml`: schema in `docs/configuration.md`.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_analysis::{ChainRule, ChainsBy, Conditions, Matcher, Slo};
use plimsoll_model::{CodeSet, Nanos};
use plimsoll_render::ConfiguredChain;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "plimsoll.toml";

/// The part of the configuration that `analyze` reads. Tables of other verbs are let pass, unknown ones are not.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    slo: Option<SloTable>,
    chains: Chains,
    #[serde(rename = "measure")]
    _measure: Option<IgnoredAny>,
    #[serde(rename = "fleet")]
    _fleet: Option<IgnoredAny>,
    #[serde(rename = "growth")]
    _growth: Option<IgnoredAny>,
    #[serde(rename = "cost")]
    _cost: Option<IgnoredAny>,
    #[serde(rename = "gate")]
    _gate: Option<IgnoredAny>,
    #[serde(rename = "taxonomy")]
    _taxonomy: Option<IgnoredAny>,
    #[serde(rename = "rpc")]
    _rpc: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SloTable {
    success_min: Option<f64>,
    latency_ms: Option<f64>,
    #[serde(rename = "good_ratio_min")]
    _good_ratio_min: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainTable {
    #[serde(rename = "match")]
    conditions: Option<MatchTable>,
    success_codes: Option<Vec<String>>,
    #[serde(rename = "target_rps")]
    _target_rps: Option<IgnoredAny>,
    #[serde(rename = "capacity_rps")]
    _capacity_rps: Option<IgnoredAny>,
    #[serde(rename = "capacity_from")]
    _capacity_from: Option<IgnoredAny>,
    #[serde(rename = "instances_under_test")]
    _instances_under_test: Option<IgnoredAny>,
    #[serde(rename = "db_queries_per_relay")]
    _db_queries_per_relay: Option<IgnoredAny>,
    #[serde(rename = "egress_bytes_per_relay")]
    _egress_bytes_per_relay: Option<IgnoredAny>,
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(rename = "weight")]
    _weight: Option<IgnoredAny>,
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
        let config: Self = toml::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{}{}", path.display(), at_place(&text, &error)))?;
        config.check_names().with_context(|| path.display().to_string())?;
        Ok(config)
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
            if let Some(success) = table.success_min {
                anyhow::ensure!(
                    (0.0..=1.0).contains(&success),
                    "slo.success_min = {success}: expected a share between 0 and 1"
                );
                slo.success_min = Some(success);
            }
        }
        if let Some(typed) = typed {
            slo.latency = typed.latency.or(slo.latency);
            slo.success_min = typed.success_min.or(slo.success_min);
        }
        Ok((slo != Slo::default()).then_some(slo))
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

/// `:3:5: unknown field …`, on one line.
fn at_place(text: &str, error: &toml::de::Error) -> String {
    let message = one_line(error.message());
    let before = error.span().and_then(|span| text.get(..span.start));
    before.map_or_else(
        || format!(": {message}"),
        |before| {
            let line = before.matches('\n').count() + 1;
            let start = before.rfind('\n').map_or(0, |end| end + 1);
            format!(":{line}:{}: {message}", before[start..].chars().count() + 1)
        },
    )
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
