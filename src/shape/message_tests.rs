//! Logical messages as records, and those of an outbox as events.

#![allow(clippy::unit_arg, reason = "writers that cannot fail stand for codecs that can")]

use crate::codes;
use crate::shape::outbox::expand::Expand;
use crate::shape::outbox::settings::{From, OnUpdate, Outbox, Place, Placed};
use crate::shape::poison::Policy;
use crate::shape::{Need, Output, Settings, Shaped, Shaper};
use std::convert::Infallible;
use std::sync::Arc;
use walbrook_core::avro::write;
use walbrook_core::batch::{Batch, Span};
use walbrook_core::change::{Begin, Change, Event, Marker, Op, Source};
use walbrook_core::error::{Class, Error};
use walbrook_core::layout::{Field, Layout, Table};
use walbrook_core::position::{Log, Part, Position};
use walbrook_core::resolve::Topic;
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::source::Description;

fn layout() -> Arc<Layout> {
    let field = |name: &str, kind| {
        let schema = Schema::new(kind).optional();
        let (wrap, fallback, unchanged) = (schema.wrap(), Box::from([0]), Box::from([0]));
        Field { name: name.into(), schema, wrap, fallback, unchanged, hidden: false }
    };
    let fields = vec![field("prefix", Kind::String), field("content", Kind::Bytes)];
    Arc::new(Layout::new(Table::messages(), fields, vec![0]))
}

fn said(batch: &mut Batch, number: u64, prefix: &str, content: &str) {
    let layout = batch.layouts.first().cloned().unwrap_or_else(layout);
    let mut row = batch.image(&layout);
    row.value(|out| Ok::<_, Infallible>(write::string(out, prefix))).unwrap();
    row.value(|out| Ok::<_, Infallible>(write::string(out, content))).unwrap();
    let after = Some(row.finish());
    let layout = batch.layout(&layout);
    let (head, tail) = (batch.append(b"H"), batch.append(b"T"));
    let (op, before, source) = (Op::Message, None, Source { head, tail });
    let marker = Marker::False;
    batch.events.push(Event::Change(Change { layout, op, number, before, after, source, marker }));
}

fn begin(batch: &mut Batch) {
    let id = batch.append(b"7:9");
    batch.events.push(Event::Begin(Begin { id, commit_us: 7_000 }));
}

fn at(lsn: u64) -> Position {
    Position::at("sys", Log::Lsn(lsn))
}

fn shaper(outbox: Option<Outbox>, policy: Policy, from: Option<Position>) -> Shaper {
    let settings = Settings {
        transaction_metadata: true,
        context_headers: true,
        messages: true,
        poison: Arc::new(move |_| policy),
        outbox: outbox.map(Arc::new),
        ..Settings::new("p")
    };
    let source_schema = Arc::new(Schema::record("io.debezium.connector.x.Source", vec![]));
    let export = |_: &Position| serde_json::Value::Null;
    Shaper::new(settings, Description { connector: "x", source_schema, export }, from)
}

/// What was asked for, by its name, and the output; or the error.
fn shape(shaper: &mut Shaper, batch: &Batch) -> Result<(Output, Vec<(String, String)>), Error> {
    let (mut out, mut place, mut asked) = (Output::default(), 0, Vec::new());
    loop {
        match shaper.shape(batch, place, &mut out, 5_000_000) {
            Shaped::Done => return Ok((out, asked)),
            Shaped::Failed(_, error) => return Err(error),
            Shaped::Need(at, needs) => {
                place = at;
                for need in needs {
                    match need {
                        Need::Schema { subject, text } => {
                            asked.push((subject.clone(), text.clone()));
                            shaper.resolved.add_schema(subject, text, 1);
                        }
                        Need::Topic { name, .. } => {
                            asked.push((name.clone(), String::new()));
                            let topic =
                                Topic { partitions: 1, max_bytes: 1 << 20, compacted: false };
                            shaper.resolved.add_topic(name, topic, None);
                        }
                    }
                }
            }
        }
    }
}

/// Records of topics that are not those of transactions: key and value without their wire prefix.
fn told(out: &Output) -> Vec<(Vec<u8>, Vec<u8>)> {
    let bytes = &out.records.bytes;
    let of = |span: Option<Span>| {
        span.map(|span| span.of(bytes).to_vec()).map_or(Vec::new(), |bytes| bytes[5..].to_vec())
    };
    let of = |record: &walbrook_core::record::Record| (of(record.key), of(record.value));
    let control = |value: &[u8]| value.starts_with(b"\x0aBEGIN") || value.starts_with(b"\x06END");
    out.records.records.iter().map(of).filter(|(_, value)| !control(value)).collect()
}

