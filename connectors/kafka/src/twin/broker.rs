//! The broker's side of the twin.

use crate::port::PortError;
use std::collections::{BTreeMap, BTreeSet};

/// One record in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its offset; markers take offsets too, so there are gaps.
    pub offset: u64,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value.
    pub value: Option<Vec<u8>>,
    /// Headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// The time that its sender gave it.
    pub timestamp: Option<i64>,
}

/// What happens at one call of a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call answers this and does nothing.
    Before(PortError),
    /// The call does its work and answers this.
    After(PortError),
    /// Before the call the broker aborts the transaction because its time ran out.
    Timeout,
    /// The connection is gone for good; what the call does is done where `done`. A commit is
    /// unclear from then on, everything else retriable.
    Lost {
        /// Whether the broker still did it.
        done: bool,
    },
}

#[derive(Debug)]
enum Entry {
    Data { transaction: u64, stored: Stored },
    Marker { offset: u64 },
}

#[derive(Debug, Default)]
struct Member {
    epoch: u64,
    open: Option<u64>,
    touched: BTreeSet<(String, usize)>,
}

/// Topics, transactional ids and planned faults.
#[derive(Debug, Default)]
pub struct Broker {
    topics: BTreeMap<String, Vec<Vec<Entry>>>,
    members: BTreeMap<String, Member>,
    /// Transactions that are decided, and how.
    decided: BTreeMap<u64, bool>,
    transactions: u64,
    calls: u64,
    faults: BTreeMap<u64, Fault>,
    chance: Option<Chance>,
    down: bool,
    /// Topics whose markers are late, by the beginning of their names.
    tardy: Option<String>,
    /// Transactions whose markers are still to be written there, by who began them.
    unmarked: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Chance {
    state: u64,
    one_in: u64,
}

impl Broker {
    /// Creates the topic `name` unless it exists.
    pub fn create(&mut self, name: &str, partitions: usize) {
        let topic = || (0..partitions).map(|_| Vec::new()).collect();
        self.topics.entry(name.to_owned()).or_insert_with(topic);
    }

    /// Number of partitions of the topic `name`.
    pub fn partitions(&self, name: &str) -> Option<usize> {
        self.topics.get(name).map(Vec::len)
    }

    /// Names of all topics.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(String::as_str)
    }

    /// What a read_committed consumer sees from `from` on: up to the first open transaction.
    pub fn committed(&self, topic: &str, partition: usize, from: u64) -> Vec<&Stored> {
        let log = self.topics.get(topic).and_then(|topic| topic.get(partition));
        let mut seen = Vec::new();
        for entry in log.into_iter().flatten().skip(from as usize) {
            if let Entry::Data { transaction, stored } = entry {
                if self.is_tardy(topic) && self.unmarked.values().any(|late| late == transaction) {
                    break;
                }
                match self.decided.get(transaction) {
                    Some(true) => seen.push(stored),
                    Some(false) => {}
                    None => break,
                }
            }
        }
        seen
    }

    /// Plans a fault at call number `call`, counted from 1 over all producers.
    pub fn fault(&mut self, call: u64, fault: Fault) {
        self.faults.insert(call, fault);
    }

    /// From now on one call in `one_in` meets a fault, chosen by `seed`; 0 ends that.
    pub fn scatter(&mut self, seed: u64, one_in: u64) {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        self.chance = (one_in > 0).then_some(Chance { state, one_in });
    }

    /// From now on the markers in topics called `prefix…` are late, as a real broker's are: they are
    /// written before its producer begins anew, or by [`Broker::write_markers`].
    pub fn tarry(&mut self, prefix: &str) {
        self.tardy = Some(prefix.to_owned());
    }

    /// Writes the markers that are late.
    pub fn write_markers(&mut self) {
        self.unmarked.clear();
    }

    /// The producer `id` begins anew only behind the markers of its last transaction.
    pub(super) fn settle(&mut self, id: &str) {
        self.unmarked.remove(id);
    }

    fn is_tardy(&self, topic: &str) -> bool {
        self.tardy.as_ref().is_some_and(|prefix| topic.starts_with(prefix))
    }

