//! The shaper against hand-made batches: what is written, and that a replay writes the rest.

#![allow(clippy::unit_arg, reason = "writers that cannot fail stand for codecs that can")]

use super::*;
use proptest::prelude::*;
use std::convert::Infallible;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::change::{Begin, Change, Event, Marker, Notice, NoticeTopic, Op, Source};
use walbrook_core::layout::{Field, Layout, Table};
use walbrook_core::position::{Log, Part, Position};
use walbrook_core::resolve::Topic;
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::source::Description;

fn layout() -> Arc<Layout> {
    let field = |name: &str, schema: Schema, fallback: &[u8]| Field {
        name: name.into(),
        wrap: schema.wrap(),
        schema,
        fallback: fallback.into(),
        unchanged: b"\x02?".as_slice().into(),
        hidden: false,
    };
    Arc::new(Layout {
        table: Table::new("public", "t"),
        fingerprint: 1,
        fields: vec![
            field("id", Schema::new(Kind::Int32), &[0]),
            field("v", Schema::new(Kind::String).optional(), &[0]),
        ],
        key: vec![0],
        masked: false,
    })
}

fn description() -> Description {
    Description {
        connector: "postgresql",
        source_schema: Arc::new(Schema::record("x.Source", vec![])),
        export: |_| serde_json::Value::Null,
    }
}

fn position(lsn: u64) -> Position {
    Position::at("sys", Log::Lsn(lsn))
}

/// A batch builder over one table.
struct Script {
    batch: Batch,
    layout: Arc<Layout>,
    number: u64,
}

impl Script {
    fn new() -> Self {
        Self { batch: Batch::default(), layout: layout(), number: 0 }
    }

    fn row(&mut self, id: i64, v: Option<&str>) -> Image {
        let layout = Arc::clone(&self.layout);
        let mut row = self.batch.image(&layout);
        row.value(|out| Ok::<_, Infallible>(write::long(out, id))).unwrap();
        if let Some(v) = v {
            row.value(|out| Ok::<_, Infallible>(write::string(out, v))).unwrap();
        }
        row.finish()
    }

    fn begin(&mut self, id: &str) {
        self.number = 0;
        let id = self.batch.append(id.as_bytes());
        self.batch.events.push(Event::Begin(Begin { id, commit_us: 7_000 }));
    }

    fn change(&mut self, op: Op, before: Option<Image>, after: Option<Image>) {
        self.number += 1;
        let layout = self.batch.layout(&Arc::clone(&self.layout));
        let (head, tail) = (self.batch.append(b"H"), self.batch.append(b"T"));
        self.batch.events.push(Event::Change(Change {
            layout,
            op,
            number: self.number,
            before,
            after,
            source: Source { head, tail },
            marker: Marker::False,
        }));
    }

    fn end(&mut self, lsn: u64) {
        self.batch.events.push(Event::End(position(lsn)));
    }
}

/// Shapes a batch, answering every need.
fn shape(shaper: &mut Shaper, batch: &Batch) -> Output {
    let (mut out, mut place, mut id) = (Output::default(), 0, 100);
    loop {
        match shaper.shape(batch, place, &mut out, 5_000) {
            Shaped::Done => return out,
            Shaped::Failed(_, error) => panic!("{error}"),
            Shaped::Need(at, needs) => {
                place = at;
                for need in needs {
                    id += 1;
                    match need {
                        Need::Schema { subject, text } => {
                            shaper.resolved.add_schema(subject, text, id);
                        }
                        Need::Topic { name, .. } => {
                            let topic =
                                Topic { partitions: 3, max_bytes: 1 << 20, compacted: false };
                            shaper.resolved.add_topic(name, topic, None);
                        }
                    }
                }
            }
        }
    }
}

