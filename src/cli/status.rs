//! `walbrook status`: a table of connectors, and below it what needs somebody.

use super::api::{Client, Failure};
use super::arguments::Status;
use super::{FAILED, runtime};
use reqwest::Method;
use serde_json::Value;
use std::fmt::Write;
use std::process::ExitCode;

/// Shows what a running daemon is doing.
pub(super) fn status(arguments: &Status) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let client = match Client::new(&arguments.interface) {
        Ok(client) => client,
        Err(failure) => return failure.tell(),
    };
    if arguments.watch {
        return super::watch::watch(&runtime, client, arguments.name.as_deref());
    }
    match runtime.block_on(ask(&client, arguments.name.as_deref())) {
        Ok((statuses, raw)) => {
            if arguments.json {
                println!("{raw:#}");
            } else {
                print!("{}", table(&statuses));
            }
            let failed = statuses.iter().any(|one| ["failed", "fenced"].contains(&phase(one)));
            if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS }
        }
        Err(failure) => failure.tell(),
    }
}

/// The statuses, and the answer as it was given.
pub(super) async fn ask(
    client: &Client,
    name: Option<&str>,
) -> Result<(Vec<Value>, Value), Failure> {
    if let Some(name) = name {
        let one = client.of(Method::GET, name, "/status", None).await?;
        return Ok((vec![one.clone()], one));
    }
    let answer = client.get("/connectors?expand=status").await?;
    let all = answer.as_object().into_iter().flat_map(|all| all.values());
    let statuses = all.filter_map(|one| one.get("status").cloned()).collect();
    Ok((statuses, answer))
}

pub(super) fn ours<'a>(status: &'a Value, key: &str) -> &'a Value {
    status.get("walbrook").and_then(|ours| ours.get(key)).unwrap_or(&Value::Null)
}

pub(super) fn phase(status: &Value) -> &str {
    ours(status, "phase").as_str().unwrap_or("unknown")
}

/// The table, then one paragraph for each connector that has something to say.
pub(super) fn table(statuses: &[Value]) -> String {
    let head = ["NAME", "PHASE", "LAG", "BEHIND", "RETAINED", "RECORDS", "SNAPSHOT"];
    let mut rows: Vec<Vec<String>> = vec![head.iter().map(|&word| word.to_owned()).collect()];
    rows.extend(statuses.iter().map(row));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        // Writing to a String does not fail.
        let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    for status in statuses {
        let error = ours(status, "error");
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        if error.is_object() {
            let name = status.get("name").and_then(Value::as_str).unwrap_or_default();
            let _ = writeln!(out, "\n{name}: {} {}", text("code"), text("message"));
            if !text("fix").is_empty() {
                let _ = writeln!(out, "  = {}", text("fix"));
            }
        }
    }
    out
}

fn row(status: &Value) -> Vec<String> {
    let number = |key: &str| ours(status, key).as_u64().unwrap_or_default();
    let seconds = ours(status, "lag_seconds").as_f64().unwrap_or_default();
    vec![
        status.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        phase(status).to_owned(),
        ours(status, "lag_bytes").as_u64().map_or_else(|| "-".to_owned(), size),
        format!("{seconds:.1} s"),
        size(number("retained_bytes")),
        number("records").to_string(),
        snapshot(status),
    ]
}

/// `12 of 40 tables, 31 %, 2 min left`
fn snapshot(status: &Value) -> String {
    let tables = ours(status, "snapshot").as_array().map(Vec::as_slice).unwrap_or_default();
    if tables.is_empty() {
        return "-".to_owned();
    }
    let done = |table: &&Value| table.get("done").and_then(Value::as_bool).unwrap_or_default();
    let finished = tables.iter().filter(done).count();
    if finished == tables.len() {
        return "done".to_owned();
    }
    let number = |table: &Value, key: &str| table.get(key).and_then(Value::as_u64).unwrap_or(0);
    let total: u64 = tables.iter().map(|table| number(table, "bytes_total")).sum();
    let read = tables
        .iter()
        .map(|table| number(table, if done(&table) { "bytes_total" } else { "bytes" }));
    let percent = read.sum::<u64>().saturating_mul(100).checked_div(total).unwrap_or(0).min(100);
    let mut out = format!("{finished} of {} tables, {percent} %", tables.len());
    if let Some(seconds) = ours(status, "eta_seconds").as_u64() {
        let left =
            if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) };
        let _ = write!(out, ", {left} left");
    }
    out
}

pub(super) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_with_what_needs_somebody_below() {
        let progress = |bytes: u64, done: bool| json!({"table": "s.t", "rows": 1, "bytes": bytes, "bytes_total": 200, "done": done});
        let statuses = [
            json!({"name": "crm", "walbrook": {"phase": "snapshotting", "lag_bytes": 5_000_000, "lag_seconds": 0.0,
                "retained_bytes": 16_000_000_000_u64, "records": 12, "eta_seconds": 300,
                "snapshot": [progress(100, false), progress(200, true)], "error": null}}),
            json!({"name": "shop", "walbrook": {"phase": "failed", "lag_seconds": 1.25, "records": 7,
                "error": {"code": "WB-PG-014", "message": "The slot is lost.", "fix": "Run `walbrook snapshot start shop`."}}}),
        ];
        insta::assert_snapshot!("table", table(&statuses));
    }
}
