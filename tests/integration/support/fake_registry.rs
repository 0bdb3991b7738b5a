//! A registry in front of the real one, which can be told to misbehave.

use super::{registry, stack};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Passes everything on.
pub const PASS: u16 = 0;
/// Takes requests and never answers.
pub const SILENT: u16 = 1;

/// Listens until the test's runtime ends.
pub struct FakeRegistry {
    /// What the daemon is to be told.
    pub url: String,
    mode: Arc<AtomicU16>,
}

impl FakeRegistry {
    /// Starts it in a mode: [`PASS`], [`SILENT`], or a status to answer with.
    pub async fn start(mode: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/apis/ccompat/v7", listener.local_addr().unwrap());
        let mode = Arc::new(AtomicU16::new(mode));
        let ours = mode.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mode = ours.clone();
                tokio::task::spawn_local(async move { serve(stream, mode).await });
            }
        });
        Self { url, mode }
    }

    /// Behaves otherwise from now on.
    pub fn mode(&self, mode: u16) {
        self.mode.store(mode, Relaxed);
    }
}

/// One request of a connection, which is closed after it.
async fn serve(mut stream: TcpStream, mode: Arc<AtomicU16>) -> Option<()> {
    let (mut bytes, mut buffer) = (Vec::new(), [0_u8; 8192]);
    let body = loop {
        let n = stream.read(&mut buffer).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&buffer[..n]);
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body]).to_lowercase();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length:"));
    let length: usize = length.and_then(|n| n.trim().parse().ok()).unwrap_or(0);
    while bytes.len() < body + length {
        let n = stream.read(&mut buffer).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&buffer[..n]);
    }
    let line = String::from_utf8_lossy(&bytes[..body]).lines().next()?.to_owned();
    let (method, path) = line.split_once(' ')?;
    let path = path.split(' ').next()?;
    let (status, answer) = match mode.load(Relaxed) {
        SILENT => return std::future::pending().await,
        PASS => pass(method, path, bytes[body..].to_vec()).await?,
        status => {
            (status, format!("{{\"error_code\":{status},\"message\":\"as the test wants\"}}"))
        }
    };
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{answer}",
        answer.len()
    );
    stream.write_all(answer.as_bytes()).await.ok()
}

async fn pass(method: &str, path: &str, body: Vec<u8>) -> Option<(u16, String)> {
    let base = stack::registry();
    let host = &base[..base.find("/apis")?];
    let method = reqwest::Method::from_bytes(method.as_bytes()).ok()?;
    let request = registry::http()
        .request(method, format!("{host}{path}"))
        .header("Content-Type", "application/json")
        .body(body);
    let response = request.send().await.ok()?;
    Some((response.status().as_u16(), response.text().await.ok()?))
}
