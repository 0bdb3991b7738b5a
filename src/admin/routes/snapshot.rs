//! Tables read again beside the log: asked for, shown, given up.

use super::Route;
use crate::admin::answer::{Answer, Problem};
use crate::admin::ask::{Body, Names};
use crate::admin::shared::Shared;
use crate::admin::{codes, job, schema};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use walbrook_core::error::Error;
use walbrook_core::resnapshot::{Job, Wish};

const KEY: &str = "Idempotency-Key";
const LONGEST_ID: usize = 120;
const MOST_TABLES: usize = 1000;

pub(super) fn routes() -> Vec<Route> {
    let jobs = json!({
        "type": "object",
        "required": ["snapshots"],
        "properties": { "snapshots": { "type": "array", "items": schema::named("Job") } },
    });
    vec![
        Route::post("/connectors/{name}/snapshot", start)
            .about("Read tables again beside the log; the same id twice is one job")
            .header(KEY, json!({ "type": "string" }), "The id, instead of `id` in the body")
            .body(schema::named("Wish"))
            .json(202, schema::named("Job")),
        Route::get("/connectors/{name}/snapshot", list)
            .about("The jobs, the newest last")
            .json(200, jobs),
        Route::get("/connectors/{name}/snapshot/{id}", show)
            .about("How a job stands")
            .json(200, schema::named("Job")),
        Route::delete("/connectors/{name}/snapshot/{id}", stop)
            .about("Give a job up; what is published stays")
            .json(202, schema::named("Job")),
        Route::delete("/connectors/{name}/snapshot", stop_running)
            .about("Give up the job that is running")
            .json(202, schema::named("Job")),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    tables: Vec<String>,
    #[serde(default)]
    predicate: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

async fn start(
    State(shared): State<Shared>,
    Names(name): Names<String>,
    headers: HeaderMap,
    Body(asked): Body<Asked>,
) -> Answer<Response> {
    shared.connector(&name)?;
    let wish = wish(asked, headers.get(KEY))?;
    let job = shared.connectors().resnapshot(&name, wish).await?;
    Ok(accepted(&job))
}

/// What is wanted, if it can be.
fn wish(asked: Asked, key: Option<&HeaderValue>) -> Answer<Wish> {
    let key = key.map(|key| key.to_str().unwrap_or_default());
    if let (Some(key), Some(id)) = (key, &asked.id)
        && key != id
    {
        let message = format!("The header {KEY} and `id` differ.");
        return Err(Problem::request(message, "Give one of them."));
    }
    let id = key.map(str::to_owned).or(asked.id);
    let id = id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(plain) {
        let message = format!(
            "The id of a snapshot has 1 to {LONGEST_ID} letters, digits, `.`, `_` and `-`."
        );
        return Err(Problem::request(message, "Give another, or leave it out."));
    }
    let tables = asked.tables;
    if tables.is_empty() || tables.len() > MOST_TABLES || tables.iter().any(|t| t.trim().is_empty())
    {
        let message = format!("`tables` has 1 to {MOST_TABLES} patterns, none of them empty.");
        return Err(Problem::request(message, "Write {\"tables\": [\"public.orders\"]}."));
    }
    let predicate = asked.predicate.filter(|text| !text.trim().is_empty());
    Ok(Wish { id, tables, predicate })
}

fn accepted(job: &Job) -> Response {
    (StatusCode::ACCEPTED, Json(job::shown(job))).into_response()
}

async fn list(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<Json<Value>> {
    shared.connector(&name)?;
    let jobs = shared.connectors().resnapshots(&name).await?;
    let shown: Vec<Value> = jobs.iter().map(job::shown).collect();
    Ok(Json(json!({ "snapshots": shown })))
}

async fn show(
    State(shared): State<Shared>,
    Names((name, id)): Names<(String, String)>,
) -> Answer<Json<Value>> {
    shared.connector(&name)?;
    let jobs = shared.connectors().resnapshots(&name).await?;
    let found = jobs.iter().find(|job| job.wish.id == id);
    found.map(|job| Json(job::shown(job))).ok_or_else(|| no_job("There is no such snapshot."))
}

async fn stop(
    State(shared): State<Shared>,
    Names((name, id)): Names<(String, String)>,
) -> Answer<Response> {
    shared.connector(&name)?;
    let job = shared.connectors().give_up(&name, &id).await?;
    Ok(accepted(&job))
}

async fn stop_running(
    State(shared): State<Shared>,
    Names(name): Names<String>,
) -> Answer<Response> {
    shared.connector(&name)?;
    let jobs = shared.connectors().resnapshots(&name).await?;
    // They are read one after the other: the first that is not over is the one that runs.
    let running = jobs.iter().find(|job| !job.state.is_over());
    let running = running.ok_or_else(|| no_job("No snapshot is running."))?;
    let job = shared.connectors().give_up(&name, &running.wish.id).await?;
    Ok(accepted(&job))
}

fn no_job(message: &str) -> Problem {
    let error =
        Error::definite(codes::NO_PART, message).fix("GET /connectors/{name}/snapshot lists them.");
    Problem::new(StatusCode::NOT_FOUND, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_id_comes_from_body_or_header_and_is_made_where_none_is_given() {
        let key = HeaderValue::from_static("k-1");
        let of = |text: &str, key| wish(asked(text), key).map(|wish| wish.id);
        assert_eq!(of(r#"{"tables":["a"]}"#, Some(&key)).unwrap(), "k-1");
        assert_eq!(of(r#"{"tables":["a"],"id":"b"}"#, None).unwrap(), "b");
        assert_eq!(of(r#"{"tables":["a"],"id":"k-1"}"#, Some(&key)).unwrap(), "k-1");
        assert_eq!(of(r#"{"tables":["a"]}"#, None).unwrap().len(), 36);
        for wrong in [
            r#"{"tables":["a"],"id":""}"#,
            r#"{"tables":["a"],"id":"a/b"}"#,
            r#"{"tables":[]}"#,
            r#"{"tables":[" "]}"#,
        ] {
            assert_eq!(of(wrong, None).unwrap_err().status(), 400, "{wrong}");
        }
        assert_eq!(of(r#"{"tables":["a"],"id":"b"}"#, Some(&key)).unwrap_err().status(), 400);
    }
}
