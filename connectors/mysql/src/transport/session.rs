//! One connection between commands: messages out, messages in.

use super::failure::{self, closed};
use super::message::{ERROR, OK, ServerError};
use super::packets::Packets;
use crate::codes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use walbrook_core::error::{Error, Result};

/// The largest message outside the log.
const LIMIT: usize = 1 << 16;

const COM_QUERY: u8 = 0x03;

/// A connection; `io` is exchanged when TLS begins.
#[derive(Debug)]
pub(super) struct Session<S> {
    pub(super) io: S,
    pub(super) packets: Packets,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    pub(super) fn new(io: S) -> Self {
        Self { io, packets: Packets::new() }
    }

    /// Sends a message of less than 16 MiB.
    pub(super) async fn send(&mut self, body: &[u8]) -> Result<()> {
        let [a, b, c, _] = (body.len() as u32).to_le_bytes();
        let number = self.packets.number();
        let packet = [&[a, b, c, number], body].concat();
        self.packets.expect_number(number.wrapping_add(1));
        let written = async {
            self.io.write_all(&packet).await?;
            self.io.flush().await
        };
        written.await.map_err(|error| closed(&error.to_string()))
    }

    /// The next message; never an empty one.
    pub(super) async fn receive(&mut self) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        loop {
            while let Some(part) = self.packets.part().map_err(|_| failure::out_of_order())? {
                let data = self.packets.window.data().get(..part.len).unwrap_or_default();
                if message.len() + data.len() > LIMIT {
                    return Err(unexpected("long"));
                }
                message.extend_from_slice(data);
                self.packets.take(part.len);
                if part.last {
                    return if message.is_empty() { Err(unexpected("empty")) } else { Ok(message) };
                }
            }
            match self.io.read(self.packets.window.room()).await {
                Ok(0) => return Err(closed("it was closed by the server")),
                Ok(count) => self.packets.window.filled(count),
                Err(error) => return Err(closed(&error.to_string())),
            }
        }
    }

    /// Sends a command without waiting for an answer.
    pub(super) async fn command(&mut self, body: &[u8]) -> Result<()> {
        self.packets.expect_number(0);
        self.send(body).await
    }

    /// Sends a command that is answered by OK or by an error.
    pub(super) async fn run(&mut self, body: &[u8]) -> Result<Result<(), ServerError>> {
        self.command(body).await?;
        let answer = self.receive().await?;
        match answer.first() {
            Some(&OK) => Ok(Ok(())),
            Some(&ERROR) => Ok(Err(ServerError::parse(&answer))),
            _ => Err(unexpected("strange")),
        }
    }

    /// Runs a statement that has no rows.
    pub(super) async fn execute(&mut self, sql: &str) -> Result<()> {
        let answer = self.run(&[&[COM_QUERY], sql.as_bytes()].concat()).await?;
        answer.map_err(|error| failure::reported(&error, "setting up the connection"))
    }
}

/// A message stands where the protocol has none of its kind.
pub(super) fn unexpected(what: &str) -> Error {
    let message = format!("The server sent a message that is not expected here ({what}).");
    Error::definite(codes::PROTOCOL, message)
        .fix("Check that host and port are MySQL's or MariaDB's.")
}
