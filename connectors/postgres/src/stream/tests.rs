//! A scripted walsender at the other end of a pipe, time standing still or running by itself.

use super::*;
use crate::codes;
use crate::pgoutput::{Begin, Column, Commit, Logical, Relation, Value, encode};
use crate::transport::{Frames, MAX_FRAME};
use async_channel::unbounded;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use walbrook_core::batch::Image;
use walbrook_core::change::{Change, Event, Op};
use walbrook_core::checkpoint::Part as Entry;
use walbrook_core::error::{Class, Error};
use walbrook_core::position::{Log, Part};
use walbrook_core::resolve::Answer;

struct NoCatalog;

impl Catalog for NoCatalog {
    fn structure<'a>(&'a self, _: &'a Relation) -> Answer<'a, Option<Structure>> {
        Box::pin(async { Ok(None) })
    }
}

/// A row is contained if its transaction committed before 5000 and its key is under 10.
struct Small;

impl Covered for Small {
    fn covers(&self, _: &Relation, lsn: u64, row: Option<Tuple<'_>>, _: Option<Tuple<'_>>) -> bool {
        let id = row.and_then(|row| row.values().next());
        lsn < 5000 && matches!(id, None | Some(Value::Text([_])))
    }

    fn passed(&self, lsn: u64) -> bool {
        lsn >= 5000
    }
}

struct World {
    server: DuplexStream,
    messages: Receiver<Message>,
    spare: Sender<Batch>,
    confirm: watch::Sender<u64>,
    gauges: Arc<Gauges>,
    task: JoinHandle<Result<()>>,
}

fn start() -> Start {
    Start {
        position: Position::at("77", Log::Lsn(1000)),
        database: "shop".into(),
        topic_prefix: "p".into(),
        selection: Arc::new(|_, name| name != "hidden"),
        modes: Modes::default(),
        messages: None,
        structures: HashMap::new(),
        catalog: Arc::new(NoCatalog),
        covered: None,
        resnapshot: None,
        timing: Timing { pause: None, now_us: || 0, ..Timing::default() },
    }
}

fn world(start: Start, batches: usize) -> World {
    let (client, server) = duplex(1 << 20);
    let (read, write) = tokio::io::split(client);
    let (outgoing, messages) = unbounded();
    let (spare, empty) = unbounded();
    for _ in 0..batches {
        spare.try_send(Batch::default()).unwrap();
    }
    let (confirm, confirmed) = watch::channel(1000);
    let gauges = Arc::new(Gauges::default());
    let wires = Wires { messages: outgoing, spare: empty, confirmed, gauges: Arc::clone(&gauges) };
    let io = CopyBoth { read, write, frames: Frames::new(MAX_FRAME) };
    let task = tokio::spawn(run(io, start, wires));
    World { server, messages, spare, confirm, gauges, task }
}

impl World {
    async fn say(&mut self, messages: &[Vec<u8>]) {
        self.server.write_all(&messages.concat()).await.unwrap();
    }

    async fn batch(&mut self) -> Batch {
        match self.messages.recv().await.unwrap() {
            Message::Batch(batch) => batch,
            other => panic!("{other:?}"),
        }
    }

    /// The next status update: the LSN in it.
    async fn heard(&mut self) -> u64 {
        self.status().await.0
    }

    /// The next status update: the LSN in it, and whether it wants an answer.
    async fn status(&mut self) -> (u64, bool) {
        let mut status = [0; 39];
        self.server.read_exact(&mut status).await.unwrap();
        assert_eq!(&status[..6], b"d\0\0\0\x26r");
        let lsn = |at: usize| u64::from_be_bytes(status[at..at + 8].try_into().unwrap());
        assert!(lsn(6) == lsn(14) && lsn(14) == lsn(22));
        (lsn(14), status[38] == 1)
    }

    async fn failure(self) -> Error {
        self.task.await.unwrap().unwrap_err()
    }
}

