//! Which assumption moves the answer most: each is moved alone, and the plan made again.

use plimsoll_model::{Decimal, Hours, Money, Price, Rate};

use super::error::Error;
use super::inputs::{At, Inputs};
use super::outcome::outcome;

/// How far a quantity is moved, each way.
pub const STEP: f64 = 0.1;

/// Hours of a month of 31 days.
const MOST_HOURS: Decimal = Decimal::from_parts(744, 0, 0, false, 0);

/// Something that the plan takes for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the input of its name")]
pub enum Assumption {
    Targets,
    Capacities,
    UtilisationTarget,
    PeakFactor,
    LoadFactor,
    SpareInstances,
    Zones,
    ZoneFailures,
    MinInstances,
    HoursPerMonth,
    OnDemandPrice,
    ReservedPrice,
    ReservedInstances,
    SpotPrice,
    SpotInstances,
    SpotOverhead,
    QueryPrice,
    QueriesPerRelay,
    EgressPrice,
    EgressFree,
    BytesPerRelay,
    Fixed,
}

impl Assumption {
    const ALL: [Self; 22] = [
        Self::Targets,
        Self::Capacities,
        Self::UtilisationTarget,
        Self::PeakFactor,
        Self::LoadFactor,
        Self::SpareInstances,
        Self::Zones,
        Self::ZoneFailures,
        Self::MinInstances,
        Self::HoursPerMonth,
        Self::OnDemandPrice,
        Self::ReservedPrice,
        Self::ReservedInstances,
        Self::SpotPrice,
        Self::SpotInstances,
        Self::SpotOverhead,
        Self::QueryPrice,
        Self::QueriesPerRelay,
        Self::EgressPrice,
        Self::EgressFree,
        Self::BytesPerRelay,
        Self::Fixed,
    ];

    /// The key of the configuration; `chains.*` for all chains together.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Targets => "chains.*.target_rps",
            Self::Capacities => "chains.*.capacity_rps",
            Self::UtilisationTarget => "fleet.utilisation_target",
            Self::PeakFactor => "fleet.peak_factor",
            Self::LoadFactor => "fleet.load_factor",
            Self::SpareInstances => "fleet.spare_instances",
            Self::Zones => "fleet.zones",
            Self::ZoneFailures => "fleet.zone_failures",
            Self::MinInstances => "fleet.min_instances",
            Self::HoursPerMonth => "cost.hours_per_month",
            Self::OnDemandPrice => "cost.on_demand_per_hour",
            Self::ReservedPrice => "cost.reserved_per_hour",
            Self::ReservedInstances => "cost.reserved_instances",
            Self::SpotPrice => "cost.spot_per_hour",
            Self::SpotInstances => "cost.spot_instances",
            Self::SpotOverhead => "cost.spot_interruption_overhead",
            Self::QueryPrice => "cost.db_price_per_million",
            Self::QueriesPerRelay => "*.db_queries_per_relay",
            Self::EgressPrice => "cost.egress_price_per_gb",
            Self::EgressFree => "cost.egress_free_gb",
            Self::BytesPerRelay => "*.egress_bytes_per_relay",
            Self::Fixed => "cost.fixed_per_month",
        }
    }

    /// Whether it is a number of things, which is moved by one of them.
    #[must_use]
    pub fn is_count(self) -> bool {
        matches!(
            self,
            Self::SpareInstances
                | Self::Zones
                | Self::ZoneFailures
                | Self::MinInstances
                | Self::ReservedInstances
                | Self::SpotInstances
        )
    }
}

/// What moving an assumption does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// The assumption.
    pub assumption: Assumption,
    /// A tenth less of it, or one less; `None` where that is not possible.
    pub less: Option<Answer>,
    /// A tenth more, or one more.
    pub more: Option<Answer>,
}

/// The answer in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Instances.
    pub instances: u64,
    /// Costs of a month.
    pub cost: Option<Money>,
}

/// All assumptions that move anything, the one that moves most first.
///
/// # Errors
/// None but those that the inputs have as they are.
pub(super) fn moved(inputs: &Inputs, at: At) -> Result<Vec<Moved>, Error> {
    let Some(now) = answer(inputs, at)? else { return Ok(Vec::new()) };
    let mut all: Vec<Moved> = Assumption::ALL
        .into_iter()
        .map(|assumption| {
            // What cannot be moved so far is out of range.
            let to = |up| answer(&with(inputs, assumption, up)?, at).ok().flatten();
            Moved { assumption, less: to(false), more: to(true) }
        })
        .filter(|moved| moved.ends().any(|end| end != now))
        .collect();
    all.sort_by_key(|moved| std::cmp::Reverse(moved.largest(now)));
    Ok(all)
}

