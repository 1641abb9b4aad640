//! Rates over the time in which requests were started.

use serde_json::Value;

use crate::recipe::{Result, SECOND, START, lines, run};
use crate::util::{Dir, requests_by_chain};

/// A hundred requests per second.
const HUNDREDTH: i64 = SECOND / 100;

fn offered(answer: &Value) -> f64 {
    answer["total"]["offered_rps"].as_f64().unwrap()
}

fn assert_rate(answer: &Value, expected: f64, active: f64) {
    let total = &answer["total"];
    assert!(
        (offered(answer) - expected).abs() < expected * 1e-9,
        "{} for {expected}",
        offered(answer)
    );
    let seconds = total["active_s"].as_f64().unwrap();
    assert!((seconds - active).abs() < 1e-6, "{seconds} s for {active}");
}

fn at(at: i64) -> Result {
    Result { at, ..Result::default() }
}

#[test]
fn requests_span_as_many_intervals() {
    let dir = Dir::new();
    dir.write("run.json", lines(&run(&at(START), 200, HUNDREDTH)));
    let answer = dir.analyze().arg("run.json").json();
    // From the first start to the last there are but 199 intervals.
    assert_rate(&answer, 100.0, 2.0);
    assert_eq!(answer["runs"].as_array().unwrap().len(), 1);
    let spans = &answer["runs"][0]["active_spans"];
    let expected = ["2026-11-23T08:00:00.000000000Z", "2026-11-23T08:00:02.000000000Z"];
    assert_eq!(*spans, serde_json::json!([expected]));
}

#[test]
fn a_pause_between_runs_is_no_activity() {
    let dir = Dir::new();
    let first = run(&at(START), 500, HUNDREDTH);
    let second = run(&at(START + 600 * SECOND), 500, HUNDREDTH);
    dir.write("first.json", lines(&first));
    dir.write("second.json", lines(&second));
    dir.write("both.json", lines(first.iter().chain(&second)));
    dir.write("other-order.json", lines(second.iter().chain(&first)));
    for files in [&["first.json", "second.json"][..], &["both.json"], &["other-order.json"]] {
        let answer = dir.analyze().args(files).json();
        assert_rate(&answer, 100.0, 10.0);
        assert_eq!(answer["total"]["requests"], 1_000);
        let runs = answer["runs"].as_array().unwrap();
        let spans: usize =
            runs.iter().map(|run| run["active_spans"].as_array().unwrap().len()).sum();
        assert_eq!(spans, 2, "{files:?}: {runs:#?}");
    }
}

/// Attacks of other names in one stream, as `cat` of two recordings gives it.
#[test]
fn a_pause_between_attacks_is_no_activity() {
    let dir = Dir::new();
    let named = |attack: &str, at| Result { attack: attack.to_owned(), at, ..Result::default() };
    let eth = run(&named("eth", START), 500, HUNDREDTH);
    let boba = run(&named("boba", START + 60 * SECOND), 250, 2 * HUNDREDTH);
    dir.write("both.json", lines(eth.iter().chain(&boba)));
    let answer = dir.analyze().arg("both.json").json();
    assert_rate(&answer, 75.0, 10.0);
    let rate = |chain: &str| answer["chains"][chain]["offered_rps"].as_f64().unwrap();
    assert!((rate("eth") - 100.0).abs() < 1e-6 && (rate("boba") - 50.0).abs() < 1e-6);
}

#[test]
fn two_hosts_at_once_add_up() {
    let dir = Dir::new();
    // The same attack on two machines: the numbers are the same, the moments are not.
    let one = run(&at(START), 1_000, HUNDREDTH);
    let other = run(&at(START + 3_141_592), 1_000, HUNDREDTH);
    dir.write("one.json", lines(&one));
    dir.write("other.json", lines(&other));
    let mixed: Vec<Result> =
        one.iter().zip(&other).flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
    dir.write("mixed.json", lines(&mixed));
    // One behind the other in one file, they cannot be told apart; the rate is hardly touched by that.
    dir.write("joined.json", lines(one.iter().chain(&other)));
    let joined = offered(&dir.analyze().args(["joined.json"]).json());
    assert!((joined - 200.0).abs() < 0.2, "{joined}");
    for files in [&["one.json", "other.json"][..], &["mixed.json"]] {
        let answer = dir.analyze().args(files).json();
        assert_eq!(answer["total"]["requests"], 2_000);
        assert!((offered(&answer) - 200.0).abs() < 0.1, "{files:?}: {}", offered(&answer));
        let runs = answer["runs"].as_array().unwrap();
        let requests: Vec<_> = runs.iter().map(|run| run["requests"].as_u64().unwrap()).collect();
        assert_eq!(requests, [1_000, 1_000], "{files:?}");
    }
}

#[test]
fn a_stall_inside_a_run_counts() {
    let dir = Dir::new();
    let mut results = run(&at(START), 1_000, HUNDREDTH);
    for result in &mut results[500..] {
        result.at += 10 * SECOND;
    }
    dir.write("stalled.json", lines(&results));
    let answer = dir.analyze().arg("stalled.json").json();
    assert_eq!(answer["runs"].as_array().unwrap().len(), 1);
    // 999 intervals in 19.99 s.
    assert_rate(&answer, 999.0 / 19.99, 19.99 * 1_000.0 / 999.0);
}