fn relation(oid: u32, name: &str) -> Relation {
    let column =
        |key, name: &str, type_oid| Column { key, name: name.into(), type_oid, typmod: -1 };
    let columns = vec![column(true, "id", 23), column(false, "note", 25)];
    Relation { oid, schema: "public".into(), name: name.into(), identity: b'd', columns }
}

fn begin(xid: u32, commit_lsn: u64) -> Vec<u8> {
    encode::data(0, &encode::begin(&Begin { commit_lsn, commit_us: 1_700_000_000_000_000, xid }))
}

fn commit(commit_lsn: u64) -> Vec<u8> {
    let commit = Commit { commit_lsn, end_lsn: commit_lsn + 50, commit_us: 1_700_000_000_000_000 };
    encode::data(commit_lsn, &encode::commit(&commit))
}

fn described(oid: u32, name: &str) -> Vec<u8> {
    encode::data(0, &encode::relation(&relation(oid, name)))
}

fn insert(oid: u32, id: &str) -> Vec<u8> {
    encode::data(1111, &encode::insert(oid, &[Value::Text(id.as_bytes()), Value::Text(b"n")]))
}

fn changes(batch: &Batch) -> Vec<Change> {
    let change = |event: &Event| match event {
        Event::Change(change) => Some(*change),
        _ => None,
    };
    batch.events.iter().filter_map(change).collect()
}

