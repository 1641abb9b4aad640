//! Plans: cases by hand, and what holds for all of them.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

use plimsoll_analysis::plan::breaking::Breaks;
use plimsoll_analysis::plan::growth::{Ended, HORIZON};
use plimsoll_analysis::plan::sensitivity::Assumption;
use plimsoll_analysis::plan::{
    At, Capacity, Costs, Demand, ErrorKind, Fleet, Growth, Inputs, Pooling, SizeAt, outcome, plan,
};
use plimsoll_model::{Decimal, Hours, Money, Price, Rate, exact};
use proptest::prelude::*;

fn chain(name: &str, target: f64, capacity: Capacity) -> Demand {
    Demand {
        name: name.to_owned(),
        target: Rate(target),
        capacity,
        db_queries_per_relay: Decimal::from(3),
        egress_bytes_per_relay: Decimal::from(2_000),
    }
}

/// The four chains of METHODS.md §3.5, with capacities known exactly.
fn four(scale: f64) -> Vec<Demand> {
    [
        ("ethereum", 2_000.0, 450.0),
        ("boba", 1_000.0, 600.0),
        ("mantle", 1_000.0, 600.0),
        ("kava", 1_000.0, 500.0),
    ]
    .map(|(name, target, capacity)| chain(name, target, Capacity::known(Rate(capacity * scale))))
    .to_vec()
}

fn three_zones() -> Fleet {
    Fleet {
        zones: 3,
        zone_failures: 1,
        load_factor: 0.6,
        size_at: SizeAt::Point,
        ..Fleet::default()
    }
}

fn inputs(chains: Vec<Demand>, fleet: Fleet) -> Inputs {
    Inputs { chains, fleet, growth: None, costs: None }
}

/// METHODS.md §3.5: 27 instances at a tenth less, 21 at 8 % more.
#[test]
fn the_fleet_is_shown_at_both_ends_of_the_capacities() {
    let mut chains = four(1.0);
    for chain in &mut chains {
        let point = chain.capacity.point.per_second();
        chain.capacity =
            Capacity { low: Rate(point * 0.9), point: Rate(point), high: Some(Rate(point * 1.08)) };
    }
    let found = plan(&inputs(chains.clone(), three_zones())).unwrap();
    assert_eq!(
        (found.at_low.instances, found.at_point.instances, found.at_high.unwrap().instances),
        (27, 24, 21)
    );
    assert_eq!(found.chosen, found.at_point);
    let at_low = Fleet { size_at: SizeAt::Low, ..three_zones() };
    assert_eq!(plan(&inputs(chains.clone(), at_low)).unwrap().chosen.instances, 27);
    chains[2].capacity.high = None;
    assert_eq!(plan(&inputs(chains, three_zones())).unwrap().at_high, None);
}

/// Pools of their own in two zones: ceil(b + 1) in either, as either may be lost.
#[test]
fn pools_of_chains_are_spread_over_the_zones_each() {
    let fleet = Fleet { pooling: Pooling::PerChain, zones: 2, zone_failures: 1, ..three_zones() };
    let found = plan(&inputs(four(1.0), fleet)).unwrap();
    let pools: Vec<[u64; 3]> = found
        .chosen
        .pools
        .iter()
        .map(|pool| [pool.sizing.base, pool.sizing.instances, pool.sizing.survivors])
        .collect();
    assert_eq!(pools, [[7, 16, 7], [3, 8, 3], [3, 8, 3], [3, 8, 3]]);
    let redundancy = found.redundancy;
    assert_eq!(
        (redundancy.base, redundancy.spare, redundancy.zones, redundancy.least),
        (16, 4, 20, 0)
    );
    // 1000/500 = 2 busy of 3 that are left: kava is the first to break, at 3·0.7/2.
    let first = found.breaking[0];
    assert_eq!((first.what, first.pool, first.chain), (Breaks::Target, 3, 3));
    assert!((first.factor - 1.05).abs() < 1e-12);
}

