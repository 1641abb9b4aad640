//! Attacks that come up against the limits of their own machine.

use std::process::Command;

use serde_json::Value;

use crate::namespace::Namespace;
use crate::util::{Dir, TestCommand};

/// Holds each request for two seconds, however many there are.
const SLOW: &[&str] = &["slow=workers:1000,service:2s,queue:unbounded"];

fn run(dir: &Dir, attack: TestCommand) -> Value {
    let output = attack.args(["-timeout=20s", "--to=json", "-output=r.json"]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    dir.analyze().arg("r.json").json()
}

fn failures(answer: &Value) -> Vec<(&str, u64)> {
    let errors = answer["total"]["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| (error["class"].as_str().unwrap(), error["count"].as_u64().unwrap()))
        .collect()
}

#[test]
fn an_attack_without_ports_is_limited_by_its_generator() {
    for local in [&[][..], &["-laddr=127.0.0.1"]] {
        let Some(namespace) = Namespace::new("running out of ports") else { return };
        namespace.ports(64);
        let _stub = namespace.stub(8545, SLOW);
        let dir = Dir::new();
        let attack = namespace.attack(&dir).args(local).args(["-rate=200", "-duration=1s"]);
        let answer = run(&dir, attack.args(["-keepalive=false", "http://127.0.0.1:8545/slow"]));
        assert_eq!(failures(&answer), [("generator.port_exhaustion", 136)], "{local:?}");
        assert_eq!(answer["total"]["successes"], 64);
        assert_eq!(answer["total"]["server_success"]["ratio"], 1.0);
        assert_eq!(answer["verdict"]["kind"], "generator_limited");
        let example = answer["total"]["errors"][0]["example"].as_str().unwrap();
        assert!(example.ends_with("connect: cannot assign requested address"), "{example}");
    }
}

/// A port is taken for one destination, not for all: 50 connections to each of two need no more than 50 ports.
#[test]
fn destinations_share_ports() {
    for local in [&[][..], &["-laddr=127.0.0.1"]] {
        let Some(namespace) = Namespace::new("sharing ports between destinations") else { return };
        namespace.ports(64);
        let _stub = namespace.stub(8545, SLOW);
        let dir = Dir::new();
        let attack = namespace.attack(&dir).args(local).args(["-duration=1s", "-keepalive=false"]);
        let answer = run(
            &dir,
            attack.args([
                "--chain=a=http://127.0.0.1:8545/slow@50",
                "--chain=b=http://127.0.0.2:8545/slow@50",
            ]),
        );
        let failures = failures(&answer);
        // A busy machine may leave requests unsent; none lacks a port.
        assert!(failures.iter().all(|(class, _)| *class == "generator.overload"), "{failures:?}");
        let successes = answer["total"]["successes"].as_u64().unwrap();
        assert!(successes > 64, "{local:?}: {successes} successes with 64 ports");
    }
}

/// `sh -c 'ulimit …; exec "$@"' sh`: limits for what is run.
fn limited(limits: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limits} && exec \"$@\""), "sh"]);
    command
}

#[test]
fn an_attack_without_open_files_is_limited_by_its_generator() {
    let Some(namespace) = Namespace::new("running out of open files") else { return };
    let _stub = namespace.stub(8545, SLOW);
    let attack = |limits: &str, args: &[&str]| {
        let dir = Dir::new();
        let attack = dir.plimsoll().arg("attack").args(["-rate=200", "-duration=1s"]).args(args);
        let attack = attack.arg("http://127.0.0.1:8545/slow");
        let attack = attack.within(limited(limits)).within(namespace.enter("env"));
        run(&dir, attack)
    };
    let answer = attack("ulimit -n 100", &["-max-workers=1000"]);
    let [("generator.file_limit", failed)] = failures(&answer)[..] else {
        panic!("{}", answer["total"]["errors"])
    };
    // What else is open takes some of the hundred.
    assert!((100..140).contains(&failed), "{failed}");
    assert_eq!(answer["total"]["successes"], 200 - failed);
    assert_eq!(answer["verdict"]["kind"], "generator_limited");

    // Left to itself it sends no more than it has files for.
    let answer = attack("ulimit -n 100", &[]);
    assert_eq!(failures(&answer), [("generator.overload", 164)]);
    assert_eq!(answer["verdict"]["kind"], "generator_limited");

    // A soft limit is raised.
    let answer = attack("ulimit -S -n 100", &[]);
    assert_eq!(failures(&answer), []);
    assert_eq!(answer["total"]["successes"], 200);
}
