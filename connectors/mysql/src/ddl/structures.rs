//! The tables of a server as its statements change them.

use super::apply::Step;
use super::context::Context;
use super::cursor::Failure;
use super::effect::Effect;
use super::resolve::{self, Resolved};
use super::statement::{self, Body, Create, Statement};
use super::{build, scan};
use crate::structure::Structure;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every table that is known, and the character sets of their databases.
///
/// All tables of a database that is set belong in here: whether `IF EXISTS` and `IF NOT EXISTS` hold
/// is decided by what is known.
#[derive(Clone, Debug, Default)]
pub struct Structures {
    pub(super) tables: BTreeMap<String, BTreeMap<String, Arc<Structure>>>,
    pub(super) databases: BTreeMap<String, Resolved>,
}

impl Structures {
    /// Sets a database's default collation, as `information_schema.schemata` has it.
    pub fn set_database(&mut self, name: &str, collation: &str) {
        if let Some(resolved) = Resolved::of_collation(collation) {
            self.databases.insert(name.to_owned(), resolved);
        }
    }

    /// Adds a table or replaces it.
    pub fn insert(&mut self, structure: Structure) -> Arc<Structure> {
        let structure = Arc::new(structure);
        let database = self.tables.entry(structure.database.clone()).or_default();
        database.insert(structure.name.clone(), Arc::clone(&structure));
        structure
    }

    /// Forgets a table.
    pub fn remove(&mut self, database: &str, table: &str) -> Option<Arc<Structure>> {
        self.tables.get_mut(database)?.remove(table)
    }

    /// A table, if it is known.
    pub fn get(&self, database: &str, table: &str) -> Option<&Arc<Structure>> {
        self.tables.get(database)?.get(table)
    }

    /// Every table, by database and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Structure>> {
        self.tables.values().flat_map(BTreeMap::values)
    }

    /// Applies a statement of the log, in UTF-8. Nothing fails: what is not understood is an effect
    /// ([`Kind::Unknown`]), and what is not about tables has none.
    pub fn apply(&mut self, default_database: &str, sql: &str, context: &Context) -> Vec<Effect> {
        let tokens = scan::tokens(sql, context);
        let end = tokens.iter().rev().find(|token| token.text != ";").map_or(0, |token| token.end);
        let start = tokens.first().map_or(0, |token| token.start);
        let read = statement::read(&tokens, context);
        let text = sql.get(start..end).unwrap_or("");
        let mut step =
            Step { structures: self, default_database, sql, text, start, context, effects: vec![] };
        step.apply(read);
        step.effects
    }
}

/// Reads the text of SHOW CREATE TABLE of a session whose `sql_mode` is empty and whose time zone
/// is UTC.
///
/// # Errors
/// What is not understood, and where; a view is.
pub fn read_show_create(
    database: &str,
    text: &str,
    context: &Context,
) -> Result<Structure, Failure> {
    let context = Context {
        sql_mode: super::context::SqlMode::default(),
        explicit_timestamps: true,
        ..context.clone()
    };
    let tokens = scan::tokens(text, &context);
    let nothing = Failure { expected: "CREATE TABLE with its columns", at: 0 };
    let Statement::Create(Create { table, body, .. }) = statement::read(&tokens, &context) else {
        return Err(nothing);
    };
    let Body::Declared(elements, options) = body else { return Err(nothing) };
    let charset = resolve::of_table(None, &options.charset, &context)?;
    build::table((database, &table.name), &elements, &options, charset, &context)
}

/// Whether a statement changes rows: in a log of rows it is out of place.
pub fn writes_rows(sql: &str, context: &Context) -> bool {
    statement::writes_rows(&scan::tokens(sql, context))
}
