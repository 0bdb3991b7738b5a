//! The one question that the command line asks over HTTP: GET from the admin interface.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(5);
/// More than any status is long.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Status code and body of the answer; the error is a sentence.
pub(super) fn get(base: &str, path: &str) -> Result<(u16, String), String> {
    let url = url::Url::parse(base).map_err(|e| format!("{base} is not a URL: {e}."))?;
    let host = match (url.scheme(), url.host_str()) {
        ("http", Some(host)) => host,
        _ => return Err(format!("{base} does not begin with http://host.")),
    };
    let port = url.port_or_known_default().unwrap_or(80);
    let away = |e: std::io::Error| {
        format!("The daemon does not answer at {base}: {e}. Is it running, and is --url right?")
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = (bare, port).to_socket_addrs().map_err(away)?.next();
    let address = address.ok_or_else(|| format!("{host} has no address."))?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(away)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(away)?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(away)?;
    let prefix = url.path().trim_end_matches('/');
    // HTTP/1.0: the body ends with the connection and comes in one piece.
    let request = format!("GET {prefix}{path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(away)?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).map_err(away)?;
    let answer = String::from_utf8_lossy(&answer);
    let wrong = || format!("{base} does not answer as a Walbrook daemon does.");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(wrong)?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    Ok((code, body.to_owned()))
}

/// A name as a part of a path.
pub(super) fn part(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let one = |b: u8| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") };
    name.bytes().map(one).collect()
}