impl Moved {
    fn ends(&self) -> impl Iterator<Item = Answer> {
        [self.less, self.more].into_iter().flatten()
    }

    /// By how much it moves the costs, then the instances.
    fn largest(&self, now: Answer) -> (u64, u64) {
        let cost = |end: Answer| {
            let (end, now) = (end.cost.unwrap_or_default(), now.cost.unwrap_or_default());
            (end - now).cents().unsigned_abs()
        };
        let largest = self.ends().map(cost).max().unwrap_or(0);
        let instances = self.ends().map(|end| end.instances.abs_diff(now.instances)).max();
        (largest, instances.unwrap_or(0))
    }
}

fn answer(inputs: &Inputs, at: At) -> Result<Option<Answer>, Error> {
    Ok(outcome(inputs, at)?.map(|found| Answer {
        instances: found.instances,
        cost: found.bill.map(|bill| bill.total),
    }))
}

/// The inputs with one assumption moved; `None` where there is nothing to move.
fn with(inputs: &Inputs, assumption: Assumption, up: bool) -> Option<Inputs> {
    let mut moved = inputs.clone();
    let factor = if up { 1.0 + STEP } else { 1.0 - STEP };
    let tenth = Decimal::new(if up { 11 } else { 9 }, 1);
    let scaled = |rate: Rate| Rate(rate.per_second() * factor);
    let priced = |price: Price| {
        use plimsoll_model::ToPrimitive as _;
        Price::new((price.amount() * tenth).to_f64()?)
    };
    let counted = |count: u64| if up { count.checked_add(1) } else { count.checked_sub(1) };
    let fleet = &mut moved.fleet;
    let costs = moved.costs.as_mut();
    match assumption {
        Assumption::Targets => {
            moved.chains.iter_mut().for_each(|chain| chain.target = scaled(chain.target));
        }
        Assumption::Capacities => {
            for chain in &mut moved.chains {
                let capacity = &mut chain.capacity;
                capacity.low = scaled(capacity.low);
                capacity.point = scaled(capacity.point);
                capacity.high = capacity.high.map(scaled);
            }
        }
        Assumption::UtilisationTarget => fleet.utilisation_target *= factor,
        Assumption::PeakFactor => fleet.peak_factor *= factor,
        Assumption::LoadFactor => fleet.load_factor *= factor,
        Assumption::SpareInstances => fleet.spare_instances = counted(fleet.spare_instances)?,
        Assumption::Zones => fleet.zones = counted(fleet.zones)?,
        Assumption::ZoneFailures => fleet.zone_failures = counted(fleet.zone_failures)?,
        Assumption::MinInstances => fleet.min_instances = counted(fleet.min_instances)?,
        Assumption::HoursPerMonth => {
            let costs = costs?;
            let hours = costs.hours_per_month.0 * tenth;
            // There is no longer month.
            costs.hours_per_month = Hours(Some(hours).filter(|hours| *hours <= MOST_HOURS)?);
        }
        Assumption::OnDemandPrice => {
            let costs = costs?;
            costs.on_demand = priced(costs.on_demand)?;
        }
        Assumption::ReservedPrice => {
            let costs = costs?;
            costs.reserved = priced(costs.reserved)?;
        }
        Assumption::ReservedInstances => {
            // What is reserved for nothing says nothing: nobody said what it costs.
            let costs = costs.filter(|costs| costs.reserved > Price::default())?;
            costs.reserved_instances = counted(costs.reserved_instances)?;
        }
        Assumption::SpotPrice => {
            let costs = costs?;
            costs.spot = priced(costs.spot)?;
        }
        Assumption::SpotInstances => {
            let costs = costs?;
            costs.spot_instances = counted(costs.spot_instances)?;
        }
        Assumption::SpotOverhead => costs?.spot_overhead *= tenth,
        Assumption::QueryPrice => {
            let costs = costs?;
            costs.db_per_million = priced(costs.db_per_million)?;
        }
        Assumption::EgressPrice => {
            let costs = costs?;
            costs.egress_per_gb = priced(costs.egress_per_gb)?;
        }
        Assumption::EgressFree => costs?.egress_free_gb *= tenth,
        Assumption::Fixed => {
            let costs = costs?;
            costs.fixed = Money::rounded(costs.fixed.amount() * tenth)?;
        }
        Assumption::QueriesPerRelay => {
            moved.chains.iter_mut().for_each(|chain| chain.db_queries_per_relay *= tenth);
        }
        Assumption::BytesPerRelay => {
            moved.chains.iter_mut().for_each(|chain| chain.egress_bytes_per_relay *= tenth);
        }
    }
    Some(moved)
}
