//! Codes of everything that can go wrong with PostgreSQL. One constant each; never renumbered.
//! 001–049 connection, slot, publication, stream; 050–079 values and structures; 080–099 snapshot.

use walbrook_core::error::Code;

/// The server cannot be reached.
pub const CONNECT: Code = Code::new("WB-PG-001");
/// The server refuses the role or its password.
pub const LOGIN: Code = Code::new("WB-PG-002");
/// The server offers no TLS where the settings demand it.
pub const NO_TLS: Code = Code::new("WB-PG-003");
/// The TLS handshake failed: certificate, authority or host name.
pub const TLS: Code = Code::new("WB-PG-004");
/// The server wants a login that we do not have, or one that is not safe here.
pub const LOGIN_METHOD: Code = Code::new("WB-PG-005");
/// The server sent something that the protocol does not have at this place.
pub const PROTOCOL: Code = Code::new("WB-PG-006");
/// The connection ended.
pub const CLOSED: Code = Code::new("WB-PG-007");
/// The server reported a failure that may go away.
pub const SERVER_TRANSIENT: Code = Code::new("WB-PG-008");
/// The server reported a failure that needs a person.
pub const SERVER: Code = Code::new("WB-PG-009");
/// The role lacks a right.
pub const RIGHT: Code = Code::new("WB-PG-010");
/// The server has been silent for too long.
pub const SILENT: Code = Code::new("WB-PG-011");
/// A row is larger than may be received.
pub const ROW_TOO_LARGE: Code = Code::new("WB-PG-012");
/// The replication slot does not exist.
pub const SLOT_MISSING: Code = Code::new("WB-PG-013");
/// The replication slot is lost: the server no longer has the log that it needs.
pub const SLOT_LOST: Code = Code::new("WB-PG-014");
/// Somebody else reads from the replication slot.
pub const SLOT_ACTIVE: Code = Code::new("WB-PG-015");
/// The replication slot is not one that can be read here.
pub const SLOT_FOREIGN: Code = Code::new("WB-PG-016");
/// The slot has moved past what is stored: changes are missing.
pub const GAP: Code = Code::new("WB-PG-017");
/// The checkpoint belongs to another database cluster.
pub const SYSTEM_ID: Code = Code::new("WB-PG-018");
/// The server's timeline has left the one of the checkpoint before the stored position.
pub const TIMELINE: Code = Code::new("WB-PG-019");
/// The publication does not exist.
pub const PUBLICATION_MISSING: Code = Code::new("WB-PG-020");
/// The publication does not hold what is captured, and is not ours to alter.
pub const PUBLICATION_FOREIGN: Code = Code::new("WB-PG-021");
/// The server skips changes because it cannot load the publication.
pub const PUBLICATION_SKIPPED: Code = Code::new("WB-PG-022");
/// A message of the log cannot be decoded.
pub const MALFORMED: Code = Code::new("WB-PG-023");
/// A message of the log is of a kind that is not known.
pub const UNKNOWN_MESSAGE: Code = Code::new("WB-PG-024");
/// The half-delivered transaction is not the one that comes again.
pub const OTHER_TRANSACTION: Code = Code::new("WB-PG-025");
/// A change names a table that the log has not described.
pub const UNKNOWN_RELATION: Code = Code::new("WB-PG-026");
/// `wal_level` is not `logical`.
pub const WAL_LEVEL: Code = Code::new("WB-PG-027");
/// The server is too old.
pub const VERSION: Code = Code::new("WB-PG-028");
/// The database is not encoded in UTF-8.
pub const ENCODING: Code = Code::new("WB-PG-029");
/// A table's updates and deletes have no replica identity.
pub const REPLICA_IDENTITY: Code = Code::new("WB-PG-030");
/// No table matches the selection.
pub const NO_TABLES: Code = Code::new("WB-PG-031");
/// A selected table may not be read.
pub const SELECT: Code = Code::new("WB-PG-032");
/// No replication slot is free.
pub const SLOTS_FULL: Code = Code::new("WB-PG-033");
/// No walsender is free.
pub const SENDERS_FULL: Code = Code::new("WB-PG-034");
/// How much log a slot may keep is unlimited, or little.
pub const SLOT_LIMIT: Code = Code::new("WB-PG-035");
/// The password cannot be read, or there is none where one is asked for.
pub const PASSWORD: Code = Code::new("WB-PG-036");
/// The server is a standby where a primary is needed.
pub const STANDBY: Code = Code::new("WB-PG-037");
/// The database does not exist.
pub const NO_DATABASE: Code = Code::new("WB-PG-038");
/// A certificate or key file cannot be read.
pub const CERTIFICATE_FILE: Code = Code::new("WB-PG-039");
/// A selected table writes nothing to the log.
pub const UNLOGGED: Code = Code::new("WB-PG-040");
/// A slot with our prefix that nobody reads and no connector uses.
pub const ORPHAN_SLOT: Code = Code::new("WB-PG-041");
/// The slot keeps much of the log.
pub const RETAINED: Code = Code::new("WB-PG-042");
/// A transaction has been open for long.
pub const LONG_TRANSACTION: Code = Code::new("WB-PG-043");
/// The server gives slots up that nobody reads for a while.
pub const IDLE_SLOT: Code = Code::new("WB-PG-044");
/// The server's clock and ours differ.
pub const CLOCK: Code = Code::new("WB-PG-045");
/// The connection is not protected, or not verified.
pub const UNPROTECTED: Code = Code::new("WB-PG-046");
/// The role has more rights than it needs.
pub const SUPERUSER: Code = Code::new("WB-PG-047");
/// Row-level security hides rows from the role.
pub const ROW_SECURITY: Code = Code::new("WB-PG-048");
/// A table has no key.
pub const NO_KEY: Code = Code::new("WB-PG-049");
/// An offset is not one that can be gone on from.
pub const OFFSET: Code = Code::new("WB-PG-064");
/// An offset lies before what the slot still sends.
pub const REWIND: Code = Code::new("WB-PG-065");
/// An offset lies behind the end of the server's log.
pub const OTHER_OFFSET: Code = Code::new("WB-PG-066");

