//! What the first snapshot reads of a table, where that is not all of it: that the server takes it,
//! and that it fits the table.

use crate::codes;
use crate::publication::Listed;
use crate::settings::{Settings, SnapshotMode};
use crate::snapshot::rows::{fit, key};
use tokio_postgres::Client;
use walbrook_core::error::{Error, Result};
use walbrook_core::finding::Finding;

pub(super) async fn check(
    client: &Client,
    settings: &Settings,
    wanted: &[Listed],
) -> Result<Vec<Finding>> {
    if settings.snapshot_mode == SnapshotMode::NoData {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    for (name, rows) in settings.initial.rows.iter() {
        let Some(listed) = wanted.iter().find(|listed| listed.table.to_string() == *name) else {
            findings.push(unknown(name));
            continue;
        };
        let table = &listed.table;
        if listed.partitioned {
            let message = format!("`snapshot_rows` names {name}, which is partitioned.");
            let fix = "Name its partitions, which are read one by one.";
            findings.push(Finding::warning(codes::SNAPSHOT_ROWS, message, fix));
            continue;
        }
        if !settings.initial.reads(&table.schema, &table.name) {
            continue;
        }
        let key = key(client, table).await?;
        match fit(client, (listed.oid, table), rows, &key).await {
            Ok(_) => {}
            Err(Error { code: codes::SNAPSHOT_ROWS, message, fix, .. }) => {
                findings.push(Finding::error(codes::SNAPSHOT_ROWS, message, fix));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}

fn unknown(name: &str) -> Finding {
    let message = format!("`snapshot_rows` names {name}, which is not captured.");
    let fix = "Correct the name, which is told from others by its case too, or `tables`.";
    Finding::warning(codes::SNAPSHOT_ROWS, message, fix)
}
