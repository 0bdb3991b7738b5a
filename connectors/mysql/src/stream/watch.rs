//! The keys that changes of the log have touched since a chunk of a table was opened, while the table
//! is read again and consumers have it already.

use std::collections::HashSet;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::chunk::identity;
use walbrook_core::layout::{Layout, Table};

/// More bytes of keys than this are not held.
const LIMIT: usize = 8 * 1024 * 1024;

/// What a key costs beside its bytes.
const EACH: usize = 64;

/// A table that is watched.
#[derive(Debug)]
pub(crate) struct Watch {
    table: Table,
    /// Layout of the open chunk's rows; nothing while no chunk is open.
    layout: Option<Arc<Layout>>,
    touched: HashSet<Box<[u8]>>,
    bytes: usize,
    void: bool,
    gone: bool,
}

impl Watch {
    /// Watches a table.
    pub(super) fn new(table: Table) -> Self {
        let touched = HashSet::new();
        Self { table, layout: None, touched, bytes: 0, void: false, gone: false }
    }

    /// The table.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// From now on changes are noted.
    pub(crate) fn open(&mut self, layout: &Arc<Layout>) {
        self.touched.clear();
        (self.layout, self.bytes, self.void) = (Some(Arc::clone(layout)), 0, false);
    }

    /// Whether what is noted is not enough to tell the open chunk.
    pub(crate) fn is_void(&self) -> bool {
        self.void
    }

    /// Whether the table is not the one any more that was to be read: it was dropped, or renamed.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether a row of the open chunk was changed.
    pub(crate) fn touches(&self, batch: &Batch, row: Image) -> bool {
        let Some(layout) = &self.layout else { return true };
        identity(layout, batch, row).is_none_or(|key| self.touched.contains(&key))
    }

    /// Notes a change of the row of an image.
    pub(super) fn note(&mut self, layout: &Layout, batch: &Batch, image: Image) {
        let Some(open) = &self.layout else { return };
        if self.void {
            return;
        }
        let key = identity(layout, batch, image);
        let Some(key) = key.filter(|_| open.fingerprint == layout.fingerprint) else {
            return self.spoil();
        };
        self.bytes += key.len() + EACH;
        self.touched.insert(key);
        if self.bytes > LIMIT {
            self.spoil();
        }
    }

    /// The open chunk cannot be told.
    pub(super) fn spoil(&mut self) {
        self.void = true;
        self.touched = HashSet::new();
    }

    /// The table is gone.
    pub(super) fn lose(&mut self) {
        self.gone = true;
        self.spoil();
    }
}
