//! The server's end of a replication connection, over a pipe: pgoutput version 1 in XLogData
//! frames, keepalives, feedback.
//!
//! ```text
//!  world.log ──▶ speak ──▶ bytes, cut anywhere ──▶ │ pipe │ ──▶ stream::run (production)
//!  world.confirmed ◀── listen ◀── status updates ◀─│      │◀──
//! ```

use crate::database::{self, KEYLESS};
use crate::random::Random;
use crate::world::{Row, Shared, Transaction, confirm, lock};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use walbrook_kafka::twin;
use walbrook_postgres::pgoutput::{Begin, Commit, Value, encode};

/// A client that says nothing for so long is given up.
const WAL_SENDER_TIMEOUT: Duration = Duration::from_secs(60);

/// Size of a status update in its `CopyData`.
const STATUS: usize = 39;

/// Who reads the slot; it is free again when this is dropped.
struct Reading(Shared);

impl Drop for Reading {
    fn drop(&mut self) {
        lock(&self.0).active = false;
    }
}

/// Serves the log from `from` on, or from where the slot is confirmed if that is later, until the
/// client goes or the connection is lost.
pub(crate) async fn serve(
    world: Shared,
    broker: twin::Shared,
    io: DuplexStream,
    from: u64,
    random: Random,
) {
    let from = {
        let mut world = lock(&world);
        world.active = true;
        world.confirmed.unwrap_or(0).max(from)
    };
    let reading = Reading(Arc::clone(&world));
    let (read, write) = tokio::io::split(io);
    let asked = Notify::new();
    let mut speaker = Speaker {
        world: Arc::clone(&world),
        fuse: None,
        random,
        write,
        out: Vec::new(),
        described: BTreeSet::new(),
        asked: &asked,
        from,
    };
    if speaker.random.below(2) == 0 {
        speaker.fuse = Some(40 + speaker.random.below(2500));
    }
    // Whichever ends first takes the connection with it, in the middle of a message too.
    tokio::select! {
    biased;
           heard = listen(&world, &broker, read, &asked) => drop(heard),
           said = speaker.speak() => drop(said),
       }
    drop(reading);
}

/// Reads what the client says is safe.
async fn listen(
    world: &Shared,
    broker: &twin::Shared,
    mut read: ReadHalf<DuplexStream>,
    asked: &Notify,
) -> io::Result<()> {
    loop {
        let mut status = [0; STATUS];
        let heard = timeout(WAL_SENDER_TIMEOUT, read.read_exact(&mut status[..5])).await;
        let Ok(heard) = heard else {
            lock(world).violations.push("no feedback within wal_sender_timeout".to_owned());
            return Ok(());
        };
        heard?;
        if status[0] != b'd' {
            // CopyDone and Terminate: the client says goodbye.
            return Ok(());
        }
        read.read_exact(&mut status[5..]).await?;
        let lsn = |at: usize| u64::from_be_bytes(status[at..at + 8].try_into().expect("8 bytes"));
        if lsn(6) != lsn(14) || lsn(14) != lsn(22) || status[5] != b'r' {
            lock(world).violations.push("written, flushed and applied differ".to_owned());
        }
        confirm(world, broker, lsn(14));
        if status[38] == 1 {
            asked.notify_one();
        }
    }
}

/// The sending half.
struct Speaker<'a> {
    world: Shared,
    /// Writes until the connection is lost.
    fuse: Option<u64>,
    random: Random,
    write: WriteHalf<DuplexStream>,
    out: Vec<u8>,
    /// Tables described in this session, and whether as altered.
    described: BTreeSet<(usize, bool)>,
    asked: &'a Notify,
    from: u64,
}

