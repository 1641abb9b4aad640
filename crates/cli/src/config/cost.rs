//! `[cost]`: what things cost, and what a request leads to.

use plimsoll_analysis::plan::Costs;
use plimsoll_model::{Decimal, Hours, Money, Price, exact};
use serde::Deserialize;

use super::Config;
use super::numbers::{count, number, quantity, shown};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CostTable {
    currency: Option<String>,
    hours_per_month: Option<f64>,
    on_demand_per_hour: Option<f64>,
    reserved_instances: Option<u64>,
    reserved_per_hour: Option<f64>,
    spot_instances: Option<u64>,
    spot_per_hour: Option<f64>,
    spot_interruption_overhead: Option<f64>,
    fixed_per_month: Option<f64>,
    db_queries_per_relay: Option<f64>,
    db_price_per_million: Option<f64>,
    egress_bytes_per_relay: Option<f64>,
    egress_price_per_gb: Option<f64>,
    egress_free_gb: Option<f64>,
}

/// What a request leads to, where a chain does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PerRelay {
    pub(crate) db_queries: Option<Decimal>,
    pub(crate) egress_bytes: Option<Decimal>,
}

impl Config {
    /// What things cost, where that is said.
    pub(crate) fn costs(&self) -> anyhow::Result<Option<Costs>> {
        self.cost.as_ref().map(CostTable::costs).transpose()
    }

    /// What a request leads to, where a chain does not say.
    pub(crate) fn per_relay(&self) -> anyhow::Result<PerRelay> {
        self.cost.as_ref().map_or_else(|| Ok(PerRelay::default()), CostTable::per_relay)
    }
}

impl CostTable {
    fn costs(&self) -> anyhow::Result<Costs> {
        let price = |key: &str, value: Option<f64>| -> anyhow::Result<Price> {
            let value = value.unwrap_or(0.0);
            let found = Price::new(value).filter(|_| value <= 1e9);
            found.ok_or_else(|| {
                anyhow::anyhow!(
                    "cost.{key} = {}: expected a price, from 0 to 1,000,000,000",
                    shown(value)
                )
            })
        };
        let currency = self.currency.clone().unwrap_or_else(|| Costs::default().currency);
        anyhow::ensure!(
            (1..=8).contains(&currency.chars().count())
                && currency.chars().all(|c| c.is_alphanumeric() || "€$£¥".contains(c)),
            "cost.currency = \"{currency}\": expected a name of up to 8 characters, such as USD or EUR"
        );
        let hours = number(
            "cost.hours_per_month",
            self.hours_per_month,
            730.0,
            // 31 days.
            1e-3..=744.0,
            "hours that a month has, up to 744: 730, unless the fleet runs only at times",
        )?;
        let overhead =
            quantity("cost.spot_interruption_overhead", self.spot_interruption_overhead)?
                .unwrap_or_default();
        anyhow::ensure!(
            overhead <= Decimal::ONE,
            "cost.spot_interruption_overhead = {overhead}: expected a share from 0 to 1: 0.05 is 5 %"
        );
        let fixed = price("fixed_per_month", self.fixed_per_month)?;
        Ok(Costs {
            currency,
            hours_per_month: Hours(exact(hours).unwrap_or(Decimal::from(730))),
            on_demand: price("on_demand_per_hour", self.on_demand_per_hour)?,
            reserved_instances: count("cost.reserved_instances", self.reserved_instances, 0, 0)?,
            reserved: price("reserved_per_hour", self.reserved_per_hour)?,
            spot_instances: count("cost.spot_instances", self.spot_instances, 0, 0)?,
            spot: price("spot_per_hour", self.spot_per_hour)?,
            spot_overhead: overhead,
            fixed: Money::rounded(fixed.amount()).unwrap_or_default(),
            db_per_million: price("db_price_per_million", self.db_price_per_million)?,
            egress_per_gb: price("egress_price_per_gb", self.egress_price_per_gb)?,
            egress_free_gb: quantity("cost.egress_free_gb", self.egress_free_gb)?
                .unwrap_or_default(),
        })
    }

    fn per_relay(&self) -> anyhow::Result<PerRelay> {
        Ok(PerRelay {
            db_queries: quantity("cost.db_queries_per_relay", self.db_queries_per_relay)?,
            egress_bytes: quantity("cost.egress_bytes_per_relay", self.egress_bytes_per_relay)?,
        })
    }
}
