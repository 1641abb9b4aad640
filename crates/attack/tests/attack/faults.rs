//! Servers that stall, reset, hang, dribble, talk nonsense and hang up.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use plimsoll_attack::{Options, Target};
use plimsoll_model::Nanos;

use crate::client::{MILLISECOND, attack, fetch, few, get, options, paced, run};
use crate::server::{Server, ok, read_request};

#[test]
fn a_stall_of_two_seconds_shows_in_latencies_from_the_intended_time() {
    let begun = Instant::now();
    let server = Server::answering(move |_| {
        let stalled =
            (Duration::from_millis(500)..Duration::from_millis(2500)).contains(&begun.elapsed());
        if stalled {
            thread::sleep(Duration::from_millis(2500).saturating_sub(begun.elapsed()));
        }
        ok("done")
    });
    let done = run(attack(get(&server.url("/")), paced(200, 3500), options()));
    assert_eq!(done.len(), 700);
    assert!(done.iter().all(|done| done.code == 200 || done.unsent), "{:?}", done[0]);
    let mut latencies: Vec<u64> =
        done.iter().map(|done| done.corrected().0 / MILLISECOND).collect();
    latencies.sort_unstable();
    // 400 of 700 were due while it stalled: half of those waited for more than a second.
    let slow = latencies.iter().filter(|latency| **latency > 1000).count();
    assert!((150..=260).contains(&slow), "{slow} of {}", latencies.len());
    assert!(latencies[692] > 1800, "p99 {} ms", latencies[692]);
}

