//! What a snapshot is told as: statements that would make the captured tables anew.

use super::{Change, Told};
use crate::structure::Structure;
use std::sync::Arc;

/// A captured database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Default character set.
    pub charset: String,
    /// Default collation.
    pub collation: String,
    /// Its captured tables.
    pub tables: Vec<Found>,
}

/// A table as the snapshot found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it looks like.
    pub structure: Arc<Structure>,
    /// What SHOW CREATE TABLE answers.
    pub create: String,
}

/// The records of a snapshot's beginning: the server's character set, then everything dropped, then
/// made again. `charset`, `collation`: `character_set_server`, `collation_server`.
pub fn of_snapshot(charset: &str, collation: &str, databases: &[Database]) -> Vec<Told> {
    let mut databases = databases.to_vec();
    // As `database.table` sorts, in which `a-b.t` comes before `a.t`.
    databases.sort_by_key(|database| format!("{}.", database.name));
    for database in &mut databases {
        database.tables.sort_by(|a, b| a.structure.name.cmp(&b.structure.name));
    }
    let server = format!("SET character_set_server={charset}, collation_server={collation}");
    let mut told = vec![Told { database: String::new(), tables: None, ddl: server, change: None }];
    told.extend(databases.iter().flat_map(|one| one.tables.iter().map(drop_table)));
    for database in &databases {
        told.extend(statements(database));
        told.extend(database.tables.iter().map(create_table));
    }
    told
}

fn statements(database: &Database) -> impl Iterator<Item = Told> {
    let Database { name, charset, collation, .. } = database;
    let quoted = quoted(name);
    let ddl = [
        format!("DROP DATABASE IF EXISTS {quoted}"),
        format!("CREATE DATABASE {quoted} CHARSET {charset} COLLATE {collation}"),
        format!("USE {quoted}"),
    ];
    let name = name.clone();
    ddl.into_iter().map(move |ddl| Told { database: name.clone(), tables: None, ddl, change: None })
}

fn drop_table(found: &Found) -> Told {
    let Structure { database, name, .. } = found.structure.as_ref();
    let (database, table) = (database.clone(), name.clone());
    Told {
        database: database.clone(),
        tables: Some(table.clone()),
        ddl: format!("DROP TABLE IF EXISTS {}.{}", quoted(&database), quoted(&table)),
        change: Some(Change::Drop { database, table }),
    }
}

fn create_table(found: &Found) -> Told {
    Told {
        database: found.structure.database.clone(),
        tables: Some(found.structure.name.clone()),
        ddl: found.create.clone(),
        change: Some(Change::Create(Arc::clone(&found.structure))),
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
