//! What it costs to survive: instances beyond those that carry the load.

use plimsoll_model::Money;

use super::inputs::{Costs, Fleet};
use super::outcome::Outcome;

/// Instances by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redundancy {
    /// They carry the peak at the utilisation target.
    pub base: u64,
    /// They stand in for instances that are gone.
    pub spare: u64,
    /// They stand in for zones that are gone, and fill zones up.
    pub zones: u64,
    /// They make up the least number of instances.
    pub least: u64,
    /// What all but the base costs a month; `None` without prices.
    pub cost: Option<Money>,
}

pub(super) fn redundancy(fleet: &Fleet, costs: Option<&Costs>, outcome: &Outcome) -> Redundancy {
    let mut all = Redundancy::default();
    for pool in &outcome.pools {
        let sizing = &pool.sizing;
        let spread = sizing.per_zone * fleet.zones;
        all.base += sizing.base;
        all.spare += fleet.spare_instances;
        all.zones += spread - sizing.base - fleet.spare_instances;
        all.least += sizing.instances - spread;
    }
    all.cost = costs.and_then(|costs| {
        let on_demand = |instances: u64| {
            let hours =
                plimsoll_model::Decimal::from(instances.saturating_sub(costs.reserved_instances));
            costs.on_demand.times(hours.checked_mul(costs.hours_per_month.0)?)
        };
        Some(on_demand(outcome.instances)? - on_demand(all.base)?)
    });
    all
}
