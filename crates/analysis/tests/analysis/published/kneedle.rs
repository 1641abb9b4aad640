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

/// kneed's documentation of its parameter S, and its test `test_gamma_online_offline`.
#[test]
fn the_sensitivity_counts_flat_points() {
    let published: Value =
        serde_json::from_str(include_str!("../vectors/kneed_sensitivity.json")).unwrap();
    let points: Vec<(f64, f64)> = (1..).map(f64::from).zip(numbers(&published["y"])).collect();
    let find = |sensitivity: f64, online: bool| {
        let kneedle = Kneedle {
            curve: Curve::Convex,
            direction: Direction::Decreasing,
            sensitivity,
            online,
            smoothing: Smoothing::None,
        };
        json!(kneedle.find(&points).knee.map(|knee| knee.x))
    };
    let knees = published["knees"].as_object().unwrap();
    assert_eq!(knees.len(), 7);
    for (sensitivity, knee) in knees {
        let found = find(sensitivity.parse().unwrap(), false);
        assert_eq!(found.as_f64(), knee.as_f64(), "S = {sensitivity}");
    }
    assert_eq!(find(1.0, true).as_f64(), published["online_knee"].as_f64());
}

/// kneed's `test_sine`.
#[test]
fn a_sine_has_a_knee_of_each_kind() {
    let points: Vec<(f64, f64)> =
        (0..100).map(|step| f64::from(step) * 0.1).map(|x| (x, x.sin())).collect();
    for (direction, curve, knee) in [
        (Direction::Decreasing, Curve::Convex, 4.5),
        (Direction::Increasing, Curve::Convex, 4.9),
        (Direction::Increasing, Curve::Concave, 7.7),
        (Direction::Decreasing, Curve::Concave, 1.8),
    ] {
        let smoothing = Smoothing::None;
        let kneedle = Kneedle { curve, direction, sensitivity: 1.0, online: true, smoothing };
        let found = kneedle.find(&points).knee.unwrap().x;
        assert_near(&format!("{direction:?} {curve:?}"), found, knee, 1e-9);
    }
}
