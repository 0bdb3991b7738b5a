//! The routes of the admin interface. It only reads, and answers loopback only.

use super::board::Board;
use super::status;
use crate::codes;
use crate::telemetry::Metrics;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use walbrook_core::error::{Error, Result};

/// Nothing here takes longer than this.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An admin interface that has its address, and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    router: Router,
}

#[derive(Clone)]
struct Shared {
    board: Board,
    metrics: Option<Metrics>,
    worker: String,
}

impl Server {
    /// Takes the address. Without `metrics`, `/metrics` does not exist.
    pub async fn bind(listen: SocketAddr, board: Board, metrics: Option<Metrics>) -> Result<Self> {
        let listener = TcpListener::bind(listen).await.map_err(|e| {
            let message = format!("The admin interface cannot listen on {listen}: {e}.");
            Error::definite(codes::ADMIN_LISTEN, message)
                .fix("Set another `listen` in [admin], or end the process that has it.")
        })?;
        let worker = listener.local_addr().unwrap_or(listen).to_string();
        let router = router(Shared { board, metrics, worker });
        Ok(Self { listener, router })
    }

    /// The address, with the port that the system chose where 0 was asked for.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Answers until `stop` is ready.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(self.listener, self.router).with_graceful_shutdown(stop).await
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(version))
        .route("/live", get(|| async { "live\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/connectors", get(connectors))
        .route("/connectors/{name}", get(connector))
        .route("/connectors/{name}/status", get(connector_status))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "HTTP 404 Not Found") })
        .method_not_allowed_fallback(|| async {
            problem(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
        })
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(axum::middleware::from_fn(in_time))
        .with_state(shared)
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(TIMEOUT, next.run(request))
        .await
        .unwrap_or_else(|_| problem(StatusCode::GATEWAY_TIMEOUT, "HTTP 504 Request timed out"))
}

/// An error as Connect tells it, with the fields of problem+json.
fn problem(code: StatusCode, message: &str) -> Response {
    let body = json!({
        "error_code": code.as_u16(),
        "message": message,
        "status": code.as_u16(),
        "title": code.canonical_reason(),
        "detail": message,
    });
    (code, Json(body)).into_response()
}

async fn version(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": option_env!("WALBROOK_COMMIT").unwrap_or("unknown"),
        "kafka_cluster_id": shared.board.kafka_cluster(),
    }))
}

async fn ready(State(shared): State<Shared>) -> Response {
    if shared.board.is_ready() {
        return "ready\n".into_response();
    }
    let waiting = shared.board.all().into_iter().filter(|status| !status.started);
    let names: Vec<String> = waiting.map(|status| status.name).collect();
    let text = format!("starting: {}\n", names.join(", "));
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match &shared.metrics {
        Some(metrics) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
            (kind, metrics.render(&shared.board)).into_response()
        }
        None => problem(StatusCode::NOT_FOUND, "HTTP 404 Not Found"),
    }
}

async fn connectors(
    State(shared): State<Shared>,
    Query(query): Query<Vec<(String, String)>>,
) -> Json<Value> {
    let expands = |word: &str| query.iter().any(|(key, value)| key == "expand" && value == word);
    let (with_status, with_info) = (expands("status"), expands("info"));
    if !with_status && !with_info {
        return Json(json!(shared.board.names()));
    }
    let mut out = Map::new();
    for one in shared.board.all() {
        let mut entry = Map::new();
        if with_info {
            entry.insert("info".to_owned(), status::info(&one));
        }
        if with_status {
            entry.insert("status".to_owned(), status::status(&one, &shared.worker));
        }
        out.insert(one.name, Value::Object(entry));
    }
    Json(Value::Object(out))
}

async fn connector(State(shared): State<Shared>, Path(name): Path<String>) -> Response {
    match shared.board.get(&name) {
        Some(one) => Json(status::info(&one)).into_response(),
        None => problem(StatusCode::NOT_FOUND, &format!("Connector {name} not found")),
    }
}

async fn connector_status(State(shared): State<Shared>, Path(name): Path<String>) -> Response {
    match shared.board.get(&name) {
        Some(one) => Json(status::status(&one, &shared.worker)).into_response(),
        None => problem(StatusCode::NOT_FOUND, &format!("No status found for connector {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::board::Phase;
    use std::collections::BTreeMap;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(address: SocketAddr, path: &str) -> (u16, String) {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let code = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (code, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    #[tokio::test]
    async fn the_routes_answer_as_kafka_connect_does() {
        let board = Board::new();
        let entry = board.add("basics--1732155", "mysql", BTreeMap::new());
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(listen, board, None).await.unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.serve(async { drop(stopped.await) }));

        assert_eq!(ask(address, "/live").await.0, 200);
        assert_eq!(ask(address, "/ready").await, (503, "starting: basics--1732155\n".to_owned()));
        entry.phase(Phase::Streaming);
        assert_eq!(ask(address, "/ready").await.0, 200);
        assert_eq!(ask(address, "/connectors").await.1, r#"["basics--1732155"]"#);
        let (code, text) = ask(address, "/connectors/basics--1732155/status").await;
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((code, &body["tasks"][0]["state"]), (200, &json!("RUNNING")));
        let (code, text) = ask(address, "/connectors/x/status").await;
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((code, &body["error_code"]), (404, &json!(404)));
        assert_eq!(body["message"], "No status found for connector x");
        let (_, text) = ask(address, "/connectors?expand=status&expand=info").await;
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["basics--1732155"]["info"]["type"], "source");
        assert_eq!(ask(address, "/metrics").await.0, 404);
        let body: Value = serde_json::from_str(&ask(address, "/").await.1).unwrap();
        assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));

        stop.send(()).unwrap();
        running.await.unwrap().unwrap();
    }
}
