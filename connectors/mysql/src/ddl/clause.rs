//! The clauses of ALTER TABLE.

use super::context::Context;
use super::cursor::{Cursor, Read};
use super::key::{self, Declared};
use super::spec::{
    Charset, ColumnSpec, DefaultSpec, Elements, KeySpec, Options, Period, TableName,
};
use super::statement::table_name;
use super::token::Kind;
use super::{column, default_value, elements, options};

/// What is altered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// ADD a column; IF NOT EXISTS.
    Add(ColumnSpec, Place, bool),
    /// ADD (…); IF NOT EXISTS.
    AddAll(Elements, bool),
    /// ADD a key.
    AddKey(KeySpec),
    /// ADD PERIOD
    AddPeriod(Period),
    /// MODIFY and CHANGE: the old name; IF EXISTS.
    Change(String, ColumnSpec, Place, bool),
    /// DROP a column; IF EXISTS.
    Drop(String, bool),
    /// DROP PRIMARY KEY
    DropPrimary,
    /// DROP INDEX; IF EXISTS.
    DropKey(String, bool),
    /// DROP CONSTRAINT, which may be a unique key.
    DropConstraint(String),
    /// ALTER … SET DEFAULT and DROP DEFAULT; IF EXISTS.
    Default(String, Option<DefaultSpec>, bool),
    /// ALTER … SET VISIBLE and SET INVISIBLE: whether it is invisible.
    Invisible(String, bool),
    /// RENAME COLUMN; IF EXISTS.
    RenameColumn(String, String, bool),
    /// RENAME INDEX; IF EXISTS.
    RenameKey(String, String, bool),
    /// RENAME
    Rename(TableName),
    /// CONVERT TO CHARACTER SET
    Convert(Charset),
    /// Options of the table.
    Options(Options),
    /// DROP SYSTEM VERSIONING
    DropVersioning,
    /// CONVERT PARTITION … TO TABLE
    PartitionToTable(TableName),
    /// CONVERT TABLE … TO PARTITION
    TableToPartition(TableName),
}

/// Where a column goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind the others when it is new, else where it is.
    Unsaid,
    /// FIRST
    First,
    /// AFTER
    After(String),
}

/// Clauses and operations without a value, which change nothing here.
const FLAGS: [&[&str]; 12] = [
    &["FORCE"],
    &["ENABLE", "KEYS"],
    &["DISABLE", "KEYS"],
    &["DISCARD", "TABLESPACE"],
    &["IMPORT", "TABLESPACE"],
    &["WITH", "VALIDATION"],
    &["WITHOUT", "VALIDATION"],
    &["UPGRADE", "PARTITIONING"],
    &["REMOVE", "PARTITIONING"],
    &["SECONDARY_LOAD"],
    &["SECONDARY_UNLOAD"],
    &["START", "TRANSACTION"],
];

/// What begins an operation on partitions, which is the last clause.
const PARTITIONS: [&[&str]; 14] = [
    &["PARTITION", "BY"],
    &["ADD", "PARTITION"],
    &["DROP", "PARTITION"],
    &["REORGANIZE", "PARTITION"],
    &["COALESCE", "PARTITION"],
    &["TRUNCATE", "PARTITION"],
    &["EXCHANGE", "PARTITION"],
    &["ANALYZE", "PARTITION"],
    &["CHECK", "PARTITION"],
    &["OPTIMIZE", "PARTITION"],
    &["REBUILD", "PARTITION"],
    &["REPAIR", "PARTITION"],
    &["DISCARD", "PARTITION"],
    &["IMPORT", "PARTITION"],
];

/// Options whose value may follow without `=`.
const OPTIONS: [&str; 42] = [
    "ENGINE",
    "TYPE",
    "AUTO_INCREMENT",
    "AUTOEXTEND_SIZE",
    "AVG_ROW_LENGTH",
    "CHECKSUM",
    "COMPRESSION",
    "CONNECTION",
    "DELAY_KEY_WRITE",
    "ENCRYPTION",
    "ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "SECONDARY_ENGINE",
    "INSERT_METHOD",
    "KEY_BLOCK_SIZE",
    "MAX_ROWS",
    "MIN_ROWS",
    "PACK_KEYS",
    "PASSWORD",
    "ROW_FORMAT",
    "STATS_AUTO_RECALC",
    "STATS_PERSISTENT",
    "STATS_SAMPLE_PAGES",
    "TABLESPACE",
    "STORAGE",
    "UNION",
    "ALGORITHM",
    "LOCK",
    "PAGE_CHECKSUM",
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "TRANSACTIONAL",
    "ENCRYPTED",
    "ENCRYPTION_KEY_ID",
    "IETF_QUOTES",
    "SEQUENCE",
    "TABLE_CHECKSUM",
    "RAID_TYPE",
    "NODEGROUP",
    "WITH_SYSTEM",
    "AUTOEXTEND",
    "PARTITIONS",
];

