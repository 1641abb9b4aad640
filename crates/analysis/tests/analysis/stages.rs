//! Stages and capacity of attacks on a simulated server: four workers of 10 ms, 400 requests per second.
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

use std::collections::{BTreeMap, BinaryHeap};

use plimsoll_analysis::capacity::mlrsearch::Classification;
use plimsoll_analysis::capacity::sustained::Censored;
use plimsoll_analysis::capacity::window::Reason;
use plimsoll_analysis::{IntendedRate, Matcher, Options, Slo};
use plimsoll_model::{ErrorId, ErrorText, Nanos, Rate, Record, TargetId, Timestamp};
use proptest::prelude::*;

use crate::stream::{
    SECOND, START, Stream, analyse, analyse_in_batches, chain, record, run, target,
};

const URL: &str = "http://127.0.0.1:9001/eth";
const MS: i64 = 1_000_000;

fn options() -> Options {
    let slo =
        Slo { latency: Some(Nanos(100_000_000)), success_min: Some(0.99), good_ratio_min: None };
    Options { slo: Some(slo), ..Options::default() }
}

/// When requests are due, at random, with a rate that depends on the time in seconds.
fn poisson(seconds: f64, most: f64, rate: impl Fn(f64) -> f64) -> Vec<i64> {
    // <https://prng.di.unimi.it/splitmix64.c>
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    };
    let (mut at, mut due) = (0.0, Vec::new());
    loop {
        at -= uniform().ln() / most;
        if at >= seconds {
            return due;
        }
        if uniform() * most < rate(at) {
            #[expect(clippy::cast_possible_truncation, reason = "minutes")]
            due.push((at * 1e9) as i64);
        }
    }
}

/// Requests that say when they were due, answered in order by the first worker that is free.
fn served(due: &[i64]) -> Stream {
    let mut free: BinaryHeap<std::cmp::Reverse<i64>> =
        (0..4).map(|_| std::cmp::Reverse(0)).collect();
    let mut records: Vec<Record> = Vec::new();
    for (seq, &at) in (0..).zip(due) {
        let begin = free.pop().unwrap().0.max(at);
        free.push(std::cmp::Reverse(begin + 10 * MS));
        let latency = Nanos((begin + 10 * MS - at).unsigned_abs());
        let at = Timestamp(START + at);
        records.push(Record { timestamp: at, intended: at, latency, ..record(seq, 0) });
    }
    Stream { records, targets: vec![target("eth", URL)], errors: Vec::new() }
}

#[test]
fn steps_of_random_arrivals_bracket_the_capacity() {
    let rates = [100.0, 200.0, 260.0, 320.0, 450.0];
    let due = poisson(150.0, 450.0, |at| {
        let step = rates.iter().zip(1..).find(|(_, end)| at < 30.0 * f64::from(*end));
        *step.unwrap().0
    });
    let findings = analyse_in_batches(&options(), &[served(&due)], 4_096);
    let eth = chain(&findings, "eth");
    assert_eq!(eth.stages.len(), rates.len(), "{:#?}", eth.stages);
    for (stage, rate) in eth.stages.iter().zip(rates) {
        assert!((stage.offered.per_second() / rate - 1.0).abs() < 0.05, "{stage:?}");
        let classification =
            if rate < 400.0 { Classification::Lower } else { Classification::Upper };
        assert_eq!(stage.classification, Some(classification), "{stage:?}");
    }
    let capacity = eth.capacity.as_ref().unwrap();
    let bound = |rate: Option<Rate>| rate.unwrap().per_second();
    assert!((300.0..400.0).contains(&bound(capacity.lower)), "{capacity:?}");
    assert!((400.0..470.0).contains(&bound(capacity.upper)), "{capacity:?}");
    assert_eq!(capacity.censored, Censored::None);
    assert!(!capacity.screening && !capacity.mixed);
}

