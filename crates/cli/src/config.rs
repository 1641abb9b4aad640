//! `plimsoll.toml`: schema in `docs/configuration.md`.

mod chains;
mod complaint;
mod cost;
mod fleet;
mod gate;
mod generator;
mod growth;
mod measure;
mod numbers;
mod place;
mod planned;
mod set;
mod slo;
mod suggest;
mod taxonomy;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use plimsoll_analysis::{Options, Slo};
use serde::Deserialize;

use chains::Chains;
use complaint::{at_place, one_line};
use cost::CostTable;
use fleet::FleetTable;
use gate::GateTable;
use generator::GeneratorTable;
use growth::GrowthTable;
use measure::MeasureTable;
use place::Place;
use slo::SloTable;
use taxonomy::{RpcTable, RuleTable};

pub(crate) use chains::{AttackedChain, ConfiguredChains};
pub(crate) use cost::PerRelay;
pub(crate) use gate::{Gate, threshold};
pub(crate) use generator::GeneratorHosts;
pub(crate) use planned::{Given, PlannedChain};
pub(crate) use set::Set;
pub(crate) use suggest::nearest;

use crate::output::refuse_config;

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "plimsoll.toml";

/// The configuration. Unknown tables are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where it was read; empty where nothing was.
    #[serde(skip)]
    pub(crate) path: PathBuf,
    /// What was read.
    #[serde(skip)]
    pub(crate) text: String,
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
    gate: GateTable,
    taxonomy: Vec<RuleTable>,
    rpc: RpcTable,
}

impl Config {
    /// Reads the named file, or the default one where it exists, over which the answer is not to be written.
    pub(crate) fn load(named: Option<&Path>, output: Option<&Path>) -> anyhow::Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None if Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
            None => return Ok(Self::default()),
        };
        if let Some(to) = output {
            refuse_config(to, &path)?;
        }
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
        let file: toml::Table = toml::from_str(&self.text)?;
        sets.iter().try_for_each(|set| self.check_chain(set))?;
        let changed = |sets: &[Set]| {
            let mut table = file.clone();
            for set in sets {
                set.apply(&mut table);
            }
            toml::Value::from(table).try_into::<Self>()
        };
        let mut config = changed(sets).map_err(|error| {
            // What one lacks another may bring: of what is wrong in the end, the first with which it is.
            let is_wrong =
                |with: &[Set]| changed(with).is_err_and(|other| other.message() == error.message());
            let first = (1..=sets.len()).find(|count| is_wrong(&sets[..*count]));
            let message = one_line(error.message());
            let Some(set) = first.and_then(|count| sets.get(count - 1)) else {
                return anyhow::anyhow!("{message}");
            };
            let names: Vec<String> = self.chain_names().into_iter().map(str::to_owned).collect();
            let message = suggest::suggested(&message, Some(&set.key), &names);
            anyhow::anyhow!("--set {}: {message}", set.text)
        })?;
        (config.path, config.text) = (self.path.clone(), self.text.clone());
        config.sets = sets.to_vec();
        config.check_names().map_err(|error| config.in_file(error))?;
        Ok(config)
    }

    /// Whether the chain that is changed is one of the file's.
    fn check_chain(&self, set: &Set) -> anyhow::Result<()> {
        let names = self.chain_names();
        let Some(rest) = set.key.strip_prefix("chains.") else { return Ok(()) };
        let is_named = set.path.get(1).is_some_and(|name| names.contains(&name.as_str()));
        if names.is_empty() || is_named && set.path.len() > 2 {
            return Ok(());
        }
        let text = &set.text;
        // Without quotes a dot ends the name.
        let own = names.iter().find_map(|name| Some((name, rest.strip_prefix(*name)?)));
        if let Some((name, own)) = own.filter(|(_, own)| own.starts_with('.')) {
            anyhow::bail!(
                "--set {text}: a name with dots takes quotes, and these take others for the shell: --set 'chains.\"{name}\"{own}=…'"
            );
        }
        if names.contains(&rest) {
            anyhow::bail!("--set {text}: it is a table of keys: chains.{rest}.target_rps=2000");
        }
        let meant = rest.rsplit_once('.').map_or(rest, |(name, _)| name);
        let meant = suggest::nearest(meant, &names.iter().copied());
        let meant = meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        anyhow::bail!("--set {text}: there is no such chain; there are {}{meant}", names.join(", "))
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

    /// What was changed on the command line.
    pub(crate) fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// How a key, or one below it, was changed on the command line.
    pub(crate) fn set_place(&self, key: &str) -> Option<String> {
        let is_at = |set: &&Set| {
            let rest = set.key.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.sets.iter().rfind(is_at).map(|set| format!("--set {}", set.text))
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
}
