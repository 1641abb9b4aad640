//! Two hosts that send a shard each, which together are one attack.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{array, thread};

use plimsoll_ingest::{Progress, ReadOptions, Source, read};
use plimsoll_model::Timestamp;
use serde_json::Value;

use crate::namespace::Namespace;
use crate::util::{Dir, requests_by_chain};

const CHAINS: &[&str] = &["a=workers:1000,service:5ms", "b=workers:1000,service:5ms"];
const SECOND: u64 = 1_000_000_000;

/// Chain, number, and nanoseconds from the start to when it was due, of each record; and in nanoseconds how late half of
/// them were at most.
fn sent(dir: &Dir, names: &[&str], start: Timestamp) -> (Vec<(String, u64, u64)>, u64) {
    let sources: Vec<Source> = names
        .iter()
        .map(|name| Source::in_memory(name, std::fs::read(dir.path().join(name)).unwrap()))
        .collect();
    let (mut due, mut lags) = (Vec::new(), Vec::new());
    let read = read(&sources, &ReadOptions::default(), &Progress::default(), &mut |batch| {
        for record in &batch.records {
            assert_eq!((record.code, record.error), (200, None), "{record:?}");
            let chain = batch.target(record).attack.clone();
            // What is read is the number among those of the shard.
            let seq = record.seq * names.len() as u64 + u64::from(batch.input.0);
            due.push((chain, seq, record.intended.since(start).0));
            assert!(record.timestamp >= record.intended, "{record:?}");
            lags.push(record.timestamp.since(record.intended).0);
        }
    });
    read.unwrap();
    due.sort_unstable();
    lags.sort_unstable();
    (due, lags[lags.len() / 2])
}

#[test]
fn two_shards_are_one_attack() {
    let made = || Namespace::new("two shards against one attack");
    let [Some(first), Some(second), Some(whole)] = array::from_fn(|_| made()) else { return };
    let dir = Dir::new();
    let hosts = [
        (&first, "--shard=1/2", "1.plim"),
        (&second, "--shard=2/2", "2.plim"),
        (&whole, "--shard=1/1", "whole.plim"),
    ];
    let _stubs = hosts.map(|(host, _, _)| host.stub(8545, CHAINS));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let start = (now + Duration::from_secs(4)).as_secs();
    let start_at =
        format!("--start-at={}", jiff::Timestamp::new(i64::try_from(start).unwrap(), 0).unwrap());
    thread::scope(|scope| {
        for (host, shard, output) in hosts {
            let attack =
                host.attack(&dir).args([&start_at, shard, "-duration=3s", "-output", output]);
            // What is late is late, not left out.
            let attack = attack.args([
                "-max-lag=10s",
                "--chain=a=http://127.0.0.1:8545/a@100",
                "--chain=b=http://127.0.0.1:8545/b@60",
            ]);
            scope.spawn(move || {
                let output = attack.run();
                assert_eq!(output.code, Some(0), "{}", output.stderr);
            });
        }
    });
    let start = Timestamp(i64::try_from(start * SECOND).unwrap());
    // The second of two chains is half a distance out of step.
    let mut expected: Vec<(String, u64, u64)> =
        (0..300).map(|seq| ("a".to_owned(), seq, seq * SECOND / 100)).collect();
    expected.extend((0..180).map(|seq| ("b".to_owned(), seq, (2 * seq + 1) * SECOND / 120)));
    for outputs in [&["whole.plim"][..], &["1.plim", "2.plim"]] {
        let (due, median_lag) = sent(&dir, outputs, start);
        assert_eq!(due, expected, "{outputs:?}");
        assert!(median_lag < SECOND / 5, "{median_lag}");
    }

    let one = dir.analyze().arg("whole.plim").json();
    let two = dir.analyze().args(["1.plim", "2.plim"]).json();
    assert_eq!(requests_by_chain(&two), [("a".to_owned(), 300), ("b".to_owned(), 180)]);
    assert_eq!(requests_by_chain(&two), requests_by_chain(&one));
    // Each host has its part of the rate, and none of its numbers is missing.
    for run in two["runs"].as_array().unwrap() {
        assert_eq!(run["missing_records"], 0, "{run}");
        let rate = if run["attack"] == "a" { 50.0 } else { 30.0 };
        let intended = run["intended_rps"].as_f64().unwrap();
        assert!((intended / rate - 1.0).abs() < 0.05, "{intended} for {rate}");
    }
    for chain in ["a", "b"] {
        let of = |answer: &Value, key| answer["chains"][chain][key].clone();
        let rate = |answer| of(answer, "offered_rps").as_f64().unwrap();
        assert!((rate(&two) / rate(&one) - 1.0).abs() < 0.05, "{} {}", rate(&two), rate(&one));
        assert_eq!(of(&two, "success"), of(&one, "success"));
        assert_eq!(of(&two, "verdict")["kind"], "healthy", "{}", of(&two, "verdict"));
        assert_eq!(of(&one, "verdict")["kind"], "healthy", "{}", of(&one, "verdict"));
    }
}
