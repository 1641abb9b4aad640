//! `attack --find-capacity` on a server of known capacity.

use crate::stub;
use crate::util::{Dir, skipped};

/// Trials of 3 s, and of 3.5 s where they decide. Nine good requests of ten are told by few.
const CONFIG: &str =
    "[slo]\ngood_ratio_min = 0.9\n\n[measure]\nwindow_s = 0.5\nwarmup_s = 0.5\nmin_windows = 6\n";

/// Five workers that take 20 ms each carry 250 requests per second; of more, those are turned away
/// that do not fit into the queue, which is soon full.
const CHAIN: &str = "eth=workers:5,service:20ms,queue:20";
const CAPACITY: f64 = 250.0;

#[test]
fn the_capacity_is_searched_for_and_the_results_tell_it_too() {
    let (mut server, _stdout, url) = stub::start(&["--for", "120s", "--chain", CHAIN]);
    let dir = Dir::new();
    dir.write("plimsoll.toml", CONFIG);
    // What this machine does late counts as late from 200 ms on.
    let slo = ["--slo", "latency=2s,success=99%"];
    let searched = dir
        .plimsoll()
        .args(["attack", &format!("{url}/eth"), "-body", "body.json", "-output", "found.plim"])
        .args(["--find-capacity", "--rates", "100..2000", "--width", "30%", "--budget", "100s"])
        .args(slo);
    dir.write("body.json", r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}"#);
    let searched = searched.run();
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(searched.code, Some(0), "{}", searched.stderr);
    // Warnings may follow.
    let told = searched.stderr.lines().find(|line| line.starts_with("plimsoll: capacity: "));
    let told = told.unwrap_or_else(|| panic!("{}", searched.stderr));
    if told.contains("the generator is the limit") {
        return skipped("a search: this machine sends too late");
    }
    assert!(told.contains("the bracket is narrow enough"), "{}", searched.stderr);

    let answer = dir.analyze().args(slo).arg("found.plim").json();
    let chains = answer["chains"].as_object().unwrap();
    let capacity = &chains.values().next().unwrap()["capacity"];
    let bound = |key: &str| capacity[key].as_f64().unwrap();
    let (lower, upper) = (bound("bound_lower_rps"), bound("bound_upper_rps"));
    assert!(lower <= CAPACITY && CAPACITY < upper, "{told}\n{capacity:#}");
    assert!((upper - lower) / upper <= 0.3, "{told}\n{capacity:#}");
    let number = |word: &str| -> f64 {
        word.trim_end_matches("/s,").trim_end_matches("/s").parse().unwrap()
    };
    let words: Vec<&str> = told.split(' ').collect();
    let at = words.iter().position(|word| *word == "least").unwrap();
    let (told_lower, told_upper) = (number(words[at + 1]), number(words[at + 4]));
    assert!(
        (told_lower - lower).abs() <= 0.1 && (told_upper - upper).abs() <= 0.1,
        "{told}\n{capacity:#}"
    );
}

#[test]
fn a_search_that_cannot_be_made_is_refused() {
    let dir = Dir::new();
    for (args, expected) in [
        (&["--find-capacity"][..], "--slo"),
        (&["--find-capacity", "--slo", "latency=1s", "-rate", "50"], "--rate"),
        (&["--find-capacity", "--slo", "latency=1s", "--rates", "200..100"], "--rates"),
        (&["--find-capacity", "--slo", "latency=1s", "--width", "1%"], "4% to 50%"),
        (&["--slo", "latency=1s", "-rate", "50"], "--find-capacity"),
        (
            &["--find-capacity", "--slo", "latency=1s", "--chain", "a=http://127.0.0.1:9/@50"],
            "give shares, as in 40%",
        ),
    ] {
        let mut command = dir.plimsoll().arg("attack").args(args);
        if !args.contains(&"--chain") {
            command = command.arg("http://127.0.0.1:9/");
        }
        let answer = command.run();
        assert_eq!(answer.code, Some(2), "{args:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(expected), "{args:?}: {}", answer.stderr);
    }
}
