//! The same records given twice: noticed by their content, counted once, and told.

use serde_json::Value;

use crate::util::{
    Dir, TestCommand, assert_same_figures, fixture, of_inputs, recording, unscheduled, warnings,
};

/// Asserts that the answer counts `records`, with `duplicates` left out and told, in JSON and in text.
fn assert_counted_once(command: impl Fn() -> TestCommand, records: u64, duplicates: u64) -> Value {
    let answer = command().json();
    assert_eq!(answer["total"]["requests"], records, "{:#}", answer["inputs"]);
    assert_eq!(
        of_inputs(&answer, "duplicates").iter().sum::<u64>(),
        duplicates,
        "{:#}",
        answer["inputs"]
    );
    for input in answer["inputs"].as_array().unwrap() {
        let count = |key: &str| input[key].as_u64().unwrap();
        assert_eq!(count("records"), count("counted") + count("duplicates"), "{input:#}");
    }
    assert_eq!(warnings(&answer), ["duplicates"]);
    for format in ["text", "markdown"] {
        let shown = command().args(["--format", format]).answer();
        assert!(shown.contains("WARNING"), "{shown}");
        assert!(shown.contains("counted before"), "{shown}");
    }
    let kept = command().arg("--keep-duplicates").json();
    assert_eq!(kept["total"]["requests"], records + duplicates);
    assert_eq!(of_inputs(&kept, "duplicates").iter().sum::<u64>(), 0);
    answer
}