/// Reads every clause. Tables that a clause refers to are added to `tables`.
pub(super) fn all(
    cursor: &mut Cursor<'_, '_>,
    context: &Context,
    tables: &mut Vec<TableName>,
) -> Read<Vec<Clause>> {
    let mut clauses = Vec::new();
    while !cursor.is_end() {
        if let Some(clause) = one(cursor, context)? {
            if let Clause::Rename(table)
            | Clause::PartitionToTable(table)
            | Clause::TableToPartition(table) = &clause
            {
                tables.push(table.clone());
            }
            clauses.push(clause);
        }
        // Options follow each other without one.
        cursor.takes_symbol(b',');
    }
    Ok(clauses)
}

fn one(cursor: &mut Cursor<'_, '_>, context: &Context) -> Read<Option<Clause>> {
    if PARTITIONS.iter().any(|words| cursor.sees(words)) {
        while !cursor.is_end() {
            cursor.next();
        }
        return Ok(None);
    }
    if FLAGS.iter().any(|words| cursor.takes(words)) {
        return Ok(None);
    }
    let mut said = Options::default();
    if options::one(cursor, &mut said)? {
        return Ok(Some(Clause::Options(said)));
    }
    if cursor.takes(&["ADD"]) {
        add(cursor, context)
    } else if cursor.takes(&["DROP"]) {
        drop(cursor)
    } else if cursor.takes(&["MODIFY"]) {
        change(cursor, context, true).map(Some)
    } else if cursor.takes(&["CHANGE"]) {
        change(cursor, context, false).map(Some)
    } else if cursor.takes(&["ALTER"]) {
        alter(cursor)
    } else if cursor.takes(&["RENAME"]) {
        rename(cursor).map(Some)
    } else if cursor.takes(&["CONVERT"]) {
        convert(cursor).map(Some)
    } else if cursor.takes(&["ORDER", "BY"]) {
        order(cursor)
    } else {
        option(cursor)
    }
}

fn add(cursor: &mut Cursor<'_, '_>, context: &Context) -> Read<Option<Clause>> {
    if cursor.takes(&["SYSTEM", "VERSIONING"]) {
        return Ok(Some(Clause::Options(Options { versioned: true, ..Options::default() })));
    }
    let said = cursor.takes(&["COLUMN"]);
    if !said {
        match key::read(cursor)? {
            Some(Declared::Key(key)) => return Ok(Some(Clause::AddKey(key))),
            Some(Declared::Period(period)) => return Ok(Some(Clause::AddPeriod(period))),
            Some(Declared::Nothing) => return Ok(None),
            None => {}
        }
    }
    let if_not_exists = cursor.if_not_exists();
    if cursor.takes_symbol(b'(') {
        let elements = elements::read(cursor, context)?;
        return Ok(Some(Clause::AddAll(elements, if_not_exists)));
    }
    let column = column::read(cursor, context)?;
    let place = place(cursor)?;
    Ok(Some(Clause::Add(column, place, if_not_exists)))
}

fn place(cursor: &mut Cursor<'_, '_>) -> Read<Place> {
    if cursor.takes(&["FIRST"]) {
        return Ok(Place::First);
    }
    if cursor.takes(&["AFTER"]) {
        return cursor.name().map(Place::After);
    }
    Ok(Place::Unsaid)
}

fn change(cursor: &mut Cursor<'_, '_>, context: &Context, same_name: bool) -> Read<Clause> {
    cursor.takes(&["COLUMN"]);
    let if_exists = cursor.if_exists();
    let old = cursor.name()?;
    let new = if same_name { old.clone() } else { cursor.name()? };
    let column = column::define(cursor, new, context)?;
    let place = place(cursor)?;
    Ok(Clause::Change(old, column, place, if_exists))
}

fn drop(cursor: &mut Cursor<'_, '_>) -> Read<Option<Clause>> {
    if cursor.takes(&["PRIMARY", "KEY"]) {
        return Ok(Some(Clause::DropPrimary));
    }
    if cursor.takes(&["SYSTEM", "VERSIONING"]) {
        return Ok(Some(Clause::DropVersioning));
    }
    if cursor.takes(&["FOREIGN", "KEY"]) || cursor.takes(&["CHECK"]) || period(cursor) {
        cursor.skip_clause()?;
        return Ok(None);
    }
    if cursor.takes_any(&["INDEX", "KEY"]) {
        let if_exists = cursor.if_exists();
        return Ok(Some(Clause::DropKey(cursor.name()?, if_exists)));
    }
    if cursor.takes(&["CONSTRAINT"]) {
        cursor.if_exists();
        return Ok(Some(Clause::DropConstraint(cursor.name()?)));
    }
    cursor.takes(&["COLUMN"]);
    let if_exists = cursor.if_exists();
    let name = cursor.name()?;
    cursor.takes_any(&["RESTRICT", "CASCADE"]);
    Ok(Some(Clause::Drop(name, if_exists)))
}

