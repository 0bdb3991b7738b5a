//! What goes to Kafka: keys, values and headers in one arena, addressed to topics by handle.

use crate::batch::Span;

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
