//! The rate is kept, by one process or by several.

use bytes::Bytes;
use plimsoll_attack::schedule::Share;
use plimsoll_attack::{
    Attack, Chain, Options, Target, TargetDefaults, TargetFormat, TargetReader, Targets,
};

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

#[test]
fn shards_together_are_the_whole() {
    let server = Server::answering(|_| ok(""));
    let mut seqs = Vec::new();
    for index in 0..3 {
        let share = Share::new(index, 3).unwrap();
        let threads = Options { threads: 2, ..options() };
        let part = Attack { share, ..attack(get(&server.url("/")), paced(500, 200), threads) };
        seqs.extend(run(part).into_iter().map(|done| done.seq));
    }
    seqs.sort_unstable();
    assert!(seqs.into_iter().eq(0..100));
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
