//! The port over a real Kafka.

use crate::client::{self, Failed, Watch};
use crate::ffi::{Call, Native, Refusal, Scratch, Topic};
use crate::port::{ATTEMPT, Entry, Port, PortError};
use crate::settings::{Fit, Settings};
use rdkafka::error::RDKafkaErrorCode as Code;
use std::ops::Range;
use std::time::{Duration, Instant};
use walbrook_core::batch::Span;
use walbrook_core::error::Result as Answer;
use walbrook_core::record::{Record, Records, TopicId};

/// Records handed over in one call.
const BATCH: usize = 1024;
/// Pause while the queue is full: about what a broker needs to take a batch.
const FULL: Duration = Duration::from_micros(500);
/// Time in which a broker has written the markers of a commit. A transaction begun earlier is refused
/// once, and librdkafka repeats that only after 20 ms (`rdkafka_txnmgr.c`, CONCURRENT_TRANSACTIONS).
const MARKERS: Duration = Duration::from_millis(3);
/// One call waits this long: an error that the producer has raised meanwhile is told by the next.
///
/// Never less: a call that times out before librdkafka's own thread has looked at it forgets that
/// a commit is on its way, and takes the broker's answer for that of an abort, which ends the whole
/// process (`rdkafka_txnmgr.c`: "Invalid transaction state transition"). A busy machine lets that
/// thread wait for milliseconds; a call of 1 ms is enough.
const LOOK: Duration = Duration::from_secs(2);
/// Time of looking whether the markers of the last transaction are written.
const SETTLE: Duration = Duration::from_secs(4);
/// Time to take the transactional id; a transaction left open must be aborted first.
const INIT: Duration = Duration::from_secs(30);

/// A transactional producer of one connector. It belongs to one thread.
pub struct Producer {
    topics: Vec<Option<Topic>>,
    checkpoint: Topic,
    native: Native,
    fit: Fit,
    batch_size: usize,
    queue_size: usize,
    order: Vec<u32>,
    scratch: Scratch,
    committed: Option<Instant>,
}

impl Producer {
    /// Makes the producer; it talks to nobody before [`Port::init`].
    pub fn new(settings: &Settings) -> Answer<Self> {
        let fit = settings.fit.clone();
        let (batch_size, queue_size) = (fit.batch(), fit.queue());
        let native = client::made(Native::new(&settings.producer_config(), Watch::default()))?;
        let checkpoint = native.topic(&settings.checkpoint_topic()).ok_or_else(|| {
            let text = format!("\"{}\" cannot be a topic.", settings.checkpoint_topic());
            walbrook_core::error::Error::definite(crate::codes::SETTING, text)
                .fix("Give the connector or the cluster a shorter, plain name.")
        })?;
        let (topics, order) = (Vec::new(), Vec::new());
        let scratch = Scratch::default();
        let committed = None;
        Ok(Self {
            topics,
            checkpoint,
            native,
            fit,
            batch_size,
            queue_size,
            order,
            scratch,
            committed,
        })
    }

    fn call(&self, call: Call, time: Duration) -> Result<(), PortError> {
        let done = self.native.transaction(call, time.as_millis() as i32);
        done.map_err(|refusal| self.refused(call, refusal))
    }

    /// What a refused transaction call means. A failed delivery says more than its consequence.
    fn refused(&self, call: Call, refusal: Refusal) -> PortError {
        let Refusal { code, mut text, retriable, abortable } = refusal;
        // A transaction that can only be aborted says so with the code of what broke it: after a
        // long stop its own messages timed out, and no other answer will ever come.
        if !abortable && (retriable || code == Code::OperationTimedOut) {
            if let Some((code, reason)) = self.native.watch().last() {
                text = format!("{text} ({reason})");
                // Later on, a broker that is starting may refuse for a moment.
                if client::denied(code) && matches!(call, Call::Init) {
                    return PortError::Denied(text);
                }
            }
            return match call {
                Call::Commit => PortError::Unclear(text),
                _ => PortError::Retriable(text),
            };
        }
        let failed = self.native.watch().failed();
        self.classed(code, failed, text, abortable)
    }

    /// The meaning of `code`, or of the failed delivery behind it.
    fn classed(&self, code: Code, failed: Option<Failed>, text: String, abort: bool) -> PortError {
        let (code, text) = match (self.native.fatal(), failed) {
            (Some((code, text)), _) => (code, text),
            (None, Some(failed)) => (failed.code, format!("{} ({})", failed.code, failed.place)),
            (None, None) => (code, text),
        };
        match code {
            Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch => {
                PortError::Fenced(text)
            }
            Code::MessageSizeTooLarge => PortError::TooLarge { index: None, text },
            code if client::denied(code) || client::refused(code) => PortError::Denied(text),
            _ if abort => PortError::Abortable(text),
            _ => PortError::Fatal(text),
        }
    }

    /// A record was not taken: waits where the queue is full, else says why.
    fn not_taken(&self, code: Code, size: usize) -> Result<(), PortError> {
        let failed = self.native.watch().failed();
        // A producer that has failed for good drains nothing more.
        if code == Code::QueueFull && failed.is_none() && self.native.fatal().is_none() {
            if size + 1024 > self.queue_size {
                self.fit.record(size);
                return Err(PortError::Refit(format!("a record has {size} bytes")));
            }
            // Bounded memory is the back-pressure: librdkafka drains, and fails deliveries that
            // take longer than the transaction may.
            std::thread::sleep(FULL);
            return Ok(());
        }
        Err(self.classed(code, failed, code.to_string(), true))
    }

