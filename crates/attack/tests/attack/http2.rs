//! HTTP/2 without TLS.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use plimsoll_attack::{Attack, Chain, Http2, Options, Target, Targets};
use plimsoll_model::Nanos;

use crate::client::{MILLISECOND, attack, connections, fetch, few, get, options, paced, run};
use crate::secure::{Answer, serve};
use crate::server::Server;

fn h2c() -> Options {
    Options { http2: Http2::PriorKnowledge, ..options() }
}

#[test]
fn http2_without_tls_shares_a_connection() {
    let address = serve(None, Answer::Echo);
    let target = Target {
        method: "POST".to_owned(),
        body: Bytes::from_static(b"hello"),
        ..get(&format!("http://{address}/a"))
    };
    let done = run(attack(target, paced(500, 400), h2c()));
    assert_eq!(done.len(), 200);
    for done in &done {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
        assert_eq!(done.body.as_deref(), Some(&b"POST /a hello"[..]));
        assert_eq!(done.headers["X-Test"], "a");
        // Neither does Go keep it.
        assert!(!done.headers.contains_key("Trailer"));
    }
    assert_eq!(connections(&done), 1);
}

#[test]
fn streams_and_connections_that_the_server_ends() {
    for (answer, text, class) in [
        (Answer::Reset(h2::Reason::REFUSED_STREAM), "; REFUSED_STREAM", "server.h2_refused_stream"),
        (
            Answer::Reset(h2::Reason::ENHANCE_YOUR_CALM),
            "; ENHANCE_YOUR_CALM",
            "server.h2_enhance_your_calm",
        ),
        (Answer::Reset(h2::Reason::INTERNAL_ERROR), "; INTERNAL_ERROR", "server.h2_stream_error"),
        (
            Answer::GoAway(h2::Reason::ENHANCE_YOUR_CALM),
            "ErrCode=ENHANCE_YOUR_CALM, debug=\"\"",
            "server.h2_enhance_your_calm",
        ),
        (
            Answer::GoAway(h2::Reason::INTERNAL_ERROR),
            "ErrCode=INTERNAL_ERROR, debug=\"\"",
            "server.h2_goaway",
        ),
    ] {
        let address = serve(None, answer);
        for done in fetch(&format!("http://{address}/"), h2c()) {
            assert!(done.error.ends_with(text), "{} lacks {text}", done.error);
            assert_eq!((done.code, done.class().as_str()), (0, class));
        }
    }
}

/// One connection for each request, not one after another for as long as it may take.
#[test]
fn connections_that_end_at_once_are_not_opened_again_and_again() {
    let server = Server::start(drop);
    let done = fetch(&server.url("/"), h2c());
    assert!(server.connections() <= 2 * done.len(), "{}", server.connections());
    for done in done {
        let class = done.class();
        assert!(["server.closed_early", "server.reset"].contains(&&*class), "{}", done.error);
    }
}

#[test]
fn connections_that_the_server_retires_do_no_harm() {
    let address = serve(None, Answer::Once);
    let body = Bytes::from_static(b"{}");
    let target = Target { method: "POST".to_owned(), body, ..get(&format!("http://{address}/")) };
    let done = run(attack(target, paced(500, 400), h2c()));
    assert_eq!(done.len(), 200);
    for done in &done {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
    }
    assert!(connections(&done) > 1);
}

/// A server at a distance: requests are on their way when it retires the connection, which takes up none of them. By hand,
/// since no library leaves requests lying.
fn retire_after(most: u32, mut stream: TcpStream) {
    let frame = |kind: u8, flags: u8, id: &[u8], payload: &[u8]| {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags], id, payload].concat()
    };
    let (connection, mut last) = ([0; 4], [0; 4]);
    stream.read_exact(&mut [0; 24]).unwrap();
    stream.write_all(&frame(4, 0, &connection, &[])).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let (mut answered, mut retired) = (0, false);
    loop {
        let mut head = [0; 9];
        match stream.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if answered == most && !retired {
                    let told = [last, [0; 4]].concat();
                    stream.write_all(&frame(7, 0, &connection, &told)).unwrap();
                    retired = true;
                }
                continue;
            }
            Err(_) => return,
        }
        let [_, high, low, kind, flags, id @ ..] = head;
        let mut payload = vec![0; usize::from(high) << 8 | usize::from(low)];
        stream.read_exact(&mut payload).unwrap();
        match kind {
            1 if answered < most => {
                // `:status: 200`, the end of the headers and of the stream.
                stream.write_all(&frame(1, 5, &id, &[0x88])).unwrap();
                (answered, last) = (answered + 1, id);
            }
            4 if flags == 0 => stream.write_all(&frame(4, 1, &connection, &[])).unwrap(),
            6 if flags == 0 => stream.write_all(&frame(6, 1, &connection, &payload)).unwrap(),
            _ => {}
        }
    }
}

#[test]
fn requests_that_a_retired_connection_did_not_take_up_go_to_another() {
    let server = Server::start(|stream| retire_after(5, stream));
    for body in ["", "{}"] {
        let target = Target {
            method: "POST".to_owned(),
            body: Bytes::from_static(body.as_bytes()),
            ..get(&server.url("/"))
        };
        let done = run(attack(target, paced(200, 150), h2c()));
        assert_eq!(done.len(), 30);
        for done in &done {
            assert_eq!((done.code, done.error.as_str()), (200, ""));
        }
        assert!(connections(&done) >= 6, "{}", connections(&done));
    }
}

/// Go tries seven times again.
#[test]
fn requests_that_no_connection_takes_up_fail_some_time() {
    let server = Server::start(|stream| retire_after(0, stream));
    let done = run(attack(get(&server.url("/")), paced(2000, 20), h2c()));
    assert_eq!(done.len(), 40);
    for done in &done {
        assert_eq!((done.code, done.class().as_str()), (0, "server.h2_goaway"), "{}", done.error);
    }
    assert!(server.connections() <= 16, "{}", server.connections());
}

/// A stream that is never answered holds up none of the others of its connection.
#[test]
fn a_stream_that_hangs_runs_into_the_time_out_alone() {
    let address = serve(None, Answer::Never);
    let chain = |path: &str| Chain {
        name: String::new(),
        targets: Targets::listed(vec![get(&format!("http://{address}{path}"))]),
        pace: few(20),
    };
    let timeout = Nanos(300 * MILLISECOND);
    let done = run(Attack {
        chains: vec![chain("/never"), chain("/a")],
        options: Options { timeout, max_connections: 1, ..h2c() },
        ..attack(get(""), few(1), options())
    });
    assert_eq!((done.len(), connections(&done)), (40, 1));
    for done in done {
        if done.chain == 0 {
            assert!(done.error.ends_with("while awaiting headers)"), "{}", done.error);
            assert_eq!((done.code, done.class().as_str()), (0, "server.timeout"));
        } else {
            assert_eq!((done.code, done.error.as_str()), (200, ""));
        }
    }
}

#[test]
fn no_more_is_kept_of_a_body_than_wanted() {
    let address = serve(None, Answer::Echo);
    for (max_body, kept) in [(Some(0), ""), (Some(3), "GET"), (None, "GET /a ")] {
        for done in fetch(&format!("http://{address}/a"), Options { max_body, ..h2c() }) {
            assert_eq!((done.code, done.body.as_deref()), (200, Some(kept.as_bytes())));
        }
    }
}
