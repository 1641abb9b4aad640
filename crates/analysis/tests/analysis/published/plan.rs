#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

use plimsoll_analysis::plan::cost::Item;
use plimsoll_analysis::plan::{
    Capacity, Costs, Demand, Fleet, Inputs, Plan, Pooling, SizeAt, plan,
};
use plimsoll_model::{Hours, Money, Price, Rate, ToPrimitive as _, exact};
use serde_json::Value;

use super::{assert_near, cases, count, number};

/// The inputs of a case, priced exactly.
fn inputs(case: &Value) -> Inputs {
    let (inputs, cost) = (&case["inputs"], &case["inputs"]["cost"]);
    let decimal = |value: &Value| exact(number(value)).unwrap();
    let price = |key: &str| Price::new(number(&cost[key])).unwrap();
    let chains = inputs["chains"].as_object().unwrap();
    Inputs {
        chains: chains
            .iter()
            .map(|(name, chain)| Demand {
                name: name.clone(),
                target: Rate(number(&chain["target_rps"])),
                capacity: Capacity::known(Rate(number(&chain["capacity_rps"]))),
                db_queries_per_relay: decimal(&cost["db_queries_per_relay"]),
                egress_bytes_per_relay: decimal(&cost["egress_bytes_per_relay"]),
            })
            .collect(),
        fleet: Fleet {
            pooling: match inputs["pooling"].as_str() {
                Some("shared") => Pooling::Shared,
                Some("per_chain") => Pooling::PerChain,
                other => panic!("{other:?}"),
            },
            utilisation_target: number(&inputs["utilisation_target"]),
            load_factor: number(&inputs["load_factor"]),
            spare_instances: count(&inputs["spare_instances"]),
            zones: count(&inputs["zones"]),
            zone_failures: count(&inputs["zone_failures"]),
            size_at: SizeAt::Point,
            ..Fleet::default()
        },
        growth: None,
        costs: Some(Costs {
            hours_per_month: Hours(decimal(&inputs["hours_per_month"])),
            on_demand: price("instance_price_per_hour"),
            fixed: Money::rounded(decimal(&cost["fixed_per_month"])).unwrap(),
            db_per_million: price("db_price_per_million"),
            egress_per_gb: price("egress_price_per_gb"),
            ..Costs::default()
        }),
    }
}

#[test]
fn fleets_and_costs_are_those_of_the_collection() {
    let cases = cases(include_str!("../vectors/plan.json"));
    assert_eq!(cases.len(), 2);
    for case in &cases {
        let (name, expected) = (case["name"].as_str().unwrap(), &case["expected"]);
        let money = number(&case["tolerance"]["money"]["value"]);
        let Plan { chosen, inputs, .. } = plan(&inputs(case)).unwrap();
        assert_eq!(chosen.instances, count(&expected["instances"]), "{name}");
        let bill = chosen.bill.as_ref().unwrap();
        let relays = bill.relays.to_f64().unwrap();
        let amount = |item| bill.of(item).amount().to_f64().unwrap();
        let optional = |key: &str, found: f64, tolerance: f64| {
            if let Some(expected) = expected[key].as_f64() {
                assert_near(key, found, expected, tolerance);
            }
        };
        optional("work_units", chosen.pools[0].sizing.work, 1e-12);
        optional("relays_per_month", relays, 0.0);
        optional("compute", bill.compute().amount().to_f64().unwrap(), money);
        optional("fixed", amount(Item::Fixed), money);
        optional("db", amount(Item::Queries), money);
        optional("egress", amount(Item::Egress), money);
        optional("egress_gb", bill.egress_gb.to_f64().unwrap(), 1e-9);
        optional("total", bill.total.amount().to_f64().unwrap(), money);
        optional("per_million", bill.per_million.to_f64().unwrap(), 1e-6);
        for (key, found) in
            [("base", chosen.pools[0].sizing.base), ("per_zone", chosen.pools[0].sizing.per_zone)]
        {
            if let Some(expected) = expected[key].as_u64() {
                assert_eq!(found, expected, "{name}: {key}");
            }
        }
        if let Some(bases) = expected["bases"].as_object() {
            for pool in &chosen.pools {
                let chain = &inputs.chains[pool.chains[0]].name;
                assert_eq!(pool.sizing.base, count(&bases[chain]), "{name}: {chain}");
            }
        }
        // Each pool, as another implementation has it.
        let others = case["verified_by"][0]["pools"].as_object().unwrap();
        assert_eq!(others.len(), chosen.pools.len(), "{name}");
        for pool in &chosen.pools {
            let pool_name = match inputs.fleet.pooling {
                Pooling::Shared => "shared",
                Pooling::PerChain => &inputs.chains[pool.chains[0]].name,
            };
            let found = [pool.sizing.base, pool.sizing.per_zone, pool.sizing.instances];
            let other = ["base", "per_zone", "total"].map(|key| count(&others[pool_name][key]));
            assert_eq!(found, other, "{name}: {pool_name}");
        }
    }
}
