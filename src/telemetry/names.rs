//! The metrics: `walbrook_` + word, in base units; every one has the labels `connector` and
//! `source` (`postgresql`, `mysql`, `mariadb`).

/// Records delivered.
pub const RECORDS: &str = "walbrook_records_total";
/// Bytes of keys and values delivered.
pub const BYTES: &str = "walbrook_bytes_total";
/// Source transactions delivered whole.
pub const TRANSACTIONS: &str = "walbrook_transactions_total";
/// Source transactions that needed more than one Kafka transaction.
pub const SPLITS: &str = "walbrook_splits_total";
/// Changes that could not be told, with the labels `policy` and `code`.
pub const POISON: &str = "walbrook_poison_total";
/// Retries, with the label `code`.
pub const RETRIES: &str = "walbrook_retries_total";
/// Bytes of log between the newest position of the database and the last one confirmed.
pub const LAG_BYTES: &str = "walbrook_lag_bytes";
/// Age of the newest transaction that is received and not yet delivered.
pub const LAG_SECONDS: &str = "walbrook_lag_seconds";
/// Bytes of log that the database keeps for the connector.
pub const RETAINED_BYTES: &str = "walbrook_retained_bytes";
/// Bytes of log that may still be written before the database removes what the connector needs.
pub const RETAINED_ROOM_BYTES: &str = "walbrook_retained_room_bytes";
/// Seconds until the database removes what the connector needs, if it goes on as it does.
pub const LOSS_SECONDS: &str = "walbrook_time_to_loss_seconds";
/// 1 while the database keeps more log for the connector than `max_retained_wal`.
pub const OVER_LIMIT: &str = "walbrook_retained_over_limit";
/// 1 for the phase that the connector is in (label `phase`), 0 for the others.
pub const PHASE: &str = "walbrook_phase";
/// 1 while the connector waits, with the label `reason`.
pub const WAITING: &str = "walbrook_waiting";
/// Time from the first record of a Kafka transaction to the end of its commit.
pub const COMMIT_LATENCY: &str = "walbrook_commit_latency_seconds";

/// Time from the commit in the database until consumers can see it: of the oldest source
/// transaction in each Kafka transaction.
pub const DELIVERY_LATENCY: &str = "walbrook_delivery_latency_seconds";
/// Time that the pipeline has waited for a stage, with the label `stage`.
pub const STAGE_WAIT: &str = "walbrook_stage_wait_seconds";
/// Records delivered of one table, with the label `table`.
pub const TABLE_RECORDS: &str = "walbrook_table_records_total";
/// Rows that snapshots have read of one table, with the label `table`.
pub const SNAPSHOT_ROWS: &str = "walbrook_snapshot_rows";
/// Tables that a snapshot has still to finish.
pub const SNAPSHOT_TABLES_LEFT: &str = "walbrook_snapshot_tables_left";
/// Always 1; the labels say which build this is.
pub const BUILD: &str = "walbrook_build_info";

/// Buckets of the latencies, in seconds.
pub const LATENCY_BUCKETS: &[f64] =
    &[0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// The stages that the pipeline waits for: the values of the label `stage` of [`STAGE_WAIT`].
pub const STAGES: &[&str] = &["source", "kafka", "registry"];

/// How many tables of a connector have a label of their own; the others are one, `other`.
pub const TABLES: usize = 200;

/// What a connector can wait for: the values of the label `reason` of [`WAITING`].
pub const REASONS: &[&str] = &["source", "broker", "registry", "other"];

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows while the process lives.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often which size occurs.
    Histogram,
}

/// What there is to know about a metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// Its labels besides `connector` and `source`.
    pub labels: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static str,
    meaning: &'static str,
) -> Metric {
    Metric { name, kind, labels, meaning }
}

/// Every metric of a connector.
pub const ALL: &[Metric] = &[
    metric(PHASE, Kind::Gauge, "phase", "1 for the phase that the connector is in"),
    metric(WAITING, Kind::Gauge, "reason", "1 for what the connector waits for"),
    metric(RECORDS, Kind::Counter, "", "Records delivered to Kafka"),
    metric(BYTES, Kind::Counter, "", "Bytes of keys and values delivered"),
    metric(TRANSACTIONS, Kind::Counter, "", "Source transactions delivered whole"),
    metric(SPLITS, Kind::Counter, "", "Source transactions that needed several Kafka transactions"),
    metric(TABLE_RECORDS, Kind::Counter, "table", "Records delivered, by table"),
    metric(RETRIES, Kind::Counter, "code", "Retries after a failure, by its code"),
    metric(
        POISON,
        Kind::Counter,
        "policy, code",
        "Changes set aside or left out, by policy and code",
    ),
    metric(LAG_BYTES, Kind::Gauge, "", "Log of the database not yet confirmed as delivered"),
    metric(
        LAG_SECONDS,
        Kind::Gauge,
        "",
        "Age of the newest transaction received and not delivered",
    ),
    metric(RETAINED_BYTES, Kind::Gauge, "", "Log that the database keeps for the connector"),
    metric(
        RETAINED_ROOM_BYTES,
        Kind::Gauge,
        "",
        "Log that may still be written before what the connector needs is removed",
    ),
    metric(OVER_LIMIT, Kind::Gauge, "", "1 while more log is kept than `max_retained_wal`"),
    metric(
        LOSS_SECONDS,
        Kind::Gauge,
        "",
        "Time until the database removes log that the connector needs, as the log grows now",
    ),
    metric(
        DELIVERY_LATENCY,
        Kind::Histogram,
        "",
        "Commit in the database to visible in Kafka, of the oldest transaction committed together",
    ),
    metric(
        COMMIT_LATENCY,
        Kind::Histogram,
        "",
        "First record to end of commit of a Kafka transaction",
    ),
    metric(
        STAGE_WAIT,
        Kind::Gauge,
        "stage",
        "Seconds that the pipeline has waited for a stage so far",
    ),
    metric(SNAPSHOT_ROWS, Kind::Gauge, "table", "Rows that the snapshot has read"),
    metric(SNAPSHOT_TABLES_LEFT, Kind::Gauge, "", "Tables that the snapshot has still to finish"),
];

/// Tells the recorder what the metrics mean.
pub(super) fn describe() {
    for &Metric { name, kind, meaning, .. } in ALL {
        match kind {
            Kind::Counter => metrics::describe_counter!(name, meaning),
            Kind::Gauge => metrics::describe_gauge!(name, meaning),
            Kind::Histogram => metrics::describe_histogram!(name, meaning),
        }
    }
    metrics::describe_gauge!(BUILD, "Which build this is");
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
