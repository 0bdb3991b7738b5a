//! Chunks against a model: whatever is written, seen, sent and answered in whatever order, a row that is
//! read again says what the stream has said, and of a new table every key begins with its row.

use super::*;
use crate::resnapshot::columns::{Column as KeyColumn, Columns};
use crate::resnapshot::streamed::Visible;
use crate::resnapshot::{Answer, Ask, Chunk, Compare, Ends, Rows};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;
use walbrook_core::batch::{Lane, State as CellState};
use walbrook_core::checkpoint::{Checkpoint, Part as Stored};
use walbrook_core::chunk::{Key, Part as KeyPart};
use walbrook_core::resnapshot::{Job, Reason, State, Table as JobTable, Wish};
use walbrook_core::source::Request;

const OID: u32 = 16400;

#[derive(Clone, Copy, Debug)]
enum Deed {
    Put(i32),
    Delete(i32),
    Move(i32, i32),
    Truncate,
    /// The server sends a transaction.
    Send,
    /// The desk answers, with what was visible so many commits ago if that is allowed.
    Answer(usize),
    Alive,
}

fn deed() -> impl Strategy<Value = Deed> {
    let key = 0..9_i32;
    prop_oneof![
        4 => key.clone().prop_map(Deed::Put),
        2 => key.clone().prop_map(Deed::Delete),
        2 => (key.clone(), key).prop_map(|(from, to)| Deed::Move(from, to)),
        1 => Just(Deed::Truncate),
        6 => Just(Deed::Send),
        5 => (0..6_usize).prop_map(Deed::Answer),
        1 => Just(Deed::Alive),
    ]
}

type Rows_ = BTreeMap<i32, i32>;

/// A transaction of one change.
#[derive(Clone, Copy, Debug)]
enum Logged {
    Insert(i32, i32),
    Update(i32, i32, i32),
    Delete(i32),
    Truncate,
}

/// The database: what was committed, and the table after each commit.
struct Database {
    log: Vec<Logged>,
    after: Vec<Rows_>,
    sent: usize,
    version: i32,
}

impl Database {
    fn new() -> Self {
        let rows: Rows_ = (0..6).map(|key| (key, 0)).collect();
        Self { log: Vec::new(), after: vec![rows], sent: 0, version: 0 }
    }

    fn now(&self) -> Rows_ {
        self.after.last().unwrap().clone()
    }

    fn write(&mut self, deed: Deed) {
        let mut rows = self.now();
        self.version += 1;
        let version = self.version;
        let logged = match deed {
            Deed::Put(key) => match rows.insert(key, version) {
                None => Logged::Insert(key, version),
                Some(_) => Logged::Update(key, key, version),
            },
            Deed::Delete(key) if rows.remove(&key).is_some() => Logged::Delete(key),
            Deed::Move(from, to) if rows.contains_key(&from) && !rows.contains_key(&to) => {
                rows.remove(&from);
                rows.insert(to, version);
                Logged::Update(from, to, version)
            }
            Deed::Truncate => {
                rows.clear();
                Logged::Truncate
            }
            _ => return,
        };
        self.log.push(logged);
        self.after.push(rows);
    }

    /// Where the commit of transaction `number` lies.
    fn lsn(number: usize) -> u64 {
        2000 + 100 * number as u64
    }

    fn end(&self) -> u64 {
        Self::lsn(self.log.len()) - 50
    }

    /// What is seen after `commits` of them. Numbers of transactions begin at 100.
    fn visible(commits: usize) -> Visible {
        let next = 100 + commits as u64;
        Visible { xmin: next, xmax: next, running: Vec::new() }
    }

    fn message(&self, number: usize) -> Vec<u8> {
        let text = |number: i32| number.to_string().into_bytes();
        let lsn = Self::lsn(number);
        let change = match self.log[number] {
            Logged::Insert(key, version) => {
                encode::insert(OID, &[Value::Text(&text(key)), Value::Text(&text(version))])
            }
            Logged::Update(from, to, version) => {
                let old = text(from);
                let old = [Value::Text(&old), Value::Null];
                let old = (from != to).then_some((false, &old[..]));
                encode::update(OID, old, &[Value::Text(&text(to)), Value::Text(&text(version))])
            }
            Logged::Delete(key) => {
                encode::delete(OID, false, &[Value::Text(&text(key)), Value::Null])
            }
            Logged::Truncate => encode::truncate(&[OID]),
        };
        [begin(100 + number as u32, lsn), encode::data(lsn - 1, &change), commit(lsn)].concat()
    }
}

struct Never;

