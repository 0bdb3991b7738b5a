//! The selected tables.

use crate::codes;
use crate::settings::Settings;
use crate::source::tables;
use mysql_async::Conn;
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// Whether there are any, and whether each can be read beside the log.
pub(super) async fn check(conn: &mut Conn, settings: &Settings) -> Result<Vec<Finding>> {
    let tables = tables::selected(conn, settings).await?;
    if tables.is_empty() {
        let message = "No table is selected, or the account may not see any that is.";
        let fix = "Correct `tables`, which names DATABASE.TABLE, or grant SELECT on them.";
        return Ok(vec![Finding::warning(codes::NO_TABLES, message, fix)]);
    }
    let plain = tables.iter().filter(|table| !table.engine.eq_ignore_ascii_case("InnoDB"));
    let finding = |table: &tables::Listed| {
        let message = format!(
            "Table {} is kept in {}, which has no consistent reads: rows changed while it is \
             read may be told twice.",
            table.table, table.engine
        );
        let (database, name) = (&table.table.schema, &table.table.name);
        let fix = format!("Run ALTER TABLE `{database}`.`{name}` ENGINE = InnoDB;");
        Finding::warning(codes::ENGINE, message, fix)
    };
    Ok(plain.map(finding).collect())
}
