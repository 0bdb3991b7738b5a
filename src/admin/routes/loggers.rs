//! What is logged, changed while everything runs.

use super::Route;
use crate::admin::answer::{Answer, Problem};
use crate::admin::ask::{Body, Flags, Names};
use crate::admin::{codes, schema};
use crate::telemetry::{self, Change, Logger};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Map, Value, json};
use walbrook_core::error::Error;

pub(super) fn routes() -> Vec<Route> {
    let scope = json!({ "type": "string" });
    let level = json!({
        "type": "object",
        "required": ["level"],
        "properties": { "level": { "type": "string" } },
        "additionalProperties": { "type": "string" },
    });
    vec![
        Route::get("/admin/loggers", list)
            .about("The loggers that have a level of their own")
            .json(200, json!({ "type": "object", "additionalProperties": schema::named("Level") })),
        Route::get("/admin/loggers/{logger}", show)
            .about("The level of a logger: its own, or its parent's")
            .json(200, schema::named("Level")),
        Route::put("/admin/loggers/{logger}", set)
            .about("Set the level of a logger until the process ends")
            .query("scope", scope, "`cluster` answers 204; there is one process")
            .body(level)
            .json(200, json!({ "type": "array", "items": { "type": "string" } }))
            .empty(204),
    ]
}

fn level(logger: &Logger) -> Value {
    json!({ "level": logger.level, "last_modified": logger.modified_ms })
}

async fn list() -> Json<Value> {
    let loggers = telemetry::loggers().into_iter();
    Json(loggers.map(|(name, one)| (name, level(&one))).collect::<Map<_, _>>().into())
}

async fn show(Names(name): Names<String>) -> Answer<Json<Value>> {
    telemetry::logger(&name).map(|one| Json(level(&one))).ok_or_else(|| no_logger(&name))
}

fn no_logger(name: &str) -> Problem {
    let error = Error::definite(codes::NO_PART, "A logger cannot have this name.")
        .fix("Name a module, such as walbrook::pipeline, or root.");
    Problem::new(StatusCode::NOT_FOUND, error).worded(format!("Logger {name} not found."))
}

async fn set(
    Names(name): Names<String>,
    flags: Flags,
    Body(wanted): Body<Map<String, Value>>,
) -> Answer<Response> {
    let Some(level) = wanted.get("level").and_then(Value::as_str) else {
        let sentence = "Desired 'level' parameter was not specified in request.";
        return Err(Problem::request(sentence, "Send {\"level\": \"DEBUG\"}."));
    };
    match telemetry::set_level(&name, level) {
        Change::Done(_) if flags.has("scope", "cluster") => {
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Change::Done(name) => Ok(Json(json!([name])).into_response()),
        Change::NoLevel => {
            let error = Error::definite(codes::LEVEL, "There is no such log level.")
                .fix("Take one of OFF, ERROR, WARN, INFO, DEBUG, TRACE.");
            let problem = Problem::new(StatusCode::NOT_FOUND, error);
            Err(problem.worded(format!("invalid log level '{level}'.")))
        }
        Change::NoLogger => Err(no_logger(&name)),
        Change::TooMany => {
            let message = "Too many loggers have a level of their own.";
            Err(Problem::request(message, "Set the level of a module above them."))
        }
    }
}
