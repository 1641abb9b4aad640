//! What a plan refuses, and what it says then.

use std::path::PathBuf;

use serde_json::Value;

use super::{FOUR, HARD, plan};
use crate::capacity::steps;
use crate::util::{Dir, root};

/// What is said of a configuration that is wrong.
fn said(config: &str) -> String {
    let dir = Dir::new();
    let output = plan(&dir, config).run();
    assert_eq!(output.code, Some(2), "{config}: {}", output.stdout);
    assert_eq!(output.stdout, "", "{config}");
    output.stderr
}

/// Each with its file, line, key, value and what would be valid.
#[test]
fn wrong_configurations_are_told_where_and_what() {
    let with = |table: &str| format!("{FOUR}\n{table}\n");
    let other = |from: &str, to: &str| FOUR.replacen(from, to, 1);
    let wrong = [
        other("zones = 3", "zones = 0"),
        other("zone_failures = 1", "zone_failures = 3"),
        other("zone_failures", "zone_failure"),
        other("utilisation_target = 0.70", "utilisation_target = 70"),
        other("spare_instances = 1", "spare_instances = -1"),
        other("load_factor = 0.60", "load_factor = 0"),
        other("size_at = \"point\"", "size_at = \"high\""),
        other("size_at = \"point\"", "pooling = \"own\""),
        other("size_at = \"point\"", "peak_factor = 0.5"),
        other("load_factor = 0.60", "load_factor = 60"),
        other("target_rps = 2000.0", "target_rps = 2000.0\ninstances_under_test = 0"),
        other("zones = 3", "zones = "),
        other("zones = 3", "on_demand_per_hour = 3"),
        format!("zones = 3\n{FOUR}"),
        FOUR.replace("chains.kava", "kava"),
        other("per_month = 0.08", "per_month = 8"),
        other("per_month = 0.08", ""),
        other("months = 6", "months = 0"),
        other("currency = \"USD\"", "currency = \"US dollars\""),
        other("on_demand_per_hour = 0.17", "on_demand_per_hour = -0.17"),
        other("on_demand_per_hour = 0.17", "on_demand_per_hour = \"0.17\""),
        other("on_demand_per_hour", "on_demand_per_hr"),
        other("currency", "hours_per_month = 0\ncurrency"),
        other("db_queries_per_relay = 3.0", "db_queries_per_relay = nan"),
        other("target_rps = 2000.0", "target_rps = 0"),
        other("target_rps = 2000.0", "target_rps = 2000.0\ncapacity_from = [\"x.gob\"]"),
        other("low = 405.0", "low = 455.0"),
        other("point = 450.0, ", ""),
        other("{ low = 405.0, point = 450.0, high = 486.0 }", "\"450\""),
        other("capacity_rps = { low = 405.0, point = 450.0, high = 486.0 }", ""),
        other(
            "capacity_rps = { low = 405.0, point = 450.0, high = 486.0 }",
            "capacity_from = [\"nowhere.gob\"]",
        ),
        other("size_at = \"point\"", "peak_factor = 150"),
        other("currency", "hours_per_month = 8760\ncurrency"),
        other("currency", "spot_interruption_overhead = 5\ncurrency"),
        other("per_month = 0.08", "per_month = 1e-300"),
        other("low = 405.0", "low = 1e-300"),
        other("{ low = 405.0, point = 450.0, high = 486.0 }", "1e-300"),
        other("{ low = 405.0, point = 450.0, high = 486.0 }", "0.000001"),
        other("on_demand_per_hour = 0.17", "on_demand_per_hour = 1e9\nreserved_instances = 0")
            .replacen("target_rps = 2000.0", "target_rps = 1e9", 1),
        other("spare_instances = 1", "spare_instances = 1000000")
            .replacen("zones = 3", "zones = 3000", 1)
            .replacen("zone_failures = 1", "zone_failures = 2999", 1),
        with("[generator]\nlatency_ms = 1e-300"),
        with("[generator]\ntool = \"wrk\""),
        with("[generator]\ncpus = 0"),
        with("[flet]\nzones = 2"),
        "[fleet]\nzones = 3\n".to_owned(),
        "[chains.kava]\ncapacity_rps = 450\n".to_owned(),
        with("[fleet2"),
    ];
    let said: Vec<String> = wrong.iter().map(|config| said(config)).collect();
    insta::assert_snapshot!("wrong_configurations", said.concat());
}

