//! The row events of a database, as the log has them.

use super::rows::Rows;
use super::server::Server;
use std::collections::HashMap;
use std::time::Duration;
use walbrook_mysql::binlog::table_map::TableMap;
use walbrook_mysql::binlog::{Bitmap, Body, RowsKind};
use walbrook_mysql::table::Table;
use walbrook_mysql::transport::{Log, Start};

/// What ends the test's part of the log.
pub const LAST: &str =
    "create table last_of_all (id int primary key);\ninsert into last_of_all values (1);";

/// A rows event that outlives the stream.
pub struct Logged {
    pub map: TableMap,
    kind: RowsKind,
    columns: usize,
    before: Vec<u8>,
    after: Vec<u8>,
    bytes: Vec<u8>,
}

/// The row events of `database` from `start` to the first row of `last_of_all`.
pub async fn read(server: &Server, start: Start, database: &str) -> Vec<Logged> {
    let mut log = Log::open(&server.settings(), &start).await.unwrap();
    let (mut maps, mut logged) = (HashMap::new(), Vec::new());
    loop {
        let event = tokio::time::timeout(Duration::from_secs(30), log.next()).await;
        match event.expect("the log goes on").unwrap().body {
            Body::TableMap(event) if event.database == database.as_bytes() => {
                maps.insert(event.table_id, event.decode().unwrap());
            }
            Body::TableMap(event) => {
                maps.remove(&event.table_id);
            }
            Body::Rows(rows) => {
                let Some(map) = maps.get(&rows.table_id) else { continue };
                if map.table == "last_of_all" {
                    return logged;
                }
                logged.push(Logged {
                    map: map.clone(),
                    kind: rows.kind,
                    columns: rows.columns,
                    before: rows.before.bytes().to_vec(),
                    after: rows.after.bytes().to_vec(),
                    bytes: rows.bytes.to_vec(),
                });
            }
            _ => {}
        }
    }
}

impl Logged {
    /// Writes the event's rows into `rows`.
    pub fn replay(&self, table: &Table, rows: &mut Rows) {
        let bits = |bytes| Bitmap::new(bytes, self.columns).unwrap_or_default();
        let (before, after) = (bits(&self.before[..]), bits(&self.after[..]));
        let mut bytes = &self.bytes[..];
        while !bytes.is_empty() {
            match self.kind {
                RowsKind::Write => {
                    rows.add(|batch| table.write(batch, &mut bytes, after, None));
                }
                RowsKind::Delete => {
                    rows.remove(|batch| table.write(batch, &mut bytes, before, None));
                }
                RowsKind::Update => {
                    let old = rows.remove(|batch| table.write(batch, &mut bytes, before, None));
                    rows.add(|batch| table.write(batch, &mut bytes, after, Some(old)));
                }
                RowsKind::PartialUpdate => {
                    let old = rows.remove(|batch| table.write(batch, &mut bytes, before, None));
                    rows.add(|batch| table.write_partial(batch, &mut bytes, after, old));
                }
            }
        }
    }
}
