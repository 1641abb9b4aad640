//! The rate is kept, by one process or by several.

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use plimsoll_attack::schedule::{Arrivals, Frequency, Profile, Schedule, Share, Step, Steps};
use plimsoll_attack::{
    Attack, Chain, Options, Pace, Target, TargetDefaults, TargetFormat, TargetReader, Targets,
};
use plimsoll_model::{Nanos, Timestamp};

use crate::client::{MILLISECOND, attack, few, get, options, paced, run};
use crate::server::{Server, ok};

#[test]
fn a_rate_is_kept_to_the_request() {
    let server = Server::answering(|_| ok(""));
    let done = run(attack(get(&server.url("/")), paced(1000, 2000), options()));
    assert_eq!(done.len(), 2000);
    let mut lags: Vec<u64> = done.iter().map(|done| done.lag.0).collect();
    lags.sort_unstable();
    // On a quiet machine 0.1 ms; tests run beside one another.
    assert!(lags[1000] < 20 * MILLISECOND, "{} ns", lags[1000]);
}

/// Three hosts of two threads each, which start at one moment: each request of each chain is sent once, when the whole
/// schedule has it.
#[test]
fn shards_together_are_the_whole() {
    let first = Arc::new(OnceLock::new());
    let noted = Arc::clone(&first);
    let server = Server::answering(move |_| {
        noted.get_or_init(SystemTime::now);
        ok("")
    });
    let second = Nanos(1000 * MILLISECOND);
    let rate = |count| Frequency::new(count, second).unwrap();
    let steps = Steps {
        from: 50.0,
        to: 200.0,
        step: Step::Ratio(2.0),
        hold: Nanos(200 * MILLISECOND),
        drain: Nanos(100 * MILLISECOND),
    };
    let schedules = [
        Schedule::new(Profile::constant(rate(100), Some(second)), Arrivals::Uniform),
        Schedule::new(Profile::ramp(rate(20), rate(180), second), Arrivals::Uniform),
        Schedule::new(Profile::steps(&steps).unwrap(), Arrivals::Uniform).out_of_step(2, 4),
        Schedule::new(Profile::constant(rate(100), Some(second)), Arrivals::Poisson { seed: 7 }),
    ];
    let chain = |schedule: &Schedule| Chain {
        name: String::new(),
        targets: Targets::listed(vec![get(&server.url("/"))]),
        pace: Pace::Schedule(schedule.clone()),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let start = Timestamp(i64::try_from(now.as_nanos()).unwrap()).saturating_add(second);
    let hosts: Vec<_> = (0..3)
        .map(|index| {
            let part = Attack {
                chains: schedules.iter().map(chain).collect(),
                options: Options { threads: 2, ..options() },
                share: Share::new(index, 3).unwrap(),
                start_at: Some(start),
            };
            thread::spawn(|| run(part))
        })
        .collect();
    let mut sent: Vec<_> = hosts
        .into_iter()
        .flat_map(|host| host.join().unwrap())
        .map(|done| (done.chain, done.seq, done.intended.since(start)))
        .collect();
    sent.sort_unstable();
    let whole = schedules.iter().enumerate().flat_map(|(chain, schedule)| {
        schedule.due(Share::ALL).map(move |due| (chain, due.seq, due.at))
    });
    assert_eq!(sent, whole.collect::<Vec<_>>());
    // Not before, but for what two clocks may differ in a second.
    let begun = first.get().unwrap().duration_since(UNIX_EPOCH).unwrap();
    assert!(begun + Duration::from_millis(50) > now + Duration::from_secs(1), "{begun:?}");
}

#[test]
fn chains_have_targets_of_their_own() {
    let server = Server::answering(|request| ok(request.lines().next().unwrap()));
    let chain = |name: &str, paths: [&str; 2], rate| Chain {
        name: name.to_owned(),
        targets: Targets::listed(paths.map(|path| get(&server.url(path))).to_vec()),
        pace: paced(rate, 1000),
    };
    let chains = vec![chain("a", ["/a0", "/a1"], 40), chain("b", ["/b0", "/b1"], 20)];
    let done = run(Attack { chains, options: options(), share: Share::ALL, start_at: None });
    assert_eq!(done.len(), 60);
    for done in &done {
        let path = format!("/{}{}", ["a", "b"][done.chain], done.seq % 2);
        let expected = format!("GET {path} HTTP/1.1");
        assert_eq!(done.body.as_deref(), Some(expected.as_bytes()));
    }
}

#[test]
fn a_chain_without_targets_left_ends_alone() {
    let server = Server::answering(|_| ok(""));
    let text = format!("GET {}\n", server.url("/")).repeat(3);
    let source = Box::new(std::io::Cursor::new(text));
    let reader = TargetReader::new("test", source, TargetFormat::Http, TargetDefaults::default());
    let chain = |targets| Chain { name: String::new(), targets, pace: paced(100, 300) };
    let listed = Targets::listed(vec![get(&server.url("/"))]);
    let chains = vec![chain(Targets::streamed(reader)), chain(listed)];
    let done = run(Attack { chains, options: options(), share: Share::ALL, start_at: None });
    let of = |chain| done.iter().filter(|done| done.chain == chain).count();
    assert_eq!([of(0), of(1)], [3, 30]);
}

#[test]
fn a_stream_of_targets_is_sent_once_and_shared_out() {
    let server = Server::answering(|request| ok(request.lines().next().unwrap()));
    let lines: Vec<String> =
        (0..9).map(|n| format!("GET {}\n", server.url(&format!("/{n}")))).collect();
    let text = lines.concat();
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for index in 0..2 {
        let source = Box::new(std::io::Cursor::new(text.clone()));
        let reader = TargetReader::new("t", source, TargetFormat::Http, TargetDefaults::default());
        let attack = Attack {
            chains: vec![Chain {
                name: String::new(),
                targets: Targets::streamed(reader),
                pace: paced(100, 60_000),
            }],
            options: options(),
            share: Share::new(index, 2).unwrap(),
            start_at: None,
        };
        bodies.extend(run(attack).into_iter().filter_map(|done| done.body));
    }
    bodies.sort_unstable();
    let expected: Vec<Vec<u8>> =
        (0..9).map(|n| format!("GET /{n} HTTP/1.1").into_bytes()).collect();
    assert_eq!(bodies, expected);
}

#[test]
fn bodies_may_go_chunk_by_chunk() {
    let server = Server::start(|mut stream| {
        use std::io::{Read as _, Write as _};
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n0\r\n\r\n")
            && stream.read(&mut byte).is_ok_and(|read| read > 0)
        {
            request.push(byte[0]);
        }
        let _ = stream
            .write_all(&ok(String::from_utf8_lossy(&request).split("\r\n\r\n").nth(1).unwrap()));
    });
    let target = Target {
        method: "POST".to_owned(),
        body: Bytes::from_static(b"hello"),
        ..get(&server.url("/"))
    };
    let done = run(attack(target, few(1), Options { chunked: true, ..options() }));
    assert_eq!(done[0].body.as_deref(), Some(&b"5\r\nhello\r\n0"[..]));
}
