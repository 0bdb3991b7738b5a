//! The captured tables: rights, keys, character sets.

use crate::codes;
use crate::settings::Settings;
use crate::source::tables::{identifier, quoted, selected};
use crate::transport::sql_error;
use crate::values::charset::{Charset, Decoder};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::collections::{BTreeMap, BTreeSet};
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;
use walbrook_core::layout::Table;

/// What is being done when a statement fails.
const DOING: &str = "looking at the tables";

/// Unique keys none of whose columns may be null.
const KEYED: &str = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.STATISTICS \
    WHERE NON_UNIQUE = 0 GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME \
    HAVING SUM(NULLABLE = 'YES') = 0";

const CHARSETS: &str = "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, CHARACTER_SET_NAME \
    FROM information_schema.COLUMNS WHERE CHARACTER_SET_NAME IS NOT NULL";

/// The captured tables, and whether each has a key.
pub(super) async fn captured(conn: &mut Conn, settings: &Settings) -> Result<Vec<(Table, bool)>> {
    let tables = selected(conn, settings).await?;
    let rows: Vec<(String, String)> =
        conn.query(KEYED).await.map_err(|error| sql_error(&error, DOING))?;
    let keyed: BTreeSet<(String, String)> = rows.into_iter().collect();
    let has = |table: &Table| keyed.contains(&(table.schema.to_string(), table.name.to_string()));
    Ok(tables.into_iter().map(|listed| (listed.table.clone(), has(&listed.table))).collect())
}

pub(super) async fn findings(conn: &mut Conn, tables: &[(Table, bool)]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (table, keyed) in tables {
        if !readable(conn, table).await {
            let message = format!("The table {table} may not be read.");
            let fix = format!(
                "Grant it: GRANT SELECT ON {}.* TO the account;",
                identifier(&table.schema)
            );
            findings.push(Finding::error(codes::SELECT, message, fix));
        }
        if !keyed {
            let message = format!(
                "Table {table} has no key: its records have none either, and it is read in one piece."
            );
            let fix = format!(
                "Run ALTER TABLE {} ADD PRIMARY KEY (…); or name columns in `keys` of the connector.",
                quoted(table)
            );
            findings.push(Finding::warning(codes::NO_KEY, message, fix));
        }
    }
    findings.extend(charsets(conn, tables).await?);
    Ok(findings)
}

/// What is said where nothing is wrong.
pub(super) fn good(tables: &[(Table, bool)]) -> Vec<Finding> {
    vec![
        Finding::ok(codes::NO_TABLES, format!("{} tables are captured.", tables.len())),
        Finding::ok(codes::SELECT, "Every captured table may be read."),
        Finding::ok(codes::ENGINE, "Every captured table can be read beside the log (InnoDB)."),
        Finding::ok(codes::NO_KEY, "Every captured table has a key."),
        Finding::ok(codes::CHARSET, "Every character set of theirs is known."),
    ]
}

async fn readable(conn: &mut Conn, table: &Table) -> bool {
    conn.query_drop(format!("SELECT 1 FROM {} LIMIT 0", quoted(table))).await.is_ok()
}

async fn charsets(conn: &mut Conn, tables: &[(Table, bool)]) -> Result<Vec<Finding>> {
    let rows: Vec<(String, String, String)> =
        conn.query(CHARSETS).await.map_err(|error| sql_error(&error, DOING))?;
    let mut unknown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (schema, name, charset) in rows {
        let table = Table::new(schema, name);
        let known = Charset::named(&charset).and_then(Decoder::new).is_some();
        if !known && tables.iter().any(|(captured, _)| *captured == table) {
            unknown.entry(charset).or_default().push(table.to_string());
        }
    }
    let finding = |(charset, tables): (String, Vec<String>)| {
        let message = format!("The character set {charset} of {} is not known.", tables.join(", "));
        let fix = "Run ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4; or leave the table out.";
        Finding::error(codes::CHARSET, message, fix)
    };
    Ok(unknown.into_iter().map(finding).collect())
}
