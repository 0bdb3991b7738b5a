//! Who may do what: tokens, certificates, and web pages of other sites.
//!
//! ```text
//!  request ─▶ host, origin ─▶ token or certificate ─▶ scope ─▶ route ─▶ audit line (writes)
//!              403             401                     403
//! ```

mod gate;
mod origin;
mod tokens;

pub(super) use gate::{Gate, gate};
pub(super) use tokens::Tokens;

/// Whom a request comes from, as far as the connection tells.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: std::net::SocketAddr,
    /// The fingerprint of the client's certificate, which the handshake has verified.
    pub(super) certificate: Option<String>,
}
