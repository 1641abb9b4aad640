//! `[fleet]`, `[growth]`, `[cost]` and `[generator]`: what a plan takes for granted.

use plimsoll_analysis::plan::{Costs, Fleet, Growth, Pooling, SizeAt};
use plimsoll_attack::doctor::Generator;
use plimsoll_model::{Decimal, Hours, Money, Nanos, Price, Rate, exact};
use serde::Deserialize;

/// Months that are looked at where nothing is said.
const MONTHS: u32 = 12;

/// The most that can be asked for.
const MOST_MONTHS: u32 = 600;

/// Counts beyond this are mistakes.
const MOST: u64 = 1_000_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FleetTable {
    pooling: Option<String>,
    utilisation_target: Option<f64>,
    peak_factor: Option<f64>,
    load_factor: Option<f64>,
    spare_instances: Option<u64>,
    zones: Option<u64>,
    zone_failures: Option<u64>,
    min_instances: Option<u64>,
    size_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrowthTable {
    per_month: f64,
    months: Option<u32>,
}

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

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GeneratorTable {
    tool: Option<String>,
    keepalive: Option<bool>,
    cpus: Option<u32>,
    cpu_us_per_request: Option<f64>,
    open_files: Option<u64>,
    network_gbps: Option<f64>,
    latency_ms: Option<f64>,
    duration_s: Option<f64>,
}

/// What a request leads to, where a chain does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PerRelay {
    pub(crate) db_queries: Option<Decimal>,
    pub(crate) egress_bytes: Option<Decimal>,
}

/// The hosts that a test would be made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GeneratorHosts {
    pub(crate) tool: Generator,
    pub(crate) keepalive: bool,
    pub(crate) cpus: u32,
    /// `None`: what the preflight assumes, or what was measured.
    pub(crate) cpu_per_request: Option<Nanos>,
    /// The hard limit of open files, before it is raised.
    pub(crate) open_files: u64,
    /// Bits per second.
    pub(crate) network: f64,
    /// `None`: what was measured.
    pub(crate) latency: Option<Nanos>,
    pub(crate) duration: Nanos,
}

/// A number of a range, or the default.
fn number(
    key: &str,
    value: Option<f64>,
    default: f64,
    range: std::ops::RangeInclusive<f64>,
    expected: &str,
) -> anyhow::Result<f64> {
    let value = value.unwrap_or(default);
    anyhow::ensure!(range.contains(&value), "{key} = {value}: expected {expected}");
    Ok(value)
}

/// The same, above 0.
fn positive(key: &str, value: Option<f64>, default: f64, expected: &str) -> anyhow::Result<f64> {
    number(key, value, default, f64::MIN_POSITIVE..=1e9, expected)
}

fn count(key: &str, value: Option<u64>, default: u64, least: u64) -> anyhow::Result<u64> {
    let value = value.unwrap_or(default);
    anyhow::ensure!(
        (least..=MOST).contains(&value),
        "{key} = {value}: expected a whole number from {least} to {MOST}"
    );
    Ok(value)
}

/// A number that is not negative, exactly as it was written.
pub(super) fn quantity(key: &str, value: Option<f64>) -> anyhow::Result<Option<Decimal>> {
    let Some(value) = value else { return Ok(None) };
    let found = exact(value).filter(|_| (0.0..=1e9).contains(&value));
    let expected = "expected a number from 0 to 1,000,000,000";
    Ok(Some(found.ok_or_else(|| anyhow::anyhow!("{key} = {value}: {expected}"))?))
}

fn word<T: Copy>(
    key: &str,
    value: Option<&str>,
    default: T,
    known: &[(&str, T)],
) -> anyhow::Result<T> {
    let Some(value) = value else { return Ok(default) };
    let found = known.iter().find(|(name, _)| *name == value).map(|(_, found)| *found);
    found.ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        anyhow::anyhow!("{key} = \"{value}\": expected {}", names.join(" or "))
    })
}

impl FleetTable {
    pub(super) fn fleet(&self) -> anyhow::Result<Fleet> {
        let default = Fleet::default();
        let pooling = [Pooling::Shared, Pooling::PerChain].map(|pooling| (pooling.name(), pooling));
        let size_at = [SizeAt::Low, SizeAt::Point].map(|at| (at.name(), at));
        let zones = count("fleet.zones", self.zones, default.zones, 1)?;
        let zone_failures =
            count("fleet.zone_failures", self.zone_failures, default.zone_failures, 0)?;
        anyhow::ensure!(
            zone_failures < zones,
            "fleet.zone_failures = {zone_failures}: expected fewer than fleet.zones, which is {zones}: somebody has to survive"
        );
        Ok(Fleet {
            pooling: word("fleet.pooling", self.pooling.as_deref(), default.pooling, &pooling)?,
            utilisation_target: number(
                "fleet.utilisation_target",
                self.utilisation_target,
                default.utilisation_target,
                1e-3..=1.0,
                "a share of what an instance sustains, from 0.001 to 1, such as 0.7",
            )?,
            peak_factor: number(
                "fleet.peak_factor",
                self.peak_factor,
                default.peak_factor,
                1e-3..=1e3,
                "the peak over the target, from 0.001 to 1000",
            )?,
            load_factor: number(
                "fleet.load_factor",
                self.load_factor,
                default.load_factor,
                1e-6..=1e3,
                "the mean over the target, such as 0.6",
            )?,
            spare_instances: count(
                "fleet.spare_instances",
                self.spare_instances,
                default.spare_instances,
                0,
            )?,
            zones,
            zone_failures,
            min_instances: count(
                "fleet.min_instances",
                self.min_instances,
                default.min_instances,
                0,
            )?,
            size_at: word("fleet.size_at", self.size_at.as_deref(), default.size_at, &size_at)?,
        })
    }
}

