//! `plimsoll attack` from the outside.

mod refusals;
mod results;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::util::{Dir, TestCommand};

/// A server that answers every request with a little JSON, at /503 with that status; it ends with the test's process.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                let mut status = "200 OK";
                while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
                    if line.starts_with("GET ") {
                        let fails = line.starts_with("GET /503 ");
                        status = if fails { "503 Service Unavailable" } else { "200 OK" };
                    }
                    if line == "\r\n" {
                        let answer = format!(
                            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nX-A: 1\r\nX-A: <2>\r\nContent-Length: 2\r\n\r\n{{}}"
                        );
                        if stream.write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                    line.clear();
                }
            });
        }
    });
    format!("http://{address}/")
}

fn attack(dir: &Dir) -> TestCommand {
    dir.plimsoll().arg("attack")
}

/// What the attack writes in JSON.
fn results(command: TestCommand) -> Vec<Value> {
    let text = command.arg("--to=json").run().stdout;
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn vegetas_command_line_with_another_name() {
    let dir = Dir::new();
    dir.write("targets.txt", format!("GET {}\n", server()));
    let line = "-rate=500 -duration=200ms -targets=targets.txt -keepalive=true -timeout=30s -max-workers=1000 -max-body=10485760";
    let results = results(attack(&dir).args(line.split(' ')));
    assert_eq!(results.len(), 100);
    let first = results.iter().find(|result| result["seq"] == 0).unwrap();
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 12);
    assert_eq!((&first["code"], &first["bytes_in"]), (&200.into(), &2.into()));
    assert_eq!((&first["error"], &first["body"]), (&"".into(), &"e30=".into()));
    assert_eq!(first["headers"]["Content-Type"], serde_json::json!(["application/json"]));
    assert_eq!(first["headers"]["X-A"], serde_json::json!(["1", "<2>"]));
}

#[test]
fn analyze_reads_what_attack_writes() {
    let dir = Dir::new();
    let url = server();
    let command =
        attack(&dir).args(["-rate=200", "-duration=500ms", "-name=eth", "-output=r.json"]);
    assert_eq!(command.stdin(format!("GET {url}\n")).run().code, Some(0));
    let answer = dir.analyze().arg("r.json").json();
    assert_eq!(answer["total"]["requests"], 100);
    assert_eq!(answer["total"]["successes"], 100);
    assert_eq!(answer["runs"][0]["attack"], "eth");
}

#[test]
fn chains_share_a_rate() {
    let dir = Dir::new();
    let url = server();
    let chain = |name: &str, share: u32| format!("--chain={name}={url}{name}@{share}%");
    let command = attack(&dir).args(["-rate=500", "-duration=400ms"]);
    let command = command.args([chain("a", 40), chain("b", 20), chain("c", 20), chain("d", 20)]);
    let results = results(command);
    let count = |name: &str| results.iter().filter(|result| result["attack"] == name).count();
    assert_eq!(["a", "b", "c", "d"].map(count), [80, 40, 40, 40]);
}

#[test]
fn a_chain_at_its_own_rate_ends_with_the_steps_of_others() {
    let dir = Dir::new();
    let url = server();
    let command = attack(&dir).args(["--steps=200..100,increment=100,hold=200ms"]);
    let command = command.args([format!("--chain=a={url}@100"), format!("--chain=b={url}@50%")]);
    let results = results(command);
    let count = |name: &str| results.iter().filter(|result| result["attack"] == name).count();
    // Every second of 40 and 20.
    assert_eq!(["a", "b"].map(count), [40, 30]);
}

