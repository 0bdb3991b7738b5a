//! Codes of what the admin interface refuses. Never renumbered; docs/codes.md has each.

use walbrook_core::error::Code;

/// There is nothing at the path.
pub const NO_PATH: Code = Code::new("WB-ADMIN-001");
/// The path exists, and the method does not.
pub const NO_METHOD: Code = Code::new("WB-ADMIN-002");
/// There is no connector of that name.
pub const NO_CONNECTOR: Code = Code::new("WB-ADMIN-003");
/// The connector has no such task or job.
pub const NO_PART: Code = Code::new("WB-ADMIN-004");
/// What was sent cannot be used.
pub const REQUEST: Code = Code::new("WB-ADMIN-005");
/// What was sent is too large.
pub const TOO_LARGE: Code = Code::new("WB-ADMIN-006");
/// The body is not JSON by its content type.
pub const NOT_JSON: Code = Code::new("WB-ADMIN-007");
/// The request came too slowly, or the answer took too long.
pub const TOO_SLOW: Code = Code::new("WB-ADMIN-008");
/// Connectors are described in files, not over HTTP.
pub const IN_FILES: Code = Code::new("WB-ADMIN-009");
/// The topics that were written to cannot be forgotten.
pub const TOPICS_RESET: Code = Code::new("WB-ADMIN-010");
/// There is no such log level.
pub const LEVEL: Code = Code::new("WB-ADMIN-011");
/// The request has no valid token.
pub const NO_TOKEN: Code = Code::new("WB-ADMIN-012");
/// The token may read only.
pub const READ_ONLY: Code = Code::new("WB-ADMIN-013");
/// A web page of somebody else has sent the request.
pub const OTHER_SITE: Code = Code::new("WB-ADMIN-014");
/// Too many clients listen to events.
pub const LISTENERS: Code = Code::new("WB-ADMIN-015");
