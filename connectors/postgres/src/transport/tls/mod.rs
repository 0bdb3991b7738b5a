//! TLS: who is trusted, the handshake, and what its failure means.

mod end_point;
mod verify;

use crate::codes;
use crate::settings::{Tls, TlsMode};
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use walbrook_core::error::{Error, Result};

/// The configuration that `tls` asks for; nothing where it asks for plaintext.
pub(super) fn config(tls: &Tls) -> Result<Option<Arc<ClientConfig>>> {
    if tls.mode == TlsMode::Disable {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let builder = match tls.mode {
        TlsMode::VerifyFull => builder.with_root_certificates(roots(tls)?),
        TlsMode::VerifyCa => {
            let verifier = verify::authority(roots(tls)?, provider).map_err(|e| unusable(&e))?;
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
        TlsMode::Require | TlsMode::Disable => {
            builder.dangerous().with_custom_certificate_verifier(verify::nothing(provider))
        }
    };
    let config = match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, &e))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| unusable(&error))?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(Some(Arc::new(config)))
}

fn roots(tls: &Tls) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| unreadable(path, &error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let message = "There is no authority to verify the server's certificate with.";
        return Err(Error::definite(codes::CERTIFICATE_FILE, message)
            .fix("Name the authority's PEM file in `tls.ca`, or install ca-certificates."));
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(path, &error))
}

/// Asks for TLS and shakes hands. Returns the stream and the hash that binds a login to it.
pub(super) async fn handshake<S>(
    mut io: S,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<(TlsStream<S>, Option<Vec<u8>>)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        let message = format!("\"{host}\" is not a name that a certificate could hold.");
        Error::definite(codes::TLS, message).fix("Use a host name or an address.")
    })?;
    let mut request = bytes::BytesMut::new();
    postgres_protocol::message::frontend::ssl_request(&mut request);
    let mut answer = [0];
    let asked = async {
        io.write_all(&request).await?;
        io.flush().await?;
        io.read_exact(&mut answer).await
    };
    asked.await.map_err(|error| super::session::closed(&error.to_string()))?;
    if answer != *b"S" {
        let message = format!("The server at {host} offers no TLS.");
        return Err(Error::definite(codes::NO_TLS, message).fix(
            "Set ssl = on in postgresql.conf, or tls.mode = \"disable\" where that is safe.",
        ));
    }
    let stream = TlsConnector::from(config).connect(name, io).await.map_err(|error| {
        handshake_failure(&error).unwrap_or_else(|| super::session::closed(&error.to_string()))
    })?;
    let certificates = stream.get_ref().1.peer_certificates();
    let hash = certificates.and_then(|all| end_point::hash(all.first()?));
    Ok((stream, hash))
}

/// The definite failure that `error` is, if it comes from a failed handshake.
pub(super) fn handshake_failure(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An I/O error hides what it wraps from `source`.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = error.downcast_ref::<rustls::Error>();
        let tls = tls.or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if let Some(error) = tls {
            return Some(refused(error));
        }
        cause = error.source();
    }
    None
}

fn refused(error: &rustls::Error) -> Error {
    let fix = match error {
        rustls::Error::InvalidCertificate(_) => {
            "Set `tls.ca` to the authority that signed the server's certificate, and the host to a \
             name in it."
        }
        rustls::Error::AlertReceived(_) => {
            "Set `tls.cert` and `tls.key` to a client certificate that the server accepts."
        }
        _ => "Check that host and port are PostgreSQL's and that it speaks TLS 1.2 or later.",
    };
    Error::definite(codes::TLS, format!("TLS with the server failed: {error}.")).fix(fix)
}

fn unusable(error: &dyn std::fmt::Display) -> Error {
    let message = format!("The TLS settings cannot be used ({error}).");
    Error::definite(codes::CERTIFICATE_FILE, message).fix("Check `tls.cert` and `tls.key`.")
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    let message = format!("{} cannot be read as PEM ({error}).", path.display());
    Error::definite(codes::CERTIFICATE_FILE, message).fix("Check the path and its permissions.")
}
