//! Records of Kafka as events for people.

use super::decode::Decoder;
use super::shown::{Cell, Place, Row, Shown, What, object};
use serde_json::Value;
use std::collections::BTreeMap;
use walbrook_kafka::consumer::Incoming;

/// The id of the schema that `data` begins with, and the Avro data.
pub fn framed(data: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = data.split_first_chunk::<5>()?;
    let [0, a, b, c, d] = *head else { return None };
    Some((u32::from_be_bytes([a, b, c, d]), rest))
}

/// Decoders by schema id.
pub type Decoders = BTreeMap<u32, Result<Decoder, String>>;

/// The event that `record` is, as it is seen at `now_us`.
pub fn read(record: &Incoming, prefix: &str, decoders: &Decoders, now_us: i64) -> Shown {
    let table = record.topic.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
    let mut shown = Shown::new(What::Tombstone, table.unwrap_or(&record.topic));
    shown.time_us = record.timestamp_ms.and_then(|ms| ms.checked_mul(1000));
    shown.place = Some(place(record));
    if let Some(key) = &record.key {
        match decoded(key, decoders, Decoder::row) {
            Ok(row) => shown.key = row,
            Err(trouble) => shown.trouble = Some(trouble),
        }
    }
    if let Some(value) = &record.value {
        shown.what = What::Record;
        if let Err(trouble) = describe(&mut shown, value, decoders, now_us) {
            shown.trouble = Some(trouble);
        }
    }
    shown
}

fn place(record: &Incoming) -> Place {
    let text = |value: &Vec<u8>| String::from_utf8_lossy(value).into_owned();
    let headers = record.headers.iter().map(|(k, v)| (k.clone(), v.as_ref().map(text)));
    Place {
        topic: record.topic.clone(),
        partition: record.partition,
        offset: record.offset,
        headers: headers.collect(),
    }
}

/// What `read` makes of framed Avro data; other data is text.
fn decoded(
    data: &[u8],
    decoders: &Decoders,
    read: impl FnOnce(&Decoder, &[u8]) -> Result<Row, String>,
) -> Result<Row, String> {
    let Some((id, data)) = framed(data) else {
        return Ok(vec![("text".into(), Cell::plain(String::from_utf8_lossy(data).into()))]);
    };
    match decoders.get(&id) {
        Some(decoder) => read(decoder.as_ref().map_err(Clone::clone)?, data),
        None => Err(format!("The schema {id} is not known.")),
    }
}

/// Takes a record's value apart: an envelope, a transaction's border, or anything else.
fn describe(
    shown: &mut Shown,
    value: &[u8],
    decoders: &Decoders,
    now_us: i64,
) -> Result<(), String> {
    let mut rows = BTreeMap::new();
    let mut row = decoded(value, decoders, |decoder, data| {
        let (parts, cells) = decoder.parts(data)?;
        let op = cells.iter().find(|(name, _)| name == "op");
        let Some((_, op)) = op.filter(|_| parts.contains_key("source")) else {
            return decoder.row(data);
        };
        shown.what = What::of_letter(op.value.as_str().unwrap_or_default());
        rows = parts;
        Ok(cells)
    })?;
    if let Some(source) = rows.get("source") {
        shown.source = object(source);
        shown.before = rows.remove("before");
        shown.after = rows.remove("after").or_else(|| rows.remove("message"));
        let transaction = rows.remove("transaction").map(|row| object(&row)).unwrap_or_default();
        shown.transaction = transaction.get("id").and_then(Value::as_str).map(str::to_owned);
        commit(shown, now_us);
        return Ok(());
    }
    let status = row.iter().find(|(name, _)| name == "status");
    match status.and_then(|(_, cell)| cell.value.as_str()) {
        Some("BEGIN") => shown.what = What::Begin,
        Some("END") => shown.what = What::End,
        _ => {}
    }
    if shown.what != What::Record {
        let spoken = |name: &str| name == "status" || name == "id";
        row.retain(|(name, cell)| !spoken(name) && !cell.value.is_null());
    }
    shown.after = Some(row);
    Ok(())
}

