//! From settings to a logged-in replication session.

use super::auth::{Login, Security};
use super::session::Session;
use super::tls;
use crate::codes;
use crate::settings::{Settings, is_local};
use socket2::{SockRef, TcpKeepalive};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use walbrook_core::error::{Error, Result};

/// What one attempt to connect and log in may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Anything that carries bytes both ways.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A socket, with TLS or without.
pub type Stream = Box<dyn Io>;

/// Opens a session that takes replication commands and SQL; `purpose` is shown by the server.
pub async fn connect(settings: &Settings, purpose: &str) -> Result<Session<Stream>> {
    let login = Login {
        user: settings.user.clone(),
        password: (settings.password)()?,
        database: settings.dbname.clone(),
        application_name: settings.application_name(purpose),
        replication: true,
    };
    let attempt = async {
        let (io, security) = open(settings).await?;
        Session::start(io, &login, &security).await
    };
    timeout(PATIENCE, attempt).await.unwrap_or_else(|_| {
        let seconds = PATIENCE.as_secs();
        Err(unreachable(settings, &format!("no answer within {seconds} s")))
    })
}

async fn open(settings: &Settings) -> Result<(Stream, Security)> {
    if settings.host.starts_with('/') {
        let path = format!("{}/.s.PGSQL.{}", settings.host, settings.port);
        let socket = UnixStream::connect(path).await;
        let socket = socket.map_err(|error| unreachable(settings, &error.to_string()))?;
        return Ok((Box::new(socket), Security { private: true, end_point: None }));
    }
    let socket = TcpStream::connect((settings.host.as_str(), settings.port)).await;
    let socket = socket.and_then(tune).map_err(|e| unreachable(settings, &e.to_string()))?;
    match tls::config(&settings.tls)? {
        None => {
            let private = is_local(&settings.host);
            Ok((Box::new(socket), Security { private, end_point: None }))
        }
        Some(config) => {
            let (stream, end_point) = tls::handshake(socket, &settings.host, config).await?;
            Ok((Box::new(stream), Security { private: true, end_point }))
        }
    }
}

/// A peer that is gone without a word is noticed by the kernel too.
fn tune(socket: TcpStream) -> std::io::Result<TcpStream> {
    socket.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10))
        .with_retries(3);
    let options = SockRef::from(&socket);
    options.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    options.set_tcp_user_timeout(Some(Duration::from_secs(60)))?;
    Ok(socket)
}

fn unreachable(settings: &Settings, why: &str) -> Error {
    let message =
        format!("PostgreSQL at {}:{} cannot be reached ({why}).", settings.host, settings.port);
    Error::transient(codes::CONNECT, message)
        .fix("Check host, port, firewall, and listen_addresses of the server.")
}
