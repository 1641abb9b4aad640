//! What load holds: steps against servers whose capacity is known (`tests/fixtures/ramp`).

use std::path::PathBuf;

use serde_json::Value;

use crate::util::{Dir, TestCommand, fixture, names_in};

const SLO: &str = "latency=200ms,success=99%";

/// Steps of a server, from the first rate on until the last.
fn steps(server: &str, rates: std::ops::RangeInclusive<u32>) -> Vec<PathBuf> {
    let directory = fixture("ramp").join(server);
    names_in(&directory)
        .into_iter()
        .filter(|name| rates.contains(&name.split('.').next().unwrap().parse().unwrap()))
        .map(|name| directory.join(name))
        .collect()
}

fn truth(server: &str) -> f64 {
    let truth = std::fs::read(fixture("ramp/truth.json")).unwrap();
    let truth: Value = serde_json::from_slice(&truth).unwrap();
    truth[server]["capacity_rps"].as_f64().unwrap()
}

/// The only chain.
fn chain(answer: &Value) -> &Value {
    let chains = answer["chains"].as_object().unwrap();
    assert_eq!(chains.len(), 1, "{:?}", chains.keys());
    chains.values().next().unwrap()
}

fn judged(command: TestCommand) -> Value {
    command.args(["--slo", SLO]).json()
}

#[test]
fn the_capacity_is_inside_the_bracket_however_the_steps_are_told() {
    let dir = Dir::new();
    for server in ["hard", "queue"] {
        let files = steps(server, 0..=10_000);
        let convert = |to: &str| {
            let (code, bytes, stderr) =
                TestCommand::plimsoll().args(["convert", "--to", to]).args(&files).run_to_bytes();
            assert_eq!(code, Some(0), "{stderr}");
            bytes
        };
        let answers = [
            judged(TestCommand::analyze().args(&files)),
            judged(dir.analyze().arg(dir.write("one.gob", convert("gob")))),
            judged(dir.analyze().arg(dir.write("one.json", convert("json")))),
            judged(dir.analyze().arg(dir.write("one.plim", convert("native")))),
        ];
        for answer in &answers {
            let capacity = &chain(answer)["capacity"];
            let bound = |name: &str| capacity[name].as_f64().unwrap();
            assert!(bound("bound_lower_rps") <= truth(server), "{capacity}");
            assert!(truth(server) < bound("bound_upper_rps"), "{capacity}");
            assert!(bound("relative_width") < 0.12, "{capacity}");
            assert_eq!(capacity["censored"], "none");
            assert_eq!(capacity["screening"], false);
            assert_eq!(capacity["mixed"], false);
            let binding = if server == "hard" { "success" } else { "latency" };
            assert_eq!(capacity["binding"], binding);
            assert_eq!(chain(answer)["stages"].as_array().unwrap().len(), files.len());
            assert_eq!(capacity, &chain(&answers[0])["capacity"]);
        }
    }
}

#[test]
fn no_capacity_is_made_up_where_none_was_reached() {
    let answer = judged(TestCommand::analyze().args(steps("hard", 50..=300)));
    let capacity = &chain(&answer)["capacity"];
    assert_eq!((&capacity["bound_upper_rps"], &capacity["binding"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&capacity["bound_lower_rps"], &capacity["censored"]),
        (&300.0.into(), &"max_load".into())
    );
    assert_eq!(capacity["next_rates_rps"], serde_json::json!([375.0, 469.0, 586.0]));
    let text = TestCommand::analyze().args(steps("hard", 50..=300)).args(["--slo", SLO]).answer();
    assert!(
        text.contains("≥ 300.0") && text.contains("no rate that was offered was too much"),
        "{text}"
    );

    let above = judged(TestCommand::analyze().args(steps("hard", 450..=800)));
    let capacity = &chain(&above)["capacity"];
    assert_eq!(
        (&capacity["bound_lower_rps"], &capacity["censored"]),
        (&Value::Null, &"below_min_load".into())
    );
    assert_eq!(capacity["bound_upper_rps"], 450.0);
}

/// 550/s on a server of 500/s: in five seconds no answer has taken half a second yet.
#[test]
fn a_backlog_that_grows_is_too_much_before_answers_are_late() {
    let files = steps("queue", 400..=550);
    let answer =
        TestCommand::analyze().args(&files).args(["--slo", "latency=1s,success=99%"]).json();
    let capacity = &chain(&answer)["capacity"];
    assert_eq!(
        (&capacity["bound_lower_rps"], &capacity["bound_upper_rps"]),
        (&500.0.into(), &550.0.into())
    );
    assert_eq!(capacity["binding"], "backlog");
    let last = chain(&answer)["stages"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["classification"], &last["binding"]), (&"upper".into(), &"backlog".into()));
}

#[test]
fn without_a_service_level_there_is_no_capacity() {
    let answer = TestCommand::analyze().args(steps("hard", 0..=10_000)).json();
    assert_eq!(chain(&answer)["capacity"], Value::Null);
    let stages = chain(&answer)["stages"].as_array().unwrap();
    let rates: Vec<f64> =
        stages.iter().map(|stage| stage["offered_rps"].as_f64().unwrap()).collect();
    assert_eq!(rates, (1..=16).map(|step| f64::from(step) * 50.0).collect::<Vec<_>>());
    assert!(stages.iter().all(|stage| stage["classification"].is_null()));
}

#[test]
fn windows_are_as_long_as_the_configuration_says() {
    let dir = Dir::new();
    let slo = "[slo]\nlatency_ms = 200\nsuccess_min = 0.99\n[measure]\n";
    let answer = |measure: &str| {
        dir.write("plimsoll.toml", format!("{slo}{measure}"));
        dir.analyze().args(steps("hard", 300..=500))
    };
    let judged =
        answer("window_s = 1.0\nwarmup_s = 0.5\nmin_windows = 4\nbootstrap_seed = 7\n").json();
    let capacity = &chain(&judged)["capacity"];
    assert_eq!((&capacity["window_s"], &capacity["screening"]), (&1.into(), &false.into()));
    assert_eq!(
        (&capacity["bound_lower_rps"], &capacity["bound_upper_rps"]),
        (&400.0.into(), &450.0.into())
    );
    for (wrong, told) in [
        ("window_s = 0", "measure.window_s = 0"),
        ("exceed_ratio = 1.0", "measure.exceed_ratio = 1"),
        ("min_windows = 0", "measure.min_windows"),
        ("bootstrap_resamples = 0", "measure.bootstrap_resamples"),
    ] {
        let refused = answer(wrong).run();
        assert_eq!(refused.code, Some(2), "{wrong}");
        assert!(refused.stderr.contains(told), "{wrong}: {}", refused.stderr);
    }
}
