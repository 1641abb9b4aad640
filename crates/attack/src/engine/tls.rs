use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::options::{Http2, TlsOptions};
use crate::{Error, ErrorKind};

/// What every TLS connection of an attack starts from.
pub(super) fn config(options: &TlsOptions, http2: Http2) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(ring::default_provider());
    let wrong = |error: &dyn std::fmt::Display| Error::new(ErrorKind::Tls, format!("TLS: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    let verifier: Arc<dyn ServerCertVerifier> = if options.insecure {
        Arc::new(AnyCertificate(Arc::clone(&provider)))
    } else {
        let roots = roots(&options.roots)?;
        let store = Arc::new(roots.store);
        let authorities = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(&provider))
            .build()
            .map_err(|error| wrong(&error))?;
        Arc::new(TrustedCertificate { authorities, listed: roots.listed })
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match &options.certificate {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let chain = certificates(path)?;
            let key = options.key.as_deref().unwrap_or(path);
            let key_der = PrivateKeyDer::from_pem_slice(&read(key)?)
                .map_err(|error| wrong(&format!("{}: no private key: {error}", key.display())))?;
            builder.with_client_auth_cert(chain, key_der).map_err(|error| wrong(&error))?
        }
    };
    if !options.session_tickets {
        config.resumption = Resumption::disabled();
    }
    config.alpn_protocols = match http2 {
        Http2::Off => vec![b"http/1.1".to_vec()],
        Http2::Negotiated => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Http2::PriorKnowledge => vec![b"h2".to_vec()],
    };
    Ok(Arc::new(config))
}

/// What is trusted.
struct Roots {
    store: RootCertStore,
    /// What the user's files hold.
    listed: Vec<CertificateDer<'static>>,
}

fn roots(files: &[std::path::PathBuf]) -> Result<Roots, Error> {
    let mut roots = Roots { store: RootCertStore::empty(), listed: Vec::new() };
    if files.is_empty() {
        let found = rustls_native_certs::load_native_certs();
        roots.store.add_parsable_certificates(found.certs);
        if roots.store.is_empty() {
            return Err(Error::new(
                ErrorKind::Tls,
                "TLS: this system has no root certificates: name some with -root-certs, or skip the check with -insecure",
            ));
        }
    }
    for file in files {
        let certificates = certificates(file)?;
        let (added, _) = roots.store.add_parsable_certificates(certificates.iter().cloned());
        if added == 0 {
            let message = format!("TLS: {}: no certificate that can be trusted", file.display());
            return Err(Error::new(ErrorKind::Tls, message));
        }
        roots.listed.extend(certificates);
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = read(path)?;
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match parsed {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => {
            let message = format!("TLS: {} holds no certificate in PEM", path.display());
            Err(Error::new(ErrorKind::Tls, message))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| {
        Error::io(ErrorKind::Tls, format!("TLS: cannot read {}", path.display()), error)
    })
}

/// Takes what an authority vouches for and, as Go does, a server's certificate that is itself among the roots: webpki
/// refuses one that might sign others, as `openssl req -x509` makes them, and one that somebody else signed.
#[derive(Debug)]
struct TrustedCertificate {
    authorities: Arc<WebPkiServerVerifier>,
    listed: Vec<CertificateDer<'static>>,
}

impl TrustedCertificate {
    fn is_listed(&self, certificate: &CertificateDer<'_>) -> bool {
        self.listed.iter().any(|listed| listed.as_ref() == certificate.as_ref())
    }
}

/// Whether all that speaks against a certificate is who signed it, or that it may sign others. Its dates were looked at
/// before.
fn is_for_its_issuer(refused: &rustls::Error) -> bool {
    match refused {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
        // It is webpki's own error, which has no other name here.
        rustls::Error::InvalidCertificate(CertificateError::Other(error)) => {
            error.to_string() == "CaUsedAsEndEntity"
        }
        _ => false,
    }
}

impl ServerCertVerifier for TrustedCertificate {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.authorities.verify_server_cert(
            certificate,
            intermediates,
            name,
            ocsp_response,
            now,
        );
        match verified {
            Err(refused) if is_for_its_issuer(&refused) && self.is_listed(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// `-insecure`: whoever answers is believed, but has to hold the key of the certificate that it shows.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