/// Key and value of a record.
type Told = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Key and value of every record.
fn told(out: &Output) -> Vec<Told> {
    let bytes = &out.records.bytes;
    let get = |span: Option<walbrook_core::batch::Span>| span.map(|span| span.of(bytes).to_vec());
    out.records.records.iter().map(|record| (get(record.key), get(record.value))).collect()
}

fn shaper(transactions: bool, position: Option<Position>) -> Shaper {
    let settings = Settings { transaction_metadata: transactions, ..Settings::new("p") };
    Shaper::new(settings, description(), position)
}

#[test]
fn a_change_of_key_is_delete_tombstone_create_with_linking_headers() {
    let mut script = Script::new();
    script.begin("7:9");
    let (old, new) = (script.row(1, None), script.row(2, Some("x")));
    script.change(Op::Update, Some(old), Some(new));
    script.end(10);
    let out = shape(&mut shaper(false, None), &script.batch);
    let records = told(&out);
    assert_eq!(records.len(), 3);
    assert_eq!(records[0].0, records[1].0);
    assert_eq!(records[1].1, None);
    assert!(records[0].1.as_ref().unwrap().windows(3).any(|w| w == b"\x02d\x02"));
    assert!(records[2].1.as_ref().unwrap().windows(3).any(|w| w == b"\x02c\x02"));
    let header = |i: usize| {
        let header = out.records.headers[out.records.records[i].headers as usize];
        let value = header.value.unwrap().of(&out.records.bytes).to_vec();
        (header.name.of(&out.records.bytes).to_vec(), value)
    };
    assert_eq!(header(0), (b"__debezium.newkey".to_vec(), b"{\"id\":2}".to_vec()));
    assert_eq!(header(2), (b"__debezium.oldkey".to_vec(), b"{\"id\":1}".to_vec()));
    assert_eq!(out.boundary, Some(Boundary { at: 3, position: position(10), poisoned: 0 }));
}

#[test]
fn a_key_only_old_image_of_an_unchanged_key_is_no_before() {
    let mut script = Script::new();
    script.begin("7:9");
    let (old, new) = (script.row(1, None), script.row(1, Some("x")));
    script.change(Op::Update, Some(old), Some(new));
    script.end(10);
    let records = told(&shape(&mut shaper(false, None), &script.batch));
    assert_eq!(records.len(), 1);
    let value = records[0].1.as_ref().unwrap();
    assert_eq!(value[5..7], [0, 2], "before is null, after is there");
}

#[test]
fn an_update_that_changes_nothing_that_is_told_can_be_left_out() {
    let mut script = Script::new();
    script.begin("7:9");
    for (from, to) in [((1, Some("x")), (1, Some("x"))), ((1, Some("x")), (1, Some("y")))] {
        let (old, new) = (script.row(from.0, from.1), script.row(to.0, to.1));
        script.change(Op::Update, Some(old), Some(new));
    }
    // A key-only old image does not say what was there.
    let (old, new) = (script.row(1, None), script.row(1, None));
    script.change(Op::Update, Some(old), Some(new));
    script.end(10);
    let mut all = shaper(false, None);
    assert_eq!(told(&shape(&mut all, &script.batch)).len(), 3);
    let settings = Settings { skip_unchanged: true, ..Settings::new("p") };
    let mut changes = Shaper::new(settings, description(), None);
    assert_eq!(told(&shape(&mut changes, &script.batch)).len(), 2);
}

#[test]
fn records_of_the_source_say_which_run_made_them() {
    let record = || Schema::record("x.R", vec![]);
    let topic = Arc::new(NoticeTopic { name: "p".into(), key: record(), value: record() });
    let mut batch = Batch::default();
    let (key, value) = (batch.append(b"k"), batch.append(b"v"));
    batch.events.push(Event::Notice(Notice { topic, key, value }));
    batch.events.push(Event::Progress(position(10)));
    for (context_headers, count) in [(true, 4), (false, 0)] {
        let settings = Settings { context_headers, run_id: "r".into(), ..Settings::new("p") };
        let out = shape(&mut Shaper::new(settings, description(), None), &batch);
        let [record] = out.records.records.as_slice() else { panic!("one record") };
        assert_eq!(record.header_count, count);
        let value = out.records.headers.last().map(|it| it.value.unwrap().of(&out.records.bytes));
        assert_eq!(value, context_headers.then_some(b"r".as_slice()));
    }
}

