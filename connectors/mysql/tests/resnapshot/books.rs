//! What stands for Kafka: what was committed, what only was told, and what must hold of it.

use std::collections::{BTreeMap, HashMap};
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Change, Event, Marker, Op};
use walbrook_core::checkpoint::{Checkpoint, Part, Updates, put};
use walbrook_core::resnapshot::Job;

/// The rows of a table as consumers have them: version by key.
type Rows = BTreeMap<i64, i64>;

/// Everything that was committed.
#[derive(Clone, Default)]
pub(crate) struct Books {
    pub(crate) checkpoint: Checkpoint,
    /// By table.
    pub(crate) rows: HashMap<String, Rows>,
    /// How often each key was told by a job, by table.
    pub(crate) again: HashMap<String, BTreeMap<i64, u32>>,
    /// What must not be.
    pub(crate) faults: Vec<String>,
    /// Tables that consumers have nothing of before a job reads them.
    pub(crate) first: Vec<String>,
    /// Changes told while a job was running.
    pub(crate) streamed: u64,
    updates: Updates,
    inside: bool,
    torn: bool,
}

impl Books {
    /// Takes what was told.
    pub(crate) fn take(&mut self, batch: &Batch) {
        for event in &batch.events {
            match event {
                Event::Begin(_) => self.inside = true,
                Event::Change(change) => self.change(batch, change),
                Event::End(position) | Event::Progress(position) => {
                    self.inside = false;
                    self.updates.push(put(Part::Position, position));
                }
                Event::Notice(_) => {}
                Event::Poison(_) => self.faults.push("a change that cannot be told".into()),
            }
        }
        self.updates.extend(batch.updates.iter().cloned());
        if let Some(lane) = &batch.lane {
            self.torn = lane.torn;
            self.updates.extend(lane.updates.iter().cloned());
        }
    }

    /// Whether a Kafka transaction may end here.
    pub(crate) fn is_whole(&self) -> bool {
        !self.inside && !self.torn
    }

    /// The checkpoint says what was told.
    pub(crate) fn commit(&mut self) {
        assert!(self.is_whole());
        self.checkpoint.apply(&std::mem::take(&mut self.updates));
    }

    /// A job as it is stored.
    pub(crate) fn job(&self, id: &str) -> Option<Job> {
        self.checkpoint.read(&Part::Resnapshot(id.to_owned())).unwrap()
    }

    /// Every job that is stored.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        let parts = self.checkpoint.entries().map(|(part, _)| part);
        let jobs = parts.filter(|part| matches!(part, Part::Resnapshot(_)));
        jobs.filter_map(|part| self.checkpoint.read(part).unwrap()).collect()
    }

    fn change(&mut self, batch: &Batch, change: &Change) {
        let layout = &batch.layouts[change.layout as usize];
        let name = layout.table.name.to_string();
        let row = |image: Image| (number(batch, image, 0), number(batch, image, 1));
        let (before, after) = (change.before.map(row), change.after.map(row));
        let rows = self.rows.entry(name.clone()).or_default();
        if change.op == Op::Truncate {
            return rows.clear();
        }
        if change.op == Op::Read {
            let (key, version) = after.unwrap();
            if change.marker == Marker::Incremental {
                *self.again.entry(name.clone()).or_default().entry(key).or_default() += 1;
                // The first record of a key that is new.
                let first = self.first.contains(&name) && !rows.contains_key(&key);
                if !first && rows.get(&key) != Some(&version) {
                    let known = rows.get(&key);
                    self.faults.push(format!("{name} {key}: read {version}, told {known:?}"));
                }
            }
            rows.insert(key, version);
            return;
        }
        self.streamed += 1;
        if let Some((key, version)) = before {
            let known = rows.remove(&key);
            if known != Some(version) {
                self.faults.push(format!("{name} {key}: was {version}, told {known:?}"));
            }
        }
        if let Some((key, version)) = after
            && let Some(known) = rows.insert(key, version)
        {
            self.faults.push(format!("{name} {key}: comes as {version}, is there as {known}"));
        }
    }
}

/// The number in a column.
fn number(batch: &Batch, image: Image, field: usize) -> i64 {
    let mut value = 0_u64;
    for (place, byte) in
        image.cell(batch, field).unwrap().payload.of(&batch.bytes).iter().enumerate()
    {
        value |= u64::from(byte & 0x7f) << (7 * place);
    }
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
