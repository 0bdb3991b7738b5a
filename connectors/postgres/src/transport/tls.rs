//! TLS as PostgreSQL asks for it, and the hash that binds a login to it.

use super::end_point;
use super::session::closed;
use crate::codes;
use crate::settings::Tls;
use rustls::ClientConfig;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::client::TlsStream;
use walbrook_core::error::{Error, Result};
use walbrook_tls::Terms;

const TERMS: Terms =
    Terms { handshake: codes::TLS, file: codes::CERTIFICATE_FILE, server: "PostgreSQL" };

/// The configuration that `tls` asks for; nothing where it asks for plaintext.
pub(super) fn config(tls: &Tls) -> Result<Option<Arc<ClientConfig>>> {
    walbrook_tls::config(tls, &TERMS)
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
    let mut request = bytes::BytesMut::new();
    postgres_protocol::message::frontend::ssl_request(&mut request);
    let mut answer = [0];
    let asked = async {
        io.write_all(&request).await?;
        io.flush().await?;
        io.read_exact(&mut answer).await
    };
    asked.await.map_err(|error| closed(&error.to_string()))?;
    if answer != *b"S" {
        let message = format!("The server at {host} offers no TLS.");
        return Err(Error::definite(codes::NO_TLS, message).fix(
            "Set ssl = on in postgresql.conf, or tls.mode = \"disable\" where that is safe.",
        ));
    }
    let gone = |error: &std::io::Error| closed(&error.to_string());
    let stream = walbrook_tls::connect(io, host, config, &TERMS, gone).await?;
    let certificates = stream.get_ref().1.peer_certificates();
    let hash = certificates.and_then(|all| end_point::hash(all.first()?));
    Ok((stream, hash))
}

/// The definite failure that `error` is, if it comes from a failed handshake.
pub(super) fn handshake_failure(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    walbrook_tls::failure(error, &TERMS)
}
