//! Rows of a table that is being read: published, held for an open chunk, or left out because the
//! row that is still to be read contains them.

use super::follower::Follower;
use super::rows::{Row, Untold, read};
use super::tables::Compiled;
use crate::binlog::{Event, Rows};
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::Op;
use walbrook_core::chunk::{Incomplete, Key, Place, is_same_row};
use walbrook_core::error::Result;
use walbrook_core::layout::Layout;

/// Where the row of a change lies.
struct Places {
    /// Whether it is the same row before and after.
    same: bool,
    from: Option<Place>,
    to: Option<Place>,
}

impl Follower {
    /// Takes the rows of an event, one by one.
    pub(super) async fn weigh(
        &mut self,
        event: &Event<'_>,
        rows: &Rows<'_>,
        compiled: &Compiled,
    ) -> Result<()> {
        let (mut scratch, mut keys) = (Batch::default(), Batch::default());
        let mut bytes = rows.bytes;
        let mut number = 0;
        while !bytes.is_empty() {
            scratch.clear();
            keys.clear();
            let mut once_more = bytes;
            let row = match read(&mut scratch, &compiled.rows, rows, &mut bytes)? {
                Ok(row) => row,
                Err(untold) => {
                    self.untold(event, compiled, &untold, number).await?;
                    number += 1;
                    continue;
                }
            };
            let places = match &compiled.keys {
                Some(table) => match read(&mut keys, table, rows, &mut once_more)? {
                    Ok(row) => self.locate_row(compiled, &table.layout, &keys, row).await?,
                    Err(untold) => {
                        self.untold(event, compiled, &untold, number).await?;
                        number += 1;
                        continue;
                    }
                },
                None => self.locate_row(compiled, &compiled.rows.layout, &scratch, row).await?,
            };
            self.weigh_row(event, compiled, &scratch, row, places, number).await?;
            number += 1;
        }
        Ok(())
    }

    /// Where the row lay before a change and lies after it.
    async fn locate_row(
        &mut self,
        compiled: &Compiled,
        layout: &Layout,
        keys: &Batch,
        row: Row,
    ) -> Result<Places> {
        let same = match (row.before, row.after) {
            (Some(old), Some(new)) => is_same_row(layout, keys, old, new),
            _ => false,
        };
        let from = match same {
            true => None,
            false => self.locate(compiled, layout, keys, row.before).await?,
        };
        let to = self.locate(compiled, layout, keys, row.after).await?;
        Ok(Places { same, from, to })
    }

    /// Tells a row that cannot be read. Nobody knows its key, so no chunk can take it over: those
    /// that are open are read again.
    #[cold]
    async fn untold(
        &mut self,
        event: &Event<'_>,
        compiled: &Compiled,
        untold: &Untold<'_>,
        number: u32,
    ) -> Result<()> {
        self.reading.disturb(&compiled.name);
        self.begin_told().await?;
        self.poison(event, compiled, untold, number);
        self.send_full().await
    }

    async fn weigh_row(
        &mut self,
        event: &Event<'_>,
        compiled: &Compiled,
        scratch: &Batch,
        row: Row,
        Places { same, from, to }: Places,
        number: u32,
    ) -> Result<()> {
        let layout = &compiled.rows.layout;
        let known = self.reading.table(&compiled.name).is_some_and(|table| table.known);
        if let (Some(Place::Open(chunk)), Some(image)) = (from, row.before) {
            self.hold(compiled, chunk, scratch, image, false);
        }
        if let (Some(Place::Open(chunk)), Some(image)) = (to, row.after) {
            self.hold(compiled, chunk, scratch, image, !known);
        }
        let leaves = from == Some(Place::Published) || (known && from.is_some());
        let comes = to == Some(Place::Published) || (known && to.is_some());
        let told = match (row.op, leaves, comes) {
            (Op::Update, true, false) => Row { op: Op::Delete, before: row.before, after: None },
            (Op::Update, false, true) if !same => {
                Row { op: Op::Create, before: None, after: row.after }
            }
            (_, true, _) | (_, _, true) => row,
            _ => return Ok(()),
        };
        self.begin_told().await?;
        let Some(batch) = &mut self.batch else { return Ok(()) };
        let before = told.before.map(|image| batch.copy(layout, scratch, image, None));
        let after = told.after.map(|image| batch.copy(layout, scratch, image, None));
        self.change(event, compiled, Row { op: told.op, before, after }, number);
        self.send_full().await
    }

    /// Where the row of an image lies. A table that is read in one piece is one chunk.
    async fn locate(
        &mut self,
        compiled: &Compiled,
        layout: &Layout,
        keys: &Batch,
        image: Option<Image>,
    ) -> Result<Option<Place>> {
        let Some(image) = image else { return Ok(None) };
        let Some(table) = self.reading.table(&compiled.name) else {
            return Ok(Some(Place::Published));
        };
        if table.orders.is_empty() {
            let place = self.reading.place(&self.settings, &compiled.name, &Key::default()).await?;
            return Ok(Some(place));
        }
        let Some(key) = Key::of(layout, &table.orders, keys, image) else {
            self.reading.spoil();
            return Ok(None);
        };
        let place = self.reading.place(&self.settings, &compiled.name, &key).await?;
        Ok(Some(place))
    }

    fn hold(
        &mut self,
        compiled: &Compiled,
        chunk: usize,
        scratch: &Batch,
        image: Image,
        there: bool,
    ) {
        let table = self.reading.table(&compiled.name);
        let Some(window) = table.and_then(|table| table.windows.get_mut(chunk)) else { return };
        let layout = &compiled.rows.layout;
        let held = match there {
            true => window.put(layout, scratch, image),
            false => window.remove(layout, scratch, image),
        };
        if held == Err(Incomplete) {
            self.reading.spoil();
        }
    }
}
