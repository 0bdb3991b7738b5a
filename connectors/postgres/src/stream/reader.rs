//! The read loop: drains what is buffered, and only when the socket is empty hands the batch on.

use super::chunks::Chunks;
use super::decoder::{Decoder, Sent, Step};
use super::idle::Idle;
use super::pace::Pace;
use super::wire::FromServer;
use super::{Start, Timing, Wires};
use crate::catalog::Catalog;
use crate::codes;
use crate::pgoutput::{Commit, Relation};
use crate::transport::{Frames, ServerError, TooLarge, closed};
use futures_util::FutureExt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::io::AsyncRead;
use tokio::sync::{Notify, watch};
use tokio::task::yield_now;
use tokio::time::timeout;
use walbrook_core::change::Event;
use walbrook_core::error::{Error, Result};
use walbrook_core::source::Gauges;
use walbrook_reader::{Gone, Outlet};

/// The reading half of the stream.
pub(super) struct Reader<'a, R> {
    read: R,
    frames: Frames,
    pub(super) decoder: Decoder,
    pub(super) outlet: Outlet,
    pub(super) chunks: Option<Chunks>,
    catalog: Arc<dyn Catalog>,
    pace: Pace,
    idle: Idle,
    timing: Timing,
    pub(super) asked: &'a Notify,
    /// Where the stream began: stored, and so as good as confirmed.
    begun: u64,
    confirmed: watch::Receiver<u64>,
    gauges: Arc<Gauges>,
}

/// Why the loop ends.
pub(super) enum End {
    /// Nobody takes batches any more.
    Gone,
    Failed(Error),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        End::Gone
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        End::Failed(error)
    }
}

impl<'a, R: AsyncRead + Unpin> Reader<'a, R> {
    pub(super) fn new(
        read: R,
        frames: Frames,
        mut start: Start,
        wires: Wires,
        asked: &'a Notify,
    ) -> Self {
        let at = start.position.lsn();
        let decoder = Decoder::new(&mut start);
        Self {
            read,
            frames,
            decoder,
            chunks: start.resnapshot.map(|ends| Chunks::new(ends, at)),
            outlet: Outlet::new(wires.messages, wires.spare),
            catalog: start.catalog,
            pace: Pace::new(start.timing.pause),
            idle: Idle::new(at, &start.timing),
            timing: start.timing,
            asked,
            begun: at,
            confirmed: wires.confirmed,
            gauges: wires.gauges,
        }
    }

    /// Reads until nobody takes batches any more or the stream fails.
    pub(super) async fn run(&mut self) -> Result<()> {
        loop {
            let ended = async {
                self.drain().await?;
                self.listen().await?;
                self.fill().await
            };
            let ended = ended.await;
            match ended {
                Ok(()) => {}
                Err(End::Gone) => return Ok(()),
                Err(End::Failed(error)) => return Err(error),
            }
        }
    }

    /// Hands on what is decoded.
    pub(super) async fn deliver(&mut self) {
        if self.outlet.send().await.is_err() {
            tracing::debug!("nobody takes the last batch");
        }
    }