#[test]
fn chains_may_come_from_the_configuration() {
    let dir = Dir::new();
    let url = server();
    let counts = |chains: [(&str, &str); 4], rate: &str| {
        let chain = |(name, says)| format!("[chains.{name}]\ntargets = \"{url}{name}\"\n{says}\n");
        dir.write("plimsoll.toml", chains.map(chain).concat());
        let results = results(attack(&dir).args(["-duration=400ms"]).args(rate.split(' ')));
        let count = |name: &str| results.iter().filter(|result| result["attack"] == name).count();
        chains.map(|(name, _)| count(name))
    };
    let weights = ["weight = 4", "weight = 2", "", ""];
    let rates = ["target_rps = 200", "target_rps = 100", "target_rps = 100", "target_rps = 100"];
    let named = |says: [&'static str; 4]| {
        let mut names = ["ethereum", "boba", "mantle", "kava"].into_iter();
        says.map(|says| (names.next().unwrap(), says))
    };
    // One rate by weights, each its own, and one rate in the proportion of these.
    assert_eq!(counts(named(weights), "-rate=800"), [160, 80, 40, 40]);
    assert_eq!(counts(named(rates), "-name=all"), [80, 40, 40, 40]);
    assert_eq!(counts(named(rates), "-rate=1000"), [160, 80, 80, 80]);
    // Equal shares are the whole, too.
    assert_eq!(counts(named([""; 4]), "-ramp=100..300"), [20; 4]);
    dir.write(
        "plimsoll.toml",
        "[chains.a]\ntargets = \"a\"\ntarget_rps = 1\n[chains.b]\ntargets = \"b\"\n",
    );
    let output = attack(&dir).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("[chains.b] has no target_rps"), "{}", output.stderr);
}

#[test]
fn shards_are_told_or_found() {
    let dir = Dir::new();
    let url = server();
    let seqs = |command: TestCommand| {
        let command = command.args(["-rate=100", "-duration=200ms", &url]);
        let mut seqs: Vec<u64> =
            results(command).iter().map(|result| result["seq"].as_u64().unwrap()).collect();
        seqs.sort_unstable();
        seqs
    };
    assert_eq!(seqs(attack(&dir).arg("--shard=2/4")), [1, 5, 9, 13, 17]);
    let found = attack(&dir).arg("--shard=auto/4").env("JOB_COMPLETION_INDEX", "1");
    assert_eq!(seqs(found), [1, 5, 9, 13, 17]);
    for (to, warns) in [("gob", true), ("native", false)] {
        let args = ["-rate=100", "-duration=100ms", "--shard=2/4", "--to", to, "-output=r", &url];
        let told = attack(&dir).args(args).run().stderr;
        assert_eq!(told.contains("--shard: vegeta's formats do not say"), warns, "{told}");
    }
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    let dir = Dir::new();
    for (args, told) in [
        (
            &["-resolvers=1.1.1.1"][..],
            "-resolvers: this flag of vegeta's cannot be honoured: names",
        ),
        (&["-proxy-header", "A: b"], "-proxy-header: this flag of vegeta's cannot be honoured"),
        (&["-cpus=2"], "-cpus: this flag of vegeta's cannot be honoured: -threads"),
        (&["-prometheus-addr=0.0.0.0:8880"], "--prometheus-addr"),
        (&["-rate=0"], "-max-workers"),
        (&["-no-such-flag"], "'--no-such-flag'"),
        (&["-ouput=x"], "'--ouput'"),
        (&["-rate=much"], "--rate"),
        (&["-shard=auto"], "JOB_COMPLETION_INDEX"),
    ] {
        let output = attack(&dir).args(args).stdin("GET http://127.0.0.1:9/\n").run();
        assert_eq!(output.code, Some(2), "{args:?}");
        assert!(output.stderr.contains(told), "{args:?}: {}", output.stderr);
        assert_eq!(output.stdout, "");
    }
}