/// By hand, for the 24 instances of METHODS.md §3.5: 15 survive the loss of a zone and an instance, U = 9.7778:
/// ln(15·0.7/9.7778)/ln(1.08) = 0.926; the second month has U = 11.405 and so 17 + 1 over two zones: 27.
#[test]
fn the_fleet_is_full_when_its_survivors_are() {
    let growth = Growth { per_month: 0.08, months: 2 };
    let grown = Inputs { growth: Some(growth), ..inputs(four(1.0), three_zones()) };
    let found = plan(&grown).unwrap().growing.unwrap();
    let instances: Vec<u64> = found.months.iter().map(|month| month.instances).collect();
    assert_eq!(instances, [24, 27, 27]);
    let full = found.full.unwrap();
    let expected = (15.0_f64 * 0.7 / (88.0 / 9.0)).ln() / 1.08_f64.ln();
    assert!((full.after_months - expected).abs() < 1e-9 && full.month == Some(1), "{full:?}");
    let shrinking = Inputs {
        growth: Some(Growth { per_month: -0.05, months: 3 }),
        ..inputs(four(1.0), three_zones())
    };
    let found = plan(&shrinking).unwrap().growing.unwrap();
    assert_eq!((found.full, found.months[3].instances), (None, 21));
}

/// Reserved instances are paid either way, spot instances come on top: 10·0.1·730 + 14·0.17·730 + 4·1.25·0.06·730.
#[test]
fn instances_are_paid_by_their_kind() {
    let costs = Costs {
        on_demand: Price::new(0.17).unwrap(),
        reserved_instances: 10,
        reserved: Price::new(0.1).unwrap(),
        spot_instances: 4,
        spot: Price::new(0.06).unwrap(),
        spot_overhead: exact(0.25).unwrap(),
        egress_per_gb: Price::new(0.09).unwrap(),
        egress_free_gb: Decimal::from(15_000),
        ..Costs::default()
    };
    let priced = Inputs { costs: Some(costs), ..inputs(four(1.0), three_zones()) };
    let found = plan(&priced).unwrap();
    assert_eq!(found.chosen.instances, 24);
    let bill = found.chosen.bill.unwrap();
    let amounts: Vec<i64> = bill.items.iter().map(|line| line.amount.cents()).collect();
    // Egress: 15,768 GB less 15,000.
    assert_eq!(amounts, [173_740, 73_000, 2_1900, 0, 6_912, 0]);
    // Ten of these carry nothing while all are up: (24 - 14)·0.17·730, all of them on demand.
    assert_eq!(found.redundancy.cost, Some(Money::from_cents(12_4100)));
    // With 20 reserved, 14 would be reserved without redundancy: 6·0.1·730 + 4·0.17·730; 30 are more than the fleet has.
    for (reserved, cents) in [(20, 93_440), (24, 73_000), (30, 73_000)] {
        let mut priced = priced.clone();
        priced.costs.as_mut().unwrap().reserved_instances = reserved;
        let found = plan(&priced).unwrap();
        assert_eq!(found.redundancy.cost, Some(Money::from_cents(cents)), "{reserved}");
    }
}

