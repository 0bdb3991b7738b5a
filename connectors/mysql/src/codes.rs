//! Codes of everything that can go wrong with MySQL and MariaDB. One constant each; never renumbered.
//! 001–029 connection and stream; 030–049 checks; 050–079 values and structures; 080–099 snapshot,
//! position and XA.

use walbrook_core::error::Code;

/// The server cannot be reached.
pub const CONNECT: Code = Code::new("WB-MYSQL-001");
/// The server refuses the account or its password.
pub const LOGIN: Code = Code::new("WB-MYSQL-002");
/// The server offers no TLS where the settings demand it.
pub const NO_TLS: Code = Code::new("WB-MYSQL-003");
/// The TLS handshake failed: certificate, authority or host name.
pub const TLS: Code = Code::new("WB-MYSQL-004");
/// The server wants a way of logging in that we do not have, or one that is not safe here.
pub const LOGIN_METHOD: Code = Code::new("WB-MYSQL-005");
/// The server sent something that the protocol or the log does not have at this place.
pub const PROTOCOL: Code = Code::new("WB-MYSQL-006");
/// The connection ended.
pub const CLOSED: Code = Code::new("WB-MYSQL-007");
/// The server reported a failure that may go away.
pub const SERVER_TRANSIENT: Code = Code::new("WB-MYSQL-008");
/// The server reported a failure that needs a person.
pub const SERVER: Code = Code::new("WB-MYSQL-009");
/// The account lacks a right.
pub const RIGHT: Code = Code::new("WB-MYSQL-010");
/// The server has been silent for too long.
pub const SILENT: Code = Code::new("WB-MYSQL-011");
/// An event of the log fails its checksum.
pub const CHECKSUM: Code = Code::new("WB-MYSQL-012");
/// An event of a type that is not known.
pub const UNKNOWN_EVENT: Code = Code::new("WB-MYSQL-013");
/// The log position that is needed has been purged or reset.
pub const PURGED: Code = Code::new("WB-MYSQL-014");
/// Somebody else reads the log under our server id.
pub const SERVER_ID: Code = Code::new("WB-MYSQL-015");
/// The server reports an incident: its log is not complete.
pub const INCIDENT: Code = Code::new("WB-MYSQL-016");
/// A change of rows was logged as a statement.
pub const STATEMENT: Code = Code::new("WB-MYSQL-017");
/// A compressed event or transaction cannot be inflated.
pub const COMPRESSED: Code = Code::new("WB-MYSQL-018");
/// The reader thread could not be started or ended in a way that it does not know.
pub const THREAD: Code = Code::new("WB-MYSQL-019");
/// A value of a row cannot be decoded.
pub const VALUE: Code = Code::new("WB-MYSQL-050");
/// A text is not valid in its character set.
pub const TEXT: Code = Code::new("WB-MYSQL-051");
/// A column is stored in the log as something else than declared.
pub const UNFIT: Code = Code::new("WB-MYSQL-052");
/// A character set that cannot be converted exactly.
pub const CHARSET: Code = Code::new("WB-MYSQL-053");
/// A row does not have the form of its table, or a value of it cannot be told.
pub const ROW: Code = Code::new("WB-MYSQL-060");
/// The rows of the log and the structure known of their table do not agree.
pub const STRUCTURE: Code = Code::new("WB-MYSQL-061");
/// The server is not of the kind that the URL or the checkpoint says.
pub const OTHER_SERVER: Code = Code::new("WB-MYSQL-020");
/// The checkpoint was made with another topic prefix.
pub const OTHER_PREFIX: Code = Code::new("WB-MYSQL-021");
/// The server lacks transactions that are delivered already.
pub const BEHIND: Code = Code::new("WB-MYSQL-022");
/// The stored checkpoint cannot be understood.
pub const CHECKPOINT: Code = Code::new("WB-MYSQL-023");
/// The log goes on with another transaction than the one that is delivered in part.
pub const OTHER_TRANSACTION: Code = Code::new("WB-MYSQL-024");
/// A certificate or key file cannot be read.
pub const CERTIFICATE_FILE: Code = Code::new("WB-MYSQL-025");

