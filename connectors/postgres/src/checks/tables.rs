//! The selected tables: that there are any, that they may be read, that their changes name rows.

use super::failed;
use crate::codes;
use crate::publication::Listed;
use crate::settings::Settings;
use crate::transport::identifier;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// May be read; may be reached; has what tells its rows apart in updates and deletes.
const SQL: &str = "SELECT c.oid, has_table_privilege(c.oid, 'SELECT'), \
        has_schema_privilege(c.relnamespace, 'USAGE'), \
        CASE c.relreplident WHEN 'f' THEN true WHEN 'n' THEN false \
        WHEN 'i' THEN EXISTS (SELECT 1 FROM pg_index WHERE indrelid = c.oid AND indisreplident) \
        ELSE EXISTS (SELECT 1 FROM pg_index WHERE indrelid = c.oid AND indisprimary) END \
    FROM pg_class c WHERE c.oid = ANY($1)";

pub(super) async fn check(
    client: &Client,
    settings: &Settings,
    wanted: &[Listed],
) -> Result<Vec<Finding>> {
    if wanted.is_empty() {
        return Ok(vec![Finding::error(
            codes::NO_TABLES,
            "No table of the database matches `tables`.",
            "Correct `tables` and `exclude_tables`; \\dt *.* in psql lists what there is.",
        )]);
    }
    let oids: Vec<u32> = wanted.iter().map(|listed| listed.oid).collect();
    let user = identifier(&settings.user);
    let mut findings = Vec::new();
    let rows = client.query(SQL, &[&oids]).await.map_err(failed)?;
    for listed in wanted {
        // One that was dropped in between is no finding.
        let row =
            rows.iter().find(|row| row.try_get::<_, u32>(0).is_ok_and(|oid| oid == listed.oid));
        let Some(row) = row else { continue };
        let select: bool = row.try_get(1).map_err(failed)?;
        let usage: bool = row.try_get(2).map_err(failed)?;
        let identity: bool = row.try_get(3).map_err(failed)?;
        let readable =
            (select && usage) || !settings.initial.reads(&listed.table.schema, &listed.table.name);
        findings.extend(findings_of(listed, &user, readable, identity));
    }
    Ok(findings)
}

fn findings_of(listed: &Listed, user: &str, readable: bool, identity: bool) -> Vec<Finding> {
    let table = &listed.table;
    let name = format!("{}.{}", identifier(&table.schema), identifier(&table.name));
    let mut findings = Vec::new();
    if !readable {
        findings.push(Finding::error(
            codes::SELECT,
            format!("The table {table} may not be read."),
            format!(
                "Run GRANT USAGE ON SCHEMA {} TO {user}; GRANT SELECT ON {name} TO {user};",
                identifier(&table.schema)
            ),
        ));
    }
    if !identity && !listed.partitioned {
        findings.push(Finding::warning(
            codes::REPLICA_IDENTITY,
            format!(
                "The table {table} has no replica identity: once it is published, the server \
                 refuses its updates and deletes."
            ),
            format!("Add a primary key, or run ALTER TABLE {name} REPLICA IDENTITY FULL;"),
        ));
    }
    findings
}
