//! The rights of the role.

use super::platform::Platform;
use super::{ask, failed};
use crate::codes;
use crate::publication::{self, Listed};
use crate::settings::{PublicationMode, Settings};
use crate::transport::identifier;
use tokio_postgres::Client;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// Managed servers give the right to replicate by membership in a role of their own.
const MAY_REPLICATE: &str = "SELECT (SELECT rolsuper OR rolreplication FROM pg_roles \
    WHERE rolname = current_user) OR EXISTS (SELECT 1 FROM pg_roles \
    WHERE rolname IN ('rds_replication', 'rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin') \
      AND pg_has_role(current_user, oid, 'MEMBER'))";

/// Whether the role may replicate.
pub(super) async fn check(
    client: &Client,
    settings: &Settings,
    platform: Platform,
) -> Result<Vec<Finding>> {
    if ask(client, MAY_REPLICATE).await? {
        return Ok(Vec::new());
    }
    let message = format!("The role \"{}\" may not replicate.", settings.user);
    let fix = format!("Run {}", platform.may_replicate(&settings.user));
    Ok(vec![Finding::error(codes::RIGHT, message, fix)])
}

/// Whether the role may create the publication that does not exist yet.
pub(super) async fn may_publish(
    client: &Client,
    settings: &Settings,
    create: &str,
) -> Result<Vec<Finding>> {
    let name = &settings.publication;
    let (user, database) = (identifier(&settings.user), identifier(&settings.dbname));
    let (code, message) = match settings.publication_mode {
        PublicationMode::Existing => {
            (codes::PUBLICATION_MISSING, format!("The publication \"{name}\" does not exist."))
        }
        PublicationMode::AllTables => {
            let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
            if ask(client, sql).await? {
                return Ok(Vec::new());
            }
            (codes::RIGHT, "Only a superuser can create a publication of all tables.".to_owned())
        }
        PublicationMode::Filtered => {
            let sql = "SELECT has_database_privilege(current_database(), 'CREATE')";
            if ask(client, sql).await? {
                return owners(client, settings, create).await;
            }
            (codes::RIGHT, format!("The role {user} may not create the publication \"{name}\"."))
        }
    };
    let fix = match settings.publication_mode {
        PublicationMode::Filtered => format!("Run GRANT CREATE ON DATABASE {database} TO {user};"),
        _ => format!("As a superuser run {create}; and set publication_mode = \"existing\"."),
    };
    Ok(vec![Finding::error(code, message, fix)])
}

/// Only the owner of a table may add it to a publication.
async fn owners(client: &Client, settings: &Settings, create: &str) -> Result<Vec<Finding>> {
    let sql = "SELECT n.nspname::text, c.relname::text FROM pg_class c \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 \
                 AND NOT pg_has_role(current_user, c.relowner, 'USAGE') ORDER BY 1, 2";
    let mut others = Vec::new();
    for row in client.query(sql, &[]).await.map_err(failed)? {
        let schema: String = row.try_get(0).map_err(failed)?;
        let name: String = row.try_get(1).map_err(failed)?;
        if (settings.selection)(&schema, &name) {
            others.push(format!("{schema}.{name}"));
        }
    }
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let message = format!(
        "The role \"{}\" does not own {}, so it cannot publish them.",
        settings.user,
        others.join(", ")
    );
    let fix = format!("As their owner run {create}; and set publication_mode = \"existing\".");
    Ok(vec![Finding::error(codes::RIGHT, message, fix)])
}

/// Whether the role may add tables to our publication: it has to own both.
pub(super) async fn may_add(
    client: &Client,
    settings: &Settings,
    missing: &[&Listed],
) -> Result<Vec<Finding>> {
    let sql = "SELECT pg_has_role(current_user, pubowner, 'USAGE') \
                   AND (SELECT bool_and(pg_has_role(current_user, relowner, 'USAGE')) \
                        FROM pg_class WHERE oid = ANY($2)) \
               FROM pg_publication WHERE pubname = $1";
    let name = &settings.publication;
    let oids: Vec<u32> = missing.iter().map(|listed| listed.oid).collect();
    let row = client.query_opt(sql, &[name, &oids]).await.map_err(failed)?;
    let may = row.map(|row| row.try_get::<_, Option<bool>>(0)).transpose().map_err(failed)?;
    if may.flatten().unwrap_or(true) {
        return Ok(Vec::new());
    }
    let tables: Vec<_> = missing.iter().map(|listed| listed.table.clone()).collect();
    let list = tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = format!(
        "The publication \"{name}\" does not hold {list}, and the role \"{}\" may not add them.",
        settings.user
    );
    let fix = format!(
        "As the owner of the publication and the tables run {};",
        publication::add_tables(name, &tables)
    );
    Ok(vec![Finding::error(codes::RIGHT, message, fix)])
}