impl GrowthTable {
    pub(super) fn growth(&self) -> anyhow::Result<Growth> {
        let per_month = number(
            "growth.per_month",
            Some(self.per_month),
            0.0,
            -0.99..=10.0,
            "a share from -0.99 to 10: 0.08 is 8 % a month",
        )?;
        let months = self.months.unwrap_or(MONTHS);
        anyhow::ensure!(
            (1..=MOST_MONTHS).contains(&months),
            "growth.months = {months}: expected a number from 1 to {MOST_MONTHS}"
        );
        Ok(Growth { per_month, months })
    }
}

impl CostTable {
    pub(super) fn costs(&self) -> anyhow::Result<Costs> {
        let price = |key: &str, value: Option<f64>| -> anyhow::Result<Price> {
            let value = value.unwrap_or(0.0);
            let found = Price::new(value).filter(|_| value <= 1e9);
            found.ok_or_else(|| {
                anyhow::anyhow!("cost.{key} = {value}: expected a price, from 0 to 1,000,000,000")
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
            1e-3..=8_784.0,
            "hours that a month has: 730, unless the fleet runs only at times",
        )?;
        let fixed = price("fixed_per_month", self.fixed_per_month)?;
        Ok(Costs {
            currency,
            hours_per_month: Hours(exact(hours).unwrap_or(Decimal::from(730))),
            on_demand: price("on_demand_per_hour", self.on_demand_per_hour)?,
            reserved_instances: count("cost.reserved_instances", self.reserved_instances, 0, 0)?,
            reserved: price("reserved_per_hour", self.reserved_per_hour)?,
            spot_instances: count("cost.spot_instances", self.spot_instances, 0, 0)?,
            spot: price("spot_per_hour", self.spot_per_hour)?,
            spot_overhead: quantity(
                "cost.spot_interruption_overhead",
                self.spot_interruption_overhead,
            )?
            .unwrap_or_default(),
            fixed: Money::rounded(fixed.amount()).unwrap_or_default(),
            db_per_million: price("db_price_per_million", self.db_price_per_million)?,
            egress_per_gb: price("egress_price_per_gb", self.egress_price_per_gb)?,
            egress_free_gb: quantity("cost.egress_free_gb", self.egress_free_gb)?
                .unwrap_or_default(),
        })
    }

    pub(super) fn per_relay(&self) -> anyhow::Result<PerRelay> {
        Ok(PerRelay {
            db_queries: quantity("cost.db_queries_per_relay", self.db_queries_per_relay)?,
            egress_bytes: quantity("cost.egress_bytes_per_relay", self.egress_bytes_per_relay)?,
        })
    }
}

impl GeneratorTable {
    pub(super) fn hosts(&self) -> anyhow::Result<GeneratorHosts> {
        let tools = [Generator::Plimsoll, Generator::Vegeta].map(|tool| (tool.name(), tool));
        let span = |key: &str, value: Option<f64>, unit: f64, expected: &str| {
            let value =
                value.map(|value| positive(key, Some(value), value, expected)).transpose()?;
            Ok::<_, anyhow::Error>(
                value.map(|value| Nanos::from(std::time::Duration::from_secs_f64(value * unit))),
            )
        };
        let network = positive(
            "generator.network_gbps",
            self.network_gbps,
            1.0,
            "gigabits per second, such as 10",
        )?;
        let cpus = self.cpus.unwrap_or(2);
        anyhow::ensure!(
            (1..=4_096).contains(&cpus),
            "generator.cpus = {cpus}: expected a number from 1 to 4096"
        );
        let duration = span("generator.duration_s", self.duration_s, 1.0, "seconds above 0")?;
        Ok(GeneratorHosts {
            tool: word("generator.tool", self.tool.as_deref(), Generator::Plimsoll, &tools)?,
            keepalive: self.keepalive.unwrap_or(true),
            cpus,
            cpu_per_request: span(
                "generator.cpu_us_per_request",
                self.cpu_us_per_request,
                1e-6,
                "microseconds above 0",
            )?,
            // What Docker and systemd give to services.
            open_files: count("generator.open_files", self.open_files, 65_536, 256)?,
            network: network * 1e9,
            latency: span(
                "generator.latency_ms",
                self.latency_ms,
                1e-3,
                "milliseconds above 0 until an answer",
            )?,
            duration: duration.unwrap_or(Nanos(70_000_000_000)),
        })
    }
}

/// A rate that a chain is to carry, or an instance carries.
pub(super) fn rate(key: &str, value: f64) -> anyhow::Result<Rate> {
    let expected = "requests per second, above 0 and below 1,000,000,000";
    positive(key, Some(value), value, expected).map(Rate)
}
