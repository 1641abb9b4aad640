use plimsoll_model::{Decimal, Hours, Money, Price, Rate};

/// All that a plan follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// The chains, at least one.
    pub chains: Vec<Demand>,
    /// How instances are shared and spread.
    pub fleet: Fleet,
    /// How targets grow, where that is known.
    pub growth: Option<Growth>,
    /// What things cost, where that is known.
    pub costs: Option<Costs>,
}

impl Inputs {
    /// Requests per second of all chains together.
    #[must_use]
    pub fn target(&self) -> Rate {
        Rate(self.chains.iter().map(|chain| chain.target.per_second()).sum())
    }

    /// The same at the peak, which the fleet is sized for.
    #[must_use]
    pub fn peak(&self) -> Rate {
        Rate(self.target().per_second() * self.fleet.peak_factor)
    }

    /// Whether every capacity is one number, known exactly.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.chains.iter().all(|chain| chain.capacity == Capacity::known(chain.capacity.point))
    }
}

/// A chain, what it is to carry and what an instance carries of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The chain's name.
    pub name: String,
    /// Requests per second, above 0.
    pub target: Rate,
    /// What one instance sustains of this chain alone; where the chains were measured together, what it sustains of their mix.
    pub capacity: Capacity,
    /// Database queries that a request leads to.
    pub db_queries_per_relay: Decimal,
    /// Bytes that leave the cloud for each request.
    pub egress_bytes_per_relay: Decimal,
}

/// What one instance sustains at its SLO, above 0, and how far that may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// The least that it may be.
    pub low: Rate,
    /// The lower bound of the bracket: the largest rate that was seen to hold.
    pub point: Rate,
    /// The most that it may be; `None` where no rate was too high, so that it is at least `point`.
    pub high: Option<Rate>,
}

impl Capacity {
    /// A capacity that is known exactly.
    #[must_use]
    pub fn known(rate: Rate) -> Self {
        Self { low: rate, point: rate, high: Some(rate) }
    }

    /// The capacity at one of its ends; `None` for the upper one where there is none.
    #[must_use]
    pub fn at(&self, at: At) -> Option<Rate> {
        match at {
            At::Low => Some(self.low),
            At::Point => Some(self.point),
            At::High => self.high,
        }
    }
}

/// Which capacity is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The least that it may be.
    Low,
    /// The one that was measured.
    Point,
    /// The most that it may be.
    High,
}

/// Who shares instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// All chains: each instance serves all of them.
    #[default]
    Shared,
    /// Nobody: each chain has instances of its own.
    PerChain,
}

impl Pooling {
    /// The name in the configuration and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::PerChain => "per_chain",
        }
    }
}

/// Which capacity sizes the fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SizeAt {
    /// The least that it may be.
    #[default]
    Low,
    /// The one that was measured.
    Point,
}

impl SizeAt {
    /// The name in the configuration and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Point => "point",
        }
    }

    /// The capacity that is meant.
    #[must_use]
    pub fn at(self) -> At {
        match self {
            Self::Low => At::Low,
            Self::Point => At::Point,
        }
    }
}

/// How instances are shared, spread and loaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fleet {
    /// Who shares instances.
    pub pooling: Pooling,
    /// The share of their capacity that the survivors may be used to, above 0 and at most 1.
    pub utilisation_target: f64,
    /// The peak over the target, at least 1.
    pub peak_factor: f64,
    /// The mean over the target, above 0 and at most the peak's: what volumes and costs are of.
    pub load_factor: f64,
    /// Instances of each pool that may be gone at any time, beside lost zones.
    pub spare_instances: u64,
    /// Zones that instances are spread over, at least 1.
    pub zones: u64,
    /// Zones that may be lost at once, fewer than there are.
    pub zone_failures: u64,
    /// The fewest instances that a pool has.
    pub min_instances: u64,
    /// Which capacity sizes the fleet.
    pub size_at: SizeAt,
}

impl Default for Fleet {
    /// One zone, one instance to spare, loaded to 70 %; peak and mean are the target.
    fn default() -> Self {
        Self {
            pooling: Pooling::Shared,
            utilisation_target: 0.7,
            peak_factor: 1.0,
            load_factor: 1.0,
            spare_instances: 1,
            zones: 1,
            zone_failures: 0,
            min_instances: 1,
            size_at: SizeAt::Low,
        }
    }
}

/// How targets grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// What a month adds, as a share: 0.08 is 8 %. Above -1.
    pub per_month: f64,
    /// How many months are looked at.
    pub months: u32,
}

/// What things cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    /// The currency of all of it, by name.
    pub currency: String,
    /// Hours that a month has.
    pub hours_per_month: Hours,
    /// An hour of an instance.
    pub on_demand: Price,
    /// Instances that are paid whether they are needed or not ...
    pub reserved_instances: u64,
    /// ... and an hour of one.
    pub reserved: Price,
    /// Instances on top of the fleet that may be taken away at any time ...
    pub spot_instances: u64,
    /// ... and an hour of one.
    pub spot: Price,
    /// What interruptions add to them, as a share.
    pub spot_overhead: Decimal,
    /// What each month costs, whatever the load.
    pub fixed: Money,
    /// A million database queries.
    pub db_per_million: Price,
    /// A gigabyte (10⁹ bytes) that leaves the cloud.
    pub egress_per_gb: Price,
    /// Gigabytes a month that cost nothing.
    pub egress_free_gb: Decimal,
}

impl Default for Costs {
    /// All for nothing, and 730 hours a month (8,760/12).
    fn default() -> Self {
        Self {
            currency: "USD".to_owned(),
            hours_per_month: Hours(Decimal::from(730)),
            on_demand: Price::default(),
            reserved_instances: 0,
            reserved: Price::default(),
            spot_instances: 0,
            spot: Price::default(),
            spot_overhead: Decimal::ZERO,
            fixed: Money::ZERO,
            db_per_million: Price::default(),
            egress_per_gb: Price::default(),
            egress_free_gb: Decimal::ZERO,
        }
    }
}
