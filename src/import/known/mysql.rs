//! Keys that only the connectors to MySQL and MariaDB have, or that mean something else there.

use super::Known;

const KEY_STORES: &str = "Java's key stores are not read; name PEM files in `tls` by hand.";

pub(super) const KNOWN: Known = Known {
    irrelevant: &[
        ("query.fetch.size", "rows are read as they come."),
        ("snapshot.fetch.size", "rows are read as they come."),
        ("min.row.count.to.stream.results", "rows are read as they come."),
        ("snapshot.isolation.mode", "chunks are read one by one, and the log is merged in."),
        ("snapshot.locking.mode", "tables are not locked."),
        ("snapshot.lock.timeout.ms", "tables are not locked."),
        ("database.server.id.offset", "only the stream is a replica."),
        ("connect.timeout.ms", "the daemon has its own limits."),
        ("connect.keep.alive", "dead connections are always noticed."),
        ("connect.keep.alive.interval.ms", "dead connections are always noticed."),
        ("use.nongraceful.disconnect", "connections are closed at once."),
        ("binlog.net.*", "the daemon has its own limits."),
        ("binlog.buffer.size", "what was rolled back is never sent."),
        ("ddl.parser.type", "there is one parser."),
        ("resolve.create.table.like.schema", "the structure is always known."),
        ("database.jdbc.driver", "there is no JDBC driver."),
        ("database.protocol", "there is no JDBC driver."),
        ("schema.history.internal", "structures are stored beside the records."),
        ("schema.history.internal.*", "structures are stored beside the records."),
    ],
    only: &[
        ("gtid.source.includes", &[""]),
        ("gtid.source.excludes", &[""]),
        ("gtid.source.filter.dml.events", &["true"]),
        ("gtid.ignore.on.recovery", &["false"]),
        ("topic.naming.strategy", &["io.debezium.schema.DefaultTopicNamingStrategy"]),
        (
            "sourceinfo.struct.maker",
            &[
                "io.debezium.connector.mysql.MySqlSourceInfoStructMaker",
                "io.debezium.connector.mariadb.MariaDbSourceInfoStructMaker",
            ],
        ),
    ],
    refused: &[("database.ssl.keystore", KEY_STORES), ("database.ssl.truststore", KEY_STORES)],
};
