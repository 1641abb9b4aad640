//! The load that is sustained, from stepped attacks on servers of known capacity.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::util::{Dir, TestCommand, root};

const SLO: [&str; 2] = ["--slo", "latency=200ms,success=99%"];

/// The steps of a server, by rate.
pub(crate) fn steps(server: &str) -> Vec<PathBuf> {
    let directory = root().join("notebooks-data/stepped-rates/results").join(server);
    let mut files: Vec<PathBuf> =
        directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn truth(server: &str) -> f64 {
    let text =
        std::fs::read_to_string(root().join("notebooks-data/stepped-rates/truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    truth[server]["capacity_rps"].as_f64().unwrap()
}

/// What is found of the server's chain, which is the only one.
fn chain(files: &[PathBuf], server: &str) -> Value {
    let answer = TestCommand::analyze().args(SLO).args(files).json();
    let chains = answer["chains"].as_object().unwrap();
    assert_eq!(chains.keys().collect::<Vec<_>>(), [server]);
    chains[server].clone()
}

/// The steps in one file, and in JSON.
fn otherwise(dir: &Dir, server: &str) -> [PathBuf; 2] {
    let bytes: Vec<u8> =
        steps(server).iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    let joined = dir.write(&format!("{server}.gob"), bytes);
    let json = dir.path().join(format!("{server}.json"));
    dir.plimsoll().arg("convert").args(["--to", "json", "-o"]).arg(&json).arg(&joined).answer();
    [joined, json]
}

#[test]
fn the_bracket_holds_the_capacity_however_the_steps_are_given() {
    for server in ["hard", "queue"] {
        let found = chain(&steps(server), server);
        let rates: Vec<f64> = found["stages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stage| stage["offered_rps"].as_f64().unwrap())
            .collect();
        let expected: Vec<f64> = (1..=rates.len()).map(|step| 50.0 * step as f64).collect();
        assert_eq!((rates.len(), &rates), (steps(server).len(), &expected), "{server}");

        let capacity = &found["capacity"];
        let bound = |key: &str| capacity[key].as_f64().unwrap();
        let (lower, upper) = (bound("bound_lower_rps"), bound("bound_upper_rps"));
        assert!(lower <= truth(server) && truth(server) < upper, "{server}: {capacity:#}");
        assert!(bound("interval_low_rps") <= lower && bound("interval_high_rps") >= upper);
        assert_eq!(capacity["censored"], "none");
        assert_eq!(capacity["mixed"], false);
        assert_eq!(capacity["window_s"], 0.625, "as long as seven of them leave room for");

        let dir = Dir::new();
        for file in otherwise(&dir, server) {
            let other = chain(std::slice::from_ref(&file), server);
            for key in ["stages", "capacity"] {
                assert_eq!(other[key], found[key], "{server}, {key}: {}", file.display());
            }
        }
    }
}

#[test]
fn what_binds_is_what_broke() {
    assert_eq!(chain(&steps("hard"), "hard")["capacity"]["binding"], "success");
    assert_eq!(chain(&steps("queue"), "queue")["capacity"]["binding"], "latency");
    // 550/s, of which few take longer than a second: the queue tells.
    let slow = |slo: &str| {
        let answer = TestCommand::analyze().args(["--slo", slo]).args(steps("queue")).json();
        answer["chains"]["queue"]["capacity"].clone()
    };
    let capacity = slow("latency=1s,success=99%");
    assert_eq!(
        (&capacity["binding"], &capacity["bound_upper_rps"]),
        (&"backlog".into(), &550.0.into())
    );
}

#[test]
fn no_knee_is_made_up_where_none_was_reached() {
    for server in ["hard", "queue"] {
        let found = chain(&steps(server)[..6], server);
        let capacity = &found["capacity"];
        assert_eq!(capacity["bound_lower_rps"], 300.0);
        assert_eq!(capacity["censored"], "max_load");
        for open in ["bound_upper_rps", "interval_high_rps", "relative_width", "binding"] {
            assert_eq!(capacity[open], Value::Null, "{server}: {open}");
        }
        assert!(capacity["next_rates_rps"][0].as_f64().unwrap() > 300.0);
    }
}

#[test]
fn a_chain_that_was_always_overloaded_sustains_less_than_its_lowest_rate() {
    let capacity = chain(&steps("hard")[8..], "hard")["capacity"].clone();
    assert_eq!(capacity["bound_lower_rps"], Value::Null);
    assert_eq!(capacity["bound_upper_rps"], 450.0);
    assert_eq!(capacity["censored"], "below_min_load");
}

#[test]
fn without_an_slo_there_are_stages_and_no_capacity() {
    let answer = TestCommand::analyze().args(steps("hard")).json();
    let chain = &answer["chains"]["hard"];
    assert_eq!(chain["capacity"], Value::Null);
    let stages = chain["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 16);
    assert!(
        stages.iter().all(|stage| stage["classification"].is_null() && stage["good"].is_null())
    );
}

/// Counted anew from vegeta's CSV: nanoseconds since 1970, status, latency, bytes out, bytes in, error.
#[test]
fn the_window_table_counts_each_request_in_the_second_in_which_it_was_due() {
    let dir = Dir::new();
    let [_, json] = otherwise(&dir, "hard");
    let csv = dir.plimsoll().args(["convert", "--to", "csv"]).arg(&json).answer();
    let mut expected: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for line in csv.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let second = fields[0].parse::<i64>().unwrap() / 1_000_000_000;
        let counts = expected.entry(second).or_default();
        counts.0 += 1;
        counts.1 += u64::from(fields[1] == "200" && fields[5].is_empty());
    }

    let answer = TestCommand::analyze().args(SLO).args(steps("hard")).json();
    let found = &answer["chains"]["hard"];
    let windows = found["windows"].as_array().unwrap();
    let counts: Vec<(u64, u64)> = windows
        .iter()
        .map(|window| {
            assert_eq!(window["span_s"], 1);
            let of = |key: &str| window[key].as_u64().unwrap();
            let failed = window["by_side"].as_object().unwrap();
            let failed: u64 = failed.values().map(|count| count.as_u64().unwrap()).sum();
            assert_eq!(of("successes") + failed, of("sent"));
            assert!(of("good") <= of("successes"));
            (of("sent"), of("successes"))
        })
        .collect();
    assert_eq!(counts, expected.into_values().collect::<Vec<_>>());
    assert_eq!(windows, answer["total"]["windows"].as_array().unwrap());

    // Each step lasts for five seconds: of what was due, next to all was sent in time.
    for window in windows {
        let of = |key: &str| window[key].as_f64().unwrap();
        assert!((of("offered") - of("sent")).abs() <= 0.01 * of("sent") + 2.0, "{window:#}");
    }
}

#[test]
fn the_configuration_says_how_stages_are_measured() {
    let dir = Dir::new();
    dir.write("plimsoll.toml", "[measure]\nwindow_s = 0.5\nwarmup_s = 0\nmin_windows = 3\n\n[chains.hard]\ninstances_under_test = 2\n");
    let answer = dir.analyze().args(SLO).args(steps("hard")).json();
    let chain = &answer["chains"]["hard"];
    assert_eq!(answer["config"]["window_s"], 0.5);
    assert_eq!(
        (&chain["capacity"]["window_s"], &chain["capacity"]["instances_under_test"]),
        (&0.5.into(), &2.into())
    );
    assert_eq!(chain["stages"][0]["windows"], 9);
}

#[test]
fn what_cannot_be_measured_by_is_refused() {
    for (wrong, said) in [
        ("window_s = 0", "measure.window_s = 0: expected a number of seconds above 0"),
        ("warmup_s = -1", "measure.warmup_s = -1: expected a number of seconds"),
        ("min_windows = 0", "measure.min_windows = 0: expected a number from 1 to 10000"),
        ("exceed_ratio = 1", "measure.exceed_ratio = 1: expected a share below 1"),
        ("bootstrap_resamples = 0", "measure.bootstrap_resamples = 0: expected a number from 1"),
        ("confidence = 1", "measure.confidence = 1: expected a share above 0 and below 1"),
    ] {
        let dir = Dir::new();
        dir.write("plimsoll.toml", format!("[measure]\n{wrong}\n"));
        let output = dir.analyze().args(steps("hard")).run();
        assert_eq!(output.code, Some(2), "{wrong}");
        assert!(output.stderr.contains(said), "{wrong}: {}", output.stderr);
    }
}

#[test]
fn the_report_says_what_load_holds() {
    let text = TestCommand::analyze().args(SLO).args(steps("hard")).answer();
    for said in [
        "· hard sustains at least 400/s, less than 450/s (99 % good within 200 ms, 99 % accepted)",
        "· hard, second opinions: Universal Scalability Law, peak at ",
        "plimsoll attack -rate 424 -duration 70s",
        "no: success",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let one = TestCommand::analyze().args(SLO).arg(&steps("hard")[0]).answer();
    let told = one.split_once("what load holds\n").unwrap().1.split("\n\n").next().unwrap();
    assert!(
        told.starts_with("· hard-50 sustains at least 50/s") && !told.contains("\n· "),
        "{told}"
    );
    let unasked = TestCommand::analyze().args(steps("hard")).answer();
    assert!(unasked.contains("ask with --slo") && !unasked.contains("sustains"), "{unasked}");
    let alone = TestCommand::analyze().arg(&steps("hard")[0]).answer();
    assert!(!alone.contains("what load holds"), "{alone}");
}
