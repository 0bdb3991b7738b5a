//! What the connectors are and do, in Kafka Connect's shapes.

use super::Route;
use crate::admin::answer::{Answer, Problem};
use crate::admin::ask::{Flags, Names};
use crate::admin::board::ConnectorStatus;
use crate::admin::shared::Shared;
use crate::admin::{codes, info, schema, status};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use serde_json::{Map, Value, json};
use walbrook_core::error::Error;

pub(super) fn routes() -> Vec<Route> {
    let expand = json!({ "type": "string", "enum": ["status", "info"] });
    let listed = json!({ "oneOf": [
        { "type": "array", "items": { "type": "string" } },
        { "type": "object", "additionalProperties": { "type": "object" } },
    ]});
    let tasks = json!({ "type": "array", "items": schema::named("TaskInfo") });
    vec![
        Route::get("/connectors", list)
            .about("The names of all connectors, or with `expand` what they are and do")
            .query("expand", expand, "`status`, `info`; may be given twice")
            .json(200, listed),
        Route::get("/connectors/{name}", connector)
            .about("What a connector is: its settings, secrets hidden")
            .json(200, schema::named("Info")),
        Route::get("/connectors/{name}/status", connector_status)
            .about("What a connector does; what is ours is below `walbrook`")
            .json(200, schema::named("Status")),
        Route::get("/connectors/{name}/config", config)
            .about("The settings of a connector, secrets hidden")
            .json(200, schema::named("Config")),
        Route::get("/connectors/{name}/tasks", tasks_of)
            .about("The one task of a connector; none while it is stopped")
            .json(200, tasks),
        Route::get("/connectors/{name}/tasks/{task}/status", task_status)
            .about("What the task does")
            .json(200, schema::named("TaskState")),
        Route::get("/connectors/{name}/topics", topics)
            .about("The topics that were written to since the process began")
            .json(200, schema::named("Topics")),
        Route::put("/connectors/{name}/topics/reset", reset_topics)
            .about("Refused with 403: what was written to is not forgotten before a restart"),
    ]
}

async fn list(State(shared): State<Shared>, flags: Flags) -> Json<Value> {
    let (with_status, with_info) = (flags.has("expand", "status"), flags.has("expand", "info"));
    if !flags.given("expand") {
        return Json(json!(shared.board().names()));
    }
    let expanded = |one: ConnectorStatus| {
        let mut entry = Map::new();
        if with_status {
            entry.insert("status".to_owned(), status::status(&one, &shared.worker));
        }
        if with_info {
            entry.insert("info".to_owned(), info::info(&one));
        }
        (one.name, Value::Object(entry))
    };
    Json(shared.board().all().into_iter().map(expanded).collect::<Map<_, _>>().into())
}

async fn connector(
    State(shared): State<Shared>,
    Names(name): Names<String>,
) -> Answer<Json<Value>> {
    Ok(Json(info::info(&shared.connector(&name)?)))
}

async fn connector_status(
    State(shared): State<Shared>,
    Names(name): Names<String>,
) -> Answer<Json<Value>> {
    let one = shared.known(&name, "No status found for connector ")?;
    Ok(Json(status::status(&one, &shared.worker)))
}

async fn config(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<Json<Value>> {
    Ok(Json(info::config(&shared.connector(&name)?)))
}

async fn tasks_of(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<Json<Value>> {
    Ok(Json(info::tasks(&shared.connector(&name)?)))
}

async fn task_status(
    State(shared): State<Shared>,
    Names((name, task)): Names<(String, String)>,
) -> Answer<Json<Value>> {
    let Ok(number) = task.parse::<u32>() else { return Err(Problem::no_path()) };
    let sentence = format!("No status found for task {name}-{number}");
    let Some(one) = shared.board().get(&name) else {
        return Err(Problem::unknown(&name, sentence));
    };
    let found = status::task(&one, &shared.worker).filter(|_| number == 0);
    found.map(Json).ok_or_else(|| no_task(&name, sentence))
}

/// A connector has one task, 0, and none while it is stopped.
pub(super) fn no_task(name: &str, sentence: impl Into<String>) -> Problem {
    let message = format!("The connector {name:?} has no such task now.");
    let error = Error::definite(codes::NO_PART, message)
        .fix("Its one task is 0, and while it is stopped there is none.");
    Problem::new(StatusCode::NOT_FOUND, error).worded(sentence)
}

async fn topics(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<Json<Value>> {
    // Kafka Connect answers for names that it does not know too.
    let topics = match shared.board().get(&name) {
        Some(_) => shared.connectors().topics(&name).await?,
        None => Vec::new(),
    };
    Ok(Json(json!({ name: { "topics": topics } })))
}

async fn reset_topics() -> Problem {
    let message = "The topics that were written to are not forgotten before a restart.";
    let error = Error::definite(codes::TOPICS_RESET, message)
        .fix("Restart the daemon; the list begins empty.");
    Problem::new(StatusCode::FORBIDDEN, error).worded("Topic tracking reset is disabled.")
}
