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

/// The confidence in percent that the median lies between the order statistics `lower` and `n + 1 - lower`: table A.7,
/// "Confidence intervals for the population median", of a statistics textbook (its page 656), found at
/// <https://www.coursehero.com/file/5646626/A7/>.
#[rustfmt::skip]
const MEDIAN: [(u64, u64, f64); 50] = [
    (2, 1, 50.0), (3, 1, 75.0), (4, 1, 87.5), (5, 1, 93.8), (6, 1, 96.9), (6, 2, 78.1), (7, 1, 98.4), (7, 2, 87.5),
    (8, 1, 99.2), (8, 2, 93.0), (9, 1, 99.6), (9, 2, 96.1), (9, 3, 82.0), (10, 1, 99.8), (10, 2, 97.9), (10, 3, 89.1),
    (11, 1, 99.9), (11, 2, 98.8), (11, 3, 93.5), (12, 2, 99.4), (12, 3, 96.1), (12, 4, 85.4), (13, 2, 99.7), (13, 3, 97.8),
    (13, 4, 90.8), (14, 2, 99.8), (14, 3, 98.7), (14, 4, 94.3), (14, 5, 82.0), (15, 3, 99.3), (15, 4, 96.5), (15, 5, 88.2),
    (16, 3, 99.6), (16, 4, 97.9), (16, 5, 92.3), (16, 6, 79.0), (17, 3, 99.8), (17, 4, 98.7), (17, 5, 95.1), (17, 6, 85.7),
    (18, 4, 99.2), (18, 5, 96.9), (18, 6, 90.4), (19, 4, 99.6), (19, 5, 98.1), (19, 6, 93.6), (19, 7, 83.3), (20, 4, 99.7),
    (20, 5, 98.8), (20, 6, 95.9),
];

#[test]
fn coverages_of_the_median_are_those_of_the_textbook() {
    for (samples, lower, percent) in MEDIAN {
        let found = coverage(samples, 0.5, lower, samples + 1 - lower).unwrap() * 100.0;
        assert_near(&format!("{samples}, {lower}"), found, percent, 0.05 + 1e-9);
    }
    // The narrowest in the table with at least 95 %; there is none for fewer than six.
    for samples in 6..=20 {
        let rows = || MEDIAN.iter().filter(|row| row.0 == samples && row.2 >= 95.0);
        let lower = rows().map(|row| row.1).max();
        let expected = Ranks { lower, upper: lower.map(|lower| samples + 1 - lower) };
        assert_eq!(ranks(samples, 0.5, 0.95), Some(expected), "{samples}");
    }
    assert_eq!(ranks(5, 0.5, 0.95), Some(Ranks { lower: None, upper: None }));
}

/// The 90th percentile of 2,568 values, by R's `pbinom`, told to SAS's community ("Discrepancies in distribution-free
/// confidence interval for percentiles", 2019).
#[test]
fn the_coverage_of_a_high_percentile_is_that_of_r() {
    let found = coverage(2_568, 0.9, 2_282, 2_342).unwrap();
    assert_near("coverage", found, 0.951_564_6, 5e-8);
}