#[test]
fn another_transaction_in_place_of_the_split_one_is_a_definite_error() {
    let part = Some(Part { transaction: "7:9".into(), k: 1, messages: false });
    let mut script = Script::new();
    script.begin("8:11");
    let mut shaper = shaper(false, Some(Position { part, ..position(5) }));
    match shaper.shape(&script.batch, 0, &mut Output::default(), 0) {
        Shaped::Failed(0, error) => assert_eq!(error.code.as_str(), "WB-RUN-003"),
        other => panic!("{other:?}"),
    }
}

/// One change of a random transaction: a kind and two ids.
fn changes() -> impl Strategy<Value = Vec<(u8, i64, i64)>> {
    prop::collection::vec((0u8..4, 0i64..5, 0i64..5), 1..30)
}

fn transaction(changes: &[(u8, i64, i64)]) -> Script {
    let mut script = Script::new();
    script.begin("7:9");
    for &(kind, a, b) in changes {
        let (old, new) = (script.row(a, Some("o")), script.row(b, Some("n")));
        match kind {
            0 => script.change(Op::Create, None, Some(new)),
            1 => script.change(Op::Update, Some(old), Some(new)),
            2 => script.change(Op::Delete, Some(old), None),
            _ => script.change(Op::Truncate, None, None),
        }
    }
    script.end(10);
    script
}

proptest! {
    /// However a transaction is cut, the prefix and the replay together are the whole, once.
    #[test]
    fn a_replayed_transaction_writes_exactly_the_rest(changes in changes(), cut in 0usize..30) {
        let cut = cut.min(changes.len());
        let whole = transaction(&changes);
        let all = told(&shape(&mut shaper(true, Some(position(5))), &whole.batch));
        let mut first = shaper(true, Some(position(5)));
        let mut batch = transaction(&changes).batch;
        batch.events.truncate(1 + cut);
        let mut pieces = told(&shape(&mut first, &batch));
        // Cut before the first change: nothing of it is stored, so everything is written again.
        let stored = if cut == 0 { pieces.clear(); Some(position(5)) } else { first.split_position() };
        pieces.extend(told(&shape(&mut shaper(true, stored), &whole.batch)));
        prop_assert_eq!(pieces, all);
    }
}

/// A shaper whose changes of table `t` meet this policy, and topics that take `max_bytes`.
fn with_policy(policy: poison::Policy, position: Option<Position>) -> Shaper {
    let settings = Settings {
        transaction_metadata: true,
        poison: Arc::new(move |_| policy),
        ..Settings::new("p")
    };
    Shaper::new(settings, description(), position)
}

/// Shapes with topics that take so many bytes; dead letters go to a larger one.
fn shape_within(shaper: &mut Shaper, batch: &Batch, max_bytes: usize) -> (Output, Option<String>) {
    let (mut out, mut place, mut id) = (Output::default(), 0, 100);
    loop {
        match shaper.shape(batch, place, &mut out, 5_000) {
            Shaped::Done => return (out, None),
            Shaped::Failed(_, error) => return (out, Some(error.code.as_str().to_owned())),
            Shaped::Need(at, needs) => {
                place = at;
                for need in needs {
                    id += 1;
                    match need {
                        Need::Schema { subject, text } => {
                            shaper.resolved.add_schema(subject, text, id);
                        }
                        Need::Topic { name, .. } => {
                            let large = name == "p.dlq" || name == "p.transaction";
                            let max_bytes = if large { 8192 } else { max_bytes };
                            let topic = Topic { partitions: 3, max_bytes, compacted: false };
                            shaper.resolved.add_topic(name, topic, None);
                        }
                    }
                }
            }
        }
    }
}

