//! `plimsoll convert`: vegeta reads what it writes, and says the same of it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::recipe::{self, Result};
use crate::util::{
    Dir, TestCommand, assert_same_figures, fixture, names_in, of_inputs, recording, vegeta,
};

const FORMATS: [&str; 3] = ["gob", "json", "csv"];

impl TestCommand {
    fn convert(to: &str) -> Self {
        Self::plimsoll().args(["convert", "--to", to])
    }

    /// The output of a run that ends with 0.
    fn converted(self) -> Vec<u8> {
        let (code, stdout, stderr) = self.run_to_bytes();
        assert_eq!(code, Some(0), "{stderr}");
        stdout
    }
}

fn convert(path: &Path, to: &str) -> Vec<u8> {
    TestCommand::convert(to).arg(path).converted()
}

fn again(bytes: impl Into<Vec<u8>>, to: &str) -> Vec<u8> {
    TestCommand::convert(to).stdin(bytes).converted()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Bodies apart: whether one is absent or empty, CSV does not tell, and gob neither.
fn without_empty_bodies(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        if record["body"] == "" {
            record["body"] = Value::Null;
        }
    }
    records
}

/// All recordings and what old vegetas wrote of 12 columns, by format.
fn recordings() -> Vec<(PathBuf, &'static str)> {
    let corpus = fixture("corpus");
    let mut found = Vec::new();
    for name in names_in(&corpus).iter().filter(|name| *name != "expected.json") {
        if let Some(format) = FORMATS.into_iter().find(|format| name.ends_with(format)) {
            found.push((corpus.join(name), format));
        }
    }
    assert!(found.len() > 60, "{}", found.len());
    found
}

/// What vegeta does with bytes on its standard input.
fn ask<S: AsRef<OsStr>>(vegeta: &OsStr, args: &[S], bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new(vegeta)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(bytes));
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn report(vegeta: &OsStr, bytes: &[u8]) -> Value {
    serde_json::from_slice(&ask(vegeta, &["report", "-type", "json"], bytes)).unwrap()
}

/// The order stays, and so do even vegeta's estimates of percentiles.
#[test]
fn vegeta_reports_the_same_of_every_recording_in_every_format() {
    let Some(vegeta) = vegeta("what convert writes") else { return };
    for (path, from) in recordings() {
        let original = std::fs::read(&path).unwrap();
        let expected = report(&vegeta, &original);
        let encoded = ask(&vegeta, &["encode", "-to", "json"], &original);
        let encoded_csv = ask(&vegeta, &["encode", "-to", "csv"], &original);
        for to in FORMATS {
            let what = format!("{} to {to}", path.display());
            let converted = convert(&path, to);
            assert_eq!(report(&vegeta, &converted), expected, "{what}");
            let ours = lines(&ask(&vegeta, &["encode", "-to", "json"], &converted));
            if from == to {
                assert_eq!(ours, lines(&encoded), "{what}");
            } else {
                let theirs = without_empty_bodies(lines(&encoded));
                assert_eq!(without_empty_bodies(ours), theirs, "{what}");
            }
            match to {
                "csv" => assert_eq!(converted, encoded_csv, "{what}"),
                "json" => assert_eq!(lines(&converted), lines(&encoded), "{what}"),
                _ => {}
            }
        }
    }
}

/// The order of headers stays, too.
/// A native stream holds what the recording held: it becomes what the recording itself becomes.
#[test]
fn a_native_stream_keeps_every_recording() {
    for (path, _) in recordings() {
        let what = path.display();
        let native = convert(&path, "native");
        assert!(native.len() < std::fs::read(&path).unwrap().len() + 2_000, "{what}");
        assert_eq!(again(native.as_slice(), "gob"), convert(&path, "gob"), "{what}");
        let json = |bytes: &[u8]| without_empty_bodies(lines(bytes));
        assert_eq!(
            json(&again(native.as_slice(), "json")),
            json(&convert(&path, "json")),
            "{what}"
        );
        // The copy has another id, and checksums with it.
        let copy = again(native.as_slice(), "native");
        assert_eq!(copy.len(), native.len(), "{what}");
        assert_eq!(again(copy, "gob"), convert(&path, "gob"), "{what}");
        let analyzed = TestCommand::analyze().arg("-").stdin(native).json();
        let original = TestCommand::analyze().arg(&path).json();
        assert_same_figures(&analyzed, &original, &what.to_string());
    }
}

