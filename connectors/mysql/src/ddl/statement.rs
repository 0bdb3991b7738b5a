//! What a statement is about. Everything that does not change names, types, order, nullability,
//! keys, defaults or character sets of a table is not told apart.

use super::clause::{self, Clause};
use super::context::Context;
use super::create;
use super::cursor::{Cursor, Failure, Read};
use super::database::{self, Database};
use super::index;
use super::spec::{Elements, KeySpec, Options, TableName};
use super::token::{Kind, Token};

/// A statement.
#[derive(Debug)]
pub(super) enum Statement {
    /// Not about tables.
    Other,
    /// About a sequence, which is no table of ours.
    Sequence,
    /// CREATE TABLE
    Create(Create),
    /// ALTER TABLE
    Alter(Alter),
    /// DROP TABLE
    Drop(Vec<TableName>, Option<&'static str>),
    /// RENAME TABLE: from, to; IF EXISTS.
    Rename(Vec<(TableName, TableName)>, bool),
    /// TRUNCATE
    Truncate(TableName),
    /// CREATE INDEX
    CreateIndex(TableName, KeySpec, bool),
    /// DROP INDEX: table, name, IF EXISTS.
    DropIndex(TableName, String, bool),
    /// CREATE, ALTER, DROP DATABASE
    Database(Database),
    /// About tables, these (none: any), and not understood.
    Unclear(Vec<TableName>, Failure),
}

/// CREATE TABLE
#[derive(Debug)]
pub(super) struct Create {
    /// The table.
    pub(super) table: TableName,
    /// OR REPLACE
    pub(super) or_replace: bool,
    /// IF NOT EXISTS
    pub(super) if_not_exists: bool,
    /// Where its columns come from.
    pub(super) body: Body,
}

/// Where the columns of a new table come from.
#[derive(Debug)]
pub(super) enum Body {
    /// They are declared.
    Declared(Elements, Options),
    /// LIKE
    Like(TableName),
    /// A query, the columns of which we do not know.
    Query(usize),
}

/// ALTER TABLE
#[derive(Debug)]
pub(super) struct Alter {
    /// The table.
    pub(super) table: TableName,
    /// IF EXISTS
    pub(super) if_exists: bool,
    /// What is altered.
    pub(super) clauses: Vec<Clause>,
}

/// First words of statements that are not about tables, or not in a way that matters here.
const HARMLESS: [&str; 60] = [
    "ANALYZE",
    "BACKUP",
    "BEGIN",
    "BINLOG",
    "CACHE",
    "CALL",
    "CHANGE",
    "CHECK",
    "CHECKSUM",
    "CLONE",
    "COMMIT",
    "COMPOUND",
    "DEALLOCATE",
    "DELETE",
    "DELIMITER",
    "DESC",
    "DESCRIBE",
    "DO",
    "END",
    "EXECUTE",
    "EXPLAIN",
    "FLUSH",
    "GET",
    "GRANT",
    "HANDLER",
    "HELP",
    "IF",
    "INSERT",
    "INSTALL",
    "KILL",
    "LOAD",
    "LOCK",
    "LOOP",
    "OPEN",
    "OPTIMIZE",
    "PREPARE",
    "PURGE",
    "RELEASE",
    "REPAIR",
    "REPLACE",
    "RESET",
    "RESIGNAL",
    "RESTART",
    "RETURN",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHOW",
    "SHUTDOWN",
    "SIGNAL",
    "START",
    "STOP",
    "TABLE",
    "UNINSTALL",
    "UNLOCK",
    "UPDATE",
    "USE",
    "VALUES",
];

/// Reads a statement.
pub(super) fn read(tokens: &[Token<'_>], context: &Context) -> Statement {
    let mut cursor = Cursor::new(tokens);
    set_statement(&mut cursor);
    let cursor = &mut cursor;
    if cursor.is_end() || cursor.sees_any(&HARMLESS) || cursor.sees_any(&["WITH", "XA"]) {
        return Statement::Other;
    }
    if cursor.sees_symbol(b'(') {
        return Statement::Other;
    }
    let mut tables = Vec::new();
    let read = if cursor.takes(&["CREATE"]) {
        create::read(cursor, context, &mut tables)
    } else if cursor.takes(&["ALTER"]) {
        alter(cursor, context, &mut tables)
    } else if cursor.takes(&["DROP"]) {
        drop(cursor, &mut tables)
    } else if cursor.takes(&["RENAME"]) {
        rename(cursor, &mut tables)
    } else if cursor.takes(&["TRUNCATE"]) {
        truncate(cursor)
    } else {
        cursor.fail("a statement that we know")
    };
    read.unwrap_or_else(|failure| Statement::Unclear(tables, failure))
}

/// MariaDB's `SET STATEMENT x = 1, … FOR`.
fn set_statement(cursor: &mut Cursor<'_, '_>) {
    let mut ahead = *cursor;
    while ahead.takes(&["SET", "STATEMENT"]) {
        while !ahead.is_end() && !ahead.takes(&["FOR"]) {
            ahead.next();
        }
        *cursor = ahead;
    }
}

/// `table` or `database.table`
pub(super) fn table_name(cursor: &mut Cursor<'_, '_>) -> Read<TableName> {
    let start = cursor.place();
    // `.table` is a table of the default database.
    cursor.takes_symbol(b'.');
    let first = cursor.name()?;
    let (database, name) =
        if cursor.takes_symbol(b'.') { (Some(first), cursor.name()?) } else { (None, first) };
    Ok(TableName { database, name, start, end: cursor.behind() })
}

/// Kinds of objects that ALTER and DROP know and that are not tables.
pub(super) const OBJECTS: [&str; 25] = [
    "VIEW",
    "PROCEDURE",
    "FUNCTION",
    "TRIGGER",
    "EVENT",
    "USER",
    "ROLE",
    "SERVER",
    "TABLESPACE",
    "UNDO",
    "LOGFILE",
    "INSTANCE",
    "RESOURCE",
    "PACKAGE",
    "SPATIAL",
    "PREPARE",
    "DEFINER",
    "SQL",
    "ALGORITHM",
    "AGGREGATE",
    "LOADABLE",
    "LIBRARY",
    "CATALOG",
    "MATERIALIZED",
    "JSON",
];

fn alter(
    cursor: &mut Cursor<'_, '_>,
    context: &Context,
    tables: &mut Vec<TableName>,
) -> Read<Statement> {
    if cursor.takes_any(&["DATABASE", "SCHEMA"]) {
        return database::alter(cursor).map(Statement::Database);
    }
    if cursor.sees_any(&["SEQUENCE"]) {
        return Ok(Statement::Sequence);
    }
    if cursor.sees_any(&OBJECTS) {
        return Ok(Statement::Other);
    }
    cursor.takes_any(&["ONLINE", "OFFLINE"]);
    cursor.takes(&["IGNORE"]);
    if !cursor.takes(&["TABLE"]) {
        return cursor.fail("TABLE");
    }
    let if_exists = cursor.if_exists();
    let table = table_name(cursor)?;
    tables.push(table.clone());
    cursor.wait();
    let clauses = clause::all(cursor, context, tables)?;
    Ok(Statement::Alter(Alter { table, if_exists, clauses }))
}

fn drop(cursor: &mut Cursor<'_, '_>, tables: &mut Vec<TableName>) -> Read<Statement> {
    if cursor.takes_any(&["DATABASE", "SCHEMA"]) {
        return database::drop(cursor).map(Statement::Database);
    }
    if cursor.takes(&["INDEX"]) {
        return index::drop(cursor, tables);
    }
    if cursor.sees_any(&["SEQUENCE"]) {
        return Ok(Statement::Sequence);
    }
    if cursor.sees_any(&OBJECTS) || cursor.sees(&["TEMPORARY"]) {
        return Ok(Statement::Other);
    }
    if !cursor.takes_any(&["TABLE", "TABLES"]) {
        return cursor.fail("TABLE");
    }
    cursor.if_exists();
    loop {
        tables.push(table_name(cursor)?);
        if !cursor.takes_symbol(b',') {
            break;
        }
    }
    cursor.wait();
    let how = ["RESTRICT", "CASCADE"].into_iter().find(|how| cursor.takes(&[how]));
    end(cursor)?;
    Ok(Statement::Drop(tables.clone(), how))
}

fn rename(cursor: &mut Cursor<'_, '_>, tables: &mut Vec<TableName>) -> Read<Statement> {
    if cursor.sees_any(&["USER"]) {
        return Ok(Statement::Other);
    }
    if !cursor.takes_any(&["TABLE", "TABLES"]) {
        return cursor.fail("TABLE");
    }
    let if_exists = cursor.if_exists();
    let mut pairs = Vec::new();
    loop {
        let from = table_name(cursor)?;
        tables.push(from.clone());
        cursor.wait();
        if !cursor.takes(&["TO"]) {
            return cursor.fail("TO");
        }
        let to = table_name(cursor)?;
        tables.push(to.clone());
        pairs.push((from, to));
        if !cursor.takes_symbol(b',') {
            break;
        }
    }
    end(cursor)?;
    Ok(Statement::Rename(pairs, if_exists))
}

fn truncate(cursor: &mut Cursor<'_, '_>) -> Read<Statement> {
    cursor.takes(&["TABLE"]);
    table_name(cursor).map(Statement::Truncate)
}

/// Nothing may follow.
pub(super) fn end(cursor: &Cursor<'_, '_>) -> Read<()> {
    if cursor.is_end() { Ok(()) } else { cursor.fail("the end of the statement") }
}

/// Whether a statement changes rows: in a log of rows it has no place.
pub(super) fn writes_rows(tokens: &[Token<'_>]) -> bool {
    let mut cursor = Cursor::new(tokens);
    set_statement(&mut cursor);
    if cursor.takes(&["WITH"]) {
        return tokens.iter().any(|t| t.kind == Kind::Word && (t.is("UPDATE") || t.is("DELETE")));
    }
    cursor.sees_any(&["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD"])
}
