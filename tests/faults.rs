//! Attacks on servers that fail in one way each: what `analyze` makes of them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::util::Dir;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// Handles each connection on a thread of its own; all end with the test's process.
fn server(handle: impl Fn(TcpStream) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let handle = handle.clone();
            thread::spawn(move || handle(stream));
        }
    });
    url
}

/// Reads a request with a body of two bytes or none; `false` at the end.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut byte = [0];
    let ends: &[u8] = b"\r\n\r\n";
    while !request.ends_with(ends) {
        if !stream.read(&mut byte).is_ok_and(|read| read == 1) {
            return false;
        }
        request.push(byte[0]);
    }
    !request.starts_with(b"POST") || stream.read_exact(&mut [0; 2]).is_ok()
}

/// What `analyze` says of an attack on a URL.
fn analyzed(url: &str, attack: &[&str], analyze: &[&str]) -> Value {
    let dir = Dir::new();
    let output = dir.plimsoll().args(["attack", "-output=r.plim"]).args(attack).arg(url).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    dir.analyze().arg("r.plim").args(analyze).json()
}

/// The classes of all failures, and the verdict's kind.
fn found(answer: &Value) -> (Vec<&str>, &str) {
    let errors = answer["total"]["errors"].as_array().unwrap();
    let mut classes: Vec<&str> =
        errors.iter().map(|error| error["class"].as_str().unwrap()).collect();
    classes.dedup();
    (classes, answer["verdict"]["kind"].as_str().unwrap())
}

fn ms(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no figure: {value}"))
}

const FEW: &[&str] = &["-rate=100", "-duration=300ms"];

/// What fails on account of the server says so: all 30 requests of a short attack.
fn assert_server_failure(url: &str, attack: &[&str], class: &str) {
    let answer = analyzed(url, &[FEW, attack].concat(), &[]);
    assert_eq!(found(&answer), (vec![class], "server_limited"), "{}", answer["verdict"]);
    assert_eq!(answer["total"]["errors_by_side"]["server"], 30);
}

/// Sent on time all the while, the requests of the stall waited for their answers, and count from when they were due:
/// where that is recorded, and where it is found out from their numbers.
#[test]
fn a_stall_of_two_seconds_is_in_the_corrected_latency() {
    for format in ["--to=native", "--to=json"] {
        let begun = Instant::now();
        let (from, to) = (Duration::from_secs(1), Duration::from_secs(3));
        let url = server(move |mut stream| {
            while read_request(&mut stream) {
                let now = begun.elapsed();
                if (from..to).contains(&now) {
                    thread::sleep(to.saturating_sub(now));
                }
                if stream.write_all(ANSWER).is_err() {
                    return;
                }
            }
        });
        let answer = analyzed(
            &url,
            &["-rate=200", "-duration=4s", format],
            // Requests that a busy machine sends late count against the generator from a tenth of this on.
            &["--slo", "latency=1500ms,success=99%"],
        );
        let total = &answer["total"];
        assert_eq!((&total["requests"], &total["successes"]), (&800.into(), &800.into()));
        let corrected = &total["latency_corrected_ms"];
        assert!(ms(&corrected["p99"]) > 1_500.0, "{corrected}");
        let lag = &total["send_lag_ms"];
        assert!(ms(&lag["p99"]) < 150.0, "{lag}");
        assert_eq!(found(&answer), (vec![], "server_limited"), "{}", answer["verdict"]);
    }
}

#[test]
fn resets() {
    // What is closed with something unread is reset.
    let url = server(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    assert_server_failure(&url, &[], "server.reset");
}

#[test]
fn hangs() {
    let url = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_server_failure(&url, &["-timeout=500ms"], "server.timeout");
}

#[test]
fn garbage() {
    let url = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"\x00\xffSSH-2.0-what\r\n\r\n");
    });
    assert_server_failure(&url, &[], "server.malformed");
}

/// Writes an answer slowly, byte by byte: 41 of them.
fn dribble(mut stream: TcpStream, pause: Duration) {
    stream.set_nodelay(true).unwrap();
    while read_request(&mut stream) {
        for byte in ANSWER {
            thread::sleep(pause);
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
    }
}

#[test]
fn answers_byte_by_byte() {
    let url = server(|stream| dribble(stream, Duration::from_millis(5)));
    let answer = analyzed(&url, FEW, &[]);
    assert_eq!(found(&answer), (vec![], "healthy"), "{}", answer["verdict"]);
    let fastest = &answer["total"]["latency_ms"]["all"]["min"];
    assert!(ms(fastest) >= 5.0 * ANSWER.len() as f64, "{fastest}");
    // Each byte comes in time, the answer does not.
    let url = server(|stream| dribble(stream, Duration::from_millis(50)));
    assert_server_failure(&url, &["-timeout=1s"], "server.timeout");
}

/// A server that closes what was idle for a moment costs connections, but no request: neither of GET nor of POST, which
/// may not be sent twice.
#[test]
fn connections_that_are_closed_while_idle() {
    let url = server(|mut stream| {
        // As if there could be another.
        if read_request(&mut stream) {
            let _ = stream.write_all(ANSWER);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let dir = Dir::new();
    let body = dir.write("body.json", "{}");
    let body = format!("-body={}", body.display());
    for method in [&[][..], &[body.as_str()]] {
        // So far apart that the server has closed before the next, however busy the machine is.
        let attack = [&["-rate=8", "-duration=3s"], method].concat();
        let answer = analyzed(&url, &attack, &[]);
        assert_eq!(answer["total"]["successes"], 24, "{}", answer["verdict"]);
    }
}