/// What costs depend on is moved, too.
#[test]
fn each_input_of_the_costs_is_an_assumption() {
    use Assumption::{
        EgressFree, HoursPerMonth, MinInstances, ReservedInstances, SpotInstances, SpotOverhead,
        SpotPrice,
    };
    let costs = Costs {
        on_demand: Price::new(0.17).unwrap(),
        reserved_instances: 10,
        reserved: Price::new(0.1).unwrap(),
        spot_instances: 4,
        spot: Price::new(0.06).unwrap(),
        spot_overhead: exact(0.25).unwrap(),
        egress_per_gb: Price::new(0.09).unwrap(),
        egress_free_gb: Decimal::from(15_000),
        ..Costs::default()
    };
    let fleet = Fleet { min_instances: 30, ..three_zones() };
    let priced = Inputs { costs: Some(costs), ..inputs(four(1.0), fleet) };
    let found = plan(&priced).unwrap();
    let now = found.chosen.bill.unwrap().total;
    // An instance on demand is 124.10 and a reserved one 73.00, a spot one 1.25·43.80; a tenth of the overhead is 4·0.025·43.80;
    // of 1,500 GB fewer are 135.00. Months have no 803 hours.
    for (assumption, less, more) in [
        (MinInstances, Some(-12_410), Some(12_410)),
        (ReservedInstances, Some(5_110), Some(-5_110)),
        (SpotInstances, Some(-5_475), Some(5_475)),
        (SpotPrice, Some(-2_190), Some(2_190)),
        (SpotOverhead, Some(-438), Some(438)),
        (EgressFree, Some(13_500), Some(-6_912)),
    ] {
        let moved = found.sensitivity.iter().find(|moved| moved.assumption == assumption).unwrap();
        let by =
            [moved.less, moved.more].map(|end| end.map(|end| (end.cost.unwrap() - now).cents()));
        assert_eq!(by, [less, more], "{assumption:?}");
    }
    let hours = found.sensitivity.iter().find(|moved| moved.assumption == HoursPerMonth).unwrap();
    assert!(hours.less.is_some() && hours.more.is_none(), "{hours:?}");
}

/// 4, 4 and 3 instances: a month that takes a seventh to be left takes twelve.
#[test]
fn a_fleet_is_full_when_the_table_has_more_instances() {
    let fleet = Fleet {
        zones: 3,
        zone_failures: 1,
        spare_instances: 0,
        min_instances: 11,
        ..Fleet::default()
    };
    let growth = Some(Growth { per_month: 0.05, months: 6 });
    let one = vec![chain("a", 400.0, Capacity::known(Rate(100.0)))];
    let found = plan(&Inputs { growth, ..inputs(one, fleet) }).unwrap();
    let growing = found.growing.unwrap();
    let instances: Vec<u64> = growing.months.iter().map(|month| month.instances).collect();
    assert_eq!(instances, [11, 11, 12, 12, 12, 12, 12]);
    // 6·0.7/4 = 1.05 is exactly a month.
    let full = growing.full.unwrap();
    assert!((full.after_months - 1.0).abs() < 1e-9 && full.month == Some(2), "{full:?}");
    assert!((found.breaking[0].factor - 1.05).abs() < 1e-12);
}

/// What shrinks to nothing ends, and what grows next to not at all is full beyond all that anybody asks for.
#[test]
fn growth_has_its_ends() {
    let grown = |per_month: f64, costs: Option<Costs>| {
        let growth = Some(Growth { per_month, months: 600 });
        let inputs = Inputs { growth, costs, ..inputs(four(1.0), three_zones()) };
        plan(&inputs).unwrap().growing.unwrap()
    };
    for costs in [None, Some(Costs::default())] {
        let found = grown(-0.99, costs);
        // 1000·0.01^4 = 1e-5, and the fifth is below 1e-6.
        assert_eq!((found.months.len(), found.ended), (5, Some(Ended::NextToNothing)));
    }
    let found = grown(1e-300, None);
    assert_eq!((found.months.len(), found.ended), (601, None));
    assert!(found.full.unwrap().month.is_none());
    assert!(found.full.unwrap().after_months > f64::from(HORIZON));
    assert_eq!(grown(1.0, None).ended, Some(Ended::TooLarge));
}