#[test]
fn a_message_is_a_record_of_its_own_topic_in_the_schemas_of_the_source() {
    let mut batch = Batch::default();
    said(&mut batch, 0, "pre", "hi");
    batch.events.push(Event::Progress(at(10)));
    begin(&mut batch);
    said(&mut batch, 1, "", "");
    batch.events.push(Event::End(at(20)));
    let mut shaper = shaper(None, Policy::Halt, None);
    let (out, asked) = shape(&mut shaper, &batch).unwrap();
    assert_eq!(shaper.take_told(), [("message".to_owned(), 2)]);
    let text = |name: &str| asked.iter().find(|it| it.0 == name).map(|it| it.1.as_str()).unwrap();
    assert_eq!(text("p.message"), "");
    assert_eq!(
        text("p.message-key"),
        r#"{"type":"record","name":"MessageKey","namespace":"io.debezium.connector.x","fields":[{"name":"prefix","type":["null","string"],"default":null}],"connect.version":1,"connect.name":"io.debezium.connector.x.MessageKey"}"#
    );
    let value = text("p.message-value");
    assert!(value.ends_with(
        r#"{"name":"message","type":{"type":"record","name":"Message","fields":[{"name":"prefix","type":["null","string"],"default":null},{"name":"content","type":["null","bytes"],"default":null}],"connect.version":1,"connect.name":"io.debezium.connector.x.Message"}}],"connect.version":1,"connect.name":"io.debezium.connector.x.MessageValue"}"#
    ), "{value}");
    let mut second = b"\x02m\x02\x90\x4eH\0\x0afalseT\x02".to_vec();
    write::string(&mut second, "7:9");
    second.extend_from_slice(b"\x02\x02\x02\0\x02\0");
    assert_eq!(
        told(&out),
        [
            (
                b"\x02\x06pre".to_vec(),
                b"\x02m\x02\x90\x4eH\0\x0afalseT\0\x02\x06pre\x02\x04hi".to_vec()
            ),
            (b"\x02\0".to_vec(), second),
        ]
    );
    assert!(out.records.records.iter().all(|record| record.header_count == 0));
    assert_eq!(out.boundary.unwrap().position, at(20));
}

#[test]
fn a_message_of_no_transaction_is_a_place_to_cut() {
    let mut batch = Batch::default();
    said(&mut batch, 0, "a", "1");
    batch.events.push(Event::Progress(at(10)));
    begin(&mut batch);
    said(&mut batch, 1, "a", "2");
    let mut shaper = shaper(None, Policy::Halt, None);
    let (out, _) = shape(&mut shaper, &batch).unwrap();
    let boundary = out.boundary.unwrap();
    assert_eq!((boundary.at, boundary.position), (1, at(10)));
    let part = Some(Part { transaction: "7:9".into(), k: 1, messages: true });
    assert_eq!(shaper.split_position(), Some(Position { part, ..at(10) }));
}

/// An outbox of messages under the prefix `outbox`.
fn outbox() -> Outbox {
    Outbox {
        from: From::Messages(Arc::new(|prefix| prefix == "outbox")),
        id: "id".into(),
        key: "aggregateid".into(),
        payload: "payload".into(),
        timestamp: Some("at".into()),
        schema_version: None,
        fields: vec![Placed { column: "type".into(), place: Place::Header, name: "kind".into() }],
        ignore_missing: false,
        expand: None,
        text_if_unfit: false,
        route_by: "aggregatetype".into(),
        route: Arc::new(|value| format!("outbox.event.{value}")),
        allowed: Arc::new(|topic| topic.starts_with("outbox.event.")),
        max_topics: 10,
        tombstones_on_empty: false,
        on_update: OnUpdate::Warn,
        text_keys: false,
        raw_values: false,
    }
}

const EVENT: &str = r#"{"id":"e1","aggregatetype":"order","aggregateid":42,"type":"Made","at":1700000000000,
    "payload":{"b": 1,"a": "é"},"more":[1]}"#;