/// A transaction of three inserts, the middle one larger than `small`.
fn large_in_the_middle(text: usize) -> Script {
    let mut script = Script::new();
    script.begin("7:9");
    for (id, text) in [(1, 5), (2, text), (3, 5)] {
        let row = script.row(id, Some(&"x".repeat(text)));
        script.change(Op::Create, None, Some(row));
    }
    script.end(10);
    script
}

/// The dead letters of an output: key, headers and JSON.
fn dead_letters(shaper: &Shaper, out: &Output) -> Vec<(bool, String, serde_json::Value)> {
    let topic = shaper.resolved.topic("p.dlq").map(|topic| topic.id);
    let bytes = &out.records.bytes;
    let letters = out.records.records.iter().filter(|record| Some(record.topic) == topic);
    let text =
        |span: walbrook_core::batch::Span| String::from_utf8_lossy(span.of(bytes)).into_owned();
    letters
        .map(|record| {
            let from = record.headers as usize;
            let headers = &out.records.headers[from..from + record.header_count as usize];
            let headers =
                headers.iter().map(|h| format!("{}={}", text(h.name), text(h.value.unwrap())));
            let value = serde_json::from_slice(record.value.unwrap().of(bytes)).unwrap();
            (record.key.is_some(), headers.collect::<Vec<_>>().join(" "), value)
        })
        .collect()
}

#[test]
fn a_record_that_its_topic_does_not_take_is_settled_by_the_policy() {
    let script = large_in_the_middle(2000);
    let mut shaper = with_policy(poison::Policy::Halt, Some(position(5)));
    let (out, failed) = shape_within(&mut shaper, &script.batch, 1024);
    assert_eq!(failed.as_deref(), Some("WB-KAFKA-020"));
    assert_eq!(out.records.records.len(), 2, "BEGIN and the change before it");
    assert_eq!(shaper.split_position().unwrap().part.unwrap().k, 1, "never behind the poison");

    let mut shaper = with_policy(poison::Policy::Skip, Some(position(5)));
    let (out, failed) = shape_within(&mut shaper, &script.batch, 1024);
    assert_eq!((failed, out.records.records.len(), out.poisoned.len()), (None, 4, 1));
    assert_eq!(out.boundary.as_ref().unwrap().poisoned, 1);

    let mut shaper = with_policy(poison::Policy::DeadLetter, Some(position(5)));
    let (out, failed) = shape_within(&mut shaper, &script.batch, 1024);
    assert_eq!((failed, out.records.records.len()), (None, 5));
    let letters = dead_letters(&shaper, &out);
    let [(keyed, headers, value)] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(keyed);
    assert_eq!(
        headers,
        "walbrook.dlq.code=WB-KAFKA-020 walbrook.dlq.stage=shape walbrook.dlq.table=public.t \
         walbrook.dlq.topic=p.public.t walbrook.dlq.position=7:9#2"
    );
    assert_eq!(value["transaction"], "7:9");
    assert_eq!((&value["number"], &value["ts_ms"]), (&2.into(), &5.into()));
    assert_eq!(value["original"]["form"], "kafka");
    assert_eq!(value["original"]["cut"], false);
    // END counts what was told: two events.
    let end = told(&out).pop().unwrap().1.unwrap();
    assert!(end.windows(6).any(|w| w == b"7:9\x02\x04\x02"), "{end:?}");
}

#[test]
fn an_original_that_is_too_large_is_cut_and_says_so() {
    let script = large_in_the_middle(100_000);
    let mut shaper = with_policy(poison::Policy::DeadLetter, Some(position(5)));
    let (out, _) = shape_within(&mut shaper, &script.batch, 1024);
    let letters = dead_letters(&shaper, &out);
    assert_eq!(letters[0].2["original"]["cut"], true);
    assert!(letters[0].2["original"]["bytes"].as_u64().unwrap() > 100_000);
    let record = out.records.records.iter().max_by_key(|r| r.value.map_or(0, |v| v.len)).unwrap();
    let size = out.records.wire_size(record);
    assert!((4000..=8192).contains(&size), "{size}");
}

