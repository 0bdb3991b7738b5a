//! The log of a server, event by event.

use super::connect::{Stream, connect};
use super::dump::{self, Start};
use super::failure::closed;
use super::reader::Reader;
use crate::binlog::Event;
use crate::codes;
use crate::settings::Settings;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};
use walbrook_core::error::{Error, Result};

/// A dump that is being read.
pub struct Log {
    io: Stream,
    reader: Reader,
    /// How long the server may be silent; it says something three times as often.
    patience: Duration,
    /// Since when nothing has come, while we wait.
    waiting: Option<Instant>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("reader", &self.reader).finish_non_exhaustive()
    }
}

impl Log {
    /// Connects, logs in and asks for the log from `start` on. A start that the server does not have
    /// is told by the first [`Log::next`].
    ///
    /// # Errors
    ///
    /// `WB-MYSQL-001` to `006` for the connection, `010` for the right to read the log.
    pub async fn open(settings: &Settings, start: &Start) -> Result<Self> {
        let mut session = connect(settings, "log").await?;
        dump::ask(&mut session, settings, start).await?;
        Ok(Self {
            io: session.io,
            reader: Reader::new(session.packets, settings.flavor),
            patience: settings.heartbeat * 3,
            waiting: None,
        })
    }

    /// The next event, borrowed until the one after it. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// `WB-MYSQL-007`, `011` for a connection that ends, `012` to `015` and `018` for what the log or
    /// the server says, `006` for what cannot be read.
    pub async fn next(&mut self) -> Result<Event<'_>> {
        while !self.reader.advance()? {
            self.fill().await?;
        }
        self.reader.event()
    }

    /// Whether the next event can be had without waiting for the socket.
    pub fn ready(&self) -> bool {
        self.reader.has_another()
    }

    /// Reads once. Only waiting counts as silence: what has come is read before the clock is looked at.
    async fn fill(&mut self) -> Result<()> {
        let since = *self.waiting.get_or_insert_with(Instant::now);
        let read = self.io.read(self.reader.packets.window.room());
        let count = match timeout_at(since + self.patience, read).await {
            Ok(Ok(0)) => return Err(closed("it was closed by the server")),
            Ok(Ok(count)) => count,
            Ok(Err(error)) => return Err(closed(&error.to_string())),
            Err(_) => return Err(silent(self.patience)),
        };
        self.waiting = None;
        self.reader.packets.window.filled(count);
        Ok(())
    }
}

fn silent(patience: Duration) -> Error {
    let seconds = patience.as_secs_f32();
    Error::transient(codes::SILENT, format!("The server has sent nothing for {seconds:.1} s."))
        .fix("Check the network; a proxy between must let idle connections live.")
}