#[test]
fn a_reset_is_told_as_one() {
    // What is closed with something unread is reset.
    let server = Server::start(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    for done in fetch(&server.url("/"), options()) {
        assert!(done.error.starts_with("Get \"http://127.0.0.1:"), "{}", done.error);
        let text = format!("->{}: read: connection reset by peer", server.address);
        assert!(done.error.contains(": read tcp 127.0.0.1:"), "{}", done.error);
        assert!(done.error.ends_with(&text), "{}", done.error);
        assert_eq!((done.code, done.class().as_str()), (0, "server.reset"));
    }
}

/// As vegeta writes it: `Get "http://user:***@host/": EOF`.
#[test]
fn errors_tell_no_passwords() {
    let server = Server::start(drop);
    for (user, told) in [("user:pass@", "user:***@"), ("user@", "user@"), ("", "")] {
        let url = |user| format!("http://{user}{}/a:b@c", server.address);
        for done in fetch(&url(user), options()) {
            let told = format!("Get \"{}\": ", url(told));
            assert!(done.error.starts_with(&told), "{} lacks {told}", done.error);
        }
    }
}

#[test]
fn a_server_that_hangs_runs_into_the_time_out() {
    let server = Server::start(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let done = fetch(&server.url("/"), Options { timeout: Nanos(200 * MILLISECOND), ..options() });
    for done in done {
        let text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
        assert!(done.error.ends_with(text), "{}", done.error);
        assert_eq!(done.class(), "server.timeout");
        assert!((200..600).contains(&(done.latency.0 / MILLISECOND)), "{:?}", done.latency);
    }
}

#[test]
fn a_body_that_never_ends_runs_into_the_time_out_with_what_came() {
    let server = Server::start(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let done = fetch(&server.url("/"), Options { timeout: Nanos(200 * MILLISECOND), ..options() });
    for done in done {
        assert!(done.error.ends_with("while reading body)"), "{}", done.error);
        assert_eq!((done.code, done.body.as_deref()), (0, Some(&b"half"[..])));
        assert_eq!(done.class(), "server.timeout");
    }
}

#[test]
fn answers_may_come_byte_by_byte() {
    let server = Server::start(|mut stream| {
        stream.set_nodelay(true).unwrap();
        while read_request(&mut stream).is_some() {
            let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;x=y\r\nslow\r\n5\r\n body\r\n0\r\nT: 1\r\n\r\n";
            for byte in answer {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
            }
        }
    });
    for done in fetch(&server.url("/"), options()) {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
        assert_eq!(done.body.as_deref(), Some(&b"slow body"[..]));
        assert!(done.phases.first_byte.unwrap() <= done.latency);
    }
    assert!(server.connections() <= 5);
}

#[test]
fn what_is_no_answer_is_malformed() {
    // What vegeta, built with Go 1.26, has to say of each.
    let broken = "net/http: HTTP/1.x transport connection broken: ";
    for (answer, text) in [
        (&b"garbage\x01\r\n\r\n"[..], "malformed HTTP response \"garbage\\x01\""),
        (b"\x15\x03 \x01\n", "malformed HTTP status code \"\\x01\""),
        (b"HTTP/1.1 abc OK\r\n\r\n", "malformed HTTP status code \"abc\""),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "malformed HTTP status code \"2000\""),
        (b"HTTP/2 200 OK\r\n\r\n", "malformed HTTP version \"HTTP/2\""),
        (b"HTTP/1.1 200 OK\r\nno\r\n\r\n", "malformed MIME header: missing colon: \"no\""),
        (b"HTTP/1.1 200 OK\r\na(b: c\r\n\r\n", "malformed MIME header line: \"a(b: c\""),
        (b"HTTP/1.1 200 OK\r\n: c\r\n\r\n", "malformed MIME header line: \": c\""),
        (b"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n", "malformed MIME header line: \"A: \\x01\""),
        (b"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "malformed MIME header initial line: \" A: b\""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad Content-Length \"-1\""),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            "http: message cannot contain multiple Content-Length headers; got [\"2\" \"3\"]",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "unsupported transfer encoding: \"gzip\"",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: a\r\nTransfer-Encoding: b\r\n\r\n",
            "too many transfer encodings: [\"a\" \"b\"]",
        ),
    ] {
        let server = Server::answering(|_| answer.to_vec());
        for done in fetch(&server.url("/"), options()) {
            assert_eq!(done.error, format!("Get \"{}\": {broken}{text}", server.url("/")));
            assert_eq!((done.code, done.class().as_str()), (0, "server.malformed"), "{text}");
        }
    }
}

#[test]
fn lengths_and_trailers_may_be_malformed() {
    for (head, text) in [
        ("Content-Length:", "invalid empty Content-Length \"\""),
        ("Transfer-Encoding: chunked\r\nTrailer: a, trailer", "bad trailer key \"Trailer\""),
    ] {
        let server =
            Server::answering(move |_| format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into());
        for done in fetch(&server.url("/"), options()) {
            assert!(done.error.ends_with(&format!(" transport connection broken: {text}")));
        }
    }
}

/// What a body breaks off with is told as it is, also by vegeta.
#[test]
fn bodies_may_be_malformed() {
    for (chunks, text) in [
        (&b"zz\r\n"[..], "invalid byte in chunk length"),
        (b"\r\n", "empty hex number for chunk length"),
        (b"2\r\nokXX\r\n", "malformed chunked encoding"),
        (b"11111111111111111\r\n", "http chunk length too large"),
        (b"2\nok", "chunked line ends with bare LF"),
        (b"2\r2\r\nok", "invalid CR in chunked line"),
        (b"0\r\nno colon\r\n\r\n", "malformed MIME header: missing colon: \"no colon\""),
    ] {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let server = Server::answering(move |_| [&head[..], chunks].concat());
        for done in fetch(&server.url("/"), options()) {
            assert_eq!((done.code, done.error.as_str()), (0, text));
            assert_eq!(done.class(), "server.malformed", "{text}");
        }
    }
}

/// Heads that no standard allows, and what vegeta makes of them.
#[test]
fn odd_heads_are_taken_as_go_takes_them() {
    for (lines, expected) in [
        ("HTTP/1.1 200 OK\r\nX-A: a \r\n  b\r\n\tc\r\n", &[("X-A", "a b c")][..]),
        (
            "HTTP/1.1 200 OK\r\nx-a : a\r\nContent-Length : 1\r\n",
            &[("x-a ", "a"), ("Content-Length ", "1")],
        ),
        ("HTTP/2.0 200 OK\r\nX:  a \t \r\n", &[("X", "a")]),
        ("HTTP/1.1   200\nx-b:\n", &[("X-B", "")]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", &[]),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n", &[]),
        ("HTTP/1.1 200 OK\r\nTrailer: T\r\n", &[("Trailer", "T")]),
        (
            "HTTP/1.1 200 OK\r\nPragma: no-cache\r\n",
            &[("Pragma", "no-cache"), ("Cache-Control", "no-cache")],
        ),
    ] {
        let answer = format!("{lines}Content-Length: 2\r\n\r\nok");
        let server = Server::answering(move |_| answer.clone().into());
        let expected = expected.iter().chain(&[("Content-Length", "2")]);
        let expected = expected.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let expected: HashMap<_, _> = expected.collect();
        for done in fetch(&server.url("/"), options()) {
            assert_eq!((done.code, done.error.as_str()), (200, ""), "{lines}");
            assert_eq!(done.body.as_deref(), Some(&b"ok"[..]), "{lines}");
            assert_eq!(done.headers, expected, "{lines}");
        }
    }
}

/// Go takes them off, since what they say holds for the connection and not for what is read.
#[test]
fn headers_that_tell_how_a_body_is_carried_are_not_kept() {
    let server = Server::answering(|_| {
        let head =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9\r\nTrailer: T";
        format!("{head}\r\nX: y\r\n\r\n2\r\nok\r\n0\r\nT: 1\r\n\r\n").into()
    });
    for done in fetch(&server.url("/"), options()) {
        assert_eq!((done.code, done.body.as_deref()), (200, Some(&b"ok"[..])));
        assert_eq!(done.headers, HashMap::from([("X".to_owned(), "y".to_owned())]));
    }
    let server = Server::start(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok");
    });
    for done in fetch(&server.url("/"), options()) {
        assert_eq!((done.code, done.body.as_deref()), (200, Some(&b"ok"[..])));
        assert!(done.headers.is_empty(), "{:?}", done.headers);
    }
}