impl Compare for Never {
    fn compare<'a>(&'a self, _: &'a Columns, _: &'a Key, _: &'a Key) -> Answer_<'a> {
        Box::pin(async { panic!("whole numbers are compared here") })
    }
}

type Answer_<'a> = walbrook_core::resolve::Answer<'a, Ordering>;

fn columns() -> Arc<Columns> {
    let column = KeyColumn {
        name: "id".into(),
        type_name: "integer".into(),
        collation: None,
        kind: Some(crate::snapshot::key::Kind::Int4),
    };
    Arc::new(Columns { table: "\"public\".\"t\"".into(), columns: vec![column] })
}

fn number(key: &Option<Key>) -> Option<i32> {
    match key.as_ref()?.0[0] {
        KeyPart::Number(number) => Some(number as i32),
        KeyPart::Bytes(_) => None,
    }
}

fn bound(rows: &Rows_, after: &Option<Key>) -> Answer {
    let after = number(after).unwrap_or(i32::MIN);
    let mut behind = rows.keys().filter(|key| **key > after).skip(2);
    let until = behind.next().map(|key| Key(vec![KeyPart::Number((*key).into())]));
    Answer::Bound { columns: columns(), until, rows: 3, from: 0 }
}

fn rows(rows: &Rows_, chunk: &Chunk, high: u64, visible: Visible) -> Answer {
    let (after, until) = (number(&chunk.after), number(&chunk.until));
    let inside =
        |key: i32| after.is_none_or(|after| key > after) && until.is_none_or(|until| key <= until);
    let mut read = Rows {
        relation: Some(relation(OID, "t")),
        select: "\"id\", \"note\"".into(),
        high,
        visible,
        ..Rows::default()
    };
    for (key, version) in rows.iter().filter(|(key, _)| inside(**key)) {
        read.lines.extend(format!("{key}\t{version}").bytes());
        read.ends.push(read.lines.len());
    }
    Answer::Rows(Box::new(read))
}

/// What a consumer makes of the records. `known`: what it has from before.
fn consume(batch: &Batch, known: &mut Rows_, reason: Reason) {
    for change in changes(batch) {
        let read = |image: Image| {
            let cell = |field: usize| *image.cell(batch, field).unwrap();
            let key = zigzag(cell(0).payload.of(&batch.bytes));
            let note = cell(1);
            let text =
                &note.payload.of(&batch.bytes)[usize::from(note.state == CellState::Present)..];
            (key, String::from_utf8_lossy(text).parse::<i32>().unwrap_or(-1))
        };
        let (before, after) = (change.before.map(read), change.after.map(read));
        match (change.op, before, after) {
            (Op::Read, None, Some((key, version))) => match reason {
                Reason::Asked => assert_eq!(known.get(&key), Some(&version), "read {key} again"),
                Reason::NewTable => assert_eq!(known.insert(key, version), None, "{key} twice"),
            },
            (Op::Create, None, Some((key, version))) => {
                assert_eq!(known.insert(key, version), None, "{key} was there");
            }
            (Op::Update, before, Some((key, version))) => {
                let old = before.map_or(key, |(key, _)| key);
                assert!(known.remove(&old).is_some(), "update of {old}, which nobody has");
                assert_eq!(known.insert(key, version), None);
            }
            (Op::Delete, Some((key, _)), None) => {
                assert!(known.remove(&key).is_some(), "delete of {key}, which nobody has");
            }
            (Op::Truncate, None, None) => known.clear(),
            other => panic!("{other:?}"),
        }
    }
}

/// Whether it says that the job is done.
fn is_done(lane: &Lane) -> bool {
    let mut stored = Checkpoint::default();
    stored.apply(&lane.updates);
    let job: Option<Job> = stored.read(&Stored::Resnapshot("j".into())).unwrap();
    job.is_some_and(|job| job.state == State::Done)
}

