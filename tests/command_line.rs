//! What is typed, and what a process ends with.

use std::io::Write as _;
use std::process::Stdio;

use crate::recipe::{Result, SECOND, lines, run};
use crate::util::{Dir, TestCommand, fixture, recording, requests_by_chain, warnings};

#[test]
fn the_standard_input() {
    let dir = Dir::new();
    let file = dir.analyze().arg(fixture("corpus/ok-eth.gob")).answer();
    let named = dir.analyze().arg("-").stdin(recording("ok-eth.gob")).answer();
    let piped = dir.analyze().stdin(recording("ok-eth.gob")).answer();
    assert_eq!(named, piped);
    let figures = |text: &str| text.lines().take(6).collect::<Vec<_>>().join("\n");
    assert_eq!(figures(&file), figures(&piped));
}

#[test]
fn the_standard_input_in_each_form() {
    let dir = Dir::new();
    for name in ["corpus/mix-429.json", "corpus/mix-429.csv", "reencoded/mix-429.json.zst"] {
        let answer = dir.analyze().stdin(std::fs::read(fixture(name)).unwrap()).json();
        assert_eq!(answer["total"]["requests"], 600, "{name}");
        assert_eq!(answer["inputs"][0]["path"], "-");
    }
}

#[test]
fn an_empty_standard_input_is_no_answer() {
    let output = Dir::new().analyze().run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("-: the input is empty"), "{}", output.stderr);
}

#[test]
fn a_quoted_pattern() {
    let dir = Dir::new();
    for name in ["a/ok-eth.gob", "a/b/ok-boba.gob", "a/ok-kava.txt"] {
        dir.write(name, recording(&name.rsplit('/').next().unwrap().replace("txt", "gob")));
    }
    let read = |pattern: &str| {
        let answer = dir.analyze().arg(pattern).json();
        answer["inputs"].as_array().unwrap().len()
    };
    assert_eq!(read("a/*.gob"), 1);
    assert_eq!(read("a/ok-*"), 2);
    assert_eq!(read("a/ok-[ek]*"), 2);
    assert_eq!(read("a/**/*.gob"), 2);
    let output = dir.analyze().arg("a/*.csv").run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("a/*.csv"), "{}", output.stderr);
}

#[test]
fn a_directory_with_other_files_in_it() {
    let dir = Dir::new();
    dir.write("results/ok-eth.gob", recording("ok-eth.gob"));
    dir.write("results/deep/ok-boba.gob", recording("ok-boba.gob"));
    dir.write("results/README.md", "# Results\n\nOf a Monday, recorded by hand.\n");
    dir.write("results/.hidden", recording("ok-kava.gob"));
    let output = dir.analyze().arg("results").run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert!(output.stdout.contains("README.md"), "{}", output.stdout);
    let answer = dir.analyze().arg("results").json();
    assert_eq!(requests_by_chain(&answer), [("boba".to_owned(), 400), ("eth".to_owned(), 400)]);
    assert_eq!(warnings(&answer), [""; 0]);
    // By name it was meant to be read.
    let output = dir.analyze().args(["results", "results/README.md"]).run();
    assert_eq!(output.code, Some(3));
}

#[test]
fn damage_in_a_directory_counts() {
    let dir = Dir::new();
    dir.write("results/ok-boba.gob", recording("ok-boba.gob"));
    dir.write("results/cut.gob", std::fs::read(fixture("bad/cut-midrecord.gob")).unwrap());
    let (code, answer) = dir.analyze().arg("results").json_of_any();
    assert_eq!((code, answer["total"]["requests"].as_u64()), (Some(3), Some(600)));
}

#[test]
fn a_missing_file_is_named() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    let output = dir.analyze().args(["ok-eth.gob", "runs/nowhere.gob"]).run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    assert!(output.stderr.contains("runs/nowhere.gob"), "{}", output.stderr);
}

#[test]
fn garbage_alone_is_refused_with_the_reasons() {
    let output = TestCommand::analyze().arg(fixture("bad/garbage.bin")).run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    for word in ["garbage.bin", "no vegeta gob: ", "no vegeta JSON: ", "no vegeta CSV: "] {
        assert!(output.stderr.contains(word), "{word} is not in {}", output.stderr);
    }
}

#[test]
fn garbage_beside_a_good_file() {
    let dir = Dir::new();
    let files = [fixture("bad/garbage.bin"), dir.recording("ok-eth.gob")];
    let (code, answer) = dir.analyze().args(&files).json_of_any();
    assert_eq!(code, Some(3));
    assert_eq!(requests_by_chain(&answer), [("eth".to_owned(), 400)]);
    assert!(warnings(&answer).contains(&"refused_inputs"), "{:?}", warnings(&answer));
    let lenient = dir.analyze().args(&files).arg("--allow-damaged").run();
    assert_eq!((lenient.code, lenient.stderr.as_str()), (Some(0), ""));
    assert!(lenient.stdout.contains("no vegeta JSON: "), "{}", lenient.stdout);
}