/// The server does not log what is needed: `log_bin` is off.
pub const NO_LOG: Code = Code::new("WB-MYSQL-030");
/// Changes of rows are not logged as rows: `binlog_format`.
pub const FORMAT: Code = Code::new("WB-MYSQL-031");
/// Transactions have no global identifiers: `gtid_mode`.
pub const NO_GTID: Code = Code::new("WB-MYSQL-032");
/// Rows are not logged whole: `binlog_row_image`.
pub const ROW_IMAGE: Code = Code::new("WB-MYSQL-033");
/// Column names are not logged: `binlog_row_metadata`.
pub const ROW_METADATA: Code = Code::new("WB-MYSQL-034");
/// The log is kept for a short time only.
pub const RETENTION: Code = Code::new("WB-MYSQL-035");
/// No table is selected.
pub const NO_TABLES: Code = Code::new("WB-MYSQL-036");
/// The account may not read the log.
pub const REPLICATION_RIGHT: Code = Code::new("WB-MYSQL-037");
/// The account may not read a table.
pub const SELECT: Code = Code::new("WB-MYSQL-038");
/// Prepared XA transactions are waiting at the first start.
pub const XA_WAITING: Code = Code::new("WB-MYSQL-039");
/// A selected table is not kept in InnoDB, so it cannot be read beside the log.
pub const ENGINE: Code = Code::new("WB-MYSQL-040");
/// The server's version is older than what is supported.
pub const VERSION: Code = Code::new("WB-MYSQL-041");
/// The server's own id is the one that we would read its log under.
pub const OWN_SERVER_ID: Code = Code::new("WB-MYSQL-042");
/// The server's clock and ours differ.
pub const CLOCK: Code = Code::new("WB-MYSQL-043");
/// The connection is not protected, or not verified.
pub const UNPROTECTED: Code = Code::new("WB-MYSQL-044");
/// The account has more rights than it needs.
pub const WIDE_RIGHTS: Code = Code::new("WB-MYSQL-045");
/// The server leaves databases or what it replicates out of its log.
pub const LOG_FILTER: Code = Code::new("WB-MYSQL-046");
/// A transaction has been open for long.
pub const LONG_TRANSACTION: Code = Code::new("WB-MYSQL-047");
/// A table has no key.
pub const NO_KEY: Code = Code::new("WB-MYSQL-048");
/// Statements are to be told, but the server does not log them.
pub const NO_STATEMENTS: Code = Code::new("WB-MYSQL-049");
/// An offset is not one that can be gone on from.
pub const OFFSET: Code = Code::new("WB-MYSQL-065");

/// A statement that changes tables cannot be understood.
pub const DDL: Code = Code::new("WB-MYSQL-072");
/// Part of a transaction was rolled back in the log after its rows.
pub const ROLLED_BACK: Code = Code::new("WB-MYSQL-073");

/// A table changed while it was read; it is read again.
pub const CHANGED: Code = Code::new("WB-MYSQL-080");
/// The snapshot's session does not show what the log has told.
pub const NOT_SHOWN: Code = Code::new("WB-MYSQL-081");
/// A wish for tables to be read again names none that is captured.
pub const NO_SUCH_TABLE: Code = Code::new("WB-MYSQL-082");
/// A table that is to be read again has no key by which it can be walked through.
pub const UNORDERED: Code = Code::new("WB-MYSQL-083");
/// The condition of tables that are to be read again cannot be used.
pub const PREDICATE: Code = Code::new("WB-MYSQL-084");
/// What `snapshot_rows` says of a table cannot be read.
pub const SNAPSHOT_ROWS: Code = Code::new("WB-MYSQL-085");
/// An XA transaction was committed whose beginning is not known.
pub const XA_UNKNOWN: Code = Code::new("WB-MYSQL-090");
