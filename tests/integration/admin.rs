//! The admin interface of a real daemon: who may do what, what is cut off, what does not start.

use crate::support::daemon::{Config, binary, free_port, text};
use crate::support::registry::http;
use crate::support::stack::{Server, Use, seconds};
use crate::support::world::{self, World};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const WRITE: &str = "canary-write-0123456789abcdef";
const READ: &str = "canary-read-0123456789abcdef";

/// A daemon whose interface asks for something; killed when dropped.
struct Guarded {
    child: Child,
    base: String,
    name: String,
    log: std::path::PathBuf,
}

impl Guarded {
    /// Starts it with a table, and waits until it is ready.
    async fn start(world: &World, admin: &[(&str, String)]) -> Self {
        world.database().run("CREATE TABLE t (id int PRIMARY KEY)").await;
        let port = free_port();
        let mut config = world.config(&["t"]);
        config.set("admin", "listen", text(&format!("127.0.0.1:{port}")));
        for (key, value) in admin {
            config.set("admin", key, value.clone());
        }
        let log = world.directory().join("guarded.log");
        let child = run(&config, world.directory(), &log);
        let base = format!("http://127.0.0.1:{port}");
        let guarded = Self { child, base, name: world.name().to_owned(), log };
        guarded.until_ready().await;
        guarded
    }

