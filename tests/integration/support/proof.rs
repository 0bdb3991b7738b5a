//! Proof of the follower itself: a producer written here commits one record and aborts another.

use super::avro::Schema;
use super::registry::http;
use super::stack::{self, Server, Use, seconds};
use super::world;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;

const ENVELOPE: &str = r#"{"type":"record","name":"Envelope","namespace":"proof","fields":[
 {"name":"before","type":["null",{"type":"record","name":"Value","fields":[{"name":"id","type":"long"},
   {"name":"n","type":["null",{"type":"bytes","scale":2,"precision":12,"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}],"default":null},
   {"name":"at","type":{"type":"string","connect.name":"io.debezium.time.ZonedTimestamp"}}]}],"default":null},
 {"name":"after","type":["null","Value"],"default":null},
 {"name":"source","type":{"type":"record","name":"Source","fields":[{"name":"lsn","type":["null","long"]},{"name":"txId","type":["null","long"]},{"name":"snapshot","type":["string","null"]}]}},
 {"name":"transaction","type":["null",{"type":"record","name":"block","fields":[{"name":"id","type":"string"},{"name":"total_order","type":"long"},{"name":"data_collection_order","type":"long"}]}]},
 {"name":"op","type":"string"}]}"#;

fn datum(id: i64) -> Vec<u8> {
    let text = |s: &str| Value::String(s.into());
    let some = |at, v| Value::Union(at, Box::new(v));
    let row = Value::Record(vec![
        ("id".into(), Value::Long(id)),
        ("n".into(), some(1, Value::Decimal(vec![0xff, 0x85].into()))),
        ("at".into(), text("1970-01-01T00:00:01.5Z")),
    ]);
    let source = Value::Record(vec![
        ("lsn".into(), some(1, Value::Long(9))),
        ("txId".into(), some(1, Value::Long(700))),
        ("snapshot".into(), some(0, text("false"))),
    ]);
    let block = Value::Record(vec![
        ("id".into(), text("700:9")),
        ("total_order".into(), Value::Long(1)),
        ("data_collection_order".into(), Value::Long(1)),
    ]);
    let envelope = Value::Record(vec![
        ("before".into(), some(0, Value::Null)),
        ("after".into(), some(1, row)),
        ("source".into(), source),
        ("transaction".into(), some(1, block)),
        ("op".into(), text("c")),
    ]);
    let schema = apache_avro::Schema::parse_str(ENVELOPE).unwrap();
    GenericDatumWriter::builder(&schema).build().unwrap().write_value_to_vec(envelope).unwrap()
}

#[test]
fn envelope_is_decoded() {
    let schema = Schema::parse(ENVELOPE).unwrap();
    let body = schema.body(&datum(5)).unwrap();
    let super::record::Body::Change(change) = body else { panic!("{body:?}") };
    assert_eq!(change.after.unwrap().text(), "5/-1.23/1500000");
    assert_eq!((change.op, change.xid, change.block.unwrap().id.as_str()), ('c', 700, "700:9"));
    let mut long = datum(5);
    long.push(0);
    assert!(schema.body(&long).unwrap_err().contains("left over"));
}

#[test]
fn follower_sees_only_what_is_committed() {
    world::run(Server::Pg18, Use::Share, "proof", |world| async move {
        let topic = format!("{}.public.t", world.name());
        let new = NewTopic::new(&topic, 1, TopicReplication::Fixed(1));
        world.kafka().create_topics(&[new], &AdminOptions::new()).await.unwrap();
        let url = format!("{}/subjects/{topic}-value/versions", stack::registry());
        let body = serde_json::json!({ "schema": ENVELOPE }).to_string();
        let request = http().post(url).header("Content-Type", "application/json").body(body);
        let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        let id = answer["id"].as_u64().expect("a schema id") as u32;
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", stack::kafka())
            .set("transactional.id", world.name())
            .create()
            .unwrap();
        producer.init_transactions(seconds(20)).unwrap();
        for (n, commit) in [(1, true), (2, false), (3, true)] {
            let value = [&[0][..], &id.to_be_bytes(), &datum(n)].concat();
            producer.begin_transaction().unwrap();
            producer.send(BaseRecord::<[u8], _>::to(&topic).payload(&value)).unwrap();
            producer.flush(seconds(10)).unwrap();
            if commit {
                producer.commit_transaction(seconds(10)).unwrap();
            } else {
                producer.abort_transaction(seconds(10)).unwrap();
            }
        }
        let follower = world.follower();
        follower.until("two records", seconds(10), |seen| seen.len() == 2).await;
        follower.quiet(Duration::from_millis(500)).await;
        let ids: Vec<_> = follower
            .seen()
            .iter()
            .map(|s| {
                s.change()
                    .and_then(|c| c.after.clone())
                    .map(|r| r.text())
                    .unwrap_or(format!("{s:?}"))
            })
            .collect();
        assert_eq!(ids, ["1/-1.23/1500000", "3/-1.23/1500000"]);
    });
}
