use plimsoll_analysis::capacity::quantile_interval::{
    Ranks, coverage, early_stopping_rank, ranks, samples_for_margin,
};

use super::{assert_near, cases, count, number, numbers};

#[test]
fn coverages_are_those_of_the_tables() {
    let cases = cases(include_str!("../vectors/quantile_ci.json"));
    let mut tried = 0;
    for case in cases.iter().filter(|case| !case["inputs"]["lower_rank"].is_null()) {
        let inputs = &case["inputs"];
        let (samples, quantile) = (count(&inputs["n"]), number(&inputs["p"]));
        let (lower, upper) = (count(&inputs["lower_rank"]), count(&inputs["upper_rank"]));
        let found = coverage(samples, quantile, lower, upper).unwrap();
        let name = case["name"].to_string();
        let tolerance = number(&case["tolerance"]["value"]);
        assert_near(&name, found, number(&case["expected"]["coverage"]), tolerance);
        assert_near(&name, found, number(&case["verified_by"]["coverage"]), 1e-12);
        let conservative = &case["verified_by"]["equal_tailed_conservative"];
        let expected = Ranks { lower: conservative[0].as_u64(), upper: conservative[1].as_u64() };
        assert_eq!(ranks(samples, quantile, 0.95), Some(expected), "{name}");
        tried += 1;
    }
    assert_eq!(tried, 4);
}

#[test]
fn early_stopping_is_mlperfs() {
    let cases = cases(include_str!("../vectors/quantile_ci.json"));
    let mut tried = 0;
    for case in cases.iter().filter(|case| !case["inputs"]["percentile"].is_null()) {
        let inputs = &case["inputs"];
        let (samples, quantile) = (count(&inputs["n"]), number(&inputs["percentile"]));
        let found = early_stopping_rank(samples, quantile, number(&inputs["confidence"])).unwrap();
        assert_eq!(found, count(&case["expected"]["rank_from_top"]));
        assert_eq!(found - 1, count(&case["expected"]["discard"]));
        tried += 1;
    }
    assert_eq!(tried, 2);
}

#[test]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are counts")]
fn minimum_queries_are_mlperfs() {
    let cases = cases(include_str!("../vectors/quantile_ci.json"));
    let case = cases.iter().find(|case| case["name"] == "mlperf-min-queries").unwrap();
    let confidence = number(&case["inputs"]["confidence"]);
    let quantiles = numbers(&case["inputs"]["percentiles"]);
    let exact: Vec<f64> = quantiles
        .iter()
        .map(|&quantile| samples_for_margin(quantile, (1.0 - quantile) / 20.0, confidence).unwrap())
        .collect();
    for (found, expected) in exact.iter().zip(numbers(&case["verified_by"]["values"])) {
        assert_near("queries", *found, expected, expected * 1e-9);
    }
    // The published table rounds to the nearest number, then up to a multiple of 8,192.
    let rounded: Vec<u64> = exact.iter().map(|found| found.round() as u64).collect();
    let expected = &case["expected"];
    assert_eq!(serde_json::json!(rounded), expected["queries"]);
    let blocks: Vec<u64> = rounded.iter().map(|found| found.next_multiple_of(8_192)).collect();
    assert_eq!(serde_json::json!(blocks), expected["rounded_up_to_8192"]);
}
