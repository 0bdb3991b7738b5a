//! HTTPS of the admin interface: our certificate, and whose certificates clients must show.

use crate::codes;
use crate::config::AdminTls;
use ring::digest::{SHA256, digest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::fmt::{Display, Write as _};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use walbrook_core::error::{Error, Result};

/// What shakes hands as `tls` says.
pub(super) fn acceptor(tls: &AdminTls) -> Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable("The TLS of the admin interface", &e))?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|e| unreadable(path, &e))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|e| unreadable(path, &e))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|e| unreadable(&tls.key, &e))?;
    let mut config = builder
        .with_single_cert(certificates(&tls.cert)?, key)
        .map_err(|e| unusable("The certificate of the admin interface with its key", &e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).map_err(|e| unreadable(path, &e))?;
    let read: Vec<_> = read.collect::<Result<_, _>>().map_err(|e| unreadable(path, &e))?;
    if read.is_empty() {
        return Err(unreadable(path, &"it holds no certificate"));
    }
    Ok(read)
}

fn unreadable(path: &Path, why: &dyn Display) -> Error {
    unusable(&format!("The file {}", path.display()), why)
}

fn unusable(what: &str, why: &dyn Display) -> Error {
    Error::definite(codes::ADMIN_TLS, format!("{what} cannot be used: {why}."))
        .fix("Name PEM files in `tls` of [admin] that the daemon's user may read.")
}

/// The name of a verified client: `certificate` and the beginning of its SHA-256.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = digest(&SHA256, certificate);
    digest.as_ref().iter().take(8).fold("certificate ".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}