/// Arrivals at random show no schedule, and the counts of a run of 400/s cannot be told from those of 396/s.
#[test]
fn a_number_in_a_name_is_a_rate_where_requests_came_at_it() {
    let of = |names: [&str; 2], rates: [f64; 2]| {
        let mut start = 0;
        let streams = names.map(|name| {
            let rate = rates[usize::from(start > 0)];
            let due: Vec<i64> =
                poisson(40.0, rate, |_| rate).into_iter().map(|at| at + start).collect();
            start += 60 * SECOND;
            let mut stream = served(&due);
            stream.targets = vec![target(name, URL)];
            for record in &mut stream.records {
                // As a generator that does not say when its requests were due.
                record.intended = Timestamp::UNKNOWN;
                record.has_seq = false;
            }
            stream
        });
        let findings = analyse_in_batches(&options(), &streams, 4_096);
        let stages = findings.chains.iter().flat_map(|chain| &chain.stages);
        stages.map(|stage| stage.offered.per_second()).collect::<Vec<f64>>()
    };
    assert_eq!(of(["eth-150", "eth-300"], [150.0, 300.0]), [150.0, 300.0]);
    // Steps whose mean a name says by chance stay steps.
    let steps = |at: f64| if at < 20.0 { 100.0 } else { 200.0 };
    let mut stepped = served(&poisson(40.0, 200.0, steps));
    let mut beside = served(&poisson(40.0, 300.0, |_| 300.0));
    stepped.targets = vec![target("eth-150", URL)];
    beside.targets = vec![target("eth-300", URL)];
    for record in stepped.records.iter_mut().chain(&mut beside.records) {
        record.intended = Timestamp::UNKNOWN;
        record.has_seq = false;
    }
    for record in &mut beside.records {
        record.timestamp.0 += 60 * SECOND;
    }
    let findings = analyse_in_batches(&options(), &[stepped, beside], 4_096);
    let rates: Vec<f64> =
        chain(&findings, "eth").stages.iter().map(|stage| stage.offered.per_second()).collect();
    assert!(rates.len() == 3 && rates[0] < 120.0 && rates[1] > 180.0, "{rates:?}");
    // A number that is none of its rates, and one that does not vary.
    for names in [["eth-1", "eth-2"], ["eth-150", "eth-150"]] {
        let rates = of(names, [150.0, 300.0]);
        assert!(rates.len() >= 2 && !rates.contains(&150.0), "{rates:?}");
    }
}

#[test]
fn shards_at_the_same_time_are_one_stage() {
    let shards = [run("eth", URL, 0, 10 * MS, 3_000), run("eth", URL, 5 * MS, 10 * MS, 3_000)];
    let findings = analyse(&options(), &shards);
    let [stage] = &chain(&findings, "eth").stages[..] else { panic!("one stage") };
    assert!((stage.offered.per_second() - 200.0).abs() < 1e-6, "{stage:?}");
    assert_eq!(stage.classification, Some(Classification::Lower));
}

#[test]
fn a_ramp_is_a_screening() {
    let due = poisson(240.0, 600.0, |at| 120.0 + 2.0 * at);
    let findings = analyse_in_batches(&options(), &[served(&due)], 4_096);
    let eth = chain(&findings, "eth");
    let [stage] = &eth.stages[..] else { panic!("{:#?}", eth.stages) };
    assert!(stage.is_ramp && stage.classification.is_none());
    let capacity = eth.capacity.as_ref().unwrap();
    assert!(capacity.screening);
    let (lower, upper) = (capacity.lower.unwrap(), capacity.upper.unwrap());
    assert!(lower.per_second() > 300.0 && upper.per_second() < 500.0, "{capacity:?}");
}

#[test]
fn chains_at_the_same_time_are_a_mix() {
    let mut stream = run("load", "http://h/eth", 0, 2 * MS, 30_000);
    stream.targets.push(target("load", "http://h/boba"));
    for record in stream.records.iter_mut().filter(|record| record.seq % 4 == 0) {
        record.target = TargetId(1);
    }
    let findings = analyse_in_batches(&options(), &[stream], 4_096);
    for (name, rate) in [("/boba", 125.0), ("/eth", 375.0)] {
        let chain = chain(&findings, name);
        let [stage] = &chain.stages[..] else { panic!("{:#?}", chain.stages) };
        assert!((stage.offered.per_second() / rate - 1.0).abs() < 0.01, "{stage:?}");
        assert!(chain.capacity.as_ref().unwrap().mixed);
    }
    let at_once = [
        run("eth", URL, 0, 10 * MS, 3_000),
        run("boba", "http://127.0.0.1:9001/boba", 5 * MS, 10 * MS, 3_000),
    ];
    let findings = analyse(&options(), &at_once);
    for name in ["eth", "boba"] {
        assert!(chain(&findings, name).capacity.as_ref().unwrap().mixed, "{name}");
    }
    let alone = analyse(&options(), &[run("eth", URL, 0, 10 * MS, 3_000)]);
    assert!(!chain(&alone, "eth").capacity.as_ref().unwrap().mixed);
}