#[test]
fn usage_errors() {
    for (args, word) in [
        (&["analyze", "--unknown", "x"][..], "--unknown"),
        (&["analyse", "x"], "analyse"),
        (&["analyze", "x", "--format", "xml"], "xml"),
        (&["analyze", "x", "--group-by", "colour"], "colour"),
        (&["analyze", "x", "--slo", "p99=5ms"], "p99=5ms"),
        (&["analyze", "x", "--success-codes", "2xx"], "2xx"),
        (&["analyze", "x", "--from", "yesterday"], "yesterday"),
        (&["analyze", "x", "--skip", "-3s"], "-3"),
        (&["analyze", "x", "--threads", "many"], "many"),
        (&["analyze", "x", "--threads", "65"], "64"),
        (&[], "Usage"),
    ] {
        let output = Dir::new().plimsoll().args(args).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(output.stderr.contains(word), "{args:?}: {}", output.stderr);
    }
}

#[test]
fn help_and_version_are_answers() {
    let version = Dir::new().plimsoll().arg("--version").answer();
    assert_eq!(version, format!("plimsoll {}\n", env!("CARGO_PKG_VERSION")));
    for args in [&["--help"][..], &["help"], &["analyze", "--help"], &["analyze", "-h"]] {
        let help = Dir::new().plimsoll().args(args).answer();
        assert!(help.contains("Usage: ") && help.contains("Exit codes: 0 answered"), "{help}");
    }
}

/// Whoever closes the pipe has read enough.
#[test]
fn a_closed_pipe_is_no_error() {
    for format in ["text", "json", "markdown", "vegeta", "vegeta-json"] {
        let mut child = Dir::new()
            .analyze()
            .args(["--format", format])
            .into_inner()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Closed before there is anything to write.
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&recording("ok-eth.gob")).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn an_answer_in_a_file() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    let printed = dir.analyze().args(["ok-eth.gob", "--format", "markdown"]).answer();
    let output =
        dir.analyze().args(["ok-eth.gob", "--format", "markdown", "--output", "out.md"]).answer();
    assert_eq!(output, "");
    assert_eq!(std::fs::read_to_string(dir.path().join("out.md")).unwrap(), printed);
    let output = dir.analyze().args(["ok-eth.gob", "--output", "no/such/place.md"]).run();
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    assert!(output.stderr.contains("no/such/place.md"), "{}", output.stderr);
}

/// An answer never takes the place of what it is about.
#[test]
fn no_input_is_overwritten() {
    let dir = Dir::new();
    let input = dir.recording("ok-eth.gob");
    let content = std::fs::read(&input).unwrap();
    let refused = |command: TestCommand| {
        let output = command.run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
        assert!(output.stderr.contains("would overwrite the input"), "{}", output.stderr);
        assert_eq!(std::fs::read(&input).unwrap(), content);
    };
    refused(dir.analyze().args(["ok-eth.gob", "-o", "ok-eth.gob"]));
    refused(dir.analyze().args(["ok-eth.gob", "-o", "./ok-eth.gob"]));
    refused(dir.analyze().args([".", "-o"]).arg(&input));
    refused(dir.analyze().args(["*.gob", "-o", "ok-eth.gob"]));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("ok-eth.gob", dir.path().join("soft")).unwrap();
        std::fs::hard_link(&input, dir.path().join("hard")).unwrap();
        refused(dir.analyze().args(["ok-eth.gob", "-o", "soft"]));
        refused(dir.analyze().args(["soft", "-o", "ok-eth.gob"]));
        refused(dir.analyze().args(["ok-eth.gob", "-o", "hard"]));
    }
    #[cfg(target_os = "linux")]
    {
        let mut command = dir.analyze().args(["-", "-o", "ok-eth.gob"]).into_inner();
        let output = command.stdin(std::fs::File::open(&input).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(std::fs::read(&input).unwrap(), content);
    }
}