fn zigzag(bytes: &[u8]) -> i32 {
    let value = bytes.iter().rev().fold(0_u32, |value, byte| value << 7 | u32::from(byte & 0x7f));
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

/// The desk's side, and the server's.
struct Script {
    world: World,
    database: Database,
    asks: Receiver<Ask>,
    answers: Sender<Answer>,
    pending: Option<Ask>,
    known: Rows_,
    reason: Reason,
    done: bool,
    /// What was visible when the desk looked last: it never becomes less.
    seen: usize,
    /// Whether each answer has a row that cannot be read, and how many were told.
    bad: bool,
    poisons: usize,
}

impl Script {
    fn new(reason: Reason) -> (Self, Sender<Request>) {
        let (ask, asks) = unbounded();
        let (answers, answer) = unbounded();
        let (requests, asked) = unbounded();
        let own = serde_json::json!({"schema": "public", "name": "t"});
        let table = JobTable { own, ..JobTable::default() };
        let job = Job {
            wish: Wish { id: "j".into(), tables: vec!["public.t".into()], predicate: None },
            reason,
            asked_us: 1,
            state: State::Waiting,
            tables: [("public.t".to_owned(), table)].into(),
        };
        let ends = Ends {
            jobs: vec![job],
            requests: asked,
            asks: ask,
            answers: answer,
            compare: Arc::new(Never),
            created: None,
        };
        let world = world(Start { resnapshot: Some(ends), ..start() }, 8);
        let database = Database::new();
        let known = match reason {
            Reason::Asked => database.now(),
            Reason::NewTable => Rows_::new(),
        };
        let (pending, done) = (None, false);
        let (seen, bad, poisons) = (0, false, 0);
        let script = Self {
            world,
            database,
            asks,
            answers,
            pending,
            known,
            reason,
            done,
            seen,
            bad,
            poisons,
        };
        (script, requests)
    }

    async fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Send if self.database.sent < self.database.log.len() => {
                let message = self.database.message(self.database.sent);
                self.database.sent += 1;
                self.world.say(&[message]).await;
            }
            Deed::Send => {}
            Deed::Answer(ago) => self.answer(ago),
            Deed::Alive => {
                let end = Database::lsn(self.database.sent) - 50;
                self.world.say(&[encode::keepalive(end, false)]).await;
            }
            deed => self.database.write(deed),
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        self.take();
    }

    fn answer(&mut self, ago: usize) {
        while self.pending.is_none() {
            match self.asks.try_recv() {
                Ok(ask @ (Ask::Bound { .. } | Ask::Rows(_))) => self.pending = Some(ask),
                Ok(_) => {}
                Err(_) => return,
            }
        }
        let all = self.database.log.len();
        let answer = match self.pending.take() {
            Some(Ask::Bound { after, .. }) => bound(&self.database.now(), &after),
            Some(Ask::Rows(chunk)) => {
                // The oldest view that shows everything that the stream has told.
                let shows = |commits: &usize| chunk.seen.is_shown(&Database::visible(*commits));
                let oldest = (0..=all).find(shows).expect("everything is shown in the end");
                let view = all.saturating_sub(ago).max(oldest).max(self.seen);
                self.seen = view;
                let visible = Database::visible(view);
                let mut answer =
                    rows(&self.database.after[view], &chunk, self.database.end(), visible);
                if let (true, Answer::Rows(read)) = (self.bad, &mut answer) {
                    read.lines.extend(b"no number\t1");
                    read.ends.push(read.lines.len());
                }
                answer
            }
            _ => return,
        };
        self.answers.try_send(answer).unwrap();
    }

    fn take(&mut self) {
        while let Ok(message) = self.world.messages.try_recv() {
            match message {
                Message::Batch(mut batch) => {
                    consume(&batch, &mut self.known, self.reason);
                    self.done |= batch.lane.as_ref().is_some_and(is_done);
                    let poisons = batch.events.iter().filter_map(|event| match event {
                        Event::Poison(poison) => Some((poison.op, poison.form)),
                        _ => None,
                    });
                    self.poisons +=
                        poisons.inspect(|it| assert_eq!(*it, (Op::Read, "copy"))).count();
                    batch.clear();
                    drop(self.world.spare.try_send(batch));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    async fn finish(&mut self) {
        for _ in 0..200 {
            self.act(Deed::Send).await;
            self.act(Deed::Answer(0)).await;
            self.act(Deed::Alive).await;
            if self.done && self.database.sent == self.database.log.len() {
                return;
            }
        }
        panic!("the job does not come to its end");
    }
}

fn play(reason: Reason, deeds: &[Deed]) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(async {
        let (mut script, requests) = Script::new(reason);
        script.world.say(&[described(OID, "t")]).await;
        for deed in deeds {
            script.act(*deed).await;
        }
        script.finish().await;
        assert_eq!(script.known, script.database.now());
        drop(requests);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_row_read_again_undoes_nothing(deeds in prop::collection::vec(deed(), 0..60)) {
        play(Reason::Asked, &deeds);
    }

    #[test]
    fn a_new_table_begins_with_its_rows(deeds in prop::collection::vec(deed(), 0..60)) {
        play(Reason::NewTable, &deeds);
    }
}

#[test]
fn a_row_that_cannot_be_read_again_is_poison_and_the_others_are_told() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        for reason in [Reason::Asked, Reason::NewTable] {
            let (mut script, _requests) = Script::new(reason);
            script.bad = true;
            script.finish().await;
            assert!(script.poisons > 0, "each chunk has one");
            assert_eq!(script.known, script.database.now());
        }
    });
}
