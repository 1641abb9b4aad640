//! What a fleet costs a month; METHODS.md §3.3. Each item is rounded to the cent, and the total is the sum of what is told.

use plimsoll_model::{Decimal, Money, Rate, exact};

use super::error::{Error, ErrorKind};
use super::fleet::Pool;
use super::inputs::{Costs, Demand, Fleet};

/// A kind of cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Instances on demand.
    OnDemand,
    /// Reserved instances.
    Reserved,
    /// Spot instances.
    Spot,
    /// Database queries.
    Queries,
    /// Bytes that leave the cloud.
    Egress,
    /// What each month costs, whatever the load.
    Fixed,
}

impl Item {
    /// All kinds, in the order in which they are told.
    pub const ALL: [Self; 6] =
        [Self::OnDemand, Self::Reserved, Self::Spot, Self::Queries, Self::Egress, Self::Fixed];

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on_demand",
            Self::Reserved => "reserved",
            Self::Spot => "spot",
            Self::Queries => "queries",
            Self::Egress => "egress",
            Self::Fixed => "fixed",
        }
    }
}

/// A month's costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// What each kind of cost comes to, in the order of [`Item::ALL`].
    pub items: Vec<Line>,
    /// The sum of the items.
    pub total: Money,
    /// Requests a month.
    pub relays: Decimal,
    /// Gigabytes a month that leave the cloud.
    pub egress_gb: Decimal,
    /// Queries a month.
    pub queries: Decimal,
    /// `total` for a million requests.
    pub per_million: Decimal,
    /// What a further million costs while the instances suffice: queries and bytes alone.
    pub marginal_within: Decimal,
    /// The same with the instances that it takes, by the fraction.
    pub marginal_with_instances: Decimal,
}

impl Bill {
    /// What a kind of cost comes to.
    #[must_use]
    pub fn of(&self, item: Item) -> Money {
        self.items.iter().filter(|line| line.item == item).map(|line| line.amount).sum()
    }

    /// Instances of all kinds.
    #[must_use]
    pub fn compute(&self) -> Money {
        self.of(Item::OnDemand) + self.of(Item::Reserved) + self.of(Item::Spot)
    }
}

/// A kind of cost, how much of it there is, and how it is divided.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The kind.
    pub item: Item,
    /// How much of it: hours of instances, millions of queries, gigabytes that are paid.
    pub quantity: Decimal,
    /// What it comes to.
    pub amount: Money,
    /// Each chain's part, in the order of the chains: of instances by work, of queries and bytes by their number, of what is
    /// fixed by requests. They add up to `amount`.
    pub by_chain: Vec<Money>,
}

/// The volumes of a month.
struct Volumes {
    relays: Vec<Decimal>,
    queries: Vec<Decimal>,
    bytes: Vec<Decimal>,
}

/// The costs of `instances` of a fleet for a month of these demands.
///
/// # Errors
/// Costs beyond all sense.
pub(super) fn bill(
    costs: &Costs,
    fleet: &Fleet,
    chains: &[Demand],
    targets: &[Rate],
    pools: &[Pool],
    instances: u64,
) -> Result<Bill, Error> {
    priced(costs, fleet, chains, targets, pools, instances).ok_or(ErrorKind::TooCostly.into())
}

