//! What the log says about the rows of a chunk between its opening and its high mark.

use crate::batch::{Batch, Cell, Image, State};
use crate::layout::Layout;
use std::collections::HashMap;
use std::sync::Arc;

/// What it takes to keep a key beside its bytes.
const KEPT: usize = 48;

/// The last state of a row in the window.
#[derive(Clone, Copy, Debug)]
pub enum Held {
    /// The row as it is now; its image lies in [`Window::batch`].
    Row(Image),
    /// The columns that were changed; the others are as in the row read.
    Over(Image),
    /// The row is gone.
    Gone,
}

/// The log does not tell enough to say what a row looks like: the chunk is to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete;

/// The changes of one chunk's keys, the newest state of each.
#[derive(Debug)]
pub struct Window {
    layout: Arc<Layout>,
    batch: Batch,
    held: HashMap<Box<[u8]>, Held>,
    /// Bytes of the keys, with what it takes to keep one.
    keys: usize,
    /// Bytes that the window may hold.
    limit: usize,
}

impl Window {
    /// An empty window over rows of `layout` that holds at most about `limit` bytes.
    pub fn new(layout: Arc<Layout>, limit: usize) -> Self {
        Self { layout, batch: Batch::default(), held: HashMap::new(), keys: 0, limit }
    }

    /// Where the held images lie.
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The layout of the rows.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Takes the state that a change leaves a row in: `after` of an insert or an update whose key
    /// stayed the same.
    pub fn put(&mut self, layout: &Layout, from: &Batch, after: Image) -> Result<(), Incomplete> {
        self.takes(layout)?;
        let key = identity(layout, from, after).ok_or(Incomplete)?;
        let known = self.held.get(&key).copied();
        let whole = is_whole(layout, from, after);
        let layout = Arc::clone(&self.layout);
        let over = match known {
            Some(Held::Row(image) | Held::Over(image)) if !whole => Some(image),
            // An insert has every column.
            Some(Held::Gone) if !whole => return Err(Incomplete),
            _ => None,
        };
        let image = self.batch.copy(&layout, from, after, over);
        let held = match known {
            Some(Held::Row(_)) => Held::Row(image),
            _ if whole => Held::Row(image),
            _ => Held::Over(image),
        };
        self.hold(key, held);
        Ok(())
    }

    /// Says that the row of this image is gone.
    pub fn remove(&mut self, layout: &Layout, from: &Batch, old: Image) -> Result<(), Incomplete> {
        self.takes(layout)?;
        let key = identity(layout, from, old).ok_or(Incomplete)?;
        self.hold(key, Held::Gone);
        Ok(())
    }

    /// Whether there is room for more, and it is of the same structure.
    fn takes(&self, layout: &Layout) -> Result<(), Incomplete> {
        let full = self.batch.bytes.len() + self.keys > self.limit;
        match full || layout.fingerprint != self.layout.fingerprint {
            true => Err(Incomplete),
            false => Ok(()),
        }
    }

    fn hold(&mut self, key: Box<[u8]>, held: Held) {
        let size = key.len() + KEPT;
        if self.held.insert(key, held).is_none() {
            self.keys += size;
        }
    }

    /// Whether nothing was held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What is known about the row just read, which is not asked for again.
    pub fn take(&mut self, from: &Batch, row: Image) -> Option<Held> {
        if self.held.is_empty() {
            return None;
        }
        self.held.remove(&identity(&self.layout, from, row)?)
    }

    /// Rows that were not read: they came after the view. A row known in part only must have been
    /// read.
    pub fn rest(&mut self) -> Result<Vec<Image>, Incomplete> {
        let mut rows = Vec::new();
        for held in std::mem::take(&mut self.held).into_values() {
            match held {
                Held::Row(image) => rows.push(image),
                Held::Over(_) => return Err(Incomplete),
                Held::Gone => {}
            }
        }
        rows.sort_by_key(|image| image.datum.start);
        Ok(rows)
    }

    /// Appends a held row to `out`; columns that it does not have are as in `read`, which lies in
    /// `out`.
    pub fn write(&self, out: &mut Batch, held: Image, read: Option<Image>) -> Image {
        out.copy(&self.layout, &self.batch, held, read)
    }
}

/// Whether two images tell of one row: their keys are the same, and there are keys.
pub fn is_same_row(layout: &Layout, batch: &Batch, a: Image, b: Image) -> bool {
    identity(layout, batch, a).is_some_and(|a| identity(layout, batch, b) == Some(a))
}

/// The bytes of the key columns: the same for the same key. Nothing where one is missing or null.
pub fn identity(layout: &Layout, batch: &Batch, image: Image) -> Option<Box<[u8]>> {
    let mut key = Vec::new();
    for &field in &layout.key {
        let cell = image.cell(batch, field)?;
        if cell.state != State::Present {
            return None;
        }
        key.extend_from_slice(&cell.payload.len.to_le_bytes());
        key.extend_from_slice(cell.payload.of(&batch.bytes));
    }
    (!layout.key.is_empty()).then(|| key.into())
}

fn is_whole(layout: &Layout, batch: &Batch, image: Image) -> bool {
    let told = |cell: &Cell| matches!(cell.state, State::Present | State::Null);
    (0..layout.fields.len()).all(|field| image.cell(batch, field).is_some_and(told))
}
