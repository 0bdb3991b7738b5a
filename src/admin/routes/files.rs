//! What Kafka Connect lets people do over HTTP and Walbrook does in its configuration files.

use super::Route;
use crate::admin::answer::{Answer, Problem};
use crate::admin::ask::Names;
use crate::admin::codes;
use crate::admin::shared::Shared;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use walbrook_core::error::Error;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/connectors", create)
            .about("Refused with 405: connectors are described in the configuration files"),
        Route::put("/connectors/{name}/config", configure)
            .about("Refused with 405: settings are changed in the configuration files"),
        Route::patch("/connectors/{name}/config", configure)
            .about("Refused with 405: settings are changed in the configuration files"),
        Route::delete("/connectors/{name}", delete)
            .about("Refused with 405: `walbrook drop` removes what a connector has on servers"),
    ]
}

async fn create() -> Response {
    refused(
        "Connectors are described in the configuration files, not over HTTP.",
        "Add a section [connectors.NAME] and restart the daemon; `walbrook import debezium` translates \
         a connector of Kafka Connect.",
    )
}

async fn configure(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<Response> {
    shared.connector(&name)?;
    let fix = format!("Change [connectors.{name}] there and restart the daemon.");
    Ok(refused("Settings are changed in the configuration files, not over HTTP.", &fix))
}

async fn delete(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<Response> {
    shared.connector(&name)?;
    let fix = format!(
        "Stop it, run `walbrook drop {name}`, which removes slot, publication and checkpoint, and take \
         [connectors.{name}] out of the files."
    );
    Ok(refused("Connectors are taken away in the configuration files, not over HTTP.", &fix))
}

fn refused(message: &str, fix: &str) -> Response {
    let error = Error::definite(codes::IN_FILES, message).fix(fix);
    let sentence = format!("{message} {fix}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, error).worded(sentence);
    let mut response = problem.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}
