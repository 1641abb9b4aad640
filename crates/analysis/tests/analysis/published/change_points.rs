use plimsoll_analysis::capacity::change_points::{ChangePoint, ChangePoints, e_divisive};
use serde_json::{Value, json};

use super::{assert_near, cases, count, number, numbers};

fn indices(points: &[ChangePoint]) -> Value {
    json!(points.iter().map(|point| point.index).collect::<Vec<_>>())
}

fn finder(inputs: &Value) -> ChangePoints {
    ChangePoints {
        window: usize::try_from(count(&inputs["window_len"])).expect("a window is short"),
        max_p_value: number(&inputs["max_pvalue"]),
        min_magnitude: inputs["min_magnitude"].as_f64().unwrap_or(0.0),
    }
}

#[test]
fn change_points_are_otavas() {
    let cases = cases(include_str!("../vectors/change_points.json"));
    assert_eq!(cases.len(), 2);
    let (whole, windowed) = (&cases[0], &cases[1]);
    let series = numbers(&whole["inputs"]["series"]);
    let found = e_divisive(&series, number(&whole["inputs"]["max_pvalue"])).unwrap();
    assert_eq!(indices(&found), whole["expected"]["change_points"]);

    let found = finder(&windowed["inputs"]).find(&numbers(&windowed["inputs"]["series"])).unwrap();
    assert_eq!(indices(&found), windowed["expected"]["change_points"]);
    assert_near(
        "before",
        found[0].mean_before,
        number(&windowed["expected"]["mean_before"]),
        1e-12,
    );
    assert_near("after", found[0].mean_after, number(&windowed["expected"]["mean_after"]), 1e-12);
}

/// The demonstration data of Otava's tests, and windows, p values and magnitudes of all kinds, as Otava itself has them.
#[test]
fn otava_finds_the_same() {
    let cases = cases(include_str!("../vectors/otava.json"));
    assert_eq!(cases.len(), 37);
    let tigerbeetle = cases[0]["inputs"]["series"].clone();
    for case in cases {
        let own = &case["inputs"]["series"];
        let series = numbers(if own.is_null() { &tigerbeetle } else { own });
        let found = finder(&case["inputs"]).find(&series).unwrap();
        assert_eq!(indices(&found), case["expected"]["change_points"], "{}", case["name"]);
    }
}
