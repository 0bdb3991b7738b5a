//! From settings to a logged-in session.

use super::failure;
use super::login::{Login, tls_request};
use super::message::{CLIENT_SSL, ERROR, Greeting, ServerError};
use super::session::{Session, unexpected};
use super::tls;
use crate::codes;
use crate::flavor::Flavor;
use crate::settings::Settings;
use socket2::{SockRef, TcpKeepalive};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use walbrook_core::error::{Error, Result};

/// What one attempt to connect and log in may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// Anything that carries bytes both ways.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A socket, with TLS or without.
pub(super) type Stream = Box<dyn Io>;

/// Opens a session; `purpose` is shown by the server.
pub(super) async fn connect(settings: &Settings, purpose: &str) -> Result<Session<Stream>> {
    let attempt = timeout(PATIENCE, open(settings, purpose)).await;
    attempt.unwrap_or_else(|_| Err(too_slow(settings)))
}

async fn open(settings: &Settings, purpose: &str) -> Result<Session<Stream>> {
    let config = tls::config(&settings.tls)?;
    let login = Login {
        user: &settings.user,
        password: (settings.password)()?,
        program_name: settings.program_name(purpose),
        encrypted: config.is_some(),
    };
    let socket = TcpStream::connect((settings.host.as_str(), settings.port)).await;
    let socket =
        socket.and_then(tune).map_err(|error| unreachable(settings, &error.to_string()))?;
    let mut session = Session::new(Box::new(socket) as Stream);
    let greeting = greeting(settings, &session.receive().await?)?;
    if let Some(config) = config {
        if greeting.capabilities & CLIENT_SSL == 0 {
            return Err(tls::not_offered(&settings.host));
        }
        session.send(&tls_request()).await?;
        let stream = tls::handshake(session.io, &settings.host, config).await?;
        session.io = Box::new(stream);
    }
    login.run(&mut session, &greeting).await?;
    Ok(session)
}

/// Reads the greeting and makes sure that it is the kind of server that the settings name.
fn greeting(settings: &Settings, message: &[u8]) -> Result<Greeting> {
    if message.first() == Some(&ERROR) {
        return Err(failure::reported(&ServerError::parse(message), "connecting"));
    }
    let greeting = Greeting::parse(message).ok_or_else(|| unexpected("greeting"))?;
    let (meant, scheme) = match settings.flavor {
        Flavor::MySql => ("MySQL", "mariadb"),
        Flavor::MariaDb => ("MariaDB", "mysql"),
    };
    if greeting.is_mariadb() != (settings.flavor == Flavor::MariaDb) {
        let message = format!(
            "The server at {}:{} is not {meant}: it calls itself {}.",
            settings.host, settings.port, greeting.version
        );
        return Err(Error::definite(codes::OTHER_SERVER, message)
            .fix(format!("Begin the connector's url with {scheme}://.")));
    }
    Ok(greeting)
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

/// An attempt took longer than [`PATIENCE`].
pub(super) fn too_slow(settings: &Settings) -> Error {
    unreachable(settings, &format!("no answer within {} s", PATIENCE.as_secs()))
}

pub(super) fn unreachable(settings: &Settings, why: &str) -> Error {
    let (host, port) = (&settings.host, settings.port);
    let name = match settings.flavor {
        Flavor::MySql => "MySQL",
        Flavor::MariaDb => "MariaDB",
    };
    Error::transient(codes::CONNECT, format!("{name} at {host}:{port} cannot be reached ({why})."))
        .fix("Check host, port, firewall, and bind_address of the server.")
}
