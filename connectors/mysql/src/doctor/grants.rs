//! The least that the account needs, as SQL for an administrator to read and run.

use crate::checks::account::{needed, quoted as account};
use crate::flavor::Flavor;
use crate::settings::Settings;
use crate::source::tables::quoted;
use std::fmt::Write;
use walbrook_core::layout::Table;

/// The statements, with what they are for. Without `tables` they are not known.
pub(super) fn script(settings: &Settings, flavor: Flavor, tables: &[(Table, bool)]) -> String {
    write((&settings.user, settings.database.as_deref()), flavor, tables)
}

fn write(
    (user, database): (&str, Option<&str>),
    flavor: Flavor,
    tables: &[(Table, bool)],
) -> String {
    let user = account(&format!("{user}@%"));
    let mut out = String::new();
    let mut say = |line: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(out, "{line}");
    };
    say("-- Run as an administrator. Narrow '%' to the host that the daemon runs on.");
    say(&format!("CREATE USER IF NOT EXISTS {user} IDENTIFIED BY 'change me';"));
    say("-- Reading the log: global by nature, of every database of the server.");
    let [(_, read), (_, watch)] = needed(flavor);
    say(&format!("GRANT {read}, {watch} ON *.* TO {user};"));
    say("-- Reading rows and structures. Nothing is written, and no table is locked.");
    if tables.is_empty() {
        say("-- The tables are not known: the server was not reached, or shows none of them.");
        let database = database.unwrap_or("DATABASE").replace('`', "``");
        say(&format!("GRANT SELECT ON `{database}`.* TO {user};"));
    }
    for (table, _) in tables {
        say(&format!("GRANT SELECT ON {} TO {user};", quoted(table)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_names_every_table() {
        let tables = [(Table::new("shop", "a`b"), true)];
        let script = write(("walbrook", None), Flavor::MariaDb, &tables);
        for part in [
            "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO 'walbrook'@'%';",
            "GRANT SELECT ON `shop`.`a``b` TO 'walbrook'@'%';",
        ] {
            assert!(script.contains(part), "{part} is missing in\n{script}");
        }
    }
}
