//! What a person wants of a connector: pause, resume, stop, restart, drop.

use super::Route;
use super::connectors::no_task;
use crate::admin::answer::{Answer, Problem};
use crate::admin::ask::{Body, Flags, Names};
use crate::admin::board::Phase;
use crate::admin::shared::Shared;
use crate::admin::{schema, status};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use walbrook_core::checkpoint::Desired;

pub(super) fn routes() -> Vec<Route> {
    let flag = || json!({ "type": "boolean" });
    vec![
        Route::put("/connectors/{name}/pause", pause)
            .about("Finish the open Kafka transaction and wait; the place in the log is kept")
            .empty(202),
        Route::put("/connectors/{name}/resume", resume)
            .about("Go on after pause or stop")
            .empty(202),
        Route::put("/connectors/{name}/stop", stop)
            .about("As pause, and offsets may be altered")
            .empty(204),
        Route::post("/connectors/{name}/restart", restart)
            .about("End the connector and start it anew, a failed one too")
            .query("includeTasks", flag(), "Answer 202 and the status")
            .query("onlyFailed", flag(), "Do it only if the connector has failed")
            .json(202, schema::named("Status"))
            .empty(204),
        Route::post("/connectors/{name}/tasks/{task}/restart", restart_task)
            .about("The same for the one task, 0")
            .empty(204),
        Route::post("/connectors/{name}/drop", drop_it)
            .about("Remove what a stopped connector has on servers: slot, own publication, checkpoint topic")
            .body(json!({
                "type": "object",
                "required": ["confirm"],
                "properties": { "confirm": { "type": "string", "description": "The connector's name once more" } },
                "additionalProperties": false,
            }))
            .json(200, schema::named("Dropped")),
    ]
}

async fn pause(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<StatusCode> {
    desire(&shared, &name, Desired::Paused).await.map(|()| StatusCode::ACCEPTED)
}

async fn resume(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<StatusCode> {
    desire(&shared, &name, Desired::Running).await.map(|()| StatusCode::ACCEPTED)
}

async fn stop(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<StatusCode> {
    desire(&shared, &name, Desired::Stopped).await.map(|()| StatusCode::NO_CONTENT)
}

async fn desire(shared: &Shared, name: &str, desired: Desired) -> Answer<()> {
    shared.known(name, "Unknown connector ")?;
    Ok(shared.connectors().desire(name, desired).await?)
}

async fn restart(
    State(shared): State<Shared>,
    Names(name): Names<String>,
    flags: Flags,
) -> Answer<Response> {
    let one = shared.known(&name, "Unknown connector: ")?;
    let (tasks, only_failed) = (flags.says("includeTasks"), flags.says("onlyFailed"));
    let restarts = !only_failed || matches!(one.phase, Phase::Failed | Phase::Fenced);
    if restarts {
        shared.connectors().restart(&name).await?;
    }
    if !tasks && !only_failed {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut told = status::status(&one, &shared.worker);
    if restarts {
        status::restarting(&mut told);
    }
    Ok((StatusCode::ACCEPTED, Json(told)).into_response())
}

async fn restart_task(
    State(shared): State<Shared>,
    Names((name, task)): Names<(String, String)>,
) -> Answer<StatusCode> {
    let Ok(number) = task.parse::<u32>() else { return Err(Problem::no_path()) };
    let one = shared.known(&name, "Unknown connector: ")?;
    if number != 0 || one.phase == Phase::Stopped {
        return Err(no_task(&name, format!("Unknown task: {name}-{number}")));
    }
    shared.connectors().restart(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drop {
    confirm: String,
}

async fn drop_it(
    State(shared): State<Shared>,
    Names(name): Names<String>,
    Body(drop): Body<Drop>,
) -> Answer<Json<Value>> {
    shared.connector(&name)?;
    if drop.confirm != name {
        let message = "`confirm` is not the name of the connector.";
        let fix = format!("Send {}, if it is meant.", json!({ "confirm": name }));
        return Err(Problem::request(message, fix));
    }
    let removed = shared.connectors().remove(&name).await?;
    Ok(Json(json!({ "removed": removed })))
}
