//! Connections to PostgreSQL.
//!
//! ```text
//!  Settings ──▶ connect ──▶ socket ──▶ TLS ──▶ Session::start: startup, login
//!                                                 │ query      slots, SQL on the same connection
//!                                                 ▼ copy_both  START_REPLICATION
//!                                              CopyBoth ──▶ the stream
//!           ──▶ client ───▶ tokio_postgres::Client: SQL and COPY
//! ```
//!
//! tokio-postgres has no replication mode, so replication has a transport of its own, generic over
//! what carries the bytes: a socket here, a duplex pipe in the simulator.

mod auth;
mod client;
mod connect;
mod end_point;
mod failure;
mod frame;
mod quote;
mod session;
mod tls;

pub use auth::{Login, Security};
pub use client::client;
pub use connect::{Io, Stream, connect};
pub use failure::{ServerError, sql_error};
pub use frame::{Frame, Frames, MAX_FRAME, TooLarge};
pub use quote::{identifier, literal};
pub use session::{CopyBoth, Row, Session};
pub(crate) use session::{closed, unexpected};

/// The settings that every session of ours pins, so that neither the server's configuration nor
/// the role's can change the form of values or end a session that waits.
pub const OPTIONS: &str = "-c wal_sender_timeout=120s -c datestyle=ISO \
    -c intervalstyle=iso_8601 -c timezone=UTC -c extra_float_digits=3 -c bytea_output=hex \
    -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 \
    -c client_encoding=UTF8 -c standard_conforming_strings=on";

/// What `wal_sender_timeout` is in our sessions: the server gives up on us after it, and we on the
/// server, for it asks for a sign of life after half of it.
pub const WAL_SENDER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);
