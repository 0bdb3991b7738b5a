//! Events of an outbox made of hand-made rows: what is written, what is refused, and that nothing
//! that data says makes it panic or grow.

#![allow(clippy::unit_arg, reason = "writers that cannot fail stand for codecs that can")]

use super::expand::Expand;
use super::settings::{From, OnUpdate, Outbox, Place, Placed};
use crate::shape::poison::Policy;
use crate::shape::{Need, Output, Settings, Shaped, Shaper};
use apache_avro::reader::datum::GenericDatumReader;
use proptest::prelude::*;
use std::convert::Infallible;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::batch::Batch;
use walbrook_core::change::{Begin, Change, Event, Marker, Op, Source};
use walbrook_core::error::{Class, Error};
use walbrook_core::layout::{Field, Layout, Table};
use walbrook_core::position::{Log, Position};
use walbrook_core::resolve::Topic;
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::source::Description;

/// `id`, `topic`, `k`, `payload`, all text; `part` and `at`, numbers.
fn layout() -> Arc<Layout> {
    let field = |name: &str, schema: Schema| Field {
        name: name.into(),
        wrap: schema.wrap(),
        schema,
        fallback: [0].as_slice().into(),
        unchanged: b"\x02?".as_slice().into(),
        hidden: false,
    };
    let text = || Schema::new(Kind::String).optional();
    let at = Schema::new(Kind::Int64).semantic("io.debezium.time.MicroTimestamp").optional();
    Arc::new(Layout::new(
        Table::new("public", "outbox"),
        vec![
            field("id", Schema::new(Kind::String)),
            field("topic", text()),
            field("k", text()),
            field("payload", text()),
            field("part", Schema::new(Kind::Int32).optional()),
            field("at", at),
        ],
        vec![0],
    ))
}

fn outbox() -> Outbox {
    Outbox {
        from: From::Tables(Arc::new(|table| &*table.name == "outbox")),
        id: "id".into(),
        key: "k".into(),
        payload: "payload".into(),
        timestamp: Some("at".into()),
        schema_version: None,
        fields: vec![placed("part", Place::Partition)],
        ignore_missing: false,
        expand: Some(Expand::default()),
        text_if_unfit: false,
        route_by: "topic".into(),
        route: Arc::new(|value| format!("ev.{value}")),
        allowed: Arc::new(|topic| topic.starts_with("ev.") && topic != "ev.secret"),
        max_topics: 3,
        tombstones_on_empty: true,
        on_update: OnUpdate::Warn,
        text_keys: true,
        raw_values: false,
    }
}

fn placed(column: &str, place: Place) -> Placed {
    Placed { column: column.into(), place, name: column.into() }
}

#[derive(Clone, Debug, Default)]
struct Row {
    id: String,
    topic: Option<String>,
    key: Option<String>,
    payload: Option<String>,
    part: Option<i64>,
    at: Option<i64>,
}

fn row(topic: &str, payload: &str) -> Row {
    let some = |text: &str| Some(text.to_owned());
    Row {
        id: "1".into(),
        topic: some(topic),
        key: some("k"),
        payload: some(payload),
        ..Row::default()
    }
}

/// Appends a change whose rows are `before` and `after`.
fn change(batch: &mut Batch, op: Op, number: u64, before: Option<&Row>, after: Option<&Row>) {
    let layout = batch.layouts.first().cloned().unwrap_or_else(layout);
    let mut image = |row: &Row| {
        let mut image = batch.image(&layout);
        let text = |value: &str| {
            let value = value.to_owned();
            move |out: &mut Vec<u8>| Ok::<_, Infallible>(write::string(out, &value))
        };
        image.value(text(&row.id)).unwrap();
        for value in [&row.topic, &row.key, &row.payload] {
            match value {
                Some(value) => image.value(text(value)).unwrap(),
                None => image.null(),
            }
        }
        for value in [row.part, row.at] {
            match value {
                Some(value) => {
                    image.value(|out| Ok::<_, Infallible>(write::long(out, value))).unwrap();
                }
                None => image.null(),
            }
        }
        image.finish()
    };
    let (before, after) = (before.map(&mut image), after.map(&mut image));
    let place = batch.layout(&layout);
    let (head, tail) = (batch.append(b"H"), batch.append(b"T"));
    let (source, marker) = (Source { head, tail }, Marker::False);
    batch.events.push(Event::Change(Change {
        layout: place,
        op,
        number,
        before,
        after,
        source,
        marker,
    }));
}

fn position(lsn: u64) -> Position {
    Position::at("sys", Log::Lsn(lsn))
}

fn shaper(outbox: Outbox, from: Option<Position>) -> Shaper {
    shaper_under(Policy::Halt, outbox, from)
}

