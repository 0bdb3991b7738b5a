//! The least that the role needs, as SQL for an administrator to read and run.

use crate::checks::platform::Platform;
use crate::publication::{Listed, create_statement};
use crate::settings::{PublicationMode, Settings};
use crate::transport::identifier;
use std::collections::BTreeSet;
use std::fmt::Write;
use walbrook_core::layout::Table;

/// What the statements are about.
struct Names<'a> {
    user: &'a str,
    database: &'a str,
    slot: &'a str,
    publication: &'a str,
    mode: PublicationMode,
}

/// The statements, with what they are for. Without `wanted` the tables are not known.
pub(super) fn script(settings: &Settings, platform: Platform, wanted: &[Listed]) -> String {
    let names = Names {
        user: &settings.user,
        database: &settings.dbname,
        slot: &settings.slot,
        publication: &settings.publication,
        mode: settings.publication_mode,
    };
    write(&names, platform, wanted)
}

fn write(names: &Names<'_>, platform: Platform, wanted: &[Listed]) -> String {
    let (user, database) = (identifier(names.user), identifier(names.database));
    let mut out = String::new();
    let mut say = |line: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(out, "{line}");
    };
    say(&format!(
        "-- Run as an administrator in database {database}{}.",
        platform.name().map(|name| format!(" on {name}")).unwrap_or_default()
    ));
    say("-- The role reads rows and the log, and writes nothing.");
    say(&format!("CREATE ROLE {user} LOGIN;  -- then give it a password: \\password {user}"));
    say(&platform.may_replicate(names.user));
    say(&format!("GRANT CONNECT ON DATABASE {database} TO {user};"));
    if wanted.is_empty() {
        say("-- The tables are not known: the server was not reached, or has none of them.");
        say(&format!("GRANT USAGE ON SCHEMA \"public\" TO {user};"));
        say(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA \"public\" TO {user};"));
    }
    let schemas: BTreeSet<&str> = wanted.iter().map(|listed| &*listed.table.schema).collect();
    for schema in schemas {
        say(&format!("GRANT USAGE ON SCHEMA {} TO {user};", identifier(schema)));
    }
    for Table { schema, name } in wanted.iter().map(|listed| &listed.table) {
        let table = format!("{}.{}", identifier(schema), identifier(name));
        say(&format!("GRANT SELECT ON {table} TO {user};"));
    }
    say("-- The publication, by the owner of the tables; then the role need not own anything:");
    say("-- set publication_mode = \"existing\" in the connector.");
    let leaves = wanted.iter().filter(|listed| listed.root.is_none());
    let tables: Vec<Table> = leaves.map(|listed| listed.table.clone()).collect();
    let create = create_statement(names.publication, names.mode, &tables);
    say(&format!("{create};"));
    say(&format!(
        "-- The slot \"{}\" is made by the first start. Do not make it by hand: one that nothing is",
        names.slot
    ));
    say("-- stored about is taken for somebody else's (WB-PG-080).");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_names_every_table() {
        let listed = |name: &str| Listed {
            table: Table::new("public", name),
            oid: 1,
            partitioned: false,
            root: None,
        };
        let names = Names {
            user: "walbrook",
            database: "shop",
            slot: "walbrook_walbrook_shop",
            publication: "walbrook_walbrook_shop",
            mode: PublicationMode::Filtered,
        };
        let script = write(&names, Platform::Rds, &[listed("a\"b"), listed("c")]);
        for part in [
            "GRANT rds_replication TO \"walbrook\";",
            "GRANT SELECT ON \"public\".\"a\"\"b\" TO \"walbrook\";",
            "CREATE PUBLICATION \"walbrook_walbrook_shop\" FOR TABLE ONLY \"public\".\"a\"\"b\", ONLY \
             \"public\".\"c\";",
            "on Amazon RDS",
        ] {
            assert!(script.contains(part), "{part} is missing in\n{script}");
        }
        assert_eq!(script.matches("GRANT USAGE ON SCHEMA").count(), 1);
    }
}