#[test]
fn what_a_generator_was_too_slow_for_says_nothing_of_the_server() {
    let steps =
        [run("eth-100", URL, 0, 10 * MS, 6_000), run("eth-400", URL, 90 * SECOND, 5 * MS, 6_000)];
    let intended = vec![IntendedRate {
        attacks: Matcher::new(&plimsoll_analysis::Conditions {
            attack: Some("eth-400".to_owned()),
            ..Default::default()
        })
        .unwrap(),
        pattern: Some("eth-400".to_owned()),
        rate: Rate(400.0),
    }];
    let findings = analyse(&Options { intended, ..options() }, &steps);
    let eth = chain(&findings, "eth");
    let [held, slow] = &eth.stages[..] else { panic!("{:#?}", eth.stages) };
    assert_eq!((held.valid_windows, held.invalid.len()), (held.windows, 0));
    assert_eq!(slow.valid_windows, 0);
    assert_eq!(slow.invalid.get(&Reason::GeneratorRate), Some(&slow.windows));
    assert_eq!(slow.classification, Some(Classification::Undecided));
    let capacity = eth.capacity.as_ref().unwrap();
    assert_eq!((capacity.lower, capacity.upper), (Some(Rate(100.0)), None));
    assert_eq!(capacity.censored, Censored::Generator);
    assert!(capacity.next_rates.is_empty());
}

/// Of what an attack gave up when it was ended nobody knows what would have come of it: little of it changes nothing, and
/// much leaves open what the window was, without the generator being the limit.
#[test]
fn requests_that_were_given_up_count_neither_way() {
    let given_up = |count: usize| {
        let mut stream = run("eth", URL, 0, 5 * MS, 16_000);
        let text = "given up: the attack was ended before the answer came";
        let (template, example) = (text.into(), text.into());
        stream.errors = vec![ErrorText { template, example, ..ErrorText::default() }];
        for record in &mut stream.records[13_000..13_000 + count] {
            (record.code, record.error) = (0, Some(ErrorId(0)));
        }
        let findings = analyse(&options(), &[stream]);
        let eth = chain(&findings, "eth");
        let [stage] = &eth.stages[..] else { panic!("{:#?}", eth.stages) };
        let capacity = eth.capacity.as_ref().unwrap();
        assert_eq!((capacity.lower, capacity.upper), (Some(Rate(200.0)), None));
        assert_eq!(capacity.censored, Censored::MaxLoad);
        (stage.windows - stage.valid_windows, stage.invalid.clone())
    };
    assert_eq!(given_up(2), (0, BTreeMap::new()));
    assert_eq!(given_up(40), (1, BTreeMap::from([(Reason::Interrupted, 1)])));
}

#[test]
fn years_and_many_runs_end_soon() {
    const DAY: i64 = 86_400 * SECOND;
    let runs: Vec<Stream> =
        (0..300).map(|day| run("eth", URL, 20 * day * DAY, 5 * MS, 40)).collect();
    let findings = analyse_in_batches(&options(), &runs, 4_096);
    let eth = chain(&findings, "eth");
    assert_eq!(eth.requests, 12_000);
    assert!(eth.stages.len() <= 300);
}

proptest! {
    #[test]
    fn stages_are_parts_of_what_there_is(
        requests in prop::collection::vec(
            (any::<i64>(), any::<u64>(), any::<bool>(), 0_u16..600), 0..60),
        span in 1_i64..i64::MAX,
        steps in prop::collection::vec((1_i64..200, 1_u64..400), 0..6),
    ) {
        // Some requests at any time, and some steps.
        let mut records: Vec<Record> = (0..).zip(&requests).map(|(seq, &(at, latency, is_due, code))| {
            let at = START.saturating_add(at % span);
            let intended = if is_due { Timestamp(at) } else { Timestamp::UNKNOWN };
            Record { latency: Nanos(latency), intended, code, ..record(seq, at) }
        }).collect();
        let mut at = START;
        for &(interval, count) in &steps {
            for _ in 0..count {
                at += interval * MS;
                records.push(record(records.len() as u64, at));
            }
        }
        let stream = Stream { records, targets: vec![target("eth", URL)], errors: Vec::new() };
        let findings = analyse(&options(), &[stream]);
        for chain in findings.chains.iter().chain([&findings.total]) {
            let requests: u64 = chain.stages.iter().map(|stage| stage.requests).sum();
            prop_assert!(requests <= chain.requests);
            for stage in &chain.stages {
                prop_assert!(stage.start < stage.end && stage.valid_windows <= stage.windows);
                prop_assert!(stage.good.unwrap() <= stage.requests);
            }
            for pair in chain.stages.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
            if let Some((lower, upper)) = chain.capacity.as_ref().and_then(|found| found.lower.zip(found.upper)) {
                prop_assert!(lower < upper);
            }
        }
    }
}
