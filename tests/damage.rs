//! Damaged inputs: what is left is read, and what is lost is told.

use std::fmt::Write as _;

use insta::{Settings, assert_snapshot};
use serde_json::Value;

use crate::util::{
    Dir, TestCommand, assert_same_figures, fixture, names_in, of_inputs, recording, root, warnings,
};

/// One snapshot per file: exit code, standard error, and the account of the input.
#[test]
fn every_bad_file() {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(root().join("tests/snapshots/bad"));
    settings.set_omit_expression(true);
    let directory = fixture("bad");
    for name in names_in(&directory) {
        let dir = Dir::new();
        dir.write(&name, std::fs::read(directory.join(&name)).unwrap());
        let output = dir.analyze().arg(&name).args(["--format", "json"]).run();
        let mut page =
            format!("exit code: {}\nstandard error:\n{}", output.code.unwrap(), output.stderr);
        if !output.stdout.is_empty() {
            let answer: Value = serde_json::from_str(&output.stdout).unwrap();
            let input = serde_json::to_string_pretty(&answer["inputs"]).unwrap();
            writeln!(page, "requests: {}", answer["total"]["requests"]).unwrap();
            writeln!(page, "inputs: {input}").unwrap();
        }
        settings.bind(|| assert_snapshot!(name.as_str(), page));
    }
}

#[test]
fn allow_damaged_gives_the_same_answer_and_exit_code_0() {
    let file = fixture("bad/flipped-middle.gob");
    let strict = TestCommand::analyze().arg(&file).run();
    let lenient = TestCommand::analyze().arg(&file).arg("--allow-damaged").run();
    assert_eq!((strict.code, lenient.code), (Some(3), Some(0)));
    assert_eq!(strict.stdout, lenient.stdout);
    assert!(strict.stdout.contains("399"), "{}", strict.stdout);
    assert!(strict.stderr.contains("--allow-damaged"), "{}", strict.stderr);
    assert_eq!(lenient.stderr, "");
}

#[test]
fn damage_is_told_in_every_format_for_people() {
    let file = fixture("bad/flipped-middle.gob");
    for format in ["text", "markdown"] {
        let output = TestCommand::analyze().arg(&file).args(["--format", format]).run();
        assert_eq!(output.code, Some(3), "{format}");
        for word in ["damaged", "record 101", "28,791"] {
            assert!(output.stdout.contains(word), "{format}: {word} is not in\n{}", output.stdout);
        }
    }
    for format in ["vegeta", "vegeta-json"] {
        let output = TestCommand::analyze().arg(&file).args(["--format", format]).run();
        assert_eq!(output.code, Some(3), "{format}");
        assert!(output.stderr.contains("damaged"), "{format}: {}", output.stderr);
    }
}

/// Of an input that is several streams, the damage in one costs the others nothing.
#[test]
fn damage_in_one_of_several_inputs() {
    let dir = Dir::new();
    dir.recording("ok-eth.gob");
    let bad = dir.write("cut.gob", std::fs::read(fixture("bad/cut-midrecord.gob")).unwrap());
    let boba = dir.recording("ok-boba.gob");
    let (code, answer) = dir.analyze().arg(&bad).arg(&boba).json_of_any();
    assert_eq!(code, Some(3));
    assert_eq!(answer["total"]["requests"], 600);
    assert_eq!(of_inputs(&answer, "damaged_records"), [1, 0]);
    assert_eq!(warnings(&answer), ["damaged_inputs"]);
}

/// 1.5 GiB in a length cost nothing, in the middle or first, and with less memory than that to have.
#[cfg(target_os = "linux")]
#[test]
fn an_enormous_length_takes_no_memory() {
    let gob = recording("ok-eth.gob");
    let middle = gob.len() / 2;
    for at in [0, 206, middle, gob.len()] {
        for length in [&[0xfc, 0x60, 0, 0, 0][..], &[0xf8, 0x7f, 255, 255, 255, 255, 255, 255, 255]]
        {
            let dir = Dir::new();
            let damaged = [&gob[..at], length, &gob[at..]].concat();
            dir.write("huge.gob", damaged);
            // 400 MB of address space, threads' stacks and all.
            let shell = std::process::Command::new("sh")
                .args([
                    "-c",
                    "ulimit -v 400000 && exec \"$@\"",
                    "sh",
                    env!("CARGO_BIN_EXE_plimsoll"),
                ])
                .args(["analyze", "huge.gob", "--format", "json"])
                .current_dir(dir.path())
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&shell.stderr);
            assert_eq!(shell.status.code(), Some(3), "{length:?} at {at}: {stderr}");
            let answer: Value = serde_json::from_slice(&shell.stdout).unwrap();
            let requests = answer["total"]["requests"].as_u64().unwrap();
            assert!(requests >= 399, "{length:?} at {at}: {requests}");
        }
    }
}

/// A compressed bomb is read in bounded memory, too.
#[cfg(target_os = "linux")]
#[test]
fn a_gigabyte_of_nothing_in_a_megabyte_takes_no_memory() {
    use std::io::Write as _;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&recording("ok-eth.gob")).unwrap();
    let nothing = vec![0; 1 << 20];
    for _ in 0..300 {
        encoder.write_all(&nothing).unwrap();
    }
    let dir = Dir::new();
    dir.write("bomb.gz", encoder.finish().unwrap());
    let shell = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 300000 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_plimsoll")])
        .args(["analyze", "bomb.gz", "--format", "json", "--threads", "2"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(shell.status.code(), Some(3), "{}", String::from_utf8_lossy(&shell.stderr));
    let answer: Value = serde_json::from_slice(&shell.stdout).unwrap();
    assert_eq!(answer["total"]["requests"], 400);
}

/// What other systems do to texts: line ends of two characters, blank lines, a byte order mark.
#[test]
fn texts_from_other_systems_are_not_damaged() {
    for format in ["json", "csv"] {
        let text = String::from_utf8(recording(&format!("mix-429.{format}"))).unwrap();
        let plain = TestCommand::analyze().arg("-").stdin(text.as_bytes()).json();
        for (what, other) in [
            ("CRLF", text.replace('\n', "\r\n")),
            ("blank lines", text.replace('\n', "\n\n")),
            ("no last newline", text.trim_end().to_owned()),
            ("a byte order mark", format!("\u{feff}{text}")),
        ] {
            let (code, answer) = TestCommand::analyze().arg("-").stdin(other).json_of_any();
            assert_eq!(code, Some(0), "{format}, {what}: {:#}", answer["inputs"]);
            assert_same_figures(&plain, &answer, &format!("{format}, {what}"));
        }
    }
}

/// Two lines with a carriage return in the place of the line feed: whatever becomes of them, nothing goes silently.
#[test]
fn a_bare_carriage_return_hides_nothing() {
    let text = String::from_utf8(recording("ok-mixed.csv")).unwrap();
    let mut joined = text.clone();
    let third = text.match_indices('\n').nth(2).unwrap().0;
    joined.replace_range(third..=third, "\r");
    let (_, answer) = TestCommand::analyze().arg("-").stdin(joined).json_of_any();
    let input = &answer["inputs"][0];
    let records = input["records"].as_u64().unwrap();
    assert!(records >= 798, "{input:#}");
    assert!(records == 800 || input["lost_bytes"].as_u64().unwrap() > 0, "{input:#}");
}