fn priced(
    costs: &Costs,
    fleet: &Fleet,
    chains: &[Demand],
    targets: &[Rate],
    pools: &[Pool],
    instances: u64,
) -> Option<Bill> {
    let hours = costs.hours_per_month.0;
    let volumes = volumes(costs, fleet, chains, targets)?;
    let sum = |parts: &[Decimal]| {
        parts.iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(*part))
    };
    let (relays, queries) = (sum(&volumes.relays)?, sum(&volumes.queries)?);
    let egress_gb = sum(&volumes.bytes)?.checked_div(GIGA)?;
    let of_instances = |count: u64| Decimal::from(count).checked_mul(hours);
    let on_demand = of_instances(instances.saturating_sub(costs.reserved_instances))?;
    let reserved = of_instances(costs.reserved_instances)?;
    let spot = of_instances(costs.spot_instances)?
        .checked_mul(Decimal::ONE.checked_add(costs.spot_overhead)?)?;
    let paid_gb = egress_gb.checked_sub(costs.egress_free_gb)?.max(Decimal::ZERO);
    let millions = relays.checked_div(MILLION)?;

    let work = works(pools, chains.len());
    let by = |parts: &[Decimal]| parts.iter().map(as_weight).collect::<Vec<f64>>();
    let lines = [
        (Item::OnDemand, on_demand, costs.on_demand.times(on_demand)?, work.clone()),
        (Item::Reserved, reserved, costs.reserved.times(reserved)?, work.clone()),
        (Item::Spot, spot, costs.spot.times(spot)?, work),
        (
            Item::Queries,
            queries.checked_div(MILLION)?,
            costs.db_per_million.times(queries.checked_div(MILLION)?)?,
            by(&volumes.queries),
        ),
        (Item::Egress, paid_gb, costs.egress_per_gb.times(paid_gb)?, by(&volumes.bytes)),
        (Item::Fixed, Decimal::ONE, costs.fixed, by(&volumes.relays)),
    ];
    let items: Vec<Line> = lines
        .into_iter()
        .map(|(item, quantity, amount, weights)| Line {
            item,
            quantity,
            amount,
            by_chain: amount.split(&weights),
        })
        .collect();
    let total: Money = items.iter().map(|line| line.amount).sum();

    // Per million requests of the same mix, unrounded.
    let queries_each = queries.checked_div(millions)?.checked_div(MILLION)?;
    let gb_each =
        if paid_gb.is_zero() { Decimal::ZERO } else { egress_gb.checked_div(millions)? };
    let marginal_within = costs
        .db_per_million
        .amount()
        .checked_mul(queries_each)?
        .checked_add(costs.egress_per_gb.amount().checked_mul(gb_each)?)?;
    let instances_each = exact(slope(fleet, pools))?.checked_div(millions)?;
    let marginal_with_instances = costs
        .on_demand
        .amount()
        .checked_mul(hours)?
        .checked_mul(instances_each)?
        .checked_add(marginal_within)?;
    Some(Bill {
        items,
        total,
        relays,
        egress_gb,
        queries,
        per_million: total.per(millions)?,
        marginal_within,
        marginal_with_instances,
    })
}

const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
const GIGA: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
const SECONDS_PER_HOUR: Decimal = Decimal::from_parts(3_600, 0, 0, false, 0);

/// `T * load_factor * 3600 * hours` of each chain, and what follows from it.
fn volumes(costs: &Costs, fleet: &Fleet, chains: &[Demand], targets: &[Rate]) -> Option<Volumes> {
    let seconds = SECONDS_PER_HOUR.checked_mul(costs.hours_per_month.0)?;
    let share = exact(fleet.load_factor)?;
    let mut volumes = Volumes { relays: Vec::new(), queries: Vec::new(), bytes: Vec::new() };
    for (chain, target) in chains.iter().zip(targets) {
        let relays = exact(target.per_second())?.checked_mul(share)?.checked_mul(seconds)?;
        volumes.relays.push(relays);
        volumes.queries.push(relays.checked_mul(chain.db_queries_per_relay)?);
        volumes.bytes.push(relays.checked_mul(chain.egress_bytes_per_relay)?);
    }
    Some(volumes)
}

/// Each chain's part of the instances: of its pool, by work.
fn works(pools: &[Pool], chains: usize) -> Vec<f64> {
    let mut parts = vec![0.0; chains];
    for pool in pools {
        for (&chain, work) in pool.chains.iter().zip(&pool.works) {
            if let Some(part) = parts.get_mut(chain) {
                *part = work / pool.sizing.work * pool.sizing.instances as f64;
            }
        }
    }
    parts
}

/// Instances that the whole load takes without rounding, spares and a least number: `U/u * z/(z - f)`.
fn slope(fleet: &Fleet, pools: &[Pool]) -> f64 {
    let work: f64 = pools.iter().map(|pool| pool.sizing.work).sum();
    let zones = fleet.zones as f64;
    work / fleet.utilisation_target * zones / (zones - fleet.zone_failures as f64)
}

fn as_weight(part: &Decimal) -> f64 {
    use plimsoll_model::ToPrimitive as _;
    part.to_f64().unwrap_or(0.0)
}