/// The file is there as a whole or not at all, and like any other that the user writes.
#[cfg(unix)]
#[test]
fn an_answer_replaces_a_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    let printed = dir.analyze().arg("ok-eth.gob").answer();
    let old = dir.write("old.txt", "x".repeat(100_000));
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("old.txt", dir.path().join("link")).unwrap();
    let ordinary = dir.write("ordinary", "").metadata().unwrap().permissions();
    for to in ["old.txt", "link", "new.txt"] {
        dir.analyze().args(["ok-eth.gob", "-o", to]).answer();
        assert_eq!(std::fs::read_to_string(dir.path().join(to)).unwrap(), printed, "{to}");
    }
    assert!(dir.path().join("link").is_symlink());
    assert_eq!(old.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(dir.path().join("new.txt").metadata().unwrap().permissions(), ordinary);
    let names = crate::util::names_in(dir.path());
    assert_eq!(names, ["link", "new.txt", "ok-eth.gob", "old.txt", "ordinary"]);
    // Not a file: written as it is.
    assert_eq!(dir.analyze().args(["ok-eth.gob", "-o", "/dev/stdout"]).answer(), printed);
    assert_eq!(dir.analyze().args(["ok-eth.gob", "-o", "/dev/null"]).answer(), "");
    // Behind `>>` stands what was there before.
    let log = dir.write("log", "before\n");
    let append = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    let mut command = dir.analyze().args(["ok-eth.gob", "-o", "/dev/stdout"]).into_inner();
    assert!(command.stdin(Stdio::null()).stdout(append).status().unwrap().success());
    assert_eq!(std::fs::read_to_string(&log).unwrap(), format!("before\n{printed}"));
}

/// Where the answer does not show them, or is not seen, warnings go to the standard error.
#[test]
fn warnings_are_told_beside_an_answer_that_has_none() {
    let dir = Dir::new();
    let [gob, csv] = ["gob", "csv"].map(|format| fixture(&format!("corpus/mix-429.{format}")));
    let stderr = |args: &[&str]| {
        let output = dir.analyze().arg(&gob).arg(&csv).args(args).run();
        assert_eq!(output.code, Some(0));
        output.stderr
    };
    let warning = "plimsoll: warning: 600 records had been counted before and were left out: every figure counts a record once\n";
    for format in ["vegeta", "vegeta-json"] {
        assert_eq!(stderr(&["--format", format]), warning);
    }
    for format in ["text", "json", "markdown"] {
        assert_eq!(stderr(&["--format", format]), "");
        assert_eq!(stderr(&["--format", format, "-o", "out"]), warning);
    }
}

/// An input that was asked for and not read is as bad as one that is damaged.
#[test]
fn a_named_input_without_content_gives_no_verdict() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    dir.write("empty.gob", "");
    let output = dir.analyze().args(["ok-eth.gob", "empty.gob"]).run();
    assert_eq!(output.code, Some(3));
    assert!(output.stderr.contains("1 of 2 inputs is not read"), "{}", output.stderr);
    let lenient = dir.analyze().args(["ok-eth.gob", "empty.gob", "--allow-damaged"]).run();
    assert_eq!((lenient.code, lenient.stderr.as_str()), (Some(0), ""));
    assert_eq!(dir.analyze().arg(".").run().code, Some(0));
}

/// The damaged one is shown, however many there are, and before those with duplicates.
#[test]
fn damage_is_shown_among_many_inputs() {
    let dir = Dir::new();
    for index in 0..15 {
        dir.write(&format!("copy-{index:02}.gob"), recording("ok-eth.gob"));
    }
    dir.write("z-cut.gob", std::fs::read(fixture("bad/cut-midrecord.gob")).unwrap());
    dir.write("z-none.gob", "no results");
    let output = dir.analyze().args(["*.gob"]).run();
    assert_eq!(output.code, Some(3));
    let text = &output.stdout;
    let at = |name: &str| text.find(name).unwrap_or_else(|| panic!("{name}: {text}"));
    assert!(at("z-cut.gob") < at("z-none.gob") && at("z-none.gob") < at("copy-"), "{text}");
}

