//! TLS to a database: who is trusted, the handshake, and what its failure means. The same for every
//! database; how TLS is asked for is each protocol's own.
//!
//! ```text
//!  settings::Tls ──▶ config ──▶ ClientConfig ──▶ connect ──▶ TlsStream
//!                                        └─────▶ a client library of the database
//! ```
#![forbid(unsafe_code)]

mod failure;
mod roots;
mod verify;

pub use failure::{Terms, failure};
pub use roots::system_roots;

use roots::{certificates, roots};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use walbrook_core::error::{Error, Result};
use walbrook_core::settings::{Tls, TlsMode};

/// The configuration that `tls` asks for; nothing where it asks for plaintext.
pub fn config(tls: &Tls, terms: &Terms) -> Result<Option<Arc<ClientConfig>>> {
    if tls.mode == TlsMode::Disable {
        return Ok(None);
    }
    let unusable = |error: &dyn std::fmt::Display| terms.unusable(error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let builder = match tls.mode {
        TlsMode::VerifyFull => builder.with_root_certificates(roots(tls, terms)?),
        TlsMode::VerifyCa => {
            let verifier = verify::authority(roots(tls, terms)?, provider)
                .map_err(|error| unusable(&error))?;
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
        TlsMode::Require | TlsMode::Disable => {
            builder.dangerous().with_custom_certificate_verifier(verify::nothing(provider))
        }
    };
    let config = match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert, terms)?;
            let key =
                PrivateKeyDer::from_pem_file(key).map_err(|error| terms.unreadable(key, &error))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| unusable(&error))?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(Some(Arc::new(config)))
}

/// Shakes hands over `io`, after the server has agreed to TLS. What fails is told by `terms`;
/// `closed` makes the error of a connection that ended.
pub async fn connect<S>(
    io: S,
    host: &str,
    config: Arc<ClientConfig>,
    terms: &Terms,
    closed: impl FnOnce(&std::io::Error) -> Error,
) -> Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        let message = format!("\"{host}\" is not a name that a certificate could hold.");
        Error::definite(terms.handshake, message).fix("Use a host name or an address.")
    })?;
    let connected = TlsConnector::from(config).connect(name, io).await;
    connected.map_err(|error| failure(&error, terms).unwrap_or_else(|| closed(&error)))
}
