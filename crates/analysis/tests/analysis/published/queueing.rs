use plimsoll_analysis::plan::queueing::{queue, waiting_at};
use plimsoll_model::Rate;

use super::{assert_near, cases, count, number, numbers};

#[test]
fn queues_are_those_of_the_collection() {
    let cases = cases(include_str!("../vectors/erlang_c.json"));
    assert_eq!(cases.len(), 7);
    for case in &cases {
        let (name, inputs, expected) = (&case["name"], &case["inputs"], &case["expected"]);
        if name == "halfin-whitt" {
            for (beta, p_wait) in
                numbers(&inputs["beta"]).into_iter().zip(numbers(&expected["p_wait"]))
            {
                assert_near(
                    "halfin-whitt",
                    waiting_at(beta),
                    p_wait,
                    number(&case["tolerance"]["value"]),
                );
            }
            continue;
        }
        let rate = |key: &str| Rate(number(&inputs[key]));
        let found = queue(count(&inputs["c"]), rate("arrival_rate"), rate("service_rate")).unwrap();
        let (waiting, wait) = (found.waiting, found.wait.as_secs_f64());
        for (key, value) in [("p_wait", waiting), ("wq", wait)] {
            // Tables are rounded, what was computed is not.
            if let Some(printed) = expected[key].as_f64() {
                assert_near(key, value, printed, number(&case["tolerance"][key]["value"]));
            }
            assert_near(key, value, number(&case["verified_by"][key]), 1e-9);
        }
    }
}
