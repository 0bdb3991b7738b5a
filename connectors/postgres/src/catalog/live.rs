//! The catalog of a running server.

use super::structure::{Category, Column, Structure, Type, VERSION};
use super::{Catalog, Default, failed};
use crate::pgoutput::Relation;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::types::Type as Builtin;
use tokio_postgres::{Client, Row};
use walbrook_core::error::Result;
use walbrook_core::resolve::Answer;

/// How a session must be set for the catalog's expressions to be in the form of the codecs.
pub const SESSION: &str = "SET lock_timeout = '2s'; SET statement_timeout = '30s'; \
    SET search_path = pg_catalog; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; \
    SET timezone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex'";

const COLUMNS: &str = "
    SELECT a.attname::text, a.attnum, a.atttypid, a.atttypmod,
        a.attnotnull OR (t.typtype = 'd' AND t.typnotnull),
        CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        a.attidentity <> '', a.attgenerated <> '', c.relkind
    FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.oid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum";

const KEYS: &str = "
    SELECT i.indisprimary, array_agg(a.attname::text ORDER BY k.n)
    FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(number, n)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
        AND i.indexprs IS NULL AND k.n <= i.indnkeyatts
    GROUP BY i.indexrelid, i.indisprimary, c.relname
    ORDER BY i.indisprimary DESC, c.relname";

const TYPES: &str = "
    WITH RECURSIVE needed(oid) AS (
        SELECT unnest($1::oid[])
        UNION
        SELECT v.inner_oid FROM needed JOIN pg_type t USING (oid)
            CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) v(inner_oid)
        WHERE v.inner_oid <> 0)
    SELECT t.oid, t.typname::text, t.typtype, t.typcategory, t.typbasetype, t.typtypmod, t.typelem,
        (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
            FROM pg_enum e WHERE e.enumtypid = t.oid)
    FROM pg_type t JOIN needed USING (oid)";

/// The catalog of a running server, over one session of its own.
#[derive(Debug)]
pub struct Live {
    client: Client,
}

impl Live {
    /// Prepares the session of `client` for questions.
    pub async fn open(client: Client) -> Result<Self> {
        client.batch_execute(SESSION).await.map_err(|e| failed("its settings", &e))?;
        Ok(Self { client })
    }

    /// Whether the session has ended.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The session, for other questions.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn resolve(&self, relation: &Relation) -> Result<Option<Structure>> {
        let unknown = unknown_types(relation);
        let (columns, keys, types) = futures_util::future::try_join3(
            self.client.query(COLUMNS, &[&relation.oid]),
            self.client.query(KEYS, &[&relation.oid]),
            self.client.query(TYPES, &[&unknown]),
        )
        .await
        .map_err(|e| failed(&format!("table {}.{}", relation.schema, relation.name), &e))?;
        let kind = columns.first().map(|row| char::from(row.get::<_, i8>(8) as u8));
        let mut structure = Structure {
            version: VERSION,
            kind,
            columns: columns.iter().map(column).collect(),
            primary: Vec::new(),
            unique: Vec::new(),
            types: types.iter().filter_map(kind_of_type).collect::<BTreeMap<_, _>>(),
        };
        for row in &keys {
            let names: Vec<String> = row.get(1);
            if row.get::<_, bool>(0) {
                structure.primary = names;
            } else if structure.unique.is_empty() {
                structure.unique = names;
            }
        }
        let gone = structure.columns.is_empty() && structure.types.is_empty();
        Ok((!gone).then_some(structure))
    }
}

impl Catalog for Live {
    fn structure<'a>(&'a self, relation: &'a Relation) -> Answer<'a, Option<Structure>> {
        Box::pin(self.resolve(relation))
    }
}

/// Types of the columns that are not built in.
fn unknown_types(relation: &Relation) -> Vec<u32> {
    let unknown = relation
        .columns
        .iter()
        .map(|column| column.type_oid)
        .filter(|oid| Builtin::from_oid(*oid).is_none())
        .collect::<BTreeSet<_>>();
    unknown.into_iter().collect()
}

fn column(row: &Row) -> Column {
    Column {
        name: row.get(0),
        number: row.get(1),
        type_oid: row.get(2),
        typmod: row.get(3),
        not_null: row.get(4),
        default: row.get::<_, Option<&str>>(5).map(Default::parse).unwrap_or_default(),
        identity: row.get(6),
        generated: row.get(7),
    }
}

fn kind_of_type(row: &Row) -> Option<(u32, Type)> {
    let oid: u32 = row.get(0);
    if Builtin::from_oid(oid).is_some() {
        return None;
    }
    let (kind, class) = (row.get::<_, i8>(2) as u8, row.get::<_, i8>(3) as u8);
    let element: u32 = row.get(6);
    let category = match kind {
        b'e' => Category::Enum(row.get::<_, Option<Vec<String>>>(7).unwrap_or_default()),
        b'd' => Category::Domain { base: row.get(4), typmod: row.get(5) },
        b'r' => Category::Range,
        b'm' => Category::Multirange,
        b'c' => Category::Composite,
        b'b' if class == b'A' && element != 0 => Category::Array(element),
        b'b' => Category::Base,
        _ => Category::Other,
    };
    Some((oid, Type { name: row.get(1), category }))
}