/// Files are in the order of completion, and a slow answer of the first run may end in the second.
#[test]
fn the_order_of_completion_changes_no_rate() {
    let dir = Dir::new();
    let mut results = run(&at(START), 1_000, HUNDREDTH);
    results.extend(run(&at(START + 600 * SECOND), 1_000, HUNDREDTH));
    let ordered = dir.analyze().arg(dir.write("ordered.json", lines(&results))).json();
    for (index, chunk) in results.chunks_mut(17).enumerate() {
        if index % 3 > 0 {
            chunk.reverse();
        }
    }
    let shuffled = dir.analyze().arg(dir.write("shuffled.json", lines(&results))).json();
    assert_rate(&ordered, 100.0, 20.0);
    assert_rate(&shuffled, 100.0, 20.0);
}

#[test]
fn throughput_counts_successes_and_goodput_what_is_in_time() {
    let dir = Dir::new();
    let mut results = run(&at(START), 1_000, HUNDREDTH);
    for result in results.iter_mut().step_by(10) {
        (result.code, result.error) = (503, "503 Service Unavailable".to_owned());
    }
    for result in results.iter_mut().skip(5).step_by(10) {
        result.latency = 800_000_000;
    }
    dir.write("run.json", lines(&results));
    let plain = dir.analyze().arg("run.json").json();
    assert!(plain["total"]["goodput_rps"].is_null());
    let answer = dir.analyze().args(["run.json", "--slo", "latency=500ms,success=99.5%"]).json();
    let total = &answer["total"];
    assert_eq!(total["good"], 800);
    assert_eq!(total["successes"], 900);
    for (key, rate) in [("offered_rps", 100.0), ("throughput_rps", 90.0), ("goodput_rps", 80.0)] {
        assert!((total[key].as_f64().unwrap() - rate).abs() < 1e-9, "{key}: {}", total[key]);
    }
    let slo = &answer["config"]["slo"];
    assert_eq!(slo["latency_ms"].as_f64(), Some(500.0));
    assert_eq!(slo["success_min"].as_f64(), Some(0.995));
}

/// An answer that takes as long as the goal is in time.
#[test]
fn the_goal_itself_is_good() {
    let dir = Dir::new();
    let latencies = [99_999_999, 100_000_000, 100_000_001];
    let results: Vec<Result> = (0..)
        .zip(latencies)
        .map(|(seq, latency)| Result {
            seq,
            at: START + i64::try_from(seq).unwrap(),
            latency,
            ..Result::default()
        })
        .collect();
    dir.write("run.json", lines(&results));
    assert_eq!(
        dir.analyze().args(["run.json", "--slo", "latency=100ms"]).json()["total"]["good"],
        2
    );
}

#[test]
fn from_to_and_skip_cut_before_anything_is_counted() {
    let dir = Dir::new();
    let mut results = run(&at(START), 1_000, HUNDREDTH);
    results.extend(run(&at(START + 600 * SECOND), 1_000, HUNDREDTH));
    dir.write("runs.json", lines(&results));
    let cut = |args: &[&str]| {
        let answer = dir.analyze().arg("runs.json").args(args).json();
        let total = answer["total"]["requests"].as_u64().unwrap();
        assert_eq!(answer["inputs"][0]["cut"], 2_000 - total, "{args:?}");
        assert_eq!(answer["inputs"][0]["counted"], total, "{args:?}");
        assert!((offered(&answer) - 100.0).abs() < 1e-6, "{args:?}: {}", offered(&answer));
        assert_eq!(requests_by_chain(&answer).len(), 1);
        total
    };
    assert_eq!(cut(&["--from", "2026-11-23T08:00:05Z"]), 1_500);
    // The first moment counts, the last does not.
    assert_eq!(cut(&["--from", "2026-11-23T08:00:05Z", "--to", "2026-11-23T08:00:06Z"]), 100);
    assert_eq!(cut(&["--to", "2026-11-23T09:00:05+01:00"]), 500);
    // A warm-up has every run.
    assert_eq!(cut(&["--skip", "3s"]), 1_400);
    assert_eq!(cut(&["--skip", "3s", "--to", "2026-11-23T08:05:00Z"]), 700);
}

#[test]
fn skip_reads_the_standard_input_twice() {
    let dir = Dir::new();
    let text = lines(&run(&at(START), 1_000, HUNDREDTH));
    let answer = dir.analyze().args(["-", "--skip", "2s"]).stdin(text).json();
    assert_eq!(answer["total"]["requests"], 800);
}

/// As a cron job leaves them: many short runs in as many files.
#[test]
fn many_short_runs_keep_their_rate() {
    let dir = Dir::new();
    for index in 0..300 {
        let first = at(START + index * 600 * SECOND);
        dir.write(&format!("runs/{index:03}.json"), lines(&run(&first, 100, HUNDREDTH)));
    }
    let answer = dir.analyze().arg("runs").json();
    assert_rate(&answer, 100.0, 300.0);
    assert_eq!(answer["runs"].as_array().unwrap().len(), 300);
    assert!(answer["runs"][299]["active_spans"][0].is_array());
}
