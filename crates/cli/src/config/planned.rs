//! What a plan reads of `[chains.<name>]`.

use std::fmt;

use plimsoll_model::{Decimal, Rate};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};

use super::Config;
use super::chains::ChainTable;
use super::numbers::{quantity, rate};

/// `capacity_rps = 450.0`, or `{ low = 405.0, point = 450.0, high = 486.0 }`.
#[derive(Clone, Copy, Debug)]
pub(super) struct CapacityTable {
    low: Option<f64>,
    point: f64,
    high: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    low: Option<f64>,
    point: f64,
    high: Option<f64>,
}

impl<'de> Deserialize<'de> for CapacityTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrEnds;

        impl<'de> Visitor<'de> for NumberOrEnds {
            type Value = CapacityTable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("requests per second, or { low = 405.0, point = 450.0, high = 486.0 }")
            }

            fn visit_f64<E: Error>(self, point: f64) -> Result<CapacityTable, E> {
                Ok(CapacityTable { low: None, point, high: None })
            }

            fn visit_i64<E: Error>(self, point: i64) -> Result<CapacityTable, E> {
                self.visit_f64(point as f64)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CapacityTable, A::Error> {
                let Ends { low, point, high } = Ends::deserialize(MapAccessDeserializer::new(map))?;
                Ok(CapacityTable { low, point, high })
            }
        }

        deserializer.deserialize_any(NumberOrEnds)
    }
}

/// What an instance sustains, as somebody wrote it down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) low: Option<Rate>,
    pub(crate) point: Rate,
    pub(crate) high: Option<Rate>,
}

/// A chain that is planned for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedChain {
    pub(crate) name: String,
    pub(crate) target: Rate,
    pub(crate) capacity: Option<Given>,
    /// Result files and summaries that tell it, relative to the configuration.
    pub(crate) capacity_from: Vec<String>,
    /// Instances that served it in a test, where that is said.
    pub(crate) instances_under_test: Option<u32>,
    pub(crate) db_queries: Option<Decimal>,
    pub(crate) egress_bytes: Option<Decimal>,
    /// What a test sends to it.
    pub(crate) targets: Option<String>,
}

impl ChainTable {
    /// `None` without a target.
    fn planned(&self, name: &str) -> anyhow::Result<Option<PlannedChain>> {
        let key = |key: &str| format!("chains.{name}.{key}");
        let Some(target) = self.target_rps else { return Ok(None) };
        anyhow::ensure!(
            self.capacity_rps.is_none() || self.capacity_from.is_none(),
            "[chains.{name}]: it has capacity_rps and capacity_from: expected one of them"
        );
        let capacity = |table: CapacityTable| -> anyhow::Result<Given> {
            let end = |end: &str, value: Option<f64>| {
                value.map(|value| rate(&key(&format!("capacity_rps.{end}")), value)).transpose()
            };
            let point = rate(&key("capacity_rps"), table.point)?;
            let (low, high) = (end("low", table.low)?, end("high", table.high)?);
            anyhow::ensure!(
                low.is_none_or(|low| low <= point) && high.is_none_or(|high| point <= high),
                "chains.{name}.capacity_rps = {{ low = {}, point = {}, high = {} }}: expected low ≤ point ≤ high",
                table.low.unwrap_or(table.point),
                table.point,
                table.high.unwrap_or(table.point)
            );
            Ok(Given { low, point, high })
        };
        Ok(Some(PlannedChain {
            name: name.to_owned(),
            target: rate(&key("target_rps"), target)?,
            capacity: self.capacity_rps.map(capacity).transpose()?,
            capacity_from: self.capacity_from.clone().unwrap_or_default(),
            instances_under_test: self.instances_under_test,
            db_queries: quantity(&key("db_queries_per_relay"), self.db_queries_per_relay)?,
            egress_bytes: quantity(&key("egress_bytes_per_relay"), self.egress_bytes_per_relay)?,
            targets: self.targets.clone(),
        }))
    }
}

impl Config {
    /// The chains that are planned for: those with a target.
    pub(crate) fn planned(&self) -> anyhow::Result<Vec<PlannedChain>> {
        let planned = self.chains.0.iter().map(|(name, chain)| chain.planned(name));
        Ok(planned.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}