/// Asserts that neither the order of the files nor the number of threads changes a byte of what is said.
fn assert_same_whatever_the_order(dir: &Dir, files: &[&str]) {
    for format in ["json", "text", "markdown", "vegeta", "vegeta-json"] {
        let mut answers = Vec::new();
        for threads in ["1", "2", "5"] {
            for reversed in [false, true] {
                let mut files = files.to_vec();
                if reversed {
                    files.reverse();
                }
                let command = dir.analyze().args(["--threads", threads, "--format", format]);
                let output = command.args(files).run();
                assert_eq!(output.code, Some(0), "{format}: {}", output.stderr);
                answers.push(output.stdout + &output.stderr);
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{format}: {answers:#?}");
    }
}

/// Asserts that the figures are the same, but for the time between the parts of a run: each part lasts until a mean
/// interval of its own after its last request.
fn assert_same_counts(whole: &Value, parts: &Value, what: &str) {
    let rate = |answer: &Value| answer["total"]["offered_rps"].as_f64().unwrap();
    assert!(
        (rate(whole) / rate(parts) - 1.0).abs() < 0.001,
        "{what}: {}, {}",
        rate(whole),
        rate(parts)
    );
    let without_time = |answer: &Value| {
        let mut answer = answer.clone();
        answer["runs"] = Value::Array(Vec::new());
        let chain = answer["chains"].as_object().unwrap().keys().next().unwrap().clone();
        for at in ["/total".to_owned(), format!("/chains/{chain}")] {
            let figures = answer.pointer_mut(&at).unwrap().as_object_mut().unwrap();
            for key in ["active_s", "offered_rps", "throughput_rps"] {
                assert!(figures.remove(key).is_some());
            }
        }
        answer
    };
    let [whole, parts] = [whole, parts].map(|answer| without_time(&unscheduled(answer)));
    assert_same_figures(&whole, &parts, what);
}

/// The lines of a file from `from` to before `to`.
fn part(text: &[u8], from: usize, to: usize) -> Vec<u8> {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    lines.skip(from).take(to - from).flatten().copied().collect()
}

#[test]
fn one_file_under_two_paths() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    dir.write("backup/copy.bin", recording("ok-eth.gob"));
    let files = ["ok-eth.gob", "backup/copy.bin"];
    let answer = assert_counted_once(|| dir.analyze().args(files), 400, 400);
    let once = dir.analyze().arg("ok-eth.gob").json();
    assert_same_figures(&once, &answer, "once and twice");
    assert_same_whatever_the_order(&dir, &files);
}

#[test]
fn the_same_path_twice() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    assert_counted_once(|| dir.analyze().args(["ok-eth.gob", "./ok-eth.gob"]), 400, 400);
    assert_counted_once(|| dir.analyze().args(["ok-eth.gob", "ok-eth.gob"]), 400, 400);
}

#[test]
fn one_recording_in_three_formats() {
    let dir = Dir::new();
    dir.recording("mix-429.gob");
    dir.recording("mix-429.json");
    dir.write("mix-429.csv.zst", std::fs::read(fixture("reencoded/mix-429.csv.zst")).unwrap());
    let files = ["mix-429.gob", "mix-429.json", "mix-429.csv.zst"];
    let answer = assert_counted_once(|| dir.analyze().args(files), 600, 1_200);
    assert_same_figures(&dir.analyze().arg("mix-429.gob").json(), &answer, "one format and three");
    assert_same_whatever_the_order(&dir, &files);
}

/// Failures have no body and few fields; their records are as good as others.
#[test]
fn failures_in_three_formats() {
    let dir = Dir::new();
    let files = ["conn-refused.gob", "conn-refused.json", "conn-refused.csv"];
    for file in files {
        dir.recording(file);
    }
    assert_counted_once(|| dir.analyze().args(files), 200, 400);
}

#[test]
fn a_stream_twice_in_one_file() {
    let dir = Dir::new();
    let gob = recording("ok-eth.gob");
    dir.write("twice.gob", [&gob[..], &gob].concat());
    let answer = assert_counted_once(|| dir.analyze().arg("twice.gob"), 400, 400);
    let once = dir.analyze().arg(dir.recording("ok-eth.gob")).json();
    assert_same_figures(&unscheduled(&once), &unscheduled(&answer), "twice");
    assert_same_whatever_the_order(&dir, &["twice.gob"]);
    let json = recording("mix-429.json");
    dir.write("twice.json", [&json[..], &json].concat());
    assert_counted_once(|| dir.analyze().arg("twice.json"), 600, 600);
}

/// What comes through a pipe can be read only once.
#[test]
fn a_stream_twice_through_a_pipe() {
    let gob = recording("ok-eth.gob");
    let twice = [&gob[..], &gob].concat();
    let dir = Dir::new();
    assert_counted_once(|| dir.analyze().arg("-").stdin(twice.clone()), 400, 400);
    dir.recording("ok-eth.gob");
    assert_counted_once(|| dir.analyze().args(["-", "ok-eth.gob"]).stdin(gob.clone()), 400, 400);
}

#[test]
fn a_part_and_the_whole() {
    let dir = Dir::new();
    dir.recording("mix-429.gob");
    dir.write("first.json", part(&recording("mix-429.json"), 0, 250));
    let files = ["mix-429.gob", "first.json"];
    let answer = assert_counted_once(|| dir.analyze().args(files), 600, 250);
    assert_same_counts(&dir.analyze().arg("mix-429.gob").json(), &answer, "the whole");
    assert_same_whatever_the_order(&dir, &files);
}

#[test]
fn parts_that_overlap() {
    let dir = Dir::new();
    dir.write("late.csv", part(&recording("mix-429.csv"), 100, 600));
    dir.write("early.json", part(&recording("mix-429.json"), 0, 200));
    let files = ["late.csv", "early.json"];
    let answer = assert_counted_once(|| dir.analyze().args(files), 600, 100);
    assert_same_counts(
        &dir.analyze().arg(dir.recording("mix-429.gob")).json(),
        &answer,
        "all parts",
    );
    assert_same_whatever_the_order(&dir, &files);
}

/// A damaged copy beside the whole costs nothing.
#[test]
fn a_damaged_copy_and_the_whole() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    dir.write("copy.gob", std::fs::read(fixture("bad/flipped-middle.gob")).unwrap());
    let (code, answer) = dir.analyze().args(["ok-eth.gob", "copy.gob"]).json_of_any();
    assert_eq!(code, Some(3));
    assert_eq!(answer["total"]["requests"], 400);
    assert_eq!(of_inputs(&answer, "duplicates"), [0, 399]);
}

/// Many records of one moment that differ in nothing else than their number are no duplicates.
#[test]
fn records_that_are_alike_are_not_the_same() {
    use crate::recipe::{Result, lines, run};

    let dir = Dir::new();
    dir.write("burst.json", lines(&run(&Result::default(), 500, 0)));
    let answer = dir.analyze().arg("burst.json").json();
    assert_eq!(answer["total"]["requests"], 500);
    assert_eq!(warnings(&answer), [""; 0]);
}
