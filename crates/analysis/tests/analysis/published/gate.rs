use plimsoll_analysis::gate::clustering::Clustering;
use plimsoll_analysis::gate::fisher::{fisher_greater, fisher_two_sided};
use plimsoll_analysis::gate::multiplicity::{benjamini_hochberg, holm};
use plimsoll_analysis::gate::two_proportions::{Pair, Share};
use serde_json::Value;

use super::{assert_near, cases, count, number, numbers};

fn pair(inputs: &Value, candidate: &str, baseline: &str) -> Pair {
    let share = |successes: &str, trials: &str| {
        Share::of(count(&inputs[successes]), count(&inputs[trials])).expect("a case has trials")
    };
    match (candidate, baseline) {
        ("1", "2") => Pair { candidate: share("k1", "n1"), baseline: share("k2", "n2") },
        _ => Pair {
            candidate: share("candidate_success", "candidate_total"),
            baseline: share("baseline_success", "baseline_total"),
        },
    }
}

fn normal_above(z: f64) -> f64 {
    Clustering::INDEPENDENT.probability_below(-z)
}

#[test]
fn two_proportions_are_the_published_ones() {
    let cases = cases(include_str!("../vectors/two_proportions.json"));
    assert_eq!(cases.len(), 8);
    for case in cases {
        let (inputs, expected) = (&case["inputs"], &case["expected"]);
        let what = case["name"].to_string();
        let tolerance = &case["tolerance"];
        if let Some(table) = inputs["table"].as_array() {
            let table = [0, 1].map(|row| [0, 1].map(|column| count(&table[row][column])));
            let found = match inputs["alternative"].as_str() {
                Some("greater") => fisher_greater(table),
                _ => fisher_two_sided(table),
            };
            assert_near(&what, found, number(&expected["p_value"]), number(&tolerance["value"]));
        } else if inputs["method"] == "newcombe10" {
            let pair = pair(inputs, "1", "2");
            let found = pair.newcombe(number(&inputs["confidence"])).unwrap();
            let tolerance = number(&tolerance["value"]);
            assert_near(&what, pair.difference(), number(&expected["diff"]), 1e-12);
            for (end, value) in [("low", found.low), ("high", found.high)] {
                assert_near(&what, value, number(&expected[end]), tolerance);
                assert_near(&what, value, number(&case["verified_by"][end]), 1e-12);
            }
        } else {
            let z = pair(inputs, "1", "2").pooled_z().unwrap();
            assert_near(&what, z, number(&case["verified_by"]["z"]), 1e-12);
            let p = 2.0 * normal_above(z.abs());
            assert_near(&what, p, number(&expected["p_value"]), 5e-4);
            assert_near(&what, p, number(&case["verified_by"]["p"]), 1e-9);
        }
    }
}

#[test]
fn non_inferiority_is_the_published_one() {
    let cases = cases(include_str!("../vectors/non_inferiority.json"));
    assert_eq!(cases.len(), 4);
    for case in cases {
        let (inputs, expected, verified) =
            (&case["inputs"], &case["expected"], &case["verified_by"]);
        let what = case["name"].to_string();
        if inputs["trials"].is_number() {
            let share = Share::of(count(&inputs["successes"]), count(&inputs["trials"])).unwrap();
            for (end, bound) in [("z_low", "low"), ("z_high", "high")] {
                let z = share.wald_z(number(&inputs[bound]));
                assert_near(&what, z, number(&expected[end]), 5e-5);
                assert_near(&what, z, number(&verified[end]), 1e-12);
            }
            continue;
        }
        let pair = pair(inputs, "candidate", "baseline");
        let margin = number(&inputs["margin"]);
        let critical = Clustering::INDEPENDENT.critical(number(&inputs["one_sided_alpha"]));
        let z = pair.farrington_manning(-margin);
        let p = normal_above(z);
        let score = pair.score_interval(critical);
        let newcombe = pair.newcombe(0.95).unwrap();
        let mn = pair.miettinen_nurminen(0.95).unwrap();
        assert_near(&what, z, number(&verified["fm_z"]), 1e-6);
        assert_near(&what, p, number(&verified["fm_p"]), 1e-9);
        assert_near(&what, score.low, number(&verified["fm_ci_low"]), 1e-9);
        assert_near(&what, newcombe.low, number(&verified["newcombe_low"]), 1e-12);
        assert_near(&what, mn.low, number(&verified["mn_ci"][0]), 1e-9);
        assert_near(&what, mn.high, number(&verified["mn_ci"][1]), 1e-9);
        for (key, value) in [("fm_p", p), ("fm_ci_low", score.low), ("newcombe_low", newcombe.low)]
        {
            if let Some(expected) = expected[key].as_f64() {
                assert_near(&what, value, expected, number(&case["tolerance"][key]["value"]));
            }
        }
        assert_eq!(p <= 0.025, expected["non_inferior_fm_one_sided_2.5%"] == true, "{what}");
        assert_eq!(newcombe.low > -margin, expected["non_inferior_newcombe"] == true, "{what}");
    }
}

#[test]
fn corrections_are_the_published_ones() {
    let cases = cases(include_str!("../vectors/multiplicity.json"));
    assert_eq!(cases.len(), 2);
    for case in cases {
        let (inputs, expected) = (&case["inputs"], &case["expected"]);
        let p = numbers(&inputs["p_values"]);
        let alpha = number(&inputs["alpha"]);
        let adjusted = [("holm_adjusted", holm(&p)), ("bh_adjusted", benjamini_hochberg(&p))];
        for (key, found) in &adjusted {
            for (found, expected) in found.iter().zip(numbers(&expected[*key])) {
                assert_near(key, *found, expected, 1e-12);
            }
        }
        let rejected = |found: &[f64]| found.iter().filter(|p| **p <= alpha).count() as u64;
        if let Some(expected) = expected["holm_rejected"].as_u64() {
            assert_eq!(rejected(&adjusted[0].1), expected);
        }
        if let Some(expected) = expected["bh_rejected"].as_u64() {
            assert_eq!(rejected(&adjusted[1].1), expected);
        }
    }
}

/// Further rows of Table II of R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890: method 10, then methods 5 (Mee:
/// without the factor N/(N-1)) and 6 (Miettinen and Nurminen) where they are told.
#[test]
fn intervals_are_those_of_newcombes_table() {
    let of = |k1, n1, k2, n2| Pair {
        candidate: Share::of(k1, n1).unwrap(),
        baseline: Share::of(k2, n2).unwrap(),
    };
    for (pair, low, high) in [
        (of(6, 7, 2, 7), 0.0582, 0.8062),
        (of(0, 10, 0, 10), -0.2775, 0.2775),
        (of(10, 10, 0, 20), 0.6791, 1.0),
        (of(10, 10, 0, 10), 0.6075, 1.0),
    ] {
        let found = pair.newcombe(0.95).unwrap();
        assert_near("low", found.low, low, 5e-5);
        assert_near("high", found.high, high, 5e-5);
    }
    let pair = of(56, 70, 48, 80);
    let mee = pair.score_interval(1.959_963_984_540_054);
    assert_near("Mee", mee.low, 0.0533, 5e-5);
    assert_near("Mee", mee.high, 0.3377, 5e-5);
    let found = pair.miettinen_nurminen(0.95).unwrap();
    assert_near("Miettinen and Nurminen", found.low, 0.0528, 5e-5);
    assert_near("Miettinen and Nurminen", found.high, 0.3382, 5e-5);
}