fn shaper_under(policy: Policy, outbox: Outbox, from: Option<Position>) -> Shaper {
    let settings = Settings {
        poison: Arc::new(move |_| policy),
        transaction_metadata: true,
        context_headers: true,
        outbox: Some(Arc::new(outbox)),
        ..Settings::new("p")
    };
    let source_schema = Arc::new(Schema::record("x.Source", vec![]));
    let description =
        Description { connector: "postgresql", source_schema, export: |_| serde_json::Value::Null };
    Shaper::new(settings, description, from)
}

/// A record: topic, key, value behind its prefix, names and values of its own headers, time.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    partition: i32,
    key: Option<String>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<String>)>,
    timestamp: Option<i64>,
}

/// Shapes a batch, answering every need and stepping over what is refused.
fn shape(shaper: &mut Shaper, batch: &Batch) -> (Vec<Told>, Vec<Error>, Vec<String>) {
    let (mut out, mut errors, mut schemas) = (Output::default(), Vec::new(), Vec::new());
    let (mut place, mut id) = (0, 100);
    loop {
        match shaper.shape(batch, place, &mut out, 5_000_000) {
            Shaped::Done => break,
            Shaped::Failed(at, error) => {
                errors.push(error);
                place = at + 1;
            }
            Shaped::Need(at, needs) => {
                place = at;
                for need in needs {
                    id += 1;
                    match need {
                        Need::Schema { subject, text } => {
                            schemas.push(format!("{subject} {text}"));
                            shaper.resolved.add_schema(subject, text, id);
                        }
                        Need::Topic { name, .. } => {
                            let compacted = name.ends_with("compacted");
                            let topic = Topic { partitions: 3, max_bytes: 1 << 20, compacted };
                            shaper.resolved.add_topic(name, topic, None);
                        }
                    }
                }
            }
        }
    }
    (told(&out), errors, schemas)
}

fn told(out: &Output) -> Vec<Told> {
    let bytes = &out.records.bytes;
    let text =
        |span: walbrook_core::batch::Span| String::from_utf8_lossy(span.of(bytes)).into_owned();
    let record = |record: &walbrook_core::record::Record| {
        let from = record.headers as usize;
        let headers = out.records.headers.get(from..from + record.header_count as usize).unwrap();
        Told {
            partition: record.partition,
            key: record.key.map(text),
            value: record.value.map(|value| value.of(bytes).get(5..).unwrap_or_default().to_vec()),
            headers: headers.iter().map(|h| (text(h.name), h.value.map(text))).collect(),
            timestamp: record.timestamp,
        }
    };
    out.records.records.iter().map(record).collect()
}

/// What one inserted row becomes.
fn one(outbox: Outbox, row: &Row) -> (Vec<Told>, Vec<Error>, Vec<String>) {
    let mut batch = Batch::default();
    change(&mut batch, Op::Create, 1, None, Some(row));
    shape(&mut shaper(outbox, None), &batch)
}

