//! The tables that the log has described in this session, compiled.

use super::Start;
use crate::catalog::Structure;
use crate::codes;
use crate::pgoutput::Relation;
use crate::resnapshot::newcomers::Created;
use crate::settings::Selection;
use crate::table::{Modes, RowError, Table};
use std::collections::HashMap;
use walbrook_core::batch::Batch;
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::{Error, Result};

/// One table of the log.
#[derive(Debug)]
pub(super) struct Entry {
    relation: Relation,
    hash: u64,
    /// Columns that the catalog thinks NOT NULL and the log knows better.
    optional: Vec<String>,
    /// Nothing where the table is not captured.
    compiled: Option<Table>,
}

/// All tables of this session.
pub(super) struct Tables {
    selection: Selection,
    modes: Modes,
    /// What the catalog said, by the hash of the relation; it may have said that there is nothing.
    structures: HashMap<u64, Option<Structure>>,
    entries: Vec<Entry>,
    places: HashMap<u32, usize>,
    /// The table of the last change, which is mostly that of the next.
    last: (u32, usize),
    /// Which tables are created meanwhile, where all tables are published.
    created: Option<Created>,
    /// The table that is read beside the log, where the log has not described it as it was read.
    aside: Option<Entry>,
}

/// The writer of rows that were read beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// The one of the log's table with this OID.
    Logged(u32),
    /// One of its own.
    Own,
}

impl Tables {
    pub(super) fn new(start: &mut Start) -> Self {
        let structures = std::mem::take(&mut start.structures);
        Self {
            selection: start.selection.clone(),
            modes: start.modes.clone(),
            structures: structures.into_iter().map(|(hash, it)| (hash, Some(it))).collect(),
            entries: Vec::new(),
            places: HashMap::new(),
            last: (0, usize::MAX),
            created: start.resnapshot.as_mut().and_then(|ends| ends.created.take()),
            aside: None,
        }
    }

    /// Takes a description from the log. Given back is one whose structure the catalog must be
    /// asked for before it is of use: see [`Tables::resolve`].
    ///
    /// A description that repeats the one before says that something changed which descriptions
    /// do not tell, such as a default or a NOT NULL: the catalog is asked again.
    pub(super) fn describe(&mut self, relation: Relation) -> Result<Option<Relation>> {
        let hash = relation.hash();
        if !(self.selection)(&relation.schema, &relation.name) {
            self.insert(Entry { relation, hash, optional: Vec::new(), compiled: None });
            return Ok(None);
        }
        let repeated = self.entry(relation.oid).is_some_and(|entry| entry.hash == hash);
        if repeated || !self.structures.contains_key(&hash) {
            return Ok(Some(relation));
        }
        self.compile(relation).map(|()| None)
    }

    /// Compiles the relation with the structure that is known for it.
    fn compile(&mut self, relation: Relation) -> Result<()> {
        let hash = relation.hash();
        let structure = self.structures.get(&hash).and_then(Option::as_ref);
        let compiled = Table::compile(&relation, structure, &self.modes, &[])?;
        self.insert(Entry { relation, hash, optional: Vec::new(), compiled: Some(compiled) });
        Ok(())
    }

    /// Remembers what the catalog said, here and in the checkpoint, so that a later start compiles
    /// the same schema from the same log.
    pub(super) fn resolve(
        &mut self,
        relation: Relation,
        structure: Option<Structure>,
        batch: &mut Batch,
    ) -> Result<()> {
        let hash = relation.hash();
        let repeated = self.entry(relation.oid).is_some_and(|entry| entry.hash == hash);
        let known = self.structures.get(&hash);
        // A table that is gone keeps what was known of it.
        if repeated && (structure.is_none() || known == Some(&structure)) {
            return Ok(());
        }
        if let Some(created) = &mut self.created {
            batch.updates.extend(created.first(relation.oid, &relation.schema, &relation.name));
        }
        if let Some(structure) = &structure {
            batch.updates.push(put(Part::Structure(format!("{hash:016x}")), structure));
        }
        self.structures.insert(hash, structure);
        self.compile(relation)
    }

