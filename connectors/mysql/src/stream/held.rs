//! The tables that are being read beside the log, and what the log says about the chunks that are
//! open.

use super::watch::Watch;
use crate::settings::Settings;
use crate::snapshot::order::{self, KeyColumn};
use mysql_async::Conn;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use walbrook_core::chunk::{Chunks, Key, Order, Place, Window};
use walbrook_core::error::Result;
use walbrook_core::layout::{Layout, Table};

/// How much of the log a chunk's window may hold.
const LIMIT: usize = 8 * 1024 * 1024;

/// A chunk that is being read.
pub(crate) struct Chunk {
    /// Last key of the chunk; nothing for the last chunk of the table.
    pub(crate) until: Option<Key>,
    /// Layout of the rows as they are read.
    pub(crate) layout: Arc<Layout>,
}

/// A table that is not published whole.
pub(crate) struct Unfinished {
    pub(super) orders: Vec<Order>,
    columns: Vec<KeyColumn>,
    /// Whether consumers have the table already, from an earlier snapshot: then every change goes
    /// out, and a row read is only told where no change of it ran beside its reading.
    pub(super) known: bool,
    chunks: Chunks,
    /// One for each open chunk.
    pub(super) windows: Vec<Window>,
}

/// Tables that are not published whole, by name.
#[derive(Default)]
pub(crate) struct Reading {
    tables: BTreeMap<Table, Unfinished>,
    /// The table that is read again while consumers have it.
    watch: Option<Watch>,
    /// Whether what was held is not enough to publish the open chunks.
    broken: bool,
    /// For questions about keys that only the server can order.
    conn: Option<Conn>,
}

impl Reading {
    /// Whether no table is being read.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether every change of the table goes out.
    pub(crate) fn publishes(&self, table: &Table) -> bool {
        !self.tables.contains_key(table)
    }

    /// Notes a table of which everything up to `published` has been published, and if it is
    /// `known` once before that.
    pub(crate) fn begin(
        &mut self,
        table: Table,
        columns: Vec<KeyColumn>,
        published: Option<Key>,
        known: bool,
    ) {
        let orders = columns.iter().map(|column| column.order).collect();
        let chunks = Chunks { published, open: Vec::new() };
        self.tables
            .insert(table, Unfinished { orders, columns, known, chunks, windows: Vec::new() });
    }

    /// Notes from now on which rows of a table are changed. One that has been watched until now is
    /// watched on, so that it is known if it was lost.
    pub(crate) fn watch(&mut self, table: &Table, layout: &Arc<Layout>) {
        let known = self.watch.take().filter(|watch| watch.table() == table);
        self.watch.insert(known.unwrap_or_else(|| Watch::new(table.clone()))).open(layout);
    }

    /// No table is read again.
    pub(crate) fn unwatch(&mut self) {
        self.watch = None;
    }

    /// The table that is read again.
    pub(crate) fn watching(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    /// The same, if it is this one.
    pub(super) fn watched(&mut self, table: &Table) -> Option<&mut Watch> {
        self.watch.as_mut().filter(|watch| watch.table() == table)
    }

    /// Opens chunks of a table, in key order.
    pub(crate) fn open(&mut self, table: &Table, chunks: Vec<Chunk>) {
        let Some(it) = self.tables.get_mut(table) else { return };
        it.windows = chunks.iter().map(|it| Window::new(Arc::clone(&it.layout), LIMIT)).collect();
        it.chunks.open = chunks.into_iter().map(|chunk| chunk.until).collect();
    }

    /// The windows of the open chunks of a table, which are closed by it: from now on its changes
    /// up to the end of the last chunk go out.
    pub(crate) fn close(&mut self, table: &Table) -> Vec<Window> {
        let Some(it) = self.tables.get_mut(table) else { return Vec::new() };
        let windows = std::mem::take(&mut it.windows);
        match std::mem::take(&mut it.chunks.open).pop() {
            Some(None) => drop(self.tables.remove(table)),
            Some(end) => it.chunks.published = end,
            None => {}
        }
        windows
    }

    /// Whether the open chunks must be read again; they are closed unpublished then.
    pub(crate) fn take_broken(&mut self) -> bool {
        let broken = std::mem::take(&mut self.broken);
        if broken {
            for table in self.tables.values_mut() {
                table.windows.clear();
                table.chunks.open.clear();
            }
        }
        broken
    }

    /// The log does not tell enough for the open chunks.
    pub(super) fn spoil(&mut self) {
        self.broken = true;
    }

    /// A table is defined anew, emptied or gone: its open chunks are void.
    pub(super) fn disturb(&mut self, table: &Table) {
        if self.tables.get(table).is_some_and(|table| !table.windows.is_empty()) {
            self.broken = true;
        }
        if let Some(watch) = self.watched(table) {
            watch.spoil();
        }
    }

    /// The rest of a table is not read: every change of it goes out.
    pub(crate) fn leave(&mut self, table: &Table) {
        self.tables.remove(table);
    }

    /// A table is gone: nothing of it is left to be read.
    pub(super) fn drop(&mut self, table: &Table) {
        self.disturb(table);
        if let Some(watch) = self.watched(table) {
            watch.lose();
        }
        self.tables.remove(table);
    }

    pub(super) fn table(&mut self, table: &Table) -> Option<&mut Unfinished> {
        self.tables.get_mut(table)
    }

    /// Where a key of the table lies. What cannot be told here the server is asked.
    pub(super) async fn place(
        &mut self,
        settings: &Settings,
        table: &Table,
        key: &Key,
    ) -> Result<Place> {
        let mut answers = Compare::default();
        loop {
            let Some(it) = self.tables.get(table) else { return Ok(Place::Published) };
            let asked = answers.clone();
            let mut wanted = None;
            let place = it.chunks.place(|end| {
                let known = key.compare(end, &it.orders).or_else(|| asked.get(end));
                if known.is_none() {
                    wanted = Some(end.clone());
                }
                known
            });
            match (place, wanted) {
                (Some(place), _) => return Ok(place),
                (None, None) => return Ok(Place::Beyond),
                (None, Some(end)) => {
                    if self.conn.is_none() {
                        self.conn = Some(crate::transport::client(settings, "keys").await?);
                    }
                    let Some(conn) = &mut self.conn else { return Ok(Place::Beyond) };
                    let answer = order::ask(conn, &it.columns, key, &end).await?;
                    answers.0.push((end, answer));
                }
            }
        }
    }
}

/// What the server has answered about a key.
#[derive(Clone, Debug, Default)]
struct Compare(Vec<(Key, Ordering)>);

impl Compare {
    fn get(&self, end: &Key) -> Option<Ordering> {
        self.0.iter().find(|(known, _)| known == end).map(|(_, answer)| *answer)
    }
}