/// What `plan.json` shows: queries cost more than instances.
#[test]
fn the_assumption_that_moves_most_comes_first() {
    let costs = Costs {
        on_demand: Price::new(0.17).unwrap(),
        db_per_million: Price::new(0.2).unwrap(),
        egress_per_gb: Price::new(0.09).unwrap(),
        ..Costs::default()
    };
    let priced = Inputs { costs: Some(costs), ..inputs(four(1.0), three_zones()) };
    let found = plan(&priced).unwrap();
    let now = found.chosen.bill.as_ref().unwrap().total;
    // To lose two of three zones takes 15 instances in each, which is more than a tenth of anything.
    let first: Vec<Assumption> =
        found.sensitivity.iter().take(2).map(|moved| moved.assumption).collect();
    assert_eq!(first, [Assumption::ZoneFailures, Assumption::Targets]);
    let queries =
        found.sensitivity.iter().find(|moved| moved.assumption == Assumption::QueryPrice).unwrap();
    // A tenth of 4,730.40.
    let more = queries.more.unwrap();
    assert_eq!((more.cost.unwrap() - now, more.instances), (Money::from_cents(47_304), 24));
    assert!(!found.sensitivity.iter().any(|moved| moved.assumption == Assumption::ReservedPrice));
}

#[test]
fn what_is_out_of_range_is_an_error() {
    let kind = |inputs: &Inputs| plan(inputs).unwrap_err().kind();
    assert_eq!(kind(&inputs(Vec::new(), three_zones())), ErrorKind::NoChain);
    let fleet = Fleet { zone_failures: 3, ..three_zones() };
    assert_eq!(kind(&inputs(four(1.0), fleet)), ErrorKind::OutOfRange("zone_failures"));
    let fleet = Fleet { utilisation_target: 1.1, ..three_zones() };
    assert_eq!(kind(&inputs(four(1.0), fleet)), ErrorKind::OutOfRange("utilisation_target"));
    let fleet = Fleet { peak_factor: 0.9, ..three_zones() };
    assert_eq!(kind(&inputs(four(1.0), fleet)), ErrorKind::OutOfRange("peak_factor"));
    let fleet = Fleet { peak_factor: 1.2, load_factor: 1.3, ..three_zones() };
    assert_eq!(kind(&inputs(four(1.0), fleet)), ErrorKind::OutOfRange("load_factor"));
    assert_eq!(kind(&inputs(four(1e-9), three_zones())), ErrorKind::TooLarge);
    let costs = Some(Costs { on_demand: Price::new(1e9).unwrap(), ..Costs::default() });
    let dear = Inputs { costs, ..inputs(four(1e-5), three_zones()) };
    assert_eq!(kind(&dear), ErrorKind::TooCostly);
    assert_eq!(kind(&inputs(four(0.0), three_zones())), ErrorKind::OutOfRange("capacity"));
    assert_eq!(kind(&inputs(four(f64::NAN), three_zones())), ErrorKind::OutOfRange("capacity"));
    // 24 instances times six a month: more than a billion from the tenth on.
    let growth = Some(Growth { per_month: 5.0, months: 100 });
    let grown = Inputs { growth, ..inputs(four(1.0), three_zones()) };
    assert_eq!(plan(&grown).unwrap().growing.unwrap().months.len(), 10);
}

prop_compose! {
    fn any_fleet()(
        per_chain in any::<bool>(),
        utilisation in 1_u32..=100,
        peak in 10_u32..40,
        spare in 0_u64..5,
        zones in 1_u64..6,
        lost in 0_u64..5,
        least in 0_u64..40,
    ) -> Fleet {
        Fleet {
            pooling: if per_chain { Pooling::PerChain } else { Pooling::Shared },
            utilisation_target: f64::from(utilisation) / 100.0,
            peak_factor: f64::from(peak) / 10.0,
            load_factor: 0.37,
            spare_instances: spare,
            zones,
            zone_failures: lost.min(zones - 1),
            min_instances: least,
            size_at: SizeAt::Point,
        }
    }
}