#[test]
fn a_recording_in_its_own_format_stays_to_the_byte() {
    for (path, from) in recordings() {
        assert!(convert(&path, from) == std::fs::read(&path).unwrap(), "{}", path.display());
    }
}

/// What vegeta's own encode made of the same recordings.
#[test]
fn other_formats_are_what_vegeta_made_of_them() {
    for case in ["conn-refused", "mix-429", "ok-mixed", "rpc-error-200"] {
        let gob = fixture("corpus").join(format!("{case}.gob"));
        assert!(convert(&gob, "csv") == recording(&format!("{case}.csv")), "{case}");
        let json = recording(&format!("{case}.json"));
        assert_eq!(lines(&convert(&gob, "json")), lines(&json), "{case}");
        assert_eq!(lines(&again(again(json.clone(), "gob"), "json")), lines(&json), "{case}");
        let csv = recording(&format!("{case}.csv"));
        assert!(again(again(csv.clone(), "gob"), "csv") == csv, "{case}");
        assert!(again(again(csv.clone(), "json"), "csv") == csv, "{case}");
    }
}

#[test]
fn the_output_does_not_depend_on_threads() {
    let dir = Dir::new();
    let many = recording("ok-mixed.gob").repeat(12);
    dir.write("many.gob", many);
    for to in FORMATS {
        let run = |threads: &str| {
            let command = dir.plimsoll().args(["convert", "many.gob", "--to", to]);
            command.args(["--threads", threads]).converted()
        };
        let one = run("1");
        assert!(one == run("2") && one == run("7"), "{to}");
    }
}

#[test]
fn what_old_vegetas_wrote() {
    let vegeta = vegeta("what convert makes of old files");
    for version in ["v6.3.0", "v7.0.3", "v8.0.0", "v10.0.0", "v12.7.0", "v12.8.4"] {
        let gob = fixture(&format!("old/{version}.gob"));
        let expected = lines(&convert(&gob, "json"));
        assert_eq!(expected.len(), 50, "{version}");
        for from in FORMATS {
            let path = fixture(&format!("old/{version}.{from}"));
            for to in FORMATS {
                let what = format!("{version}.{from} to {to}");
                let converted = convert(&path, to);
                let back = again(converted.clone(), "json");
                assert_eq!(
                    without_empty_bodies(lines(&back)),
                    without_empty_bodies(expected.clone()),
                    "{what}"
                );
                if let Some(vegeta) = &vegeta {
                    let theirs = report(vegeta, &std::fs::read(&gob).unwrap());
                    assert_eq!(report(vegeta, &converted), theirs, "{what}");
                }
            }
        }
        let numberless = matches!(version, "v6.3.0" | "v7.0.3");
        let (_, _, told) = TestCommand::convert("json").arg(&gob).run_to_bytes();
        assert_eq!(told.contains("without a number"), numberless, "{version}: {told}");
    }
}

