//! What generators say of their plans and of themselves, in stages, windows and capacity.

use plimsoll_ingest::{
    Clocks, NativeRecord, NativeWriter, SentSchedule, Shard, StreamHeader, Telemetry,
};
use plimsoll_model::{Nanos, Timestamp};
use serde_json::Value;

use crate::util::Dir;

const SECOND: i64 = 1_000_000_000;
/// In the midst of a window of the grid.
const START: i64 = 1_795_422_932_777_191_788;
const SLO: [&str; 2] = ["--slo", "latency=100ms,success=99%"];

/// A chain of an attack: rates per second, each kept for a time in seconds; nothing is sent at 0.
struct Sent<'a> {
    name: &'a str,
    steps: &'a [(f64, u64)],
    /// From which rate of this chain on answers take a second.
    limit: f64,
}

impl Sent<'_> {
    fn schedule(&self) -> SentSchedule {
        let steps = self.steps.iter();
        SentSchedule::Steps(
            steps.map(|&(rate, seconds)| (rate, Nanos(seconds * 1_000_000_000))).collect(),
        )
    }

    /// When each request is due, at uneven distances and a few per cent too seldom, and whether it is answered in time.
    fn due(&self) -> Vec<(i64, bool)> {
        let mut due = Vec::new();
        let mut begin = 0.0;
        for &(rate, seconds) in self.steps {
            let end = begin + f64::from(u32::try_from(seconds).unwrap());
            let mut number = 0.0_f64;
            let mut at = begin;
            while rate > 0.0 && at < end {
                #[expect(clippy::cast_possible_truncation, reason = "seconds")]
                due.push(((at * 1e9) as i64, rate < self.limit));
                number += 1.0;
                at = begin + (number + (number % 7.0) / 10.0) / rate * 1.03;
            }
            begin = end;
        }
        due
    }
}

/// The stream of one of several hosts; `cpu` is what its generator used of its cores in each second.
fn stream(chains: &[Sent<'_>], index: u32, count: u32, cpu: &[f64]) -> Vec<u8> {
    let several = chains.len() > 1;
    let wall = Timestamp(START);
    let header = StreamHeader {
        id: u64::from(index),
        attack: if several { String::new() } else { chains[0].name.to_owned() },
        schedule: (!several).then(|| chains[0].schedule()),
        chains: if several {
            chains.iter().map(|chain| (chain.name.to_owned(), chain.schedule())).collect()
        } else {
            Vec::new()
        },
        shard: (count > 1).then_some(Shard { index, count }),
        start: Some(Clocks { wall, monotonic: Nanos(1) }),
        ..StreamHeader::default()
    };
    let mut writer = NativeWriter::new(Vec::new(), &header).unwrap();
    for chain in chains {
        for (seq, (due, in_time)) in (0..).zip(chain.due()) {
            if seq % u64::from(count) != u64::from(index) {
                continue;
            }
            let due = Timestamp(START + due);
            let url = format!("http://gateway.example/{}", chain.name);
            let record = NativeRecord {
                attack: chain.name.as_bytes(),
                url: url.as_bytes(),
                seq: Some(seq),
                intended: due,
                timestamp: due.saturating_add(Nanos(50_000)),
                latency: Nanos(if in_time { 5_000_000 } else { 1_000_000_000 }),
                code: 200,
                ..NativeRecord::default()
            };
            writer.write(&record).unwrap();
        }
    }
    for (second, &used) in (1..).zip(cpu) {
        let telemetry = Telemetry {
            time: Timestamp(START + second * SECOND),
            cpu_ratio: Some(used * 0.25),
            cpus: Some(0.25),
            run_queue_ratio: None,
            in_flight: None,
            open_files: None,
            ports_in_use: None,
            sockets: Vec::new(),
            send_lag: Vec::new(),
        };
        writer.telemetry(&telemetry).unwrap();
    }
    writer.finish().unwrap()
}

fn stages<'a>(group: &'a Value) -> Vec<(f64, &'a str, &'a str)> {
    let stages = group["stages"].as_array().unwrap().iter();
    let text = |value: &'a Value| value.as_str().unwrap();
    stages
        .map(|stage| {
            let rate = stage["offered_rps"].as_f64().unwrap();
            (rate, text(&stage["start_utc"]), text(&stage["end_utc"]))
        })
        .collect()
}

const STEPS: &[(f64, u64)] = &[(300.0, 9), (0.0, 1), (310.0, 9), (0.0, 1), (100.0, 9)];

/// 300 and 310 a second are one rate for who looks at counts, and each shard sends a third.
#[test]
fn stages_are_as_they_were_planned() {
    let chain = [Sent { name: "eth", steps: STEPS, limit: 1e9 }];
    let expected = [
        (300.0, "2026-11-23T08:35:32.777191788Z", "2026-11-23T08:35:41.777191788Z"),
        (310.0, "2026-11-23T08:35:42.777191788Z", "2026-11-23T08:35:51.777191788Z"),
        (100.0, "2026-11-23T08:35:52.777191788Z", "2026-11-23T08:36:01.777191788Z"),
    ];
    for count in [1, 3] {
        let dir = Dir::new();
        let names: Vec<String> = (0..count).map(|index| format!("{index}.plim")).collect();
        for (index, name) in (0..).zip(&names) {
            dir.write(name, stream(&chain, index, count, &[]));
        }
        let answer = dir.analyze().args(SLO).args(&names).json();
        assert_eq!(stages(&answer["chains"]["eth"]), expected, "{count}");
        assert_eq!(stages(&answer["total"]), expected, "{count}");
    }
}