    /// While down, no call reaches the broker.
    pub fn set_down(&mut self, down: bool) {
        self.down = down;
    }

    /// Number of calls so far.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Counts a call and says what goes wrong with it.
    pub(super) fn meet(&mut self) -> Option<Fault> {
        self.calls += 1;
        if self.down {
            return Some(Fault::Before(PortError::Retriable("the broker is down".into())));
        }
        if let Some(fault) = self.faults.remove(&self.calls) {
            return Some(fault);
        }
        self.chance.as_mut().and_then(Chance::draw)
    }

    /// A producer takes `id`: whatever was open under it is aborted. Returns its epoch.
    pub(super) fn init(&mut self, id: &str) -> u64 {
        self.decide(id, false);
        self.settle(id);
        let member = self.members.entry(id.to_owned()).or_default();
        member.epoch += 1;
        member.epoch
    }

    /// The broker ends the transaction of `id` as its time ran out: that fences its producer.
    pub fn time_out(&mut self, id: &str) {
        if self.members.get(id).is_some_and(|member| member.open.is_some()) {
            self.init(id);
        }
    }

    fn member(&mut self, id: &str, epoch: u64) -> Result<&mut Member, PortError> {
        match self.members.get_mut(id) {
            Some(member) if member.epoch == epoch => Ok(member),
            _ => Err(PortError::Fenced("the epoch is not the newest".into())),
        }
    }

    pub(super) fn append(
        &mut self,
        (id, epoch): (&str, u64),
        (topic, partition): (&str, i32),
        mut stored: Stored,
    ) -> Result<(), PortError> {
        let partition = usize::try_from(partition).unwrap_or(usize::MAX);
        self.settle(id);
        let fresh = self.transactions + 1;
        let member = self.member(id, epoch)?;
        let transaction = *member.open.get_or_insert(fresh);
        member.touched.insert((topic.to_owned(), partition));
        self.transactions = self.transactions.max(transaction);
        let log = self.topics.get_mut(topic).and_then(|topic| topic.get_mut(partition));
        let Some(log) = log else {
            return Err(PortError::Abortable(format!("no partition {topic}-{partition}")));
        };
        stored.offset = log.len() as u64;
        log.push(Entry::Data { transaction, stored });
        Ok(())
    }

    pub(super) fn finish(&mut self, id: &str, epoch: u64, commit: bool) -> Result<(), PortError> {
        self.member(id, epoch)?;
        self.decide(id, commit);
        Ok(())
    }

    fn decide(&mut self, id: &str, commit: bool) {
        let Some(member) = self.members.get_mut(id) else { return };
        let Some(transaction) = member.open.take() else { return };
        let touched = std::mem::take(&mut member.touched);
        self.decided.insert(transaction, commit);
        if self.tardy.is_some() {
            self.unmarked.insert(id.to_owned(), transaction);
        }
        for (topic, partition) in touched {
            let log = self.topics.get_mut(&topic).and_then(|topic| topic.get_mut(partition));
            if let Some(log) = log {
                log.push(Entry::Marker { offset: log.len() as u64 });
            }
        }
    }

    /// The offset after the last entry, markers and open transactions included.
    pub fn high_watermark(&self, topic: &str, partition: usize) -> u64 {
        let log = self.topics.get(topic).and_then(|topic| topic.get(partition));
        log.and_then(|log| log.last()).map_or(0, |last| match last {
            Entry::Data { stored, .. } => stored.offset + 1,
            Entry::Marker { offset } => offset + 1,
        })
    }
}

impl Chance {
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn draw(&mut self) -> Option<Fault> {
        if !(self.next() >> 8).is_multiple_of(self.one_in) {
            return None;
        }
        let text = || "a drawn fault".to_owned();
        Some(match (self.next() >> 8) % 8 {
            0 => Fault::Before(PortError::Retriable(text())),
            1 => Fault::After(PortError::Unclear(text())),
            2 => Fault::Before(PortError::Unclear(text())),
            3 => Fault::Before(PortError::Abortable(text())),
            4 => Fault::Timeout,
            5 => Fault::Lost { done: true },
            6 => Fault::Lost { done: false },
            _ => Fault::Before(PortError::Fatal(text())),
        })
    }
}