#[test]
fn a_wrong_change_is_told() {
    let dir = Dir::new();
    let mut said = String::new();
    for set in [
        "fleet.zones=0",
        "fleet.zone=2",
        "fleet.zones=",
        "kava.target_rps=5",
        "kva.target_rps=5",
        "zones=2",
        "target_rps=2",
        "ports.low=2",
        "fleet.target_utilization=0.5",
        "chains.kava=5",
        "growth=0.1",
        "cost.on_demand_per_hour=cheap",
        "chains.kava.target_rps=-5",
        "chains.kva.target_rps=5",
        "zones",
        "gate.margin=0.01",
        "chains.kava.weight=2",
        "chains.the chain.target_rps=5",
    ] {
        let output = plan(&dir, FOUR).args(["--set", set]).run();
        assert_eq!(output.code, Some(2), "{set}");
        said += &output.stderr;
    }
    insta::assert_snapshot!("wrong_changes", said);
}

#[test]
fn changes_are_looked_at_together() {
    let dir = Dir::new();
    let config = "[chains.'a.b']\ntarget_rps = 5\ncapacity_rps = 3\n[chains.idle]\n";
    // Months alone are no growth.
    let answer = plan(&dir, config)
        .args(["--set", "growth.months=3", "--set", "growth.per_month=0.1"])
        .args(["--set", "chains.'a.b'.target_rps=3000"])
        .json();
    assert_eq!(answer["growth"]["months"].as_array().unwrap().len(), 4);
    assert_eq!(answer["answer"]["target_rps"], 3000.0);
    assert_eq!(answer["what_if"]["changed"][2]["from"], "5");
    for (sets, why) in [
        (&["fleet.zones=2", "growth.months=3"][..], "--set growth.months=3: missing field"),
        (&["chains.a.b.target_rps=5"], "'chains.\"a.b\".target_rps=…'"),
        (&["chains.idle.capacity_rps=5"], "changes nothing of a plan: idle has no target_rps"),
    ] {
        let output = plan(&dir, config).args(sets.iter().flat_map(|set| ["--set", set])).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
        assert!(output.stderr.contains(why), "{}", output.stderr);
    }
}

/// Neither the configuration nor what it names is written over.
#[test]
fn inputs_are_not_overwritten() {
    let dir = Dir::new();
    summary(&dir, |_| {});
    let config = format!("{HARD}capacity_from = [\"summary.json\"]\n");
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    dir.write("plimsoll.toml", &config);
    for to in ["plimsoll.toml", "./plimsoll.toml", "summary.json"] {
        let before = read(to);
        let output = plan(&dir, &config).args(["-o", to]).run();
        assert_eq!(output.code, Some(2), "{to}");
        assert!(output.stderr.contains("would overwrite"), "{}", output.stderr);
        if to == "summary.json" {
            assert_eq!(read(to), before);
        }
        assert_eq!(read("plimsoll.toml"), config.as_bytes());
    }
    let output = dir
        .analyze()
        .args(["--config", "plimsoll.toml", "-o", "plimsoll.toml"])
        .args(steps("hard"))
        .run();
    assert_eq!(output.code, Some(2));
    assert!(
        output.stderr.contains("overwrite the configuration plimsoll.toml"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_configuration_is_no_result() {
    let dir = Dir::new();
    dir.write("t.toml", FOUR);
    let output = dir.plimsoll().args(["plan", "t.toml"]).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("plimsoll plan --config t.toml"), "{}", output.stderr);
}

/// Of each summary that cannot be: the file, the key, the value.
#[test]
fn a_summary_has_rates_in_order() {
    let dir = Dir::new();
    for (key, value, why) in [
        ("interval_high_rps", 10.0, "interval_high_rps: 10.0: expected at least"),
        ("interval_low_rps", -5.0, "interval_low_rps: -5.0: expected requests per second"),
        ("bound_lower_rps", 1e-300, "bound_lower_rps: 1e-300: expected requests per second"),
        ("bound_upper_rps", 5.0, "bound_upper_rps: 5.0: expected at least bound_lower_rps, 400.0"),
    ] {
        let file = summary(&dir, |capacity| capacity[key] = value.into());
        let output = plan(&dir, HARD).arg(&file).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{key}");
        let names = output.stderr.contains("summary.json: chains.hard.capacity.");
        assert!(names && output.stderr.contains(why), "{}", output.stderr);
    }
    // Three sweeps that differ much leave nothing certain.
    let file = summary(&dir, |capacity| capacity["interval_low_rps"] = 0.0.into());
    let said = refused(HARD, &[file], &[]);
    assert!(said.contains("by chance an instance may sustain less than all rates"), "{said}");
}

/// The file ends with a plan to begin with, which works.
#[test]
fn who_has_nothing_yet_is_told_how_to_begin() {
    let dir = Dir::new();
    let output = dir.plimsoll().arg("plan").run();
    assert_eq!(output.code, Some(2));
    let (beginning, _) = output.stderr.split_once("plimsoll: error").unwrap();
    let text = plan(&dir, beginning).answer();
    // 2000/(450·0.7) = 6.3, so 7, and one to spare over two of three zones.
    assert!(text.starts_with("PLAN: 12 instances, 4 in each of 3 zones,"), "{text}");

    // It can be written into a file, whatever is there.
    assert!(output.stderr.contains("plimsoll plan --template > plimsoll.toml"));
    for config in ["", "[chains.a"] {
        assert_eq!(plan(&dir, config).arg("--template").answer(), beginning);
    }
    // What is typed may be all of it.
    let dir = Dir::new();
    let typed = ["--set", "chains.a.target_rps=7", "--set", "chains.a.capacity_rps=2"];
    let output = dir.plimsoll().arg("plan").args(typed).run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
}

/// Exit 3: what was measured allows for no answer.
fn refused(config: &str, files: &[PathBuf], flags: &[&str]) -> String {
    let dir = Dir::new();
    let output = plan(&dir, config).args(flags).args(files).run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(3), ""), "{}", output.stderr);
    output.stderr
}