/// What can be read of a damaged file is written, and what cannot is told.
#[test]
fn damaged_files() {
    let directory = fixture("bad");
    let mut codes = BTreeMap::new();
    for name in names_in(&directory) {
        let path = directory.join(&name);
        let analyze = TestCommand::analyze().arg(&path).arg("--keep-duplicates");
        let (_, _, refused) = analyze.run_to_bytes();
        for to in FORMATS {
            let (code, stdout, stderr) = TestCommand::convert(to).arg(&path).run_to_bytes();
            *codes.entry(code).or_insert(0) += 1;
            if code == Some(2) {
                assert!(refused.contains("no record") && stdout.is_empty(), "{name}: {stderr}");
                continue;
            }
            let analyze = TestCommand::analyze().arg(&path).arg("--keep-duplicates");
            let (analyzed, before) = analyze.json_of_any();
            assert_eq!(code, analyzed, "{name}: {stderr}");
            assert_eq!(code == Some(3), stderr.contains("are lost"), "{name}: {stderr}");
            let dir = Dir::new();
            let analyze = dir.analyze().arg(dir.write("out", &stdout)).arg("--keep-duplicates");
            let (after_code, after) = analyze.json_of_any();
            assert_eq!(after_code, Some(0), "{name} to {to}");
            assert_eq!(of_inputs(&after, "records"), of_inputs(&before, "records"), "{name}");
            let lenient = TestCommand::convert(to).arg(&path).arg("--allow-damaged");
            assert!(lenient.converted() == stdout, "{name}");
        }
    }
    assert!(codes[&Some(3)] > 20 && codes[&Some(2)] > 10 && codes[&Some(0)] > 5, "{codes:?}");
}

#[test]
fn inputs_that_are_no_results() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    dir.write("notes/README.md", "no results");
    dir.write("notes/results.gob", recording("ok-boba.gob"));
    let run = |inputs: &[&str]| dir.plimsoll().args(["convert", "--to", "json"]).args(inputs).run();
    let found = run(&["notes"]);
    assert_eq!((found.code, lines(found.stdout.as_bytes()).len()), (Some(0), 400));
    assert!(found.stderr.contains("note: notes/README.md: no vegeta gob"), "{}", found.stderr);
    let named = run(&["ok-eth.gob", "notes/README.md"]);
    assert_eq!((named.code, lines(named.stdout.as_bytes()).len()), (Some(3), 400));
    assert!(named.stderr.contains("warning: notes/README.md"), "{}", named.stderr);
}

/// vegeta refuses two gobs in one file, and files whose formats change.
#[test]
fn concatenations_become_one_stream() {
    let dir = Dir::new();
    let parts = ["ok-eth.gob", "mix-429.json", "ok-mixed.csv", "ok-boba.gob"].map(recording);
    dir.write("all", parts.concat());
    let counts = parts.map(|part| lines(&again(part, "json")).len());
    let whole = dir.plimsoll().args(["convert", "all", "--to", "gob"]).converted();
    assert_eq!(lines(&again(whole.clone(), "json")).len(), counts.iter().sum::<usize>());
    if let Some(vegeta) = vegeta("concatenations") {
        assert_eq!(report(&vegeta, &whole)["requests"], counts.iter().sum::<usize>());
    }
    // Several inputs follow one another in the order of their names.
    let files = ["b.gob", "a.gob"].map(|name| dir.write(name, recording("ok-eth.gob")));
    let command = dir.plimsoll().args(["convert", "--to", "gob"]).args(files);
    assert_eq!(lines(&again(command.converted(), "json")).len(), 800);
}

