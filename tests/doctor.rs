use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::namespace::Namespace;
use crate::stub;
use crate::util::{Dir, Output, TestCommand, root};

fn host(name: &str) -> PathBuf {
    root().join("crates/attack/tests/fixtures").join(name)
}

/// `plimsoll doctor` on a recorded host.
fn doctor(name: &str, args: &str) -> TestCommand {
    let command = TestCommand::plimsoll().arg("doctor").arg("--root").arg(host(name));
    command.args(args.split_whitespace())
}

fn json(name: &str, args: &str) -> (Option<i32>, Value) {
    doctor(name, args).json_of_any()
}

/// The team's attack: no port budget fits it, with or without connection reuse.
const STORY: &str = "--rate 5000 --duration 33m --keepalive=false";

#[test]
fn reports_read_well() {
    for (name, host, args) in [
        ("doctor_story", "plain", STORY),
        ("doctor_plain", "plain", "--rate 500 --timeout 5s --duration 1m"),
        (
            "doctor_small_range",
            "small-range",
            "--rate 10 --timeout 1s --keepalive=false --generator plimsoll",
        ),
        (
            "doctor_container",
            "container",
            "--rate 9000 --keepalive=false --source-ips 4 --max-workers 5000",
        ),
    ] {
        let Output { stdout, stderr, .. } = doctor(host, args).run();
        assert_eq!(stderr, "");
        insta::assert_snapshot!(name, stdout);
    }
}

/// DESIGN's figures: 28,232 ports, 60 s; 5,000/s need 300,000 and what is open for 100 ms.
#[test]
fn the_port_budget_is_the_known_arithmetic() {
    let (code, report) = json("plain", STORY);
    assert_eq!(code, Some(1));
    assert_eq!(report["status"], "fail");
    let ports = &report["ports"];
    assert_eq!((&ports["needed"], &ports["available"]), (&300_500.into(), &28_232.into()));
    // 300,500 / (28,232 * 0.8) = 13.3
    assert_eq!(report["hosts"]["needed"], 14);
    assert_eq!(report["hosts"]["binding"], "ports");
    let each = report["hosts"]["rate_rps"].as_f64().unwrap();
    assert!((each - 5_000.0 / 14.0).abs() < 1e-9);
}

/// Ten seconds open no more ports than they have requests.
#[test]
fn a_short_attack_takes_fewer_ports() {
    let needed = |args: &str| json("plain", args).1["ports"]["needed"].as_u64().unwrap();
    assert_eq!(needed("--rate 1000 --keepalive=false --duration 10s"), 10_000);
    assert_eq!(needed("--rate 1000 --keepalive=false --duration 33m"), 60_100);
    assert_eq!(needed("--rate 1000 --duration 33m"), 100);
}

/// vegeta's ports are one range; others have one for each destination.
#[test]
fn destinations_count_for_what_does_not_bind() {
    let dir = Dir::new();
    let targets = dir.write("targets.txt", "GET http://a/x\nGET http://b/\n\nGET http://a:80/\n");
    let available = |generator: &str| {
        let command = doctor("plain", "--rate 1000 --keepalive=false --generator").arg(generator);
        let (_, report) = command.arg("--targets").arg(&targets).json_of_any();
        (report["plan"]["destinations"].clone(), report["ports"]["available"].clone())
    };
    assert_eq!(available("vegeta"), (2.into(), 28_232.into()));
    assert_eq!(available("plimsoll"), (2.into(), (2 * 28_232).into()));
}

