//! Real recordings: Plimsoll's figures are vegeta's, where vegeta's are right, and exact where vegeta estimates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::util::{
    Dir, TestCommand, assert_same_figures, fixture, names_in, requests_by_chain, root, vegeta,
    warnings,
};

/// Quantiles, and the least sample that bounds each of them from both sides with 95 % confidence: the first `n` with
/// `0.025 >= q^n` (METHODS.md §2.2.7).
const PERCENTILES: [(&str, u64); 5] =
    [("p50", 6), ("p90", 36), ("p95", 72), ("p99", 368), ("p999", 3_688)];

fn expected() -> Map<String, Value> {
    let text = std::fs::read_to_string(fixture("expected/corpus.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn gob(case: &str) -> PathBuf {
    fixture("corpus").join(format!("{case}.gob"))
}

fn vegeta_json(path: &Path) -> Value {
    let answer = TestCommand::analyze().arg(path).args(["--format", "vegeta-json"]).answer();
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn every_recording_has_an_expectation() {
    let directory = fixture("corpus");
    let names = names_in(&directory);
    let mut gobs: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".gob")).collect();
    gobs.sort_unstable();
    let expected = expected();
    let cases: Vec<&str> = expected.keys().map(String::as_str).collect();
    assert_eq!(gobs, cases);
}

#[test]
fn the_figures_are_vegetas() {
    for (case, expected) in expected() {
        assert_vegetas(&case, &vegeta_json(&gob(&case)), &expected["report"]);
    }
}

/// Asserts that `report` says the same as vegeta's own, apart from vegeta's estimates. Error texts that differ in a number
/// are one for Plimsoll.
pub(crate) fn assert_vegetas(case: &str, report: &Value, vegetas: &Value) {
    let (mut ours, mut theirs) = (report.clone(), vegetas.clone());
    let [our_texts, their_texts] = [&mut ours, &mut theirs].map(|report| {
        let report = report.as_object_mut().unwrap();
        let latencies = report["latencies"].as_object_mut().unwrap();
        for key in ["50th", "90th", "95th", "99th"] {
            assert!(latencies.remove(key).is_some(), "{case}: {key}");
        }
        let texts = report.remove("errors").unwrap();
        texts
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(ours, theirs, "{case}");
    assert_eq!(our_texts.is_empty(), their_texts.is_empty(), "{case}");
    assert!(our_texts.len() <= their_texts.len(), "{case}: {our_texts:?}");
    for text in our_texts {
        let is_masked = text.contains("=***");
        assert!(is_masked || their_texts.contains(&text), "{case}: {text}");
    }
}

#[test]
fn json_has_exact_counts_and_sums() {
    for (case, expected) in expected() {
        let answer = TestCommand::analyze().arg(gob(&case)).json();
        let total = &answer["total"];
        let report = &expected["report"];
        assert_eq!(total["requests"], report["requests"], "{case}");
        assert_eq!(total["status_codes"], report["status_codes"], "{case}");
        assert_eq!(total["bytes_in_total"], report["bytes_in"]["total"], "{case}");
        assert_eq!(total["bytes_out_total"], report["bytes_out"]["total"], "{case}");
        assert_eq!(total["http_success"]["ratio"], number(&report["success"]), "{case}");
        let counted = |key: &str| total[key].as_u64().unwrap();
        assert_eq!(counted("successes") + counted("failures"), counted("requests"), "{case}");
        let errors = total["errors"].as_array().unwrap();
        let count = |error: &Value| error["count"].as_u64().unwrap();
        let (rpc, texts): (Vec<_>, Vec<_>) =
            errors.iter().partition(|error| error["class"] == "application.rpc_error");
        let texts: u64 = texts.into_iter().map(count).sum();
        assert_eq!(texts, expected["error_texts"]["records"], "{case}");
        let mut codes: BTreeMap<String, u64> = BTreeMap::new();
        for error in rpc {
            *codes.entry(error["rpc_code"].to_string()).or_default() += count(error);
        }
        assert_eq!(json!(codes), expected["rpc_errors"], "{case}");
        let input = &answer["inputs"][0];
        assert_eq!(input["records"], report["requests"], "{case}");
        assert_eq!(moment(&input["first_utc"]), moment(&report["earliest"]), "{case}");
        assert_eq!(moment(&input["last_utc"]), moment(&report["latest"]), "{case}");
        assert_eq!(warnings(&answer), [""; 0], "{case}");
    }
}

/// A ratio as Plimsoll prints it: always with a decimal point.
fn number(value: &Value) -> Value {
    Value::from(value.as_f64().unwrap())
}

fn moment(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn percentiles_are_exact_to_a_thousandth_and_null_without_support() {
    for (case, expected) in expected() {
        let latency = &TestCommand::analyze().arg(gob(&case)).json()["total"]["latency_ms"];
        for outcome in ["all", "success", "failure"] {
            assert_latency(
                &format!("{case}, {outcome}"),
                &latency[outcome],
                &expected["exact"][outcome],
            );
        }
    }
}

fn assert_latency(what: &str, ours: &Value, exact: &Value) {
    let count = exact["count"].as_u64().unwrap();
    assert_eq!(ours["count"], count, "{what}");
    assert!(ours["relative_error"].as_f64().unwrap() <= 0.001, "{what}");
    if count == 0 {
        for key in ["min", "mean", "p50", "p90", "p95", "p99", "p999", "max"] {
            assert!(ours[key].is_null(), "{what}: {key}");
        }
        return;
    }
    // Sums and extremes are told to the nanosecond.
    for key in ["sum", "min", "max"] {
        let nanos = (ours[key].as_f64().unwrap() * 1e6).round();
        assert!((nanos - exact[key].as_f64().unwrap()).abs() < 0.5, "{what}: {key} {}", ours[key]);
    }
    for (key, least) in PERCENTILES {
        let exact = exact[key].as_f64().unwrap() / 1e6;
        match ours[key].as_f64() {
            None => assert!(count < least, "{what}: {key} is null for {count}"),
            Some(value) => {
                assert!(count >= least, "{what}: {key} is {value} for {count}");
                assert!(
                    (value - exact).abs() <= exact * 0.001,
                    "{what}: {key} {value}, exact {exact}"
                );
            }
        }
    }
}

#[test]
fn counts_by_attack_url_and_method() {
    for (case, expected) in expected() {
        for by in ["attack", "url", "method"] {
            let answer = TestCommand::analyze().arg(gob(&case)).args(["--group-by", by]).json();
            let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
            for (name, count) in expected["by"][by].as_object().unwrap() {
                *wanted.entry(chain_name(by, name)).or_default() += count.as_u64().unwrap();
            }
            assert_eq!(requests_by_chain(&answer), Vec::from_iter(wanted), "{case} by {by}");
        }
    }
}

/// A chain's name for vegeta's attack, URL or method. Queries are no part of it: they hold keys and numbers.
fn chain_name(by: &str, name: &str) -> String {
    match (by, name) {
        (_, "") => "(unmatched)".to_owned(),
        ("url", url) => url.split('?').next().unwrap().to_owned(),
        (_, name) => name.to_owned(),
    }
}

/// vegeta writes each recording in three formats; what is read does not depend on the format, compression or detour.
#[test]
fn every_form_of_a_recording_has_the_same_figures() {
    let corpus = names_in(&fixture("corpus")).into_iter().map(|name| format!("corpus/{name}"));
    let reencoded =
        names_in(&fixture("reencoded")).into_iter().map(|name| format!("reencoded/{name}"));
    let mut forms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in corpus.chain(reencoded).filter(|path| !path.contains("ok-eth+ok-boba")) {
        let (_, name) = path.split_once('/').unwrap();
        let (case, rest) = name.split_once('.').unwrap();
        if rest != "md" && name != "expected.json" {
            forms.entry(case.to_owned()).or_default().push(path);
        }
    }
    forms.retain(|_, paths| paths.len() > 1);
    assert_eq!(forms.values().map(Vec::len).sum::<usize>(), 32, "{forms:#?}");
    for paths in forms.into_values() {
        let gob = TestCommand::analyze().arg(fixture(&paths[0])).json();
        for path in &paths[1..] {
            let other = TestCommand::analyze().arg(fixture(path)).json();
            assert_same_figures(&gob, &other, &format!("{} and {path}", paths[0]));
        }
    }
}

#[test]
fn two_compressed_streams_in_one_file_are_two_streams() {
    let dir = Dir::new();
    let apart =
        dir.analyze().args([dir.recording("ok-eth.gob"), dir.recording("ok-boba.gob")]).json();
    for name in ["reencoded/ok-eth+ok-boba.gob.gz", "reencoded/ok-eth+ok-boba.gob.zst"] {
        let answer = dir.analyze().arg(fixture(name)).json();
        assert_same_figures(&apart, &answer, name);
        assert_eq!(answer["total"]["requests"], 800);
    }
}

#[test]
fn four_files_and_their_concatenation_are_four_chains() {
    let dir = Dir::new();
    let names = ["ok-eth.gob", "ok-boba.gob", "ok-mantle.gob", "ok-kava.gob"];
    let files = names.map(|name| dir.recording(name));
    let together = files.iter().flat_map(|path| std::fs::read(path).unwrap()).collect::<Vec<u8>>();
    let one = dir.analyze().arg(dir.write("all.gob", &together)).json();
    let four = dir.analyze().args(&files).json();
    let piped = dir.analyze().arg("-").stdin(together).json();
    let chains = ["boba", "eth", "kava", "mantle"].map(|name| (name.to_owned(), 400));
    for answer in [&one, &four, &piped] {
        assert_eq!(requests_by_chain(answer), chains);
        assert_eq!(answer["total"]["requests"], 1_600);
        assert_eq!(warnings(answer), [""; 0]);
        assert_eq!(answer["runs"].as_array().unwrap().len(), 4);
    }
    assert_same_figures(&one, &four, "one file and four");
    assert_same_figures(&one, &piped, "a file and a pipe");
}

/// Fifty requests each, by versions from 2018 to 2023, against that version's own report.
#[test]
fn what_old_vegetas_wrote() {
    let names = names_in(&fixture("old"));
    let versions: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".gob")).collect();
    assert_eq!(versions.len(), 6);
    for version in versions {
        let text = std::fs::read_to_string(fixture(&format!("old/{version}.report.json"))).unwrap();
        let theirs: Value = serde_json::from_str(&text).unwrap();
        let gob = TestCommand::analyze().arg(fixture(&format!("old/{version}.gob"))).json();
        for format in ["gob", "json", "csv"] {
            let name = format!("old/{version}.{format}");
            let ours = vegeta_json(&fixture(&name));
            assert_eq!(ours["requests"], 50, "{name}");
            for key in
                ["requests", "status_codes", "bytes_in", "bytes_out", "earliest", "latest", "end"]
            {
                assert_eq!(ours[key], theirs[key], "{name}: {key}");
            }
            for key in ["duration", "wait", "rate", "success"] {
                assert_eq!(ours[key].as_f64(), theirs[key].as_f64(), "{name}: {key}");
            }
            for key in ["total", "mean", "max"] {
                assert_eq!(ours["latencies"][key], theirs["latencies"][key], "{name}: {key}");
            }
            let answer = TestCommand::analyze().arg(fixture(&name)).json();
            assert_eq!(warnings(&answer), [""; 0], "{name}");
            assert_eq!(answer["inputs"][0]["format"], format!("vegeta-{format}"), "{name}");
            assert_same_figures(&gob, &answer, &name);
        }
    }
}

#[test]
fn the_figures_are_those_of_the_vegeta_at_hand() {
    let Some(vegeta) = vegeta("the comparison") else { return };
    for case in expected().keys() {
        let path = gob(case);
        let report =
            Command::new(&vegeta).args(["report", "-type", "json"]).arg(&path).output().unwrap();
        assert!(report.status.success(), "{case}: {}", String::from_utf8_lossy(&report.stderr));
        let theirs: Value = serde_json::from_slice(&report.stdout).unwrap();
        assert_vegetas(case, &vegeta_json(&path), &theirs);
    }
}

/// The examples that the README shows are real and sound.
#[test]
fn the_bundled_recording_reads_without_a_warning() {
    let data = root().join("notebooks-data/four-chains");
    for part in ["healthy", "failing"] {
        let answer = TestCommand::analyze().arg(data.join(part)).json();
        assert_eq!(requests_by_chain(&answer).len(), 4, "{part}");
        assert_eq!(warnings(&answer), [""; 0], "{part}");
    }
}
