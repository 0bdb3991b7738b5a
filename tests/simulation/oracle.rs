//! What consumers see, and what must be true of it.

use crate::database::{self, KEYLESS, NAMES};
use crate::world::{Shared, lock};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use std::collections::{BTreeMap, BTreeSet};
use walbrook_core::checkpoint::Part;
use walbrook_kafka::twin;
use walbrook_postgres::snapshot::entry::TableEntry;

/// Topics that consumers read.
fn topics(broker: &twin::Broker) -> Vec<String> {
    broker.topics().filter(|name| name.starts_with("p.")).map(str::to_owned).collect()
}

/// Everything that a read_committed consumer sees: topic, partition, key, value, headers.
pub(crate) fn visible(broker: &twin::Shared) -> Vec<String> {
    let broker = twin::lock(broker);
    let mut seen = Vec::new();
    for topic in topics(&broker) {
        for partition in 0..broker.partitions(&topic).unwrap_or_default() {
            for record in broker.committed(&topic, partition, 0) {
                let value = record.value.as_deref().map(without_sequence);
                seen.push(format!(
                    "{topic}-{partition} {:02x?} {:02x?} {:?}",
                    record.key, value, record.headers
                ));
            }
        }
    }
    seen
}

/// The value without what stands for the last commit in `source.sequence`: it is null for the
/// first transaction that a session of the server sends, as the reference has it, too.
fn without_sequence(value: &[u8]) -> Vec<u8> {
    let digits = |from: usize| value[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    for at in 1..value.len() {
        let rest = &value[at..];
        let last = if rest.starts_with(b"[null,\"") {
            5
        } else if rest.starts_with(b"[\"") && value[at + 2 + digits(at + 2)..].starts_with(b"\",\"")
        {
            digits(at + 2) + 3
        } else {
            continue;
        };
        // The length in front of the text changes with it.
        let mut out = value[..at - 1].to_vec();
        out.push(b'~');
        out.extend_from_slice(&value[at + last..]);
        return out;
    }
    value.to_vec()
}

/// Names the first difference, if there is one.
pub(crate) fn difference(seen: &[String], expected: &[String]) -> Option<String> {
    let differs = seen.iter().zip(expected).position(|(a, b)| a != b);
    if let Some(place) = differs {
        return Some(format!("record {place} is {} and not {}", seen[place], expected[place]));
    }
    let (seen, expected) = (seen.len(), expected.len());
    (seen != expected).then(|| format!("there are {seen} records and not {expected}"))
}

/// Compares what is seen with what should be, and names the first difference only.
pub(crate) fn same(seen: &[String], expected: &[String], when: &str) {
    if let Some(difference) = difference(seen, expected) {
        panic!("{when}: {difference}");
    }
}

/// Checks what no life may have done.
pub(crate) fn unviolated(world: &Shared) {
    assert_eq!(lock(world).violations, Vec::<String>::new());
}

/// One event of a table: operation, and id and version before and after.
#[derive(Debug)]
struct Seen {
    op: String,
    before: Option<(i64, i64)>,
    after: Option<(i64, i64)>,
    marker: String,
}

/// Every event of a table in its order. Tombstones are left out.
fn events(world: &Shared, broker: &twin::Shared, table: usize) -> Vec<Seen> {
    let topic = format!("p.public.{}", NAMES[table]);
    let broker = twin::lock(broker);
    assert!(broker.partitions(&topic).unwrap_or(1) == 1, "one order over all events");
    let mut schemas: BTreeMap<u32, Schema> = BTreeMap::new();
    let mut events = Vec::new();
    for record in broker.committed(&topic, 0, 0) {
        let Some(value) = &record.value else { continue };
        let id = u32::from_be_bytes(value[1..5].try_into().expect("a schema id"));
        let schema = schemas.entry(id).or_insert_with(|| {
            Schema::parse_str(&lock(world).schemas[&id]).expect("a registered schema")
        });
        let reader = GenericDatumReader::builder(schema).build().expect("a reader");
        let datum = reader.read_value(&mut &value[5..]).expect("a value of its schema");
        events.push(event(datum));
    }
    events
}

fn event(datum: Value) -> Seen {
    let mut fields = fields(datum).expect("an envelope");
    let mut row = |name: &str| {
        let row = fields.remove(name).and_then(self::fields)?;
        let number = |name: &str| match row.get(name) {
            Some(Value::Long(n)) => *n,
            other => panic!("{name} is {other:?}"),
        };
        Some((number("id"), number("v")))
    };
    let (before, after) = (row("before"), row("after"));
    let text = |value: Option<Value>| match value {
        Some(Value::String(text) | Value::Enum(_, text)) => text,
        Some(Value::Union(_, inner)) => match *inner {
            Value::String(text) => text,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let op = text(fields.remove("op"));
    let mut source = fields.remove("source").and_then(self::fields).expect("a source block");
    Seen { op, before, after, marker: text(source.remove("snapshot")) }
}

/// The fields of a record, whatever union it stands in.
fn fields(value: Value) -> Option<BTreeMap<String, Value>> {
    match value {
        Value::Union(_, inner) => fields(*inner),
        Value::Record(fields) => Some(fields.into_iter().collect()),
        _ => None,
    }
}

/// Judges a finished run with a snapshot: the first thing that is wrong.
pub(crate) fn judge(world: &Shared, broker: &twin::Shared) -> Result<(), String> {
    let stored = twin::load(broker, "sim", "c").map_err(|error| error.to_string())?;
    for (table, name) in NAMES.iter().enumerate().take(KEYLESS + 1) {
        let part = Part::Table(format!("public.{name}"));
        let entry: TableEntry = stored.read(&part)?.ok_or("a table has no entry")?;
        let repeated = entry.repeats > 0;
        let points: BTreeSet<u64> = entry.segments.iter().map(|s| s.covered).collect();
        let end = lock(world).end() + 1;
        let expected = lock(world).rows(table, end);
        let seen = events(world, broker, table);
        let rebuilt = rebuild(&seen, table == KEYLESS, repeated)
            .map_err(|wrong| format!("{name}: {wrong}; entry {entry:?}"))?;
        compare(rebuilt, &expected, table == KEYLESS && repeated)
            .map_err(|wrong| format!("{name}: {wrong}; entry {entry:?}"))?;
        let mut world = lock(world);
        world.count("tables with several consistent points", u64::from(points.len() > 1));
        world.count("tables repeated", u64::from(repeated));
        world.count("rows read", seen.iter().filter(|seen| seen.op == "r").count() as u64);
    }
    Ok(())
}

/// The rows that the events leave: id, version, how often.
type Rebuilt = BTreeMap<(i64, i64), u64>;

/// Applies the events. A table that was not begun again must be told without any flaw: no row
/// twice, nothing made that is there, nothing changed that is not, versions of a key in order.
fn rebuild(seen: &[Seen], keyless: bool, repeated: bool) -> Result<Rebuilt, String> {
    let mut rows: BTreeMap<i64, i64> = BTreeMap::new();
    let mut all = Rebuilt::new();
    let (mut told, mut newest) = (BTreeSet::new(), BTreeMap::new());
    let mut streaming = false;
    for (place, event) in seen.iter().enumerate() {
        let wrong = |what: &str| Err(format!("event {place} {event:?}: {what}"));
        streaming |= event.op != "r";
        if event.op == "r" && (streaming || event.marker == "false") {
            return wrong("a snapshot row inside the stream");
        }
        if let (Some((id, version)), false) = (event.after, repeated) {
            if !told.insert(version) {
                return wrong("told twice");
            }
            if newest.insert(id, version).is_some_and(|newest| newest > version) {
                return wrong("older than what was told of the key");
            }
        }
        if event.op == "t" {
            (rows, all) = Default::default();
            continue;
        }
        let strict = !repeated;
        match (event.before, event.after) {
            (Some(before), after) if keyless => {
                if take(&mut all, before, strict).is_err() {
                    return wrong("the row is not there");
                }
                if let Some(after) = after {
                    *all.entry(after).or_default() += 1;
                }
            }
            (_, Some(after)) if keyless => *all.entry(after).or_default() += 1,
            (_, Some((id, version))) => {
                let known = rows.insert(id, version).is_some();
                if strict && known != (event.op == "u") {
                    return wrong("the key is there, or is not");
                }
            }
            (Some((id, _)), None) => {
                if rows.remove(&id).is_none() && strict {
                    return wrong("the key is not there");
                }
            }
            (None, None) => return wrong("an event without a row"),
        }
    }
    all.extend(rows.into_iter().map(|row| (row, 1)));
    Ok(all)
}

fn take(all: &mut Rebuilt, row: (i64, i64), strict: bool) -> Result<(), ()> {
    match all.get_mut(&row) {
        Some(count) if *count > 1 => *count -= 1,
        Some(_) => drop(all.remove(&row)),
        None if strict => return Err(()),
        None => {}
    }
    Ok(())
}

/// The rebuilt table is the world's; repeats may leave rows too many, never too few.
fn compare(rebuilt: Rebuilt, expected: &database::Rows, repeats: bool) -> Result<(), String> {
    for (id, version) in expected {
        match rebuilt.get(&(*id, *version)) {
            None => return Err(format!("row {id} version {version} is missing")),
            Some(count) if *count > 1 && !repeats => {
                return Err(format!("row {id} version {version} is there {count} times"));
            }
            Some(_) => {}
        }
    }
    let more = rebuilt.keys().find(|(id, version)| expected.get(id) != Some(version));
    match more {
        Some(row) if !repeats => Err(format!("row {row:?} should not be there")),
        _ => Ok(()),
    }
}
