//! Logging in: the ways of MySQL and MariaDB of proving who we are.
//!
//! ```text
//!  greeting ─▶ [TLS] ─▶ who we are, first proof ─▶ OK
//!                                                ├▶ error
//!                                                ├▶ switch: another way, another nonce ─▶ proof
//!                                                └▶ more: caching_sha2_password knows us not yet
//!                                                     └▶ the password itself, under TLS or RSA
//! ```

use super::failure;
use super::message::{self, CLIENT_SSL, END, ERROR, Greeting, MORE, OK, ServerError};
use super::rsa_key;
use super::session::{Session, unexpected};
use crate::codes;
use mysql_common::scramble::{scramble_native, scramble_sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use walbrook_core::error::{Error, Result};

/// `CLIENT_LONG_PASSWORD`, `_LONG_FLAG`, `_PROTOCOL_41`, `_TRANSACTIONS`, `_SECURE_CONNECTION`,
/// `_PLUGIN_AUTH`, `_CONNECT_ATTRS`.
const CAPABILITIES: u32 = 0x1 | 0x4 | 0x0200 | 0x2000 | 0x8000 | 0x0008_0000 | 0x0010_0000;

/// Messages up to 1 GiB, the most that a server can send.
const MAX_PACKET: u32 = 1 << 30;

/// `utf8mb4_general_ci`, which every version has.
const COLLATION: u8 = 45;

const NATIVE: &str = "mysql_native_password";
const CACHING_SHA2: &str = "caching_sha2_password";
const SHA256: &str = "sha256_password";
const CLEAR: &str = "mysql_clear_password";

/// Who connects.
pub(super) struct Login<'a> {
    pub(super) user: &'a str,
    pub(super) password: Option<String>,
    pub(super) program_name: String,
    /// Whether TLS protects the connection; the servers ask for the password itself only then.
    pub(super) encrypted: bool,
}

/// The request for TLS: the same beginning as the login.
pub(super) fn tls_request() -> Vec<u8> {
    head(CAPABILITIES | CLIENT_SSL)
}

fn head(capabilities: u32) -> Vec<u8> {
    let mut out = capabilities.to_le_bytes().to_vec();
    out.extend_from_slice(&MAX_PACKET.to_le_bytes());
    out.push(COLLATION);
    out.extend_from_slice(&[0; 23]);
    out
}

impl Login<'_> {
    /// Logs in over a connection whose server has greeted, and whose TLS has begun if there is any.
    pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        session: &mut Session<S>,
        greeting: &Greeting,
    ) -> Result<()> {
        let (mut plugin, mut nonce) = (greeting.plugin.clone(), greeting.nonce.clone());
        // A way that we do not have is not answered now: the account's own may be another.
        if !matches!(&*plugin, NATIVE | CACHING_SHA2) {
            CACHING_SHA2.clone_into(&mut plugin);
        }
        let proof = self.proof(&plugin, &nonce)?;
        session.send(&self.response(&plugin, &proof)).await?;
        loop {
            let answer = session.receive().await?;
            match answer.first() {
                Some(&OK) => return Ok(()),
                Some(&ERROR) => {
                    let error = ServerError::parse(&answer);
                    return Err(failure::reported(&error, "logging in"));
                }
                Some(&END) => {
                    (plugin, nonce) =
                        message::switch(&answer).ok_or_else(|| method("mysql_old_password"))?;
                    let proof = self.proof(&plugin, &nonce)?;
                    session.send(&proof).await?;
                }
                Some(&MORE) => self.more(session, &plugin, &nonce, &answer).await?,
                _ => return Err(unexpected("login")),
            }
        }
    }

    /// `capabilities u32 │ largest message u32 │ collation │ 23 zeroes │ user, 0 │ counted proof
    /// │ plugin, 0 │ counted attributes`
    fn response(&self, plugin: &str, proof: &[u8]) -> Vec<u8> {
        let mut out = head(if self.encrypted { CAPABILITIES | CLIENT_SSL } else { CAPABILITIES });
        out.extend_from_slice(self.user.as_bytes());
        // A proof is at most 32 bytes long; both attributes are cut to fit a length of one byte.
        out.extend_from_slice(&[0, proof.len() as u8]);
        out.extend_from_slice(proof);
        out.extend_from_slice(plugin.as_bytes());
        out.push(0);
        let (key, value) = ("program_name", self.program_name.as_bytes());
        let value = value.get(..200).unwrap_or(value);
        out.push((key.len() + value.len() + 2) as u8);
        for text in [key.as_bytes(), value] {
            out.push(text.len() as u8);
            out.extend_from_slice(text);
        }
        out
    }

    /// What answers the nonce; nothing where there is no password.
    fn proof(&self, plugin: &str, nonce: &[u8]) -> Result<Vec<u8>> {
        let password = self.password.as_deref().unwrap_or_default();
        Ok(match plugin {
            NATIVE => scramble_native(nonce, password.as_bytes()).map(|it| it.to_vec()),
            CACHING_SHA2 => scramble_sha256(nonce, password.as_bytes()).map(|it| it.to_vec()),
            SHA256 if password.is_empty() => Some(vec![0]),
            SHA256 | CLEAR if self.encrypted => Some(terminated(password)),
            SHA256 => Some(vec![REQUEST_KEY_SHA256]),
            CLEAR => return Err(unsafe_cleartext()),
            other => return Err(method(other)),
        }
        .unwrap_or_default())
    }

    /// The server wants more: it does not have our password in its cache, or sends its key.
    async fn more<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        session: &mut Session<S>,
        plugin: &str,
        nonce: &[u8],
        answer: &[u8],
    ) -> Result<()> {
        let password = terminated(self.password.as_deref().unwrap_or_default());
        match (plugin, answer.get(1..).unwrap_or_default()) {
            (CACHING_SHA2, [KNOWN]) => Ok(()),
            (CACHING_SHA2, [UNKNOWN]) if self.encrypted => session.send(&password).await,
            (CACHING_SHA2, [UNKNOWN]) => session.send(&[REQUEST_KEY]).await,
            (CACHING_SHA2 | SHA256, key) => {
                let nonce = nonce.iter().cycle();
                let hidden: Vec<u8> = password.iter().zip(nonce).map(|(a, b)| a ^ b).collect();
                let block = rsa_key::encrypt(&hidden, key).ok_or_else(|| unexpected("key"))?;
                session.send(&block).await
            }
            _ => Err(unexpected("login")),
        }
    }
}

const REQUEST_KEY_SHA256: u8 = 1;
const REQUEST_KEY: u8 = 2;
const KNOWN: u8 = 3;
const UNKNOWN: u8 = 4;

fn terminated(password: &str) -> Vec<u8> {
    [password.as_bytes(), &[0]].concat()
}

fn unsafe_cleartext() -> Error {
    let message = "The server asks for the password in clear text over a connection without TLS.";
    Error::definite(codes::LOGIN_METHOD, message)
        .fix("Switch TLS on, or give the account caching_sha2_password.")
}

/// A way of logging in that we do not have.
pub(super) fn method(plugin: &str) -> Error {
    let message = format!("The server asks for login method {plugin}, which is not supported.");
    Error::definite(codes::LOGIN_METHOD, message)
        .fix("Give the account caching_sha2_password (MySQL) or mysql_native_password (MariaDB).")
}
