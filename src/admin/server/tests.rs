//! The routes over a connection, with connectors that do at once what they are asked.

mod like_connect;

use super::*;
use crate::admin::board::Board;
use crate::admin::fake::Fake;
use crate::config::{Scope, Secret, Token};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const NAME: &str = "shop--1";

struct Running {
    address: SocketAddr,
    health: Option<SocketAddr>,
    fake: Arc<Fake>,
    stop: tokio::sync::oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

fn local() -> Admin {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    Admin { listen, health_listen: None, tokens: Vec::new(), tls: None, hosts: Vec::new() }
}

async fn start(admin: Admin) -> Running {
    let board = Board::new();
    let fake = Fake::new(&board, NAME);
    let interface = Interface { board, connectors: fake.clone(), metrics: None };
    let server = Server::bind(&admin, interface).await.unwrap();
    let (address, health) = (server.address().unwrap(), server.health_address());
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let ended = tokio::spawn(server.serve(async move { drop(stopped.await) }));
    Running { address, health, fake, stop, ended }
}

struct Answered {
    code: u16,
    head: String,
    text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

/// Asks `METHOD /path`, with headers and a body.
async fn ask(address: SocketAddr, line: &str, headers: &str, body: &str) -> Answered {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
    let request =
        format!("{line} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, text) =
        answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {answer:?}"));
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answered { code, head: head.to_lowercase(), text: text.to_owned() }
}

async fn get(running: &Running, path: &str) -> Answered {
    ask(running.address, &format!("GET {path}"), "", "").await
}

async fn send(running: &Running, line: &str, body: &str) -> Answered {
    ask(running.address, line, "Content-Type: application/json\r\n", body).await
}

#[tokio::test]
async fn the_routes_answer_as_kafka_connect_does() {
    let running = start(local()).await;
    assert_eq!(get(&running, "/live").await.code, 200);
    assert_eq!(get(&running, "/ready").await.text, "ready\n");
    assert_eq!(get(&running, "/connectors").await.text, r#"["shop--1"]"#);
    let status = get(&running, "/connectors/shop--1/status").await.json();
    assert_eq!(status["tasks"][0]["state"], "RUNNING");
    let missing = get(&running, "/connectors/x/status").await;
    assert_eq!((missing.code, &missing.json()["error_code"]), (404, &json!(404)));
    assert_eq!(missing.json()["message"], "No status found for connector x");
    let all = get(&running, "/connectors?expand=status&expand=info").await.json();
    assert_eq!(all[NAME]["info"]["type"], "source");
    assert_eq!(all[NAME]["info"]["config"]["password"], "{ env = \"P\" }");
    assert_eq!(get(&running, "/connectors?expand=x").await.json(), json!({ NAME: {} }));
    assert_eq!(get(&running, "/metrics").await.code, 404);
    assert_eq!(get(&running, "/").await.json()["version"], env!("CARGO_PKG_VERSION"));
    let browser = ask(running.address, "GET /", "Accept: text/html,*/*;q=0.8\r\n", "").await;
    assert!(browser.code == 303 && browser.head.contains("location: /ui"), "{}", browser.head);
    running.stop.send(()).unwrap();
    running.ended.await.unwrap();
}

#[tokio::test]
async fn a_connector_is_paused_stopped_resumed_restarted() {
    let running = start(local()).await;
    let state = async || {
        let status = get(&running, "/connectors/shop--1/status").await.json();
        status["connector"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(send(&running, "PUT /connectors/shop--1/pause", "").await.code, 202);
    assert_eq!(state().await, "PAUSED");
    assert_eq!(send(&running, "PUT /connectors/shop--1/resume", "").await.code, 202);
    assert_eq!(state().await, "RUNNING");
    let restart = send(&running, "POST /connectors/shop--1/restart?includeTasks=True", "").await;
    assert_eq!((restart.code, &restart.json()["tasks"][0]["state"]), (202, &json!("RESTARTING")));
    let nothing = send(&running, "POST /connectors/shop--1/restart?onlyFailed=true", "").await;
    assert_eq!((nothing.code, &nothing.json()["connector"]["state"]), (202, &json!("RUNNING")));
    assert_eq!(send(&running, "POST /connectors/shop--1/restart", "").await.code, 204);
    assert_eq!(send(&running, "POST /connectors/shop--1/tasks/0/restart", "").await.code, 204);
    assert_eq!(send(&running, "POST /connectors/shop--1/tasks/1/restart", "").await.code, 404);
    assert_eq!(send(&running, "PUT /connectors/shop--1/stop", "").await.code, 204);
    assert_eq!(state().await, "STOPPED");
    assert_eq!(get(&running, "/connectors/shop--1/tasks").await.text, "[]");
    let unknown = send(&running, "PUT /connectors/x/pause", "").await;
    assert_eq!((unknown.code, &unknown.json()["message"]), (404, &json!("Unknown connector x")));
    let asked = running.fake.asked.lock().unwrap().join(", ");
    let restarts = "shop--1 restart, shop--1 restart, shop--1 restart";
    assert_eq!(asked, format!("shop--1 Paused, shop--1 Running, {restarts}, shop--1 Stopped"));
}

#[tokio::test]
async fn offsets_are_moved_of_a_stopped_connector_only() {
    let running = start(local()).await;
    let path = "/connectors/shop--1/offsets";
    let before = get(&running, path).await.text;
    assert_eq!(before, r#"{"offsets":[{"partition":{"server":"shop"},"offset":{"lsn":7}}]}"#);
    let early = send(&running, &format!("PATCH {path}"), &before).await;
    assert_eq!((early.code, &early.json()["code"]), (400, &json!("WB-CFG-043")));
    assert!(
        early.json()["message"].as_str().unwrap().starts_with("Connectors must be in the STOPPED")
    );
    send(&running, "PUT /connectors/shop--1/stop", "").await;
    let other = before.replace('7', "9");
    let dry = send(&running, &format!("PATCH {path}?dry_run=true"), &other).await.json();
    assert_eq!(dry["walbrook"]["applied"], false);
    assert_eq!(get(&running, path).await.text, before);
    assert_eq!(send(&running, &format!("PATCH {path}?dry_run=yes"), &other).await.code, 400);
    let done = send(&running, &format!("PATCH {path}"), &other).await.json();
    assert_eq!(done["message"], "The offsets for this connector have been altered successfully");
    assert_eq!(get(&running, path).await.text, other);
    for (body, code) in [("{}", 400), ("garbage", 400), ("{\"x\":1}", 400)] {
        assert_eq!(send(&running, &format!("PATCH {path}"), body).await.code, code, "{body}");
    }
    let plain = ask(running.address, &format!("PATCH {path}"), "", &other).await;
    assert_eq!((plain.code, &plain.json()["code"]), (415, &json!("WB-ADMIN-007")));
    assert_eq!(send(&running, &format!("DELETE {path}"), "").await.code, 200);
    assert_eq!(get(&running, path).await.text, r#"{"offsets":[]}"#);
}

#[tokio::test]
async fn a_snapshot_is_asked_for_once_by_its_id_and_given_up() {
    let running = start(local()).await;
    let path = "/connectors/shop--1/snapshot";
    let body = r#"{"tables":["public.orders"],"predicate":"id > 5","id":"a"}"#;
    let first = send(&running, &format!("POST {path}"), body).await;
    assert_eq!((first.code, &first.json()["state"]), (202, &json!("running")));
    assert_eq!(send(&running, &format!("POST {path}"), body).await.json()["id"], "a");
    let headers = "Content-Type: application/json\r\nidempotency-key: b\r\n";
    let other =
        ask(running.address, &format!("POST {path}"), headers, r#"{"tables":["public.*"]}"#).await;
    assert_eq!(other.json()["id"], "b");
    let all = get(&running, path).await.json();
    assert_eq!(all["snapshots"].as_array().unwrap().len(), 2);
    assert!(!all.to_string().contains("cursor") && !all.to_string().contains("own"), "{all}");
    assert_eq!(get(&running, &format!("{path}/a")).await.json()["rows"], 3);
    assert_eq!(send(&running, &format!("DELETE {path}"), "").await.json()["id"], "a");
    assert_eq!(send(&running, &format!("DELETE {path}/b"), "").await.json()["state"], "stopped");
    assert_eq!(send(&running, &format!("DELETE {path}"), "").await.code, 404);
    assert_eq!(send(&running, &format!("DELETE {path}/c"), "").await.code, 404);
    assert_eq!(get(&running, &format!("{path}/c")).await.json()["code"], "WB-ADMIN-004");
}

#[tokio::test]
async fn what_belongs_into_files_is_refused_with_the_way_there() {
    let running = start(local()).await;
    for (line, says) in [
        ("POST /connectors", "[connectors.NAME]"),
        ("PUT /connectors/shop--1/config", "[connectors.shop--1]"),
        ("DELETE /connectors/shop--1", "`walbrook drop shop--1`"),
        ("PUT /connector-plugins/x/config/validate", "`walbrook validate"),
    ] {
        let answer = send(&running, line, "{}").await;
        assert_eq!((answer.code, &answer.json()["code"]), (405, &json!("WB-ADMIN-009")), "{line}");
        assert!(answer.json()["message"].as_str().unwrap().contains(says), "{}", answer.text);
    }
    let wrong = send(&running, "POST /connectors/shop--1/drop", r#"{"confirm":"x"}"#).await;
    assert_eq!(wrong.code, 400);
    let drop = send(&running, "POST /connectors/shop--1/drop", r#"{"confirm":"shop--1"}"#).await;
    assert_eq!(drop.json(), json!({ "removed": ["slot x"] }));
    let reset = send(&running, "PUT /connectors/shop--1/topics/reset", "").await;
    assert_eq!(reset.json()["message"], "Topic tracking reset is disabled.");
}

fn guarded() -> Admin {
    let token = |name: &str, text: &str, scope| Token {
        name: name.to_owned(),
        token: Secret::Plain(text.to_owned()),
        scope,
    };
    let tokens = vec![
        token("ops", "write-write-write-write", Scope::Write),
        token("next", "other-other-other-other", Scope::Write),
        token("eyes", "read-read-read-read", Scope::Read),
    ];
    Admin { tokens, health_listen: Some(local().listen), ..local() }
}

#[tokio::test]
async fn a_token_is_needed_and_its_scope_counts() {
    let running = start(guarded()).await;
    let with = async |line: &str, token: &str| {
        let header = format!("Authorization: Bearer {token}\r\n");
        ask(running.address, line, &header, "").await
    };
    let none = get(&running, "/connectors").await;
    assert_eq!((none.code, &none.json()["code"]), (401, &json!("WB-ADMIN-012")));
    assert!(
        none.head.contains("www-authenticate: bearer")
            && none.head.contains("www-authenticate: basic")
    );
    for path in ["/", "/nothing", "/metrics", "/openapi.json", "/uix", "/events", "/health"] {
        assert_eq!(get(&running, path).await.code, 401, "{path}");
    }
    // The page shows nothing by itself: it asks for the token that the rest wants.
    for path in ["/live", "/ready", "/ui", "/ui/app.js"] {
        assert_eq!(get(&running, path).await.code, 200, "{path}");
    }
    for token in ["write-write-write-write", "other-other-other-other", "read-read-read-read"] {
        assert_eq!(with("GET /connectors", token).await.code, 200);
    }
    let pause = "PUT /connectors/shop--1/pause";
    assert_eq!(with(pause, "read-read-read-read").await.json()["code"], "WB-ADMIN-013");
    assert_eq!(with(pause, "read-read-read-reaD").await.code, 401);
    assert!(running.fake.asked.lock().unwrap().is_empty());
    assert_eq!(with(pause, "other-other-other-other").await.code, 202);

    let health = running.health.unwrap();
    assert_eq!(ask(health, "GET /live", "Host: probe\r\n", "").await.code, 200);
    assert_eq!(ask(health, "GET /connectors", "", "").await.code, 404);
    assert_eq!(ask(health, "PUT /connectors/shop--1/resume", "", "").await.code, 404);
}

#[tokio::test]
async fn web_pages_of_others_get_nothing() {
    let running = start(local()).await;
    let pause = "PUT /connectors/shop--1/pause";
    for headers in [
        "Host: evil.example\r\n",
        "Origin: http://evil.example\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
    ] {
        let answer = ask(running.address, pause, headers, "").await;
        assert_eq!(
            (answer.code, &answer.json()["code"]),
            (403, &json!("WB-ADMIN-014")),
            "{headers}"
        );
    }
    assert_eq!(
        ask(running.address, "GET /connectors", "Host: evil.example\r\n", "").await.code,
        403
    );
    assert!(running.fake.asked.lock().unwrap().is_empty());
    assert_eq!(ask(running.address, pause, "Origin: http://localhost\r\n", "").await.code, 202);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let running = start(local()).await;
    let line = "POST /connectors/shop--1/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(format!("{line}Content-Length: 1000000000000\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");

    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(format!("{line}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let chunk = [b"4000\r\n".to_vec(), vec![b' '; 0x4000], b"\r\n".to_vec()].concat();
    for _ in 0..5 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[tokio::test]
async fn whoever_sends_slowly_is_cut_off() {
    let running = start(local()).await;
    let begin = Instant::now();
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /connectors HTTP/1.1\r\nHost: loc").await.unwrap();
    let mut body = TcpStream::connect(running.address).await.unwrap();
    let head = "PATCH /connectors/shop--1/offsets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    body.write_all(head.as_bytes()).await.unwrap();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let limit = Duration::from_secs(15);
    let ended = tokio::time::timeout(limit, async {
        let _ = slow.read_to_end(&mut first).await;
        let _ = body.read_to_end(&mut second).await;
    });
    ended.await.unwrap_or_else(|_| panic!("still open after {:?}", begin.elapsed()));
    assert!(second.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&second));
}
