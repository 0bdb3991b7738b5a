//! CREATE, ALTER and DROP DATABASE: a database's character set is that of its new tables.

use super::cursor::{Cursor, Read};
use super::options;
use super::spec::Charset;

/// A statement about a database.
#[derive(Debug)]
pub(super) enum Database {
    /// CREATE: name, IF NOT EXISTS, OR REPLACE, character set.
    Create(String, bool, bool, Charset),
    /// ALTER: name (else the default database), character set.
    Alter(Option<String>, Charset),
    /// DROP
    Drop(String),
}

/// Behind `CREATE … DATABASE`.
pub(super) fn create(cursor: &mut Cursor<'_, '_>, or_replace: bool) -> Read<Database> {
    let if_not_exists = cursor.if_not_exists();
    let name = cursor.name()?;
    let charset = charset(cursor)?;
    Ok(Database::Create(name, if_not_exists, or_replace, charset))
}

/// Behind `ALTER DATABASE`.
pub(super) fn alter(cursor: &mut Cursor<'_, '_>) -> Read<Database> {
    let options = ["DEFAULT", "CHARACTER", "CHARSET", "CHAR", "COLLATE", "ENCRYPTION", "COMMENT"];
    let unnamed = cursor.sees_any(&options) || cursor.sees(&["READ", "ONLY"]);
    let name = if unnamed { None } else { Some(cursor.name()?) };
    let charset = charset(cursor)?;
    Ok(Database::Alter(name, charset))
}

/// Behind `DROP DATABASE`.
pub(super) fn drop(cursor: &mut Cursor<'_, '_>) -> Read<Database> {
    cursor.if_exists();
    cursor.name().map(Database::Drop)
}

fn charset(cursor: &mut Cursor<'_, '_>) -> Read<Charset> {
    let mut charset = Charset::default();
    while !cursor.is_end() {
        if !options::charset(cursor, &mut charset)? {
            cursor.next();
        }
    }
    Ok(charset)
}
