use plimsoll_analysis::capacity::sustained::{Step, sustained};
use plimsoll_analysis::capacity::window::{Objective, Rules, Window};
use plimsoll_model::{Nanos, Ports, Rate};
use serde_json::Value;

use super::{assert_near, cases, count, number};

const SECOND: u64 = 1_000_000_000;

fn step(inputs: &Value) -> Step {
    let seconds = count(&inputs["window_s"]);
    let warm_up = count(&inputs["warmup_windows"]);
    let windows = inputs["windows"].as_array().expect("a step has windows");
    let window = |(index, window): (u64, &Value)| Window {
        start: Nanos(index * seconds * SECOND),
        duration: Nanos(seconds * SECOND),
        scheduled: Some(count(&window["scheduled"])),
        sent: count(&window["sent"]),
        // The case says nothing of failures: what is not good was slow.
        successes: count(&window["sent"]),
        good: count(&window["good"]),
        interrupted: 0,
        client_errors: window["client_errors"]
            .as_object()
            .expect("client errors are by class")
            .values()
            .map(count)
            .sum(),
        ..Window::default()
    };
    Step {
        rate: Rate(number(&inputs["rate"])),
        sweep: 0,
        window: Nanos(seconds * SECOND),
        windows: (0..).zip(windows).filter(|(index, _)| *index >= warm_up).map(window).collect(),
    }
}

#[test]
fn the_bracket_of_the_stepped_case() {
    let cases = cases(include_str!("../vectors/sustained_capacity.json"));
    assert_eq!(cases.len(), 2);
    let (inputs, expected) = (&cases[0]["inputs"], &cases[0]["expected"]);
    let (goal, rules) = (&inputs["goal"], &inputs["rules"]);
    let windows = count(&goal["duration_sum"]) / count(&goal["final_trial_duration"]);
    let objective = Objective {
        max_loss_ratio: number(&goal["loss_ratio"]),
        max_failure_ratio: None,
        exceed_ratio: number(&goal["exceed_ratio"]),
        min_windows: u32::try_from(windows).unwrap(),
        latency: None,
    };
    let rules = Rules {
        min_sent_ratio: number(&rules["min_sent_ratio"]),
        max_client_error_ratio: number(&rules["max_client_error_ratio"]),
        max_send_lag: Nanos(count(&rules["max_lag_p99_ms"]) * 1_000_000),
        max_generator_cpu: number(&rules["max_generator_cpu"]),
        min_samples: count(&rules["min_samples"]),
    };
    let steps: Vec<Step> = inputs["steps"].as_array().unwrap().iter().map(step).collect();
    let found = sustained(&steps, &objective, &rules).unwrap();

    let expected_steps = expected["steps"].as_array().unwrap();
    assert_eq!(found.rates.len(), expected_steps.len());
    for (found, expected) in found.rates.iter().zip(expected_steps) {
        assert_near("rate", found.rate.per_second(), number(&expected["rate"]), 1e-9);
        assert_eq!(found.classification.name(), expected["classification"]);
        assert_eq!(found.valid as u64, count(&expected["valid"]));
        assert_eq!(found.invalid as u64, count(&expected["invalid"]));
        assert_eq!(found.reasons.len(), expected["reasons"].as_array().unwrap().len());
        assert!(!found.screening);
    }
    let knee = found.knee;
    let rate = |rate: Option<Rate>| rate.unwrap().per_second();
    assert_near("lower", rate(knee.lower), number(&expected["relevant_lower_bound"]), 1e-6);
    assert_near("upper", rate(knee.upper), number(&expected["relevant_upper_bound"]), 1e-6);
    let conditional = number(&expected["conditional_throughput"]);
    assert_near("conditional", rate(knee.conditional), conditional, conditional * 1e-9);
    let width = number(&expected["relative_width"]);
    assert_near("width", knee.relative_width.unwrap(), width, width * 1e-9);
    assert_eq!(knee.censored.name(), expected["censored"]);
}

#[test]
fn the_budget_of_ports() {
    let cases = cases(include_str!("../vectors/sustained_capacity.json"));
    let (inputs, expected) = (&cases[1]["inputs"]["cases"], &cases[1]["expected"]["results"]);
    let pairs = inputs.as_array().unwrap().iter().zip(expected.as_array().unwrap());
    assert_eq!(pairs.len(), 2);
    for (inputs, expected) in pairs {
        let hold = Nanos(count(&inputs["hold_s"]) * SECOND);
        let rate = Rate(number(&inputs["new_conn_per_s"]));
        let of =
            |utilisation| Ports { hold, utilisation, ..Ports::default() }.budget(rate, Nanos::ZERO);
        let all = of(1.0);
        assert_eq!(all.available, count(&expected["ports"]));
        assert_eq!(all.needed, count(&expected["needed"]));
        let most = all.available as f64 / all.hold.as_secs_f64();
        assert_near("most", most, number(&expected["max_new_conn_per_s"]), 1e-9 * most);
        assert_eq!(all.hosts > 1, expected["exceeded"] == true);
        assert_eq!(of(0.8).hosts > 1, expected["warn"] == true);
    }
}