/// The catalog could not be asked.
pub const CATALOG: Code = Code::new("WB-PG-050");
/// A table was dropped while it was being read.
pub const TABLE_GONE: Code = Code::new("WB-PG-051");
/// A value is not in the form that its type has.
pub const VALUE: Code = Code::new("WB-PG-052");
/// A row does not have the columns of its table.
pub const ROW: Code = Code::new("WB-PG-053");
/// A slot of the configured name exists, and nothing says that it is ours.
pub const SLOT_TAKEN: Code = Code::new("WB-PG-080");
/// The checkpoint belongs to another database.
pub const OTHER_DATABASE: Code = Code::new("WB-PG-081");
/// The checkpoint belongs to another topic prefix.
pub const OTHER_PREFIX: Code = Code::new("WB-PG-082");
/// The checkpoint belongs to another slot.
pub const OTHER_SLOT: Code = Code::new("WB-PG-083");
/// An entry of the checkpoint cannot be read.
pub const CHECKPOINT: Code = Code::new("WB-PG-084");
/// A table that is to be read is locked by somebody else.
pub const TABLE_LOCKED: Code = Code::new("WB-PG-085");
/// A table was truncated or rewritten after the snapshot was taken.
pub const TABLE_REWRITTEN: Code = Code::new("WB-PG-086");
/// The reader thread cannot be started.
pub const THREAD: Code = Code::new("WB-PG-087");
/// The server did not say what a snapshot needs.
pub const SNAPSHOT: Code = Code::new("WB-PG-088");
/// What `snapshot_rows` says of a table cannot be read.
pub const SNAPSHOT_ROWS: Code = Code::new("WB-PG-089");
/// What shall be read again is no pattern of tables.
pub const PATTERN: Code = Code::new("WB-PG-100");
/// What shall be read again is not captured.
pub const NOT_CAPTURED: Code = Code::new("WB-PG-101");
/// A table cannot be read beside the log.
pub const NOT_BESIDE: Code = Code::new("WB-PG-102");
/// A condition does not fit a table.
pub const PREDICATE: Code = Code::new("WB-PG-103");
/// The server does not show what its log has told.
pub const NOT_SHOWN: Code = Code::new("WB-PG-104");
/// Tables would be read on another server than the log comes from.
pub const OTHER_SERVER: Code = Code::new("WB-PG-105");
