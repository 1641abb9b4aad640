//! Fleets: from configurations, from recordings, and from summaries of them.

mod capacities;
#[cfg(unix)]
mod commands;
mod refusals;
mod summaries;
mod unpriced;

use serde_json::Value;

use crate::capacity::steps;
use crate::util::{Dir, TestCommand, root};

/// METHODS.md §3.5 as a configuration.
const FOUR: &str = include_str!("fixtures/plan/four-chains.toml");

/// A service level and a target for the recorded servers `hard` and `queue` of `notebooks-data/stepped-rates`.
const HARD: &str =
    "[slo]\nlatency_ms = 200\nsuccess_min = 0.99\n\n[chains.hard]\ntarget_rps = 2000\n";

/// `plimsoll plan` where a configuration lies.
fn plan(dir: &Dir, config: &str) -> TestCommand {
    dir.write("plimsoll.toml", config);
    dir.plimsoll().arg("plan")
}

fn assert_valid(answer: &Value) {
    let schema = std::fs::read(root().join("schema/plimsoll.plan.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// METHODS.md §3.5: 14 instances and one to spare over two of three zones; 9,427.92 USD, 1.195829 for a million.
#[test]
fn the_worked_example_is_right_to_the_cent() {
    let dir = Dir::new();
    let answer = plan(&dir, FOUR).json();
    assert_valid(&answer);
    let pool = &answer["pools"][0];
    let figures =
        ["base", "per_zone", "instances", "survivors"].map(|key| pool[key].as_u64().unwrap());
    assert_eq!(figures, [14, 8, 24, 15]);
    let busy = pool["busy_instances"].as_f64().unwrap();
    assert!((busy - 88.0 / 9.0).abs() < 1e-12, "{busy}");
    let cost = &answer["cost"];
    assert_eq!(cost["relays_per_month"], 7_884_000_000_u64);
    assert_eq!(cost["egress_gb"], 15_768);
    let items: Vec<(&str, f64)> = cost["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["item"].as_str().unwrap(), item["amount"].as_f64().unwrap()))
        .collect();
    let expected = [
        ("on_demand", 2978.4),
        ("reserved", 0.0),
        ("spot", 0.0),
        ("queries", 4730.4),
        ("egress", 1419.12),
        ("fixed", 300.0),
    ];
    assert_eq!(items, expected);
    assert_eq!(cost["total"], 9427.92);
    let per_million = cost["per_million"].as_f64().unwrap();
    assert!((per_million - 1.195_829_528_2).abs() < 1e-9, "{per_million}");
    // 10 % less capacity takes 27 instances, 8 % more takes 21.
    let at = |end: &str| answer["interval"][end]["instances"].as_u64().unwrap();
    assert_eq!((at("low"), at("point"), at("high")), (27, 24, 21));
    assert_eq!(answer["warnings"].as_array().unwrap().len(), 0);

    // A single zone and one to spare, and pools of their own: 15 and 20.
    for (sets, instances) in [
        (&["fleet.zones=1", "fleet.zone_failures=0"][..], 15),
        (&["fleet.zones=1", "fleet.zone_failures=0", "fleet.pooling=per_chain"], 20),
    ] {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let answer = plan(&dir, FOUR).args(sets).json();
        assert_valid(&answer);
        assert_eq!(answer["answer"]["instances"], instances);
        assert_eq!(answer["what_if"]["base"]["instances"], 24);
    }
}

#[test]
fn the_first_lines_answer() {
    let dir = Dir::new();
    let text = plan(&dir, FOUR).env("COLUMNS", "80").answer();
    insta::assert_snapshot!("four_chains", text);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80 || line.starts_with("plimsoll ")),
        "{text}"
    );
    let markdown = plan(&dir, FOUR).args(["--format", "markdown"]).answer();
    insta::assert_snapshot!("four_chains_markdown", markdown);
}

#[test]
fn every_figure_can_be_traced() {
    let dir = Dir::new();
    let text = plan(&dir, FOUR).arg("--explain").env("COLUMNS", "400").answer();
    let (_, explained) = text.split_once("how each figure comes about\n").unwrap();
    insta::assert_snapshot!("explained", explained);

    // A chain's own queries are no setting of [cost].
    let own =
        FOUR.replacen("target_rps = 2000.0", "target_rps = 2000.0\ndb_queries_per_relay = 7", 1);
    let answer = plan(&dir, &own).json();
    let settings = answer["settings"].as_array().unwrap();
    let value = |key: &str| {
        settings.iter().find(|setting| setting["key"] == key).map(|setting| &setting["value"])
    };
    assert_eq!(value("cost.db_queries_per_relay"), Some(&"3".into()));
    assert_eq!(value("chains.ethereum.db_queries_per_relay"), Some(&"7".into()));
}

#[test]
fn pools_of_chains_in_two_zones() {
    let dir = Dir::new();
    let config = FOUR
        .replace("zones = 3", "zones = 2\npooling = \"per_chain\"")
        .replace("size_at = \"point\"", "size_at = \"low\"");
    let config = format!("{config}\n[generator]\ntool = \"vegeta\"\nkeepalive = false\n");
    let text = plan(&dir, &config).env("COLUMNS", "80").answer();
    insta::assert_snapshot!("pools_in_two_zones", text);
    let answer = plan(&dir, &config).json();
    assert_valid(&answer);
    // ⌈T/(0.7·K_low)⌉ and one to spare in either zone: 2000/(0.7·405) = 7.05, 1000/(0.7·540) = 2.65, 1000/(0.7·450) = 3.17.
    let pools: Vec<u64> = answer["pools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pool| pool["instances"].as_u64().unwrap())
        .collect();
    assert_eq!(pools, [18, 8, 8, 10]);
    // Without reuse a host has ports for 28,232·0.8/60 = 376.4/s less the 0.1 s that a connection is open: 14 hosts.
    let ways = &answer["test"]["ways"];
    assert_eq!((&ways[0]["hosts"], &ways[1]["hosts"]), (&14.into(), &1.into()));
    let commands = ways[0]["commands"].as_array().unwrap();
    assert_eq!(commands.len(), 14);
    assert_eq!(
        commands[13][0],
        "vegeta attack -name ethereum -targets ethereum.txt -rate 2000/14s -duration 70s -keepalive=false -output ethereum-14.gob &"
    );
}

/// The server `hard` carries 400/s and not 450/s (`truth.json`): 2000/(400·0.7) = 7.1, so 8, and one to spare.
#[test]
fn a_recording_is_enough_to_plan_with() {
    let dir = Dir::new();
    let answer = plan(&dir, HARD).args(steps("hard")).json();
    assert_valid(&answer);
    let chain = &answer["chains"]["hard"];
    assert_eq!(
        chain["capacity_rps"],
        serde_json::json!({ "low": 400.0, "point": 400.0, "high": 450.0 })
    );
    assert_eq!(
        (&chain["basis"]["kind"], &chain["basis"]["binding"], &chain["limit"]["verdict"]),
        (&"measured".into(), &"success".into(), &"server_limited".into())
    );
    assert_eq!(
        (&answer["answer"]["instances"], &answer["answer"]["at_most"]),
        (&9.into(), &false.into())
    );
    // Each answer's body has 39 bytes; those of failures do not count.
    assert_eq!(
        (&chain["egress_bytes_per_relay"], &chain["egress_source"]),
        (&39.into(), &"measured".into())
    );

    // The same by way of a summary, from a file and from a pipe.
    let summary = dir.analyze().args(steps("hard")).args(["--format", "json"]).answer();
    let file = dir.write("summary.json", &summary);
    let same = plan(&dir, HARD).arg(&file).json();
    let piped = plan(&dir, HARD).arg("-").stdin(summary).json();
    for other in [same, piped] {
        assert_valid(&other);
        for key in ["answer", "pools", "interval", "cost", "test"] {
            assert_eq!(other[key], answer[key], "{key}");
        }
        assert_eq!(other["chains"]["hard"]["limit"], chain["limit"]);
    }
    // And named in the configuration.
    let config = format!("{HARD}capacity_from = [\"summary.json\"]\n");
    assert_eq!(plan(&dir, &config).json()["pools"], answer["pools"]);
    // Two instances served in the test.
    let config = format!("{HARD}instances_under_test = 2\n");
    let halved = plan(&dir, &config).args(steps("hard")).json();
    assert_eq!(
        (&halved["chains"]["hard"]["capacity_rps"]["low"], &halved["pools"][0]["base"]),
        (&200.0.into(), &15.into())
    );
}

#[test]
fn two_chains_that_were_measured_alone_share_a_fleet() {
    let dir = Dir::new();
    let config = format!("{HARD}\n[chains.queue]\ntarget_rps = 1000\n");
    let answer = plan(&dir, &config).args(steps("hard")).args(steps("queue")).json();
    assert_valid(&answer);
    // 2000/400 + 1000/500 = 7, of 0.7: exactly ten, and one to spare.
    let queue = &answer["chains"]["queue"]["capacity_rps"]["low"];
    let busy = answer["pools"][0]["busy_instances"].as_f64().unwrap();
    assert!((busy - (5.0 + 1000.0 / queue.as_f64().unwrap())).abs() < 1e-12);
    assert_eq!(answer["chains"]["queue"]["basis"]["of_mix"], false);
}

/// No rate was too high: there may be more to an instance, and fewer may do.
#[test]
fn an_open_capacity_gives_an_upper_bound() {
    let dir = Dir::new();
    let text = plan(&dir, HARD).args(&steps("hard")[..7]).env("COLUMNS", "80").answer();
    assert!(text.starts_with("PLAN: at most 10 instances carry 2,000/s"), "{text}");
    assert!(text.contains("how sure: 10 "), "{text}");
    assert!(text.contains("sustains at least 350/s"), "{text}");
    let answer = plan(&dir, HARD).args(&steps("hard")[..7]).json();
    assert_valid(&answer);
    assert_eq!(
        (&answer["answer"]["at_most"], &answer["interval"]["high"]),
        (&true.into(), &Value::Null)
    );
}

#[test]
fn what_was_typed_wins_over_what_was_measured() {
    let dir = Dir::new();
    let set = ["--set", "chains.hard.capacity_rps.point=1000"];
    let answer = plan(&dir, HARD).args(steps("hard")).args(set).json();
    assert_valid(&answer);
    assert_eq!(
        answer["chains"]["hard"]["basis"]["source"],
        "--set chains.hard.capacity_rps.point=1000"
    );
    assert_eq!(
        (&answer["pools"][0]["base"], &answer["what_if"]["base"]["instances"]),
        (&3.into(), &9.into())
    );
    let text = plan(&dir, FOUR)
        .args(["--set", "cost.on_demand_per_hour=0.12", "--set", "chains.kava.target_rps=2000"])
        .env("COLUMNS", "80")
        .answer();
    let (_, rest) = text.split_once("what if").unwrap();
    insta::assert_snapshot!("what_if", format!("what if{}", rest.split_once("\n\n").unwrap().0));
}

/// The answer depends neither on threads nor on the order of the inputs.
#[test]
fn the_answer_is_the_same_every_time() {
    let dir = Dir::new();
    let mut files = steps("hard");
    let one = plan(&dir, HARD).args(&files).args(["--threads", "1"]).answer();
    files.reverse();
    assert_eq!(plan(&dir, HARD).args(&files).args(["--threads", "2"]).answer(), one);
}

#[test]
fn a_damaged_input_gives_no_verdict() {
    let dir = Dir::new();
    let mut bytes: Vec<u8> = Vec::new();
    for file in steps("hard") {
        bytes.extend(std::fs::read(file).unwrap());
    }
    bytes.truncate(bytes.len() - 40);
    let cut = dir.write("cut.gob.zst", bytes);
    let output = plan(&dir, HARD).arg(&cut).run();
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    assert!(output.stdout.starts_with("PLAN: "));
    assert_eq!(plan(&dir, HARD).arg(&cut).arg("--allow-damaged").run().code, Some(0));
}

#[test]
fn names_and_texts_do_no_harm() {
    let dir = Dir::new();
    let config = "[chains.\"a|b `c` \\u001b[31m\"]\ntarget_rps = 5\ncapacity_rps = 2\ntargets = \"x'; rm y\"\n";
    for format in ["text", "markdown", "json"] {
        let answer = plan(&dir, config).args(["--format", format]).answer();
        assert!(!answer.contains('\u{1b}'), "{answer}");
        // A shell is to take it for one word.
        assert!(!answer.contains("'x'; rm y"), "{answer}");
    }
    assert_valid(&plan(&dir, config).json());
}

/// 6·0.7/4 leaves a month: the table, the first lines and the room to grow say the same of 4, 4 and 3 instances.
#[test]
fn all_say_the_same_of_when_a_fleet_is_full() {
    let dir = Dir::new();
    let config = "[chains.a]\ntarget_rps = 400\ncapacity_rps = 100\n\
        [fleet]\nzones = 3\nzone_failures = 1\nspare_instances = 0\nmin_instances = 11\n\
        [growth]\nper_month = 0.05\nmonths = 6\n";
    let text = plan(&dir, config).env("COLUMNS", "200").answer();
    for part in [
        "full after a month of +5 %",
        "room to grow: +5 %",
        "at 420/s (+5 %)",
        "full after a month: month 2 takes more",
        "how sure: not known, as the capacities are taken as exact",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // It is full long after anybody asks, or never, and shrinks to nothing.
    let slow = config.replacen("0.05", "0.000001", 1);
    let text = plan(&dir, &slow).env("COLUMNS", "200").answer();
    assert!(text.contains("not full within 1,200 months of less than +0.1 %"), "{text}");
    assert!(text.contains("today's 11 instances are not full within 1,200 months\n"), "{text}");
    let answer = plan(&dir, &slow).json();
    assert_valid(&answer);
    assert_eq!(answer["growth"]["full_in_month"], Value::Null);
    for cost in ["", "[cost]\non_demand_per_hour = 1\n"] {
        let config = format!("{}{cost}", config.replacen("0.05", "-0.99", 1));
        let answer = plan(&dir, &config).json();
        assert_valid(&answer);
        // 400·0.01^4 is 4e-6.
        assert_eq!(answer["growth"]["months"].as_array().unwrap().len(), 5);
        assert_eq!(answer["growth"]["ended"], "next_to_nothing");
        let warnings = answer["warnings"].to_string();
        let why = "plimsoll.toml:10:1: growth.per_month = -0.99: from month 5 on a chain has less than 0.000001/s";
        assert!(warnings.contains(why), "{warnings}");
    }
}
