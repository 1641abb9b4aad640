//! What is counted as nothing because somebody said half of it: a price without a number, a number without a price.

use plimsoll_analysis::plan::Plan;

use crate::config::{Config, PlannedChain};

/// What is to be known of the costs before they are believed.
pub(super) fn notes(plan: &Plan, config: &Config, chains: &[PlannedChain]) -> Vec<String> {
    let is_given = |key: &str| config.place(key).is_some();
    let place = |key: &str| match config.place(key) {
        Some(place) => format!("{place}: {key}"),
        None => key.to_owned(),
    };
    let own = |key: &str| {
        let keys = chains.iter().map(|chain| format!("chains.{}.{key}", chain.name));
        keys.collect::<Vec<String>>()
    };
    let mut notes = Vec::new();
    let Some(costs) = &plan.inputs.costs else {
        let keys = own("db_queries_per_relay").into_iter().filter(|key| is_given(key));
        notes.extend(keys.map(|key| {
            format!(
                "{} changes nothing, as there is no [cost] with a db_price_per_million",
                place(&key)
            )
        }));
        return notes;
    };
    let mut without = |has: &str, lacks: &str, what: &str| {
        if !is_given(lacks) {
            notes.push(format!("{}, but {lacks} is not said, so {what}", place(has)));
        }
    };
    if plan.chosen.instances > costs.reserved_instances && !is_given("cost.on_demand_per_hour") {
        let on_demand = plan.chosen.instances - costs.reserved_instances;
        without(
            "cost",
            "cost.on_demand_per_hour",
            &format!("{on_demand} of the instances are counted as costing nothing"),
        );
    }
    for (count, number, price, of) in [
        (costs.reserved_instances, "cost.reserved_instances", "cost.reserved_per_hour", "reserved"),
        (costs.spot_instances, "cost.spot_instances", "cost.spot_per_hour", "spot"),
    ] {
        if count > 0 {
            without(number, price, &format!("{of} instances are counted as costing nothing"));
        }
        if is_given(price) {
            without(price, number, &format!("no instance is {of}"));
        }
    }
    if is_given("cost.spot_interruption_overhead") {
        without("cost.spot_interruption_overhead", "cost.spot_instances", "no instance is spot");
    }
    // What is given for some chains is missing for the others.
    for (price, each, what) in [
        ("cost.db_price_per_million", "db_queries_per_relay", "queries are"),
        ("cost.egress_price_per_gb", "egress_bytes_per_relay", "egress is"),
    ] {
        let shared = format!("cost.{each}");
        let given = std::iter::once(shared.clone()).chain(own(each)).find(|key| is_given(key));
        if let Some(given) = given {
            without(&given, price, &format!("{what} counted as costing nothing"));
        }
        // Bytes are measured, too, and are told of elsewhere.
        if each == "db_queries_per_relay" && is_given(price) && !is_given(&shared) {
            for key in own(each) {
                without(price, &key, &format!("its {what} counted as nothing"));
            }
        }
    }
    if is_given("cost.egress_free_gb") {
        without("cost.egress_free_gb", "cost.egress_price_per_gb", "egress costs nothing anyway");
    }
    notes
}
