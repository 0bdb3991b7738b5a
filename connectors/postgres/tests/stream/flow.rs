//! A stream that is running, and what comes out of it.

use crate::server::Server;
use async_channel::{Receiver, Sender};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use walbrook_core::batch::Batch;
use walbrook_core::change::{Event, Op};
use walbrook_core::error::{Error, Result};
use walbrook_core::position::{Log, Position};
use walbrook_core::source::{Gauges, Message};
use walbrook_postgres::catalog::Live;
use walbrook_postgres::resume::identify;
use walbrook_postgres::settings::Settings;
use walbrook_postgres::slot::{self, Creation, Snapshot};
use walbrook_postgres::stream::{self, Start, Timing, Wires};
use walbrook_postgres::{publication, transport};

pub struct Flow {
    messages: Receiver<Message>,
    spare: Sender<Batch>,
    confirm: watch::Sender<u64>,
    task: JoinHandle<Result<()>>,
    pub gauges: Arc<Gauges>,
    /// Changes seen: what, number, the key.
    pub seen: Vec<(Op, u64, Vec<u8>)>,
    pub transactions: Vec<String>,
    pub at: u64,
    /// Whether each position is confirmed as it comes.
    pub confirming: bool,
}

/// Creates publication and slot, and says where the slot begins.
pub async fn prepare(server: &Server) -> u64 {
    let settings = server.settings();
    let client = transport::client(&settings, "test").await.unwrap();
    publication::ensure(&client, &settings).await.unwrap();
    let row = client.query_one("SELECT current_setting('server_version_num')::int4", &[]).await;
    let version: i32 = row.unwrap().get(0);
    let mut session = transport::connect(&settings, "slot").await.unwrap();
    let (snapshot, failover) = (Snapshot::Nothing, true);
    let what = Creation { name: &settings.slot, temporary: false, failover, snapshot };
    slot::create(&mut session, version as u32, &what).await.unwrap()
}

impl Flow {
    pub async fn start(settings: &Settings, at: u64, timing: Timing) -> Self {
        let mut session = transport::connect(settings, "stream").await.unwrap();
        let system = identify(&mut session).await.unwrap();
        let command = slot::start_command(&settings.slot, &settings.publication, at, false);
        let io = session.copy_both(&command).await.unwrap();
        let client = transport::client(settings, "catalog").await.unwrap();
        let start = Start {
            position: Position::at(system.id, Log::Lsn(at)),
            database: settings.dbname.clone(),
            topic_prefix: "p".into(),
            selection: settings.selection.clone(),
            modes: settings.modes.clone(),
            structures: HashMap::new(),
            catalog: Arc::new(Live::open(client).await.unwrap()),
            messages: None,
            covered: None,
            resnapshot: None,
            timing,
        };
        let (outgoing, messages) = async_channel::bounded(4);
        let (spare, empty) = async_channel::bounded(8);
        for _ in 0..8 {
            spare.try_send(Batch::default()).unwrap();
        }
        let (confirm, confirmed) = watch::channel(at);
        let gauges = Arc::new(Gauges::default());
        let wires =
            Wires { messages: outgoing, spare: empty, confirmed, gauges: Arc::clone(&gauges) };
        let task = tokio::spawn(stream::run(io, start, wires));
        let (seen, transactions) = (Vec::new(), Vec::new());
        Self { messages, spare, confirm, task, gauges, seen, transactions, at, confirming: true }
    }

    /// Takes one batch; false when the stream has ended.
    pub async fn take(&mut self) -> bool {
        let next = timeout(Duration::from_secs(20), self.messages.recv()).await;
        let Ok(Message::Batch(mut batch)) = next.expect("nothing for 20 s") else { return false };
        for event in &batch.events {
            match event {
                Event::Begin(begin) => {
                    let id = String::from_utf8_lossy(begin.id.of(&batch.bytes)).into_owned();
                    self.transactions.push(id);
                }
                Event::Change(change) => {
                    let image = change.after.or(change.before);
                    let key = image.and_then(|image| image.cell(&batch, 0));
                    let key = key.map_or(&[][..], |cell| cell.payload.of(&batch.bytes));
                    self.seen.push((change.op, change.number, key.to_vec()));
                }
                Event::Notice(_) | Event::Poison(_) => {}
                Event::End(position) | Event::Progress(position) => {
                    let lsn = position.lsn();
                    assert!(lsn > self.at, "positions only grow");
                    self.at = lsn;
                }
            }
        }
        batch.clear();
        self.spare.send(batch).await.unwrap();
        if self.confirming {
            self.confirm.send(self.at).unwrap();
        }
        true
    }

    /// Takes batches until so many changes have been seen.
    pub async fn until(&mut self, changes: usize) {
        while self.seen.len() < changes {
            assert!(self.take().await, "{:?}", self.seen.len());
        }
    }

    /// Takes batches until the position has passed `lsn`.
    pub async fn pass(&mut self, lsn: u64) {
        while self.at < lsn {
            assert!(self.take().await);
        }
    }

    /// Ends the stream as a stopping connector does.
    pub async fn stop(self) {
        drop(self.messages);
        drop(self.spare);
        // Sees that nobody is there at the next message.
        let _ = timeout(Duration::from_secs(20), self.task).await.unwrap().unwrap();
    }

    pub async fn failure(mut self) -> Error {
        while self.take().await {}
        self.task.await.unwrap().unwrap_err()
    }
}
