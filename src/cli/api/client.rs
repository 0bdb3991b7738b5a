//! Asks the admin interface, and turns what it refuses into a sentence.

use super::address::Address;
use super::{Failure, part};
use crate::cli::arguments::Interface;
use crate::config::nearest;
use reqwest::{Certificate, Method};
use serde_json::Value;
use std::time::Duration;

/// The interface gives up on itself a little earlier.
const PATIENCE: Duration = Duration::from_secs(35);

/// A client of one daemon.
pub(in crate::cli) struct Client {
    address: Address,
    http: reqwest::Client,
}

impl Client {
    /// A client as the command line says; it talks to nobody yet.
    pub(in crate::cli) fn new(interface: &Interface) -> Result<Self, Failure> {
        let address = Address::of(interface)?;
        // Fails where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(PATIENCE)
            .user_agent(concat!("walbrook/", env!("CARGO_PKG_VERSION")));
        for path in &address.authorities {
            let wrong = |e: &dyn std::fmt::Display| {
                Failure::Usage(format!("{} cannot be read: {e}.", path.display()))
            };
            let pem = std::fs::read(path).map_err(|e| wrong(&e))?;
            for certificate in Certificate::from_pem_bundle(&pem).map_err(|e| wrong(&e))? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let http = builder.build().map_err(|e| Failure::Usage(format!("No client: {e}.")))?;
        if !address.base.starts_with("http://") && !address.base.starts_with("https://") {
            let text = format!("{} does not begin with http:// or https://.", address.base);
            return Err(Failure::Usage(text));
        }
        Ok(Self { address, http })
    }

    /// Where the daemon is.
    pub(in crate::cli) fn base(&self) -> &str {
        &self.address.base
    }

    /// Reads from `path`.
    pub(in crate::cli) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None).await
    }

    /// Asks something of the connector called `name`; where there is none, the nearest is named.
    pub(in crate::cli) async fn of(
        &self,
        method: Method,
        name: &str,
        rest: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let path = format!("/connectors/{}{rest}", part(name));
        match self.send(method, &path, body).await {
            Err(Failure::Refused { status: 404, code, .. }) if code != "WB-ADMIN-004" => {
                Err(self.unknown(name).await)
            }
            other => other,
        }
    }

    async fn unknown(&self, name: &str) -> Failure {
        let names = self.get("/connectors").await.unwrap_or_default();
        let names: Vec<&str> =
            names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fix = match nearest(name, &names) {
            Some(near) => format!("Did you mean \"{near}\"? There are: {}.", names.join(", ")),
            None if names.is_empty() => "The daemon has no connector.".to_owned(),
            None => format!("There are: {}.", names.join(", ")),
        };
        let message = format!("There is no connector \"{name}\" at {}.", self.address.base);
        Failure::Refused { status: 404, code: "WB-ADMIN-003".to_owned(), message, fix }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let base = &self.address.base;
        let mut request = self.http.request(method, format!("{base}{path}"));
        if let Some(token) = &self.address.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|e| Failure::away(base, &e))?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|e| Failure::away(base, &e))?;
        let json: Option<Value> =
            if text.is_empty() { Some(Value::Null) } else { serde_json::from_str(&text).ok() };
        match (status, json) {
            (200..300, Some(json)) => Ok(json),
            (401, _) => Err(Failure::no_token(base, self.address.token.is_some())),
            (_, Some(json)) if json.get("error_code").is_some() => {
                Err(Failure::refused(status, &json))
            }
            _ => Err(Failure::Away(format!("{base} does not answer as a Walbrook daemon does."))),
        }
    }
}
