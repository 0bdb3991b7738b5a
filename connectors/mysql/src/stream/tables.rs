//! The tables that the log has described in this session, compiled.

use crate::binlog::TableMapEvent;
use crate::codes;
use crate::table::Table;
use std::collections::HashMap;
use std::sync::Arc;
use walbrook_core::error::{Error, Result};
use walbrook_core::layout;

/// A captured table as one TABLE_MAP describes it.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// Its name.
    pub(crate) name: layout::Table,
    /// How its rows are read.
    pub(crate) rows: Table,
    /// How their keys are read, where they are told otherwise than they are compared.
    pub(crate) keys: Option<Table>,
}

/// What a table number stands for.
struct Numbered {
    content: Box<[u8]>,
    /// Nothing where the table is not captured.
    compiled: Option<Arc<Compiled>>,
}

/// A description, and what was compiled for it.
type Described = (Box<[u8]>, Arc<Compiled>);

/// Tables by the number and by the name that the log gives them.
#[derive(Default)]
pub(crate) struct Tables {
    numbered: HashMap<u64, Numbered>,
    /// What has been compiled for a table, by the description. Numbers change with every reopening
    /// of a table; layouts must not, for what is derived from them is kept.
    named: HashMap<layout::Table, Vec<Described>>,
}

impl Tables {
    /// Whether the description is the one that the number stands for already.
    #[inline]
    pub(crate) fn is_known(&self, event: &TableMapEvent<'_>) -> bool {
        let known = self.numbered.get(&event.table_id);
        known.is_some_and(|known| *known.content == *event.content)
    }

    /// What was compiled for this description of the table before, under whatever number.
    pub(crate) fn compiled(
        &self,
        name: &layout::Table,
        event: &TableMapEvent<'_>,
    ) -> Option<Arc<Compiled>> {
        let known = self.named.get(name)?;
        let found = known.iter().find(|(content, _)| **content == *event.content);
        found.map(|(_, compiled)| Arc::clone(compiled))
    }

    /// Notes what the number stands for from now on.
    pub(crate) fn insert(&mut self, event: &TableMapEvent<'_>, compiled: Option<Arc<Compiled>>) {
        let content: Box<[u8]> = event.content.into();
        if let Some(compiled) = &compiled {
            let known = self.named.entry(compiled.name.clone()).or_default();
            if !known.iter().any(|(_, it)| Arc::ptr_eq(it, compiled)) {
                known.push((content.clone(), Arc::clone(compiled)));
            }
        }
        self.numbered.insert(event.table_id, Numbered { content, compiled });
    }

    /// The table of a rows event; nothing where it is not captured.
    #[inline]
    pub(crate) fn of(&self, table_id: u64) -> Result<Option<&Arc<Compiled>>> {
        match self.numbered.get(&table_id) {
            Some(numbered) => Ok(numbered.compiled.as_ref()),
            None => Err(unknown(table_id)),
        }
    }

    /// The structure of `name` has changed: what was compiled from it does not hold any more.
    pub(crate) fn forget(&mut self, name: &layout::Table) {
        self.named.remove(name);
        self.numbered.retain(|_, numbered| {
            numbered.compiled.as_ref().is_none_or(|compiled| compiled.name != *name)
        });
    }

    /// A new log file begins: its table numbers are described anew.
    pub(crate) fn next_file(&mut self) {
        self.numbered.clear();
    }
}

#[cold]
fn unknown(table_id: u64) -> Error {
    let message =
        format!("Rows belong to table number {table_id}, which the log has not described.");
    Error::definite(codes::PROTOCOL, message)
        .fix("Report this with the server's version; nothing was skipped.")
}
