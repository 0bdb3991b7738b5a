//! Connectors for the tests of the routes: they do at once on the board what they are asked.

use super::board::{Board, Entry, Phase};
use super::control::{Connectors, Offset, OffsetChange, Refusal, Reply};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use walbrook_core::checkpoint::Desired;
use walbrook_core::error::{Code, Error};
use walbrook_core::resnapshot::{Job, Reason, State, Table, Wish};

const WRONG: Code = crate::codes::CONTRADICTION;

/// One connector on a board, and what was asked of it.
#[derive(Debug)]
pub(super) struct Fake {
    board: Board,
    entry: Entry,
    jobs: Mutex<Vec<Job>>,
    offsets: Mutex<Vec<Offset>>,
    pub(super) asked: Mutex<Vec<String>>,
}

impl Fake {
    /// The connector called `name`, which streams.
    pub(super) fn new(board: &Board, name: &str) -> Arc<Self> {
        let url = "postgres://walbrook@db/shop".to_owned();
        let settings = BTreeMap::from([
            ("url".to_owned(), url),
            ("password".to_owned(), "{ env = \"P\" }".to_owned()),
        ]);
        let entry = board.add(name, "postgresql", settings);
        entry.phase(Phase::Streaming);
        let offsets =
            vec![Offset { partition: json!({ "server": "shop" }), offset: json!({ "lsn": 7 }) }];
        Arc::new(Self {
            board: board.clone(),
            entry,
            jobs: Mutex::default(),
            offsets: Mutex::new(offsets),
            asked: Mutex::default(),
        })
    }

    fn note(&self, what: impl Into<String>) {
        self.asked.lock().unwrap().push(what.into());
    }

    fn answer<'a, T: Send + 'a>(result: Result<T, Refusal>) -> Reply<'a, T> {
        Box::pin(std::future::ready(result))
    }
}

impl Connectors for Fake {
    fn desire<'a>(&'a self, name: &'a str, desired: Desired) -> Reply<'a, ()> {
        self.note(format!("{name} {desired:?}"));
        self.entry.phase(match desired {
            Desired::Running => Phase::Streaming,
            Desired::Paused => Phase::Paused,
            Desired::Stopped => Phase::Stopped,
        });
        Self::answer(Ok(()))
    }

    fn restart<'a>(&'a self, name: &'a str) -> Reply<'a, ()> {
        self.note(format!("{name} restart"));
        Self::answer(Ok(()))
    }

    fn offsets<'a>(&'a self, _: &'a str) -> Reply<'a, Vec<Offset>> {
        Self::answer(Ok(self.offsets.lock().unwrap().clone()))
    }

    fn alter_offsets<'a>(
        &'a self,
        name: &'a str,
        offsets: Option<Vec<Offset>>,
        dry_run: bool,
    ) -> Reply<'a, OffsetChange> {
        if self.board.get(name).unwrap().phase != Phase::Stopped {
            let error = Error::definite(WRONG, "The connector is not stopped.");
            return Self::answer(Err(Refusal::Conflict(error)));
        }
        if !dry_run {
            *self.offsets.lock().unwrap() = offsets.unwrap_or_default();
        }
        let message = "Nothing is repeated.".to_owned();
        Self::answer(Ok(OffsetChange { applied: !dry_run, message }))
    }

    fn resnapshot<'a>(&'a self, _: &'a str, wish: Wish) -> Reply<'a, Job> {
        let mut jobs = self.jobs.lock().unwrap();
        if let Some(known) = jobs.iter().find(|job| job.wish.id == wish.id) {
            return Self::answer(Ok(known.clone()));
        }
        let table = Table { own: json!("own"), rows: 3, ..Table::default() };
        let tables = wish.tables.iter().map(|name| (name.clone(), table.clone())).collect();
        let (reason, state) = (Reason::Asked, State::Running);
        let job = Job { wish, reason, asked_us: 1_000, state, tables };
        jobs.push(job.clone());
        Self::answer(Ok(job))
    }

    fn resnapshots<'a>(&'a self, _: &'a str) -> Reply<'a, Vec<Job>> {
        Self::answer(Ok(self.jobs.lock().unwrap().clone()))
    }

    fn give_up<'a>(&'a self, _: &'a str, id: &'a str) -> Reply<'a, Job> {
        let mut jobs = self.jobs.lock().unwrap();
        let found = jobs.iter_mut().find(|job| job.wish.id == id);
        let unknown = || Refusal::Unknown(Error::definite(WRONG, "There is no such job."));
        Self::answer(found.ok_or_else(unknown).map(|job| {
            job.state = State::Stopped;
            job.clone()
        }))
    }

    fn topics<'a>(&'a self, _: &'a str) -> Reply<'a, Vec<String>> {
        Self::answer(Ok(vec!["shop.public.orders".to_owned()]))
    }

    fn remove<'a>(&'a self, name: &'a str) -> Reply<'a, Vec<String>> {
        self.note(format!("{name} remove"));
        Self::answer(Ok(vec!["slot x".to_owned()]))
    }
}
