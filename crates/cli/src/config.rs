//! `plimsoll.toml`: schema in `docs/configuration.md`.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_analysis::{ChainRule, ChainsBy, Conditions, Matcher, Slo};
use plimsoll_model::{CodeSet, Nanos};
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
    pub(crate) names: Vec<String>,
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
        toml::from_str(&text)
            .with_context(|| format!("{} is not a valid configuration", path.display()))
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

    /// The chains, where at least one says what it matches; a chain beside it that does not is the attack of its name.
    pub(crate) fn chains(&self) -> anyhow::Result<ConfiguredChains> {
        let chains = &self.chains.0;
        let mut headers = Vec::new();
        if chains.iter().all(|(_, chain)| chain.conditions.is_none()) {
            return Ok(ConfiguredChains { by: ChainsBy::Found, names: Vec::new(), headers });
        }
        let mut rules = Vec::new();
        for (name, chain) in chains {
            let rule = chain.rule(name, &mut headers);
            rules.push(rule.with_context(|| format!("[chains.{name}]"))?);
        }
        let names = chains.iter().map(|(name, _)| name.clone()).collect();
        Ok(ConfiguredChains { by: ChainsBy::Configured(rules), names, headers })
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
