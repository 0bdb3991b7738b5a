//! Publications: which tables the server sends.
//!
//! A publication must exist before the slot begins, because the server looks it up as of the time
//! of each change. Ours (`all-tables`, `filtered`) are created and completed; somebody else's
//! (`existing`) is looked at and never touched.

use crate::codes;
use crate::settings::{PublicationMode, Settings};
use crate::transport::{identifier, sql_error};
use std::collections::BTreeSet;
use tokio_postgres::Client;
use walbrook_core::error::{Error, Result};
use walbrook_core::layout::Table;

/// A table in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub table: Table,
    /// OID.
    pub oid: u32,
    /// Whether it is the root or a middle of a partition tree: it holds no rows itself.
    pub partitioned: bool,
    /// The topmost table of its partition tree, if it is a partition.
    pub root: Option<Table>,
}

/// A publication as the catalog shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// `FOR ALL TABLES`
    pub all_tables: bool,
    /// Kinds of change that it leaves out: `insert`, `update`, `delete`, `truncate`.
    pub left_out: Vec<&'static str>,
    /// Its tables, named one by one or through their schema or partition tree.
    pub tables: BTreeSet<Table>,
}

/// What [`ensure`] has done and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ensured {
    /// The publication was created.
    pub created: bool,
    /// Tables were added to it: their older rows are not in the stream.
    pub added: Vec<Table>,
    /// Selected tables that it does not hold and that are not ours to add.
    pub missing: Vec<Table>,
}

impl Publication {
    /// Whether changes of `listed` are sent.
    pub fn holds(&self, listed: &Listed) -> bool {
        self.all_tables
            || self.tables.contains(&listed.table)
            || listed.root.as_ref().is_some_and(|root| self.tables.contains(root))
    }
}

/// The ordinary and partitioned tables that are selected, in the order of their names.
pub async fn selected(client: &Client, settings: &Settings) -> Result<Vec<Listed>> {
    let sql = "SELECT n.nspname::text, c.relname::text, c.oid, c.relkind = 'p', \
                      rn.nspname::text, r.relname::text \
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid) \
               LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace \
               WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384 \
                 AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
               ORDER BY 1, 2";
    let failed = |error| sql_error(&error, "listing the tables");
    let mut tables = Vec::new();
    for row in client.query(sql, &[]).await.map_err(failed)? {
        let column = |number| row.try_get::<_, Option<String>>(number).map_err(failed);
        let (Some(schema), Some(name)) = (column(0)?, column(1)?) else { continue };
        if (settings.selection)(&schema, &name) {
            let root = column(4)?.zip(column(5)?).map(|(schema, name)| Table::new(schema, name));
            let oid = row.try_get(2).map_err(failed)?;
            let partitioned = row.try_get(3).map_err(failed)?;
            tables.push(Listed { table: Table::new(schema, name), oid, partitioned, root });
        }
    }
    Ok(tables)
}

