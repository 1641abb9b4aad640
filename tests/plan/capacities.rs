//! What an instance sustains: from where it is taken, and how it is told.

use super::{HARD, assert_valid, plan};
use crate::capacity::steps;
use crate::util::{Dir, root};

#[test]
fn what_was_typed_of_a_capacity_wins_over_the_file() {
    let dir = Dir::new();
    let summary = dir.analyze().args(["--slo", "latency=200ms,success=99%"]).args(steps("hard"));
    dir.write("tests/summary.json", summary.args(["--format", "json"]).answer());
    let from = format!("{HARD}capacity_from = [\"tests/summary.json\"]\n");
    let written = format!("{HARD}capacity_rps = 100\n");
    let basis = |config: &str, set: &str| {
        let answer = plan(&dir, config).args(["--set", set]).json();
        assert_valid(&answer);
        let chain = &answer["chains"]["hard"];
        (chain["basis"]["kind"].clone(), chain["capacity_rps"]["point"].as_f64().unwrap())
    };
    assert_eq!(basis(&from, "chains.hard.capacity_rps=300"), ("written".into(), 300.0));
    let set = "chains.hard.capacity_from=[\"tests/summary.json\"]";
    assert_eq!(basis(&written, set), ("measured".into(), 400.0));
    // Over what was named beside it, too.
    let answer = plan(&dir, &written).args(["--set", set]).args(&steps("hard")[..7]).json();
    assert_eq!(answer["chains"]["hard"]["basis"]["source"], "tests/summary.json");
    // One end alone: the file's number is the point.
    let answer = plan(&dir, &written).args(["--set", "chains.hard.capacity_rps.low=80"]).json();
    let ends = serde_json::json!({ "low": 80.0, "point": 100.0, "high": 100.0 });
    assert_eq!(answer["chains"]["hard"]["capacity_rps"], ends);
}

/// Chains that are measured in the same inputs are one measurement, however that is named.
#[test]
fn a_mix_may_be_named_by_each_chain() {
    let dir = Dir::new();
    dir.write("mix.plim", crate::generators::mix());
    let from = "capacity_from = [\"mix.plim\"]\n";
    let config = format!(
        "[slo]\nlatency_ms = 100\nsuccess_min = 0.99\n[chains.eth]\ntarget_rps = 900\n{from}[chains.boba]\ntarget_rps = 600\n{from}"
    );
    let answer = plan(&dir, &config).json();
    assert_eq!(answer["chains"]["boba"]["basis"]["of_mix"], true);
    let text = plan(&dir, &config).env("COLUMNS", "400").answer();
    assert!(text.contains("; boba gives way first\n"), "{text}");
}

/// Each chain's inputs are its own, though they were read together.
#[test]
fn a_capacity_names_its_own_inputs() {
    let dir = Dir::new();
    let config = format!("{HARD}\n[chains.queue]\ntarget_rps = 1000\n");
    let answer = plan(&dir, &config).args(steps("hard")).args(steps("queue")).json();
    for chain in ["hard", "queue"] {
        let source = answer["chains"][chain]["basis"]["source"].as_str().unwrap();
        let count = steps(chain).len() - 1;
        assert!(source.contains(&format!("/{chain}/")), "{source}");
        assert!(source.ends_with(&format!(" and {count} more")), "{source}");
    }
}

