//! What stands for Kafka Connect's plugins: one for each kind of database.

use super::Route;
use crate::admin::answer::Problem;
use crate::admin::{codes, info, schema};
use axum::http::StatusCode;
use axum::response::Json;
use serde_json::{Value, json};
use walbrook_core::error::Error;

pub(super) fn routes() -> Vec<Route> {
    let plugins = json!({ "type": "array", "items": schema::named("Plugin") });
    vec![
        Route::get("/connector-plugins", plugins_of)
            .about("The kinds of databases that can be read")
            .json(200, plugins),
        Route::put("/connector-plugins/{plugin}/config/validate", validate)
            .about("Refused with 405: `walbrook validate` checks a configuration"),
    ]
}

async fn plugins_of() -> Json<Value> {
    let plugin = |source: &str| json!({ "class": info::class(source), "type": "source", "version": env!("CARGO_PKG_VERSION") });
    Json(["postgresql", "mysql", "mariadb"].into_iter().map(plugin).collect())
}

async fn validate() -> Problem {
    let message = "A configuration is checked where it is written, not over HTTP.";
    let fix =
        "Run `walbrook validate --config FILE`, and `walbrook doctor` for what only servers know.";
    let error = Error::definite(codes::IN_FILES, message).fix(fix);
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, error).worded(format!("{message} {fix}"))
}
