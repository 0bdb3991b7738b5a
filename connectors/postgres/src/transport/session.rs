//! One connection that speaks the simple protocol: login, queries, and the change to replication.

use super::auth::{Login, Security};
use super::failure::ServerError;
use super::frame::{Frames, MAX_FRAME, TooLarge};
use crate::codes;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use walbrook_core::error::{Error, Result};

/// The largest message before the server is known to be one.
const LOGIN_LIMIT: usize = 1 << 16;

/// A row of a simple query: text or NULL for each column.
pub type Row = Vec<Option<String>>;

/// A message, copied out of the buffer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) tag: u8,
    pub(super) body: Vec<u8>,
}

/// An open connection between commands.
#[derive(Debug)]
pub struct Session<S> {
    io: S,
    frames: Frames,
}

/// A connection that has changed to replication: messages flow both ways until it ends.
#[derive(Debug)]
pub struct CopyBoth<S> {
    /// Where the log comes from.
    pub read: ReadHalf<S>,
    /// Where feedback goes to.
    pub write: WriteHalf<S>,
    /// What has been received already.
    pub frames: Frames,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Logs in over `io` and waits until the server is ready.
    pub async fn start(io: S, login: &Login, security: &Security) -> Result<Self> {
        let mut session = Self { io, frames: Frames::strict(LOGIN_LIMIT) };
        session.log_in(login, security).await?;
        session.frames.set_limit(MAX_FRAME);
        while session.reply().await?.tag != b'Z' {}
        Ok(session)
    }

    /// Runs one statement, SQL or a replication command, and returns its rows.
    pub async fn query(&mut self, sql: &str) -> Result<Vec<Row>> {
        self.send(|out| frontend::query(sql, out)).await?;
        let (mut rows, mut failure) = (Vec::new(), None);
        loop {
            let reply = self.raw_reply().await?;
            match reply.tag {
                b'D' => rows.push(data_row(&reply.body).ok_or_else(|| unexpected(b'D'))?),
                b'E' => failure = Some(ServerError::parse(&reply.body)),
                b'Z' => return failure.map_or(Ok(rows), |failure| Err(failure.into_error())),
                // T: names and types of the columns; C: done; I: nothing to do.
                b'T' | b'C' | b'I' => {}
                other => return Err(unexpected(other)),
            }
        }
    }

    /// Runs `START_REPLICATION`.
    pub async fn copy_both(mut self, command: &str) -> Result<CopyBoth<S>> {
        self.send(|out| frontend::query(command, out)).await?;
        match self.reply().await?.tag {
            b'W' => {
                let (read, write) = tokio::io::split(self.io);
                Ok(CopyBoth { read, write, frames: self.frames })
            }
            other => Err(unexpected(other)),
        }
    }

    /// Says goodbye; a server that is gone already does not matter.
    pub async fn close(mut self) {
        let said = self
            .send(|out| {
                frontend::terminate(out);
                Ok(())
            })
            .await;
        drop(said);
    }

    /// The next message; a reported failure is an error.
    pub(super) async fn reply(&mut self) -> Result<Reply> {
        let reply = self.raw_reply().await?;
        match reply.tag {
            b'E' => Err(ServerError::parse(&reply.body).into_error()),
            _ => Ok(reply),
        }
    }

    /// The next message that answers something: notices and changed parameters do not.
    async fn raw_reply(&mut self) -> Result<Reply> {
        loop {
            match self.frames.next().map_err(too_large)? {
                Some(frame) if matches!(frame.tag, b'N' | b'S' | b'K' | b'A') => {}
                Some(frame) => return Ok(Reply { tag: frame.tag, body: frame.body.to_vec() }),
                None => match self.frames.fill(&mut self.io).await {
                    Ok(0) => return Err(closed("it was closed by the server")),
                    Ok(_) => {}
                    Err(error) => return Err(closed(&error.to_string())),
                },
            }
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = async {
            self.io.write_all(bytes).await?;
            self.io.flush().await
        };
        written.await.map_err(|error| closed(&error.to_string()))
    }
}

/// The columns of a row; `None` where the bytes are not a row.
fn data_row(body: &[u8]) -> Option<Row> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut row = Row::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            row.push(None);
            continue;
        };
        let (value, after) = rest.split_at_checked(length)?;
        rest = after;
        row.push(Some(String::from_utf8_lossy(value).into_owned()));
    }
    Some(row)
}

/// The connection ended.
pub(crate) fn closed(why: &str) -> Error {
    Error::transient(codes::CLOSED, format!("The connection to PostgreSQL ended: {why}."))
}

/// A message stands where the protocol has none of its kind.
pub(crate) fn unexpected(tag: u8) -> Error {
    let message = format!("The server sent an unexpected message of kind {:?}.", tag as char);
    Error::definite(codes::PROTOCOL, message).fix("Check that host and port are PostgreSQL's.")
}

fn too_large(error: TooLarge) -> Error {
    let message = format!("The server announced an impossible message of {} bytes.", error.size);
    Error::definite(codes::PROTOCOL, message).fix("Check that host and port are PostgreSQL's.")
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