    /// Handles every message that is buffered.
    async fn drain(&mut self) -> Result<(), End> {
        loop {
            if self.outlet.provide().await? {
                self.decoder.new_batch();
            }
            let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
            let frame = match self.frames.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(error) => return Err(self.too_large(&error).into()),
            };
            self.pace.message();
            match (frame.tag, FromServer::decode(frame.body)) {
                (b'd', Some(FromServer::Data { lsn, sent_us: at_us, payload })) => {
                    let sent = Sent { lsn, at_us };
                    match self.decoder.handle(batch, sent, payload)? {
                        Step::Done => {}
                        Step::Said(lsn) => self.reached(lsn),
                        Step::Ended(commit) => {
                            self.ended(&commit);
                            self.turn().await?;
                        }
                        Step::Order(question) => {
                            let payload = payload.to_vec();
                            self.again(sent, &payload, *question).await?;
                        }
                        Step::Ask(relation) => self.ask(relation).await?,
                    }
                    self.outlet.send_full().await?;
                }
                (b'd', Some(FromServer::Keepalive { wal_end, reply })) => {
                    self.keepalive(wal_end, reply);
                }
                (tag, _) => control(tag, frame.body)?,
            }
        }
    }

    #[inline]
    fn ended(&mut self, commit: &Commit) {
        self.reached(commit.end_lsn);
        self.gauges.commit_us.store(commit.commit_us, Relaxed);
    }

    /// Everything before `lsn` is in a batch.
    #[inline]
    fn reached(&mut self, lsn: u64) {
        self.idle.ended(lsn);
        if let Some(chunks) = &mut self.chunks {
            chunks.reached(lsn);
        }
        self.gauges.received.store(lsn, Relaxed);
        self.gauges.head.fetch_max(lsn, Relaxed);
    }

    fn keepalive(&mut self, wal_end: u64, reply: bool) {
        self.gauges.head.fetch_max(wal_end, Relaxed);
        if reply {
            self.asked.notify_one();
        }
        let confirmed = (*self.confirmed.borrow()).max(self.begun);
        if let Some(chunks) = &mut self.chunks
            && self.decoder.is_between()
        {
            chunks.reached(wal_end);
        }
        if self.decoder.is_between() && self.idle.due(wal_end, reply, confirmed) {
            self.gauges.received.fetch_max(wal_end, Relaxed);
            let position = self.decoder.position(wal_end);
            if let Some(batch) = self.outlet.batch() {
                batch.events.push(Event::Progress(position));
            }
        }
    }

    /// Asks the catalog. That may take a while, so what is decoded goes ahead.
    async fn ask(&mut self, relation: Relation) -> Result<(), End> {
        self.outlet.send().await?;
        let structure = self.catalog.structure(&relation).await?;
        if self.outlet.provide().await? {
            self.decoder.new_batch();
        }
        let Some(batch) = self.outlet.batch() else { return Err(End::Gone) };
        Ok(self.decoder.tables.resolve(relation, structure, batch)?)
    }

    /// Reads more; while there is nothing to read, the batch is on its way.
    async fn fill(&mut self) -> Result<(), End> {
        let mut read = self.frames.fill(&mut self.read).now_or_never();
        if read.is_none() {
            self.pace.rest();
            // Lets the runtime look at the socket: only then is "nothing to read" true.
            yield_now().await;
            read = self.frames.fill(&mut self.read).now_or_never();
        }
        let read = match read {
            Some(read) => read,
            None => {
                self.outlet.send().await?;
                let waits = self.waits_for_log();
                let waiting = timeout(self.timing.silence, self.frames.fill(&mut self.read));
                let heard = tokio::select! {
                    biased;
                    filled = waiting => Err(filled),
                    heard = Chunks::hear(self.chunks.as_ref(), waits) => Ok(heard),
                };
                match heard {
                    Ok(heard) => {
                        self.heard(heard);
                        return Ok(());
                    }
                    Err(filled) => filled.map_err(|_| self.silent())?,
                }
            }
        };
        match read {
            Ok(0) => Err(closed("it was closed by the server").into()),
            Ok(bytes) => {
                self.pace.read(bytes);
                Ok(())
            }
            Err(error) => Err(closed(&error.to_string()).into()),
        }
    }

    #[cold]
    fn silent(&self) -> Error {
        let seconds = self.timing.silence.as_secs();
        let message = format!("The server has sent nothing for {seconds} s, not even a keepalive.");
        Error::transient(codes::SILENT, message)
    }

    /// Names the table: kind and table are at the beginning of a change.
    #[cold]
    fn too_large(&self, error: &TooLarge) -> Error {
        if error.size < 4 {
            let message = "The server sent a message without a length.";
            return Error::definite(codes::PROTOCOL, message);
        }
        let payload = match FromServer::decode(&error.head) {
            Some(FromServer::Data { payload, .. }) => payload,
            _ => &[],
        };
        let (size, most) = (error.size, self.timing.max_row);
        if payload.first() == Some(&b'M') {
            let message = format!(
                "A logical message has {size} bytes, more than the {most} that are received."
            );
            return Error::definite(codes::ROW_TOO_LARGE, message)
                .fix("Write smaller messages; one that is written already passes only where `messages` and an outbox of messages are taken out.");
        }
        let table = payload.get(1..5).and_then(|oid| oid.first_chunk::<4>());
        let table = table.and_then(|oid| self.decoder.tables.name(u32::from_be_bytes(*oid)));
        let table = table.unwrap_or_else(|| "an unknown table".to_owned());
        let message =
            format!("A row of {table} has {size} bytes, more than the {most} that are received.");
        Error::definite(codes::ROW_TOO_LARGE, message)
            .fix("Exclude the large column, or the table, from the connector and its publication.")
    }
}

/// A message that is neither data nor keepalive.
#[cold]
fn control(tag: u8, body: &[u8]) -> Result<()> {
    match tag {
        b'E' => Err(ServerError::parse(body).into_error()),
        b'N' => notice(&ServerError::parse(body)),
        // A changed parameter, a notification.
        b'S' | b'A' => Ok(()),
        b'c' | b'C' | b'Z' => Err(closed("the server ended the stream")),
        other => Err(crate::transport::unexpected(other)),
    }
}

/// PostgreSQL 18 leaves out changes when it cannot find the publication, and says so only here.
fn notice(notice: &ServerError) -> Result<()> {
    if notice.skips_publication() {
        let message = format!("The server leaves out changes: {}.", notice.message);
        return Err(Error::definite(codes::PUBLICATION_SKIPPED, message).fix(
            "Create the publication again and take a new snapshot: the changes made without it \
             cannot be read.",
        ));
    }
    tracing::debug!(code = notice.code, "notice from the server: {}", notice.message);
    Ok(())
}
