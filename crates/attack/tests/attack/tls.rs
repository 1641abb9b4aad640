//! TLS, with certificates made for the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use plimsoll_attack::{ErrorKind, Http2, Options, Phases, Stop, Target, TlsOptions};
use plimsoll_model::Nanos;

use crate::client::{Kept, MILLISECOND, attack, connections, fetch, few, get, options, run};
use crate::secure::{Answer, Authority, serve, serve_counting};
use crate::server::Server;

const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
const ONE: &[&[u8]] = &[b"http/1.1"];

#[test]
fn tls_takes_what_both_ends_speak() {
    let authority = Authority::new();
    for (offered, http2, body) in [
        (BOTH, Http2::Negotiated, "GET /a "),
        (BOTH, Http2::Off, "one"),
        (ONE, Http2::Negotiated, "one"),
        (&[], Http2::Negotiated, "one"),
        (BOTH, Http2::PriorKnowledge, "GET /a "),
    ] {
        let address = serve(Some(authority.server(offered, None)), Answer::Echo);
        let url = format!("https://localhost:{}/a", address.port());
        let done = run(attack(get(&url), few(20), Options { http2, ..authority.options() }));
        for done in &done {
            assert_eq!((done.code, done.error.as_str()), (200, ""));
            assert_eq!(done.body.as_deref(), Some(body.as_bytes()));
        }
        // Tickets that come behind the handshake do not make a connection useless.
        assert!(connections(&done) < 10, "{}", connections(&done));
        assert!(body == "one" || connections(&done) == 1);
        let first = done.iter().find(|done| done.phases.tls.is_some()).unwrap();
        let Phases { connect, tls, first_byte, .. } = first.phases;
        assert!(
            connect < tls && tls < first_byte && first_byte <= Some(first.latency),
            "{first:?}"
        );
    }
}

#[test]
fn certificates_are_checked_unless_that_is_not_wanted() {
    let authority = Authority::new();
    let address = serve(Some(authority.server(&[], None)), Answer::Echo);
    let url = format!("https://localhost:{}/", address.port());
    for done in fetch(&url, Authority::new().options()) {
        assert_eq!((done.code, done.class().as_str()), (0, "setup.tls_trust"), "{}", done.error);
    }
    for done in fetch(&format!("https://{address}/"), authority.options()) {
        assert_eq!(done.class(), "setup.tls_trust", "{}", done.error);
    }
    let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
    for done in fetch(&url, Options { tls: insecure, ..options() }) {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
    }
}

/// As `openssl req -x509` makes them, or signed by somebody who is not trusted.
#[test]
fn a_certificate_may_itself_be_trusted() {
    let authority = Authority::new();
    let good = 2999;
    let trusted = |file| TlsOptions { roots: vec![file], ..TlsOptions::default() };
    let other = authority.self_signed("localhost", good).file;
    let (leaf, own) = (authority.certify("localhost"), authority.self_signed("localhost", good));
    for certified in [&leaf, &own] {
        let address = serve(Some(certified.serving(ONE, None)), Answer::Echo);
        let url = format!("https://localhost:{}/", address.port());
        for done in fetch(&url, Options { tls: trusted(certified.file.clone()), ..options() }) {
            assert_eq!((done.code, done.error.as_str()), (200, ""));
        }
        for done in fetch(&url, Options { tls: trusted(other.clone()), ..options() }) {
            assert_eq!(done.class(), "setup.tls_trust", "{}", done.error);
        }
    }
    for refused in [
        authority.self_signed("other.example", good),
        authority.certify("other.example"),
        authority.self_signed("localhost", 2001),
    ] {
        let address = serve(Some(refused.serving(ONE, None)), Answer::Echo);
        let url = format!("https://localhost:{}/", address.port());
        for done in fetch(&url, Options { tls: trusted(refused.file.clone()), ..options() }) {
            assert_eq!(done.class(), "setup.tls_trust", "{}", done.error);
        }
    }
}

