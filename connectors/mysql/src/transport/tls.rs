//! TLS as the two servers ask for it, and as the client library is told of it.

use super::failure::closed;
use crate::codes;
use crate::settings::{Tls, TlsMode};
use mysql_async::{ClientIdentity, SslOpts};
use rustls::ClientConfig;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;
use walbrook_core::error::{Error, Result};
use walbrook_tls::{Terms, system_roots};

const TERMS: Terms =
    Terms { handshake: codes::TLS, file: codes::CERTIFICATE_FILE, server: "MySQL" };

/// The configuration that `tls` asks for; nothing where it asks for plaintext.
pub(super) fn config(tls: &Tls) -> Result<Option<Arc<ClientConfig>>> {
    walbrook_tls::config(tls, &TERMS)
}

/// Shakes hands, after the server has been asked for TLS.
pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<TlsStream<S>> {
    let gone = |error: &std::io::Error| closed(&error.to_string());
    walbrook_tls::connect(io, host, config, &TERMS, gone).await
}

/// The definite failure that `error` is, if it comes from a failed handshake.
pub(super) fn handshake_failure(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    walbrook_tls::failure(error, &TERMS)
}

/// The server does not speak TLS.
pub(super) fn not_offered(host: &str) -> Error {
    Error::definite(codes::NO_TLS, format!("The server at {host} offers no TLS.")).fix(
        "Give the server ssl_cert and ssl_key, or set tls.mode = \"disable\" where that is safe.",
    )
}

/// The same for the client library, which makes its configuration itself; [`config`] has found the
/// files readable before.
pub(super) fn options(tls: &Tls) -> Option<SslOpts> {
    let mut options = SslOpts::default();
    match tls.mode {
        TlsMode::Disable => return None,
        // Nothing is verified, but the library wants authorities: it takes its own.
        TlsMode::Require => {
            options = options
                .with_danger_accept_invalid_certs(true)
                .with_danger_skip_domain_validation(true);
        }
        TlsMode::VerifyCa | TlsMode::VerifyFull => {
            let authorities = match &tls.ca {
                Some(path) => vec![path.clone().into()],
                None => system_roots().iter().map(|root| root.to_vec().into()).collect(),
            };
            options = options
                .with_disable_built_in_roots(true)
                .with_root_certs(authorities)
                .with_danger_skip_domain_validation(tls.mode == TlsMode::VerifyCa);
        }
    }
    if let (Some(cert), Some(key)) = (&tls.cert, &tls.key) {
        let identity = ClientIdentity::new(cert.clone().into(), key.clone().into());
        options = options.with_client_identity(Some(identity));
    }
    Some(options)
}
