//! CREATE: what is created, and of a table everything.

use super::context::Context;
use super::cursor::{Cursor, Failure, Read};
use super::options::{self, Tail};
use super::spec::{Elements, Options, TableName};
use super::statement::{Body, Create, OBJECTS, Statement, table_name};
use super::{database, elements, index};

/// Behind CREATE.
pub(super) fn read(
    cursor: &mut Cursor<'_, '_>,
    context: &Context,
    tables: &mut Vec<TableName>,
) -> Read<Statement> {
    let or_replace = cursor.takes(&["OR", "REPLACE"]);
    if cursor.takes_any(&["DATABASE", "SCHEMA"]) {
        return database::create(cursor, or_replace).map(Statement::Database);
    }
    let temporary = cursor.takes(&["TEMPORARY"]);
    if cursor.sees_any(&["SEQUENCE"]) {
        return Ok(if temporary { Statement::Other } else { Statement::Sequence });
    }
    if cursor.takes(&["TABLE"]) {
        if temporary {
            return Ok(Statement::Other);
        }
        return table(cursor, context, or_replace, tables).map(Statement::Create);
    }
    if is_index(cursor) {
        cursor.takes_any(&["ONLINE", "OFFLINE"]);
        let unique = cursor.takes(&["UNIQUE"]);
        cursor.takes_any(&["FULLTEXT", "SPATIAL", "VECTOR"]);
        cursor.next();
        return index::create(cursor, unique, or_replace, tables);
    }
    if cursor.sees_any(&OBJECTS) {
        return Ok(Statement::Other);
    }
    cursor.fail("what is created")
}

/// `[ONLINE] [UNIQUE | FULLTEXT | SPATIAL | VECTOR] INDEX`
fn is_index(cursor: &Cursor<'_, '_>) -> bool {
    let mut ahead = *cursor;
    ahead.takes_any(&["ONLINE", "OFFLINE"]);
    ahead.takes_any(&["UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"]);
    ahead.sees_any(&["INDEX"])
}

fn table(
    cursor: &mut Cursor<'_, '_>,
    context: &Context,
    or_replace: bool,
    tables: &mut Vec<TableName>,
) -> Read<Create> {
    let if_not_exists = cursor.if_not_exists();
    let table = table_name(cursor)?;
    tables.push(table.clone());
    let body = body(cursor, context)?;
    Ok(Create { table, or_replace, if_not_exists, body })
}

fn body(cursor: &mut Cursor<'_, '_>, context: &Context) -> Read<Body> {
    if cursor.takes(&["LIKE"]) {
        return table_name(cursor).map(Body::Like);
    }
    let mut elements = Elements::default();
    if cursor.sees_symbol(b'(') {
        let inside = cursor.ahead(1);
        if inside.is_some_and(|token| token.is("LIKE")) {
            cursor.next();
            cursor.next();
            return table_name(cursor).map(Body::Like);
        }
        let query = ["SELECT", "WITH", "VALUES", "TABLE"];
        let nested = inside.is_some_and(|token| token.text == "(");
        if nested || query.iter().any(|word| inside.is_some_and(|token| token.is(word))) {
            return Ok(Body::Query(cursor.place()));
        }
        cursor.next();
        elements = elements::read(cursor, context)?;
    }
    let mut options = Options::default();
    if let Tail::Query = options::table(cursor, &mut options)? {
        return Ok(Body::Query(cursor.place()));
    }
    if elements.columns.is_empty() {
        return Err(Failure { expected: "the columns of a table", at: cursor.place() });
    }
    Ok(Body::Declared(elements, options))
}
