//! What goes to Kafka: keys, values and headers in one arena, addressed to topics by handle.

use crate::batch::Span;
use crate::codes;
use crate::error::Error;

/// A topic known to the sink, as announced by [`crate::sink::Command::Topic`].
pub type TopicId = u32;

/// One Kafka record.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Where it goes.
    pub topic: TopicId,
    /// The partition, computed by shape with the pinned number of partitions.
    pub partition: i32,
    /// Key; `None` is a null key.
    pub key: Option<Span>,
    /// Value; `None` is a tombstone.
    pub value: Option<Span>,
    /// First header in [`Records::headers`].
    pub headers: u32,
    /// Number of headers.
    pub header_count: u32,
    /// Its time, milliseconds since 1970, where the data says it; else the time of sending.
    pub timestamp: Option<i64>,
}

/// A header of a record.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Name, UTF-8.
    pub name: Span,
    /// Value; `None` is null.
    pub value: Option<Span>,
}

/// Records in delivery order, with the bytes that they are made of.
#[derive(Debug, Default)]
pub struct Records {
    /// The arena.
    pub bytes: Vec<u8>,
    /// The records, in order.
    pub records: Vec<Record>,
    /// Headers of all records.
    pub headers: Vec<Header>,
}

impl Records {
    /// An upper bound of what a record alone takes in a batch, before compression.
    pub fn wire_size(&self, record: &Record) -> usize {
        /// Batch header (61), and the record's own lengths and deltas at their longest.
        const FRAME: usize = 61 + 36;
        let from = record.headers as usize;
        let headers = self.headers.get(from..from + record.header_count as usize);
        let headers = headers.unwrap_or_default().iter();
        FRAME
            + record.key.map_or(0, |key| key.len as usize)
            + record.value.map_or(0, |value| value.len as usize)
            + headers
                .map(|h| 10 + h.name.len as usize + h.value.map_or(0, |v| v.len as usize))
                .sum::<usize>()
    }

    /// Whether the topic `name` takes a record: it allows `max_bytes`.
    pub fn fits(&self, record: &Record, name: &str, max_bytes: usize) -> Result<(), Error> {
        let size = self.wire_size(record);
        if size <= max_bytes { Ok(()) } else { Err(too_large(name, size, max_bytes)) }
    }

    /// Empties for the next use, keeping capacity within bounds.
    pub fn clear(&mut self) {
        self.bytes.clear();
        if self.bytes.capacity() > 8 * crate::batch::FULL {
            self.bytes.shrink_to(4 * crate::batch::FULL);
        }
        self.records.clear();
        self.headers.clear();
    }

    /// Number of key and value bytes of the records, as Kafka counts them before compression.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

#[cold]
fn too_large(name: &str, size: usize, max: usize) -> Error {
    let text = format!(
        "A record for topic \"{name}\" has {size} bytes; the topic allows {max} (max.message.bytes)."
    );
    Error::poison(codes::TOO_LARGE, text).fix(format!(
        "Run `kafka-configs.sh --bootstrap-server … --alter --entity-type topics --entity-name {name} --add-config max.message.bytes={}`, or exclude the column.",
        size.next_power_of_two()
    ))
}
