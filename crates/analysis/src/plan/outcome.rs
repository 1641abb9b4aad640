use plimsoll_model::Rate;

use super::cost::{Bill, bill};
use super::error::{Error, ErrorKind};
use super::fleet::{Pool, pools};
use super::inputs::{At, Capacity, Inputs};

/// The fleet at one of the capacities.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// One pool for all chains, or one for each.
    pub pools: Vec<Pool>,
    /// Instances of all pools.
    pub instances: u64,
    /// What they cost a month; `None` without prices.
    pub bill: Option<Bill>,
}

impl Outcome {
    /// The pool of a chain.
    #[must_use]
    pub fn pool_of(&self, chain: usize) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.chains.contains(&chain))
    }
}

/// The fleet at one of the capacities; `None` where that is open.
///
/// # Errors
/// Inputs out of range, a fleet of more than a billion, or costs beyond all sense.
pub fn outcome(inputs: &Inputs, at: At) -> Result<Option<Outcome>, Error> {
    check(inputs)?;
    let Some(pools) = pools(inputs, at)? else { return Ok(None) };
    let instances = pools.iter().map(|pool| pool.sizing.instances).sum();
    let targets: Vec<Rate> = inputs.chains.iter().map(|chain| chain.target).collect();
    let price = |costs| bill(costs, &inputs.fleet, &inputs.chains, &targets, &pools, instances);
    let bill = inputs.costs.as_ref().map(price).transpose()?;
    Ok(Some(Outcome { pools, instances, bill }))
}

/// Whether each input is what its documentation says.
fn check(inputs: &Inputs) -> Result<(), Error> {
    let fleet = &inputs.fleet;
    let is_positive = |value: f64| value > 0.0 && value.is_finite();
    if inputs.chains.is_empty() {
        return Err(ErrorKind::NoChain.into());
    }
    let wrong = if !(fleet.utilisation_target > 0.0 && fleet.utilisation_target <= 1.0) {
        "utilisation_target"
    } else if !(is_positive(fleet.peak_factor) && fleet.peak_factor >= 1.0) {
        "peak_factor"
    } else if !(is_positive(fleet.load_factor) && fleet.load_factor <= fleet.peak_factor) {
        "load_factor"
    } else if fleet.zones == 0 {
        "zones"
    } else if fleet.zone_failures >= fleet.zones {
        "zone_failures"
    } else if inputs.growth.is_some_and(|growth| !is_positive(1.0 + growth.per_month)) {
        "per_month"
    } else if !inputs.chains.iter().all(|chain| is_positive(chain.target.per_second())) {
        "target"
    } else if !inputs.chains.iter().all(|chain| {
        let Capacity { low, point, high } = chain.capacity;
        [Some(low), Some(point), high].into_iter().flatten().all(|rate| is_positive(rate.0))
    }) {
        "capacity"
    } else {
        return Ok(());
    };
    Err(ErrorKind::OutOfRange(wrong).into())
}
