//! Tells the server what is safe, from a future of its own.
//!
//! Never more than Kafka has committed: the server throws the log before it away.

use super::{Timing, wire};
use crate::transport::closed;
use bytes::BytesMut;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};
use walbrook_core::error::Result;
use walbrook_core::source::Gauges;

/// A server that asks again and again, as one that shuts down does, gets the same answer only so
/// often.
const SAME_ANSWER: Duration = Duration::from_millis(100);

/// What the end of a stream may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// The writing half of the stream.
#[derive(Debug)]
pub(super) struct Feedback<W> {
    write: W,
    /// What is not written yet: half a message must never be followed by another.
    out: BytesMut,
    confirmed: watch::Receiver<u64>,
    gauges: Arc<Gauges>,
    timing: Timing,
    /// Sent last, and when.
    sent: u64,
    at: Instant,
}

impl<W: AsyncWrite + Unpin> Feedback<W> {
    /// Everything up to `begun` is safe before the first confirmation comes.
    pub(super) fn new(
        write: W,
        begun: u64,
        confirmed: watch::Receiver<u64>,
        gauges: Arc<Gauges>,
        timing: Timing,
    ) -> Self {
        let (out, at) = (BytesMut::new(), Instant::now());
        Self { write, out, confirmed, gauges, timing, sent: begun, at }
    }

    /// Sends feedback at its interval, and when the reader was asked for it. Never ends but by a
    /// failure.
    pub(super) async fn run(&mut self, asked: &Notify) -> Result<()> {
        loop {
            tokio::select! {
                biased;
                () = asked.notified() => self.not_too_often().await,
                () = sleep_until(self.at + self.timing.feedback) => {}
            }
            // The answer tells how far the log is, and that the server lives.
            self.send(true).await?;
        }
    }

    /// Waits until there is something new to say or the last answer is a while ago.
    async fn not_too_often(&mut self) {
        let end = sleep_until(self.at + SAME_ANSWER);
        tokio::pin!(end);
        while *self.confirmed.borrow_and_update() <= self.sent {
            tokio::select! {
                () = &mut end => return,
                changed = self.confirmed.changed() => if changed.is_err() {
                    return end.await;
                },
            }
        }
    }

    async fn send(&mut self, want_reply: bool) -> Result<()> {
        // Never backwards: a position once confirmed stays so.
        let lsn = (*self.confirmed.borrow_and_update()).max(self.sent);
        wire::status(&mut self.out, lsn, (self.timing.now_us)(), want_reply);
        (self.sent, self.at) = (lsn, Instant::now());
        self.flush().await?;
        self.gauges.confirmed.store(lsn, Relaxed);
        Ok(())
    }

    /// Cancelling loses nothing: what is written leaves the buffer as it goes.
    async fn flush(&mut self) -> Result<()> {
        let written = async {
            self.write.write_all_buf(&mut self.out).await?;
            self.write.flush().await
        };
        written.await.map_err(|error| closed(&error.to_string()))
    }

    /// Says what is confirmed a last time and ends the stream; a server that is gone does not
    /// matter.
    pub(super) async fn end(&mut self) {
        let farewell = async {
            self.send(false).await?;
            postgres_protocol::message::frontend::copy_done(&mut self.out);
            postgres_protocol::message::frontend::terminate(&mut self.out);
            self.flush().await
        };
        if !matches!(timeout(FAREWELL, farewell).await, Ok(Ok(()))) {
            tracing::debug!("the stream could not be ended in order");
        }
    }
}