#[test]
fn measurements_that_tell_nothing_size_nothing() {
    let recording = |name: &str| vec![root().join("notebooks-data").join(name)];
    let hard = steps("hard");
    // Every rate was too high.
    let said = refused(HARD, &hard[8..], &[]);
    assert!(said.contains("every rate in ") && said.contains("less than 450/s"), "{said}");
    assert!(said.contains("Its verdict is server limited: "), "{said}");
    assert!(said.contains("what breaks first is success"), "{said}");
    // No service level.
    let said = refused("[chains.hard]\ntarget_rps = 5\n", &hard, &[]);
    assert!(said.contains("--slo latency=500ms,success=99.5%"), "{said}");
    // A generator that was the limit: the verdict is restated.
    let slow = "[slo]\nlatency_ms = 50\nsuccess_min = 0.9\n[chains.ethereum]\ntarget_rps = 5\n";
    let said = refused(slow, &recording("port-exhaustion/results"), &[]);
    assert!(said.contains("ethereum: "), "{said}");
}

/// The summary of a recording in which the chain's capacity is changed.
pub(super) fn summary(dir: &Dir, change: impl Fn(&mut Value)) -> PathBuf {
    let slo = ["--slo", "latency=200ms,success=99%"];
    let mut summary = dir.analyze().args(slo).args(steps("hard")).json();
    change(&mut summary["chains"]["hard"]["capacity"]);
    dir.write("summary.json", summary.to_string())
}

#[test]
fn a_weak_measurement_is_taken_only_where_that_is_asked_for() {
    for (change, why) in [
        ((|capacity| capacity["screening"] = true.into()) as fn(&mut Value), "is a screening"),
        (
            |capacity| {
                capacity["censored"] = "generator".into();
                capacity["bound_upper_rps"] = Value::Null;
                capacity["interval_high_rps"] = Value::Null;
            },
            "the generator was the limit: 400/s were held",
        ),
    ] {
        let dir = Dir::new();
        let file = summary(&dir, change);
        let said = refused(HARD, std::slice::from_ref(&file), &[]);
        assert!(said.contains(why) && said.contains("--allow-screening"), "{said}");
        assert!(said.contains("Its verdict is server limited: "), "{said}");
        let allowed = plan(&dir, HARD).arg("--allow-screening").arg(&file).json();
        super::assert_valid(&allowed);
        assert_eq!(allowed["answer"]["instances"], 9);
        assert!(allowed["warnings"][0].as_str().unwrap().contains("--allow-screening"));
    }
}