fn period(cursor: &mut Cursor<'_, '_>) -> bool {
    cursor.takes(&["PERIOD", "FOR"]) || cursor.takes(&["PERIOD", "IF", "EXISTS", "FOR"])
}

fn alter(cursor: &mut Cursor<'_, '_>) -> Read<Option<Clause>> {
    if cursor.takes_any(&["INDEX", "KEY", "CHECK", "CONSTRAINT"]) {
        cursor.skip_clause()?;
        return Ok(None);
    }
    cursor.takes(&["COLUMN"]);
    let if_exists = cursor.if_exists();
    let name = cursor.name()?;
    if cursor.takes(&["DROP", "DEFAULT"]) {
        return Ok(Some(Clause::Default(name, None, if_exists)));
    }
    if cursor.takes(&["SET", "DEFAULT"]) {
        // Of both servers, MySQL unlike in a definition.
        let default = default_value::read(cursor, true)?;
        return Ok(Some(Clause::Default(name, Some(default), if_exists)));
    }
    if cursor.takes(&["SET", "VISIBLE"]) {
        return Ok(Some(Clause::Invisible(name, false)));
    }
    if cursor.takes(&["SET", "INVISIBLE"]) {
        return Ok(Some(Clause::Invisible(name, true)));
    }
    cursor.fail("SET or DROP DEFAULT")
}

fn rename(cursor: &mut Cursor<'_, '_>) -> Read<Clause> {
    let column = cursor.takes(&["COLUMN"]);
    if column || cursor.takes_any(&["INDEX", "KEY"]) {
        let if_exists = cursor.if_exists();
        let from = cursor.name()?;
        if !cursor.takes(&["TO"]) {
            return cursor.fail("TO");
        }
        let to = cursor.name()?;
        return Ok(if column {
            Clause::RenameColumn(from, to, if_exists)
        } else {
            Clause::RenameKey(from, to, if_exists)
        });
    }
    if !cursor.takes_any(&["TO", "AS"]) {
        cursor.takes_symbol(b'=');
    }
    table_name(cursor).map(Clause::Rename)
}

fn convert(cursor: &mut Cursor<'_, '_>) -> Read<Clause> {
    if cursor.takes(&["PARTITION"]) {
        cursor.name()?;
        if !cursor.takes(&["TO", "TABLE"]) {
            return cursor.fail("TO TABLE");
        }
        return table_name(cursor).map(Clause::PartitionToTable);
    }
    if cursor.takes(&["TABLE"]) {
        let table = table_name(cursor)?;
        while !cursor.is_end() {
            cursor.next();
        }
        return Ok(Clause::TableToPartition(table));
    }
    let mut charset = Charset::default();
    if !cursor.takes(&["TO"]) || !options::charset(cursor, &mut charset)? {
        return cursor.fail("TO CHARACTER SET");
    }
    if cursor.sees(&["COLLATE"]) {
        options::charset(cursor, &mut charset)?;
    }
    Ok(Clause::Convert(charset))
}

/// `ORDER BY a, b DESC`, behind which another clause may follow.
fn order(cursor: &mut Cursor<'_, '_>) -> Read<Option<Clause>> {
    loop {
        table_name(cursor)?;
        cursor.takes_any(&["ASC", "DESC"]);
        let goes_on = cursor.sees_symbol(b',')
            && cursor.ahead(1).is_some_and(|next| {
                let heads = ["ADD", "ALTER", "CHANGE", "DROP", "RENAME", "CONVERT", "FORCE"];
                !heads.iter().any(|head| next.is(head))
            });
        if !goes_on {
            return Ok(None);
        }
        cursor.next();
    }
}

/// An option that says nothing here, with its value.
fn option(cursor: &mut Cursor<'_, '_>) -> Read<Option<Clause>> {
    let directory = cursor.takes(&["DATA", "DIRECTORY"]) || cursor.takes(&["INDEX", "DIRECTORY"]);
    cursor.takes(&["DEFAULT"]);
    let assigned = cursor.ahead(1).is_some_and(|token| token.kind == Kind::Symbol(b'='));
    if !directory {
        if !cursor.sees_any(&OPTIONS) && !assigned {
            return cursor.fail("a clause of ALTER TABLE");
        }
        cursor.next();
    }
    cursor.takes_symbol(b'=');
    if cursor.sees_symbol(b'(') {
        cursor.skip_group()?;
    } else if cursor.next().is_none() {
        return cursor.fail("a value");
    }
    Ok(None)
}