prop_compose! {
    fn any_inputs()(
        chains in prop::collection::vec((1_u32..100_000, 1_u32..10_000), 1..6),
        fleet in any_fleet(),
        prices in prop::array::uniform5(0_u32..100_000),
        reserved in 0_u64..50,
    ) -> Inputs {
        let price = |index: usize| Price::new(f64::from(prices[index]) / 1e5).unwrap();
        Inputs {
            chains: chains
                .into_iter()
                .map(|(target, capacity)| chain("a", f64::from(target) / 7.0, Capacity::known(Rate(f64::from(capacity) / 3.0))))
                .collect(),
            fleet,
            growth: None,
            costs: Some(Costs {
                hours_per_month: Hours(Decimal::new(73_048, 2)),
                on_demand: price(0),
                reserved_instances: reserved,
                reserved: price(1),
                db_per_million: price(2),
                egress_per_gb: price(3),
                fixed: Money::from_cents(prices[4].into()),
                ..Costs::default()
            }),
        }
    }
}

fn instances(inputs: &Inputs) -> u64 {
    outcome(inputs, At::Point).unwrap().unwrap().instances
}

proptest! {
    #[test]
    fn more_to_do_or_to_survive_never_takes_fewer_instances(inputs in any_inputs(), more in 1.0_f64..3.0, which in 0_usize..6) {
        let now = instances(&inputs);
        let which = which % inputs.chains.len();
        let with = |change: &dyn Fn(&mut Inputs)| {
            let mut changed = inputs.clone();
            change(&mut changed);
            instances(&changed)
        };
        prop_assert!(with(&|inputs| inputs.chains[which].target.0 *= more) >= now);
        prop_assert!(with(&|inputs| inputs.chains[which].capacity.point.0 /= more) >= now);
        prop_assert!(with(&|inputs| inputs.fleet.peak_factor *= more) >= now);
        prop_assert!(with(&|inputs| inputs.fleet.utilisation_target /= more) >= now);
        prop_assert!(with(&|inputs| inputs.fleet.spare_instances += 1) >= now);
        prop_assert!(with(&|inputs| inputs.fleet.min_instances += 7) >= now);
        let lost = with(&|inputs| {
            let fleet = &mut inputs.fleet;
            fleet.zone_failures = (fleet.zone_failures + 1).min(fleet.zones - 1);
        });
        prop_assert!(lost >= now);
    }

    #[test]
    fn survivors_are_never_loaded_beyond_the_target(inputs in any_inputs()) {
        for pool in outcome(&inputs, At::Point).unwrap().unwrap().pools {
            let worst = pool.sizing.worst_utilisation();
            prop_assert!(worst <= inputs.fleet.utilisation_target * (1.0 + 1e-12), "{worst}: {pool:?}");
            prop_assert!(pool.sizing.utilisation() <= worst);
        }
    }

    #[test]
    fn the_first_month_with_more_instances_is_when_the_fleet_is_full(inputs in any_inputs(), per_month in 0.001_f64..1.0) {
        let growth = Some(Growth { per_month, months: 60 });
        let growing = plan(&Inputs { growth, costs: None, ..inputs }).unwrap().growing.unwrap();
        let today = growing.months[0].instances;
        let more = growing.months.iter().find(|month| month.instances > today).map(|month| month.number);
        let full = growing.full.unwrap().month;
        match more {
            Some(more) => prop_assert_eq!(full, Some(more)),
            None => prop_assert!(full.is_none_or(|full| full as usize >= growing.months.len())),
        }
    }

    #[test]
    fn costs_add_up_to_the_cent(inputs in any_inputs()) {
        let bill = outcome(&inputs, At::Point).unwrap().unwrap().bill.unwrap();
        prop_assert_eq!(bill.items.iter().map(|line| line.amount.cents()).sum::<i64>(), bill.total.cents());
        for line in &bill.items {
            prop_assert_eq!(line.by_chain.len(), inputs.chains.len());
            prop_assert_eq!(line.by_chain.iter().map(|part| part.cents()).sum::<i64>(), line.amount.cents());
        }
    }
}
