//! Two hosts that send a shard each, which together are one attack.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{array, thread};

use plimsoll_ingest::{
    NativeRecord, NativeWriter, Progress, ReadOptions, Shard, Source, StreamHeader, read,
};
use plimsoll_model::{Nanos, Timestamp};
use serde_json::Value;

use crate::namespace::Namespace;
use crate::recipe;
use crate::util::{Dir, of_inputs, requests_by_chain, warnings};

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
            let seq = batch.as_written(record).seq;
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

/// Writes a host's native results of one of `count` shards of an attack of 1,000 requests in 10 s.
fn write_shard(dir: &Dir, index: u32, count: u32) -> String {
    let header = StreamHeader {
        id: index.into(),
        attack: "eth".to_owned(),
        shard: Some(Shard { index, count }),
        ..StreamHeader::default()
    };
    let mut writer = NativeWriter::new(Vec::new(), &header).unwrap();
    for seq in (u64::from(index)..1_000).step_by(count as usize) {
        let at = 1_700_000_000_000_000_000 + i64::try_from(seq).unwrap() * 10_000_000;
        let record = NativeRecord {
            attack: b"eth",
            method: b"GET",
            url: b"http://h/",
            seq: Some(seq),
            timestamp: Timestamp(at),
            intended: Timestamp(at),
            latency: Nanos(5_000_000 + seq),
            code: 200,
            ..NativeRecord::default()
        };
        writer.write(&record).unwrap();
    }
    let name = format!("{index}.plim");
    dir.write(&name, writer.finish().unwrap());
    name
}

#[test]
fn shards_in_formats_of_vegeta_are_whole() {
    let dir = Dir::new();
    let native = [0, 1, 2].map(|index| write_shard(&dir, index, 3));
    for format in ["gob", "json", "csv"] {
        let converted = native.clone().map(|name| {
            let converted = name.replace("plim", format);
            let command = dir.plimsoll().args(["convert", "--to", format, "-o", &converted, &name]);
            assert_eq!(command.run().code, Some(0));
            converted
        });
        let answer = dir.analyze().args(&converted).json();
        assert_eq!(answer["total"]["requests"], 1_000);
        assert_eq!(warnings(&answer), [""; 0], "{format}");
        for run in answer["runs"].as_array().unwrap() {
            assert_eq!(run["missing_records"], 0, "{run}");
            // A third of 100/s each.
            let intended = run["intended_rps"].as_f64().unwrap();
            assert!((intended - 100.0 / 3.0).abs() < 0.1, "{intended}");
        }
        // Beside what they were made of, they are the same records.
        for files in [[&native[1], &converted[1]], [&converted[1], &native[1]]] {
            let answer = dir.analyze().args(files).json();
            assert_eq!(answer["total"]["requests"], 333);
            assert_eq!(of_inputs(&answer, "duplicates"), [0, 333], "{format}");
            assert_eq!(warnings(&answer), ["duplicates"], "{format}");
        }
    }
    // A warm-up is the same requests, whoever leaves it out.
    let skipped = dir.plimsoll().args(["convert", "--skip=8s", "--to=json", &native[1]]).run();
    let answer = dir.analyze().args(["--skip=8s", &native[1]]).json();
    assert_eq!(skipped.stdout.lines().count(), 66, "{}", skipped.stderr);
    assert_eq!(answer["total"]["requests"], 66);
    // What is missing from a shard is told as before.
    let text = std::fs::read_to_string(dir.path().join("1.json")).unwrap();
    let lines: Vec<&str> =
        text.lines().enumerate().filter(|(line, _)| line % 10 != 5).map(|(_, line)| line).collect();
    dir.write("part.json", lines.join("\n"));
    let run = &dir.analyze().arg("part.json").json()["runs"][0];
    assert_eq!(run["missing_records"], 33, "{run}");
}

#[test]
fn shards_in_one_file_are_apart() {
    let dir = Dir::new();
    let names = [0, 1].map(|index| write_shard(&dir, index, 2));
    let bytes = names.map(|name| std::fs::read(dir.path().join(name)).unwrap());
    dir.write("both.plim", bytes.concat());
    let source = Source::in_memory("both", std::fs::read(dir.path().join("both.plim")).unwrap());
    let mut numbers = Vec::new();
    read(&[source], &ReadOptions::default(), &Progress::default(), &mut |batch| {
        numbers.extend(batch.records.iter().map(|record| batch.as_written(record).seq));
    })
    .unwrap();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1_000).collect::<Vec<u64>>());
}

/// What one of two hosts writes of an attack at uneven distances.
fn shard_of_two(index: u32) -> Vec<u8> {
    let header = StreamHeader {
        id: u64::from(index),
        shard: Some(Shard { index, count: 2 }),
        ..StreamHeader::default()
    };
    let mut writer = NativeWriter::new(Vec::new(), &header).unwrap();
    for seq in (u64::from(index)..300).step_by(2) {
        let due = Timestamp(recipe::START).saturating_add(Nanos(millis(seq * 10 + seq * 7 % 9)));
        let record = NativeRecord {
            url: b"http://gateway.example/eth",
            seq: Some(seq),
            intended: due,
            timestamp: due.saturating_add(Nanos(millis(1))),
            latency: Nanos(millis(5)),
            code: 200,
            ..NativeRecord::default()
        };
        writer.write(&record).unwrap();
    }
    writer.finish().unwrap()
}

fn millis(count: u64) -> u64 {
    count * 1_000_000
}

/// In one file, one behind the other, they stay two.
#[test]
fn concatenated_shards_are_as_separate_ones() {
    let dir = Dir::new();
    let shards = [0, 1].map(shard_of_two);
    dir.write("1.plim", &shards[0]);
    dir.write("2.plim", &shards[1]);
    dir.write("both.plim", shards.concat());
    let separate = dir.analyze().args(["1.plim", "2.plim"]).json();
    let both = dir.analyze().arg("both.plim").json();
    for answer in [&separate, &both] {
        assert_eq!(answer["total"]["latency_corrected_ms"]["count"], 300);
        let runs = answer["runs"].as_array().unwrap();
        let counts: Vec<&Value> = runs.iter().map(|run| &run["requests"]).collect();
        assert_eq!(counts, [150, 150]);
        assert!(runs.iter().all(|run| run["missing_records"] == 0), "{runs:?}");
    }
    assert_eq!(both["total"]["latency_corrected_ms"], separate["total"]["latency_corrected_ms"]);
}
