//! The `source` struct of every event: its schema, and its two encoded halves.

use walbrook_core::avro::write;
use walbrook_core::schema::{Field, Kind, Literal, Schema};

/// `source.connector`
pub const CONNECTOR: &str = "postgresql";
const NAME: &str = "io.debezium.connector.postgresql.Source";
const MARKERS: &str =
    "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental";

/// What is different from change to change behind the snapshot marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail<'a> {
    /// Name of the database.
    pub db: &'a str,
    /// End of the last transaction committed before, if there was one, and the change's own LSN.
    pub sequence: Option<(Option<u64>, u64)>,
    /// Time of the change in the database, microseconds since 1970.
    pub ts_us: i64,
    /// Schema of the table; empty for messages.
    pub schema: &'a str,
    /// Name of the table; empty for messages.
    pub table: &'a str,
    /// Number of the transaction.
    pub tx_id: Option<u32>,
    /// LSN of the change.
    pub lsn: Option<u64>,
}

/// The schema of the block.
pub fn schema() -> Schema {
    let text = || Schema::new(Kind::String);
    let long = || Schema::new(Kind::Int64);
    let marker = text()
        .semantic("io.debezium.data.Enum")
        .parameter("allowed", MARKERS)
        .optional()
        .default_value(Some(Literal::Text("false".to_owned())));
    let fields = vec![
        Field::new("version", text()),
        Field::new("connector", text()),
        Field::new("name", text()),
        Field::new("ts_ms", long()),
        Field::new("snapshot", marker),
        Field::new("db", text()),
        Field::new("sequence", text().optional()),
        Field::new("ts_us", long().optional()),
        Field::new("ts_ns", long().optional()),
        Field::new("schema", text()),
        Field::new("table", text()),
        Field::new("txId", long().optional()),
        Field::new("lsn", long().optional()),
        Field::new("xmin", long().optional()),
        Field::new("origin", text().optional()),
        Field::new("origin_lsn", long().optional()),
    ];
    Schema::record(NAME, fields).versioned(1)
}

/// Appends what stands before the snapshot marker.
pub fn write_head(out: &mut Vec<u8>, prefix: &str, ts_ms: i64) {
    write::string(out, env!("CARGO_PKG_VERSION"));
    write::string(out, CONNECTOR);
    write::string(out, prefix);
    write::long(out, ts_ms);
}

/// Appends what stands behind the snapshot marker.
pub fn write_tail(out: &mut Vec<u8>, tail: &Tail<'_>) {
    write::string(out, tail.db);
    match tail.sequence {
        None => out.push(0),
        Some((last, own)) => {
            out.push(2);
            sequence(out, last, own);
        }
    }
    write::optional_long(out, Some(tail.ts_us));
    write::optional_long(out, Some(tail.ts_us.saturating_mul(1000)));
    write::string(out, tail.schema);
    write::string(out, tail.table);
    write::optional_long(out, tail.tx_id.map(i64::from));
    write::optional_long(out, tail.lsn.map(|lsn| lsn as i64));
    // xmin, origin, origin_lsn
    out.extend_from_slice(&[0, 0, 0]);
}

/// `["<last>","<own>"]`, or `[null,"<own>"]`.
fn sequence(out: &mut Vec<u8>, last: Option<u64>, own: u64) {
    let (mut a, mut b) = ([0; 20], [0; 20]);
    let (last, own) = (last.map(|last| decimal(last, &mut a)), decimal(own, &mut b));
    let first = last.map_or(4, |last| last.len() + 2);
    write::long(out, (first + own.len() + 5) as i64);
    out.push(b'[');
    match last {
        None => out.extend_from_slice(b"null"),
        Some(last) => quoted(out, last),
    }
    out.push(b',');
    quoted(out, own);
    out.push(b']');
}

fn quoted(out: &mut Vec<u8>, digits: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(digits);
    out.push(b'"');
}

/// The decimal digits of `number`, without an allocation.
fn decimal(mut number: u64, room: &mut [u8; 20]) -> &[u8] {
    let mut length = 0;
    for digit in room.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    room.get(20 - length..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(last: Option<u64>, own: u64) -> String {
        let mut out = Vec::new();
        sequence(&mut out, last, own);
        assert_eq!(usize::from(out[0]), (out.len() - 1) * 2, "length");
        String::from_utf8(out[1..].to_vec()).unwrap()
    }

    #[test]
    fn the_sequence_is_compact_json() {
        assert_eq!(text(None, 24_023_128), r#"[null,"24023128"]"#);
        assert_eq!(text(Some(24_023_000), 24_023_128), r#"["24023000","24023128"]"#);
        assert_eq!(text(Some(0), u64::from(u32::MAX)), r#"["0","4294967295"]"#);
        assert_eq!(text(None, u64::MAX), r#"[null,"18446744073709551615"]"#);
    }

    #[test]
    fn the_schema_reads_as_the_reference_writes_it() {
        assert_eq!(
            walbrook_core::avro::text::of(&schema()),
            concat!(
                r#"{"type":"record","name":"Source","namespace":"io.debezium.connector.postgresql","#,
                r#""fields":[{"name":"version","type":"string"},{"name":"connector","type":"string"},"#,
                r#"{"name":"name","type":"string"},{"name":"ts_ms","type":"long"},"#,
                r#"{"name":"snapshot","type":[{"type":"string","connect.version":1,"#,
                r#""connect.parameters":{"allowed":"true,first,first_in_data_collection,"#,
                r#"last_in_data_collection,last,false,incremental"},"connect.default":"false","#,
                r#""connect.name":"io.debezium.data.Enum"},"null"],"default":"false"},"#,
                r#"{"name":"db","type":"string"},"#,
                r#"{"name":"sequence","type":["null","string"],"default":null},"#,
                r#"{"name":"ts_us","type":["null","long"],"default":null},"#,
                r#"{"name":"ts_ns","type":["null","long"],"default":null},"#,
                r#"{"name":"schema","type":"string"},{"name":"table","type":"string"},"#,
                r#"{"name":"txId","type":["null","long"],"default":null},"#,
                r#"{"name":"lsn","type":["null","long"],"default":null},"#,
                r#"{"name":"xmin","type":["null","long"],"default":null},"#,
                r#"{"name":"origin","type":["null","string"],"default":null},"#,
                r#"{"name":"origin_lsn","type":["null","long"],"default":null}],"#,
                r#""connect.version":1,"connect.name":"io.debezium.connector.postgresql.Source"}"#
            )
        );
    }

    #[test]
    fn the_halves_hold_the_fields_in_order() {
        let mut out = Vec::new();
        write_head(&mut out, "p", 1);
        let version = env!("CARGO_PKG_VERSION");
        let mut expected = vec![version.len() as u8 * 2];
        expected.extend_from_slice(version.as_bytes());
        expected.extend_from_slice(b"\x14postgresql\x02p\x02");
        assert_eq!(out, expected);
        out.clear();
        let tail = Tail {
            db: "d",
            sequence: None,
            ts_us: 1,
            schema: "s",
            table: "t",
            tx_id: Some(7),
            lsn: None,
        };
        write_tail(&mut out, &tail);
        assert_eq!(out, b"\x02d\x00\x02\x02\x02\xd0\x0f\x02s\x02t\x02\x0e\x00\x00\x00\x00");
    }
}