/// What was cut off at the end was never sent.
#[test]
fn an_attack_that_was_ended_early_has_no_more_stages_than_it_had() {
    let dir = Dir::new();
    let chain = [Sent { name: "eth", steps: STEPS, limit: 1e9 }];
    dir.write("whole.plim", stream(&chain, 0, 1, &[]));
    let to = ["--to", "2026-11-23T08:35:46Z", "--from", "2026-11-23T08:35:34Z"];
    let answer = dir.analyze().args(SLO).args(to).arg("whole.plim").json();
    let expected = [
        (300.0, "2026-11-23T08:35:34.125000000Z", "2026-11-23T08:35:41.777191788Z"),
        (310.0, "2026-11-23T08:35:42.777191788Z", "2026-11-23T08:35:45.875000000Z"),
    ];
    assert_eq!(stages(&answer["chains"]["eth"]), expected);
}

const ETH: [(f64, u64); 7] =
    [(120.0, 10), (0.0, 1), (150.0, 10), (0.0, 1), (180.0, 10), (0.0, 1), (210.0, 10)];

/// Two chains together, of which boba gives way at 120 of 300 a second.
pub(crate) fn mix() -> Vec<u8> {
    let boba = ETH.map(|(rate, seconds)| (rate / 1.5, seconds));
    let chains = [
        Sent { name: "eth", steps: &ETH, limit: 200.0 },
        Sent { name: "boba", steps: &boba, limit: 110.0 },
    ];
    // A quarter of its share of a core, which is one.
    stream(&chains, 0, 1, &[0.25; 43])
}

/// Beside a chain that keeps its rate, the mix is another at each step.
pub(crate) fn many_mixes() -> Vec<u8> {
    let chains = [
        Sent { name: "eth", steps: &ETH, limit: 200.0 },
        Sent { name: "boba", steps: &[(100.0, 43)], limit: 1e9 },
    ];
    stream(&chains, 0, 1, &[])
}

#[test]
fn the_mix_of_all_chains_holds_what_its_weakest_does() {
    let dir = Dir::new();
    dir.write("mix.plim", mix());
    let answer = dir.analyze().args(SLO).arg("mix.plim").json();
    let total = &answer["total"];
    let rates: Vec<f64> = stages(total).into_iter().map(|stage| stage.0).collect();
    assert_eq!(rates, [200.0, 250.0, 300.0, 350.0]);
    let classes: Vec<&Value> =
        total["stages"].as_array().unwrap().iter().map(|stage| &stage["classification"]).collect();
    assert_eq!(classes, ["lower", "lower", "upper", "upper"]);
    let capacity = &total["capacity"];
    assert_eq!(capacity["bound_lower_rps"], 250.0, "{capacity}");
    assert_eq!(capacity["bound_upper_rps"], 300.0);
    assert_eq!(capacity["mix"], serde_json::json!({"boba": 0.4, "eth": 0.6}));
    assert_eq!(capacity["limited_by"], "boba");
    assert_eq!(capacity["mixed"], true);
    assert_eq!(answer["chains"]["eth"]["capacity"]["mix"], Value::Null);
    // All answers at the rate of the lower bound were good.
    let conditional = capacity["conditional_rps"].as_f64().unwrap();
    assert!((conditional / 250.0 - 0.97).abs() < 0.02, "{conditional}");

    dir.write("apart.plim", many_mixes());
    let answer = dir.analyze().args(SLO).arg("apart.plim").json();
    assert_eq!(answer["total"]["capacity"], Value::Null);
    assert_eq!(answer["chains"]["eth"]["capacity"]["bound_lower_rps"], 180.0);
}

/// Of two hosts, one is busy in the second step.
#[test]
fn a_busy_generator_is_the_limit() {
    let dir = Dir::new();
    let steps = [(200.0, 10), (0.0, 1), (400.0, 10)];
    let chain = [Sent { name: "eth", steps: &steps, limit: 1e9 }];
    let busy: Vec<f64> = (0..21).map(|second| if second < 11 { 0.4 } else { 0.9 }).collect();
    dir.write("0.plim", stream(&chain, 0, 2, &[0.1; 21]));
    dir.write("1.plim", stream(&chain, 1, 2, &busy));
    let answer = dir.analyze().args(SLO).args(["0.plim", "1.plim"]).json();
    let eth = &answer["chains"]["eth"];
    let invalid: Vec<&Value> =
        eth["stages"].as_array().unwrap().iter().map(|stage| &stage["invalid"]).collect();
    assert_eq!(invalid, [&serde_json::json!({}), &serde_json::json!({"generator_cpu": 6})]);
    assert_eq!(eth["capacity"]["censored"], "generator");
    assert_eq!(eth["capacity"]["bound_lower_rps"], 200.0);
    let windows = eth["windows"].as_array().unwrap();
    let ratio = |place: usize| windows[place]["generator_cpu_ratio"].as_f64().unwrap();
    assert!((ratio(3) - 0.4).abs() < 1e-9 && (ratio(15) - 0.9).abs() < 1e-9, "{windows:#?}");
    assert_eq!(windows[15]["reason"], "generator_cpu");
    let because = eth["verdict"]["because"].as_array().unwrap();
    assert!(
        because.iter().any(|one| one.as_str().unwrap().contains("of the CPU time")),
        "{because:?}"
    );

    // Where the limit is another, it was none; a stream that does not say how many cores there were knows nothing.
    dir.write("plimsoll.toml", "[measure]\nmax_generator_cpu = 0.95\n");
    let answer = dir.analyze().args(SLO).args(["0.plim", "1.plim"]).json();
    assert_eq!(answer["chains"]["eth"]["capacity"]["bound_lower_rps"], 400.0);
}