#[test]
fn a_client_shows_its_certificate_where_it_is_asked_for() {
    let (authority, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let certified = clients.certify("client");
    let ways = [(certified.file, Some(certified.key_file)), (certified.together, None)];
    for offered in [BOTH, ONE] {
        let server = authority.server(offered, Some(&clients));
        let address = serve(Some(server), Answer::Echo);
        let url = format!("https://localhost:{}/", address.port());
        for (certificate, key) in ways.clone() {
            let certificate = Some(certificate);
            let tls = TlsOptions { certificate, key, ..authority.trusted() };
            for done in fetch(&url, Options { tls, ..options() }) {
                assert_eq!((done.code, done.error.as_str()), (200, ""));
            }
        }
        let foreign = Some(strangers.certify("client").together);
        for certificate in [None, foreign] {
            let tls = TlsOptions { certificate, ..authority.trusted() };
            for done in fetch(&url, Options { tls, ..options() }) {
                assert!(done.error.contains("received fatal alert: "), "{}", done.error);
                assert_eq!((done.code, done.class().as_str()), (0, "setup.tls_trust"));
            }
        }
    }
}

#[test]
fn certificates_that_are_none_end_an_attack_before_it_begins() {
    let authority = Authority::new();
    let (one, other) = (authority.certify("one"), authority.certify("other"));
    let with = |certificate, key| TlsOptions { certificate, key, ..TlsOptions::default() };
    let roots = |file| TlsOptions { roots: vec![file], ..TlsOptions::default() };
    for (tls, told) in [
        (with(Some(one.file.clone()), Some(other.key_file)), "TLS: "),
        (with(Some(one.file.clone()), None), "no private key"),
        (with(Some("/nowhere".into()), None), "TLS: cannot read /nowhere"),
        (with(Some(one.key_file.clone()), None), "holds no certificate in PEM"),
        (roots(one.key_file), "holds no certificate in PEM"),
        (roots("/nowhere".into()), "TLS: cannot read /nowhere"),
    ] {
        let options = Options { tls, ..options() };
        let mut kept = Kept::default();
        let error = attack(get("http://127.0.0.1:9/"), few(1), options)
            .run(&Stop::default(), &mut kept)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.to_string().contains(told), "{error}");
        assert!(kept.done.is_empty());
    }
}

#[test]
fn sessions_are_resumed_where_asked_for() {
    let authority = Authority::new();
    for session_tickets in [false, true] {
        let resumed = Arc::new(AtomicUsize::new(0));
        let config = authority.server(ONE, None);
        let address = serve_counting(Some(config), Answer::Echo, &resumed);
        let tls = TlsOptions { session_tickets, ..authority.trusted() };
        let url = format!("https://localhost:{}/", address.port());
        let done = run(attack(get(&url), few(10), Options { tls, keep_alive: false, ..options() }));
        assert_eq!(connections(&done), 10);
        assert_eq!(resumed.load(Ordering::Relaxed) > 0, session_tickets);
    }
}

/// A POST may not be sent twice: that its connection is closed has to be seen before.
#[test]
fn connections_closed_while_idle_do_no_harm() {
    let authority = Authority::new();
    for offered in [BOTH, ONE] {
        let address = serve(Some(authority.server(offered, None)), Answer::Once);
        let target = Target {
            method: "POST".to_owned(),
            body: Bytes::from_static(b"{}"),
            ..get(&format!("https://localhost:{}/", address.port()))
        };
        let done = run(attack(target, few(20), authority.options()));
        for done in &done {
            assert_eq!((done.code, done.error.as_str()), (200, ""));
        }
        assert!(connections(&done) >= if offered == ONE { 20 } else { 10 });
    }
}

#[test]
fn a_handshake_that_never_ends_runs_into_the_time_out() {
    let server = Server::start(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let url = format!("https://{}/", server.address);
    let timeout = Nanos(300 * MILLISECOND);
    for done in fetch(&url, Options { timeout, ..Authority::new().options() }) {
        assert!(done.error.ends_with("net/http: TLS handshake timeout"), "{}", done.error);
        assert_eq!(done.class(), "server.tls_failure");
    }
}

#[test]
fn a_port_without_tls_is_told_apart() {
    let server = Server::answering(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let authority = Authority::new();
    for done in fetch(&format!("https://{}/", server.address), authority.options()) {
        // The server waits for the end of a head that never comes.
        assert!(
            ["setup.tls_mismatch", "server.tls_failure"].contains(&done.class().as_str()),
            "{}",
            done.error
        );
    }
    let server = Server::start(|mut stream| {
        use std::io::Write as _;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        thread::sleep(Duration::from_millis(200));
    });
    for done in fetch(&format!("https://{}/", server.address), authority.options()) {
        assert_eq!(done.class(), "setup.tls_mismatch", "{}", done.error);
    }
}
