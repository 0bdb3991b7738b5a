//! The connections for SQL.

use super::connect::{PATIENCE, too_slow};
use super::failure::sql_error;
use super::tls;
use crate::settings::Settings;
use mysql_async::{Conn, OptsBuilder};
use std::time::Duration;
use tokio::time::timeout;
use walbrook_core::error::Result;

/// What every session of ours pins, so that neither the server's configuration nor the account's can
/// change the form of values or end a session whose rows wait for Kafka.
const SETUP: [&str; 2] = [
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00', sql_mode = '', net_write_timeout = 600, net_read_timeout = 600",
];

/// The largest message that is received, the most that a server can send.
const MAX_PACKET: usize = 1 << 30;

/// Opens a connection for SQL; `purpose` is shown by the server (`program_name`).
pub async fn client(settings: &Settings, purpose: &str) -> Result<Conn> {
    // The library reads the files too; here their failures have a code.
    tls::config(&settings.tls)?;
    let options = OptsBuilder::default()
        .ip_or_hostname(settings.host.clone())
        .tcp_port(settings.port)
        .user(Some(settings.user.clone()))
        .pass((settings.password)()?)
        .ssl_opts(tls::options(&settings.tls))
        // The library would look for a socket file on this machine: behind a tunnel another server's.
        .prefer_socket(false)
        .max_allowed_packet(Some(MAX_PACKET))
        .wait_timeout(Some(28_800))
        .tcp_keepalive(Some(Duration::from_secs(30)))
        .setup(SETUP.map(String::from).to_vec())
        .connect_attribute("program_name", settings.program_name(purpose));
    let doing = format!("connecting to {}:{}", settings.host, settings.port);
    match timeout(PATIENCE, Conn::new(options)).await {
        Ok(connected) => connected.map_err(|error| sql_error(&error, &doing)),
        Err(_) => Err(too_slow(settings)),
    }
}
