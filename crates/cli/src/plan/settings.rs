//! What a plan takes for granted, and where each of it was given.

use plimsoll_analysis::plan::growth::{Ended, LEAST};
use plimsoll_analysis::plan::{Inputs, Plan};
use plimsoll_render::plan::Setting;

use crate::config::{Config, Set};

/// All settings that the figures are made of.
pub(super) fn settings(inputs: &Inputs, config: &Config) -> anyhow::Result<Vec<Setting>> {
    let mut settings = Vec::new();
    let mut add = |key: &str, value: String| {
        settings.push(Setting { key: key.to_owned(), value, place: config.place(key) });
    };
    let fleet = &inputs.fleet;
    add("fleet.pooling", fleet.pooling.name().to_owned());
    add("fleet.utilisation_target", fleet.utilisation_target.to_string());
    add("fleet.peak_factor", fleet.peak_factor.to_string());
    add("fleet.load_factor", fleet.load_factor.to_string());
    add("fleet.spare_instances", fleet.spare_instances.to_string());
    add("fleet.zones", fleet.zones.to_string());
    add("fleet.zone_failures", fleet.zone_failures.to_string());
    add("fleet.min_instances", fleet.min_instances.to_string());
    add("fleet.size_at", fleet.size_at.name().to_owned());
    if let Some(growth) = &inputs.growth {
        add("growth.per_month", growth.per_month.to_string());
        add("growth.months", growth.months.to_string());
    }
    if let Some(costs) = &inputs.costs {
        add("cost.currency", costs.currency.clone());
        add("cost.hours_per_month", costs.hours_per_month.0.normalize().to_string());
        add("cost.on_demand_per_hour", costs.on_demand.amount().to_string());
        add("cost.reserved_instances", costs.reserved_instances.to_string());
        add("cost.reserved_per_hour", costs.reserved.amount().to_string());
        add("cost.spot_instances", costs.spot_instances.to_string());
        add("cost.spot_per_hour", costs.spot.amount().to_string());
        add("cost.spot_interruption_overhead", costs.spot_overhead.to_string());
        add("cost.fixed_per_month", costs.fixed.to_string());
        add("cost.db_price_per_million", costs.db_per_million.amount().to_string());
        add("cost.egress_price_per_gb", costs.egress_per_gb.amount().to_string());
        add("cost.egress_free_gb", costs.egress_free_gb.to_string());
        let queries = config.per_relay()?.db_queries.unwrap_or_default();
        add("cost.db_queries_per_relay", queries.normalize().to_string());
        for chain in &inputs.chains {
            let key = format!("chains.{}.db_queries_per_relay", chain.name);
            if config.place(&key).is_some() {
                add(&key, chain.db_queries_per_relay.normalize().to_string());
            }
        }
    }
    Ok(settings)
}

/// Refuses what was typed and changes nothing of a plan, whatever else there is.
pub(super) fn refuse_idle(config: &Config) -> anyhow::Result<()> {
    let planned = config.planned().map_err(|error| config.in_file(error))?;
    for set in config.sets() {
        let path: Vec<&str> = set.path.iter().map(String::as_str).collect();
        let why = match path[..] {
            ["gate", ..] => "[gate] is no part of it".to_owned(),
            ["chains", _, "weight", ..] => "it is for attacks".to_owned(),
            [
                "chains",
                name,
                "capacity_rps"
                | "capacity_from"
                | "db_queries_per_relay"
                | "egress_bytes_per_relay"
                | "targets",
                ..,
            ] if !planned.iter().any(|chain| chain.name == name) => {
                format!("{name} has no target_rps, and so is not planned for")
            }
            _ => continue,
        };
        anyhow::bail!("--set {}: it changes nothing of a plan: {why}", set.text);
    }
    Ok(())
}

/// That targets shrink so far that nothing is left to plan for.
pub(super) fn shrinking(plan: &Plan, config: &Config) -> Option<String> {
    let growing = plan.growing.as_ref()?;
    let per_month = plan.inputs.growth?.per_month;
    let first = growing.months.len();
    let place = config.place("growth.per_month").unwrap_or_default();
    (growing.ended == Some(Ended::NextToNothing)).then(|| {
        format!(
            "{place}: growth.per_month = {per_month}: from month {first} on a chain has less than {}/s to carry, so that further months are not told",
            LEAST.per_second()
        )
    })
}

/// Each key that was set: what the file has, and what it is now.
pub(super) fn changed(sets: &[Set], file: &Config) -> Vec<(String, Option<String>, String)> {
    let change = |set: &Set| {
        let to = set.text.split_once('=').map_or("", |(_, value)| value).trim();
        (set.key.clone(), file.value(&set.key), to.to_owned())
    };
    sets.iter().map(change).collect()
}