/// When the change was committed. A row of a snapshot was committed at any time before.
fn commit(shown: &mut Shown, now_us: i64) {
    let number = |name: &str| shown.source.get(name).and_then(Value::as_i64);
    let us = number("ts_us").or_else(|| number("ts_ms")?.checked_mul(1000));
    let transaction = number("txId").map(|id| id.to_string());
    shown.time_us = us.or(shown.time_us);
    if shown.what != What::Read {
        shown.lag_ms = us.map(|us| now_us.saturating_sub(us).div_euclid(1000));
        shown.transaction = shown.transaction.take().or(transaction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{envelope, transaction};
    use crate::tail::line::Lines;
    use walbrook_core::avro::{text, write};
    use walbrook_core::change::{Marker, Op};
    use walbrook_core::schema::{Field, Kind, Schema};

    fn decoders() -> Decoders {
        let row = vec![
            Field::new("id", Schema::new(Kind::Int32)),
            Field::new("day", Schema::new(Kind::Int32).semantic("io.debezium.time.Date")),
        ];
        let row = envelope::value_schema("shop.public.t.Value".into(), row);
        let source = vec![
            Field::new("ts_ms", Schema::new(Kind::Int64)),
            Field::new(
                "snapshot",
                Schema::new(Kind::String)
                    .optional()
                    .default_value(Some(walbrook_core::schema::Literal::Text("false".into()))),
            ),
            Field::new("txId", Schema::new(Kind::Int64).optional()),
        ];
        let source = Schema::record("x.Source", source);
        let envelope = envelope::schema("shop.public.t.Envelope".into(), &row, &source);
        let id = vec![Field::new("id", Schema::new(Kind::Int32))];
        let key = Schema::record("shop.public.t.Key", id);
        let all = [key, envelope, transaction::value_schema()];
        let all = all.iter().map(|schema| Decoder::new(&text::of(schema)));
        (1..).zip(all).collect()
    }

    fn incoming(topic: &str, key: Option<Vec<u8>>, value: Option<Vec<u8>>) -> Incoming {
        Incoming {
            topic: topic.into(),
            partition: 0,
            offset: 3,
            timestamp_ms: Some(1_000),
            key,
            value,
            headers: vec![("h".into(), Some(b"v".to_vec())), ("n".into(), None)],
        }
    }

    fn keyed(value: Option<Vec<u8>>) -> Incoming {
        let mut key = envelope::prefix(1).to_vec();
        write::long(&mut key, 7);
        incoming("shop.public.t", Some(key), value)
    }

    fn change(op: Op, before: Option<&[u8]>, after: Option<&[u8]>) -> Incoming {
        let (mut head, mut tail, mut value) = (Vec::new(), Vec::new(), Vec::new());
        write::long(&mut head, 2_000);
        write::optional_long(&mut tail, Some(771));
        let envelope = envelope::Envelope {
            prefix: envelope::prefix(2),
            before,
            after,
            source_head: &head,
            marker: Marker::False,
            source_tail: &tail,
            transaction: None,
            op,
            now_us: 2_001_000,
        };
        envelope.write(&mut value);
        keyed(Some(value))
    }

    #[test]
    fn records_become_lines() {
        let row = |day| {
            let mut out = Vec::new();
            write::long(&mut out, 7);
            write::long(&mut out, day);
            out
        };
        let open = transaction::Open::new("771:26".into(), 2_000_000, 0);
        let mut border = envelope::prefix(3).to_vec();
        open.write_end(&mut border);
        let all = [
            change(Op::Read, None, Some(&row(0))),
            change(Op::Update, Some(&row(0)), Some(&row(1))),
            change(Op::Delete, Some(&row(1)), None),
            keyed(None),
            incoming("shop.transaction", None, Some(border)),
            incoming("shop.text", None, Some(b"hello".to_vec())),
            incoming("shop.other", None, Some(vec![0, 0, 0, 0, 9, 1])),
            incoming("shop.public.t", None, Some(vec![0, 0, 0, 0, 2, 1])),
        ];
        let decoders = decoders();
        let mut lines = Lines::new(false, None);
        let shown = all.iter().map(|record| read(record, "shop", &decoders, 2_010_000));
        let shown: Vec<_> = shown.collect();
        let text: Vec<_> = shown.iter().map(|shown| lines.line(shown)).collect();
        insta::assert_snapshot!(text.join("\n"), @r#"
        00:00:02.000  READ      public.t  id=7  day=1970-01-01
        00:00:02.000  UPDATE    public.t  id=7  day: 1970-01-01 → 1970-01-02  tx 771  +10 ms
        00:00:02.000  DELETE    public.t  id=7  day=1970-01-02  tx 771  +10 ms
        00:00:01.000  TOMBSTONE public.t  id=7
        00:00:01.000  END       transaction  event_count=0  data_collections=[]  ts_ms=2000
        00:00:01.000  RECORD    text         text="hello"
        00:00:01.000  RECORD    other        The schema 9 is not known.
        00:00:01.000  RECORD    public.t     The data does not fit its schema: Cannot convert i64 to usize: -1.
        "#);
        insta::assert_snapshot!(shown[1].json(), @r#"{"what":"UPDATE","op":"u","table":"public.t","time":"1970-01-01T00:00:02Z","key":{"id":7},"before":{"id":7,"day":"1970-01-01"},"after":{"id":7,"day":"1970-01-02"},"transaction":"771","source":{"ts_ms":2000,"snapshot":"false","txId":771},"lag_ms":10,"topic":"shop.public.t","partition":0,"offset":3,"headers":{"h":"v","n":null}}"#);
    }
}
