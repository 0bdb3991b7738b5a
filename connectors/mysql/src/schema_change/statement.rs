//! What a statement of the log is told as: one record for each of its parts.

use super::{Change, Told, key};
use crate::ddl::{Effect, Kind};

/// The records of one statement's effects, in their order. A table that the same statement renames
/// once more later on is told where its last name comes, as in the reference.
pub fn of_statement(effects: &[Effect]) -> Vec<Told> {
    let tables = tables(effects);
    let whole = effects.iter().any(is_about_database);
    let told = |(number, effect): (usize, &Effect)| {
        let later = effects.get(number + 1..).unwrap_or_default();
        let change = match effect.kind {
            Kind::Truncated | Kind::Unknown { .. } => return None,
            Kind::Created => effect.after.clone().map(Change::Create),
            Kind::Altered | Kind::Indexed | Kind::Renamed { .. } => {
                let changed = is_about_table(effect) && !moves_on(effect, later);
                effect.after.clone().filter(|_| changed).map(Change::Alter)
            }
            // Its tables go with the database, and the statement says so once.
            Kind::Dropped if whole => return None,
            Kind::Dropped => {
                let (database, table) = (effect.database.clone(), effect.table.clone());
                Some(Change::Drop { database, table })
            }
            Kind::Noted | Kind::DatabaseCreated | Kind::DatabaseAltered | Kind::DatabaseDropped => {
                None
            }
        };
        Some(Told {
            database: effect.database.clone(),
            tables: Some(tables.clone()),
            ddl: effect.statement.clone(),
            change,
        })
    };
    effects.iter().enumerate().filter_map(told).collect()
}

fn is_about_database(effect: &Effect) -> bool {
    matches!(effect.kind, Kind::DatabaseCreated | Kind::DatabaseAltered | Kind::DatabaseDropped)
}

/// Whether the table looks otherwise afterwards. An index that does not change what identifies a row
/// is nothing of the table's own.
fn is_about_table(effect: &Effect) -> bool {
    match (&effect.kind, &effect.before, &effect.after) {
        (Kind::Noted, _, _) => false,
        (Kind::Indexed, Some(before), Some(after)) => key(before) != key(after),
        _ => !effect.table.is_empty(),
    }
}

/// Whether one of the later effects gives the table another name.
fn moves_on(effect: &Effect, later: &[Effect]) -> bool {
    later.iter().any(|later| match &later.kind {
        Kind::Renamed { database, table } => *database == effect.database && *table == effect.table,
        _ => false,
    })
}

/// The names of the tables that something is done to, each once.
fn tables(effects: &[Effect]) -> String {
    if effects.iter().any(is_about_database) {
        return String::new();
    }
    let mut names: Vec<&str> = Vec::new();
    for effect in effects {
        let table = effect.table.as_str();
        if is_about_table(effect) && !names.contains(&table) {
            names.push(table);
        }
    }
    names.join(",")
}
