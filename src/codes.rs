//! Codes of everything that the daemon itself finds wrong. One constant each; never renumbered.
//! `WB-CFG` 001–019 files and keys, 020–039 values, 040–059 what does not fit together.

use walbrook_core::error::Code;

/// A configuration file or folder cannot be read.
pub const FILE: Code = Code::new("WB-CFG-001");
/// A file is not TOML.
pub const SYNTAX: Code = Code::new("WB-CFG-002");
/// A key or section that does not exist.
pub const UNKNOWN_KEY: Code = Code::new("WB-CFG-003");
/// A key that must be given is missing.
pub const MISSING_KEY: Code = Code::new("WB-CFG-004");
/// A value of the wrong type.
pub const WRONG_TYPE: Code = Code::new("WB-CFG-005");
/// A connector is described by two files of one folder.
pub const DESCRIBED_TWICE: Code = Code::new("WB-CFG-007");
/// There is no connector to run.
pub const NO_CONNECTOR: Code = Code::new("WB-CFG-008");

/// A word outside the words allowed.
pub const CHOICE: Code = Code::new("WB-CFG-020");
/// A number outside its range.
pub const RANGE: Code = Code::new("WB-CFG-021");
/// Text that is not a duration.
pub const DURATION: Code = Code::new("WB-CFG-022");
/// Text that is not the URL that is asked for.
pub const URL: Code = Code::new("WB-CFG-023");
/// A name that is empty or has characters that it may not have.
pub const NAME: Code = Code::new("WB-CFG-024");
/// A pattern of table names that cannot be read.
pub const PATTERN: Code = Code::new("WB-CFG-025");
/// A secret that is not described well.
pub const SECRET: Code = Code::new("WB-CFG-026");
/// A secret written into the configuration.
pub const PLAIN_SECRET: Code = Code::new("WB-CFG-027");
/// An address that is not `host:port`.
pub const ADDRESS: Code = Code::new("WB-CFG-028");
/// A Kafka client property that the daemon sets itself.
pub const RESERVED_PROPERTY: Code = Code::new("WB-CFG-029");
/// Something that a later version will have.
pub const NOT_YET: Code = Code::new("WB-CFG-030");

/// The admin interface would be open to other machines.
pub const OPEN_ADMIN: Code = Code::new("WB-CFG-040");
/// Two connectors use one replication slot.
pub const SHARED_SLOT: Code = Code::new("WB-CFG-041");
/// Two connectors write the same topics.
pub const SHARED_PREFIX: Code = Code::new("WB-CFG-042");
/// Two settings that contradict each other.
pub const CONTRADICTION: Code = Code::new("WB-CFG-043");

/// A secret could not be read when it was needed.
pub const SECRET_READ: Code = Code::new("WB-CFG-060");
/// The admin interface cannot listen on its address.
pub const ADMIN_LISTEN: Code = Code::new("WB-CFG-061");

// WB-RUN: shape and pipeline. 001–019 shape, 020–039 pipeline.

/// Two columns become one field in the schema.
pub const FIELD_COLLISION: Code = Code::new("WB-RUN-001");
/// A configured key column does not exist.
pub const KEY_COLUMN_MISSING: Code = Code::new("WB-RUN-002");
/// The log does not go on with the transaction that is delivered in part.
pub const OTHER_TRANSACTION: Code = Code::new("WB-RUN-003");
/// A compacted topic would get records without a key.
pub const COMPACTED_KEYLESS: Code = Code::new("WB-RUN-004");
/// A topic has fewer partitions than were pinned for it.
pub const FEWER_PARTITIONS: Code = Code::new("WB-RUN-005");
/// Something that cannot be: a defect of Walbrook.
pub const INTERNAL: Code = Code::new("WB-RUN-020");
/// A part of the connector ended without saying why.
pub const ENDED: Code = Code::new("WB-RUN-021");
/// The stored checkpoint cannot be read.
pub const CHECKPOINT: Code = Code::new("WB-RUN-022");
/// Another instance owns the connector.
pub const FENCED: Code = Code::new("WB-RUN-023");
/// The same delivery failed twice at the same position.
pub const TWICE: Code = Code::new("WB-RUN-024");
/// Registry or broker did not answer in time inside an open Kafka transaction.
pub const SLOW_ANSWER: Code = Code::new("WB-RUN-025");
