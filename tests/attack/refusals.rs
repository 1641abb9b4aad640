//! What `plimsoll attack` refuses, and in which words.

use crate::util::Dir;

/// Nothing listens there, and nothing is sent there.
const URL: &str = "http://127.0.0.1:9/";

/// That the attack is refused before anything is sent, for the reason given.
fn refused(dir: &Dir, line: &str, told: &str) {
    let args = line.replace("URL", URL);
    let args = args.split(' ').filter(|arg| !arg.is_empty());
    let output = dir.plimsoll().arg("attack").args(args).stdin(format!("GET {URL}\n")).run();
    assert_eq!(output.code, Some(2), "{line}: {}", output.stderr);
    assert!(output.stderr.contains(told), "{line}: {}", output.stderr);
    assert!(!output.stderr.contains("warning"), "{line}: {}", output.stderr);
    assert_eq!(output.stdout, "", "{line}");
}

#[test]
fn two_chains_of_one_name() {
    let line = "-duration=100ms --chain=a=URL@5 --chain=b=URL@5 --chain=a=URL@7";
    refused(&Dir::new(), line, "--chain a: there are two chains of this name");
}

#[test]
fn what_would_be_without_effect() {
    let dir = Dir::new();
    for (line, told) in [
        ("--chain=a=URL@5 -rate=10", "-rate is shared among chains, and each --chain has a rate"),
        ("--chain=a=URL@5 --ramp=1..10", "--ramp is shared among chains"),
        ("--chain=a=URL@5 --steps=1..10,ratio=2,hold=1s", "--steps is shared among chains"),
        ("--chain=a=URL@40%", "--chain a has a share of a rate that is not given"),
        ("--seed=2 URL", "--seed is that of random arrivals: it needs --poisson"),
        ("-h2c -http2=false URL", "-h2c speaks HTTP/2, which -http2=false rules out"),
        ("-rate=0 -max-workers=2 --poisson URL", "--poisson arrivals have a mean rate"),
        ("-method=PUT -targets=targets.txt", "-targets have a method each"),
        ("-format=json URL", "-format is that of -targets"),
        ("-format=http --chain=a=URL@5", "-format is that of -targets"),
        ("--steps=1..9,ratio=2,increment=1,hold=1s URL", "one step, by ratio or by increment"),
        ("-lazy URL", "-lazy reads targets from a file as they are sent: http://127"),
        ("-lazy --chain=a=URL@5", "-lazy reads targets from a file"),
    ] {
        refused(&dir, line, &told.replace("URL", URL));
    }
}

#[test]
fn rates_that_are_none() {
    let dir = Dir::new();
    for (line, told) in [
        ("-rate -1 URL", "invalid value '-1' for '--rate <RATE>'"),
        ("-duration -1s URL", "invalid value '-1s' for '--duration <SPAN>'"),
        ("--ramp 50..0 -duration=1s URL", "`0` is no rate above 0"),
        ("--ramp x..50 -duration=1s URL", "`x` is no rate above 0"),
        ("--steps 0..50,ratio=2,hold=1s URL", "`0` is no rate above 0"),
    ] {
        refused(&dir, line, told);
    }
}

#[test]
fn global_flags_of_vegeta() {
    let dir = Dir::new();
    for flag in ["-cpus=2", "--cpus=2", "-profile=cpu"] {
        let output = dir.plimsoll().args([flag, "attack"]).run();
        assert_eq!(output.code, Some(2), "{flag}");
        let told = format!(
            "-{}: this flag of vegeta's",
            flag.trim_start_matches('-').split('=').next().unwrap()
        );
        assert!(output.stderr.contains(&told), "{flag}: {}", output.stderr);
    }
    let version = dir.plimsoll().arg("-version").run();
    assert!(version.stdout.starts_with("plimsoll "), "{}", version.stderr);
}

#[test]
fn targets_before_the_preflight() {
    let dir = Dir::new();
    dir.write("targets.txt", b"GET http://127.0.0.1:9/\n\nGET http://127.0.0.1:9/\nX: caf\xe9\n");
    dir.write("ftp.json", "\n{\"method\":\"GET\",\"url\":\"ftp://127.0.0.1:9/\"}\n");
    // No machine makes such a rate: the preflight would warn.
    for (line, told) in [
        ("-targets=targets.txt", "targets.txt:4: the line is not UTF-8"),
        ("-targets=ftp.json -format=json", "ftp.json:2: unsupported protocol scheme \"ftp\""),
        ("ftp://localhost:9/a", "the target GET ftp://localhost:9/a: unsupported protocol scheme"),
        ("--method=G@T URL", "net/http: invalid method \"G@T\""),
        ("localhost:9/a", "did you mean http://localhost:9/a?"),
        ("--chain=a=127.0.0.1:9/a@10000000", "did you mean http://127.0.0.1:9/a?"),
    ] {
        let rate = if line.contains("--chain") { "" } else { "-rate=10000000" };
        refused(&dir, &format!("-duration=1ms {rate} {line}"), told);
    }
}

#[test]
fn compressed_results() {
    let dir = Dir::new();
    for (output, name) in [("r.json.gz", "r.json.gz"), ("r.zst --to=json", "r.zst")] {
        let told = format!("-output={name}: results are not compressed while they are written");
        refused(&dir, &format!("-duration=100ms -output={output} URL"), &told);
        assert!(!dir.path().join(name).exists());
    }
}
