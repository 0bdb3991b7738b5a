//! Transactions as consumers see them: the block in every envelope, and the topic of BEGIN and END.

use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::layout::Table;
use walbrook_core::schema::{Field, Kind, Schema};

/// Schema of the `transaction` block.
pub fn block_schema() -> Schema {
    let fields = vec![
        Field::new("id", Schema::new(Kind::String)),
        Field::new("total_order", Schema::new(Kind::Int64)),
        Field::new("data_collection_order", Schema::new(Kind::Int64)),
    ];
    Schema::record("event.block", fields).versioned(1)
}

/// Key schema of the transaction topic.
pub fn key_schema() -> Schema {
    let fields = vec![Field::new("id", Schema::new(Kind::String))];
    Schema::record("io.debezium.connector.common.TransactionMetadataKey", fields).versioned(1)
}

/// Value schema of the transaction topic.
pub fn value_schema() -> Schema {
    let collection = Schema::record(
        "event.collection",
        vec![
            Field::new("data_collection", Schema::new(Kind::String)),
            Field::new("event_count", Schema::new(Kind::Int64)),
        ],
    )
    .versioned(1)
    .optional();
    let fields = vec![
        Field::new("status", Schema::new(Kind::String)),
        Field::new("id", Schema::new(Kind::String)),
        Field::new("event_count", Schema::new(Kind::Int64).optional()),
        Field::new("data_collections", Schema::new(Kind::Array(Arc::new(collection))).optional()),
        Field::new("ts_ms", Schema::new(Kind::Int64)),
    ];
    Schema::record("io.debezium.connector.common.TransactionMetadataValue", fields).versioned(1)
}

/// The transaction whose changes are being shaped, with its counters.
///
/// Counters run over every change, delivered before or not, so that a transaction that is told
/// again after a crash gets the same numbers.
#[derive(Debug)]
pub struct Open {
    /// Identity, one for the whole transaction.
    pub id: String,
    /// Commit time, microseconds since 1970.
    pub commit_us: i64,
    /// Changes up to this number are delivered already.
    pub skip: u64,
    /// Number of the newest change, as the source counts.
    pub number: u64,
    total: u64,
    collections: Vec<(Table, u64)>,
}

impl Open {
    /// A transaction that begins; changes up to `skip` are delivered already.
    pub fn new(id: String, commit_us: i64, skip: u64) -> Self {
        Self { id, commit_us, skip, number: 0, total: 0, collections: Vec::new() }
    }

    /// Counts one event of `table`: (order in the transaction, order in the table), from 1.
    pub fn count(&mut self, table: &Table) -> (u64, u64) {
        self.total += 1;
        let place = self.collections.iter().position(|(known, _)| known == table);
        let place = place.unwrap_or_else(|| {
            self.collections.push((table.clone(), 0));
            self.collections.len() - 1
        });
        let order = self.collections.get_mut(place).map_or(1, |(_, count)| {
            *count += 1;
            *count
        });
        (self.total, order)
    }

    /// Events counted so far.
    #[inline]
    pub fn counted(&self) -> u64 {
        self.total
    }

    /// Takes back the events of `table` that were counted since there were `counted`.
    pub fn take_back(&mut self, table: &Table, counted: u64) {
        let more = self.total.saturating_sub(counted);
        self.total -= more;
        if let Some((_, count)) = self.collections.iter_mut().find(|(known, _)| known == table) {
            *count = count.saturating_sub(more);
        }
        self.collections.retain(|(_, count)| *count > 0);
    }

    /// Appends the block of an event with these orders.
    pub fn write_block(&self, out: &mut Vec<u8>, (total, collection): (u64, u64)) {
        write::string(out, &self.id);
        write::long(out, total as i64);
        write::long(out, collection as i64);
    }

    /// Appends the BEGIN record's value, without the wire prefix.
    pub fn write_begin(&self, out: &mut Vec<u8>) {
        write::string(out, "BEGIN");
        write::string(out, &self.id);
        out.extend_from_slice(&[0, 0]);
        write::long(out, self.commit_us.div_euclid(1000));
    }

    /// Appends the END record's value, without the wire prefix.
    pub fn write_end(&self, out: &mut Vec<u8>) {
        write::string(out, "END");
        write::string(out, &self.id);
        write::optional_long(out, Some(self.total as i64));
        out.push(2);
        if !self.collections.is_empty() {
            write::long(out, self.collections.len() as i64);
            for (table, count) in &self.collections {
                out.push(2);
                write::string(out, &table.to_string());
                write::long(out, *count as i64);
            }
        }
        out.push(0);
        write::long(out, self.commit_us.div_euclid(1000));
    }
}
