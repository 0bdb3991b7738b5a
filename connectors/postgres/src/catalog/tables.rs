//! The tables that are captured, as a snapshot needs them.

use super::failed;
use crate::codes;
use crate::pgoutput::{Column, Relation};
use tokio_postgres::Client;
use walbrook_core::error::{Error, Result};

/// A table that is captured.
#[derive(Clone, Debug, PartialEq)]
pub struct TableInfo {
    /// OID.
    pub oid: u32,
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// `pg_class.relkind`: `r` an ordinary table or a partition, `p` a partitioned table, which
    /// holds no rows of its own: those of its partitions are read instead, unless the publication
    /// says `publish_via_partition_root`.
    pub kind: char,
    /// The topmost partitioned table, if this is a partition.
    pub root: Option<u32>,
    /// `pg_class.relfilenode`: another number means that the table was rewritten.
    pub relfilenode: u32,
    /// Bytes of its main fork.
    pub bytes: i64,
    /// Estimated rows; negative when nobody has counted.
    pub rows_estimated: f32,
    /// Replica identity: `d`, `n`, `f` or `i`.
    pub identity: char,
    /// Columns of the primary key in key order; empty: none.
    pub primary_key: Vec<KeyColumn>,
}

/// A column of a primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Name.
    pub name: String,
    /// Type.
    pub type_oid: u32,
    /// The type as SQL writes it, with its modifier.
    pub type_name: String,
    /// Collation, as `pg_collation.collname`; `None` for types without.
    pub collation: Option<String>,
}

const TABLES: &str = "
    SELECT c.oid, n.nspname::text, c.relname::text, c.relkind,
        CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::oid END,
        c.relfilenode, pg_catalog.pg_relation_size(c.oid), c.reltuples, c.relreplident
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    ORDER BY n.nspname, c.relname";

const PRIMARY: &str = "
    SELECT i.indrelid, a.attname::text, a.atttypid,
        pg_catalog.format_type(a.atttypid, a.atttypmod), co.collname::text
    FROM pg_catalog.pg_index i
        CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indcollation::oid[])
            WITH ORDINALITY k(number, collation_oid, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        LEFT JOIN pg_catalog.pg_collation co ON co.oid = k.collation_oid
    WHERE i.indrelid = ANY($1) AND i.indisprimary AND k.n <= i.indnkeyatts
    ORDER BY i.indrelid, k.n";

const RELATION: &str = "
    SELECT n.nspname::text, c.relname::text, c.relreplident, a.attname::text, a.atttypid,
        a.atttypmod,
        CASE c.relreplident
            WHEN 'f' THEN true
            WHEN 'n' THEN false
            ELSE EXISTS (SELECT FROM pg_catalog.pg_index i
                WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                    AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END
                    AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]))
        END,
        a.attgenerated <> ''
    FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    WHERE c.oid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum";

/// Not through the view `pg_publication_tables`: that locks every table of the publication, and so
/// waits for whoever alters any of them.
const PUBLISHED: &str = "
    SELECT array(SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
            AND CASE WHEN r.prattrs IS NOT NULL THEN a.attnum = ANY(r.prattrs::int2[])
                ELSE a.attgenerated = ''
                    OR (a.attgenerated = 's' AND to_jsonb(p) ->> 'pubgencols' = 's') END
        ORDER BY a.attnum)
    FROM pg_catalog.pg_publication p
        LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = $1
    WHERE p.pubname = $2";

/// The tables that `selected` (schema, name) takes, by schema and name.
pub async fn tables(
    client: &Client,
    selected: impl Fn(&str, &str) -> bool,
) -> Result<Vec<TableInfo>> {
    let rows = client.query(TABLES, &[]).await.map_err(|e| failed("the list of tables", &e))?;
    let mut tables = Vec::new();
    for row in &rows {
        let (schema, name): (String, String) = (row.get(1), row.get(2));
        if !selected(&schema, &name) {
            continue;
        }
        tables.push(TableInfo {
            oid: row.get(0),
            schema,
            name,
            kind: letter(row.get(3)),
            root: row.get(4),
            relfilenode: row.get(5),
            // Null when the table was dropped while we looked.
            bytes: row.get::<_, Option<i64>>(6).unwrap_or(0),
            rows_estimated: row.get(7),
            identity: letter(row.get(8)),
            primary_key: Vec::new(),
        });
    }
    let oids = tables.iter().map(|table| table.oid).collect::<Vec<_>>();
    let rows = client.query(PRIMARY, &[&oids]).await.map_err(|e| failed("primary keys", &e))?;
    for row in &rows {
        let oid: u32 = row.get(0);
        let Some(table) = tables.iter_mut().find(|table| table.oid == oid) else { continue };
        table.primary_key.push(KeyColumn {
            name: row.get(1),
            type_oid: row.get(2),
            type_name: row.get(3),
            collation: row.get(4),
        });
    }
    Ok(tables)
}

/// The relation that the log would send for the table now, published with all of its columns.
pub async fn relation(client: &Client, oid: u32) -> Result<Relation> {
    build(client, oid, None).await
}

/// The relation that the log would send for the table now under `publication`, which may name
/// columns (15 and later) and generated ones (18 and later).
pub async fn published_relation(client: &Client, oid: u32, publication: &str) -> Result<Relation> {
    let known = client
        .query_one("SELECT current_setting('server_version_num')::int >= 150000", &[])
        .await
        .map_err(|e| failed("its version", &e))?;
    if !known.get::<_, bool>(0) {
        return build(client, oid, None).await;
    }
    let row = client
        .query_opt(PUBLISHED, &[&oid, &publication])
        .await
        .map_err(|e| failed("published columns", &e))?;
    // A partition published through its root has no list of its own.
    build(client, oid, row.and_then(|row| row.get(0))).await
}

async fn build(client: &Client, oid: u32, published: Option<Vec<String>>) -> Result<Relation> {
    let rows = client.query(RELATION, &[&oid]).await.map_err(|e| failed("a table", &e))?;
    let Some(first) = rows.first() else {
        return Err(Error::transient(
            codes::TABLE_GONE,
            format!("The table with OID {oid} was dropped while it was being read."),
        ));
    };
    let columns = rows.iter().filter(|row| match &published {
        Some(names) => names.iter().any(|name| name == row.get::<_, &str>(3)),
        None => !row.get::<_, bool>(7),
    });
    Ok(Relation {
        oid,
        schema: first.get(0),
        name: first.get(1),
        identity: first.get::<_, i8>(2) as u8,
        columns: columns
            .map(|row| Column {
                key: row.get(6),
                name: row.get(3),
                type_oid: row.get(4),
                typmod: row.get(5),
            })
            .collect(),
    })
}

fn letter(byte: i8) -> char {
    char::from(byte as u8)
}