#[test]
fn heads_may_be_long_but_not_endless() {
    let many: Vec<String> = (0..3000).map(|number| format!("X-{number}: a\r\n")).collect();
    let many = many.concat();
    let server = Server::answering(move |_| {
        format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 2\r\n\r\nok").into()
    });
    for done in fetch(&server.url("/"), options()) {
        assert_eq!((done.code, done.headers.len()), (200, 3001), "{}", done.error);
    }
    let server = Server::start(|mut stream| {
        read_request(&mut stream);
        let interim = format!("HTTP/1.1 100 Continue\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
        while stream.write_all(interim.as_bytes()).is_ok() {}
    });
    for done in run(attack(get(&server.url("/")), few(1), options())) {
        let text = "net/http: server response headers exceeded 10485760 bytes; aborted";
        assert!(done.error.ends_with(text), "{}", done.error);
        assert_eq!(done.class(), "server.malformed");
    }
}

#[test]
fn answers_that_break_off_are_closed_early() {
    for (answer, text, body) in [
        (&b""[..], ": EOF", None),
        (b"HTTP/1.1 200", ": unexpected EOF", None),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n", ": unexpected EOF", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n", ": unexpected EOF", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "unexpected EOF", Some(&b"half"[..])),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
            "unexpected EOF",
            Some(b"half"),
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
            "http: unexpected EOF reading trailer",
            Some(b"half"),
        ),
    ] {
        let server = Server::start(|mut stream| {
            read_request(&mut stream);
            let _ = stream.write_all(answer);
        });
        for done in fetch(&server.url("/"), options()) {
            if body.is_some() {
                assert_eq!(done.error, text);
            }
            assert!(done.error.ends_with(text), "{}", done.error);
            assert_eq!((done.code, done.body.as_deref()), (0, body));
            assert_eq!(done.class(), "server.closed_early");
        }
    }
}

#[test]
fn connections_closed_while_idle_do_no_harm() {
    // Answers one request as if there could be another, and hangs up a moment later.
    let server = Server::start(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&ok("once"));
        thread::sleep(Duration::from_millis(5));
    });
    let done = run(attack(get(&server.url("/")), paced(500, 400), options()));
    assert_eq!(done.len(), 200);
    let failed: Vec<&str> =
        done.iter().map(|done| &*done.error).filter(|error| !error.is_empty()).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// Whether the server took up what it closed the connection on cannot be known.
#[test]
fn only_what_may_be_sent_twice_is_sent_again_where_a_connection_closes_on_it() {
    let server = Server::start(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&ok("once"));
        read_request(&mut stream);
    });
    let request = |method: &str, header: Option<&str>| Target {
        method: method.to_owned(),
        headers: header.map(|name| (name.to_owned(), "a".to_owned())).into_iter().collect(),
        ..get(&server.url("/"))
    };
    for (target, repeatable) in [
        (request("GET", None), true),
        (request("TRACE", None), true),
        (request("POST", Some("Idempotency-Key")), true),
        (request("PUT", Some("x-idempotency-key")), true),
        (request("POST", Some("X-Other")), false),
        (request("DELETE", None), false),
    ] {
        let done = run(attack(target, few(10), options()));
        let failed: Vec<_> = done.iter().filter(|done| done.code != 200).collect();
        assert_eq!(failed.is_empty(), repeatable, "{done:?}");
        for done in failed {
            assert!(done.error.ends_with(": EOF"), "{}", done.error);
        }
    }
}