/// The recording has no server that was too slow: its generators collapsed. However the bracket looks, an instance may carry
/// more than what was seen.
#[test]
fn a_generator_leaves_the_capacity_open() {
    let dir = Dir::new();
    let results = root().join("notebooks-data/generator-collapse/results");
    let config = "[slo]\nlatency_ms = 200\nsuccess_min = 0.99\n[chains.one]\ntarget_rps = 20000\nmatch = { file = \"*\" }\n";
    let refused = plan(&dir, config).arg(&results).run();
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(3), ""));
    for part in
        ["the generator was the limit: 500/s were held", "Its verdict is generator limited: "]
    {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    let allowed = || plan(&dir, config).arg("--allow-screening").arg(&results);
    let answer = allowed().json();
    assert_valid(&answer);
    // 20000/(500·0.7) = 57.1, and one to spare.
    assert_eq!(
        (&answer["answer"]["instances"], &answer["answer"]["at_most"]),
        (&59.into(), &true.into())
    );
    assert_eq!(answer["chains"]["one"]["capacity_rps"]["high"], serde_json::Value::Null);
    assert_eq!(answer["chains"]["one"]["basis"]["generator_limited"], true);
    let text = allowed().env("COLUMNS", "400").answer();
    for part in [
        "PLAN: at most 59 instances",
        "whose generator was the limit: an instance may sustain more",
        "sustains at least 500/s (99 % good within 200 ms, 99 % accepted), as the generator was the limit",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("what breaks is latency"), "{text}");
    // Where no rate held at all, nothing is known of the server.
    let nothing = results.join("collapse.gob.zst");
    let said = plan(&dir, config).arg("--allow-screening").arg(nothing).run();
    assert_eq!(said.code, Some(3));
    assert!(said.stderr.contains("the generator was the limit at every rate"), "{}", said.stderr);
}

/// 190/s are written down, and 170/s size the fleet: both are told, and nothing was seen.
#[test]
fn a_written_capacity_is_called_so() {
    let dir = Dir::new();
    let config = "[chains.a]\ntarget_rps = 700\ncapacity_rps = { low = 170, point = 190, high = 210 }\ninstances_under_test = 2\n";
    let text = plan(&dir, config).env("COLUMNS", "400").answer();
    for part in [
        "a: 190/s (between 170/s and 210/s); the fleet is sized at the low end, 170/s; as written down in plimsoll.toml:3:1",
        "at the point that was written down",
        "chains.a.instances_under_test changes nothing in its capacity_rps",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("seen to hold"), "{text}");
}

/// 2000/(400·0.7) = 7.1 and 1000/(500·0.7) = 2.9, each with one to spare.
#[test]
fn pools_of_their_own_are_measured_too() {
    let dir = Dir::new();
    let config =
        format!("{HARD}\n[chains.queue]\ntarget_rps = 1000\n[fleet]\npooling = \"per_chain\"\n");
    let answer = plan(&dir, &config).args(steps("hard")).args(steps("queue")).json();
    assert_valid(&answer);
    let pools = answer["pools"].as_array().unwrap();
    let instances: Vec<u64> =
        pools.iter().map(|pool| pool["instances"].as_u64().unwrap()).collect();
    assert_eq!(instances, [9, 4]);
}

/// Nothing but zeros means that nobody recorded the bytes, and not that answers have none.
#[test]
fn bytes_that_were_not_recorded_are_no_bytes() {
    let dir = Dir::new();
    let slo = ["--slo", "latency=200ms,success=99%"];
    let mut summary = dir.analyze().args(slo).args(steps("hard")).json();
    summary["chains"]["hard"]["bytes_in_success"] = 0.into();
    let file = dir.write("summary.json", summary.to_string());
    let config = format!("{HARD}[cost]\negress_price_per_gb = 0.09\n");
    let answer = plan(&dir, &config).arg(&file).json();
    assert_valid(&answer);
    assert_eq!(answer["chains"]["hard"]["egress_source"], "not_recorded");
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.contains("the recording has no bytes of answers"), "{warning}");
    assert!(warning.contains("[chains.hard] egress_bytes_per_relay says it"), "{warning}");
}

/// Results that nothing is planned with are told: a chain may have another name than was thought.
#[test]
fn what_was_measured_for_nothing_is_told() {
    let dir = Dir::new();
    let config = HARD.replace("chains.hard", "chains.ethereum") + "capacity_rps = 450\n";
    let notes = |config: &str| {
        let answer = plan(&dir, config).args(steps("hard")).args(steps("queue")).json();
        answer["warnings"].to_string()
    };
    assert!(notes(&config).contains("that nothing is planned with"), "{}", notes(&config));
    assert!(notes(&config).contains(": hard, queue\""), "{}", notes(&config));
    assert!(notes(HARD).contains(": queue\""), "{}", notes(HARD));
    // One chain that is planned for, and one that was measured.
    let answer = plan(&dir, &config).args(steps("hard")).json();
    assert!(!answer["warnings"].to_string().contains("nothing is planned"), "{answer}");
}

