use std::sync::Arc;

use rcgen::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::{Error, ErrorKind};

/// A certificate for the loopback interface, made now, and what serves TLS with it; the certificate in PEM beside it.
pub(super) fn self_made() -> Result<(TlsAcceptor, String), Error> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names).map_err(|source| {
            Error::new(ErrorKind::Tls, format!("cannot make a certificate: {source}"))
        })?;
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    // Named, so that it does not depend on who else in the process has chosen one.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key.into())
        })
        .map_err(|source| {
            Error::new(ErrorKind::Tls, format!("cannot make a certificate: {source}"))
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), cert.pem()))
}
