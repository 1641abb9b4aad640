//! Servers that speak HTTP/2 or TLS, and their certificates.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use plimsoll_attack::{Options, TlsOptions};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::client::options;
use crate::server::ok;

/// How a server answers a request. HTTP/1.1 knows `Echo`, `Once` and `Never` only.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Echo,
    Reset(h2::Reason),
    GoAway(h2::Reason),
    /// One request of a connection as if there could be another, which is then closed.
    Once,
    /// Not where the path is `/never`.
    Never,
}

async fn serve_http2(stream: impl AsyncRead + AsyncWrite + Unpin, answer: Answer) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        match answer {
            Answer::Reset(reason) => respond.send_reset(reason),
            Answer::GoAway(reason) => connection.abrupt_shutdown(reason),
            Answer::Echo | Answer::Once | Answer::Never => {
                if matches!(answer, Answer::Once) {
                    connection.graceful_shutdown();
                }
                tokio::spawn(async move {
                    if matches!(answer, Answer::Never) && request.uri().path() == "/never" {
                        return std::future::pending().await;
                    }
                    let (parts, mut body) = request.into_parts();
                    let mut text = format!("{} {} ", parts.method, parts.uri.path());
                    while let Some(Ok(data)) = body.data().await {
                        text.push_str(&String::from_utf8_lossy(&data));
                        let _ = body.flow_control().release_capacity(data.len());
                    }
                    let answer = http::Response::builder().header("x-test", "a");
                    let answer = answer.header("trailer", "x-later").body(()).unwrap();
                    if let Ok(mut stream) = respond.send_response(answer, false) {
                        let _ = stream.send_data(Bytes::from(text), true);
                    }
                });
            }
        }
    }
}

async fn serve_http1(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: Answer) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
        let _ = stream.write_all(&ok("one")).await;
        let _ = stream.flush().await;
        if matches!(answer, Answer::Once) {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// A server on a thread of its own; with TLS or without.
pub(crate) fn serve(tls: Option<ServerConfig>, answer: Answer) -> SocketAddr {
    serve_counting(tls, answer, &Arc::default())
}

/// The same, counting TLS sessions that are resumed.
pub(crate) fn serve_counting(
    tls: Option<ServerConfig>,
    answer: Answer,
    resumed: &Arc<AtomicUsize>,
) -> SocketAddr {
    let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    let resumed = Arc::clone(resumed);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, resumed) = (acceptor.clone(), Arc::clone(&resumed));
                tokio::spawn(async move {
                    let Some(acceptor) = acceptor else { return serve_http2(stream, answer).await };
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let session = stream.get_ref().1;
                    if session.handshake_kind() == Some(HandshakeKind::Resumed) {
                        resumed.fetch_add(1, Ordering::Relaxed);
                    }
                    if session.alpn_protocol() == Some(b"h2") {
                        serve_http2(stream, answer).await;
                    } else {
                        serve_http1(stream, answer).await;
                    }
                });
            }
        });
    });
    address
}

/// An authority, with a directory for what it certifies.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    directory: tempfile::TempDir,
    issued: Mutex<usize>,
}

/// A certificate with its key.
pub(crate) struct Certified {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    /// The files of both.
    pub(crate) file: PathBuf,
    pub(crate) key_file: PathBuf,
    /// The file of both together.
    pub(crate) together: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Two of one name would be taken for each other.
        params.distinguished_name.push(DnType::CommonName, directory.path().display().to_string());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(directory.path().join("root.pem"), certificate.pem()).unwrap();
        Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            directory,
            issued: Mutex::new(0),
        }
    }

    /// The file of its own certificate.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("root.pem")
    }

    pub(crate) fn certify(&self, name: &str) -> Certified {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        self.written(&certificate, &key)
    }

    /// A certificate that nobody vouches for, and which might sign others.
    pub(crate) fn self_signed(&self, name: &str, last_year: i32) -> Certified {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let certificate = params.self_signed(&key).unwrap();
        self.written(&certificate, &key)
    }

    fn written(&self, certificate: &Certificate, key: &KeyPair) -> Certified {
        let mut issued = self.issued.lock().unwrap();
        *issued += 1;
        let file = |what: &str, text: String| {
            let path = self.directory.path().join(format!("{issued}-{what}.pem"));
            std::fs::write(&path, text).unwrap();
            path
        };
        Certified {
            file: file("certificate", certificate.pem()),
            key_file: file("key", key.serialize_pem()),
            together: file("both", certificate.pem() + &key.serialize_pem()),
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }

    /// What a server called `localhost` needs; with `clients`, it asks for a certificate of that authority.
    pub(crate) fn server(&self, protocols: &[&[u8]], clients: Option<&Self>) -> ServerConfig {
        self.certify("localhost").serving(protocols, clients)
    }

    /// What trusts it.
    pub(crate) fn trusted(&self) -> TlsOptions {
        TlsOptions { roots: vec![self.file()], ..TlsOptions::default() }
    }

    /// The usual options, trusting it.
    pub(crate) fn options(&self) -> Options {
        Options { tls: self.trusted(), ..options() }
    }
}

impl Certified {
    /// What a server needs that shows it; with `clients`, it asks for a certificate of that authority.
    pub(crate) fn serving(&self, protocols: &[&[u8]], clients: Option<&Authority>) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.certificate.clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let mut config =
            builder.with_single_cert(vec![self.certificate.clone()], self.key.clone_key()).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }
}
