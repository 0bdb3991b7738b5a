//! The process as a whole: its version, whether it lives and is ready, its metrics.

use super::Route;
use crate::admin::answer::{Answer, Problem};
use crate::admin::shared::Shared;
use crate::admin::{schema, ui};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Redirect, Response};
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    let page = Route::get("/ui", ui::page).about("The console").text(200, "text/html");
    let root = Route::get("/", root)
        .about("Version of this process; a browser is sent to the console")
        .json(200, schema::named("Version"))
        .empty(303);
    let file = Route::get("/ui/{file}", ui::file)
        .about("A file of the console")
        .text(200, "text/css")
        .text(200, "text/javascript");
    let mut routes = vec![root, page, file];
    routes.extend(health());
    routes
}

/// What may be asked without a token, and what measures.
pub(super) fn health() -> Vec<Route> {
    let ready = Route::get("/ready", ready)
        .about("Whether every connector has started, or has failed for good")
        .text(200, "text/plain")
        .text(503, "text/plain");
    vec![
        Route::get("/live", live).about("Whether the process lives").text(200, "text/plain"),
        ready,
        Route::get("/health", health_of_connect)
            .about("The same as /ready, in Kafka Connect's form")
            .json(200, schema::named("Health"))
            .json(503, schema::named("Health")),
        Route::get("/metrics", metrics)
            .about("Metrics in Prometheus' text form")
            .text(200, "text/plain"),
    ]
}

async fn root(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if prefers_html(accept.unwrap_or_default()) {
        return Redirect::to("/ui").into_response();
    }
    let version = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": option_env!("WALBROOK_COMMIT").unwrap_or("unknown"),
        "kafka_cluster_id": shared.board().kafka_cluster(),
    });
    Json(version).into_response()
}

/// Whether a client would rather have HTML than JSON. Without a preference it is a program.
fn prefers_html(accept: &str) -> bool {
    let quality = |kind: &str| {
        let family = format!("{}/*", kind.split('/').next().unwrap_or_default());
        let fits = |range: &str| match range {
            _ if range.eq_ignore_ascii_case(kind) => Some(2),
            _ if range.eq_ignore_ascii_case(&family) => Some(1),
            "*/*" => Some(0),
            _ => None,
        };
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let rank = fits(parts.next()?)?;
            let q = parts.find_map(|part| part.strip_prefix("q="));
            Some((rank, q.map_or(Some(1.0), |q| q.parse::<f32>().ok())?))
        });
        ranges.max_by_key(|(rank, _)| *rank).map_or(0.0, |(_, q)| q)
    };
    quality("text/html") > quality("application/json")
}

async fn live() -> &'static str {
    "live\n"
}

async fn ready(State(shared): State<Shared>) -> Response {
    if shared.board().is_ready() {
        return "ready\n".into_response();
    }
    let waiting = shared.board().all().into_iter().filter(|status| !status.started);
    let names: Vec<String> = waiting.map(|status| status.name).collect();
    let text = format!("starting: {}\n", names.join(", "));
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

async fn health_of_connect(State(shared): State<Shared>) -> (StatusCode, Json<Value>) {
    let (code, status, message) = if shared.board().is_ready() {
        let message = "Worker has completed startup and is ready to handle requests.";
        (StatusCode::OK, "healthy", message)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting", "Worker is still starting up.")
    };
    (code, Json(json!({ "status": status, "message": message })))
}

async fn metrics(State(shared): State<Shared>) -> Answer<Response> {
    let metrics = shared.interface.metrics.as_ref().ok_or_else(Problem::no_path)?;
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((kind, metrics.render(shared.board())).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_the_console_and_programs_the_version() {
        for browser in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html",
            "text/*, application/json;q=0.5",
        ] {
            assert!(prefers_html(browser), "{browser}");
        }
        for program in [
            "",
            "*/*",
            "application/json",
            "application/json, text/html;q=0.9",
            "text/html;q=0, */*",
            "text/html;q=x",
        ] {
            assert!(!prefers_html(program), "{program}");
        }
    }
}