    async fn until_ready(&self) {
        let end = Instant::now() + seconds(60);
        loop {
            let ready = http().get(format!("{}/ready", self.base)).send().await;
            if ready.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            assert!(Instant::now() < end, "not ready: {}", self.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn ask(&self, method: Method, path: &str, token: Option<&str>) -> Response {
        let request = http().request(method, format!("{}{path}", self.base));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap()
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(config: &Config, directory: &Path, log: &Path) -> Child {
    let file = directory.join("guarded.toml");
    std::fs::write(&file, config.toml()).unwrap();
    let output = std::fs::File::create(log).unwrap();
    Command::new(binary())
        .args(["run", "--log-format", "json", "--config"])
        .arg(&file)
        .envs([("ADMIN_WRITE", WRITE), ("ADMIN_READ", READ)])
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap()
}

fn tokens() -> (&'static str, String) {
    let list = r#"[{ name = "ops", token = { env = "ADMIN_WRITE" }, scope = "write" }, { name = "eyes", token = { env = "ADMIN_READ" }, scope = "read" }]"#;
    ("tokens", list.to_owned())
}

/// No token 401, a read token on a write 403, a write token is obeyed; the audit log says who.
#[test]
fn tokens_decide() {
    world::run(Server::Pg18, Use::Share, "admin_tokens", |world| async move {
        let daemon = Guarded::start(&world, &[tokens()]).await;
        let pause = format!("/connectors/{}/pause", daemon.name);
        let status = async |method: Method, path: &str, token: Option<&str>| {
            daemon.ask(method, path, token).await.status().as_u16()
        };
        assert_eq!(status(Method::GET, "/connectors", None).await, 401);
        assert_eq!(status(Method::GET, "/metrics", None).await, 401);
        assert_eq!(status(Method::PUT, &pause, None).await, 401);
        assert_eq!(status(Method::PUT, &pause, Some("guessed")).await, 401);
        assert_eq!(status(Method::GET, "/connectors", Some(READ)).await, 200);
        assert_eq!(status(Method::PUT, &pause, Some(READ)).await, 403);
        let running: Value = daemon
            .ask(Method::GET, &format!("/connectors/{}/status", daemon.name), Some(READ))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(running["connector"]["state"], "RUNNING", "nothing was paused: {running}");
        let basic = http().put(format!("{}{pause}", daemon.base)).basic_auth("any", Some(WRITE));
        assert_eq!(basic.send().await.unwrap().status(), 202);

        let own = format!("/connectors/{}", daemon.name);
        let config = daemon.ask(Method::GET, &own, Some(READ)).await;
        let shown = config.text().await.unwrap() + &daemon.said();
        assert!(!shown.contains("canary"), "a token is shown: {shown}");
        let audit: Vec<Value> = daemon
            .said()
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["target"] == "walbrook::audit")
            .map(|line| json!([line["who"], line["status"], line["code"]]))
            .collect();
        let expected = [
            json!(["-", 401, "WB-ADMIN-012"]),
            json!(["-", 401, "WB-ADMIN-012"]),
            json!(["eyes", 403, "WB-ADMIN-013"]),
            json!(["ops", 202, null]),
        ];
        assert_eq!(audit, expected);
    });
}

/// An oversize body is refused before it is sent, a slow client loses its connection.
#[test]
fn what_is_too_large_or_too_slow_is_cut_off() {
    world::run(Server::Pg18, Use::Share, "admin_cut", |world| async move {
        let daemon = Guarded::start(&world, &[]).await;
        let address = daemon.base.trim_start_matches("http://").to_owned();
        let name = daemon.name.clone();
        let cut = tokio::task::spawn_blocking(move || {
            let talk = |text: String| {
                let mut stream = TcpStream::connect(&address).unwrap();
                stream.set_read_timeout(Some(seconds(20))).unwrap();
                stream.write_all(text.as_bytes()).unwrap();
                let begin = Instant::now();
                let mut answer = Vec::new();
                let ended = stream.read_to_end(&mut answer);
                (String::from_utf8_lossy(&answer).into_owned(), ended.is_ok(), begin.elapsed())
            };
            let head = format!(
                "POST /connectors/{name}/snapshot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            );
            let (large, ..) = talk(format!("{head}Content-Length: 99999999\r\n\r\n"));
            assert!(large.starts_with("HTTP/1.1 413"), "{large}");
            let (_, closed, after) = talk("GET /connectors HTTP/1.1\r\nHo".to_owned());
            assert!(closed && after < seconds(15), "closed {closed} after {after:?}");
        });
        cut.await.unwrap();
        assert_eq!(daemon.ask(Method::GET, "/live", None).await.status(), 200);
    });
}

/// Open to other machines without tokens or certificates: it does not start, and says what mends it.
#[test]
fn an_open_interface_does_not_start() {
    world::run(Server::Pg18, Use::Share, "admin_open", |world| async move {
        for (admin, code) in [
            (vec![("listen", text("0.0.0.0:0"))], "WB-CFG-040"),
            (vec![("listen", text("[::]:0"))], "WB-CFG-040"),
            (
                vec![(
                    "tokens",
                    r#"[{ name = "a", token = { command = ["echo", "short"] }, scope = "read" }]"#
                        .to_owned(),
                )],
                "WB-CFG-063",
            ),
            (vec![("tls", r#"{ cert = "/nowhere", key = "/nowhere" }"#.to_owned())], "WB-CFG-062"),
        ] {
            let mut config = world.config(&["t"]);
            config.set("admin", "listen", text("127.0.0.1:0"));
            for (key, value) in &admin {
                config.set("admin", key, value.clone());
            }
            let log = world.directory().join("open.log");
            let mut child = run(&config, world.directory(), &log);
            let end = Instant::now() + seconds(10);
            let exit = loop {
                match child.try_wait().unwrap() {
                    Some(exit) => break exit,
                    None if Instant::now() > end => {
                        child.kill().unwrap();
                        panic!("it runs: {admin:?}");
                    }
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            };
            let said = std::fs::read_to_string(&log).unwrap();
            assert!(!exit.success() && said.contains(code), "{exit} {said}");
        }
    });
}

/// With certificates of an authority asked for, no other client gets so far as to ask.
#[test]
fn certificates_open_it_too() {
    world::run(Server::Pg18, Use::Share, "admin_tls", |world| async move {
        let directory = world.directory().clone();
        let shell = format!("cd '{}' && {MAKE_CERTIFICATES}", directory.display());
        let made = Command::new("bash").args(["-ec", &shell]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let file = |name: &str| directory.join(name).display().to_string();
        let port = free_port();
        let mut config = world.config(&["t"]);
        world.database().run("CREATE TABLE t (id int PRIMARY KEY)").await;
        config.set("admin", "listen", text(&format!("0.0.0.0:{port}")));
        let tls = format!(
            "{{ cert = {:?}, key = {:?}, client_ca = {:?} }}",
            file("server.pem"),
            file("server.key"),
            file("ca.pem")
        );
        config.set("admin", "tls", tls);
        let log = directory.join("tls.log");
        let child = run(&config, &directory, &log);
        let _daemon = Guarded { child, base: String::new(), name: String::new(), log };
        let curl = |more: &[&str]| {
            let url = format!("https://localhost:{port}/connectors");
            let ca = file("ca.pem");
            let asked = Command::new("curl")
                .args(["-sS", "--noproxy", "*", "--max-time", "5", "--cacert", &ca, &url])
                .args(more)
                .output()
                .unwrap();
            String::from_utf8_lossy(&asked.stdout).into_owned()
        };
        let (cert, key) = (file("client.pem"), file("client.key"));
        let end = Instant::now() + seconds(20);
        let expected = format!("[\"{}\"]", world.name());
        while curl(&["--cert", &cert, "--key", &key]) != expected {
            assert!(Instant::now() < end, "{}", _daemon.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(curl(&[]), "", "without a certificate");
        let pause = format!("https://localhost:{port}/connectors/nobody/pause");
        let (ca, asked) = (file("ca.pem"), ["-X", "PUT", &pause, "--cert", &cert, "--key", &key]);
        Command::new("curl")
            .args(["-sS", "--noproxy", "*", "--cacert", &ca])
            .args(asked)
            .output()
            .unwrap();
        assert!(_daemon.said().contains("\"who\":\"certificate "), "{}", _daemon.said());
    });
}

const MAKE_CERTIFICATES: &str = r"
key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $key -keyout ca.key -out ca.pem -days 2 -subj '/CN=authority' -addext keyUsage=critical,keyCertSign
for who in server client; do
  openssl req $key -keyout $who.key -out $who.csr -subj /CN=localhost
  printf 'basicConstraints=CA:FALSE\nextendedKeyUsage=%sAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n' $who >$who.ext
  openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile $who.ext -out $who.pem -days 2
done";
