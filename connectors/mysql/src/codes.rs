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
