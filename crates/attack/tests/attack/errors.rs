//! Failures that no server takes part in, and the classes of all texts.

use std::net::TcpListener;

use plimsoll_attack::{Http2, Options};

use crate::client::{class, fetch, options};
use crate::server::{Server, ok};

#[test]
fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for done in fetch(&format!("http://{address}/"), options()) {
        let text =
            format!("Get \"http://{address}/\": dial tcp {address}: connect: connection refused");
        assert_eq!(done.error, text);
        assert_eq!((done.code, done.class().as_str()), (0, "server.refused"));
    }
}

#[test]
fn a_name_that_does_not_exist() {
    for done in fetch("http://no-such-name.invalid/", options()) {
        assert!(done.error.contains(": dial tcp: lookup no-such-name.invalid: "), "{}", done.error);
        // Where there is no resolver at all, that is what is told.
        assert!(
            ["setup.unknown_host", "path.dns_failure"].contains(&done.class().as_str()),
            "{}",
            done.error
        );
    }
}

#[test]
fn an_address_of_another_machine() {
    let server = Server::answering(|_| ok(""));
    let local_address = Some("192.0.2.1".parse().unwrap());
    for done in fetch(&server.url("/"), Options { local_address, ..options() }) {
        assert!(done.error.ends_with(": bind: cannot assign requested address"), "{}", done.error);
        assert_eq!(done.class(), "setup.local_address");
    }
}

#[test]
fn a_socket_that_is_not_there() {
    let unix_socket = Some("/nowhere/socket".into());
    for done in fetch("http://localhost/", Options { unix_socket, ..options() }) {
        let text = ": dial unix /nowhere/socket: connect: no such file or directory";
        assert!(done.error.ends_with(text), "{}", done.error);
    }
}

#[test]
fn http2_without_tls_to_a_server_of_another_kind() {
    let server =
        Server::answering(|_| b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec());
    for done in fetch(&server.url("/"), Options { http2: Http2::PriorKnowledge, ..options() }) {
        assert_eq!(done.class(), "setup.tls_mismatch", "{}", done.error);
    }
}

/// Texts that need more than a loopback server to come about.
#[test]
fn the_taxonomy_knows_all_texts() {
    for (text, expected) in [
        ("not sent: more than 1000 requests in flight", "generator.overload"),
        ("not sent: more than 200 ms behind the schedule", "generator.overload"),
        ("dial tcp 10.0.0.1:80: socket: too many open files", "generator.file_limit"),
        (
            "dial tcp 10.0.0.1:80: connect: cannot assign requested address",
            "generator.port_exhaustion",
        ),
        ("dial tcp 10.0.0.1:80: bind: address already in use", "generator.port_exhaustion"),
        ("dial tcp 10.0.0.1:80: connect: no route to host", "path.unreachable"),
        ("dial tcp 10.0.0.1:80: connect: network is unreachable", "path.unreachable"),
        ("dial tcp 10.0.0.1:80: connect: connection timed out", "path.connect_timeout"),
        ("dial tcp 10.0.0.1:80: i/o timeout", "path.connect_timeout"),
        ("dial tcp: lookup h: i/o timeout", "path.dns_failure"),
        ("dial tcp: lookup h: no such host", "setup.unknown_host"),
        ("dial tcp: lookup h: Temporary failure in name resolution", "path.dns_failure"),
        ("net/http: TLS handshake timeout", "server.tls_failure"),
        ("write tcp 10.0.0.1:5->10.0.0.2:80: write: broken pipe", "server.closed_early"),
        ("write tcp 10.0.0.1:5->10.0.0.2:80: write: connection reset by peer", "server.reset"),
        ("received fatal alert: HandshakeFailure", "setup.tls_mismatch"),
        ("invalid peer certificate: UnknownIssuer", "setup.tls_trust"),
        ("received corrupt message of type InvalidContentType", "setup.tls_mismatch"),
        (
            "http2: server sent GOAWAY and closed the connection; LastStreamID=?, ErrCode=ENHANCE_YOUR_CALM, debug=\"\"",
            "server.h2_enhance_your_calm",
        ),
        (
            "http2: server sent GOAWAY and closed the connection; LastStreamID=?, ErrCode=NO_ERROR, debug=\"\"",
            "server.h2_goaway",
        ),
        ("stream error: stream ID 5; REFUSED_STREAM", "server.h2_refused_stream"),
        ("stream error: stream ID 5; INTERNAL_ERROR", "server.h2_stream_error"),
        ("http2: connection error: PROTOCOL_ERROR", "server.h2_stream_error"),
        ("http2: client connection is closed", "server.closed_early"),
        ("given up: the attack was ended before the answer came", "generator.interrupted"),
    ] {
        let whole = if text.starts_with("not sent") || text.starts_with("given up") {
            text.to_owned()
        } else {
            format!("Get \"http://h/\": {text}")
        };
        assert_eq!(class(&whole, 0, false), expected, "{whole}");
    }
}