/// Adjacent records that cannot be read are one place.
#[test]
fn records_and_places_are_told_apart() {
    let dir = Dir::new();
    let text = String::from_utf8(recording("mix-429.json")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    for line in &mut lines[20..25] {
        *line = "{]";
    }
    dir.write("bad.json", lines.join("\n"));
    let output = dir.analyze().arg("bad.json").env("COLUMNS", "200").run();
    assert_eq!(output.code, Some(3));
    let shown = &output.stdout;
    assert!(shown.contains("is damaged: 5 records, 15 bytes in 1 place could"), "{shown}");
    assert!(
        shown.contains("5 records, 15 bytes lost") && !shown.contains("other place"),
        "{shown}"
    );
}

/// Bytes between streams, at the place of no record.
#[test]
fn damage_without_a_record_counts_none() {
    let dir = Dir::new();
    let mut bytes = Vec::new();
    for name in ["ok-eth.gob", "ok-boba.gob"] {
        dir.recording(name);
        let done = dir.plimsoll().args(["convert", "--to=native", name, "-o", "part"]).run();
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        bytes.extend(std::fs::read(dir.path().join("part")).unwrap());
        bytes.extend(b"in between");
    }
    dir.write("both.plim", bytes);
    let output = dir.analyze().arg("both.plim").env("COLUMNS", "200").run();
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    let row = output.stdout.lines().find(|line| line.ends_with("both.plim")).unwrap();
    let fields: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(fields, ["800", "0", "native", "both.plim"], "{}", output.stdout);
    assert!(output.stdout.contains("20 bytes lost"), "{}", output.stdout);
}

/// On a terminal of 20 columns the names are still names.
#[test]
fn names_stay_apart_where_there_is_little_room() {
    let dir = Dir::new();
    let kinds = [("ethereum-main-1", 0), ("ethereum-main-2", 10)].map(|(attack, second)| {
        let at = crate::recipe::START + second * SECOND;
        let url = format!("http://{attack}/");
        let first = Result { attack: attack.to_owned(), url, at, ..Result::default() };
        lines(&run(&first, 100, SECOND / 100))
    });
    dir.write("run.json", kinds.concat());
    for columns in 20..=40 {
        let text = dir.analyze().arg("run.json").env("COLUMNS", &columns.to_string()).answer();
        for end in ["n-1 ", "n-2 "] {
            let named = |line: &str| line.starts_with("ethe") && line.contains(end);
            assert!(text.lines().any(named), "{columns}: {text}");
        }
    }
}

#[test]
fn colour_is_asked_for() {
    let file = fixture("corpus/mix-429.gob");
    let escapes = |command: TestCommand| command.arg(&file).answer().contains('\x1b');
    assert!(!escapes(TestCommand::analyze()), "a pipe is no terminal");
    assert!(!escapes(TestCommand::analyze().env("NO_COLOR", "1")));
    assert!(escapes(TestCommand::analyze().args(["--color", "always"])));
    assert!(escapes(TestCommand::analyze().args(["--color", "always"]).env("NO_COLOR", "1")));
    assert!(!escapes(TestCommand::analyze().args(["--color", "never"])));
    assert!(!escapes(TestCommand::analyze().args(["--color", "always", "--format", "json"])));
    assert!(!escapes(TestCommand::analyze().args(["--color", "always", "--format", "markdown"])));
}

#[test]
fn text_fits_the_columns() {
    for columns in [60, 80, 100, 200] {
        let text = TestCommand::analyze()
            .arg(fixture("corpus/mix-429.gob"))
            .env("COLUMNS", &columns.to_string())
            .answer();
        for line in text.lines() {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
    }
}

#[test]
fn success_codes() {
    let file = fixture("corpus/mix-429.gob");
    let successes = |codes: &str| {
        let answer = TestCommand::analyze().arg(&file).args(["--success-codes", codes]).json();
        assert_eq!(answer["total"]["http_success"]["ratio"], 0.5, "{codes}");
        answer["total"]["successes"].as_u64().unwrap()
    };
    assert_eq!(successes("200-399"), 300);
    assert_eq!(successes("200,429"), 600);
    assert_eq!(successes("429"), 300);
    assert_eq!(successes("204"), 0);
}

#[test]
fn what_leaves_nothing_is_no_answer() {
    let file = fixture("corpus/ok-eth.gob");
    for args in
        [["--from", "2030-01-01T00:00:00Z"], ["--to", "2000-01-01T00:00:00Z"], ["--skip", "1h"]]
    {
        let output = TestCommand::analyze().arg(&file).args(args).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(output.stderr.contains("400 records"), "{args:?}: {}", output.stderr);
        let without_reason = output.stderr.lines().any(|line| line.trim_end().ends_with(':'));
        assert!(!without_reason, "{args:?}: {}", output.stderr);
    }
}

/// vegeta rounds to 100.00 %.
#[test]
fn one_failure_in_many_is_not_a_hundred_percent() {
    let dir = Dir::new();
    let mut results = run(&Result::default(), 20_001, SECOND / 10_000);
    (results[777].code, results[777].error) = (500, "500 Internal Server Error".to_owned());
    dir.write("run.json", lines(&results));
    for format in ["text", "markdown", "vegeta"] {
        let shown = dir.analyze().args(["run.json", "--format", format]).answer();
        for line in shown.lines() {
            for hundred in ["100 %", "100.0 %", "100.00 %", "100%", "100.00%"] {
                assert!(!line.contains(hundred), "{format}: {line}");
            }
        }
        assert!(shown.contains("99.995"), "{format}: {shown}");
    }
    let total = &dir.analyze().arg("run.json").json()["total"];
    assert!(total["success"]["ratio"].as_f64().unwrap() < 1.0);
    assert!(total["success"]["high"].as_f64().unwrap() < 1.0);
    // And the other way round.
    for result in &mut results {
        result.code = 500;
    }
    results[777].code = 200;
    results[777].error.clear();
    dir.write("run.json", lines(&results));
    let text = dir.analyze().arg("run.json").answer();
    assert!(text.contains("0.005 % succeeded"), "{text}");
}
