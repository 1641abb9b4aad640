//! Builds that may ship and builds that may not: recordings, configurations and goals in, judgements and exit codes out.

use serde_json::{Value, json};

use crate::util::{Dir, TestCommand, fixture, root};

fn recorded(name: &str) -> std::path::PathBuf {
    fixture("gate").join(name)
}

/// `plimsoll gate` on a recording against another.
fn gate(candidate: &str, baseline: &str) -> TestCommand {
    TestCommand::plimsoll()
        .arg("gate")
        .arg(recorded(candidate))
        .arg("--baseline")
        .arg(recorded(baseline))
}

fn assert_valid(answer: &Value) {
    let schema = std::fs::read(root().join("schema/plimsoll.gate.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// The summary of a recording, as a file.
fn summary(dir: &Dir, name: &str) -> std::path::PathBuf {
    let text = TestCommand::analyze().arg(recorded(name)).args(["--format", "json"]).answer();
    dir.write(&name.replace(".plim", ".json"), text)
}

#[test]
fn the_same_server_twice_passes() {
    let text = gate("again.plim", "baseline.plim").answer();
    assert!(text.starts_with("PASS: "), "{text}");
    let answer = gate("again.plim", "baseline.plim").json();
    assert_valid(&answer);
    assert_eq!(
        (answer["decision"].as_str(), answer["exit_code"].as_u64()),
        (Some("pass"), Some(0))
    );
}

#[test]
fn planted_failures_fail_their_chain() {
    let output = gate("planted.plim", "baseline.plim").run();
    assert_eq!(output.code, Some(1), "{}", output.stdout);
    assert!(
        output.stdout.starts_with("FAIL: kava: success is 98.00 %, 2.00 points below"),
        "{}",
        output.stdout
    );
    let output = gate("planted.plim", "baseline.plim").args(["--format", "json"]).run();
    let answer: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_valid(&answer);
    let failed: Vec<&str> = answer["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["decision"] == "fail")
        .map(|check| check["chain"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["kava"]);
    // A margin that allows for it.
    gate("planted.plim", "baseline.plim").args(["--margin", "4%"]).answer();
}

#[test]
fn a_run_that_is_too_short_says_how_many_requests_it_takes() {
    let output = gate("short.plim", "baseline.plim").run();
    assert_eq!(output.code, Some(3), "{}", output.stdout);
    assert!(output.stdout.starts_with("INCONCLUSIVE: boba: success is 100 %"), "{}", output.stdout);
    let output = gate("short.plim", "baseline.plim").args(["--format", "json"]).run();
    let answer: Value = serde_json::from_str(&output.stdout).unwrap();
    let needed = answer["checks"][0]["needed_requests"].as_u64().unwrap();
    // Without failures and bursts, to tell 99.96 % from 99.46 % for four chains.
    assert!((2_000..8_000).contains(&needed), "{needed}");
    let accepted = gate("short.plim", "baseline.plim").args(["--inconclusive", "pass"]).run();
    assert_eq!(accepted.code, Some(0));
    assert!(accepted.stderr.contains("inconclusive, which is let pass"), "{}", accepted.stderr);
}

#[test]
fn a_generator_at_its_limit_gives_no_verdict() {
    for name in ["port-exhaustion", "generator-collapse"] {
        let results = root().join("notebooks-data").join(name).join("results");
        let run = |more: &[&str]| {
            let command = TestCommand::plimsoll().arg("gate").arg(&results);
            command.args(more).run()
        };
        let baseline = recorded("baseline.plim");
        for more in [&["--baseline", baseline.to_str().unwrap()][..], &["--slo", "success=99%"]] {
            let output = run(more);
            assert_eq!(output.code, Some(3), "{name}: {}", output.stdout);
            let stdout = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(stdout.contains("the load generator was the limit"), "{name}: {stdout}");
            assert!(!stdout.contains("FAIL"), "{name}: {stdout}");
        }
    }
}

#[test]
fn a_summary_is_as_good_as_the_results() {
    let dir = Dir::new();
    let (old, new) = (summary(&dir, "baseline.plim"), summary(&dir, "planted.plim"));
    let of = |new: &std::path::Path, old: &std::path::Path| {
        let output = TestCommand::plimsoll()
            .arg("gate")
            .arg(new)
            .arg("--baseline")
            .arg(old)
            .args(["--format", "json"])
            .run();
        let mut answer: Value = serde_json::from_str(&output.stdout).unwrap();
        for name in ["candidate", "baseline", "notes"] {
            answer[name] = Value::Null;
        }
        answer
    };
    let from_results = of(&recorded("planted.plim"), &recorded("baseline.plim"));
    let from_summaries = of(&new, &old);
    // Latencies by blocks are told in microseconds there.
    let rounded = |answer: &Value| -> Vec<(Value, Value, Value, Value)> {
        let checks = answer["checks"].as_array().unwrap();
        checks
            .iter()
            .map(|check| {
                let of = |key: &str| check[key].clone();
                (
                    of("chain"),
                    of("rule"),
                    of("decision"),
                    if check["kind"] == "latency" { Value::Null } else { of("p_worse") },
                )
            })
            .collect()
    };
    assert_eq!(rounded(&from_results), rounded(&from_summaries));
}

#[test]
fn goals_are_absolute_and_no_data_keeps_none() {
    let run = |goals: &[&str]| {
        let mut command = TestCommand::plimsoll().arg("gate").arg(recorded("planted.plim"));
        for goal in goals {
            command = command.args(["--threshold", goal]);
        }
        command.run()
    };
    let kept = [
        "success_ratio{chain:ethereum}>=0.995",
        "latency_ms{chain:kava}: p(99)<5000",
        "errors{side:server}==0",
    ];
    assert_eq!(run(&kept).code, Some(0), "{}", run(&kept).stdout);
    let broken = run(&["errors{class:application.rpc_error}: count<10"]);
    assert_eq!(broken.code, Some(1));
    assert!(
        broken.stdout.starts_with("FAIL: errors{class:application.rpc_error}: count<10: it is 45"),
        "{}",
        broken.stdout
    );
    // The whole run has 98 %, and no second of about 75 requests with two errors.
    assert_eq!(run(&["success_ratio{chain:kava}>=0.98"]).code, Some(0));
    let by_second = run(&["success_ratio{chain:kava}>=0.98 for 1s"]);
    assert_eq!(by_second.code, Some(1), "{}", by_second.stdout);
    // No goal for good answers, so there is no such figure.
    let nothing = run(&["good_ratio>=0"]);
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.stdout.contains("no data"), "{}", nothing.stdout);
}

#[test]
fn what_is_misspelt_is_an_error_with_what_was_meant() {
    let dir = Dir::new();
    for (goal, expected) in [
        ("succes_ratio>=0.9", "there is no metric `succes_ratio`"),
        ("succes_ratio>=0.9", "did you mean `success_ratio`?"),
        (
            "success_ratio{chain:etherum}>=0.9",
            "there is no chain `etherum`; there are boba, ethereum, kava, mantle; did you mean `ethereum`?",
        ),
        ("errors{class:server.timeut}<1", "did you mean `server.timeout`?"),
        ("latency_ms: p99<5", "latency_ms takes avg, min, med, max, p(N)"),
    ] {
        let output =
            dir.plimsoll().arg("gate").arg(recorded("again.plim")).args(["-t", goal]).run();
        assert_eq!(output.code, Some(2), "{goal}");
        assert!(output.stderr.contains(expected), "{goal}: {}", output.stderr);
    }
    for (config, expected) in [
        ("[gate]\nmargn = 0.01\n", "plimsoll.toml:2:1: unknown field `margn`"),
        (
            "[gate]\nmargin = 1.5\n",
            "plimsoll.toml:2:1: gate.margin = 1.5: expected a share above 0 and below 1",
        ),
        ("[gate]\n\nalpha = 0.9\n", "plimsoll.toml:3:1: gate.alpha = 0.9"),
        (
            "[gate]\ncorrection = \"holmes\"\n",
            "plimsoll.toml:2:1: gate.correction = \"holmes\": expected none, holm or bh",
        ),
        (
            "[gate]\ninconclusive = \"maybe\"\n",
            "gate.inconclusive = \"maybe\": expected no_verdict (exit 3) or pass (exit 0)",
        ),
        ("[gate]\nlatency_quantile = 99.0\n", "gate.latency_quantile = 99: expected quantiles"),
        (
            "[gate]\nlatency_max_ratio = 0.9\n",
            "gate.latency_max_ratio = 0.9: expected from 1 to 100",
        ),
        ("[gate]\nmin_runs = 1\n", "gate.min_runs = 1: expected from 2"),
        (
            "[gate]\nthresholds = [\"success_ratio>=x\"]\n",
            "plimsoll.toml:2:1: gate.thresholds: \"success_ratio>=x\": `x`: expected a number",
        ),
        (
            "[gate]\nthresholds = [\"success_ratio{chain:kva}>=0.9\"]\n",
            "plimsoll.toml:2:1: gate.thresholds: \"success_ratio{chain:kva}>=0.9\": there is no chain `kva`",
        ),
        (
            "[gate.margins]\nkva = 0.01\n",
            "plimsoll.toml:2:1: gate.margins.kva: there is no chain `kva`",
        ),
    ] {
        dir.write("plimsoll.toml", config);
        let output = dir
            .plimsoll()
            .arg("gate")
            .arg(recorded("again.plim"))
            .arg("--baseline")
            .arg(recorded("baseline.plim"))
            .run();
        assert_eq!(output.code, Some(2), "{config}: {}", output.stdout);
        assert!(output.stderr.contains(expected), "{config}: {}", output.stderr);
    }
}

#[test]
fn nothing_to_judge_by_is_an_error() {
    let output = TestCommand::plimsoll().arg("gate").arg(recorded("again.plim")).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("there is nothing to judge by"), "{}", output.stderr);
}

#[test]
fn the_configurations_rules_count() {
    let dir = Dir::new();
    let run = |config: &str| {
        dir.write("plimsoll.toml", config);
        dir.plimsoll()
            .arg("gate")
            .arg(recorded("planted.plim"))
            .arg("--baseline")
            .arg(recorded("baseline.plim"))
            .run()
    };
    assert_eq!(run("[gate]\nmargin = 0.05\n").code, Some(0));
    assert_eq!(run("[gate]\nmargin = 0.005\n[gate.margins]\nkava = 0.05\n").code, Some(0));
    let new_class = run("[gate]\nmargin = 0.05\nnew_error_max_ratio = 0.001\n");
    assert_eq!(new_class.code, Some(1));
    assert!(
        new_class
            .stdout
            .starts_with("FAIL: kava: 45 requests failed by application.rpc_error, 2.00 %"),
        "{}",
        new_class.stdout
    );
    let floor = run("[slo]\nsuccess_min = 0.99\n[gate]\nmargin = 0.05\n");
    assert_eq!(floor.code, Some(1), "{}", floor.stdout);
    assert!(
        floor.stdout.starts_with("FAIL: kava: success is 98.00 % (interval [97."),
        "{}",
        floor.stdout
    );
}

#[test]
fn what_was_measured_otherwise_is_not_compared() {
    let other = root().join("notebooks-data/four-chains/healthy");
    let output = TestCommand::plimsoll()
        .arg("gate")
        .arg(other)
        .arg("--baseline")
        .arg(recorded("baseline.plim"))
        .run();
    assert_eq!(output.code, Some(3), "{}", output.stdout);
    assert!(
        output.stdout.contains("apart") || output.stdout.contains("is not in"),
        "{}",
        output.stdout
    );
}

/// 20 days at about 99.9 %, ten at 99.2 %: no pair of days differs by the margin.
#[test]
fn a_drift_shows_in_the_history() {
    let dir = Dir::new();
    let text = std::fs::read_to_string(summary(&dir, "again.plim")).unwrap();
    let mut today: Value = serde_json::from_str(&text).unwrap();
    let mut day = |number: u64, failures: u64| {
        today["inputs"][0]["first_utc"] = format!("2026-10-{number:02}T06:00:00.000000000Z").into();
        today["chains"]["kava"]["successes"] = (2_250 - failures).into();
        today["chains"]["kava"]["failures"] = failures.into();
        dir.write(&format!("history/{number:02}.json"), today.to_string());
    };
    for number in 1..=20 {
        day(number, 2 + number % 3);
    }
    for number in 21..=30 {
        day(number, 17 + number % 3);
    }
    let run = |more: &[&str]| {
        dir.plimsoll()
            .arg("gate")
            .arg("history/30.json")
            .args(["--baseline", "history/29.json", "--history", "history"])
            .args(more)
            .run()
    };
    let told = run(&["--inconclusive", "pass"]);
    assert_eq!(told.code, Some(0), "{}", told.stdout);
    assert!(told.stdout.contains("history: failures"), "{}", told.stdout);
    let failed = run(&["--inconclusive", "pass", "--fail-on-change"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    let first = failed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(first.starts_with("FAIL: kava: failures went from 0.13"), "{first}");
    assert!(first.contains("21.json"), "{first}");
}

#[test]
fn github_is_told_where_it_is_githubs_runner() {
    let dir = Dir::new();
    let run = |actions: &str| {
        let command = dir.plimsoll().arg("gate").arg(recorded("planted.plim"));
        command
            .arg("--baseline")
            .arg(recorded("baseline.plim"))
            .env("GITHUB_ACTIONS", actions)
            .env("GITHUB_STEP_SUMMARY", dir.path().join("summary").to_str().unwrap())
            .env("GITHUB_OUTPUT", dir.path().join("output").to_str().unwrap())
            .run()
    };
    let elsewhere = run("false");
    assert!(!elsewhere.stdout.contains("::error") && !dir.path().join("summary").exists());
    // Another command of the step wrote something before.
    dir.write("summary", "# Before\n");
    let there = run("true");
    assert_eq!(there.code, Some(1));
    assert!(
        there
            .stdout
            .contains("::error title=Load test gate%3A success::kava: success is 98.00 %25"),
        "{}",
        there.stdout
    );
    let summary = std::fs::read_to_string(dir.path().join("summary")).unwrap();
    assert!(summary.starts_with("# Before\n### Load test gate: FAIL\n"), "{summary}");
    let output = std::fs::read_to_string(dir.path().join("output")).unwrap();
    assert!(output.starts_with("decision=fail\nexit-code=1\nheadline=FAIL: kava"), "{output}");
    // A summary that is nearly full leaves no room.
    dir.write("summary", vec![b'x'; (1 << 20) - 100]);
    run("true");
    assert!(std::fs::metadata(dir.path().join("summary")).unwrap().len() <= 1 << 20);
}

#[test]
fn damaged_input_gives_no_verdict_unless_that_is_accepted() {
    let dir = Dir::new();
    let mut bytes = std::fs::read(recorded("again.plim")).unwrap();
    bytes.truncate(bytes.len() - 100);
    let cut = dir.write("cut.plim", bytes);
    let run = |more: &[&str]| {
        let command =
            dir.plimsoll().arg("gate").arg(&cut).arg("--baseline").arg(recorded("baseline.plim"));
        command.args(more).run()
    };
    let refused = run(&["--json", "gate.json"]);
    assert_eq!(refused.code, Some(3));
    assert!(refused.stdout.starts_with("INCONCLUSIVE: the candidate, "), "{}", refused.stdout);
    let told: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("gate.json")).unwrap()).unwrap();
    assert_eq!((&told["decision"], &told["exit_code"]), (&json!("inconclusive"), &json!(3)));
    assert_eq!(told["refusals"][0]["kind"], "damaged");
    assert_eq!(run(&["--allow-damaged"]).code, Some(0));
    // A summary tells of the damage, too, whatever is beside it.
    let summary = dir.analyze().args(["--allow-damaged", "--format", "json"]).arg(&cut).run();
    let summary = dir.write("summary.json", summary.stdout);
    let baseline = dir.plimsoll().arg("gate").arg(recorded("again.plim")).arg("--baseline");
    assert_eq!(baseline.arg(&summary).run().code, Some(3));
}

#[test]
fn people_compare_without_a_verdict() {
    let run = |format: &str| {
        TestCommand::plimsoll()
            .arg("compare")
            .arg(recorded("baseline.plim"))
            .arg(recorded("again.plim"))
            .arg(recorded("planted.plim"))
            .args(["--format", format])
            .run()
    };
    let text = run("text");
    assert_eq!(text.code, Some(0));
    assert_eq!(text.stdout.matches("COMPARED:").count(), 2, "{}", text.stdout);
    assert!(text.stdout.contains('~') && text.stdout.contains("-2.00"), "{}", text.stdout);
    assert!(!text.stdout.contains("FAIL"), "{}", text.stdout);
    let answer: Value = serde_json::from_str(&run("json").stdout).unwrap();
    assert_valid(&answer);
    assert_eq!(answer["comparisons"].as_array().unwrap().len(), 2);
    assert!(run("markdown").stdout.starts_with("### Comparison\n"));
}

/// Five runs a side are compared as runs: what differs from run to run is in the interval then.
#[test]
fn several_runs_a_side_are_compared_as_runs() {
    let dir = Dir::new();
    let text = std::fs::read_to_string(summary(&dir, "again.plim")).unwrap();
    let side = |name: &str| {
        (0..5).map(|n| dir.write(&format!("{name}/{n}.json"), &text)).collect::<Vec<_>>()
    };
    side("old");
    side("new");
    dir.write("plimsoll.toml", "[gate]\nlatency_quantile = [0.5, 0.99]\n");
    let answer = dir.plimsoll().args(["gate", "new", "--baseline", "old"]).json();
    assert_eq!(answer["decision"], "pass", "{answer:#}");
    let latency =
        answer["checks"].as_array().unwrap().iter().filter(|check| check["kind"] == "latency");
    let bases: Vec<&str> = latency.map(|check| check["basis"].as_str().unwrap()).collect();
    assert_eq!(bases, ["runs"; 8]);
    assert_eq!(answer["settings"]["questions"], 12);
}