/// No machine makes a million requests per second in one process.
#[cfg(target_os = "linux")]
#[test]
fn the_preflight_warns_and_lets_it_run() {
    let dir = Dir::new();
    let line = ["-rate=1000000", "-duration=1ms", "-keepalive=false", "-output=r.plim"];
    let output = attack(&dir).args(line).arg(server()).run();
    assert_eq!(output.code, Some(0));
    assert!(output.stderr.contains("warning: cpu: "), "{}", output.stderr);
    assert!(output.stderr.contains("assuming 40,000/s for each CPU (half of"), "{}", output.stderr);
    let doctor = "plimsoll doctor --generator plimsoll --rate 1000000 --duration 0.001s --timeout 30s --max-workers 10000 --keepalive=false";
    assert!(output.stderr.contains(&format!("what helps: {doctor}\n")), "{}", output.stderr);
    let targets = format!("GET {0}\n\nGET {0}\n\nGET {1}\n", server(), server());
    let command = attack(&dir).args(line).arg("-connections=50").stdin(targets);
    let told = command.run().stderr;
    assert!(told.contains(" --destinations 2 --connections 50 --max-workers 10000"), "{told}");
    let said = dir.plimsoll().args(doctor.split(' ').skip(1)).run().stdout;
    assert!(said.contains("WARN  cpu "), "{said}");
    assert_eq!(dir.analyze().arg("r.plim").json()["total"]["requests"], 1_000);
}

#[test]
fn what_comes_to_nothing_is_told_and_lets_it_run() {
    let dir = Dir::new();
    let url = server();
    for (flags, told) in [
        (&["--start-at=2026-01-02T03:04:05Z"][..], "--start-at was "),
        (&["-unix-socket=none", "-laddr=127.0.0.1"], "-laddr is without effect"),
        // vegeta's default address is none.
        (&["-unix-socket=none", "-laddr=0.0.0.0"], ""),
    ] {
        let command = attack(&dir).args(["-rate=10", "-duration=100ms", "-output=r.bin"]);
        let output = command.args(flags).arg(&url).run();
        assert_eq!(output.code, Some(0), "{flags:?}: {}", output.stderr);
        assert!(output.stderr.contains(told), "{flags:?}: {}", output.stderr);
        assert_eq!(
            output.stderr.contains("warning: --"),
            told.starts_with("--"),
            "{}",
            output.stderr
        );
        assert_eq!(
            output.stderr.contains("warning: -l"),
            told.starts_with("-l"),
            "{}",
            output.stderr
        );
    }
}

/// What feeds `-lazy` too late is told beside the generator that waited for it.
#[test]
fn slow_producers_of_targets_are_told() {
    let dir = Dir::new();
    let target = format!("GET {}\n\n", server());
    let command = attack(&dir).args(["-lazy", "-rate=50", "-duration=1s", "-output=r.plim"]);
    let mut command = command.into_inner();
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut targets = child.stdin.take().unwrap();
    targets.write_all(target.repeat(10).as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(1_500));
    targets.write_all(target.repeat(40).as_bytes()).unwrap();
    drop(targets);
    assert!(child.wait().unwrap().success());
    let told = dir.analyze().arg("r.plim").env("COLUMNS", "400").run().stdout;
    assert!(told.starts_with("GENERATOR LIMITED"), "{told}");
    assert!(told.contains("(-lazy), what wrote them may have been too slow"), "{told}");
    assert!(!told.contains("vegeta"), "{told}");
}

#[test]
fn targets_that_are_none_are_told_with_their_line() {
    let dir = Dir::new();
    for (targets, told) in [
        ("GET http://a\nX\n", "standard input:2: bad header: X"),
        ("# a\n\nGET /\nX: 1\n\nGET http://a\n", "standard input:3: unsupported protocol scheme"),
        (
            "GET localhost:80/a\n",
            "standard input:1: unsupported protocol scheme \"localhost\": did you mean http://localhost:80/a?",
        ),
        ("GET http://a\na b: 1\n", "standard input:1: net/http: invalid header field name"),
        ("", "standard input: no targets to attack"),
    ] {
        let output = attack(&dir).arg("-duration=1s").stdin(targets).run();
        assert_eq!(output.code, Some(2));
        assert!(output.stderr.contains(told), "{}", output.stderr);
    }
}

#[cfg(unix)]
#[test]
fn an_interruption_ends_it_cleanly() {
    let dir = Dir::new();
    let command = attack(&dir).args(["-rate=100", "-duration=30s", "--to=json", &server()]);
    let mut command = command.into_inner();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let lines = String::from_utf8(output.stdout).unwrap().lines().count();
    assert!((1..500).contains(&lines), "{lines}");
}
