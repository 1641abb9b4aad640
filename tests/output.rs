//! The forms of the answer.

use jsonschema::Validator;
use serde_json::Value;

use crate::recipe::{Result, SECOND, lines, run};
use crate::util::{Dir, TestCommand, fixture, names_in, root};

const FORMATS: [&str; 5] = ["text", "json", "markdown", "vegeta", "vegeta-json"];

fn schema() -> Validator {
    let path = root().join("schema/plimsoll.summary.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn assert_valid(schema: &Validator, answer: &Value, what: &str) {
    let errors: Vec<String> = schema
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn json_follows_its_schema() {
    let schema = schema();
    let corpus = fixture("corpus");
    for name in names_in(&corpus).iter().filter(|name| name.ends_with(".gob")) {
        assert_valid(&schema, &TestCommand::analyze().arg(corpus.join(name)).json(), name);
    }
    let (_, all) = TestCommand::analyze().arg(fixture("corpus")).arg(fixture("bad")).json_of_any();
    assert_valid(&schema, &all, "corpus and bad together");
    let bad = fixture("bad");
    for name in names_in(&bad) {
        let output = TestCommand::analyze().arg(bad.join(&name)).args(["--format", "json"]).run();
        if !output.stdout.is_empty() {
            assert_valid(&schema, &serde_json::from_str(&output.stdout).unwrap(), &name);
        }
    }
    let file = fixture("corpus/ok-mixed.gob");
    for args in [
        &["--slo", "latency=5ms"][..],
        &["--slo", "success=99.9%,latency=1s"],
        &["--group-by", "path:2", "--from", "2026-11-23T00:00:00Z", "--to", "2026-11-24T00:00:00Z"],
        &["--skip", "500ms", "--success-codes", "200,204"],
        &["--keep-duplicates", "--allow-damaged"],
    ] {
        let answer = TestCommand::analyze().arg(&file).args(args).json();
        assert_valid(&schema, &answer, &args.join(" "));
    }
}

#[test]
fn a_configured_answer_follows_the_schema_too() {
    let dir = Dir::new();
    dir.recording("ok-mixed.gob");
    dir.write(
        "plimsoll.toml",
        "[slo]\nlatency_ms = 250\nsuccess_min = 0.995\n\
         [chains.eth]\nmatch = { path_prefix = \"/eth\" }\n[chains.none]\nmatch = { attack = \"nobody\" }\n",
    );
    let answer = dir.analyze().arg("ok-mixed.gob").json();
    assert_valid(&schema(), &answer, "configured");
    let names: Vec<&Value> =
        answer["config"]["chains"].as_array().unwrap().iter().map(|chain| &chain["name"]).collect();
    assert_eq!(names, ["eth", "none"]);
}

/// Neither threads nor the order of arguments change a byte.
#[test]
fn the_same_bytes_whatever_the_threads_and_the_order() {
    let dir = Dir::new();
    let mut files =
        vec!["ok-eth.gob", "mix-429.csv", "ok-mixed.json", "h2-abort.gob", "eof-get.gob"];
    for file in &files {
        dir.recording(file);
    }
    dir.write("flipped.gob", std::fs::read(fixture("bad/flipped-middle.gob")).unwrap());
    // More than one chunk's worth, so that the threads have something to share.
    let mut many =
        run(&Result { attack: "many".to_owned(), ..Result::default() }, 12_000, SECOND / 1_000);
    for (index, result) in many.iter_mut().enumerate() {
        result.latency = i64::try_from(index * 7_919 % 100_003).unwrap() * 1_000;
        if index % 11 == 0 {
            (result.code, result.error) =
                (0, format!("dial tcp 10.0.0.7:{index}->10.0.0.8:80: EOF"));
        }
    }
    dir.write("many.json", lines(&many));
    files.extend(["flipped.gob", "many.json"]);
    for format in FORMATS {
        let mut first: Option<String> = None;
        for threads in ["1", "2", "7"] {
            for turn in [0, 3] {
                let mut files = files.clone();
                files.rotate_left(turn);
                let command = dir.analyze().args(["--threads", threads, "--format", format]);
                let output =
                    command.args(["--allow-damaged", "--slo", "latency=20ms"]).args(files).run();
                assert_eq!(output.code, Some(0), "{}", output.stderr);
                let said = output.stdout + &output.stderr;
                let first = first.get_or_insert_with(|| said.clone());
                assert_eq!(*first, said, "{format}, {threads} threads, turned by {turn}");
            }
        }
    }
}

/// The same again says the same again: there is no clock in an answer.
#[test]
fn the_same_bytes_again() {
    for format in FORMATS {
        let answer = || {
            let output = TestCommand::analyze()
                .arg(fixture("corpus"))
                .args(["--format", format, "--allow-damaged"])
                .run();
            assert_eq!(output.code, Some(0), "{}", output.stderr);
            output.stdout + &output.stderr
        };
        assert_eq!(answer(), answer(), "{format}");
    }
}

/// What is merged from parts is what is read from the whole.
#[test]
fn parts_are_as_good_as_the_whole() {
    let dir = Dir::new();
    let text = std::fs::read_to_string(fixture("corpus/mix-429.json")).unwrap();
    dir.write("whole.json", &text);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let parts: Vec<_> = (0..)
        .zip(lines.chunks(77))
        .map(|(index, part)| dir.write(&format!("part-{index}.json"), part.concat()))
        .collect();
    let whole = dir.analyze().arg("whole.json").json();
    let merged = dir.analyze().args(parts).json();
    for key in ["requests", "successes", "status_codes", "latency_ms", "bytes_in_total", "errors"] {
        assert_eq!(whole["total"][key], merged["total"][key], "{key}");
    }
    assert_eq!(whole["histograms"], merged["histograms"]);
}

#[test]
fn markdown_is_markdown() {
    let answer = TestCommand::analyze()
        .arg(fixture("corpus/mix-429.gob"))
        .args(["--format", "markdown"])
        .answer();
    assert!(answer.starts_with("### Load test: server limited\n"), "{answer}");
    assert!(answer.contains("| chain | requests |"), "{answer}");
}
