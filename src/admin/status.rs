//! Kafka Connect's picture of a connector, with ours under `walbrook`.

use super::board::{ConnectorStatus, Phase, now_us};
use super::job;
use super::lag::Lag;
use serde_json::{Map, Value, json};
use std::time::UNIX_EPOCH;

/// Connect's words for a connector and for its task.
fn states(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Starting
        | Phase::Snapshotting
        | Phase::Streaming
        | Phase::Retrying
        | Phase::Finished => ("RUNNING", "RUNNING"),
        Phase::Paused => ("PAUSED", "PAUSED"),
        Phase::Stopped => ("STOPPED", ""),
        Phase::Fenced => ("FAILED", "FAILED"),
        Phase::Failed => ("RUNNING", "FAILED"),
    }
}

/// The answer to `GET /connectors/{name}/status`.
pub fn status(status: &ConnectorStatus, worker: &str) -> Value {
    let (connector, _) = states(status.phase);
    json!({
        "name": status.name,
        "connector": state(status, connector, worker, None),
        "tasks": task(status, worker).into_iter().collect::<Vec<_>>(),
        "type": "source",
        "walbrook": ours(status),
    })
}

/// The answer to `GET /connectors/{name}/tasks/0/status`; a stopped connector has no task.
pub fn task(status: &ConnectorStatus, worker: &str) -> Option<Value> {
    let (_, task) = states(status.phase);
    (!task.is_empty()).then(|| state(status, task, worker, Some(0)))
}

fn state(status: &ConnectorStatus, word: &str, worker: &str, id: Option<u32>) -> Value {
    let mut out = Map::new();
    if let Some(id) = id {
        out.insert("id".to_owned(), id.into());
    }
    out.insert("state".to_owned(), word.into());
    out.insert("worker_id".to_owned(), worker.into());
    if let (Some(error), "FAILED") = (&status.error, word) {
        out.insert("trace".to_owned(), error.to_string().into());
    }
    out.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    Value::Object(out)
}

/// Says of a status that the connector is being restarted, in Kafka Connect's word.
pub(super) fn restarting(status: &mut Value) {
    let restarting = Value::from("RESTARTING");
    if let Some(state) = status.pointer_mut("/connector/state") {
        *state = restarting.clone();
    }
    if let Some(state) = status.pointer_mut("/tasks/0/state") {
        *state = restarting;
    }
}

fn ours(status: &ConnectorStatus) -> Value {
    let lag = Lag::of(status, now_us());
    let since = status.since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let error = status.error.as_ref().map(
        |error| json!({ "code": error.code.as_str(), "message": error.message, "fix": error.fix }),
    );
    json!({
        "phase": status.phase,
        "since_ms": since.as_millis() as u64,
        "waiting": status.waiting,
        "position": status.position,
        "generation": status.generation,
        "lag_bytes": lag.bytes,
        "lag_seconds": lag.seconds,
        "retained_bytes": lag.retained,
        "retained": status.kept,
        "snapshot": status.snapshot,
        "eta_seconds": eta(status),
        "resnapshots": status.resnapshots.iter().map(job::shown).collect::<Vec<_>>(),
        "records": status.records,
        "transactions": status.transactions,
        "bytes": status.bytes,
        "splits": status.splits,
        "poison": status.poison.json(),
        "retries": status.retries,
        "error": error,
    })
}

/// Seconds until the snapshot ends, if it goes on as it did so far in this run.
pub(super) fn eta(status: &ConnectorStatus) -> Option<u64> {
    if status.phase != Phase::Snapshotting {
        return None;
    }
    let (began, first) = status.snapshot_begun?;
    let (mut read, mut total) = (0_u64, 0_u64);
    for table in &status.snapshot {
        read += if table.done { table.bytes_total } else { table.bytes };
        total += table.bytes_total.max(table.bytes);
    }
    let elapsed = began.elapsed().as_secs_f64();
    let rate = read.saturating_sub(first) as f64 / elapsed.max(0.001);
    (rate > 0.0 && elapsed >= 1.0).then(|| (total.saturating_sub(read) as f64 / rate) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::board::{Board, Delivered};
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::Ordering::Relaxed;
    use walbrook_core::error::{Code, Error};
    use walbrook_core::source::Gauges;

    #[test]
    fn a_running_connector_looks_as_in_kafka_connect() {
        let board = Board::new();
        board.add("shop--1", "mysql", BTreeMap::new()).phase(Phase::Snapshotting);
        let got = status(&board.get("shop--1").unwrap(), "127.0.0.1:8083");
        let version = env!("CARGO_PKG_VERSION");
        let worker = "127.0.0.1:8083";
        let connector = json!({ "state": "RUNNING", "worker_id": worker, "version": version });
        assert_eq!(got["connector"], connector);
        let task =
            json!([{ "id": 0, "state": "RUNNING", "worker_id": worker, "version": version }]);
        assert_eq!(got["tasks"], task);
        assert_eq!(
            (&got["type"], &got["walbrook"]["phase"]),
            (&json!("source"), &json!("snapshotting"))
        );
    }

    #[test]
    fn a_failure_is_in_the_trace_of_the_task_and_a_fence_in_both() {
        let board = Board::new();
        let entry = board.add("a", "mysql", BTreeMap::new());
        let error = Error::definite(Code::new("WB-X-002"), "It broke.").fix("Mend it.");
        entry.ended(Phase::Failed, &error);
        let got = status(&board.get("a").unwrap(), "w");
        assert_eq!(got["connector"]["state"], "RUNNING");
        assert_eq!(got["tasks"][0]["trace"], "WB-X-002 It broke. Mend it.");
        assert_eq!(got["walbrook"]["error"]["fix"], "Mend it.");
        entry.ended(Phase::Fenced, &error);
        let got = status(&board.get("a").unwrap(), "w");
        assert_eq!(
            (&got["connector"]["state"], &got["tasks"][0]["state"]),
            (&json!("FAILED"), &json!("FAILED"))
        );
        assert_eq!(got["connector"]["trace"], "WB-X-002 It broke. Mend it.");
    }

    #[test]
    fn lag_is_zero_when_all_that_was_received_is_delivered() {
        let board = Board::new();
        let entry = board.add("a", "mysql", BTreeMap::new());
        let gauges = Arc::new(Gauges::default());
        gauges.head.store(500, Relaxed);
        entry.gauges(gauges.clone());
        let before = status(&board.get("a").unwrap(), "w");
        assert!(before["walbrook"]["lag_bytes"].is_null(), "nothing is confirmed yet");
        gauges.confirmed.store(200, Relaxed);
        gauges.commit_us.store(now_us() - 3_000_000, Relaxed);
        let lag = Lag::of(&board.get("a").unwrap(), now_us());
        assert!(lag.bytes == Some(300) && (2.9..10.0).contains(&lag.seconds), "{lag:?}");
        let commit_us = Some(gauges.commit_us.load(Relaxed));
        entry.delivered(Delivered { records: 1, commit_us, ..Delivered::default() });
        assert_eq!(Lag::of(&board.get("a").unwrap(), now_us()).seconds, 0.0);
    }
}