#[test]
fn what_csv_cannot_hold_is_told() {
    let zoned = Result::default().line().replace("Z\"", "+02:00\"");
    let run = TestCommand::convert("csv").stdin(zoned + "\n").run();
    assert_eq!(run.code, Some(0));
    assert!(
        run.stderr.contains("1 of 1 records: the zone of the time is not written"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("no body is written as an empty one"), "{}", run.stderr);
}

#[test]
fn credentials_are_told_of_and_masked() {
    let secret = "8d7f2a91c3be4056af12";
    let with = |url: &str, error: &str, headers: &[(&str, &str)]| Result {
        url: url.to_owned(),
        error: error.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        ..Result::default()
    };
    let records = [
        with("http://h/eth", "EOF", &[("Server", "nginx")]),
        with(&format!("http://h/v3/{secret}"), "", &[]),
        with("http://h/eth", &format!("Get \"http://h/?key={secret}\": EOF"), &[]),
        with("http://h/eth", "", &[("Server", "x"), ("Set-Cookie", secret)]),
        with("http://h/eth", "", &[("Location", &format!("http://h/?token={secret}"))]),
    ];
    let text: String = records.iter().map(|record| record.line() + "\n").collect();
    for to in FORMATS {
        let (code, stdout, stderr) = TestCommand::convert(to).stdin(text.clone()).run_to_bytes();
        assert_eq!(code, Some(0));
        assert!(stderr.contains("warning: 4 of 5 records: "), "{stderr}");
        assert!(stderr.contains("--redact"), "{stderr}");
        assert_eq!(
            again(stdout, "json")
                .windows(secret.len())
                .filter(|at| *at == secret.as_bytes())
                .count(),
            4
        );
        let redact = TestCommand::convert(to).arg("--redact").stdin(text.clone());
        let (code, stdout, stderr) = redact.run_to_bytes();
        assert_eq!(code, Some(0));
        assert!(
            stderr.contains("note: 4 of 5 records: what may be a credential is masked"),
            "{stderr}"
        );
        let json = String::from_utf8(again(stdout, "json")).unwrap();
        assert!(!json.contains(secret), "{json}");
        let kept = lines(json.as_bytes());
        assert_eq!(kept[0]["headers"], serde_json::json!({"Server": ["nginx"]}), "{to}");
        assert_eq!(kept[1]["url"], "http://h/v3/***");
        assert_eq!(kept[2]["error"], "Get \"http://h/?key=***\": EOF");
        assert_eq!(kept[3]["headers"], serde_json::json!({"Server": ["x"], "Set-Cookie": ["***"]}));
        assert_eq!(kept[4]["headers"]["Location"][0], "http://h/?token=***");
        for (kept, original) in kept.iter().zip(&records) {
            assert_eq!(kept["latency"], original.latency);
        }
    }
}

#[test]
fn a_time_range() {
    let at =
        |second: i64| Result { at: recipe::START + second * recipe::SECOND, ..Result::default() };
    let mut text: String = (0..10).map(|second| at(second).line() + "\n").collect();
    text += "{\"code\":200,\"latency\":5}\n";
    let range = |args: &[&str]| TestCommand::convert("json").args(args).stdin(text.clone());
    let inside =
        range(&["--from-time", "2026-11-23T08:00:02Z", "--to-time", "2026-11-23T08:00:05Z"]);
    assert_eq!(lines(&inside.converted()).len(), 3);
    assert_eq!(lines(&range(&[]).converted()).len(), 11);
    let nothing = range(&["--from-time", "2027-01-01T00:00:00Z"]).run();
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(2), ""));
    assert!(nothing.stderr.contains("all 11 records were left out"), "{}", nothing.stderr);
}

#[test]
fn a_warm_up_is_what_analyze_leaves_out() {
    let numbered = |run: i64, seq: u64| {
        let at = recipe::START + run * 3600 * recipe::SECOND + seq.cast_signed() * 100_000_000;
        Result { seq, at, ..Result::default() }.line() + "\n"
    };
    let dir = Dir::new();
    // An attack that ran twice, into one file; a record without a time; one attack in two files; attacks in one file.
    let twice: String = (0..2).flat_map(|run| (0..50).map(move |seq| numbered(run, seq))).collect();
    dir.write("twice", twice + "{\"code\":200,\"latency\":5}\n");
    dir.write("late", (0..50).map(|seq| numbered(7, seq)).collect::<String>());
    for name in ["ok-eth.gob", "ok-boba.gob"] {
        dir.recording(name);
    }
    let attacks = [recording("ok-eth.gob"), recording("ok-boba.gob")].concat();
    dir.write("attacks.gob", attacks);
    for inputs in
        [&["twice"][..], &["twice", "late"], &["ok-eth.gob", "ok-boba.gob"], &["attacks.gob"]]
    {
        for skip in ["150ms", "1s", "1s500ms"] {
            let requests = |answer: Value| answer["total"]["requests"].as_u64().unwrap();
            let cut = dir.analyze().args(["--skip", skip]).args(inputs).json();
            let convert = ["convert", "--to", "native", "--skip", skip];
            let converted = dir.plimsoll().args(convert).args(inputs).converted();
            let left = TestCommand::analyze().stdin(converted).json();
            assert_eq!(requests(left), requests(cut), "{inputs:?} without {skip}");
        }
    }
    let twice = ["convert", "--to", "json", "--skip", "1s", "twice"];
    assert_eq!(lines(&dir.plimsoll().args(twice).converted()).len(), 81);
}

