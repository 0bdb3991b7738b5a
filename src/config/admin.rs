//! Reads `[admin]`.

use super::choice::Scope;
use super::database::is_loopback;
use super::model::{Admin, AdminTls, Token};
use super::place::Part;
use super::reader::{Reader, Reading};
use super::secret_form;
use super::setting::{Setting, Wrong};
use crate::codes;
use config::{Value, ValueKind};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

const TOKENS: &str = "[{ name = \"ops\", token = { env = \"ADMIN_TOKEN\" }, scope = \"write\" }]";
const TLS: &str = "{ cert = \"cert.pem\", key = \"key.pem\" }";

/// Reads `[admin]`.
pub(super) fn admin(reading: &mut Reading, value: Option<Value>) -> Admin {
    let mut reader = Reader::new(reading, &["admin"], value);
    let fallback = SocketAddr::from(([127, 0, 0, 1], 8083));
    let text = reader.or("listen", fallback.to_string());
    let listen = address(&mut reader, "listen", &text).unwrap_or(fallback);
    let health_listen = given::<String>(&mut reader, "health_listen")
        .and_then(|text| address(&mut reader, "health_listen", &text));
    let protected = reader.peek("tokens").is_some();
    let tokens = tokens(&mut reader);
    let tls = tls(&mut reader);
    let hosts = given(&mut reader, "hosts").unwrap_or_default();
    let certificates = tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if !listen.ip().is_loopback() && !protected && !certificates {
        let message = format!("The admin interface would be open to everybody on {listen}.");
        let fix = format!("Give it `tokens = {TOKENS}`, or `tls` with a `client_ca`.");
        reader.problem("listen", codes::OPEN_ADMIN, message, fix);
    } else if !listen.ip().is_loopback() && tls.is_none() {
        let message = format!("Tokens travel to {listen} in plaintext.");
        let fix = format!("Give it `tls = {TLS}`, or listen on 127.0.0.1 behind a proxy.");
        let problem = reader.place("listen").problem(Part::Value, codes::OPEN_ADMIN, message, fix);
        reader.reading.warn(problem);
    }
    reader.finish();
    Admin { listen, health_listen, tokens, tls, hosts }
}

/// The value of a setting that most never need: it is shown only where it is given.
fn given<T: Setting>(reader: &mut Reader<'_>, key: &'static str) -> Option<T> {
    let value = reader.take(key)?;
    reader.read(key, &value)
}

/// The address that `text` is.
fn address(reader: &mut Reader<'_>, key: &'static str, text: &str) -> Option<SocketAddr> {
    let read = parsed(text);
    if read.is_none() {
        let message = format!("`{key} = {text:?}` is not an address and port.");
        let fix = format!("Write `{key} = \"127.0.0.1:8083\"`.");
        reader.problem(key, codes::ADDRESS, message, fix);
    }
    read
}

/// An address and port; `localhost` is 127.0.0.1.
fn parsed(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    is_loopback(host).then(|| SocketAddr::from(([127, 0, 0, 1], port)))
}

fn tokens(reader: &mut Reader<'_>) -> Vec<Token> {
    let Some(value) = reader.take("tokens") else { return Vec::new() };
    let ValueKind::Array(elements) = &value.kind else {
        reader.wrong(&value, Wrong::wrong_type("tokens", &value, "a list of tokens", TOKENS));
        return Vec::new();
    };
    let section = reader.path("tokens");
    let read: Vec<_> = elements.iter().map(|element| token(reader, &section, element)).collect();
    let tokens: Vec<Token> = read.into_iter().flatten().collect();
    let mut names = BTreeSet::new();
    if let Some(twice) = tokens.iter().find(|token| !names.insert(&token.name)) {
        let message = format!("Two tokens are called {:?}.", twice.name);
        let fix = "Give each its own name: the audit log tells them apart by it.".to_owned();
        reader.problem("tokens", codes::NAME, message, fix);
    }
    if elements.is_empty() {
        let fix = format!("Write `tokens = {TOKENS}`, or leave the key out.");
        reader.problem("tokens", codes::NAME, "`tokens` is empty.".to_owned(), fix);
    }
    reader.reading.shown.retain(|shown| shown.section != section);
    let shown = tokens.iter().map(|token| {
        let (name, scope) = (token.name.show(), token.scope.show());
        let secret = secret_form::show(&token.token);
        format!("{{ name = {name}, token = {secret}, scope = {scope} }}")
    });
    let shown = format!("[{}]", shown.collect::<Vec<_>>().join(", "));
    reader.show("tokens", Some(shown));
    tokens
}

fn token(reader: &mut Reader<'_>, section: &[String], element: &Value) -> Option<Token> {
    if !matches!(element.kind, ValueKind::Table(_)) {
        reader.wrong(element, Wrong::wrong_type("tokens", element, "a list of tokens", TOKENS));
        return None;
    }
    let mut entry = Reader::element(reader.reading, section, element.clone());
    let name: Option<String> = entry.required("name", "\"ops\"");
    if entry.peek("token").is_none() {
        entry.missing("token", "{ env = \"ADMIN_TOKEN\" }");
    }
    let secret = entry.secret("token");
    let scope: Option<Scope> = entry.required("scope", "\"read\"");
    entry.finish();
    Some(Token { name: name?, token: secret?, scope: scope? })
}

fn tls(reader: &mut Reader<'_>) -> Option<AdminTls> {
    let value = reader.take("tls")?;
    if !matches!(value.kind, ValueKind::Table(_)) {
        reader.wrong(&value, Wrong::wrong_type("tls", &value, "a table", TLS));
        return None;
    }
    let place = reader.place("tls");
    let mut table = Reader::element(reader.reading, &reader.path("tls"), value);
    table.set_header(place);
    let cert: Option<String> = table.required("cert", "\"cert.pem\"");
    let key: Option<String> = table.required("key", "\"key.pem\"");
    let client_ca: Option<String> = table.optional("client_ca");
    table.finish();
    Some(AdminTls {
        cert: PathBuf::from(cert?),
        key: PathBuf::from(key?),
        client_ca: client_ca.map(PathBuf::from),
    })
}
