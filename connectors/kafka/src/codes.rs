//! Codes of everything that can go wrong with Kafka and with the schema registry. One constant
//! each; never renumbered.
//! `WB-KAFKA` 001–019 broker and producer, 020–039 topics and records, 040–059 checkpoint,
//! 060–069 what a check finds beforehand.
//! `WB-REG` 001–019 schema registry.

use walbrook_core::error::Code;

/// The brokers do not answer, or not in time.
pub const UNREACHABLE: Code = Code::new("WB-KAFKA-001");
/// The brokers refuse the user, or what the user wants to do.
pub const DENIED: Code = Code::new("WB-KAFKA-002");
/// Another producer has this connector's transactional id, or the broker ended a transaction.
pub const FENCED: Code = Code::new("WB-KAFKA-003");
/// A commit got no answer: it may or may not have happened.
pub const UNCLEAR: Code = Code::new("WB-KAFKA-004");
/// The producer cannot go on.
pub const PRODUCER: Code = Code::new("WB-KAFKA-005");
/// A transaction was aborted.
pub const ABORTED: Code = Code::new("WB-KAFKA-006");
/// The client library refuses a setting.
pub const SETTING: Code = Code::new("WB-KAFKA-007");
/// The producer must be opened again with room for the records that came.
pub const REFIT: Code = Code::new("WB-KAFKA-008");
/// A thread of the sink could not be started, or ended without a word.
pub const THREAD: Code = Code::new("WB-KAFKA-009");
/// A request was refused in a way that has no code of its own.
pub const REFUSED: Code = Code::new("WB-KAFKA-010");

/// A record is larger than its topic allows.
pub use walbrook_core::codes::TOO_LARGE;
/// A topic does not exist and must not be created.
pub const NO_TOPIC: Code = Code::new("WB-KAFKA-021");
/// A topic could not be created as configured.
pub const NOT_CREATED: Code = Code::new("WB-KAFKA-022");
/// A record names a topic that was never announced.
pub const UNKNOWN_TOPIC: Code = Code::new("WB-KAFKA-023");

/// The checkpoint topic is not set up as it must be.
pub const CHECKPOINT_TOPIC: Code = Code::new("WB-KAFKA-040");
/// The checkpoint topic holds something that this version cannot read.
pub const CHECKPOINT_UNREADABLE: Code = Code::new("WB-KAFKA-041");
/// What was committed is not visible yet.
pub const CHECKPOINT_HIDDEN: Code = Code::new("WB-KAFKA-042");
/// Another instance owns the connector.
pub const OWNED: Code = Code::new("WB-KAFKA-043");

/// The brokers allow shorter transactions only than are asked for.
pub const TRANSACTION_TIMEOUT: Code = Code::new("WB-KAFKA-060");
/// Kafka keeps fewer copies than it could, or needs more brokers than there are.
pub const REPLICAS: Code = Code::new("WB-KAFKA-061");
/// The brokers are older than what is known to work.
pub const BROKER_VERSION: Code = Code::new("WB-KAFKA-062");
/// A topic is not set up as it should be.
pub const TOPIC: Code = Code::new("WB-KAFKA-063");

/// The schema registry does not answer, or not now.
pub const REGISTRY_UNREACHABLE: Code = Code::new("WB-REG-001");
/// The schema registry refuses a schema as incompatible.
pub const INCOMPATIBLE: Code = Code::new("WB-REG-002");
/// The schema registry refuses the user.
pub const REGISTRY_DENIED: Code = Code::new("WB-REG-003");
/// The schema registry says that a schema or subject is not valid.
pub const INVALID_SCHEMA: Code = Code::new("WB-REG-004");
/// The registry's settings cannot be used.
pub const REGISTRY_SETTING: Code = Code::new("WB-REG-005");
/// The schema registry gave an answer that is not one.
pub const REGISTRY_ANSWER: Code = Code::new("WB-REG-006");
/// The schema registry takes no new schemas.
pub const READ_ONLY: Code = Code::new("WB-REG-007");