impl Speaker<'_> {
    async fn speak(&mut self) -> io::Result<()> {
        let mut place = {
            let world = lock(&self.world);
            // A transaction is told when its commit record does not start before the start point.
            world.log.partition_point(|transaction| transaction.commit < self.from)
        };
        let (mut before, goal) = (self.from, lock(&self.world).goal);
        while let Some(transaction) = self.committed(place).await? {
            if transaction.idle {
                self.idle(before, transaction.first - 16).await?;
            }
            self.transaction(&transaction).await?;
            (before, place) = (transaction.end, place + 1);
        }
        loop {
            self.pause(1500).await;
            self.keepalive(goal);
            self.flush().await?;
        }
    }

    /// The transaction at `place`, once it is committed.
    async fn committed(&mut self, place: usize) -> io::Result<Option<Transaction>> {
        loop {
            let found = {
                let mut world = lock(&self.world);
                let found = world.log.get(place).filter(|_| place < world.head).cloned();
                if found.is_some() || place >= world.log.len() {
                    return Ok(found);
                }
                let more = 1 + self.random.below(4);
                world.advance(more);
                found
            };
            if found.is_none() {
                self.flush().await?;
                self.pause(200).await;
            }
        }
    }

    /// A moment, or until the client asks for a sign of life.
    async fn pause(&mut self, ms: u64) {
        let moment = Duration::from_millis(self.random.below(ms));
        tokio::select! {
        biased;
                   () = sleep(moment) => {}
                   () = self.asked.notified() => {}
               }
    }

    /// A long time in which only tables are written that nobody captures.
    async fn idle(&mut self, from: u64, to: u64) -> io::Result<()> {
        let steps = 10 + self.random.below(15);
        for step in 1..=steps {
            sleep(Duration::from_millis(300 + self.random.below(2500))).await;
            self.keepalive(from + to.saturating_sub(from) * step / steps);
            self.flush().await?;
        }
        Ok(())
    }

    fn keepalive(&mut self, wal_end: u64) {
        let reply = self.random.below(3) == 0;
        self.out.extend(encode::keepalive(wal_end.max(self.from), reply));
    }

    async fn transaction(&mut self, transaction: &Transaction) -> io::Result<()> {
        let Transaction { xid, first, commit: commit_lsn, end, .. } = *transaction;
        let commit_us = 1_700_000_000_000_000 + commit_lsn as i64 * 1000;
        let begin = Begin { commit_lsn, commit_us, xid: xid as u32 };
        self.out.extend(encode::data(commit_lsn, &encode::begin(&begin)));
        let altered = lock(&self.world).altered <= first;
        let mut rows = transaction.rows.iter().enumerate().peekable();
        while let Some((place, row)) = rows.next() {
            self.describe(row.table, altered);
            let lsn = first + 16 * place as u64;
            let mut truncated = vec![16400 + row.table as u32];
            while row.op == 't' && rows.peek().is_some_and(|(_, next)| next.version == row.version)
            {
                let hidden = rows.next().map_or(row.table, |(_, next)| next.table);
                self.describe(hidden, altered);
                truncated.push(16400 + hidden as u32);
            }
            let message = match row.op {
                't' => encode::truncate(&truncated),
                _ => message(row, altered),
            };
            self.out.extend(encode::data(lsn, &message));
            if self.random.below(8) == 0 {
                // Nothing follows from it inside a transaction, however far it looks.
                self.keepalive(end);
            }
            if self.random.below(5) == 0 {
                self.flush().await?;
            }
        }
        let commit = Commit { commit_lsn, end_lsn: end, commit_us };
        self.out.extend(encode::data(commit_lsn, &encode::commit(&commit)));
        if self.random.below(3) == 0 {
            self.keepalive(end);
        }
        if self.random.below(3) == 0 {
            self.flush().await?;
        }
        Ok(())
    }

    /// A table is described before its first change in a session, and when it has changed.
    fn describe(&mut self, table: usize, altered: bool) {
        if self.described.insert((table, altered && table == 1)) {
            let relation = database::relation(table, altered);
            self.out.extend(encode::data(0, &encode::relation(&relation)));
        }
    }

    /// Sends what is ready in pieces that end anywhere.
    async fn flush(&mut self) -> io::Result<()> {
        let out = std::mem::take(&mut self.out);
        let mut rest = &out[..];
        while !rest.is_empty() {
            if let Some(fuse) = &mut self.fuse {
                *fuse -= 1;
                if *fuse == 0 {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
            }
            let size = (1 + self.random.below(400) as usize).min(rest.len());
            let (piece, later) = rest.split_at(size);
            self.write.write_all(piece).await?;
            rest = later;
            match self.random.below(40) {
                0 => sleep(Duration::from_millis(self.random.below(300))).await,
                1..8 => tokio::task::yield_now().await,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The message of one change of a row.
fn message(row: &Row, altered: bool) -> Vec<u8> {
    let (table, keyless) = (row.table, row.table == KEYLESS);
    let oid = 16400 + table as u32;
    let now = if row.op == 'k' { row.new_id } else { row.id };
    let new = database::texts(table, altered, now, row.version);
    let old = database::texts(table, altered, row.id, row.old_version);
    let columns = database::relation(table, altered).columns;
    let mut after: Vec<Value<'_>> = new.iter().map(|text| Value::Text(text.as_bytes())).collect();
    // What is kept out of line is not sent again when it has not changed.
    if matches!(row.op, 'u' | 'k') && row.version % 4 == 0 {
        let note = columns.iter().position(|column| column.name == "note");
        after[note.expect("a note")] = Value::Unchanged;
    }
    let before = columns.iter().zip(&old);
    let before = before.map(|(column, text)| match column.key {
        true => Value::Text(text.as_bytes()),
        false => Value::Null,
    });
    let before: Vec<Value<'_>> = before.collect();
    match row.op {
        'c' => encode::insert(oid, &after),
        'd' => encode::delete(oid, keyless, &before),
        'u' if !keyless => encode::update(oid, None, &after),
        _ => encode::update(oid, Some((keyless, &before)), &after),
    }
}
