//! Where connections come from and where they lead.

use std::io::Write as _;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};
use std::thread;

use nix::sys::socket::{Backlog, listen};
use plimsoll_attack::{Http2, Options, Target};
use plimsoll_model::Nanos;

use crate::client::{Done, MILLISECOND, attack, connections, fetch, few, get, options, run};
use crate::secure::{Answer, Authority, serve};
use crate::server::{Server, ok, read_request};

fn assert_answered(done: &[Done]) {
    for done in done {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
    }
}

#[test]
fn a_socket_in_the_file_system() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                while let Some(request) = read_request(&mut stream) {
                    let host = request.lines().nth(1).unwrap().to_owned();
                    if stream.write_all(&ok(&host)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    for keep_alive in [true, false] {
        let unix_socket = Some(path.clone());
        // The name is for the server alone.
        let options = Options { unix_socket, keep_alive, ..options() };
        let done = run(attack(get("http://no-such-name.invalid/"), few(20), options));
        assert_answered(&done);
        assert_eq!(done[0].body.as_deref(), Some(&b"Host: no-such-name.invalid"[..]));
        assert_eq!(connections(&done) == 20, !keep_alive);
        assert!(done.iter().all(|done| done.phases.dns.is_none()));
    }
}

#[test]
fn connections_come_from_the_address_that_is_asked_for() {
    let peers = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&peers);
    let server = Server::start(move |mut stream| {
        log.lock().unwrap().push(stream.peer_addr().unwrap().ip());
        while read_request(&mut stream).is_some() {
            let _ = stream.write_all(&ok(""));
        }
    });
    let local: IpAddr = "127.0.0.2".parse().unwrap();
    let from = |local_address| Options { local_address: Some(local_address), ..options() };
    assert_answered(&fetch(&server.url("/"), from(local)));
    let peers = peers.lock().unwrap();
    assert!(!peers.is_empty() && peers.iter().all(|peer| *peer == local), "{peers:?}");
    for done in fetch(&server.url("/"), from("::1".parse().unwrap())) {
        assert!(done.error.ends_with("mismatched local address type ::1"), "{}", done.error);
        assert_eq!(done.class(), "setup.local_address");
    }
}

#[test]
fn addresses_may_stand_for_others_in_turn() {
    let servers =
        [(); 2].map(|()| Server::answering(|request| ok(request.lines().nth(1).unwrap())));
    let name = "no-such-name.invalid";
    let connect_to =
        servers.iter().map(|server| (format!("{name}:80"), server.address.to_string())).collect();
    let options = Options { connect_to, keep_alive: false, ..options() };
    let done = run(attack(get(&format!("http://{name}/")), few(10), options));
    assert_answered(&done);
    assert_eq!(done[0].body.as_deref(), Some(format!("Host: {name}").as_bytes()));
    assert_eq!(servers.map(|server| server.connections()), [5, 5]);
}

/// It is the URL's host whose certificate counts.
#[test]
fn certificates_are_those_of_the_name_that_was_asked_for() {
    let authority = Authority::new();
    let address = serve(Some(authority.server(&[b"h2"], None)), Answer::Echo).to_string();
    let connect_to = |name: &str| vec![(format!("{name}:443"), address.clone())];
    let to = |name| Options { connect_to: connect_to(name), ..authority.options() };
    assert_answered(&fetch("https://localhost/", to("localhost")));
    for done in fetch("https://other.example/", to("other.example")) {
        assert_eq!(done.class(), "setup.tls_trust", "{}", done.error);
    }
}

#[test]
fn names_are_looked_up_as_often_as_wanted() {
    let server = Server::answering(|_| ok(""));
    let url = format!("http://localhost:{}/", server.address.port());
    let lookups = |dns_ttl| {
        let done =
            run(attack(get(&url), few(10), Options { dns_ttl, keep_alive: false, ..options() }));
        assert_answered(&done);
        done.iter().filter(|done| done.phases.dns.is_some()).count()
    };
    // Some may be under way at a time, before the first is known.
    assert!(lookups(Some(Nanos::ZERO)) < 10);
    assert_eq!(lookups(None), 10);
    assert_eq!(lookups(Some(Nanos(1))), 10);
}

#[test]
fn connecting_in_vain_runs_into_the_time_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listen(&listener, Backlog::new(0).unwrap()).unwrap();
    // Room for one that nobody accepts; what comes then is not heard.
    let _full = TcpStream::connect(address).unwrap();
    let timeout = Nanos(300 * MILLISECOND);
    for http2 in [Http2::Off, Http2::PriorKnowledge] {
        let options = Options { timeout, http2, ..options() };
        for done in fetch(&format!("http://{address}/"), options) {
            assert!(
                done.error.ends_with(&format!(": dial tcp {address}: i/o timeout")),
                "{}",
                done.error
            );
            assert_eq!((done.code, done.class().as_str()), (0, "path.connect_timeout"));
        }
    }
}