fn ops(batch: &Batch) -> Vec<(Op, u64)> {
    changes(batch).iter().map(|change| (change.op, change.number)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_transaction_becomes_events_and_hidden_tables_only_count() {
    let mut world = world(start(), 4);
    let old = [Value::Text(b"1"), Value::Null];
    let update = encode::update(7, Some((false, &old)), &[Value::Text(b"2"), Value::Unchanged]);
    world
        .say(&[
            begin(9, 2000),
            described(7, "t"),
            described(8, "hidden"),
            insert(8, "1"),
            insert(7, "1"),
            encode::data(1112, &update),
            encode::data(1113, &encode::delete(7, false, &old)),
            encode::data(1114, &encode::truncate(&[8, 7])),
            commit(2000),
        ])
        .await;
    let batch = world.batch().await;
    let Some(Event::Begin(first)) = batch.events.first() else { panic!("{:?}", batch.events) };
    assert_eq!(first.id.of(&batch.bytes), b"9:2000");
    assert_eq!(first.commit_us, 1_700_000_000_000_000);
    // The catalog was asked after Begin, and what was decoded went ahead.
    let batch = world.batch().await;
    assert_eq!(ops(&batch), [(Op::Create, 2), (Op::Update, 3), (Op::Delete, 4), (Op::Truncate, 6)]);
    let all = changes(&batch);
    let datum = |image: Option<Image>| image.unwrap().datum.of(&batch.bytes).to_vec();
    assert!(all[0].before.is_none() && datum(all[0].after).starts_with(&[2]));
    assert!(datum(all[1].before).starts_with(&[2]) && datum(all[1].after).starts_with(&[4]));
    assert!(datum(all[2].before).starts_with(&[2]) && all[2].after.is_none());
    let Some(Event::End(position)) = batch.events.last() else { panic!() };
    assert_eq!(*position, Position::at("77", Log::Lsn(2050)));
    assert_eq!(world.gauges.received.load(std::sync::atomic::Ordering::Relaxed), 2050);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_read_is_a_poison_change_and_the_stream_goes_on() {
    let mut world = world(start(), 4);
    // Text that is not UTF-8, as a database in SQL_ASCII may hold.
    let bad = [Value::Text(b"2"), Value::Text(b"\xff")];
    let message = encode::insert(7, &bad);
    world
        .say(&[
            begin(9, 2000),
            described(7, "t"),
            insert(7, "1"),
            encode::data(1112, &message),
            insert(7, "3"),
            commit(2000),
        ])
        .await;
    world.batch().await;
    let batch = world.batch().await;
    let numbers: Vec<_> = changes(&batch).iter().map(|change| change.number).collect();
    assert_eq!(numbers, [1, 3]);
    let poison = batch.events.iter().find_map(|event| match event {
        Event::Poison(poison) => Some(poison),
        _ => None,
    });
    let poison = poison.unwrap();
    assert_eq!((poison.number, poison.op, poison.form), (2, Op::Create, "pgoutput"));
    assert_eq!(poison.original.unwrap().of(&batch.bytes), message);
    assert_eq!(poison.error.class, Class::Poison);
    assert!(matches!(batch.events.last(), Some(Event::End(_))));
}

#[tokio::test(start_paused = true)]
async fn what_a_snapshot_contains_is_counted_and_left_out() {
    let mut start = start();
    start.covered = Some(Arc::new(Small));
    let mut world = world(start, 4);
    let row = |id: &'static [u8]| [Value::Text(id), Value::Text(b"n")];
    let moved = |from: &'static [u8], to: &'static [u8]| {
        let old = [Value::Text(from), Value::Null];
        encode::data(1, &encode::update(7, Some((false, &old)), &row(to)))
    };
    world
        .say(&[
            begin(9, 2000),
            described(7, "t"),
            insert(7, "5"),
            insert(7, "15"),
            moved(b"5", b"6"),
            moved(b"5", b"15"),
            moved(b"15", b"5"),
            moved(b"15", b"16"),
            commit(2000),
            begin(10, 5000),
            insert(7, "5"),
            commit(5000),
        ])
        .await;
    world.batch().await;
    let batch = world.batch().await;
    assert_eq!(
        ops(&batch),
        [(Op::Create, 2), (Op::Create, 4), (Op::Delete, 5), (Op::Update, 6), (Op::Create, 1)]
    );
}

#[tokio::test(start_paused = true)]
async fn only_what_is_confirmed_is_told_and_at_once_when_asked() {
    let mut world = world(start(), 4);
    world.say(&[begin(9, 2000), commit(2000)]).await;
    world.batch().await;
    assert_eq!(world.heard().await, 1000, "at its interval");
    world.confirm.send(2050).unwrap();
    world.say(&[encode::keepalive(2050, true)]).await;
    let before = tokio::time::Instant::now();
    assert_eq!(world.heard().await, 2050);
    assert!(before.elapsed() < Duration::from_millis(200));
    // Nothing ever goes back.
    world.confirm.send(10).unwrap();
    assert_eq!(world.heard().await, 2050);
}

#[tokio::test(start_paused = true)]
async fn feedback_goes_on_while_no_batch_is_free() {
    let mut world = world(start(), 1);
    world.say(&[begin(9, 2000), commit(2000)]).await;
    let batch = world.batch().await;
    world.say(&[begin(10, 3000), commit(3000)]).await;
    for _ in 0..100 {
        assert_eq!(world.heard().await, 1000);
    }
    assert!(world.messages.is_empty() && !world.task.is_finished());
    let mut batch = batch;
    batch.clear();
    world.spare.send(batch).await.unwrap();
    assert_eq!(world.batch().await.events.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_tells_how_far_it_looked_but_not_inside_a_transaction() {
    let mut world = world(start(), 4);
    tokio::time::sleep(Duration::from_secs(11)).await;
    world.say(&[begin(9, 2000), encode::keepalive(9000, false), commit(2000)]).await;
    let batch = world.batch().await;
    assert!(batch.events.iter().all(|event| !matches!(event, Event::Progress(_))));
    world.say(&[encode::keepalive(9000, false)]).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(world.messages.is_empty(), "2050 is not confirmed yet");
    world.confirm.send(2050).unwrap();
    world.say(&[encode::keepalive(9001, false)]).await;
    let batch = world.batch().await;
    let Some(Event::Progress(position)) = batch.events.first() else { panic!() };
    assert_eq!(position.log, Log::Lsn(9001));
}

/// At 10 MB/s of foreign log, ten seconds would be 100 MB that the slot holds back.
#[tokio::test(start_paused = true)]
async fn much_foreign_log_is_asked_for_told_and_confirmed_within_seconds() {
    let mut world = world(start(), 4);
    let begin = tokio::time::Instant::now();
    assert_eq!(world.status().await, (1000, true), "asked how far the server has looked");
    let far = 1000 + (16 << 20);
    world.say(&[encode::keepalive(far - 1, false)]).await;
    assert_eq!(world.heard().await, 1000);
    assert!(world.messages.is_empty(), "neither far nor long ago");
    world.say(&[encode::keepalive(far, false)]).await;
    let batch = world.batch().await;
    let Some(Event::Progress(position)) = batch.events.first() else { panic!() };
    assert_eq!(position.log, Log::Lsn(far));
    world.confirm.send(far).unwrap();
    assert_eq!(world.heard().await, far);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// A stream that begins where all is stored has nothing to be confirmed before it may go on.
#[tokio::test(start_paused = true)]
async fn a_stream_that_was_idle_before_a_restart_goes_on_being_idle() {
    let mut world = world(start(), 4);
    world.confirm.send_replace(0);
    tokio::time::sleep(Duration::from_secs(11)).await;
    world.say(&[encode::keepalive(9000, true)]).await;
    let batch = world.batch().await;
    let Some(Event::Progress(position)) = batch.events.first() else { panic!() };
    assert_eq!(position.log, Log::Lsn(9000));
    assert_eq!(world.heard().await, 1000, "what is stored is confirmed at once");
}

/// The server may take long to decode a large transaction, and says meanwhile how far it looked.
#[tokio::test(start_paused = true)]
async fn nothing_is_told_in_front_of_a_transaction_that_is_delivered_in_part() {
    let mut start = start();
    start.position.part = Some(Part { transaction: "9:9500".into(), k: 3, messages: false });
    let mut world = world(start, 4);
    tokio::time::sleep(Duration::from_secs(11)).await;
    world.say(&[encode::keepalive(9000, true)]).await;
    world.say(&[begin(9, 9500), commit(9500)]).await;
    let batch = world.batch().await;
    assert!(matches!(batch.events[..], [Event::Begin(_), Event::End(_)]), "{:?}", batch.events);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let world = world(start(), 4);
    let error = world.failure().await;
    assert_eq!((error.code, error.class), (codes::SILENT, Class::Transient));
}

#[tokio::test(start_paused = true)]
async fn the_half_delivered_transaction_must_come_first() {
    let part = |id: &str| {
        let mut start = start();
        start.position.part = Some(Part { transaction: id.into(), k: 3, messages: false });
        start
    };
    let mut right = world(part("9:2000"), 4);
    right.say(&[begin(9, 2000), commit(2000), begin(10, 3000), commit(3000)]).await;
    assert_eq!(right.batch().await.events.len(), 4);
    let mut wrong = world(part("8:2000"), 4);
    wrong.say(&[begin(9, 2000)]).await;
    let error = wrong.failure().await;
    assert_eq!((error.code, error.class), (codes::OTHER_TRANSACTION, Class::Definite));
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_not_understood_is_skipped() {
    let message = |tag: u8, body: &[u8]| {
        let mut out = vec![tag];
        out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        out.extend_from_slice(body);
        out
    };
    let notice = b"SWARNING\0C55000\0Mskipped loading publication \"p\"\0\0";
    let cases = [
        (vec![encode::data(1, b"S....")], codes::UNKNOWN_MESSAGE),
        (vec![encode::data(1, b"Ix")], codes::MALFORMED),
        (vec![commit(2000)], codes::MALFORMED),
        (vec![insert(7, "1")], codes::MALFORMED),
        (vec![begin(9, 1), begin(9, 1)], codes::MALFORMED),
        (vec![begin(9, 1), insert(7, "1")], codes::UNKNOWN_RELATION),
        (vec![message(b'N', notice)], codes::PUBLICATION_SKIPPED),
        (vec![message(b'X', b"")], codes::PROTOCOL),
        (vec![message(b'd', b"q")], codes::PROTOCOL),
        (vec![message(b'E', b"C57P01\0Mshutting down\0\0")], codes::SERVER_TRANSIENT),
        (vec![message(b'c', b"")], codes::CLOSED),
    ];
    for (script, code) in cases {
        let mut world = world(start(), 4);
        world.say(&script).await;
        let error = world.failure().await;
        assert_eq!(error.code, code, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_before_a_failure_is_delivered() {
    let mut world = world(start(), 4);
    world.say(&[begin(9, 2000), commit(2000), encode::data(1, b"?")]).await;
    assert_eq!(world.batch().await.events.len(), 2);
    assert_eq!(world.failure().await.code, codes::UNKNOWN_MESSAGE);
}

#[tokio::test(start_paused = true)]
async fn a_row_over_the_limit_names_its_table() {
    let mut start = start();
    start.timing.max_row = 4096;
    let mut world = world(start, 4);
    let large = encode::insert(7, &[Value::Text(b"1"), Value::Text(&[b'x'; 5000])]);
    world.say(&[begin(9, 2000), described(7, "t"), encode::data(1, &large)]).await;
    let error = world.failure().await;
    assert_eq!(error.code, codes::ROW_TOO_LARGE);
    assert!(error.message.contains("public.t"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_takes_ends_in_order() {
    let mut world = world(start(), 4);
    world.messages.close();
    world.confirm.send(1500).unwrap();
    world.say(&[begin(9, 2000), commit(2000)]).await;
    assert_eq!(world.heard().await, 1500);
    let mut rest = Vec::new();
    world.server.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"c\0\0\0\x04X\0\0\0\x04");
    assert_eq!(world.task.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_resolved_structure_is_stored_with_the_batch() {
    struct Knows;
    impl Catalog for Knows {
        fn structure<'a>(&'a self, _: &'a Relation) -> Answer<'a, Option<Structure>> {
            Box::pin(async {
                Ok(Some(Structure {
                    version: crate::catalog::VERSION,
                    kind: Some('r'),
                    columns: Vec::new(),
                    primary: Vec::new(),
                    unique: Vec::new(),
                    types: Default::default(),
                }))
            })
        }
    }
    let mut start = start();
    start.catalog = Arc::new(Knows);
    let mut world = world(start, 4);
    world.say(&[begin(9, 2000), described(7, "t"), insert(7, "1"), commit(2000)]).await;
    world.batch().await;
    let batch = world.batch().await;
    let hash = relation(7, "t").hash();
    assert!(matches!(&batch.updates[..], [(Entry::Structure(name), Some(_))]
        if *name == format!("{hash:016x}")));
}

#[path = "chunk_tests.rs"]
mod chunk_tests;

fn said(transactional: bool, lsn: u64, prefix: &str, content: &[u8]) -> Vec<u8> {
    encode::data(lsn, &encode::logical(&Logical { transactional, lsn, prefix, content }))
}

/// A stream that tells messages whose prefix begins with `a`.
fn with_messages() -> Start {
    Start { messages: Some(Arc::new(|prefix: &str| prefix.starts_with('a'))), ..start() }
}

/// Every change and the two bytes of its content, and every position behind one.
fn course(batch: &Batch) -> Vec<(&'static str, u64, Vec<u8>)> {
    let content = |image: Option<Image>| {
        let cell = image.and_then(|image| image.cell(batch, 1).copied());
        cell.map(|cell| cell.payload.of(&batch.bytes).to_vec()).unwrap_or_default()
    };
    let told = |event: &Event| match event {
        Event::Change(change) => (change.op.letter(), change.number, content(change.after)),
        Event::Begin(_) => ("begin", 0, Vec::new()),
        Event::End(position) => ("end", position.lsn(), Vec::new()),
        Event::Progress(position) => ("at", position.lsn(), Vec::new()),
        other => panic!("{other:?}"),
    };
    batch.events.iter().map(told).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_are_told_where_they_stand_and_those_of_no_transaction_are_positions() {
    let mut world = world(with_messages(), 4);
    world
        .say(&[
            said(false, 1500, "a", b"1"),
            said(false, 1600, "b", b"not wanted"),
            begin(9, 2000),
            said(true, 1900, "a1", b"2"),
            said(true, 1910, "b", b"not wanted, counted"),
            described(7, "t"),
            insert(7, "1"),
            commit(2000),
            said(false, 3000, "a", b""),
        ])
        .await;
    // The catalog is asked for the table in between.
    let (first, second) = (world.batch().await, world.batch().await);
    let nothing = Vec::new;
    assert_eq!(
        [course(&first), course(&second)].concat(),
        [
            ("m", 0, b"\x021".to_vec()),
            ("at", 1500, nothing()),
            ("begin", 0, nothing()),
            ("m", 1, b"\x022".to_vec()),
            ("c", 3, b"\x02n".to_vec()),
            ("end", 2050, nothing()),
            ("m", 0, b"\x00".to_vec()),
            ("at", 3000, nothing()),
        ]
    );
    assert!(first.layouts.iter().all(|layout| layout.table.is_messages()));
    assert_eq!(world.gauges.received.load(std::sync::atomic::Ordering::Relaxed), 3000);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_transaction_is_counted_as_its_beginning_was() {
    for (counted, wanted, expected) in [
        // Its beginning was counted with messages: they are told where they are wanted.
        (true, true, vec![("m", 1), ("c", 2)]),
        (true, false, vec![("c", 2)]),
        // It was counted without: none of its messages is counted or told, those after it are.
        (false, true, vec![("c", 1), ("m", 1)]),
    ] {
        let mut start = if wanted { with_messages() } else { start() };
        start.position.part = Some(Part { transaction: "9:2000".into(), k: 0, messages: counted });
        let mut world = world(start, 4);
        world
            .say(&[
                said(false, 1500, "a", b"in front of it, and so of what is delivered"),
                begin(9, 2000),
                said(true, 1900, "a", b"x"),
                described(7, "t"),
                insert(7, "1"),
                commit(2000),
                begin(10, 3000),
            ])
            .await;
        if wanted && !counted {
            world.say(&[said(true, 2900, "a", b"y")]).await;
        }
        world.say(&[commit(3000)]).await;
        let mut told = Vec::new();
        while told.last() != Some(&("end", 3050)) {
            let batch = world.batch().await;
            told.extend(course(&batch).into_iter().map(|(what, number, _)| (what, number)));
        }
        told.retain(|(what, _)| ["m", "c", "at"].contains(what));
        assert_eq!(told, expected, "counted {counted}, wanted {wanted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_out_of_its_place_or_too_large_ends_the_stream() {
    let mut inside = world(with_messages(), 4);
    inside.say(&[begin(9, 2000), said(false, 1900, "a", b"x")]).await;
    assert_eq!(inside.failure().await.code, codes::MALFORMED);
    let mut outside = world(with_messages(), 4);
    outside.say(&[said(true, 1900, "a", b"x")]).await;
    assert_eq!(outside.failure().await.code, codes::MALFORMED);
    let mut start = with_messages();
    start.timing.max_row = 1000;
    let mut large = world(start, 4);
    large.say(&[said(false, 1900, "a", &[7; 2000])]).await;
    let error = large.failure().await;
    assert_eq!(error.code, codes::ROW_TOO_LARGE);
    assert!(error.message.starts_with("A logical message has"), "{error}");
}