#[test]
fn the_output_file_appears_as_a_whole_and_is_never_an_input() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    let run = |args: &[&str]| dir.plimsoll().args(["convert", "--to", "json"]).args(args).run();
    let done = run(&["ok-eth.gob", "-o", "out.json"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{}", done.stderr);
    let written = std::fs::read(dir.path().join("out.json")).unwrap();
    assert_eq!(lines(&written).len(), 400);
    let same = run(&["ok-eth.gob", "-o", "ok-eth.gob"]);
    assert_eq!(same.code, Some(2));
    assert!(same.stderr.contains("would overwrite"), "{}", same.stderr);
    // What fails leaves the file as it was, and nothing beside it.
    dir.write("empty", "nothing");
    assert_eq!(run(&["empty", "-o", "out.json"]).code, Some(2));
    assert_eq!(std::fs::read(dir.path().join("out.json")).unwrap(), written);
    assert_eq!(names_in(dir.path()), ["empty", "ok-eth.gob", "out.json"]);
    let nowhere = run(&["ok-eth.gob", "-o", "no/such/out.json"]);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.stderr.contains("cannot write no/such/out.json"), "{}", nowhere.stderr);
}

#[test]
fn what_became_of_a_stream_is_told() {
    let dir = Dir::new();
    let stream = again(recording("ok-eth.gob"), "native");
    // Without its end frame, which is the last and some 70 bytes long.
    let stopped = &stream[..stream.len() - 60];
    dir.write("stopped.plim", stopped);
    let convert =
        |args: &[&str]| dir.plimsoll().args(["convert", "--allow-damaged"]).args(args).run();
    let note = "note: stopped.plim: the stream has no end: its writer was stopped";
    let json = convert(&["--to", "json", "stopped.plim", "-o", "stopped.json"]);
    assert!(json.stderr.contains(note), "{}", json.stderr);
    // The header says who wrote it, and nothing of an attack.
    assert!(!json.stderr.contains("left out"), "{}", json.stderr);
    convert(&["--to", "native", "stopped.plim", "-o", "copy.plim"]);
    let copy = convert(&["--to", "json", "copy.plim", "-o", "copy.json"]);
    assert!(copy.stderr.contains("interrupted before it was through"), "{}", copy.stderr);
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    assert_eq!(read("stopped.json"), read("copy.json"));
}

#[test]
fn a_native_stream_takes_every_body_that_can_be_read() {
    let line =
        |body: &str| format!("{{\"code\":200,\"latency\":5,\"body\":{}}}\n", Value::from(body));
    let text = line("aGVs\nbG8=") + &line("aGVsbG8=!!");
    let native = TestCommand::convert("native").stdin(text).run_to_bytes();
    assert_eq!(native.0, Some(0));
    assert!(native.2.contains("1 of 2 records: a body that is no base64"), "{}", native.2);
    let bodies: Vec<Value> =
        lines(&again(native.1, "json")).iter().map(|line| line["body"].clone()).collect();
    assert_eq!(bodies[0], "aGVsbG8=");
}

#[test]
fn what_is_too_large_for_a_native_stream_is_left_out_and_told() {
    let error = "e".repeat(9_000_000);
    let line = |error: &str| format!("{{\"code\":0,\"latency\":5,\"error\":\"{error}\"}}\n");
    let text = line("a") + &line(&error) + &line("b");
    let (code, native, stderr) = TestCommand::convert("native").stdin(text).run_to_bytes();
    assert_eq!(code, Some(3));
    assert!(stderr.contains("1 of 3 records are left out"), "{stderr}");
    assert_eq!(lines(&again(native, "json")).len(), 2);
}