/// A place among the bounded connections comes free when the request that had it gives up.
#[test]
fn a_request_that_hangs_holds_its_connection_no_longer_than_its_time_out() {
    let first = Mutex::new(true);
    let server = Server::start(move |mut stream| {
        let hangs = std::mem::take(&mut *first.lock().unwrap());
        while read_request(&mut stream).is_some() {
            if !hangs && stream.write_all(&ok("")).is_err() {
                return;
            }
        }
    });
    let timeout = Nanos(1_000 * MILLISECOND);
    let bounded = Options { timeout, max_connections: 1, ..options() };
    // Due until 1.5 s: those of the second half find it free again.
    let done = run(attack(get(&server.url("/")), few(150), bounded));
    let of = |code| done.iter().filter(|done| done.code == code).count();
    assert_eq!(of(0) + of(200), 150);
    assert!(of(0) >= 1 && of(200) >= 50, "{} failed", of(0));
    for done in done.iter().filter(|done| done.code == 0) {
        assert_eq!(done.class(), "server.timeout", "{}", done.error);
    }
}

/// To another host go no credentials, to the same host they do; the name of the host is each one's own.
#[test]
fn redirects_to_another_host_take_no_credentials_along() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let last = Server::answering(move |request| {
        log.lock().unwrap().push(request.to_owned());
        ok("")
    });
    let port = last.address.port();
    let first = Server::answering(move |request| {
        let host = if request.starts_with("GET /same ") { "127.0.0.1" } else { "other.example" };
        let answer = format!(
            "HTTP/1.1 303 See Other\r\nLocation: http://{host}:{port}/there?a\r\nContent-Length: 0\r\n\r\n"
        );
        answer.into()
    });
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers =
        vec![header("Authorization", "secret"), header("Cookie", "secret"), header("X-Own", "a")];
    for (path, host, secrets) in [("/same", "127.0.0.1", 2), ("/other", "other.example", 0)] {
        let referer = format!("Referer: {}\r\n", first.url(path));
        let target = Target { headers: headers.clone(), ..get(&first.url(path)) };
        let connect_to = vec![(format!("other.example:{port}"), last.address.to_string())];
        assert_answered(&run(attack(target, few(1), Options { connect_to, ..options() })));
        let head = heads.lock().unwrap().pop().unwrap();
        assert!(head.starts_with("GET /there?a HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("Host: {host}:{port}\r\n")), "{head}");
        assert_eq!(head.matches("secret").count(), secrets, "{head}");
        assert!(head.contains("X-Own: a\r\n"), "{head}");
        assert!(head.contains(&referer), "{head}");
    }
}

/// What vegeta sends then, but for the order of the headers.
#[test]
fn redirects_within_a_host_take_its_name_and_user_along() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let server = Server::answering(move |request| {
        log.lock().unwrap().push(request.to_owned());
        let location = match request.split(' ').nth(1).unwrap() {
            "/a" => "Location: b?c\r\n",
            "/b?c" => "Location: /d\r\n",
            _ => return ok(""),
        };
        format!("HTTP/1.1 302 Found\r\n{location}Content-Length: 0\r\n\r\n").into()
    });
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers =
        vec![header("Host", "other"), header("Content-Encoding", "x"), header("X-Own", "a")];
    let url = format!("http://u:p@{}/a", server.address);
    assert_answered(&run(attack(Target { headers, ..get(&url) }, few(1), options())));
    let heads = heads.lock().unwrap().clone();
    let agent = &options().user_agent;
    let common = format!("Host: other\r\nUser-Agent: {agent}\r\nAuthorization: Basic dTpw\r\n");
    for (head, path, own) in [
        (&heads[0], "/a", "Content-Encoding: x\r\nX-Own: a\r\n".to_owned()),
        (&heads[1], "/b?c", format!("X-Own: a\r\nReferer: {}\r\n", server.url("/a"))),
        (&heads[2], "/d", format!("X-Own: a\r\nReferer: {}\r\n", server.url("/b?c"))),
    ] {
        let gzip = "Accept-Encoding: gzip\r\n\r\n";
        assert_eq!(*head, format!("GET {path} HTTP/1.1\r\n{common}{own}{gzip}"));
    }
}