#[test]
fn a_body_may_end_with_the_connection() {
    let server = Server::start(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.0 404 Not Found\r\n\r\nuntil the end");
    });
    for done in fetch(&server.url("/"), Options { max_body: Some(5), ..options() }) {
        assert_eq!((done.code, done.error.as_str()), (404, "404 Not Found"));
        assert_eq!(done.body.as_deref(), Some(&b"until"[..]));
        assert_eq!(done.class(), "setup.not_found");
    }
}

#[test]
fn redirects_are_followed_as_far_as_wanted() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let server = Server::answering(move |request| {
        let line = request.lines().next().unwrap().to_owned();
        let (code, to) = match line.split(' ').nth(1).unwrap() {
            "/moved" => (302, "/there"),
            "/kept" => (307, "there"),
            "/loop" => (302, "/loop"),
            _ => (200, ""),
        };
        log.lock().unwrap().push(format!("{line} {}", request.ends_with("body")));
        format!("HTTP/1.1 {code} X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into()
    });
    let post = |path| {
        let body = Bytes::from_static(b"body");
        let target = Target { method: "POST".to_owned(), body, ..get(&server.url(path)) };
        run(attack(target, few(1), options())).remove(0)
    };
    assert_eq!(post("/moved").code, 200);
    assert_eq!(post("/kept").code, 200);
    let expected = [
        "POST /moved HTTP/1.1 true",
        "GET /there HTTP/1.1 false",
        "POST /kept HTTP/1.1 true",
        "POST /there HTTP/1.1 true",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    let endless = &fetch(&server.url("/loop"), options())[0];
    assert!(endless.error.ends_with(": stopped after 10 redirects"), "{}", endless.error);
    assert_eq!((endless.code, endless.class().as_str()), (0, "setup.redirects"));
    let unfollowed = &fetch(&server.url("/loop"), Options { redirects: None, ..options() })[0];
    assert_eq!((unfollowed.code, unfollowed.error.as_str()), (302, ""));
}

#[test]
fn redirects_that_lead_nowhere_are_answers() {
    for code in [301, 302, 303, 307, 308] {
        for location in ["", "Location:\r\n"] {
            let head = format!("HTTP/1.1 {code} X\r\n{location}Content-Length: 4\r\n\r\nbody");
            let server = Server::answering(move |_| head.clone().into());
            for done in fetch(&server.url("/"), options()) {
                assert_eq!((done.code, done.error.as_str()), (code, ""));
                assert_eq!(done.body.as_deref(), Some(&b"body"[..]));
            }
        }
    }
}

/// vegeta's result has neither body nor headers then.
#[test]
fn nothing_is_kept_of_redirects_that_failed_later() {
    let server = Server::start(|mut stream| {
        while let Some(request) = read_request(&mut stream) {
            if request.starts_with("GET /there ") {
                return;
            }
            let to = request.split(' ').nth(1).unwrap().replace("/away", "/there");
            let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 4");
            let _ = stream.write_all(format!("{head}\r\n\r\nbody").as_bytes());
        }
    });
    for (path, url, text) in [
        ("/away", server.url("/there"), "EOF"),
        ("/loop", "/loop".to_owned(), "stopped after 10 redirects"),
    ] {
        for done in fetch(&server.url(path), options()) {
            assert_eq!(done.error, format!("Get \"{url}\": {text}"));
            assert_eq!((done.code, done.body, done.headers.len()), (0, None, 0));
        }
    }
}

#[test]
fn requests_go_out_as_they_are_written() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let server = Server::answering(move |request| {
        log.lock().unwrap().push(request.to_owned());
        ok("")
    });
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let target = Target {
        method: "POST".to_owned(),
        url: server.url("/a?b"),
        headers: vec![header("x-lower", "1"), header("X-UPPER", "2"), header("Host", "other")],
        body: Bytes::from_static(b"{}"),
    };
    let sent = run(attack(target, few(1), options()));
    assert_eq!(sent[0].headers["X-Test"], "a");
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "POST /a?b HTTP/1.1\r\nHost: other\r\nUser-Agent: plimsoll/{version}\r\nx-lower: 1\r\nX-UPPER: 2\r\nAccept-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    assert_eq!(*seen.lock().unwrap(), [expected]);
}

