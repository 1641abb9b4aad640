//! `[chains.<name>]`: which records are a chain's, and what an attack sends to it.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context as _;
use plimsoll_analysis::{ChainRule, ChainsBy, Conditions, Matcher};
use plimsoll_model::CodeSet;
use plimsoll_render::ConfiguredChain;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::Config;
use super::complaint::one_line;
use super::planned::CapacityTable;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChainTable {
    #[serde(rename = "match")]
    conditions: Option<MatchTable>,
    success_codes: Option<Vec<String>>,
    pub(super) target_rps: Option<f64>,
    pub(super) capacity_rps: Option<CapacityTable>,
    pub(super) capacity_from: Option<Vec<String>>,
    pub(super) instances_under_test: Option<u32>,
    pub(super) db_queries_per_relay: Option<f64>,
    pub(super) egress_bytes_per_relay: Option<f64>,
    pub(super) targets: Option<String>,
    weight: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MatchTable {
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
pub(super) struct Chains(pub(super) Vec<(String, ChainTable)>);

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
