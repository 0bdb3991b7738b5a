//! What shape has made of a batch so far.

use super::poison::Poisoned;
use walbrook_core::batch::Span;
use walbrook_core::position::Position;
use walbrook_core::record::{Header, Record, Records, TopicId};

/// A place between two source transactions.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// Number of records of this output that lie before it.
    pub at: usize,
    /// The position that is reached there.
    pub position: Position,
    /// Number of poison changes that lie before it.
    pub poisoned: usize,
}

/// How much an output had, so that what a failed change has written can be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    bytes: usize,
    records: usize,
    headers: usize,
    context: Option<(u32, u32)>,
}

/// Records made from a batch, and where they may be cut.
#[derive(Debug, Default)]
pub struct Output {
    /// The records in delivery order.
    pub records: Records,
    /// The newest place where the output may be cut.
    pub boundary: Option<Boundary>,
    /// Source transactions that ended in this output.
    pub transactions: u64,
    /// Changes that were not told.
    pub poisoned: Vec<Poisoned>,
    /// Commit time of the oldest of them, microseconds since 1970.
    pub oldest_us: Option<i64>,
    /// First and number of the headers that every data record of this arena shares.
    context: Option<(u32, u32)>,
}

impl Output {
    /// Starts afresh on an emptied arena.
    pub fn reset(&mut self, records: Records) {
        *self = Output { records, ..Output::default() };
    }

    /// What is there now.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark {
            bytes: self.records.bytes.len(),
            records: self.records.records.len(),
            headers: self.records.headers.len(),
            context: self.context,
        }
    }

    /// Takes back everything since `mark`.
    pub fn restore(&mut self, mark: Mark) {
        self.records.bytes.truncate(mark.bytes);
        self.records.records.truncate(mark.records);
        self.records.headers.truncate(mark.headers);
        self.context = mark.context;
    }

    /// The records since `mark`.
    #[inline]
    pub fn since(&self, mark: Mark) -> &[Record] {
        self.records.records.get(mark.records..).unwrap_or_default()
    }

    /// Appends bytes to the arena.
    pub fn append(&mut self, bytes: &[u8]) -> Span {
        self.append_with(|out| out.extend_from_slice(bytes))
    }

    /// Appends what `write` writes.
    #[inline]
    pub fn append_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.records.bytes.len();
        write(&mut self.records.bytes);
        Span { start: start as u32, len: (self.records.bytes.len() - start) as u32 }
    }

    /// Appends a header.
    pub fn header(&mut self, name: &str, value: &[u8]) {
        let name = self.append(name.as_bytes());
        let value = Some(self.append(value));
        self.records.headers.push(Header { name, value });
    }

    /// Appends a header whose value is written already; none is null.
    pub fn header_of(&mut self, name: &str, value: Option<Span>) {
        let name = self.append(name.as_bytes());
        self.records.headers.push(Header { name, value });
    }

    /// Appends headers of this arena once more, by their place and number.
    pub fn repeat_headers(&mut self, (from, count): (u32, u32)) {
        let from = from as usize;
        for place in from..from + count as usize {
            let header = self.records.headers.get(place).copied();
            self.records.headers.extend(header);
        }
    }

    /// Gives the newest record a time of its own, milliseconds since 1970.
    pub fn stamp(&mut self, timestamp: Option<i64>) {
        if let Some(record) = self.records.records.last_mut() {
            record.timestamp = timestamp;
        }
    }

    /// The place where the next header will stand.
    pub fn header_mark(&self) -> u32 {
        self.records.headers.len() as u32
    }

    /// Headers written since `mark`.
    pub fn headers_since(&self, mark: u32) -> (u32, u32) {
        (mark, self.header_mark() - mark)
    }

    /// The shared headers of this arena, written by `write` at their first use.
    pub fn shared_headers(&mut self, write: impl FnOnce(&mut Self)) -> (u32, u32) {
        if let Some(context) = self.context {
            return context;
        }
        let mark = self.header_mark();
        write(self);
        let context = self.headers_since(mark);
        self.context = Some(context);
        context
    }

    /// Appends a record.
    #[inline]
    pub fn push(
        &mut self,
        topic: TopicId,
        partition: i32,
        key: Option<Span>,
        value: Option<Span>,
        headers: (u32, u32),
    ) {
        let (headers, header_count) = headers;
        self.records.records.push(Record {
            topic,
            partition,
            key,
            value,
            headers,
            header_count,
            timestamp: None,
        });
    }
}
