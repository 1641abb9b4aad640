//! Figures against published ones (`vectors/`, see its SOURCE.md).

use plimsoll_analysis::Proportion;
use serde_json::Value;

#[test]
fn wilson_intervals_are_newcombes() {
    let collection: Value =
        serde_json::from_str(include_str!("vectors/proportion_ci.json")).unwrap();
    let cases = collection["cases"].as_array().unwrap();
    let mut tried = 0;
    for case in cases.iter().filter(|case| case["inputs"]["method"] == "wilson") {
        let inputs = &case["inputs"];
        let found = Proportion::wilson(
            inputs["successes"].as_u64().unwrap(),
            inputs["trials"].as_u64().unwrap(),
            inputs["confidence"].as_f64().unwrap(),
        )
        .unwrap();
        let tolerance = case["tolerance"]["value"].as_f64().unwrap();
        for (end, value) in [("low", found.low), ("high", found.high)] {
            let name = &case["name"];
            let published = case["expected"][end].as_f64().unwrap();
            assert!(
                (value - published).abs() <= tolerance,
                "{name}: {end} is {value}, published {published}"
            );
            let recomputed = case["verified_by"][end].as_f64().unwrap();
            assert!(
                (value - recomputed).abs() <= 1e-12,
                "{name}: {end} is {value}, recomputed {recomputed}"
            );
        }
        tried += 1;
    }
    assert_eq!(tried, 4);
}