/// As Go's transport, and so vegeta: what is counted and kept is what the gzip says.
#[test]
fn gzip_is_asked_for_and_unpacked() {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9W\xc8@'\x01\xe3Q=\x8d\x17\0\0\0";
    let server = Server::answering(move |request| {
        let asked = request.contains("\r\nAccept-Encoding: gzip\r\n");
        let cut = gzip.len() - usize::from(request.starts_with("GET /cut ")) * 5;
        let head = format!("X-Asked: {asked}\r\nContent-Encoding: gzip\r\nContent-Length: {cut}");
        let body = if request.starts_with("HEAD ") { &[] } else { &gzip[..cut] };
        [format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").as_bytes(), body].concat()
    });
    let plain = &b"hello hello hello hello"[..];
    for (max_body, body) in [(None, plain), (Some(7), &plain[..7])] {
        for done in fetch(&server.url("/"), Options { max_body, ..options() }) {
            assert_eq!((done.code, done.body.as_deref()), (200, Some(body)), "{}", done.error);
            assert_eq!(done.headers, HashMap::from([("X-Asked".to_owned(), "true".to_owned())]));
        }
    }
    for done in fetch(&server.url("/cut"), options()) {
        assert_eq!((done.code, done.error.as_str()), (0, "unexpected EOF"));
        assert_eq!(done.body.as_deref(), Some(plain));
    }
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    for (method, headers, asked, body) in [
        ("GET", header("Accept-Encoding", "gzip"), "true", &gzip[..]),
        ("GET", header("accept-encoding", "br"), "false", gzip),
        ("GET", header("Range", "bytes=0-"), "false", gzip),
        ("HEAD", Vec::new(), "false", b""),
    ] {
        let target = Target { method: method.to_owned(), headers, ..get(&server.url("/")) };
        let done = run(attack(target, few(1), options())).remove(0);
        assert_eq!((done.code, done.body.as_deref()), (200, Some(body)), "{}", done.error);
        assert_eq!(
            (&*done.headers["X-Asked"], &*done.headers["Content-Encoding"]),
            (asked, "gzip")
        );
    }
}

#[test]
fn large_bodies_arrive_whole() {
    let server = Server::answering(|request| ok(&request.len().to_string()));
    let body = Bytes::from(vec![b'x'; 3 << 20]);
    let target = Target { method: "POST".to_owned(), body, ..get(&server.url("/")) };
    let done = run(attack(target, few(1), options()));
    let told = String::from_utf8(done[0].body.clone().unwrap()).unwrap();
    assert!(told.parse::<usize>().unwrap() > 3 << 20, "{told}");
}

/// Refused before it was sent in full, a request is answered all the same.
#[test]
fn an_answer_may_come_before_the_request_is_there() {
    let server = Server::start(|mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(
            b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    });
    let body = Bytes::from(vec![b'x'; 8 << 20]);
    let target = Target { method: "POST".to_owned(), body, ..get(&server.url("/")) };
    for done in run(attack(target, few(5), options())) {
        assert_eq!((done.code, done.error.as_str()), (413, "413 Payload Too Large"));
        assert_eq!(done.class(), "setup.bad_request");
    }
}

#[test]
fn without_keep_alive_each_request_has_its_connection() {
    let server = Server::answering(|request| {
        assert!(request.contains("\r\nConnection: close\r\n"));
        ok("")
    });
    let done =
        run(attack(get(&server.url("/")), few(20), Options { keep_alive: false, ..options() }));
    assert!(done.iter().all(|done| done.code == 200 && done.phases.connections == 1));
    assert!(done.iter().all(|done| done.phases.connect.is_some()));
    assert_eq!(server.connections(), 20);
    let server = Server::answering(|_| ok(""));
    let done = run(attack(get(&server.url("/")), few(20), options()));
    let opened: u32 = done.iter().map(|done| done.phases.connections).sum();
    assert_eq!(opened as usize, server.connections());
    assert!(opened <= 10, "{opened}");
}

#[test]
fn connections_are_bounded_where_asked_for() {
    let server = Server::answering(|_| {
        thread::sleep(Duration::from_millis(20));
        ok("")
    });
    let bounded = Options { max_connections: 2, ..options() };
    let done = run(attack(get(&server.url("/")), paced(200, 200), bounded));
    assert_eq!(server.connections(), 2);
    // 40 requests of 20 ms on two connections: the last ones waited, and it shows.
    assert!(done.iter().all(|done| done.code == 200));
    assert!(done.iter().any(|done| done.latency.0 > 100 * MILLISECOND));
}

#[test]
fn a_name_with_two_addresses_falls_back_to_the_second() {
    let server = Server::answering(|_| ok(""));
    let url = format!("http://localhost:{}/", server.address.port());
    for done in fetch(&url, options()) {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
    }
}
