//! What attack writes: the same in each format, and whole whatever ends it.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{attack, server};
use crate::corpus::assert_vegetas;
use crate::util::{Dir, vegeta};

const FORMATS: [&str; 4] = ["native", "gob", "json", "csv"];

/// Successes, failures with a body, and a port that nobody listens on.
fn targets(dir: &Dir) {
    let url = server();
    dir.write("targets.txt", format!("GET {url}\nGET {url}503\nGET http://127.0.0.1:1/\n"));
}

fn report(dir: &Dir, file: &str) -> Value {
    let answer = dir.analyze().arg(file).args(["--format", "vegeta-json"]).answer();
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn vegeta_reports_on_each_format_what_analyze_does() {
    let dir = Dir::new();
    targets(&dir);
    let vegeta = vegeta("what attack writes");
    for format in FORMATS {
        let line = "-rate=300 -duration=500ms -targets=targets.txt -name=eth";
        let command = attack(&dir).args(line.split(' ')).arg(format!("--to={format}"));
        assert_eq!(command.arg("-output=results").run().code, Some(0));
        let ours = report(&dir, "results");
        assert_eq!((&ours["requests"], &ours["status_codes"]["200"]), (&150.into(), &50.into()));
        assert_eq!(ours["status_codes"]["503"], 50);
        let answer = dir.analyze().arg("results").json();
        let input = &answer["inputs"][0];
        assert_eq!(input["notes"], serde_json::json!([]));
        assert_eq!(answer["runs"][0]["attack"], "eth");
        let Some(vegeta) = &vegeta else { continue };
        // vegeta reads no native stream.
        if format == "native" {
            let convert = dir.plimsoll().args("convert --to gob results -o results".split(' '));
            assert_eq!(convert.run().code, Some(2), "an input is not overwritten");
            let convert = dir.plimsoll().args("convert --to gob results -o converted".split(' '));
            assert_eq!(convert.run().code, Some(0));
            fs::rename(dir.path().join("converted"), dir.path().join("results")).unwrap();
            assert_eq!(report(&dir, "results"), ours);
        }
        let report = Command::new(vegeta)
            .args(["report", "-type=json"])
            .arg(dir.path().join("results"))
            .output()
            .unwrap();
        assert!(report.status.success(), "{}", String::from_utf8_lossy(&report.stderr));
        assert_vegetas(format, &ours, &serde_json::from_slice(&report.stdout).unwrap());
    }
}

#[test]
fn the_ending_says_the_format_and_native_is_the_default() {
    let dir = Dir::new();
    let url = server();
    let formats = [
        ("a.plim", "native"),
        ("a.gob", "vegeta-gob"),
        ("a.bin", "vegeta-gob"),
        ("a", "native"),
        ("a.JSON", "vegeta-json"),
        ("a.csv", "vegeta-csv"),
    ];
    for (file, format) in formats {
        let command = attack(&dir).args(["-rate=100", "-duration=50ms", &url, "-o", file]);
        assert_eq!(command.run().code, Some(0));
        assert_eq!(dir.analyze().arg(file).json()["inputs"][0]["format"], format, "{file}");
    }
    // Of a flag that is there twice the last counts, as with vegeta.
    let line = ["-rate=7", "-rate=100", "-duration=50ms", "-output=-", &url];
    let (_, stdout, _) = attack(&dir).args(line).run_to_bytes();
    dir.write("piped", stdout);
    let piped = dir.analyze().arg("piped").json();
    assert_eq!(piped["inputs"][0]["format"], "native");
    assert_eq!(piped["total"]["requests"], 5);
}

/// The header of an attack's stream tells more than who wrote it, and other formats lose that.
#[test]
fn what_other_formats_lose_is_told() {
    let dir = Dir::new();
    let command = attack(&dir).args(["-rate=50", "-duration=100ms", &server(), "-output=r.plim"]);
    assert_eq!(command.run().code, Some(0));
    let told = dir.plimsoll().args(["convert", "--to=csv", "r.plim", "-o", "r.csv"]).run().stderr;
    assert!(told.contains("of their generators is left out: 2 frames"), "{told}");
}

/// An attack on its way, with its results in a file.
fn started(dir: &Dir, format: &str, file: &str) -> Child {
    let url = server();
    let command = attack(dir).args(["-rate=500", "-duration=60s", &url, "-output", file]);
    let mut command = command.arg(format!("--to={format}")).into_inner();
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_for(path: &Path, bytes: u64) {
    for _ in 0..200 {
        if path.metadata().is_ok_and(|file| file.len() > bytes) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{} does not grow", path.display());
}

#[test]
fn what_is_killed_leaves_all_but_the_last_second() {
    for format in FORMATS {
        let dir = Dir::new();
        let mut child = started(&dir, format, "r");
        // A native stream begins with a head of some hundred bytes.
        wait_for(&dir.path().join("r"), 2_000);
        child.kill().unwrap();
        child.wait().unwrap();
        let answer = dir.analyze().arg("r").json();
        let input = &answer["inputs"][0];
        assert_eq!((&input["damaged_records"], &input["lost_bytes"]), (&0.into(), &0.into()));
        assert!(input["records"].as_u64().unwrap() > 300, "{format}: {input}");
        assert_eq!(answer["total"]["requests"], answer["total"]["successes"]);
        if format == "native" {
            assert!(input["notes"][0].as_str().unwrap().contains("has no end"), "{input}");
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_interrupted_says_so() {
    let dir = Dir::new();
    let mut child = started(&dir, "native", "r");
    wait_for(&dir.path().join("r"), 2_000);
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let answer = dir.analyze().arg("r").json();
    let note = "the stream's writer was interrupted before it was through";
    assert_eq!(answer["inputs"][0]["notes"], serde_json::json!([note]));
}

/// A disk with room for so much, as far as a process can tell.
#[cfg(target_os = "linux")]
#[test]
fn what_fills_the_disk_is_whole_as_far_as_it_came() {
    for format in FORMATS {
        let dir = Dir::new();
        let plain = attack(&dir).into_inner();
        // Blocks of 512 or 1,024 bytes, as the shell has it: some seconds' results.
        let blocks = if format == "native" { 40 } else { 400 };
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let output = Command::new("sh")
            .current_dir(dir.path())
            .args(["-c", &script])
            .arg(plain.get_program())
            .args(["attack", "-rate=500", "-duration=60s", "-output=r", "--to", format])
            .arg(server())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{format}: {told}");
        assert!(told.contains("cannot write the results"), "{format}: {told}");
        let answer = dir.analyze().arg("r").json();
        let input = &answer["inputs"][0];
        assert!(input["records"].as_u64().unwrap() > 0, "{format}: {input}");
        assert_eq!((&input["damaged_records"], &input["lost_bytes"]), (&0.into(), &0.into()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_from_the_start_ends_it() {
    let dir = Dir::new();
    for format in FORMATS {
        let command = attack(&dir).args(["-rate=100", "-duration=30s", &server(), "--to", format]);
        let output = command.arg("-output=/dev/full").run();
        assert_eq!(output.code, Some(2));
        let told = &output.stderr;
        assert!(told.contains("cannot write the results") && told.contains("space"), "{told}");
    }
}

#[test]
fn a_closed_pipe_ends_it() {
    let dir = Dir::new();
    for format in FORMATS {
        let command = attack(&dir).args(["-rate=500", "-duration=30s", &server(), "--to", format]);
        let mut command = command.into_inner();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut begun = [0; 200];
        child.stdout.take().unwrap().read_exact(&mut begun).unwrap();
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(told.contains("the attack was ended"), "{format}: {told}");
    }
}
