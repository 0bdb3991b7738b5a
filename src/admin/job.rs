//! A job of reading tables again as people may see it: a cursor is a row's key and is not shown.

use serde_json::{Value, json};
use walbrook_core::resnapshot::{Job, State};

/// The job as JSON.
pub fn shown(job: &Job) -> Value {
    let table = |(name, table): (&String, &walbrook_core::resnapshot::Table)| {
        json!({
            "table": name,
            "rows": table.rows,
            "rows_estimated": table.rows_estimated,
            "done": table.done,
        })
    };
    let error = match &job.state {
        State::Failed { code, message } => json!({ "code": code, "message": message }),
        _ => Value::Null,
    };
    json!({
        "id": job.wish.id,
        "state": word(&job.state),
        "reason": job.reason,
        "asked_ms": job.asked_us.div_euclid(1000),
        "patterns": job.wish.tables,
        "predicate": job.wish.predicate,
        "rows": job.tables.values().map(|table| table.rows).sum::<u64>(),
        "tables": job.tables.iter().map(table).collect::<Vec<_>>(),
        "error": error,
    })
}

fn word(state: &State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Running => "running",
        State::Done => "done",
        State::Stopped => "stopped",
        State::Failed { .. } => "failed",
    }
}