/// Two chains in one mix of 3 to 2, of which 250/s held and 300/s did not.
#[test]
fn chains_that_were_measured_together_are_planned_in_that_mix() {
    let dir = Dir::new();
    let config = |eth: f64, boba: f64, rest: &str| {
        format!(
            "[slo]\nlatency_ms = 100\nsuccess_min = 0.99\n[chains.eth]\ntarget_rps = {eth}\n{rest}[chains.boba]\ntarget_rps = {boba}\n{rest}"
        )
    };
    let results = dir.write("mix.plim", crate::generators::mix());
    let same = config(900.0, 600.0, "");
    // Two instances served both chains.
    let by_two = config(900.0, 600.0, "instances_under_test = 2\n");
    for (config, instances) in [(&same, 1_u32), (&by_two, 2)] {
        dir.write("plimsoll.toml", config);
        let summary = dir.analyze().arg(&results).json();
        let summary = dir.write("summary.json", summary.to_string());
        for file in [&results, &summary] {
            let answer = plan(&dir, config).arg(file).json();
            super::assert_valid(&answer);
            // What the generator said of itself is in the summary, too.
            let assumptions = answer["test"]["assumptions"].to_string();
            assert!(assumptions.contains("measured by the attack"), "{assumptions}");
            for chain in ["eth", "boba"] {
                let chain = &answer["chains"][chain];
                assert_eq!(chain["basis"]["of_mix"], true);
                assert_eq!(chain["basis"]["limited_by"], "boba");
                assert_eq!(chain["basis"]["instances_under_test"], instances);
                let capacity = |end: &str| chain["capacity_rps"][end].as_f64().unwrap();
                assert!((capacity("point") * f64::from(instances) - 250.0).abs() < 1e-6);
                let busy = answer["pools"][0]["busy_instances"].as_f64().unwrap();
                assert!((busy - 1500.0 / capacity("low")).abs() < 1e-6, "{busy}");
            }
        }
    }

    let apart = dir.write("apart.plim", crate::generators::many_mixes());
    let per_chain = format!("{same}[fleet]\npooling = \"per_chain\"\n");
    let third = format!("{same}[chains.kava]\ntarget_rps = 5\ncapacity_rps = 3\n");
    let by_some = by_two.replacen("under_test = 2", "under_test = 3", 1);
    for (config, file, why) in [
        (&config(900.0, 2400.0, ""), &results, "in another mix (boba 40 %, eth 60 %)"),
        (&per_chain, &results, "pools of their own"),
        (&third, &results, "not all chains that are planned for"),
        (&by_some, &results, "different numbers of instances"),
        (&same, &apart, "in another mix at each rate"),
    ] {
        let said = refused(config, std::slice::from_ref(file), &[]);
        assert!(said.contains(why) && said.contains("measure each chain alone"), "{said}");
        // Who set the limit is told of each.
        assert!(
            said.contains("eth: Its verdict is ") && said.contains("boba: Its verdict is "),
            "{said}"
        );
    }
}

/// Beside others a file may be anything, as `truth.json` is here: the ledger tells it.
#[test]
fn what_lies_beside_results_is_no_summary() {
    let dir = Dir::new();
    let config = "[slo]\nlatency_ms = 200\nsuccess_min = 0.99\n[chains.other]\ntarget_rps = 5\ncapacity_rps = 5\n";
    let shedding = root().join("notebooks-data/shedding-server");
    let output = plan(&dir, config).arg(shedding).run();
    assert!(output.stdout.starts_with("PLAN: "), "{}", output.stderr);
}

#[test]
fn what_is_no_summary_is_told() {
    let dir = Dir::new();
    for (text, why) in [
        ("{ \"schema\": \"plimsoll.doctor/1\" }", "found plimsoll.doctor/1"),
        ("{}", "found an object without a schema"),
        ("{ \"schema\": \"plimsoll.summary/1\" }", "missing field `config`"),
        ("{ \"schema\": ", "EOF"),
    ] {
        let file = dir.write("other.json", text);
        let output = plan(&dir, HARD).arg(&file).run();
        assert_eq!(output.code, Some(2), "{text}");
        assert!(
            output.stderr.contains("other.json: ") && output.stderr.contains(why),
            "{}",
            output.stderr
        );
    }
}
