//! JSON schemas of what is answered and asked: the components of the OpenAPI document.

use serde_json::{Value, json};

/// A reference to the component called `name`.
pub(super) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn maybe(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

fn whole() -> Value {
    json!({ "type": "integer" })
}

/// An object that has all of `properties`, and may have more.
fn object(properties: Value) -> Value {
    let names: Vec<String> =
        properties.as_object().into_iter().flat_map(|o| o.keys()).cloned().collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

/// Every component.
pub(super) fn components() -> Value {
    json!({
        "Problem": problem(),
        "Version": object(json!({ "version": text(), "commit": text(), "kafka_cluster_id": maybe("string") })),
        "Health": object(json!({ "status": text(), "message": text() })),
        "Config": { "type": "object", "additionalProperties": text() },
        "TaskId": object(json!({ "connector": text(), "task": whole() })),
        "TaskInfo": object(json!({ "id": named("TaskId"), "config": named("Config") })),
        "Info": object(json!({
            "name": text(), "config": named("Config"), "tasks": list(named("TaskId")), "type": text(),
        })),
        "State": state(json!({})),
        "TaskState": state(json!({ "id": whole() })),
        "Status": object(json!({
            "name": text(), "connector": named("State"), "tasks": list(named("TaskState")), "type": text(),
            "walbrook": named("Walbrook"),
        })),
        "Walbrook": walbrook(),
        "Topics": {
            "type": "object",
            "additionalProperties": object(json!({ "topics": list(text()) })),
        },
        "Offsets": offsets(),
        "OffsetChange": object(json!({
            "message": text(),
            "walbrook": object(json!({ "applied": { "type": "boolean" }, "message": text() })),
        })),
        "Wish": wish(),
        "Job": job(),
        "Dropped": object(json!({ "removed": list(text()) })),
        "Plugin": object(json!({ "class": text(), "type": text(), "version": text() })),
        "Level": object(json!({ "level": text(), "last_modified": maybe("integer") })),
    })
}

fn problem() -> Value {
    object(json!({
        "error_code": whole(), "message": text(), "type": text(), "title": text(), "status": whole(),
        "detail": text(), "code": { "type": "string", "pattern": "^WB-[A-Z]+-[0-9]{3}$" }, "fix": text(),
    }))
}

fn state(first: Value) -> Value {
    let mut state = object(first);
    if let Some(required) = state.pointer_mut("/required").and_then(Value::as_array_mut) {
        required.extend(["state", "worker_id", "version"].map(Value::from));
    }
    if let Some(properties) = state.pointer_mut("/properties").and_then(Value::as_object_mut) {
        let words = ["RUNNING", "PAUSED", "STOPPED", "FAILED", "RESTARTING"];
        properties.insert("state".to_owned(), json!({ "type": "string", "enum": words }));
        for name in ["worker_id", "version", "trace"] {
            properties.insert(name.to_owned(), text());
        }
    }
    state
}

fn walbrook() -> Value {
    let phases = crate::admin::board::Phase::ALL.map(|phase| phase.as_str());
    object(json!({
        "phase": { "type": "string", "enum": phases },
        "since_ms": whole(),
        "waiting": maybe("string"),
        "position": {},
        "generation": maybe("integer"),
        "lag_bytes": maybe("integer"),
        "lag_seconds": { "type": "number" },
        "retained_bytes": whole(),
        "snapshot": list(object(json!({
            "table": text(), "rows": whole(), "rows_estimated": maybe("integer"),
            "bytes": whole(), "bytes_total": whole(), "done": { "type": "boolean" },
        }))),
        "eta_seconds": maybe("integer"),
        "resnapshots": list(named("Job")),
        "records": whole(),
        "transactions": whole(),
        "bytes": whole(),
        "splits": whole(),
        "retries": whole(),
        "error": {
            "type": ["object", "null"],
            "properties": { "code": text(), "message": text(), "fix": text() },
        },
    }))
}

fn offsets() -> Value {
    json!({
        "type": "object",
        "required": ["offsets"],
        "properties": { "offsets": list(json!({
            "type": "object",
            "required": ["partition", "offset"],
            "properties": {
                "partition": { "type": "object" },
                "offset": { "type": ["object", "null"] },
            },
            "additionalProperties": false,
        })) },
        "additionalProperties": false,
    })
}

fn wish() -> Value {
    json!({
        "type": "object",
        "required": ["tables"],
        "properties": {
            "tables": {
                "type": "array", "minItems": 1, "maxItems": 1000,
                "items": { "type": "string", "minLength": 1 },
                "description": "Patterns as in the configuration: globs, or /regex/ over schema.table",
            },
            "predicate": {
                "type": ["string", "null"],
                "description": "A condition in the database's own SQL that rows must meet",
            },
            "id": {
                "type": ["string", "null"], "pattern": "^[A-Za-z0-9._-]{1,120}$",
                "description": "Names the job; made where it is missing",
            },
        },
        "additionalProperties": false,
    })
}

fn job() -> Value {
    let states = ["waiting", "running", "done", "stopped", "failed"];
    object(json!({
        "id": text(),
        "state": { "type": "string", "enum": states },
        "reason": { "type": "string", "enum": ["asked", "new_table"] },
        "asked_ms": whole(),
        "patterns": list(text()),
        "predicate": maybe("string"),
        "rows": whole(),
        "tables": list(object(json!({
            "table": text(), "rows": whole(), "rows_estimated": maybe("integer"),
            "done": { "type": "boolean" },
        }))),
        "error": {
            "type": ["object", "null"],
            "properties": { "code": text(), "message": text() },
        },
    }))
}
