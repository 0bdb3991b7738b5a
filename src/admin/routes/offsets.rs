//! Where a connector stands in its database's log, and how it is moved.

use super::Route;
use crate::admin::answer::{Answer, Problem};
use crate::admin::ask::{Body, Flags, Names};
use crate::admin::control::{Offset, OffsetChange, Refusal};
use crate::admin::schema;
use crate::admin::shared::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    let dry_run = || json!({ "type": "boolean" });
    vec![
        Route::get("/connectors/{name}/offsets", offsets)
            .about("The stored offsets")
            .json(200, schema::named("Offsets")),
        Route::patch("/connectors/{name}/offsets", alter)
            .about("Move a stopped connector to other offsets")
            .query("dry_run", dry_run(), "Only say what would be repeated or skipped")
            .body(schema::named("Offsets"))
            .json(200, schema::named("OffsetChange")),
        Route::delete("/connectors/{name}/offsets", reset)
            .about("Forget where a stopped connector is: it begins with a snapshot")
            .query("dry_run", dry_run(), "Only say what would happen")
            .json(200, schema::named("OffsetChange")),
    ]
}

async fn offsets(State(shared): State<Shared>, Names(name): Names<String>) -> Answer<Json<Value>> {
    shared.connector(&name)?;
    let offsets = shared.connectors().offsets(&name).await?;
    Ok(Json(json!({ "offsets": offsets })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    offsets: Vec<WantedOffset>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedOffset {
    partition: Value,
    offset: Value,
}

async fn alter(
    State(shared): State<Shared>,
    Names(name): Names<String>,
    flags: Flags,
    Body(wanted): Body<Wanted>,
) -> Answer<Json<Value>> {
    shared.connector(&name)?;
    let dry_run = flags.certainly("dry_run")?;
    if wanted.offsets.is_empty() {
        return Err(Problem::request(
            "No offsets are given.",
            "Send what GET …/offsets answers, with another offset in it.",
        )
        .worded("Partitions / offsets need to be provided for an alter offsets request"));
    }
    let offset = |one: WantedOffset| Offset { partition: one.partition, offset: one.offset };
    let wanted = wanted.offsets.into_iter().map(offset).collect();
    let changed = shared.connectors().alter_offsets(&name, Some(wanted), dry_run).await;
    told(&name, changed, "The offsets for this connector have been altered successfully")
}

async fn reset(
    State(shared): State<Shared>,
    Names(name): Names<String>,
    flags: Flags,
) -> Answer<Json<Value>> {
    shared.connector(&name)?;
    let dry_run = flags.certainly("dry_run")?;
    let changed = shared.connectors().alter_offsets(&name, None, dry_run).await;
    told(&name, changed, "The offsets for this connector have been reset successfully")
}

/// Kafka Connect's sentence where it is done, ours where it is only said; both are told.
fn told(name: &str, changed: Result<OffsetChange, Refusal>, done: &str) -> Answer<Json<Value>> {
    let change = changed.map_err(|refusal| match refusal {
        // In this place Kafka Connect answers 400, not 409.
        Refusal::Conflict(error) => Problem::new(StatusCode::BAD_REQUEST, error).worded(format!(
            "Connectors must be in the STOPPED state before their offsets can be modified. This can be done \
             for the specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint"
        )),
        other => other.into(),
    })?;
    let message = if change.applied { done } else { &change.message };
    Ok(Json(json!({ "message": message, "walbrook": change })))
}
