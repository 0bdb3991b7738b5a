//! Rows by their first column, as last seen.

use std::collections::BTreeMap;
use std::sync::Arc;
use walbrook_core::batch::{Batch, Image, State};
use walbrook_core::layout::Layout;
use walbrook_mysql::table::RowError;

/// The record of a row, and its cells.
#[derive(Debug, PartialEq)]
struct Row {
    datum: Vec<u8>,
    cells: Vec<(State, Vec<u8>)>,
}

pub struct Rows {
    layout: Arc<Layout>,
    batch: Batch,
    rows: BTreeMap<Vec<u8>, Row>,
}

impl Rows {
    pub fn new(layout: &Arc<Layout>) -> Self {
        Self { layout: Arc::clone(layout), batch: Batch::default(), rows: BTreeMap::new() }
    }

    /// Writes a row with `write` and keeps it.
    pub fn add(&mut self, write: impl FnOnce(&mut Batch) -> Result<Image, RowError>) -> Image {
        let image = write(&mut self.batch);
        let image = image.map_err(|error| error.into_error(&self.layout)).unwrap();
        let (key, row) = self.row(image);
        self.rows.insert(key, row);
        image
    }

    /// Writes an old row with `write` and forgets it.
    pub fn remove(&mut self, write: impl FnOnce(&mut Batch) -> Result<Image, RowError>) -> Image {
        let image = self.add(write);
        let (key, _) = self.row(image);
        self.rows.remove(&key);
        image
    }

    /// A row and what it is known by.
    fn row(&self, image: Image) -> (Vec<u8>, Row) {
        let cell = |field: usize| {
            let cell = image.cell(&self.batch, field).unwrap();
            (cell.state, cell.payload.of(&self.batch.bytes).to_vec())
        };
        let cells = (0..self.layout.fields.len()).map(cell).collect::<Vec<_>>();
        let datum = image.datum.of(&self.batch.bytes).to_vec();
        (cells.first().unwrap().1.clone(), Row { datum, cells })
    }

    /// Where these rows are not those of `expected`, by table and column.
    pub fn differences(&self, expected: &Rows) -> Vec<String> {
        let mut found = Vec::new();
        let table = &self.layout.table.name;
        if self.rows.keys().ne(expected.rows.keys()) {
            let (here, there) = (self.rows.len(), expected.rows.len());
            found.push(format!("{table}: {here} streamed rows, {there} selected ones"));
        }
        for (key, row) in &self.rows {
            let Some(other) = expected.rows.get(key).filter(|other| *other != row) else {
                continue;
            };
            for (field, (here, there)) in
                self.layout.fields.iter().zip(row.cells.iter().zip(&other.cells))
            {
                if here != there {
                    let name = &field.name;
                    found.push(format!(
                        "{table}.{name} of {key:02x?}: streamed {}, selected {}",
                        show(here),
                        show(there)
                    ));
                }
            }
        }
        found
    }
}

fn show((state, payload): &(State, Vec<u8>)) -> String {
    format!("{state:?} \"{}\"", payload[..payload.len().min(120)].escape_ascii())
}
