//! A connector without a daemon: it starts from the books, and is dropped like a killed one.

use crate::books::Books;
use crate::server::Server;
use std::time::{Duration, Instant};
use walbrook_core::checkpoint::{Part, put};
use walbrook_core::error::Result;
use walbrook_core::resnapshot::{Job, Wish};
use walbrook_core::source::{Message, Request, Source, SourceHandle};
use walbrook_mysql::source::MySql;

pub(crate) struct Connector {
    handle: SourceHandle,
    /// As of the last commit; what came after it is in `told`.
    pub(crate) books: Books,
    told: Books,
    pub(crate) streaming: bool,
}

impl Connector {
    pub(crate) async fn start(server: &Server, mut books: Books) -> Self {
        let mut source = Box::new(MySql::new(server.settings.clone()));
        let updates = source.prepare(&books.checkpoint).await.expect("prepared");
        books.checkpoint.apply(&updates);
        let handle = source.start().await.expect("started");
        let told = books.clone();
        Self { handle, books, told, streaming: false }
    }

    /// Takes one message, and commits where that is due: after some messages, as in life.
    pub(crate) async fn step(&mut self) {
        let received = tokio::time::timeout(Duration::from_secs(60), self.handle.messages.recv());
        match received.await.expect("something within a minute").expect("a source") {
            Message::Batch(batch) => {
                self.told.take(&batch);
                let _ = self.handle.spare.try_send(batch);
                if self.told.is_whole() {
                    self.told.commit();
                    self.books = self.told.clone();
                }
            }
            Message::Streaming(_) => self.streaming = true,
            Message::Failed(error) => panic!("{error}"),
            _ => {}
        }
    }

    /// Takes messages until `done`.
    pub(crate) async fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !done(self) {
            assert!(begin.elapsed() < Duration::from_secs(90), "in vain: {what}");
            if tokio::time::timeout(Duration::from_millis(100), self.step()).await.is_err() {
                // Nothing to tell: it is only waited for.
            }
        }
    }

    /// Takes what comes until nothing has come for a while.
    pub(crate) async fn quiet(&mut self) {
        while tokio::time::timeout(Duration::from_secs(2), self.step()).await.is_ok() {}
    }

    /// What the source says of a wish.
    pub(crate) async fn plan(&mut self, wish: Wish) -> Result<Job> {
        let (answer, answered) = async_channel::bounded(1);
        self.handle.requests.send(Request::Plan { wish, answer }).await.unwrap();
        loop {
            tokio::select! {
                job = answered.recv() => return job.expect("an answer"),
                () = self.step() => {}
            }
        }
    }

    /// Stores a job and has it begun.
    pub(crate) async fn read(&mut self, job: Job) {
        self.until("nothing is torn", |it| it.told.is_whole()).await;
        let update = put(Part::Resnapshot(job.wish.id.clone()), &job);
        for books in [&mut self.books, &mut self.told] {
            books.checkpoint.apply(&vec![update.clone()]);
        }
        self.ask(Request::Read(job)).await;
    }

    pub(crate) async fn ask(&mut self, request: Request) {
        self.handle.requests.send(request).await.unwrap();
    }

    /// The connector is gone, and with it what was not committed.
    pub(crate) fn kill(self) -> Books {
        self.books
    }
}

/// A wish for these tables of the server's database.
pub(crate) fn wish(server: &Server, id: &str, tables: &[&str], predicate: Option<&str>) -> Wish {
    let database = server.database();
    Wish {
        id: id.to_owned(),
        tables: tables.iter().map(|name| format!("{database}.{name}")).collect(),
        predicate: predicate.map(str::to_owned),
    }
}
