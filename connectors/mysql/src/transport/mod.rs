//! Connections to MySQL and MariaDB.
//!
//! ```text
//!  Settings ──▶ connect ──▶ socket ──▶ Session: greeting, TLS, login
//!                                         │ prepare: session variables, registration, dump command
//!                                         ▼
//!                                        Log ──▶ Window ──▶ Packets ──▶ Reader ──▶ Event
//!                                                                        └ Payload: inflates on the way
//!           ──▶ client ───▶ mysql_async::Conn: SQL
//! ```
//!
//! The log has a transport of its own, for what the client libraries have inflates a compressed
//! transaction whole, verifies no checksum and copies every event.

mod client;
mod connect;
mod dump;
mod failure;
mod log;
mod login;
mod message;
mod packets;
mod payload;
mod place;
mod reader;
mod rsa_key;
mod session;
mod tls;
mod window;

pub use client::client;
pub use dump::Start;
pub use failure::sql_error;
pub use log::Log;

#[cfg(test)]
mod reader_tests;
