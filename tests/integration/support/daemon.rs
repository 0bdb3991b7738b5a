//! The daemon as a process: configured, started, stopped, killed, asked for its status.

use super::stack::{self, seconds};
use super::{consumer, registry};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The daemon of this build, or the one that `WALBROOK_TEST_BIN` names.
pub fn binary() -> PathBuf {
    std::env::var_os("WALBROOK_TEST_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_walbrook")), PathBuf::from)
}

/// A configuration file: sections with their keys, values in TOML's own form.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the one connector.
    pub connector: String,
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

impl Config {
    /// The usual connector: `tables` of the database at `url`, topics `prefix.…`.
    pub fn new<S: AsRef<str>>(connector: &str, url: &str, prefix: &str, tables: &[S]) -> Self {
        let mut config = Self { connector: connector.to_owned(), sections: BTreeMap::new() };
        config.set("kafka", "brokers", text(&stack::kafka()));
        config.set("registry", "url", text(&stack::registry()));
        config.key("url", text(url));
        config.key("topic_prefix", text(prefix));
        let tables: Vec<_> = tables.iter().map(AsRef::as_ref).collect();
        config.key("tables", format!("{tables:?}"));
        config.key("snapshot", text("initial"));
        config.key("transaction_metadata", "true");
        config
    }

    /// Sets a key of a section, value in TOML.
    pub fn set(&mut self, section: &str, key: &str, value: impl Into<String>) -> &mut Self {
        let section = self.sections.entry(section.to_owned()).or_default();
        section.insert(key.to_owned(), value.into());
        self
    }

    /// Sets a key of the connector, value in TOML.
    pub fn key(&mut self, key: &str, value: impl Into<String>) -> &mut Self {
        let section = format!("connectors.{}", self.connector);
        self.set(&section, key, value)
    }

    /// Name of the checkpoint topic.
    pub fn checkpoint_topic(&self) -> String {
        format!("__walbrook-{}-checkpoint", self.connector)
    }

    /// The text of the file.
    pub fn toml(&self) -> String {
        let mut toml = String::new();
        for (section, keys) in &self.sections {
            let _ = writeln!(toml, "[{section}]");
            for (key, value) in keys {
                let _ = writeln!(toml, "\"{key}\" = {value}");
            }
        }
        toml
    }
}

/// A TOML string.
pub fn text(value: &str) -> String {
    format!("{value:?}")
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    connector: String,
    directory: PathBuf,
    port: u16,
    child: Child,
    /// Its output of this life.
    pub log: PathBuf,
}

impl Daemon {
    /// Starts the daemon in `directory`, where its configuration and logs are kept.
    pub fn start(config: &Config, directory: &Path) -> Self {
        Self::start_with(config, directory, &[])
    }

    /// The same with environment variables, such as `WALBROOK_FAULT`.
    pub fn start_with(config: &Config, directory: &Path, environment: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut config = config.clone();
        config.set("admin", "listen", text(&format!("127.0.0.1:{port}")));
        let file = directory.join("walbrook.toml");
        std::fs::write(&file, config.toml()).unwrap();
        let log = directory.join(format!("{}-{port}.log", consumer::now_us()));
        let output = File::create(&log).unwrap();
        let child = Command::new(binary())
            .args(["run", "--config"])
            .arg(&file)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", binary().display()));
        let (connector, directory) = (config.connector, directory.to_owned());
        Self { connector, directory, port, child, log }
    }

    /// Base address of its admin interface.
    pub fn admin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks the admin interface for something below the connector: status and answer.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/connectors/{}/{path}", self.admin(), self.connector);
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = registry::http().request(method, url);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let Ok(response) = request.send().await else { return (0, Value::Null) };
        let status = response.status().as_u16();
        let text = response.text().await.unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Has the connector `pause`, `stop` or `resume`.
    pub async fn put(&self, verb: &str) {
        self.done("PUT", verb).await;
    }

    /// Has the connector `restart`.
    pub async fn post(&self, verb: &str) {
        self.done("POST", verb).await;
    }

    async fn done(&self, method: &str, verb: &str) {
        for _ in 0..5 {
            match self.ask(method, verb, None).await {
                (200..300, _) => return,
                // A busy machine: asking again does no harm.
                (503 | 0, answer) => println!("  {verb}: {answer}"),
                (status, answer) => panic!("{verb}: {status} {answer}\n{}", self.tail()),
            }
        }
        panic!("{verb}: never done\n{}", self.tail());
    }

    /// The connector's status, if the daemon answers.
    pub async fn status(&self) -> Option<Value> {
        registry::get(&format!("{}/connectors/{}/status", self.admin(), self.connector)).await.ok()
    }

    /// The part of the status that is ours.
    pub async fn ours(&self) -> Option<Value> {
        self.status().await?.get("walbrook").cloned()
    }

    /// Waits until `pick` finds what it looks for in our part of the status.
    pub async fn until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut pick: impl FnMut(&Value) -> Option<T>,
    ) -> T {
        let end = Instant::now() + limit;
        let mut last = Value::Null;
        loop {
            if let Some(ours) = self.ours().await {
                if let Some(found) = pick(&ours) {
                    return found;
                }
                last = ours;
            }
            if let Ok(Some(exit)) = self.child.try_wait() {
                panic!("the daemon ended ({exit}) before: {what}\n{}", self.tail());
            }
            if Instant::now() > end {
                panic!("waited {limit:?} in vain: {what}; status {last}\n{}", self.tail());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for a phase.
    pub async fn phase(&mut self, phase: &str, limit: Duration) -> Value {
        let what = format!("phase {phase}");
        let wanted = |v: &Value| (v["phase"] == phase).then(|| v.clone());
        self.until(&what, limit, wanted).await
    }

    /// Waits until it streams.
    pub async fn streaming(&mut self) -> Value {
        self.phase("streaming", seconds(60)).await
    }

    /// Sends a signal by name.
    pub fn signal(&self, signal: &str) {
        // The shell has it built in; a bare machine has no program of that name.
        let kill = format!("kill {signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// `kill -9`, and gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; answers how it ended and how long that took, and fails after `limit`.
    pub async fn terminate(mut self, limit: Duration) -> (ExitStatus, Duration) {
        let begin = Instant::now();
        self.signal("-TERM");
        let exit = self.ended(limit).await;
        (exit.unwrap_or_else(|| panic!("SIGTERM: still alive\n{}", self.tail())), begin.elapsed())
    }

    /// How it ended by itself within `limit`, or none if it lives.
    pub async fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            if let Some(exit) = self.child.try_wait().unwrap() {
                return Some(exit);
            }
            if Instant::now() > end {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Peak resident memory in MiB.
    pub fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// Its threads.
    pub fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.child.id())).map_or(0, Iterator::count)
    }

    /// Seconds of processor time that it has used so far.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // Behind the name in brackets; user and system time are the 14th and 15th field of the line.
        let rest = stat.rsplit_once(')').unwrap().1;
        let ticks = rest.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap());
        ticks.sum::<u64>() as f64 / 100.0
    }

    /// The end of its log.
    pub fn tail(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        let from = lines.len().saturating_sub(25);
        format!(
            "--- end of {} in {}\n{}",
            self.log.display(),
            self.directory.display(),
            lines[from..].join("\n")
        )
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() && self.child.try_wait().is_ok_and(|e| e.is_none()) {
            eprintln!("{}", self.tail());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