/// Of a pipe that stays open, so that there is a time to interrupt.
#[cfg(unix)]
#[test]
fn an_interruption_leaves_no_half_file() {
    let dir = Dir::new();
    let mut convert =
        dir.plimsoll().args(["convert", "--to", "json", "-o", "out.json"]).into_inner();
    let mut child = convert.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&recording("ok-eth.gob").repeat(40)).unwrap();
    while names_in(dir.path()).is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names_in(dir.path()), [""; 0]);
    drop(pipe);
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let dir = Dir::new();
    dir.write("many.gob", recording("ok-mixed.gob").repeat(30));
    let mut command = dir.plimsoll().args(["convert", "many.gob", "--to", "json"]).into_inner();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Against `HdrHistogram` itself, in Java.
#[test]
fn distributions_are_those_of_hdrhistogram() {
    let names = names_in(&fixture("hgrm"));
    assert_eq!(names.len(), 9);
    for name in names {
        let expected = std::fs::read_to_string(fixture("hgrm").join(&name)).unwrap();
        let [case, outcome, _] = name.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
        for format in ["gob", "csv"] {
            let path = fixture("corpus").join(format!("{case}.{format}"));
            if !path.exists() {
                continue;
            }
            let run = TestCommand::convert("hgrm").arg(path).args(["--outcome", outcome]);
            assert_eq!(run.answer(), expected, "{name}");
        }
    }
    let path = fixture("corpus/mix-429.gob");
    let successes = TestCommand::convert("hgrm").arg(path).answer();
    let expected = std::fs::read_to_string(fixture("hgrm/mix-429.success.hgrm")).unwrap();
    assert_eq!(successes, expected);
}

/// The first "Detailed Percentile spectrum" of wrk2's README (giltene/wrk2 @44a94c1), which tells how many of 39,500 latencies
/// were at most how long: those latencies have the same spectrum, row by row. It has six digits of a percentile, and values
/// in units of a microsecond, to 1/1024.
#[test]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are counts")]
fn distributions_have_the_rows_of_wrk2() {
    let published = std::fs::read_to_string(fixture("wrk2-readme.hgrm")).unwrap();
    let rows = |text: &str| -> Vec<[f64; 4]> {
        let rows =
            text.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()));
        let fields = |line: &str| -> Vec<f64> {
            line.split_whitespace().map(|field| field.parse().unwrap()).collect()
        };
        let row = |line| match fields(line)[..] {
            [value, percentile, count, odds] => [value, percentile, count, odds],
            [value, percentile, count] => [value, percentile, count, f64::INFINITY],
            ref other => panic!("{other:?}"),
        };
        rows.map(row).collect()
    };
    let expected = rows(&published);
    assert_eq!(expected.len(), 79);
    let mut csv = String::new();
    let mut before = 0;
    for &[value, _, count, _] in &expected {
        let count = count as u64;
        for number in before..count {
            let nanos = (value * 1e6).round();
            let at = 1_700_000_000_000_000_000 + number * 1_000_000;
            writeln!(csv, "{at},200,{nanos},0,0,,,wrk2,{number},GET,http://h/,").unwrap();
        }
        before = count;
    }
    let dir = Dir::new();
    let path = dir.write("wrk2.csv", csv);
    let found = rows(&TestCommand::convert("hgrm").arg(path).answer());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found[0] / expected[0] - 1.0).abs() < 1.0 / 1_024.0, "{found:?}, {expected:?}");
        assert!((found[1] - expected[1]).abs() <= 5e-7 + 1e-12, "{found:?}, {expected:?}");
        assert_eq!((found[2], found[3]), (expected[2], expected[3]), "{expected:?}");
    }
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    for (to, args) in [
        ("json", &["--outcome", "all"][..]),
        ("gob", &["--config", "none.toml"]),
        ("hgrm", &["--redact"]),
    ] {
        let run = TestCommand::convert(to).arg(fixture("corpus/ok-eth.gob")).args(args).run();
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert!(run.stderr.contains(args[0]), "{}", run.stderr);
    }
}
