//! The `source` struct of every event: its schema, and its two encoded halves. Between them stands
//! the snapshot marker, which is the envelope's to write.

use crate::flavor::Flavor;
use walbrook_core::avro::write;
use walbrook_core::schema::{Field, Kind, Literal, Schema};

const MARKERS: &str =
    "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental";

/// What is different from change to change behind the snapshot marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail<'a> {
    /// Name of the database; empty where a statement has none.
    pub db: &'a str,
    /// Time of the change in the database, microseconds since 1970.
    pub ts_us: i64,
    /// Name of the table; of a statement about several their names, separated by commas.
    pub table: Option<&'a str>,
    /// `server_id` of the server that first logged the change; 0 for rows of a snapshot.
    pub server_id: u32,
    /// `uuid:n` or `uuid:tag:n` of MySQL, `domain-server-seq` of MariaDB; none in a snapshot.
    pub gtid: Option<&'a str>,
    /// Name of the log file.
    pub file: &'a str,
    /// Where the event begins in the file, bytes.
    pub pos: u64,
    /// Number of the row in its event, from 0.
    pub row: u32,
    /// Connection that made the change, where the log tells.
    pub thread: Option<i64>,
    /// The statement as it was sent, where it is wanted and the server logs it.
    pub query: Option<&'a str>,
}

/// The record's full name: the class that writes it in the reference.
fn name(flavor: Flavor) -> &'static str {
    match flavor {
        Flavor::MySql => "io.debezium.connector.mysql.Source",
        Flavor::MariaDb => "io.debezium.connector.mariadb.Source",
    }
}

/// The schema of the block.
pub fn schema(flavor: Flavor) -> Schema {
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
        Field::new("table", text().optional()),
        Field::new("server_id", long()),
        Field::new("gtid", text().optional()),
        Field::new("file", text()),
        Field::new("pos", long()),
        Field::new("row", Schema::new(Kind::Int32)),
        Field::new("thread", long().optional()),
        Field::new("query", text().optional()),
    ];
    Schema::record(name(flavor), fields).versioned(1)
}

/// Appends what stands before the snapshot marker. `ts_us`: as in [`Tail`].
pub fn write_head(out: &mut Vec<u8>, flavor: Flavor, topic_prefix: &str, ts_us: i64) {
    write::string(out, env!("CARGO_PKG_VERSION"));
    write::string(out, flavor.connector());
    write::string(out, topic_prefix);
    write::long(out, ts_us.div_euclid(1000));
}

/// Appends what stands behind the snapshot marker.
pub fn write_tail(out: &mut Vec<u8>, tail: &Tail<'_>) {
    write::string(out, tail.db);
    // sequence: these servers have none.
    out.push(0);
    write::optional_long(out, Some(tail.ts_us));
    write::optional_long(out, Some(tail.ts_us.saturating_mul(1000)));
    write::optional_string(out, tail.table);
    write::long(out, i64::from(tail.server_id));
    write::optional_string(out, tail.gtid);
    write::string(out, tail.file);
    write::long(out, i64::try_from(tail.pos).unwrap_or(i64::MAX));
    write::long(out, i64::from(tail.row));
    write::optional_long(out, tail.thread);
    write::optional_string(out, tail.query);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_reads_as_the_reference_writes_it() {
        let expected = |package: &str| {
            [
                r#"{"type":"record","name":"Source","namespace":"io.debezium.connector."#,
                package,
                concat!(
                    r#"","fields":[{"name":"version","type":"string"},"#,
                    r#"{"name":"connector","type":"string"},{"name":"name","type":"string"},"#,
                    r#"{"name":"ts_ms","type":"long"},"#,
                    r#"{"name":"snapshot","type":[{"type":"string","connect.version":1,"#,
                    r#""connect.parameters":{"allowed":"true,first,first_in_data_collection,"#,
                    r#"last_in_data_collection,last,false,incremental"},"#,
                    r#""connect.default":"false","#,
                    r#""connect.name":"io.debezium.data.Enum"},"null"],"default":"false"},"#,
                    r#"{"name":"db","type":"string"},"#,
                    r#"{"name":"sequence","type":["null","string"],"default":null},"#,
                    r#"{"name":"ts_us","type":["null","long"],"default":null},"#,
                    r#"{"name":"ts_ns","type":["null","long"],"default":null},"#,
                    r#"{"name":"table","type":["null","string"],"default":null},"#,
                    r#"{"name":"server_id","type":"long"},"#,
                    r#"{"name":"gtid","type":["null","string"],"default":null},"#,
                    r#"{"name":"file","type":"string"},{"name":"pos","type":"long"},"#,
                    r#"{"name":"row","type":"int"},"#,
                    r#"{"name":"thread","type":["null","long"],"default":null},"#,
                    r#"{"name":"query","type":["null","string"],"default":null}],"#,
                    r#""connect.version":1,"connect.name":"io.debezium.connector."#
                ),
                package,
                r#".Source"}"#,
            ]
            .concat()
        };
        for (flavor, package) in [(Flavor::MySql, "mysql"), (Flavor::MariaDb, "mariadb")] {
            assert_eq!(walbrook_core::avro::text::of(&schema(flavor)), expected(package));
        }
    }

    #[test]
    fn the_halves_hold_the_fields_in_order() {
        let mut out = Vec::new();
        write_head(&mut out, Flavor::MariaDb, "p", 1999);
        let version = env!("CARGO_PKG_VERSION");
        let mut expected = vec![version.len() as u8 * 2];
        expected.extend_from_slice(version.as_bytes());
        expected.extend_from_slice(b"\x0emariadb\x02p\x02");
        assert_eq!(out, expected);
        out.clear();
        let tail = Tail {
            db: "d",
            ts_us: 1,
            table: Some("t"),
            server_id: 7,
            gtid: Some("0-1-2"),
            file: "f",
            pos: 4,
            row: 1,
            thread: Some(3),
            query: None,
        };
        write_tail(&mut out, &tail);
        assert_eq!(
            out,
            b"\x02d\0\x02\x02\x02\xd0\x0f\x02\x02t\x0e\x02\x0a0-1-2\x02f\x08\x02\x02\x06\0"
        );
    }

    #[test]
    fn a_snapshot_row_has_neither_transaction_nor_connection() {
        let (mut out, file) = (Vec::new(), "binlog.000001");
        let tail = Tail {
            db: "d",
            ts_us: 0,
            table: None,
            server_id: 0,
            gtid: None,
            file,
            pos: u64::MAX,
            row: 0,
            thread: None,
            query: None,
        };
        write_tail(&mut out, &tail);
        let mut expected = b"\x02d\0\x02\0\x02\0\0\0\0\x1abinlog.000001".to_vec();
        write::long(&mut expected, i64::MAX);
        expected.extend_from_slice(&[0, 0, 0]);
        assert_eq!(out, expected);
    }
}