    fn insert(&mut self, entry: Entry) {
        let oid = entry.relation.oid;
        match self.place(oid).and_then(|place| self.entries.get_mut(place)) {
            Some(old) => *old = entry,
            None => {
                self.places.insert(oid, self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    #[inline]
    fn place(&self, oid: u32) -> Option<usize> {
        if self.last.0 == oid { Some(self.last.1) } else { self.places.get(&oid).copied() }
    }

    #[inline]
    fn entry(&self, oid: u32) -> Option<&Entry> {
        self.entries.get(self.place(oid)?)
    }

    /// The table `oid`; nothing where it is not captured. One that was never described is an error.
    #[inline]
    pub(super) fn table(&mut self, oid: u32) -> Result<Option<&Table>> {
        let Some(place) = self.place(oid) else { return Err(unknown(oid)) };
        self.last = (oid, place);
        match self.entries.get(place) {
            Some(entry) => Ok(entry.compiled.as_ref()),
            None => Err(unknown(oid)),
        }
    }

    /// The table `oid`, if it is known and captured.
    pub(super) fn compiled(&self, oid: u32) -> Option<&Table> {
        self.entry(oid)?.compiled.as_ref()
    }

    /// How the log has described the table `oid`.
    pub(super) fn relation(&self, oid: u32) -> Option<&Relation> {
        self.entry(oid).map(|entry| &entry.relation)
    }

    /// The name of the table `oid`, for messages.
    pub(super) fn name(&self, oid: u32) -> Option<String> {
        let relation = &self.entry(oid)?.relation;
        Some(format!("{}.{}", relation.schema, relation.name))
    }

    /// Compiles the table again after a row that did not fit: the log may be older than the
    /// NOT NULL of the catalog.
    #[cold]
    pub(super) fn adapt(&mut self, oid: u32, error: RowError) -> Result<()> {
        let Some(entry) = self.place(oid).and_then(|place| self.entries.get_mut(place)) else {
            return Err(unknown(oid));
        };
        adapt(entry, &self.structures, &self.modes, error)
    }

    /// Finds or makes the writer of rows that were read as `relation`, in the columns of `select`.
    pub(super) fn aside(
        &mut self,
        relation: Relation,
        structure: Option<Structure>,
        select: &str,
        batch: &mut Batch,
    ) -> Result<Aside> {
        let hash = relation.hash();
        let fits = |entry: &&Entry| {
            let table = entry.compiled.as_ref().filter(|_| entry.hash == hash);
            table.is_some_and(|table| table.select_list() == select)
        };
        if self.entry(relation.oid).as_ref().is_some_and(fits) {
            return Ok(Aside::Logged(relation.oid));
        }
        if self.aside.as_ref().as_ref().is_some_and(fits) {
            return Ok(Aside::Own);
        }
        let compile =
            |structure: Option<&Structure>, modes| Table::compile(&relation, structure, modes, &[]);
        let known = self.structures.get(&hash).map(Option::as_ref);
        let mut compiled = known.map(|known| compile(known, &self.modes)).transpose()?;
        if compiled.as_ref().is_none_or(|table| table.select_list() != select) {
            compiled = Some(compile(structure.as_ref(), &self.modes)?);
            if let Some(structure) = &structure {
                batch.updates.push(put(Part::Structure(format!("{hash:016x}")), structure));
            }
            self.structures.insert(hash, structure);
        }
        self.aside = Some(Entry { relation, hash, optional: Vec::new(), compiled });
        Ok(Aside::Own)
    }

    /// The writer that [`Tables::aside`] has found.
    pub(super) fn writer(&self, aside: Aside) -> Option<&Table> {
        match aside {
            Aside::Logged(oid) => self.compiled(oid),
            Aside::Own => self.aside.as_ref()?.compiled.as_ref(),
        }
    }

    /// As [`Tables::adapt`], for a writer that [`Tables::aside`] has found.
    #[cold]
    pub(super) fn adapt_aside(&mut self, aside: Aside, error: RowError) -> Result<()> {
        match (aside, &mut self.aside) {
            (Aside::Logged(oid), _) => self.adapt(oid, error),
            (Aside::Own, Some(entry)) => adapt(entry, &self.structures, &self.modes, error),
            (Aside::Own, None) => Err(unknown(0)),
        }
    }
}

/// Compiles a table again after a row that did not fit.
#[cold]
fn adapt(
    entry: &mut Entry,
    structures: &HashMap<u64, Option<Structure>>,
    modes: &Modes,
    error: RowError,
) -> Result<()> {
    {
        let Some(table) = &entry.compiled else { return Err(unknown(entry.relation.oid)) };
        let RowError::NullInRequired { column } = error else {
            return Err(error.into_error(&table.layout));
        };
        let name = table.layout.fields.get(column).map(|field| field.name.to_string());
        let Some(name) = name.filter(|name| !entry.optional.contains(name)) else {
            return Err(error.into_error(&table.layout));
        };
        entry.optional.push(name);
        let structure = structures.get(&entry.hash).and_then(Option::as_ref);
        let compiled = Table::compile(&entry.relation, structure, modes, &entry.optional)?;
        entry.compiled = Some(compiled);
        Ok(())
    }
}

#[cold]
fn unknown(oid: u32) -> Error {
    let message = format!("A change names table {oid}, which the log has not described.");
    Error::definite(codes::UNKNOWN_RELATION, message)
        .fix("Report this with the server's version; nothing was skipped.")
}
