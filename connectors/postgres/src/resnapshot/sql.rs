//! The statements of chunks.

use super::columns::Columns;
use super::{Chunk, Name};
use crate::transport::identifier;
use walbrook_core::chunk::Key;

/// Begins a short view of a table that nobody may define anew meanwhile. LOCK takes no snapshot:
/// that is taken by the statement after it.
pub(super) fn begin(table: &Name) -> String {
    format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '5s'; \
         SET LOCAL jit = off; LOCK TABLE ONLY {} IN ACCESS SHARE MODE",
        quoted(table)
    )
}

/// The table's name in statements.
pub(super) fn quoted(table: &Name) -> String {
    format!("{}.{}", identifier(&table.schema), identifier(&table.name))
}

/// Asks for the key of the `rows`th row behind `after`.
pub(super) fn bound(columns: &Columns, after: Option<&Key>, rows: u64) -> String {
    let behind = after.map(|after| format!(" WHERE {}", behind(columns, after)));
    format!(
        "SELECT {} FROM ONLY {}{} ORDER BY {} OFFSET {} LIMIT 1",
        columns.texts(),
        columns.table,
        behind.unwrap_or_default(),
        columns.list(),
        rows.saturating_sub(1)
    )
}

/// Reads the rows of a chunk. `filter` is the publication's.
pub(super) fn rows(chunk: &Chunk, select: &str, filter: Option<&str>) -> String {
    let columns = &*chunk.columns;
    let upto = |until: &Key| format!("({}) <= {}", columns.list(), columns.row(until));
    let conditions = [
        chunk.after.as_ref().map(|after| behind(columns, after)),
        chunk.until.as_ref().map(upto),
        chunk.predicate.as_ref().map(|predicate| format!("({predicate})")),
        filter.map(|filter| format!("({filter})")),
    ];
    let conditions = conditions.into_iter().flatten().collect::<Vec<_>>();
    let predicate = match conditions.is_empty() {
        true => String::new(),
        false => format!(" WHERE {}", conditions.join(" AND ")),
    };
    format!(
        "COPY (SELECT {select} FROM ONLY {}{predicate} ORDER BY {}) TO STDOUT",
        columns.table,
        columns.list()
    )
}

fn behind(columns: &Columns, after: &Key) -> String {
    format!("({}) > {}", columns.list(), columns.row(after))
}

/// The key of a table, in key order: its primary key, else its first unique index. The same choice
/// as for the key of its records.
pub(super) const KEY: &str = "
    SELECT c.oid, c.relreplident, c.reltuples::float8, pg_catalog.pg_relation_size(c.oid),
        pg_catalog.row_security_active(c.oid), a.attname::text,
        pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid, a.attnotnull,
        cn.nspname::text, co.collname::text,
        EXISTS (SELECT FROM pg_catalog.pg_index r WHERE r.indrelid = c.oid AND r.indisreplident
            AND a.attnum = ANY((r.indkey::int2[])[0:r.indnkeyatts - 1]))
    FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (SELECT i.* FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
            WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                AND i.indexprs IS NULL
            ORDER BY i.indisprimary DESC, ic.relname LIMIT 1) i ON true
        LEFT JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(number, n)
            ON k.n <= i.indnkeyatts
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
        LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
        LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
    WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'
    ORDER BY k.n";

/// What the log has told, and the time.
pub(super) const END: &str = "
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
        ELSE pg_catalog.pg_current_wal_insert_lsn() END::text,
        (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::int8";

/// Who is writing to the table $1 by now.
pub(super) const WRITERS: &str = "
    SELECT coalesce(array_agg(l.virtualtransaction), '{}') FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.granted AND l.relation = pg_catalog.to_regclass($1)::oid
        AND l.database = (SELECT oid FROM pg_catalog.pg_database
            WHERE datname = pg_catalog.current_database())
        AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
            'AccessExclusiveLock')";

/// Which transactions are seen.
pub(super) const VISIBLE: &str = "SELECT pg_catalog.pg_current_snapshot()::text";

/// Writes a little to the log, and no row: an idle server need not show its very end.
pub(super) const NUDGE: &str = "SELECT pg_catalog.pg_current_xact_id()::text";

/// Which server this is, and whether commits wait for standbys.
pub(super) const SERVER: &str = "
    SELECT system_identifier::text, pg_catalog.pg_is_in_recovery(),
        CASE WHEN NOT pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END,
        pg_catalog.current_setting('synchronous_standby_names') <> ''
    FROM pg_catalog.pg_control_system()";

#[cfg(test)]
mod tests {
    use super::super::columns::Column;
    use super::*;
    use std::sync::Arc;
    use walbrook_core::chunk::Part;

    #[test]
    fn a_chunk_is_read_between_its_ends() {
        let column = |name: &str| Column {
            name: name.into(),
            type_name: "bigint".into(),
            collation: None,
            kind: None,
        };
        let table = Name { schema: "s".into(), name: "t".into() };
        let columns = Columns { table: quoted(&table), columns: vec![column("a"), column("b")] };
        let key = |a, b| Some(Key(vec![Part::Number(a), Part::Number(b)]));
        let chunk = Chunk {
            table,
            columns: Arc::new(columns),
            after: key(1, 2),
            until: key(3, 4),
            predicate: Some("b > 5".into()),
            any_size: false,
            seen: Default::default(),
        };
        assert_eq!(
            rows(&chunk, "\"x\"", None),
            "COPY (SELECT \"x\" FROM ONLY \"s\".\"t\" WHERE (\"s\".\"t\".\"a\", \"s\".\"t\".\"b\") > \
             ('1'::bigint, '2'::bigint) AND (\"s\".\"t\".\"a\", \"s\".\"t\".\"b\") <= \
             ('3'::bigint, '4'::bigint) AND (b > 5) ORDER BY \"s\".\"t\".\"a\", \"s\".\"t\".\"b\") \
             TO STDOUT"
        );
        assert_eq!(
            bound(&chunk.columns, None, 100),
            "SELECT \"s\".\"t\".\"a\"::text, \"s\".\"t\".\"b\"::text FROM ONLY \"s\".\"t\" ORDER BY \
             \"s\".\"t\".\"a\", \"s\".\"t\".\"b\" OFFSET 99 LIMIT 1"
        );
    }
}
