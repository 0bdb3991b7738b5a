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
/// 1 for the phase that the connector is in (label `phase`), 0 for the others.
pub const PHASE: &str = "walbrook_phase";
/// 1 while the connector waits, with the label `reason`.
pub const WAITING: &str = "walbrook_waiting";
/// Time from the first record of a Kafka transaction to the end of its commit.
pub const COMMIT_LATENCY: &str = "walbrook_commit_latency_seconds";

/// Buckets of [`COMMIT_LATENCY`], in seconds.
pub const COMMIT_LATENCY_BUCKETS: &[f64] =
    &[0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// What a connector can wait for: the values of the label `reason` of [`WAITING`].
pub const REASONS: &[&str] = &["source", "broker", "registry", "other"];

/// Tells the recorder what the metrics mean.
pub(super) fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(RECORDS, "Records delivered to Kafka");
    describe_counter!(BYTES, Unit::Bytes, "Bytes of keys and values delivered");
    describe_counter!(TRANSACTIONS, "Source transactions delivered whole");
    describe_counter!(SPLITS, "Source transactions that needed several Kafka transactions");
    describe_counter!(POISON, "Changes that could not be told, by policy and code");
    describe_counter!(RETRIES, "Retries after a failure, by its code");
    describe_gauge!(LAG_BYTES, Unit::Bytes, "Log of the database not yet confirmed as delivered");
    describe_gauge!(
        LAG_SECONDS,
        Unit::Seconds,
        "Age of the newest transaction received and not delivered"
    );
    describe_gauge!(RETAINED_BYTES, Unit::Bytes, "Log that the database keeps for the connector");
    describe_gauge!(PHASE, "1 for the phase that the connector is in");
    describe_gauge!(WAITING, "1 for what the connector waits for");
    describe_histogram!(
        COMMIT_LATENCY,
        Unit::Seconds,
        "First record to end of commit of a Kafka transaction"
    );
}
