//! What it costs to survive: instances beyond those that carry the load.

use plimsoll_model::{Decimal, Money};

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
    /// What all but the base costs a month: what instances cost with it, less what they would cost without. Who needs fewer
    /// instances reserves no more than these. `None` without prices.
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
        let hours = |instances: u64| Decimal::from(instances).checked_mul(costs.hours_per_month.0);
        let price = |instances: u64| {
            let reserved = instances.min(costs.reserved_instances);
            let on_demand = costs.on_demand.times(hours(instances - reserved)?)?;
            Some(on_demand + costs.reserved.times(hours(reserved)?)?)
        };
        Some(price(outcome.instances)? - price(all.base)?)
    });
    all
}
