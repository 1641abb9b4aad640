//! What is counted as nothing because half of it was said.

use super::{assert_valid, plan};
use crate::util::Dir;

const TWO: &str = "[chains.a]\ntarget_rps = 7\ncapacity_rps = { low = 2, point = 2, high = 2 }\n\
    [chains.b]\ntarget_rps = 7\ncapacity_rps = { low = 2, point = 2, high = 2 }\n";

fn warnings(config: &str) -> Vec<String> {
    let dir = Dir::new();
    let answer = plan(&dir, config).json();
    assert_valid(&answer);
    let warnings = answer["warnings"].as_array().unwrap();
    warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect()
}

/// Each with its place, and the key that is missing.
#[test]
fn half_a_price_is_told() {
    for (costs, says) in [
        (
            "fixed_per_month = 5",
            &[
                "plimsoll.toml:7:2: cost, but cost.on_demand_per_hour is not said, so 11 of the instances",
            ][..],
        ),
        (
            "on_demand_per_hour = 1\nreserved_instances = 3",
            &["plimsoll.toml:9:1: cost.reserved_instances, but cost.reserved_per_hour is not said"],
        ),
        (
            "on_demand_per_hour = 1\nreserved_per_hour = 3",
            &["plimsoll.toml:9:1: cost.reserved_per_hour, but cost.reserved_instances is not said"],
        ),
        (
            "on_demand_per_hour = 1\nspot_instances = 3",
            &["plimsoll.toml:9:1: cost.spot_instances, but cost.spot_per_hour is not said"],
        ),
        (
            "on_demand_per_hour = 1\nspot_per_hour = 3\nspot_interruption_overhead = 0.1",
            &[
                "plimsoll.toml:9:1: cost.spot_per_hour, but cost.spot_instances is not said",
                "plimsoll.toml:10:1: cost.spot_interruption_overhead, but cost.spot_instances is not said",
            ],
        ),
        (
            "on_demand_per_hour = 1\ndb_price_per_million = 3",
            &[
                "plimsoll.toml:9:1: cost.db_price_per_million, but chains.a.db_queries_per_relay is not said",
                "plimsoll.toml:9:1: cost.db_price_per_million, but chains.b.db_queries_per_relay is not said",
            ],
        ),
        (
            "on_demand_per_hour = 1\ndb_queries_per_relay = 3",
            &[
                "plimsoll.toml:9:1: cost.db_queries_per_relay, but cost.db_price_per_million is not said",
            ],
        ),
        (
            "on_demand_per_hour = 1\negress_free_gb = 3\negress_bytes_per_relay = 5",
            &[
                "plimsoll.toml:10:1: cost.egress_bytes_per_relay, but cost.egress_price_per_gb is not said",
                "plimsoll.toml:9:1: cost.egress_free_gb, but cost.egress_price_per_gb is not said",
            ],
        ),
        // Nothing that is said to be nothing is missing, nor what reserved instances do.
        ("on_demand_per_hour = 0\nspot_instances = 1\nspot_per_hour = 0", &[]),
        ("reserved_instances = 11\nreserved_per_hour = 1", &[]),
    ] {
        let found = warnings(&format!("{TWO}[cost]\n{costs}\n"));
        assert_eq!(found.len(), says.len(), "{costs}: {found:#?}");
        for (found, says) in found.iter().zip(says) {
            assert!(found.starts_with(says), "{costs}: {found}");
        }
    }
    // One chain's queries say nothing of the other's, and nothing without prices.
    let own = TWO.replacen("target_rps", "db_queries_per_relay = 2\ntarget_rps", 1);
    let found =
        warnings(&format!("{own}[cost]\non_demand_per_hour = 1\ndb_price_per_million = 1\n"));
    assert!(matches!(&found[..], [only] if only.contains("chains.b.db_queries")), "{found:?}");
    let found = warnings(&own);
    let why =
        "plimsoll.toml:2:1: chains.a.db_queries_per_relay changes nothing, as there is no [cost]";
    assert!(matches!(&found[..], [only] if only.starts_with(why)), "{found:?}");
}