/// The bracket is the same; who set the limit is not.
#[test]
fn what_may_not_have_been_the_server_is_told() {
    let dir = Dir::new();
    let slo = ["--slo", "latency=200ms,success=99%"];
    let mut summary = dir.analyze().args(slo).args(steps("hard")).json();
    for (verdict, is_doubtful) in
        [("server_limited", false), ("path_failure", true), ("mixed", true)]
    {
        summary["chains"]["hard"]["verdict"]["kind"] = verdict.into();
        let file = dir.write("summary.json", summary.to_string());
        let answer = plan(&dir, HARD).arg(&file).json();
        let said = answer["warnings"].to_string();
        assert_eq!(said.contains("may not have been so for the server"), is_doubtful, "{said}");
    }
}

/// What one chain's `capacity_from` names has the other, too, at lower rates alone.
#[test]
fn each_chain_has_its_own_source() {
    let dir = Dir::new();
    let files = |of: &[std::path::PathBuf]| {
        of.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>().join(", ")
    };
    let queue = steps("queue");
    let both: Vec<_> = steps("hard").into_iter().chain(queue[..3].iter().cloned()).collect();
    let config = format!(
        "{HARD}capacity_from = [{}]\n[chains.queue]\ntarget_rps = 1000\ncapacity_from = [{}]\n",
        files(&both),
        files(&queue)
    );
    let answer = plan(&dir, &config).json();
    assert_eq!(answer["chains"]["queue"]["basis"]["bound_upper_rps"], 550.0, "{answer}");
}

/// Neither another chain's capacity nor none is taken for one that the inputs do not have.
#[test]
fn a_chain_that_is_not_there_is_told() {
    let dir = Dir::new();
    dir.write("mix.plim", crate::generators::mix());
    let slo = "[slo]\nlatency_ms = 100\nsuccess_min = 0.99\n";
    let kava = "[chains.kava]\ntarget_rps = 900\ncapacity_from = [\"mix.plim\"]\n";
    let near = "[chains.near]\ntarget_rps = 5\ncapacity_rps = { low = 5, point = 5 }\n";
    for config in
        [format!("{slo}{kava}{near}"), format!("{slo}{kava}"), format!("{slo}{near}{kava}")]
    {
        let output = plan(&dir, &config).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{}", output.stderr);
        let line = config.lines().position(|line| line.starts_with("capacity_from")).unwrap() + 1;
        let place =
            format!("plimsoll.toml:{line}:1: chains.kava.capacity_from: kava is not there: ");
        let has_it = output.stderr.contains(&place);
        assert!(
            has_it && output.stderr.contains("mix.plim has the chains boba, eth"),
            "{}",
            output.stderr
        );
    }
}

/// What a chain's match leaves is not it, though it is all there is; nor is another chain.
#[test]
fn what_is_left_of_a_match_is_no_chain() {
    let dir = Dir::new();
    let slo = "[slo]\nlatency_ms = 200\nsuccess_min = 0.99\n";
    let eth = "[chains.eth]\ntarget_rps = 5\nmatch = { host = \"nowhere\" }\n";
    for (config, has) in [
        (format!("{slo}{eth}"), "(unmatched)"),
        (format!("{slo}{eth}[chains.other]\nmatch = {{ file = \"*\" }}\n"), "other"),
    ] {
        let output = plan(&dir, &config).args(steps("hard")).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{}", output.stderr);
        let why = format!(
            "plimsoll.toml:4:9: [chains.eth]: what an instance sustains is not known: the inputs have the chain {has};"
        );
        assert!(output.stderr.contains(&why), "{}", output.stderr);
    }
    // As the summary has it, and as a source of its own.
    let summary = dir.analyze().args(["--config", "plimsoll.toml"]).args(steps("hard"));
    dir.write("plimsoll.toml", format!("{slo}{eth}"));
    dir.write("summary.json", summary.args(["--format", "json"]).answer());
    let from = format!("{slo}{eth}capacity_from = [\"summary.json\"]\n");
    let output = plan(&dir, &from).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("summary.json has the chain (unmatched)"), "{}", output.stderr);
}