#[test]
fn nothing_of_a_masked_row_is_in_a_dead_letter() {
    let mut script = large_in_the_middle(2000);
    let masked = Layout { masked: true, ..Arc::into_inner(layout()).unwrap() };
    script.batch.layouts = vec![Arc::new(masked)];
    let mut shaper = with_policy(poison::Policy::DeadLetter, Some(position(5)));
    let (out, _) = shape_within(&mut shaper, &script.batch, 1024);
    let (keyed, _, value) = dead_letters(&shaper, &out).pop().unwrap();
    assert!(keyed && value["original"].is_null() && value["withheld"] == true, "{value}");
    assert!(!value.to_string().contains("xxxx"));
}

#[test]
fn what_the_source_cannot_tell_counts_as_a_change() {
    let mut script = Script::new();
    script.begin("7:9");
    let row = script.row(1, Some("a"));
    script.change(Op::Create, None, Some(row));
    let (head, tail) = (script.batch.append(b""), script.batch.append(b""));
    let original = Some(script.batch.append(b"the row"));
    script.batch.events.push(Event::Poison(Box::new(walbrook_core::change::Poison {
        layout: 0,
        op: Op::Update,
        number: 2,
        error: walbrook_core::error::Error::poison(
            walbrook_core::error::Code::new("WB-PG-999"),
            "A value is bad.",
        ),
        original,
        form: "pgoutput",
        source: Source { head, tail },
    })));
    let mut shaper = with_policy(poison::Policy::DeadLetter, Some(position(5)));
    let (out, failed) = shape_within(&mut shaper, &script.batch, 1024);
    assert_eq!(failed, None);
    assert_eq!(shaper.split_position().unwrap().part.unwrap().k, 2);
    let (keyed, headers, value) = dead_letters(&shaper, &out).pop().unwrap();
    assert!(!keyed && headers.contains("stage=source"), "{headers}");
    assert_eq!((&value["op"], &value["original"]["row"]), (&"u".into(), &"dGhlIHJvdw==".into()));
    // Told again behind a cut, it is not settled again.
    let mut again = with_policy(poison::Policy::DeadLetter, shaper.split_position());
    let (out, _) = shape_within(&mut again, &script.batch, 1024);
    assert!(out.records.records.is_empty() && out.poisoned.is_empty());
}

proptest! {
    /// The same with changes that cannot be told among the others.
    #[test]
    fn a_replayed_transaction_with_poison_writes_exactly_the_rest(
        changes in prop::collection::vec(prop::bool::weighted(0.3), 1..20),
        cut in 1usize..20,
        policy in prop::sample::select(vec![poison::Policy::DeadLetter, poison::Policy::Skip]),
    ) {
        let cut = cut.min(changes.len());
        let transaction = || {
            let mut script = Script::new();
            script.begin("7:9");
            for (id, bad) in changes.iter().enumerate() {
                let text = "x".repeat(if *bad { 2000 } else { 3 });
                let row = script.row(id as i64, Some(&text));
                script.change(Op::Create, None, Some(row));
            }
            script.end(10);
            script
        };
        let whole = transaction();
        let all = told(&shape_within(&mut with_policy(policy, Some(position(5))), &whole.batch, 1024).0);
        let mut first = with_policy(policy, Some(position(5)));
        let mut batch = transaction().batch;
        batch.events.truncate(1 + cut);
        let mut pieces = told(&shape_within(&mut first, &batch, 1024).0);
        let stored = first.split_position();
        pieces.extend(told(&shape_within(&mut with_policy(policy, stored), &whole.batch, 1024).0));
        prop_assert_eq!(pieces, all);
    }
}
