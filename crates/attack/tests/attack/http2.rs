//! HTTP/2 and TLS, with certificates made for the test.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use plimsoll_attack::{Http2, Options, Phases, Target, TlsOptions};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::client::{Done, attack, fetch, few, get, options, paced, run};
use crate::server::{Server, ok};

/// How a server answers a stream.
#[derive(Clone, Copy)]
enum Answer {
    Echo,
    Reset(h2::Reason),
    GoAway(h2::Reason),
}

async fn serve_http2(stream: impl AsyncRead + AsyncWrite + Unpin, answer: Answer) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        match answer {
            Answer::Reset(reason) => respond.send_reset(reason),
            Answer::GoAway(reason) => connection.abrupt_shutdown(reason),
            Answer::Echo => {
                tokio::spawn(async move {
                    let (parts, mut body) = request.into_parts();
                    let mut text = format!("{} {} ", parts.method, parts.uri.path());
                    while let Some(Ok(data)) = body.data().await {
                        text.push_str(&String::from_utf8_lossy(&data));
                        let _ = body.flow_control().release_capacity(data.len());
                    }
                    let answer = http::Response::builder().header("x-test", "a").body(()).unwrap();
                    if let Ok(mut stream) = respond.send_response(answer, false) {
                        let _ = stream.send_data(Bytes::from(text), true);
                    }
                });
            }
        }
    }
}

async fn serve_http1(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
        let _ = stream.write_all(&ok("one")).await;
        let _ = stream.flush().await;
    }
}

/// A server on a thread of its own; with a certificate it speaks TLS and offers these protocols.
fn serve(tls: Option<(&Certified, Vec<Vec<u8>>)>, answer: Answer) -> SocketAddr {
    let acceptor = tls.map(|(certified, protocols)| {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.key.clone()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.certificate.clone().into()], key)
            .unwrap();
        config.alpn_protocols = protocols;
        TlsAcceptor::from(Arc::new(config))
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Some(acceptor) = acceptor else { return serve_http2(stream, answer).await };
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                        serve_http2(stream, answer).await;
                    } else {
                        serve_http1(stream).await;
                    }
                });
            }
        });
    });
    address
}

struct Certified {
    certificate: Vec<u8>,
    key: Vec<u8>,
    file: PathBuf,
    _directory: tempfile::TempDir,
}

fn certified() -> Certified {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("root.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    Certified {
        certificate: made.cert.der().to_vec(),
        key: made.signing_key.serialize_der(),
        file,
        _directory: directory,
    }
}

fn h2c() -> Options {
    Options { http2: Http2::PriorKnowledge, ..options() }
}

fn trusting(certified: &Certified) -> Options {
    let roots = vec![certified.file.clone()];
    Options { tls: TlsOptions { roots, ..TlsOptions::default() }, ..options() }
}

fn connections(done: &[Done]) -> u32 {
    done.iter().map(|done| done.phases.connections).sum()
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

#[test]
fn tls_takes_what_both_ends_speak() {
    let certified = certified();
    let both = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    for (offered, http2, body) in [
        (both.clone(), Http2::Negotiated, "GET /a "),
        (both, Http2::Off, "one"),
        (vec![b"http/1.1".to_vec()], Http2::Negotiated, "one"),
        (Vec::new(), Http2::Negotiated, "one"),
    ] {
        let address = serve(Some((&certified, offered)), Answer::Echo);
        let url = format!("https://localhost:{}/a", address.port());
        let done = run(attack(get(&url), few(20), Options { http2, ..trusting(&certified) }));
        for done in &done {
            assert_eq!((done.code, done.error.as_str()), (200, ""));
            assert_eq!(done.body.as_deref(), Some(body.as_bytes()));
        }
        assert!(connections(&done) < 20, "{}", connections(&done));
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
    let certified = certified();
    let address = serve(Some((&certified, Vec::new())), Answer::Echo);
    let url = format!("https://localhost:{}/", address.port());
    let other = self::certified();
    for done in fetch(&url, trusting(&other)) {
        assert_eq!((done.code, done.class().as_str()), (0, "setup.tls_trust"), "{}", done.error);
    }
    for done in fetch(&format!("https://{address}/"), trusting(&certified)) {
        assert_eq!(done.class(), "setup.tls_trust", "{}", done.error);
    }
    let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
    for done in fetch(&url, Options { tls: insecure, ..options() }) {
        assert_eq!((done.code, done.error.as_str()), (200, ""));
    }
}

#[test]
fn a_port_without_tls_is_told_apart() {
    let server = Server::answering(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let certified = certified();
    for done in fetch(&format!("https://{}/", server.address), trusting(&certified)) {
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
        thread::sleep(std::time::Duration::from_millis(200));
    });
    for done in fetch(&format!("https://{}/", server.address), trusting(&certified)) {
        assert_eq!(done.class(), "setup.tls_mismatch", "{}", done.error);
    }
}
