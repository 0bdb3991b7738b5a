//! CREATE INDEX and DROP INDEX: a unique one may be what identifies a row.

use super::cursor::{Cursor, Read};
use super::key;
use super::spec::TableName;
use super::statement::{Statement, table_name};

/// Behind `CREATE … INDEX`.
pub(super) fn create(
    cursor: &mut Cursor<'_, '_>,
    unique: bool,
    or_replace: bool,
    tables: &mut Vec<TableName>,
) -> Read<Statement> {
    let if_not_exists = cursor.if_not_exists();
    let name = cursor.name()?;
    while !cursor.takes(&["ON"]) {
        if cursor.next().is_none() {
            return cursor.fail("ON");
        }
    }
    let table = table_name(cursor)?;
    tables.push(table.clone());
    cursor.wait();
    let mut key = key::on_table(cursor, unique, name)?;
    key.if_not_exists = if_not_exists;
    Ok(Statement::CreateIndex(table, key, or_replace))
}

/// Behind `DROP INDEX`.
pub(super) fn drop(cursor: &mut Cursor<'_, '_>, tables: &mut Vec<TableName>) -> Read<Statement> {
    let if_exists = cursor.if_exists();
    let name = cursor.name()?;
    if !cursor.takes(&["ON"]) {
        return cursor.fail("ON");
    }
    let table = table_name(cursor)?;
    tables.push(table.clone());
    Ok(Statement::DropIndex(table, name, if_exists))
}