#[test]
fn messages_of_an_outbox_are_events_and_others_stay_messages() {
    let mut batch = Batch::default();
    begin(&mut batch);
    said(&mut batch, 1, "outbox", EVENT);
    said(&mut batch, 2, "other", "x");
    batch.events.push(Event::End(at(20)));
    let mut now = shaper(Some(outbox()), Policy::Halt, None);
    // The event's time is in the future of the tests' clock: that is its only fault.
    let late = shape(&mut now, &batch).unwrap_err();
    assert_eq!(late.code, codes::OUTBOX_VALUE);
    let mut without = shaper(Some(Outbox { timestamp: None, ..outbox() }), Policy::Halt, None);
    let (out, asked) = shape(&mut without, &batch).unwrap();
    let records = told(&out);
    let mut payload = vec![2];
    write::string(&mut payload, r#"{"b": 1,"a": "é"}"#);
    assert_eq!(records[0], (b"\x02\x0442".to_vec(), payload));
    assert_eq!(records.len(), 2);
    let texts: Vec<_> = asked.iter().filter(|it| it.0.starts_with("outbox.event.")).collect();
    assert_eq!(texts.len(), 3);
    let record = out.records.records[1];
    let headers = &out.records.headers[record.headers as usize..][..record.header_count as usize];
    let bytes = &out.records.bytes;
    let shown = |span: Span| String::from_utf8_lossy(span.of(bytes)).into_owned();
    let header = |it: &walbrook_core::record::Header| (shown(it.name), it.value.map(shown));
    let own: Vec<_> = headers.iter().map(header).skip(4).collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(own, [("id".to_owned(), some("e1")), ("kind".to_owned(), some("Made"))]);
}

#[test]
fn an_object_becomes_a_record_where_payloads_are_expanded() {
    let mut batch = Batch::default();
    said(&mut batch, 0, "outbox", EVENT);
    batch.events.push(Event::Progress(at(20)));
    let own = Outbox { timestamp: None, expand: Some(Expand::default()), ..outbox() };
    let (out, asked) = shape(&mut shaper(Some(own), Policy::Halt, None), &batch).unwrap();
    assert_eq!(told(&out)[0].1, b"\x02\x02\x02\x02\x04\xc3\xa9");
    let value = asked.iter().find(|it| it.0 == "outbox.event.order-value").unwrap();
    assert!(value.1.contains(r#""name":"payload","fields":[{"name":"b""#), "{}", value.1);
}

#[test]
fn what_an_outbox_cannot_tell_of_a_message_is_poison_and_names_no_value() {
    let own = || Outbox { timestamp: None, ..outbox() };
    for (content, code) in [
        ("", codes::OUTBOX_CONTENT),
        ("secret", codes::OUTBOX_CONTENT),
        ("[\"secret\"]", codes::OUTBOX_CONTENT),
        ("{\"id\":\"secret\"", codes::OUTBOX_CONTENT),
        ("{\"id\":\"secret\"}", codes::OUTBOX_VALUE),
        (
            r#"{"id":"secret","aggregatetype":null,"aggregateid":"1","type":1,"payload":null}"#,
            codes::OUTBOX_ROUTE,
        ),
    ] {
        let mut batch = Batch::default();
        begin(&mut batch);
        said(&mut batch, 1, "outbox", content);
        said(&mut batch, 2, "other", "x");
        batch.events.push(Event::End(at(20)));
        let error = shape(&mut shaper(Some(own()), Policy::Halt, None), &batch).unwrap_err();
        assert_eq!((error.code, error.class), (code, Class::Poison), "{content}");
        assert!(!error.to_string().contains("secret"), "{error}");
        let mut letters = shaper(Some(own()), Policy::DeadLetter, None);
        let (out, _) = shape(&mut letters, &batch).unwrap();
        assert_eq!((out.poisoned.len(), told(&out).len()), (1, 2), "{content}");
        // Delivered already, it is counted and nothing else.
        let part = Some(Part { transaction: "7:9".into(), k: 1, messages: true });
        let from = Position { part, ..at(5) };
        let mut rest = shaper(Some(own()), Policy::Halt, Some(from));
        let (out, _) = shape(&mut rest, &batch).unwrap();
        let records = told(&out);
        assert_eq!((out.poisoned.len(), records.len()), (0, 1), "{content}");
        // Its order in the transaction is 2 all the same.
        assert!(records[0].1.windows(3).any(|it| it == b"\x04\x04\x02"), "{content}");
    }
}
