//! A statement, applied to what is known.

use super::clause::Clause;
use super::context::Context;
use super::cursor::{Failure, Read};
use super::database::Database;
use super::effect::{Effect, Kind};
use super::resolve::{Resolved, of_table};
use super::spec::{Charset, KeyKind, KeySpec, TableName};
use super::statement::{Alter, Body, Create, Statement};
use super::structures::Structures;
use super::{build, change, keys};
use crate::structure::Structure;
use std::sync::Arc;

/// A statement that is being applied.
pub(super) struct Step<'a> {
    /// What is known.
    pub(super) structures: &'a mut Structures,
    /// Database of the session.
    pub(super) default_database: &'a str,
    /// The whole text.
    pub(super) sql: &'a str,
    /// The text without what is around the statement.
    pub(super) text: &'a str,
    /// Where that begins.
    pub(super) start: usize,
    /// The session.
    pub(super) context: &'a Context,
    /// What it has done so far.
    pub(super) effects: Vec<Effect>,
}

/// Database and table.
type Name = (String, String);

impl Step<'_> {
    /// Does what the statement says.
    pub(super) fn apply(&mut self, statement: Statement) {
        match statement {
            Statement::Other => {}
            Statement::Sequence => {
                // Told as it stands in the log, the server's comment included.
                self.text = self.sql.trim();
                self.push(Kind::Noted, (self.default_database.into(), String::new()))
            }
            Statement::Create(create) => self.create(&create),
            Statement::Alter(alter) => self.alter(&alter),
            Statement::Drop(tables, how) => self.drop(&tables, how),
            Statement::Rename(pairs, if_exists) => self.rename(&pairs, if_exists),
            Statement::Truncate(table) => {
                let name = self.name(&table);
                let before = self.known(&name);
                self.effect(Kind::Truncated, name, before.clone(), before);
            }
            Statement::CreateIndex(table, key, replaced) => {
                self.index(&table, key.kind == KeyKind::Unique, |new| {
                    add_index(new, &key, replaced)
                });
            }
            Statement::DropIndex(table, name, if_exists) => self.index(&table, true, |new| {
                if keys::remove(new, &name) || if_exists {
                    Ok(())
                } else {
                    Err(Failure { expected: "a key that is there", at: 0 })
                }
            }),
            Statement::Database(database) => self.database(database),
            Statement::Unclear(tables, failure) => self.unclear(&tables, failure),
        }
    }

    fn name(&self, table: &TableName) -> Name {
        let database = table.database.as_deref().unwrap_or(self.default_database);
        if self.context.case_sensitive {
            (database.to_owned(), table.name.clone())
        } else {
            (database.to_lowercase(), table.name.to_lowercase())
        }
    }

    fn known(&self, (database, table): &Name) -> Option<Arc<Structure>> {
        self.structures.get(database, table).cloned()
    }

    fn push(&mut self, kind: Kind, name: Name) {
        self.effect(kind, name, None, None);
    }

    fn effect(
        &mut self,
        kind: Kind,
        (database, table): Name,
        before: Option<Arc<Structure>>,
        after: Option<Arc<Structure>>,
    ) {
        let statement = self.text.to_owned();
        self.effects.push(Effect { kind, database, table, before, after, statement });
    }

    /// What became of the table is not known.
    fn unknown(&mut self, name: Name, reason: String) {
        let before = self.structures.remove(&name.0, &name.1);
        self.effect(Kind::Unknown { reason }, name, before, None);
    }

    fn unclear(&mut self, tables: &[TableName], failure: Failure) {
        if tables.is_empty() {
            let reason = failure.to_string();
            self.push(Kind::Unknown { reason }, (self.default_database.into(), String::new()));
        }
        for table in tables {
            let name = self.name(table);
            if !self.effects.iter().any(|e| e.database == name.0 && e.table == name.1) {
                self.unknown(name, failure.to_string());
            }
        }
    }

    fn create(&mut self, create: &Create) {
        let name = self.name(&create.table);
        let before = self.known(&name);
        if create.if_not_exists && before.is_some() && !create.or_replace {
            return self.effect(Kind::Noted, name, before.clone(), before);
        }
        match self.declared(create, &name) {
            Ok(structure) => {
                let after = self.structures.insert(structure);
                self.effect(Kind::Created, name, before, Some(after));
            }
            Err(failure) => self.unknown(name, failure.to_string()),
        }
    }

    fn declared(&self, create: &Create, name: &Name) -> Read<Structure> {
        match &create.body {
            Body::Query(at) => Err(Failure { expected: "columns instead of a query", at: *at }),
            Body::Like(source) => match self.known(&self.name(source)) {
                Some(source) => Ok(Structure {
                    database: name.0.clone(),
                    name: name.1.clone(),
                    ..source.as_ref().clone()
                }),
                None => Err(Failure { expected: "LIKE a table that is known", at: source.start }),
            },
            Body::Declared(elements, options) => {
                let database = self.structures.databases.get(&name.0);
                let charset = of_table(database, &options.charset, self.context)?;
                build::table((&name.0, &name.1), elements, options, charset, self.context)
            }
        }
    }

    fn alter(&mut self, alter: &Alter) {
        let from = self.name(&alter.table);
        let to = alter.clauses.iter().rev().find_map(|clause| match clause {
            Clause::Rename(table) => Some(self.name(table)),
            _ => None,
        });
        let Some(before) = self.known(&from) else {
            if to.is_some() || !alter.if_exists {
                let reason = Failure { expected: "a table that is known", at: alter.table.start };
                self.unknown(to.unwrap_or(from), reason.to_string());
            }
            return;
        };
        let database = self.structures.databases.get(&from.0);
        let altered = change::apply(&before, &alter.clauses, database, self.context);
        self.structures.remove(&from.0, &from.1);
        let name = to.unwrap_or_else(|| from.clone());
        let after = match altered {
            Ok(structure) => self.moved(structure, &name),
            Err(failure) => {
                self.effect_of_loss(from, name, before, failure);
                return;
            }
        };
        let kind = if name == from {
            Kind::Altered
        } else {
            Kind::Renamed { database: from.0, table: from.1 }
        };
        self.effect(kind, name, Some(before), Some(Arc::clone(&after)));
        self.partitions(&alter.clauses, &after);
    }

    /// A table that was altered in a way that is not understood, perhaps under a new name.
    fn effect_of_loss(&mut self, from: Name, to: Name, before: Arc<Structure>, failure: Failure) {
        let reason = failure.to_string();
        if from != to {
            self.effect(Kind::Dropped, from, Some(Arc::clone(&before)), None);
        }
        self.structures.remove(&to.0, &to.1);
        self.effect(Kind::Unknown { reason }, to, Some(before), None);
    }

    fn moved(&mut self, structure: Structure, (database, name): &Name) -> Arc<Structure> {
        self.structures.insert(Structure {
            database: database.clone(),
            name: name.clone(),
            ..structure
        })
    }

    /// MariaDB's partitions that become tables, and the other way round.
    fn partitions(&mut self, clauses: &[Clause], whole: &Arc<Structure>) {
        for clause in clauses {
            match clause {
                Clause::PartitionToTable(table) => {
                    let name = self.name(table);
                    let after = self.moved(whole.as_ref().clone(), &name);
                    self.effect(Kind::Created, name, None, Some(after));
                }
                Clause::TableToPartition(table) => {
                    let name = self.name(table);
                    let before = self.structures.remove(&name.0, &name.1);
                    self.effect(Kind::Dropped, name, before, None);
                }
                _ => {}
            }
        }
    }

    fn drop(&mut self, tables: &[TableName], how: Option<&str>) {
        let first = tables.first().map_or(self.start, |table| table.start);
        let prefix = self.sql.get(self.start..first).unwrap_or("DROP TABLE ");
        let how = how.map(|how| format!(" {how}")).unwrap_or_default();
        for table in tables {
            let name = self.name(table);
            let before = self.structures.remove(&name.0, &name.1);
            let quoted = |text: &str| text.replace('`', "``");
            let statement = format!("{prefix}`{}`.`{}`{how}", quoted(&name.0), quoted(&name.1));
            let (database, table) = name;
            let kind = Kind::Dropped;
            self.effects.push(Effect { kind, database, table, before, after: None, statement });
        }
    }

    fn rename(&mut self, pairs: &[(TableName, TableName)], if_exists: bool) {
        let first = pairs.first().map_or(self.start, |(from, _)| from.start);
        let prefix = self.sql.get(self.start..first).unwrap_or("RENAME TABLE ");
        for (from, to) in pairs {
            let part = self.sql.get(from.start..to.end).unwrap_or("");
            let statement = format!("{prefix}{part}");
            let (from, to) = (self.name(from), self.name(to));
            let before = self.structures.remove(&from.0, &from.1);
            // In a database whose tables we know it is not there, and nothing happened.
            if before.is_none() && if_exists && self.structures.databases.contains_key(&from.0) {
                continue;
            }
            let (kind, after) = match &before {
                Some(before) => {
                    let after = self.moved(before.as_ref().clone(), &to);
                    (Kind::Renamed { database: from.0, table: from.1 }, Some(after))
                }
                None => {
                    self.structures.remove(&to.0, &to.1);
                    let reason = "renamed from a table that is not known".to_owned();
                    (Kind::Unknown { reason }, None)
                }
            };
            let (database, table) = to;
            self.effects.push(Effect { kind, database, table, before, after, statement });
        }
    }

    fn index(
        &mut self,
        table: &TableName,
        matters: bool,
        edit: impl FnOnce(&mut Structure) -> Read<()>,
    ) {
        let name = self.name(table);
        let Some(before) = self.known(&name) else {
            if matters {
                let reason = Failure { expected: "a table that is known", at: table.start };
                self.unknown(name, reason.to_string());
            } else {
                self.push(Kind::Indexed, name);
            }
            return;
        };
        let mut new = before.as_ref().clone();
        match edit(&mut new) {
            Ok(()) => {
                keys::settle(&mut new);
                let after = self.structures.insert(new);
                self.effect(Kind::Indexed, name, Some(before), Some(after));
            }
            Err(failure) => self.unknown(name, failure.to_string()),
        }
    }

    fn database(&mut self, statement: Database) {
        let none = String::new();
        let fold = |name: String| {
            if self.context.case_sensitive { name } else { name.to_lowercase() }
        };
        match statement {
            Database::Create(name, if_not_exists, or_replace, charset) => {
                let name = fold(name);
                if or_replace {
                    self.forget(&name);
                }
                let there = self.structures.databases.contains_key(&name);
                if !(if_not_exists && there) {
                    self.charset_of(&name, &charset, None);
                }
                self.push(Kind::DatabaseCreated, (name, none));
            }
            Database::Alter(name, charset) => {
                let name = name.map_or_else(|| self.default_database.to_owned(), fold);
                let known = self.structures.databases.get(&name).cloned();
                if charset.is_said() {
                    self.charset_of(&name, &charset, known);
                }
                self.push(Kind::DatabaseAltered, (name, none));
            }
            Database::Drop(name) => {
                let name = fold(name);
                self.forget(&name);
                self.push(Kind::DatabaseDropped, (name, none));
            }
        }
    }

    /// Every table of a database is gone.
    fn forget(&mut self, database: &str) {
        self.structures.databases.remove(database);
        for (table, before) in self.structures.tables.remove(database).unwrap_or_default() {
            self.effect(Kind::Dropped, (database.to_owned(), table), Some(before), None);
        }
    }

    /// Sets a database's character set, by what is said, what it was, and the server's.
    fn charset_of(&mut self, name: &str, said: &Charset, known: Option<Resolved>) {
        let server = Resolved::of_collation(&self.context.server_collation);
        let base = known.filter(|_| !said.of_database).or(server);
        match of_table(base.as_ref(), said, self.context) {
            Ok(resolved) => self.structures.databases.insert(name.to_owned(), resolved),
            Err(_) => self.structures.databases.remove(name),
        };
    }
}

fn add_index(new: &mut Structure, key: &KeySpec, replaced: bool) -> Read<()> {
    if replaced && let Some(name) = &key.name {
        keys::remove(new, name);
    }
    keys::add(new, key, &[])
}
