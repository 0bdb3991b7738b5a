//! Keys that only a connector to PostgreSQL has, or that mean something else there.

use super::Known;

pub(super) const KNOWN: Known = Known {
    irrelevant: &[
        ("query.fetch.size", "tables are read by COPY."),
        ("snapshot.fetch.size", "tables are read by COPY."),
        ("snapshot.isolation.mode", "the snapshot is always one consistent cut."),
        ("snapshot.lock.timeout.ms", "locks are waited for 5 s."),
        ("status.update.interval.ms", "the daemon reports often enough."),
        ("slot.max.retries", "what may go away is retried for ever."),
        ("slot.retry.delay.ms", "retries back off by themselves."),
        ("lsn.flush.timeout.ms", "positions are confirmed by their own task."),
        ("lsn.flush.timeout.action", "positions are confirmed by their own task."),
        ("include.schema.comments", "records carry no comments of PostgreSQL, as in Debezium."),
        ("schema.refresh.mode", "structures come with the stream."),
        ("database.tcpKeepAlive", "dead connections are always noticed."),
    ],
    only: &[
        ("slot.drop.on.stop", &["false"]),
        ("slot.stream.params", &[""]),
        ("publish.via.partition.root", &["false"]),
        ("replica.identity.autoset.values", &[""]),
        ("snapshot.locking.mode", &["none", "shared"]),
        ("xmin.fetch.interval.ms", &["0"]),
        ("lsn.flush.mode", &["connector", "connector_and_driver"]),
        ("flush.lsn.source", &["true"]),
        ("offset.mismatch.strategy", &["no_validation"]),
        ("topic.naming.strategy", &["io.debezium.schema.SchemaTopicNamingStrategy"]),
        (
            "sourceinfo.struct.maker",
            &["io.debezium.connector.postgresql.PostgresSourceInfoStructMaker"],
        ),
        ("database.sslfactory", &[""]),
        ("database.sslpassword", &[""]),
        ("converters", &[""]),
    ],
    refused: &[],
};
