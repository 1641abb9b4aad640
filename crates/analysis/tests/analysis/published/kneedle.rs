use plimsoll_analysis::capacity::kneedle::{Curve, Direction, Kneedle, Knees, Smoothing};
use serde_json::{Value, json};

use super::{assert_near, cases, number, numbers};

fn find(inputs: &Value) -> Knees {
    let kneedle = Kneedle {
        curve: if inputs["curve"] == "concave" { Curve::Concave } else { Curve::Convex },
        direction: if inputs["direction"] == "increasing" {
            Direction::Increasing
        } else {
            Direction::Decreasing
        },
        sensitivity: number(&inputs["S"]),
        online: inputs["online"] == true,
        smoothing: match inputs["smoothing"].as_str() {
            Some("none") => Smoothing::None,
            Some("polynomial") => Smoothing::Polynomial(7),
            other => panic!("no smoothing {other:?}"),
        },
    };
    let points: Vec<(f64, f64)> =
        numbers(&inputs["x"]).into_iter().zip(numbers(&inputs["y"])).collect();
    kneedle.find(&points)
}

#[test]
fn knees_are_those_of_the_paper_and_of_kneed() {
    let cases = cases(include_str!("../vectors/kneedle.json"));
    assert_eq!(cases.len(), 5);
    for case in cases {
        let (name, expected) = (case["name"].to_string(), &case["expected"]["knee_x"]);
        match (find(&case["inputs"]).knee, expected.as_f64()) {
            (Some(knee), Some(expected)) => assert_near(&name, knee.x, expected, 1e-9),
            (found, expected) => assert_eq!(found.map(|knee| knee.x), expected, "{name}"),
        }
    }
}

/// On uneven x, in all combinations, online and smoothed, as kneed 0.9.0 has them.
#[test]
fn kneed_finds_the_same() {
    let cases = cases(include_str!("../vectors/kneed.json"));
    assert_eq!(cases.len(), 51);
    for case in cases {
        let (name, expected) = (case["name"].to_string(), &case["expected"]);
        let found = find(&case["inputs"]);
        assert_eq!(json!(found.knee.map(|knee| knee.x)), expected["knee_x"], "{name}");
        let all: Vec<f64> = found.all.iter().map(|knee| knee.x).collect();
        assert_eq!(json!(all), expected["all_knees_x"], "{name}");
    }
}