    /// Hands over a run of records of one partition, in order.
    fn run(&mut self, records: &Records, mut run: &[u32]) -> Result<(), PortError> {
        while let Some(first) = run.first().and_then(|n| records.records.get(*n as usize)) {
            let topic = match self.topics.get(first.topic as usize) {
                Some(Some(topic)) => topic,
                _ => return Err(PortError::Fatal(format!("topic {} is unknown", first.topic))),
            };
            let plain = run.iter().take(BATCH).take_while(|n| {
                let plain = |r: &Record| r.header_count == 0 && r.timestamp.is_none();
                records.records.get(**n as usize).is_some_and(plain)
            });
            let plain = run.get(..plain.count()).unwrap_or_default();
            let (taken, refused) = if plain.is_empty() {
                let done = topic.single(records, first);
                (usize::from(done.is_ok()), done.err())
            } else {
                topic.batch(&mut self.scratch, first.partition, records, plain)
            };
            run = run.get(taken..).unwrap_or_default();
            if let Some(code) = refused {
                let next = run.first().and_then(|n| records.records.get(*n as usize));
                let size = next.map_or(0, |r| records.wire_size(r));
                self.not_taken(code, size)?;
            }
        }
        Ok(())
    }
}

impl Port for Producer {
    fn init(&mut self) -> Result<(), PortError> {
        self.call(Call::Init, INIT)
    }

    fn topic(&mut self, id: TopicId, name: &str, max_bytes: usize) -> Result<(), PortError> {
        self.fit.topic(max_bytes);
        if max_bytes < self.batch_size {
            let text = format!("the topic \"{name}\" allows batches of {max_bytes} bytes only");
            return Err(PortError::Refit(text));
        }
        let handle = self.native.topic(name);
        if handle.is_none() {
            return Err(PortError::Fatal(format!("\"{name}\" cannot be a topic")));
        }
        let place = id as usize;
        if self.topics.len() <= place {
            self.topics.resize_with(place + 1, || None);
        }
        if let Some(slot) = self.topics.get_mut(place) {
            *slot = handle;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), PortError> {
        if let Some(committed) = self.committed.take() {
            std::thread::sleep(MARKERS.saturating_sub(committed.elapsed()));
        }
        self.native.watch().forget();
        self.call(Call::Begin, Duration::ZERO)
    }

    fn produce(&mut self, records: &Records, range: Range<usize>) -> Result<(), PortError> {
        // One partition after the other: a batch for one partition costs half of a mixed one, and
        // order holds within a partition only.
        let place =
            |n: &u32| records.records.get(*n as usize).map_or((0, 0), |r| (r.topic, r.partition));
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(range.start as u32..range.end as u32);
        if !order.is_sorted_by_key(place) {
            order.sort_by_key(place);
        }
        let mut runs = order.chunk_by(|a, b| place(a) == place(b));
        let done = runs.try_for_each(|run| self.run(records, run));
        self.order = order;
        done
    }

    fn produce_checkpoint(&mut self, entries: &[Entry]) -> Result<(), PortError> {
        let mut records = Records::default();
        for Entry { key, value } in entries {
            let mut put = |bytes: &[u8]| {
                let start = records.bytes.len() as u32;
                records.bytes.extend_from_slice(bytes);
                Span { start, len: bytes.len() as u32 }
            };
            let (key, value) = (Some(put(key)), value.as_deref().map(put));
            let record = Record {
                topic: 0,
                partition: 0,
                key,
                value,
                headers: 0,
                header_count: 0,
                timestamp: None,
            };
            records.records.push(record);
        }
        let all: Vec<u32> = (0..records.records.len() as u32).collect();
        let mut left = all.as_slice();
        while !left.is_empty() {
            let (taken, refused) = self.checkpoint.batch(&mut self.scratch, 0, &records, left);
            left = left.get(taken..).unwrap_or_default();
            if let Some(code) = refused {
                self.not_taken(code, 0)?;
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), PortError> {
        let end = Instant::now() + ATTEMPT;
        loop {
            match self.call(Call::Commit, LOOK) {
                // Called again within this attempt: it goes on where it was.
                Err(PortError::Unclear(_)) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                done => {
                    self.committed = Some(Instant::now());
                    return done;
                }
            }
        }
    }

    fn abort(&mut self) -> Result<(), PortError> {
        self.call(Call::Abort, ATTEMPT)
    }

    fn settle(&mut self) -> Result<(), PortError> {
        // No partition joins a transaction before the markers of the one before are written
        // (CONCURRENT_TRANSACTIONS): a record that got through tells, and nobody ever sees it.
        self.begin()?;
        let probe = Entry { key: b"settled".to_vec(), value: None };
        let through = self.produce_checkpoint(&[probe]).and_then(|()| {
            let through = self.native.flush(SETTLE.as_millis() as i32);
            through.map_err(|code| PortError::Unclear(code.to_string()))
        });
        self.abort().and(through)
    }
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer").field("topics", &self.topics.len()).finish_non_exhaustive()
    }
}
