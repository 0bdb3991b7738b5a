//! Startup and login: who we are, and how we prove it without giving the password away.

use super::session::Session;
use crate::codes;
use bytes::{Buf, BytesMut};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncWrite};
use walbrook_core::error::{Error, Result};

/// Who connects, and what for.
#[derive(Clone)]
pub struct Login {
    /// Role.
    pub user: String,
    /// Its password.
    pub password: Option<String>,
    /// Database.
    pub database: String,
    /// Shown in `pg_stat_activity`.
    pub application_name: String,
    /// Whether replication commands are wanted.
    pub replication: bool,
}

/// Without the password.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// What carries the login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// Nobody can listen: TLS, or a connection inside this machine.
    pub private: bool,
    /// Hash of the server's certificate (`tls-server-end-point`), under TLS.
    pub end_point: Option<Vec<u8>>,
}

const OK: u32 = 0;
const CLEARTEXT: u32 = 3;
const MD5: u32 = 5;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Sends the startup message and logs in.
    pub(super) async fn log_in(&mut self, login: &Login, security: &Security) -> Result<()> {
        let mut parameters = vec![
            ("user", login.user.as_str()),
            ("database", &login.database),
            ("application_name", &login.application_name),
            ("options", super::OPTIONS),
        ];
        if login.replication {
            parameters.push(("replication", "database"));
        }
        self.send(|out| frontend::startup_message(parameters.iter().copied(), out)).await?;
        loop {
            let (kind, body) = self.challenge().await?;
            match kind {
                OK => return Ok(()),
                CLEARTEXT if security.private => {
                    let password = password(login)?;
                    self.send(|out| frontend::password_message(password.as_bytes(), out)).await?;
                }
                CLEARTEXT => return Err(unsafe_cleartext()),
                MD5 => {
                    let salt =
                        body.first_chunk::<4>().ok_or_else(|| unexpected("MD5 challenge"))?;
                    let user = login.user.as_bytes();
                    let hash = md5_hash(user, password(login)?.as_bytes(), *salt);
                    self.send(|out| frontend::password_message(hash.as_bytes(), out)).await?;
                }
                SASL => self.scram(&body, login, security).await?,
                other => return Err(unknown_method(other)),
            }
        }
    }

    /// The SCRAM exchange, in which the server proves that it knows the password too.
    async fn scram(&mut self, offer: &[u8], login: &Login, security: &Security) -> Result<()> {
        let password = password(login)?;
        let offers = |name: &str| offer.split(|byte| *byte == 0).any(|it| it == name.as_bytes());
        let (mechanism, binding) = match (&security.end_point, offers(SCRAM_SHA_256_PLUS)) {
            (Some(hash), true) => {
                (SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(hash.clone()))
            }
            // Says that we could have: a server that could too then knows that someone interfered.
            (Some(_), false) => (SCRAM_SHA_256, ChannelBinding::unrequested()),
            (None, _) => (SCRAM_SHA_256, ChannelBinding::unsupported()),
        };
        if !offers(mechanism) {
            return Err(unknown_method(SASL));
        }
        let mut scram = ScramSha256::new(password.as_bytes(), binding);
        self.send(|out| frontend::sasl_initial_response(mechanism, scram.message(), out)).await?;
        let first = self.expect(SASL_CONTINUE).await?;
        scram.update(&first).map_err(|_| unexpected("SCRAM challenge"))?;
        self.send(|out| frontend::sasl_response(scram.message(), out)).await?;
        let last = self.expect(SASL_FINAL).await?;
        scram.finish(&last).map_err(|_| {
            Error::definite(codes::LOGIN, "The server could not prove that it knows the password.")
                .fix("Check that the host is the right one and that nobody stands in between.")
        })
    }

    async fn expect(&mut self, kind: u32) -> Result<Vec<u8>> {
        match self.challenge().await? {
            (found, body) if found == kind => Ok(body),
            _ => Err(unexpected("login message")),
        }
    }

    /// The next authentication message: its kind and its data.
    async fn challenge(&mut self) -> Result<(u32, Vec<u8>)> {
        let reply = self.reply().await?;
        let mut body = &reply.body[..];
        if reply.tag != b'R' || body.len() < 4 {
            return Err(unexpected("login message"));
        }
        let kind = body.get_u32();
        Ok((kind, body.to_vec()))
    }

    /// Writes a message that `write` puts into the buffer.
    pub(super) async fn send(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> std::io::Result<()>,
    ) -> Result<()> {
        let mut out = BytesMut::new();
        write(&mut out).map_err(|error| {
            Error::definite(codes::PROTOCOL, format!("A message cannot be written ({error})."))
        })?;
        self.write(&out).await
    }
}

fn password(login: &Login) -> Result<&str> {
    login.password.as_deref().ok_or_else(|| {
        let message = format!("The server asks role \"{}\" for a password.", login.user);
        Error::definite(codes::PASSWORD, message).fix("Set `password` in the connector's section.")
    })
}

fn unsafe_cleartext() -> Error {
    let message = "The server asks for the password in clear text over a connection without TLS.";
    Error::definite(codes::LOGIN_METHOD, message)
        .fix("Switch TLS on, or set scram-sha-256 for this role in pg_hba.conf.")
}

fn unknown_method(method: u32) -> Error {
    let message = format!("The server asks for login method {method}, which is not supported.");
    Error::definite(codes::LOGIN_METHOD, message)
        .fix("Set scram-sha-256, md5, cert or trust for this role in pg_hba.conf.")
}

fn unexpected(what: &str) -> Error {
    let message = format!("The server sent a {what} that the protocol does not have here.");
    Error::definite(codes::PROTOCOL, message).fix("Check that host and port are PostgreSQL's.")
}
