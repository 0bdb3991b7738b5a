//! A consumer in place of pipeline and Kafka that forgets what is not committed at a crash, and
//! knows at every place of the stream what each row is: a row that is read again must say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use walbrook_core::batch::{Batch, Image, State as CellState};
use walbrook_core::change::{Change, Event, Marker, Op};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::error::Error;
use walbrook_core::resnapshot::Job;
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
    /// Read again since the last [`Model::watch`].
    again: BTreeSet<Key>,
    /// Told by the log since then.
    touched: BTreeSet<Key>,
    repeats: u64,
    /// Tables whose first rows come beside the log.
    new: BTreeSet<String>,
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

    /// From now on it is noted what is read again.
    pub fn watch(&mut self) {
        self.again.clear();
        self.touched.clear();
        self.repeats = 0;
    }

    pub fn rows(&self) -> &BTreeMap<Key, State> {
        &self.rows
    }

    pub fn again(&self) -> &BTreeSet<Key> {
        &self.again
    }

    /// Rows that were read more than once.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    pub fn has(&self, table: &str, id: i64) -> bool {
        self.rows.contains_key(&super::key(table, id))
    }

    /// Rows of a table that were neither read again nor told by the log.
    pub fn missed(&self, table: &str) -> Vec<&Key> {
        let seen = |key: &&Key| self.again.contains(*key) || self.touched.contains(*key);
        self.rows.keys().filter(|key| key.0 == table && !seen(key)).collect()
    }

    pub fn is_streaming(&self) -> bool {
        let source = self.checkpoint.get(&Part::Source);
        source.is_some_and(|entry| entry["phase"] == "streaming")
    }

    pub fn job(&self, id: &str) -> Option<Job> {
        self.checkpoint.read(&Part::Resnapshot(id.to_owned())).unwrap()
    }

    pub fn jobs(&self) -> Vec<Job> {
        let jobs =
            self.checkpoint.entries().filter(|(part, _)| matches!(part, Part::Resnapshot(_)));
        jobs.map(|(part, _)| self.checkpoint.read(part).unwrap().unwrap()).collect()
    }

    pub fn is_over(&self, id: &str) -> bool {
        self.job(id).is_some_and(|job| job.state.is_over())
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
            let received = tokio::time::timeout(Duration::from_secs(60), handle.messages.recv());
            match received.await.expect("no message for 60 s").expect("the source has ended") {
                Message::Batch(mut batch) => {
                    self.batch(&batch, handle);
                    batch.clear();
                    drop(handle.spare.try_send(batch));
                }
                Message::Failed(error) => return Some(error),
                _ => {}
            }
        }
        None
    }

    fn batch(&mut self, batch: &Batch, handle: &SourceHandle) {
        self.updates.extend(batch.updates.iter().cloned());
        for event in &batch.events {
            match event {
                Event::Change(change) => self.pending.push(told(batch, change)),
                Event::End(position) | Event::Progress(position) => {
                    assert!(self.torn.is_empty(), "the stream went on inside a chunk");
                    self.updates.push(put(Part::Position, position));
                    self.commit();
                    (handle.confirm)(position);
                }
                _ => {}
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
        let streamed = told.op != Op::Read;
        for id in [told.before, told.after.map(|(id, _)| id)].into_iter().flatten() {
            if streamed {
                self.touched.insert(at(id));
            }
        }
        match (told.op, told.before, told.after) {
            (Op::Read, None, Some((id, ver))) if told.marker == Marker::Incremental => {
                // Whatever was told before it is what it says: it undoes nothing.
                let known = self.rows.get(&at(id));
                assert_eq!(known, Some(&super::row(ver)), "read again: {told:?}");
                self.repeats += u64::from(!self.again.insert(at(id)));
            }
            (Op::Read | Op::Create, None, Some((id, ver))) => {
                let old = self.rows.insert(at(id), super::row(ver));
                assert!(old.is_none(), "told twice: {told:?}");
            }
            (Op::Update, before, Some((id, ver))) => {
                let old = self.rows.remove(&at(before.unwrap_or(id)));
                assert_eq!(old, Some(super::row(ver - 1)), "lost or doubled before {told:?}");
                assert_eq!(self.rows.insert(at(id), super::row(ver)), None, "{told:?}");
            }
            (Op::Delete, Some(id), None) => {
                assert!(self.rows.remove(&at(id)).is_some(), "no such row: {told:?}");
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
