//! The command lines of a test plan do what the plan says.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::plan;
use crate::util::{Dir, requests_by_chain, vegeta};

/// A gateway for two chains, until it is dropped.
struct Stub {
    child: Child,
    url: String,
}

impl Stub {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["stub", "--listen", "127.0.0.1:0", "--for", "60s"])
            .args(["--chain", "eth=service:1ms", "--chain", "boba=service:1ms"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: line.trim().to_owned() }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// 60/s of two chains for a second, where four fifths of a CPU at 16 ms a request are 50/s: two hosts.
const TWO_HOSTS: &str = "[chains.eth]\ntarget_rps = 40\ncapacity_rps = 100\ntargets = \"my eth's.txt\"\n\
    [chains.boba]\ntarget_rps = 20\ncapacity_rps = 100\n\
    [generator]\ncpus = 1\ncpu_us_per_request = 16000\nduration_s = 1\n";

/// A way of the plan, for targets at the stub.
fn way(dir: &Dir, stub: &Stub, config: &str, kind: &str) -> Value {
    dir.write("my eth's.txt", format!("GET {}/eth\n", stub.url));
    dir.write("boba.txt", format!("GET {}/boba\n", stub.url));
    let answer = plan(dir, config).json();
    super::assert_valid(&answer);
    let ways = answer["test"]["ways"].as_array().unwrap();
    ways.iter().find(|way| way["kind"] == kind).unwrap().clone()
}

/// Runs what is printed as a shell does.
fn run(dir: &Dir, lines: &[&str], programs: &Path) {
    let output = Command::new("sh")
        .args(["-e", "-c", &lines.join("\n")])
        .current_dir(dir.path())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{lines:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn lines(host: &Value) -> Vec<&str> {
    host.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

fn assert_sent(dir: &Dir, pattern: &str, expected: [(&str, u64); 2]) {
    let answer = dir.analyze().args(["--group-by", "attack", pattern]).json();
    let expected = expected.map(|(chain, requests)| (chain.to_owned(), requests));
    assert_eq!(requests_by_chain(&answer), expected);
    assert_eq!(answer["total"]["successes"], answer["total"]["requests"]);
}

#[test]
fn two_hosts_send_the_target_together() {
    let (dir, stub) = (Dir::new(), Stub::start());
    let programs = Path::new(env!("CARGO_BIN_EXE_plimsoll")).parent().unwrap();
    let many = way(&dir, &stub, TWO_HOSTS, "many_hosts");
    let hosts = many["commands"].as_array().unwrap();
    assert_eq!((hosts.len(), &many["limits"][0]["rate_rps"]), (2, &50.0.into()));
    for host in hosts {
        run(&dir, &lines(host), programs);
    }
    assert_sent(&dir, "host-*.plim", [("boba", 20), ("eth", 40)]);

    // One of them takes 60/50 of a second, which a command line has in whole seconds: 33.333/s and 16.666/s of two.
    let dir = Dir::new();
    let one = way(&dir, &stub, TWO_HOSTS, "one_host");
    run(&dir, &lines(&one["commands"][0]), programs);
    assert_sent(&dir, "host-1.plim", [("boba", 33), ("eth", 67)]);

    // What prepares a host is a command, too; what it is piped to changes the host.
    let tuned = format!("{TWO_HOSTS}keepalive = false\n").replacen("= 40\n", "= 4000\n", 1);
    let tuned = tuned.replacen("= 16000", "= 16", 1);
    let tuned = way(&dir, &stub, &tuned, "tuned_hosts");
    let preparation = tuned["preparation"][0].as_str().unwrap();
    run(&dir, &[preparation.split_once(" | sudo").unwrap().0], programs);
}

#[test]
fn so_does_vegeta() {
    let Some(program) = vegeta("the command lines of a test plan") else { return };
    let (dir, stub) = (Dir::new(), Stub::start());
    let program = std::fs::canonicalize(&program).unwrap_or_else(|_| program.into());
    let programs = dir.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink(program, programs.join("vegeta")).unwrap();
    let many = way(&dir, &stub, &format!("{TWO_HOSTS}tool = \"vegeta\"\n"), "many_hosts");
    let hosts = many["commands"].as_array().unwrap();
    assert_eq!(hosts.len(), 2);
    for host in hosts {
        run(&dir, &lines(host), &programs);
    }
    assert_sent(&dir, "*.gob", [("boba", 20), ("eth", 40)]);
}

/// What limits a host decides whether raised limits are of use.
#[test]
fn it_is_said_when_tuning_gains_nothing() {
    let dir = Dir::new();
    let said = |config: &str| {
        let answer = plan(&dir, config).json();
        super::assert_valid(&answer);
        let text = plan(&dir, config).env("COLUMNS", "1000").answer();
        let untuned = answer["test"]["untuned"].as_str().map(str::to_owned);
        assert!(text.contains(untuned.as_deref().unwrap_or_default()), "{text}");
        (untuned, text)
    };
    // 60/s take 60·16 ms = 0.96 CPUs, of which a host is to use four fifths: 1.2.
    let (untuned, text) = said(TWO_HOSTS);
    let expected = "raising limits gains nothing, as what limits a host is its cpu, which no setting raises: a host of 2 CPUs would have time for it";
    assert_eq!(untuned.as_deref(), Some(expected));
    // 50/s are half of what an instance sustains.
    assert!(
        text.contains("one host does not fill even one instance, which sustains 100/s"),
        "{text}"
    );
    let (untuned, _) = said(&TWO_HOSTS.replace("= 16000", "= 16"));
    assert!(untuned.unwrap().starts_with("one host is enough"));
    let large = TWO_HOSTS.replace("= 16000", "= 16").replace("= 40\n", "= 4000\n");
    let (untuned, text) = said(&format!("{large}keepalive = false\ntool = \"vegeta\"\n"));
    assert_eq!(untuned, None);
    assert!(text.contains("one host fills up to 3 instances: "), "{text}");
}

/// 60/s at a peak of 1.5: what the fleet is sized for is sent.
#[test]
fn a_test_is_at_the_peak() {
    let dir = Dir::new();
    let config = format!("{TWO_HOSTS}[fleet]\npeak_factor = 1.5\n");
    let answer = plan(&dir, &config).json();
    super::assert_valid(&answer);
    let many = &answer["test"]["ways"][0];
    assert_eq!((&many["rate_rps"], &many["hosts"]), (&90.0.into(), &2.into()));
    let command = many["commands"][0][0].as_str().unwrap();
    assert!(
        command.contains("my eth'\\''s.txt@60'") && command.contains("boba.txt@30"),
        "{command}"
    );
    let text = plan(&dir, &config).env("COLUMNS", "400").answer();
    for part in [
        "a test at the peak ",
        "the test is at the peak, which the fleet is sized for: 90/s, of 60/s × 1.5",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// 28,232 ports, a quarter of them for 30 s and the second of a request; what prepares a host says what was assumed.
#[test]
fn a_host_has_the_ports_that_were_said() {
    let dir = Dir::new();
    let config = "[chains.eth]\ntarget_rps = 4000\ncapacity_rps = 100\n\
        [measure.ports]\nutilisation = 0.25\nhold_s = 30\nsource_ips = 2\n\
        [generator]\ntool = \"vegeta\"\nkeepalive = false\nopen_files = 256\nlatency_ms = 1000\n";
    let answer = plan(&dir, config).json();
    super::assert_valid(&answer);
    let ways = &answer["test"]["ways"];
    let limits = ways[0]["limits"].as_array().unwrap();
    let ports = limits.iter().find(|limit| limit["limit"] == "ports").unwrap();
    let most = ports["rate_rps"].as_f64().unwrap();
    assert!((most - 28_232.0 * 2.0 * 0.25 / 31.0).abs() < 1e-6, "{most}");
    let tuned = &ways[2];
    let preparation = lines(&tuned["preparation"]);
    let doctor = "plimsoll doctor --emit sysctl --rate 4000 --latency 1000ms --generator vegeta --keepalive=false --source-ips 2 | sudo";
    assert!(preparation[0].starts_with(doctor), "{preparation:?}");
    // Requests in flight and 64 files beside them, above the hard limit.
    let hosts = tuned["hosts"].as_u64().unwrap();
    let flying = (4_000.0 / hosts as f64).ceil();
    let files = format!("ulimit -n {} # above the hard limit, 256: as root", flying + 64.0);
    assert!(preparation[1].starts_with(&files), "{preparation:?}");
    let assumptions = answer["test"]["assumptions"].to_string();
    for part in ["at most 25 % of its ports", "a port is taken for 30 s after its connection"] {
        assert!(assumptions.contains(part), "{part}: {assumptions}");
    }
    // Where the limit suffices, generators raise theirs to it.
    let enough = config.replacen("open_files = 256", "open_files = 65536", 1);
    let answer = plan(&dir, &enough).json();
    let preparation = answer["test"]["ways"][2]["preparation"].to_string();
    assert!(!preparation.contains("ulimit"), "{preparation}");
}
