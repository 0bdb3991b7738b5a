//! A consumer in place of pipeline and Kafka: it commits only where that is allowed, forgets what
//! is not committed at a crash, and refuses everything that is told twice or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use walbrook_core::batch::{Batch, Image, State as CellState};
use walbrook_core::change::{Change, Event, Marker, Op};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::Error;
use walbrook_core::source::{Message, SourceHandle};

/// Table and id.
pub type Key = (String, i64);

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub ver: i64,
}

#[derive(Clone, Debug)]
struct Told {
    table: String,
    op: Op,
    before: Option<i64>,
    after: Option<(i64, i64)>,
    marker: Marker,
}

#[derive(Default)]
pub struct Model {
    checkpoint: Checkpoint,
    rows: BTreeMap<Key, State>,
    markers: Vec<String>,
    read: u64,
    told: u64,
    finished: bool,
    repeating: Option<String>,
    /// Not committed yet.
    pending: Vec<Told>,
    updates: Updates,
    torn: BTreeSet<u32>,
}

impl Model {
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    pub fn intent(&mut self, updates: &Updates) {
        self.checkpoint.apply(updates);
    }

    /// Everything after the last commit never happened.
    pub fn crash(&mut self) {
        self.pending.clear();
        self.updates.clear();
        self.torn.clear();
    }

    /// Forgets the rows, as a consumer does when everything is read again.
    pub fn forget(&mut self) {
        self.rows.clear();
        (self.read, self.told) = (0, 0);
    }

    pub fn read(&self) -> u64 {
        self.read
    }

    pub fn told(&self) -> u64 {
        self.told
    }

    pub fn bytes(&self) -> u64 {
        let tables = self.checkpoint.entries().filter(|(part, _)| matches!(part, Part::Table(_)));
        tables.filter_map(|(_, value)| value["bytes"].as_u64()).sum()
    }

    pub fn markers(&self) -> &[String] {
        &self.markers
    }

    pub fn has(&self, table: &str, id: i64) -> bool {
        self.rows.contains_key(&super::key(table, id))
    }

    pub fn rows(&self) -> &BTreeMap<Key, State> {
        &self.rows
    }

    pub fn entry(&self, table: &str) -> &serde_json::Value {
        self.checkpoint.get(&Part::Table(format!("public.{table}"))).unwrap()
    }

    /// From now on rows of the table may be told again, and deletes of untold ones.
    pub fn allow_repeats(&mut self, table: &str) {
        self.repeating = Some(table.to_owned());
    }

    pub fn has_entry(&self, table: &str) -> bool {
        self.checkpoint.get(&Part::Table(format!("public.{table}"))).is_some()
    }

    /// Finished tables, quoted for SQL.
    pub fn finished(&self) -> Vec<String> {
        let tables = self.checkpoint.entries().filter_map(|(part, value)| match part {
            Part::Table(name) if value["state"] == "done" => name.strip_prefix("public."),
            _ => None,
        });
        tables.map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect()
    }

    pub fn is_streaming(&self) -> bool {
        let source = self.checkpoint.get(&Part::Source);
        source.is_some_and(|entry| entry["phase"] == "streaming")
    }

    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Takes messages until `done`; a failure is the test's.
    pub async fn run(&mut self, handle: &SourceHandle, done: impl Fn(&Model) -> bool) {
        if let Some(error) = self.until(handle, done).await {
            panic!("the source failed: {error:?}");
        }
    }

    /// Takes messages until `done` or a failure, which is returned.
    pub async fn until(
        &mut self,
        handle: &SourceHandle,
        done: impl Fn(&Model) -> bool,
    ) -> Option<Error> {
        while !done(self) {
            let received = tokio::time::timeout(Duration::from_secs(240), handle.messages.recv());
            match received.await.expect("no message for 240 s").expect("the source has ended") {
                Message::Batch(mut batch) => {
                    self.batch(&batch, handle);
                    batch.clear();
                    drop(handle.spare.try_send(batch));
                }
                Message::Snapshot(progress) => {
                    assert!(progress.bytes <= progress.bytes_total.max(progress.bytes));
                }
                Message::Snapshotting | Message::Streaming(_) => {}
                Message::Finished => self.finished = true,
                Message::Failed(error) => return Some(error),
            }
        }
        assert!(handle.gauges.head.load(Relaxed) < u64::MAX);
        None
    }

    fn batch(&mut self, batch: &Batch, handle: &SourceHandle) {
        self.updates.extend(batch.updates.iter().cloned());
        for event in &batch.events {
            match event {
                Event::Begin(_) | Event::Notice(_) | Event::Poison(_) => {}
                Event::Change(change) => self.pending.push(told(batch, change)),
                Event::End(position) => {
                    assert!(self.torn.is_empty(), "the stream began inside a snapshot unit");
                    self.updates.push(put(Part::Position, position));
                    self.commit();
                    (handle.confirm)(position);
                }
                Event::Progress(position) => {
                    self.updates.push(put(Part::Position, position));
                    self.commit();
                    (handle.confirm)(position);
                }
            }
        }
        if let Some(lane) = &batch.lane {
            if lane.torn {
                self.torn.insert(lane.number);
            } else {
                self.torn.remove(&lane.number);
            }
            self.updates.extend(lane.updates.iter().cloned());
            if self.torn.is_empty() {
                self.commit();
            }
        }
    }

    fn commit(&mut self) {
        for told in std::mem::take(&mut self.pending) {
            self.take(told);
        }
        self.checkpoint.apply(&std::mem::take(&mut self.updates));
    }

    fn take(&mut self, told: Told) {
        let at = |id: i64| super::key(&told.table, id);
        if told.op == Op::Read {
            self.read += 1;
            if told.marker != Marker::True {
                self.markers.push(format!("{} {}", told.table, told.marker.text()));
            }
        } else {
            self.told += 1;
        }
        let again = self.repeating.as_ref() == Some(&told.table);
        match (told.op, told.before, told.after) {
            (Op::Read | Op::Create, None, Some((id, ver))) => {
                let old = self.rows.insert(at(id), super::row(ver));
                assert!(old.is_none() || again, "told twice: {told:?}");
            }
            (Op::Update, before, Some((id, ver))) => {
                let old = self.rows.remove(&at(before.unwrap_or(id)));
                let expected = Some(super::row(ver - 1));
                assert_eq!(old, expected, "lost or doubled before {told:?}");
                assert_eq!(self.rows.insert(at(id), super::row(ver)), None, "{told:?}");
            }
            (Op::Delete, Some(id), None) => {
                assert!(self.rows.remove(&at(id)).is_some() || again, "no such row: {told:?}");
            }
            (Op::Truncate, None, None) => self.rows.retain(|(table, _), _| *table != told.table),
            _ => panic!("not a change: {told:?}"),
        }
    }
}

fn told(batch: &Batch, change: &Change) -> Told {
    let layout = &batch.layouts[change.layout as usize];
    let number = |image: Image, name: &str| {
        let cell = *image.cell(batch, layout.position(name).unwrap()).unwrap();
        assert!(matches!(cell.state, CellState::Present | CellState::Absent), "{name}");
        zigzag(cell.payload.of(&batch.bytes))
    };
    let source = change.source;
    assert!(source.head.len > 0 && source.tail.len > 0);
    Told {
        table: layout.table.name.to_string(),
        op: change.op,
        before: change.before.map(|image| number(image, "id")),
        after: change.after.map(|image| (number(image, "id"), number(image, "ver"))),
        marker: change.marker,
    }
}

fn zigzag(bytes: &[u8]) -> i64 {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
    }
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
