//! Whether the admin interface can have its address.

use crate::codes;
use crate::config::Config;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use walbrook_core::finding::Finding;

/// A daemon that is there answers at once.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let listen = config.admin.listen;
    let error = match TcpListener::bind(listen).await {
        Ok(_) => {
            let text = format!("The admin interface can listen on {listen}.");
            return vec![Finding::ok(codes::ADMIN_LISTEN, text)];
        }
        Err(error) => error,
    };
    let lives = timeout(PATIENCE, live(listen)).await.is_ok_and(|answer| answer.unwrap_or(false));
    if lives {
        let text = format!("A Walbrook daemon listens on {listen} already.");
        return vec![Finding::ok(codes::ADMIN_LISTEN, text)];
    }
    let message = format!("The admin interface cannot listen on {listen}: {error}.");
    let fix = "Set another `listen` in [admin], or end the process that has it.";
    vec![Finding::error(codes::ADMIN_LISTEN, message, fix)]
}

/// Whether what listens there is one of us.
async fn live(listen: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(listen).await?;
    stream.write_all(format!("GET /live HTTP/1.0\r\nHost: {listen}\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).await?;
    Ok(answer.ends_with(b"\r\n\r\nlive\n"))
}