/// A server that stalls holds every request until its time-out, whatever is reused.
#[test]
fn a_stall_is_warned_of() {
    let status = |args: &str| {
        let (code, report) = json("plain", args);
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == "ports_if_stalled").unwrap();
        (code, check["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(status("--rate 5000"), (Some(0), "warn".to_owned()));
    // 1,000 in flight for 30 s are 33.3/s: 3,000 ports.
    assert_eq!(status("--rate 5000 --max-workers 1000"), (Some(0), "pass".to_owned()));
}

#[test]
fn what_a_container_allows_counts() {
    let (code, report) = json("container", "--rate 9000");
    assert_eq!(code, Some(0), "nothing fails");
    let checks = report["checks"].as_array().unwrap();
    let status = |name: &str| {
        checks.iter().find(|check| check["name"] == name).unwrap()["status"].as_str().unwrap()
    };
    // 1.5 CPUs carry 7,500/s; 270,000 requests of a stalled server do not fit into 256 MiB.
    assert_eq!(report["hosts"]["needed"], 2);
    assert_eq!(report["hosts"]["binding"], "cpu");
    for name in ["cpu", "throttling", "memory", "clock_source"] {
        assert_eq!(status(name), "warn", "{name}");
    }
    assert_eq!((status("clock"), status("load")), ("pass", "pass"));
}

#[test]
fn json_keeps_to_its_schema() {
    let schema = std::fs::read(root().join("schema/plimsoll.doctor.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    for name in ["plain", "small-range", "container"] {
        for args in [STORY, "--rate 10"] {
            let (_, report) = json(name, args);
            jsonschema::validate(&schema, &report).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

#[test]
fn settings_that_help_and_no_others() {
    for (name, host, args) in [
        ("sysctl_story", "plain", STORY),
        ("sysctl_unbound", "small-range", "--rate 500 --keepalive=false --generator plimsoll"),
        ("sysctl_container", "container", "--rate 2000 --keepalive=false"),
        ("sysctl_nothing", "plain", "--rate 100 --timeout 5s"),
    ] {
        let text = doctor(host, args).args(["--emit", "sysctl"]).answer();
        let set = |key: &str| text.lines().any(|line| line.starts_with(key));
        for never in
            ["net.ipv4.tcp_fin_timeout", "net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog"]
        {
            assert!(!set(never), "{name}: {never}");
        }
        assert_eq!(set("net.ipv4.tcp_tw_reuse"), args.contains("plimsoll"), "{name}");
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn what_is_no_linux_is_said() {
    let dir = Dir::new();
    let output = doctor("plain", "--rate 5 --root").arg(dir.path()).run();
    // The option given twice is usage; alone it is a host without proc.
    assert_eq!(output.code, Some(2));
    let output = dir.plimsoll().args(["doctor", "--rate", "5", "--root"]).arg(dir.path()).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("Linux"), "{}", output.stderr);
    assert_eq!(dir.plimsoll().arg("doctor").run().code, Some(2), "no rate");
}

/// The host of the tests itself, in a namespace with 50 ports, where the system allows one.
#[test]
fn a_live_namespace_is_read() {
    let script = "echo 50000 50049 >/proc/sys/net/ipv4/ip_local_port_range && ulimit -n 100 && \
                  exec \"$0\" doctor --rate 10 --timeout 1s --keepalive=false --format json";
    let output = Command::new("unshare")
        .args(["-rn", "sh", "-c", script, env!("CARGO_BIN_EXE_plimsoll")])
        .output();
    let Ok(output) = output else { return };
    if output.stdout.is_empty() {
        return;
    }
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ports"]["available"], 50);
    let text = report["checks"].to_string();
    assert!(text.contains("the limit is 100 (hard 100)"), "{text}");
    assert!(text.contains("50 of 50 ports (50000-50049) are free now"), "{text}");
}

/// The test's own connections, which are one more each second.
#[cfg(target_os = "linux")]
#[test]
fn a_generator_is_followed() {
    // Nobody else connects to it, while other tests come and go.
    let (mut followed, _stdout, url) = stub::start(&[]);
    let address = url.strip_prefix("http://").unwrap();
    let pid = followed.id().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["doctor", "--watch", "--pid", &pid, "--for", "1500ms", "--format", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let before = next();
    let clients = [(); 40].map(|()| TcpStream::connect(address).unwrap());
    let after = next();
    assert!(child.wait().unwrap().success());
    drop(clients);
    followed.kill().unwrap();
    followed.wait().unwrap();
    let grown = after["open_files"].as_i64().unwrap() - before["open_files"].as_i64().unwrap();
    assert_eq!(grown, 40, "{before} {after}");
    // Both ends are of this network namespace.
    assert!(after["established"].as_u64().unwrap() >= 80, "{after}");
    assert!(before["open_files_limit"].as_u64().unwrap() > 0);
}

/// As `plimsoll attack` has it, which names its plan so.
#[test]
fn plimsoll_has_a_bound_and_counts_destinations() {
    let plan = "--rate 5000 --timeout 30s --generator plimsoll";
    let (_, unsaid) = json("plain", plan);
    let (_, said) = json("plain", &format!("{plan} --max-workers 10000"));
    assert_eq!(unsaid, said);
    assert_ne!(unsaid, json("plain", &format!("{plan} --max-workers 150000")).1);
    let targets = "--target http://a/ --target http://b/ --target http://b:81/";
    let (_, counted) = json("plain", &format!("{plan} {targets}"));
    assert_eq!(counted, json("plain", &format!("{plan} --destinations 3")).1);
    let narrow = doctor("plain", "--rate 5000 --keepalive=false --generator plimsoll").run().stdout;
    let words = narrow.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("or more addresses to attack, each of which every port serves"),
        "{narrow}"
    );
}

#[test]
fn targets_in_another_encoding_are_counted() {
    let dir = Dir::new();
    let bytes = b"# caf\xe9\nGET http://a/\nGET http://b/\n";
    let file = dir.write("targets.txt", bytes);
    let targets = format!("--targets {}", file.display());
    let (_, report) = json("plain", &format!("--rate 10 {targets}"));
    assert_eq!(report, json("plain", "--rate 10 --destinations 2").1);
}

#[cfg(target_os = "linux")]
#[test]
fn the_ports_are_those_of_the_generators_namespace() {
    let Some(namespace) = Namespace::new("ports of another namespace") else { return };
    namespace.ports(1_000);
    let pid = namespace.id().to_string();
    let watch = TestCommand::plimsoll().args(["doctor", "--watch", "--for=10ms", "--format=json"]);
    let output = watch.args(["--pid", &pid]).run();
    let line: Value = serde_json::from_str(&output.stdout).unwrap();
    if namespace.is_readable() {
        assert_eq!(line["ports"], 1_000, "{line}");
    } else {
        assert!(line["ports"].is_null() && output.stderr.contains("takes root"), "{line}");
    }
}
