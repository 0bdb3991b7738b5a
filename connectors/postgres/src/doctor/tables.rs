//! What the log or the role does not show of a table, and which tables have a key.

use super::rows;
use crate::codes;
use crate::publication::Listed;
use crate::settings::Settings;
use crate::transport::identifier;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;
use walbrook_core::layout::Table;

/// The primary key, or what the replica identity names in its stead.
const KEYED: &str = "SELECT c.oid, EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid \
        AND (i.indisprimary OR (c.relreplident = 'i' AND i.indisreplident))) \
    FROM pg_class c WHERE c.oid = ANY($1)";

/// Row-level security that holds for this role.
const HIDDEN: &str = "SELECT c.oid FROM pg_class c JOIN pg_roles r ON r.rolname = current_user \
    WHERE c.oid = ANY($1) AND c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls \
      AND (c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'USAGE'))";

/// Selected tables whose changes are not logged. Those of a session are of no interest to others.
const UNLOGGED: &str = "SELECT n.nspname::text, c.relname::text FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'u' AND c.oid >= 16384 ORDER BY 1, 2";

pub(super) async fn findings(
    client: &Client,
    settings: &Settings,
    wanted: &[Listed],
) -> Result<Vec<Finding>> {
    let oids: Vec<u32> = wanted.iter().map(|listed| listed.oid).collect();
    let hidden: Vec<u32> = rows(client, HIDDEN, &[&oids], |row| row.try_get(0)).await?;
    let mut findings = Vec::new();
    for listed in wanted.iter().filter(|listed| hidden.contains(&listed.oid)) {
        let message = format!(
            "Row-level security of table {} holds for the role \"{}\": a snapshot would miss rows.",
            listed.table, settings.user
        );
        let fix = format!("Run ALTER ROLE {} BYPASSRLS;", identifier(&settings.user));
        findings.push(Finding::error(codes::ROW_SECURITY, message, fix));
    }
    for (table, _) in keyed(client, wanted).await?.into_iter().filter(|(_, keyed)| !keyed) {
        let message = format!(
            "Table {table} has no key: its records have none either, so their order holds in one \
             partition only and the topic cannot be compacted."
        );
        let name = format!("{}.{}", identifier(&table.schema), identifier(&table.name));
        let fix = format!(
            "Run ALTER TABLE {name} ADD PRIMARY KEY (…); or name columns in `keys` of the connector."
        );
        findings.push(Finding::warning(codes::NO_KEY, message, fix));
    }
    findings.extend(unlogged(client, settings).await?);
    Ok(findings)
}

/// The tables that hold rows, and whether each has a key.
pub(super) async fn keyed(client: &Client, wanted: &[Listed]) -> Result<Vec<(Table, bool)>> {
    let oids: Vec<u32> = wanted.iter().map(|listed| listed.oid).collect();
    let keyed: Vec<(u32, bool)> =
        rows(client, KEYED, &[&oids], |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
    let has = |oid| keyed.iter().any(|&(other, keyed)| other == oid && keyed);
    let tables = wanted.iter().filter(|listed| !listed.partitioned);
    Ok(tables.map(|listed| (listed.table.clone(), has(listed.oid))).collect())
}

async fn unlogged(client: &Client, settings: &Settings) -> Result<Vec<Finding>> {
    let all: Vec<(String, String)> =
        rows(client, UNLOGGED, &[], |row| Ok((row.try_get(0)?, row.try_get(1)?))).await?;
    let selected = all.iter().filter(|(schema, name)| (settings.selection)(schema, name));
    let finding = |(schema, name): &(String, String)| {
        let message = format!(
            "Table {schema}.{name} is unlogged: none of its changes reach the log, so it is not \
             captured."
        );
        let name = format!("{}.{}", identifier(schema), identifier(name));
        let fix = format!("Run ALTER TABLE {name} SET LOGGED; or name it in `exclude_tables`.");
        Finding::warning(codes::UNLOGGED, message, fix)
    };
    Ok(selected.map(finding).collect())
}