#[test]
fn an_insert_is_a_record_with_key_headers_partition_and_time() {
    let event = Row { part: Some(2), at: Some(1_234_567), ..row("order", r#"{"a": 1}"#) };
    let (told, errors, schemas) = one(outbox(), &event);
    assert!(errors.is_empty(), "{errors:?}");
    let [record] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((record.partition, record.timestamp), (2, Some(1234)));
    assert_eq!(record.key.as_deref(), Some("k"));
    // Optional record: there; field a: there; 1.
    assert_eq!(record.value.as_deref(), Some(&[2, 2, 2][..]));
    let names: Vec<&str> = record.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 5);
    assert_eq!(record.headers.last(), Some(&("id".to_owned(), Some("1".to_owned()))));
    assert!(names.first().unwrap().starts_with("__debezium.context."));
    let [schema] = schemas.as_slice() else { panic!("{schemas:?}") };
    assert!(
        schema.starts_with(r#"ev.order-value ["null",{"type":"record","name":"payload""#),
        "{schema}"
    );
}

#[test]
fn updates_and_deletes_are_no_events_but_a_new_key_is() {
    let (old, new) = (row("order", "x"), Row { id: "2".into(), ..row("order", "\"x\"") });
    let mut batch = Batch::default();
    change(&mut batch, Op::Update, 1, None, Some(&new));
    change(&mut batch, Op::Delete, 2, Some(&old), None);
    change(&mut batch, Op::Truncate, 3, None, None);
    change(&mut batch, Op::Update, 4, Some(&old), Some(&new));
    let (told, errors, _) = shape(&mut shaper(outbox(), None), &batch);
    assert!(errors.is_empty(), "{errors:?}");
    let [record] = told.as_slice() else { panic!("{told:?}") };
    let oldkey = ("__debezium.oldkey".to_owned(), Some(r#"{"id":"1"}"#.to_owned()));
    assert_eq!(record.headers.first(), Some(&oldkey));
    let fatal = Outbox { on_update: OnUpdate::Fatal, ..outbox() };
    let mut batch = Batch::default();
    change(&mut batch, Op::Update, 1, None, Some(&new));
    let (_, errors, _) = shape(&mut shaper(fatal, None), &batch);
    assert_eq!(errors.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(), ["WB-RUN-085"]);
}

#[test]
fn what_data_may_not_ask_for_is_poison_and_names_no_value() {
    let ahead = 5_000_000 + 3_600_001_000;
    for (code, event) in [
        ("WB-RUN-080", row("secret", "{}")),
        ("WB-RUN-080", row("a b", "{}")),
        ("WB-RUN-080", row(&"x".repeat(250), "{}")),
        ("WB-RUN-081", row("", "{}")),
        ("WB-RUN-081", Row { topic: None, ..row("order", "{}") }),
        ("WB-RUN-083", row("order", "{\"hunter2\":")),
        ("WB-RUN-083", row("order", "[1, \"hunter2\"]")),
        ("WB-RUN-083", row("order", "{\"hunter2-x\": 1}")),
        ("WB-RUN-084", Row { part: Some(3), ..row("order", "{}") }),
        ("WB-RUN-084", Row { part: Some(-1), ..row("order", "{}") }),
        ("WB-RUN-084", Row { at: Some(-1), ..row("order", "{}") }),
        ("WB-RUN-084", Row { at: Some(ahead), ..row("order", "{}") }),
        ("WB-RUN-004", Row { key: None, ..row("compacted", "{}") }),
    ] {
        let (told, errors, _) = one(outbox(), &event);
        let [error] = errors.as_slice() else { panic!("{event:?}: {errors:?} {told:?}") };
        assert_eq!((error.code.as_str(), error.class), (code, Class::Poison), "{event:?}");
        assert!(told.is_empty(), "{event:?}");
        assert!(!error.to_string().contains("hunter2") && !error.to_string().contains("secret"));
    }
}

#[test]
fn data_names_so_many_topics_and_no_more() {
    let mut batch = Batch::default();
    for (number, topic) in ["a", "b", "a", "c", "d", "a"].into_iter().enumerate() {
        change(&mut batch, Op::Create, number as u64 + 1, None, Some(&row(topic, "{}")));
    }
    let (told, errors, _) = shape(&mut shaper(outbox(), None), &batch);
    assert_eq!(told.len(), 5);
    assert_eq!(errors.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(), ["WB-RUN-082"]);
}

#[test]
fn empty_payloads_are_tombstones_where_that_is_asked_for() {
    let value = |outbox: Outbox, payload: Option<&str>| {
        let event = Row { payload: payload.map(str::to_owned), ..row("order", "") };
        one(outbox, &event).0.remove(0).value
    };
    assert_eq!(value(outbox(), Some(" \n")), None);
    assert_eq!(value(outbox(), None), None);
    let kept = || Outbox { tombstones_on_empty: false, ..outbox() };
    assert_eq!(value(kept(), Some(" ")), Some(vec![2, 2, b' ']));
    assert_eq!(value(kept(), None), None);
    let record = Outbox { fields: vec![placed("part", Place::Envelope)], ..kept() };
    assert_eq!(value(record, None), Some(vec![0, 0]));
}

#[test]
fn what_cannot_be_expanded_stays_text_where_that_is_asked_for() {
    let text = || Outbox { text_if_unfit: true, ..outbox() };
    for payload in ["nonsense", "[1, 2.5]", r#"{"a-b": 1}"#, r#"[{"a": 1}, {"a": "x"}]"#] {
        let (told, errors, schemas) = one(text(), &row("order", payload));
        assert!(errors.is_empty(), "{payload}: {errors:?}");
        let mut expected = vec![2];
        write::string(&mut expected, payload);
        assert_eq!(told.first().and_then(|told| told.value.clone()), Some(expected));
        assert_eq!(schemas, [r#"ev.order-value ["null","string"]"#]);
    }
}

#[test]
fn a_missing_column_halts_and_names_it() {
    let broken = Outbox { id: "uuid".into(), ..outbox() };
    let (_, errors, _) = one(broken, &row("order", "{}"));
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!((error.code.as_str(), error.class), ("WB-RUN-086", Class::Definite));
    assert!(error.message.contains("\"uuid\""), "{error}");
    let gone = || vec![placed("gone", Place::Header)];
    assert_eq!(one(Outbox { fields: gone(), ..outbox() }, &row("o", "{}")).1.len(), 1);
    let ignored = Outbox { fields: gone(), ignore_missing: true, ..outbox() };
    assert_eq!(one(ignored, &row("o", "{}")).1.len(), 0);
}

/// A random transaction of an outbox and of another table.
fn transaction(changes: &[(u8, u8, String)]) -> Batch {
    let mut batch = Batch::default();
    let id = batch.append(b"7:9");
    batch.events.push(Event::Begin(Begin { id, commit_us: 7_000 }));
    for (number, (kind, topic, payload)) in changes.iter().enumerate() {
        let new = Row { id: number.to_string(), ..row(&topic.to_string(), payload) };
        let old = Row { id: "old".into(), ..new.clone() };
        let number = number as u64 + 1;
        match kind {
            0 => change(&mut batch, Op::Update, number, None, Some(&new)),
            1 => change(&mut batch, Op::Delete, number, Some(&old), None),
            2 => change(&mut batch, Op::Update, number, Some(&old), Some(&new)),
            _ => change(&mut batch, Op::Create, number, None, Some(&new)),
        }
    }
    batch.events.push(Event::End(position(10)));
    batch
}

fn changes() -> impl Strategy<Value = Vec<(u8, u8, String)>> {
    let payload = prop_oneof![
        Just("{}".to_owned()),
        Just("nonsense".to_owned()),
        (0..5).prop_map(|n| format!("{{\"n\": {n}}}")),
    ];
    prop::collection::vec((0u8..6, 0u8..5, payload), 1..30)
}

proptest! {
    /// Cut anywhere, refused events included, the pieces are the whole, transaction counts too.
    #[test]
    fn a_replayed_transaction_writes_exactly_the_rest(changes in changes(), cut in 0usize..30) {
        let cut = cut.min(changes.len());
        let unbounded = || Outbox { max_topics: 100, ..outbox() };
        let whole = transaction(&changes);
        let shaper = |from| shaper_under(Policy::Skip, unbounded(), from);
        let (all, ..) = shape(&mut shaper(Some(position(5))), &whole);
        let mut first = shaper(Some(position(5)));
        let mut batch = transaction(&changes);
        batch.events.truncate(1 + cut);
        let (mut pieces, ..) = shape(&mut first, &batch);
        let stored = if cut == 0 { pieces.clear(); Some(position(5)) } else { first.split_position() };
        prop_assert!(stored.as_ref().is_some_and(|at| at.part.is_none() == (cut == 0)));
        pieces.extend(shape(&mut shaper(stored), &whole).0);
        prop_assert_eq!(pieces, all);
    }

    /// Whatever a row says, it becomes one record or one poison, and its topic is an allowed one.
    #[test]
    fn hostile_rows_are_records_or_poison(
        topic in prop_oneof![any::<String>(), "[a-c]"],
        payload in prop_oneof![any::<String>(), json(), "[\\[{]{1,200}"],
        text_if_unfit in any::<bool>(),
        keep in any::<bool>(),
        part in prop::option::of(any::<i32>()),
        at in prop::option::of(any::<i64>()),
    ) {
        let event = Row { part: part.map(i64::from), at, ..row(&topic, &payload) };
        let expand = Some(Expand { keep_nulls: keep, keep_empty_lists: keep, ..Expand::default() });
        let (told, errors, schemas) = one(Outbox { text_if_unfit, expand, ..outbox() }, &event);
        prop_assert_eq!(told.len() + errors.len(), 1);
        prop_assert!(errors.iter().all(|error| error.class == Class::Poison));
        for schema in schemas {
            prop_assert!(schema.starts_with("ev."), "{}", schema);
            let text = schema.split_once(' ').map_or("", |(_, text)| text);
            let parsed = apache_avro::Schema::parse_str(text);
            prop_assert!(parsed.is_ok(), "{} {:?}", text, parsed);
            if let (Some(Told { value: Some(value), .. }), Ok(schema)) = (told.first(), parsed) {
                let mut bytes = value.as_slice();
                let reader = GenericDatumReader::builder(&schema).build().unwrap();
                let read = reader.read_value(&mut bytes);
                prop_assert!(read.is_ok() && bytes.is_empty(), "{:?} {}", read, payload);
            }
        }
    }
}

/// JSON of any form.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<i8>().prop_map(|number| number.to_string()),
        Just("1.5".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        "[a-z]{0,3}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec(("[a-c_.0]{0,2}", inner), 0..4).prop_map(|all| {
                let member = |(name, value): &(String, String)| format!("\"{name}\":{value}");
                format!("{{{}}}", all.iter().map(member).collect::<Vec<_>>().join(","))
            }),
        ]
    })
}