/// Every table that there is, of any kind.
pub(crate) async fn relations(client: &Client) -> Result<BTreeSet<u32>> {
    let sql = "SELECT oid FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384";
    let rows = client.query(sql, &[]).await;
    let rows = rows.map_err(|error| sql_error(&error, "listing the tables"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Looks at the publication `name`.
pub async fn inspect(client: &Client, name: &str) -> Result<Option<Publication>> {
    let failed = |error| sql_error(&error, "looking at the publication");
    let sql = "SELECT puballtables, pubinsert, pubupdate, pubdelete, pubtruncate \
               FROM pg_publication WHERE pubname = $1";
    let Some(row) = client.query_opt(sql, &[&name]).await.map_err(failed)? else {
        return Ok(None);
    };
    let mut left_out = Vec::new();
    for (number, kind) in [(1, "insert"), (2, "update"), (3, "delete"), (4, "truncate")] {
        if !row.try_get::<_, bool>(number).map_err(failed)? {
            left_out.push(kind);
        }
    }
    // The view shows the leaves of a partition tree or its root; the table what was named.
    let sql = "SELECT schemaname::text, tablename::text FROM pg_publication_tables \
               WHERE pubname = $1 \
               UNION SELECT n.nspname::text, c.relname::text FROM pg_publication p \
               JOIN pg_publication_rel r ON r.prpubid = p.oid \
               JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE p.pubname = $1";
    let mut tables = BTreeSet::new();
    for row in client.query(sql, &[&name]).await.map_err(failed)? {
        let schema: String = row.try_get(0).map_err(failed)?;
        tables.insert(Table::new(schema, row.try_get::<_, String>(1).map_err(failed)?));
    }
    let all_tables = row.try_get(0).map_err(failed)?;
    Ok(Some(Publication { all_tables, left_out, tables }))
}

/// Makes the publication hold what is selected, where it is ours; otherwise says what it lacks.
pub async fn ensure(client: &Client, settings: &Settings) -> Result<Ensured> {
    let wanted = selected(client, settings).await?;
    let Some(found) = inspect(client, &settings.publication).await? else {
        return create(client, settings, &wanted).await;
    };
    let missing = lacking(&found, settings.publication_mode, &wanted);
    if missing.is_empty() || settings.publication_mode != PublicationMode::Filtered {
        return Ok(Ensured { missing, ..Ensured::default() });
    }
    run(client, &add_tables(&settings.publication, &missing), settings).await?;
    Ok(Ensured { added: missing, ..Ensured::default() })
}

/// Adds one table, where the publication is ours and lacks it.
pub(crate) async fn admit(
    client: &Client,
    settings: &Settings,
    name: &crate::resnapshot::Name,
) -> Result<()> {
    if settings.publication_mode != PublicationMode::Filtered {
        return Ok(());
    }
    let table = Table::new(name.schema.as_str(), name.name.as_str());
    let found = inspect(client, &settings.publication).await?;
    let listed = selected(client, settings).await?;
    let listed = listed.iter().find(|listed| listed.table == table);
    match (found, listed) {
        (Some(found), Some(listed)) if !found.holds(listed) => {
            tracing::info!(%table, "the table is added to the publication");
            run(client, &add_tables(&settings.publication, &[table]), settings).await
        }
        _ => Ok(()),
    }
}

/// Drops the publication; one that does not exist is dropped already.
pub async fn drop(client: &Client, name: &str) -> Result<()> {
    let sql = format!("DROP PUBLICATION IF EXISTS {}", identifier(name));
    client.batch_execute(&sql).await.map_err(|error| sql_error(&error, "dropping the publication"))
}

/// The selected tables that `found` does not hold. A partitioned table is sent through its leaves,
/// so it is missed only where we name the tables ourselves.
fn lacking(found: &Publication, mode: PublicationMode, wanted: &[Listed]) -> Vec<Table> {
    let counts = |it: &&Listed| !it.partitioned || mode == PublicationMode::Filtered;
    let lacks = |it: &&Listed| !found.holds(it);
    wanted.iter().filter(counts).filter(lacks).map(|it| it.table.clone()).collect()
}

async fn create(client: &Client, settings: &Settings, wanted: &[Listed]) -> Result<Ensured> {
    let name = &settings.publication;
    let tables: Vec<Table> = wanted.iter().map(|listed| listed.table.clone()).collect();
    let sql = create_statement(name, settings.publication_mode, &tables);
    if settings.publication_mode == PublicationMode::Existing {
        let message = format!("The publication \"{name}\" does not exist.");
        return Err(Error::definite(codes::PUBLICATION_MISSING, message).fix(format!("Run {sql};")));
    }
    if settings.publication_mode == PublicationMode::Filtered && tables.is_empty() {
        let message = "No table of the database matches `tables`, so there is nothing to publish.";
        return Err(Error::definite(codes::NO_TABLES, message)
            .fix("Correct `tables`, or create the tables first."));
    }
    run(client, &sql, settings).await?;
    Ok(Ensured { created: true, ..Ensured::default() })
}

/// Runs a statement that the role may lack the rights for; then somebody else has to.
async fn run(client: &Client, sql: &str, settings: &Settings) -> Result<()> {
    client.batch_execute(sql).await.map_err(|error| {
        let mut failure = sql_error(&error, "preparing the publication");
        if failure.code == codes::RIGHT {
            failure.fix = format!(
                "As an owner of the tables (a superuser for all tables) run {sql}; and set \
                 publication_mode = \"existing\", or GRANT CREATE ON DATABASE {} TO {};",
                identifier(&settings.dbname),
                identifier(&settings.user)
            );
        }
        failure
    })
}

/// The statement that creates what `mode` wants.
pub fn create_statement(name: &str, mode: PublicationMode, tables: &[Table]) -> String {
    let name = identifier(name);
    match mode {
        PublicationMode::AllTables => format!("CREATE PUBLICATION {name} FOR ALL TABLES"),
        _ if tables.is_empty() => format!("CREATE PUBLICATION {name} FOR ALL TABLES"),
        _ => format!("CREATE PUBLICATION {name} FOR TABLE {}", list(tables)),
    }
}

/// The statement that adds `tables`.
pub fn add_tables(name: &str, tables: &[Table]) -> String {
    format!("ALTER PUBLICATION {} ADD TABLE {}", identifier(name), list(tables))
}

/// `ONLY`: what inherits from a table is named by itself if it is wanted.
fn list(tables: &[Table]) -> String {
    let one = |it: &Table| format!("ONLY {}.{}", identifier(&it.schema), identifier(&it.name));
    tables.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, partitioned: bool, root: Option<&str>) -> Listed {
        let root = root.map(|root| Table::new("public", root));
        Listed { table: Table::new("public", name), oid: 1, partitioned, root }
    }

    #[test]
    fn a_partition_is_held_through_its_root() {
        let tables = BTreeSet::from([Table::new("public", "a"), Table::new("public", "root")]);
        let found = Publication { all_tables: false, left_out: Vec::new(), tables };
        let wanted = [
            listed("a", false, None),
            listed("b", false, None),
            listed("leaf", false, Some("root")),
            listed("tree", true, None),
        ];
        let names = |mode| {
            lacking(&found, mode, &wanted).iter().map(|t| t.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(PublicationMode::Existing), ["b"]);
        assert_eq!(names(PublicationMode::Filtered), ["b", "tree"]);
        let all = Publication { all_tables: true, ..found };
        assert!(lacking(&all, PublicationMode::Filtered, &wanted).is_empty());
    }

    #[test]
    fn statements_quote_names() {
        let tables = [Table::new("public", "a\"b"), Table::new("S", "t")];
        assert_eq!(
            create_statement("p", PublicationMode::Filtered, &tables),
            "CREATE PUBLICATION \"p\" FOR TABLE ONLY \"public\".\"a\"\"b\", ONLY \"S\".\"t\""
        );
        assert_eq!(
            add_tables("p", &tables[1..]),
            "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"S\".\"t\""
        );
    }
}
