//! Registers schema texts, byte for byte as they are given.

use crate::codes;
use reqwest::{Client, ClientBuilder, Method};
use schema_registry_converter::async_impl::schema_registry::{SrSettings, post_schema};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{RawError, SchemaType, SuppliedSchema};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use walbrook_core::error::{Error, Result};

/// Time for one request.
const REQUEST: Duration = Duration::from_secs(10);
const JSON: &str = "application/vnd.schemaregistry.v1+json";

/// The compatibility level that a new subject is to have; `None`: the registry's own.
pub type Levels = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where the registry is.
#[derive(Clone)]
pub struct RegistrySettings {
    /// Base addresses, tried in order.
    pub urls: Vec<String>,
    /// User and password of basic authentication.
    pub auth: Option<(String, String)>,
    /// Levels of new subjects, if any are configured.
    pub levels: Option<Levels>,
}

impl std::fmt::Debug for RegistrySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegistrySettings").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// A schema registry that speaks Confluent's protocol. Answers are remembered, failures are not.
#[derive(Debug)]
pub struct Registry {
    /// One client for each address, so that we see which one failed and how.
    posts: Vec<SrSettings>,
    settings: RegistrySettings,
    client: Client,
    ids: Mutex<BTreeMap<String, BTreeMap<String, u32>>>,
}

impl Registry {
    /// A client for `settings`; it talks to nobody yet.
    pub fn new(settings: RegistrySettings) -> Result<Self> {
        // Fails where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut posts = Vec::new();
        let urls = settings.urls.iter().map(|url| url.trim_end_matches('/').to_owned());
        let settings = RegistrySettings { urls: urls.collect(), ..settings };
        for url in &settings.urls {
            let mut builder = SrSettings::new_builder(url.clone());
            if let Some((user, password)) = &settings.auth {
                builder.set_basic_authorization(user, Some(password));
            }
            let built = builder.set_timeout(REQUEST).build_with(client());
            posts.push(built.map_err(|e| unusable(&e.error))?);
        }
        if posts.is_empty() {
            return Err(unusable("no URL is given"));
        }
        let client = client().timeout(REQUEST).build().map_err(|e| unusable(&e.to_string()))?;
        Ok(Self { posts, settings, client, ids: Mutex::default() })
    }

    /// The id of `text` under `subject`; registers it where it is new there.
    pub async fn register(&self, subject: &str, text: &str) -> Result<u32> {
        if let Some(id) = self.known(subject, text) {
            return Ok(id);
        }
        let mut last = None;
        for (settings, url) in self.posts.iter().zip(&self.settings.urls) {
            let schema = SuppliedSchema::new(None, SchemaType::Avro, text.to_owned());
            match post_schema(settings, escape(subject), schema).await {
                Ok(answer) => {
                    self.level(subject).await?;
                    self.remember(subject, text, answer.id);
                    return Ok(answer.id);
                }
                Err(error) => match refused(&error, url, subject) {
                    Verdict::Elsewhere(error) => last = Some(error),
                    Verdict::Final(error) => return Err(error),
                    Verdict::Incompatible(words) => {
                        return Err(self.incompatible(url, subject, &words).await);
                    }
                },
            }
        }
        Err(last.unwrap_or_else(|| unusable("no URL is given")))
    }

    /// Gives a subject its level while it has one version only: what it had before is its owner's.
    /// Behind the registration, as some registries know no mode of a subject that is not there.
    async fn level(&self, subject: &str) -> Result<()> {
        let level = self.settings.levels.as_ref().and_then(|levels| levels(subject));
        let Some(level) = level else { return Ok(()) };
        let path = format!("subjects/{}/versions", escape(subject));
        let versions = self.call(Method::GET, &path, None, subject).await?;
        match versions.as_array().map(Vec::len) {
            Some(1) => self.set_compatibility(subject, &level).await,
            _ => Ok(()),
        }
    }

    /// The compatibility mode that holds for `subject`.
    pub async fn compatibility(&self, subject: &str) -> Result<String> {
        let path = format!("config/{}?defaultToGlobal=true", escape(subject));
        let answer = self.call(Method::GET, &path, None, subject).await?;
        let mode = answer.get("compatibilityLevel").and_then(Value::as_str);
        Ok(mode.unwrap_or("NONE").to_owned())
    }

    /// Sets the compatibility mode of `subject`.
    pub async fn set_compatibility(&self, subject: &str, mode: &str) -> Result<()> {
        let path = format!("config/{}", escape(subject));
        let body = json!({ "compatibility": mode });
        self.call(Method::PUT, &path, Some(&body), subject).await.map(|_| ())
    }

    /// Whether the registry answers, for checks.
    pub async fn check(&self) -> Result<()> {
        self.call(Method::GET, "config", None, "").await.map(|_| ())
    }

    fn known(&self, subject: &str, text: &str) -> Option<u32> {
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.get(subject)?.get(text).copied()
    }

    fn remember(&self, subject: &str, text: &str, id: u32) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.entry(subject.to_owned()).or_default().insert(text.to_owned(), id);
    }

    async fn incompatible(&self, url: &str, subject: &str, words: &str) -> Error {
        let mode = self.compatibility(subject).await.unwrap_or_else(|_| "unknown".to_owned());
        let text = format!(
            "The registry refused the new schema of subject \"{subject}\" as incompatible (mode {mode}): {words}."
        );
        // Of the changes that need it, not of the connector: the policy of their table says what follows.
        Error::poison(codes::INCOMPATIBLE, text).fix(format!(
            "Make the change compatible, or allow it: `curl -X PUT {url}/config/{} -H 'Content-Type: {JSON}' -d '{{\"compatibility\":\"NONE\"}}'`.",
            escape(subject)
        ))
    }

    pub(crate) async fn call(
        &self,
        m: Method,
        path: &str,
        body: Option<&Value>,
        at: &str,
    ) -> Result<Value> {
        let mut last = None;
        for url in &self.settings.urls {
            let mut request = self.client.request(m.clone(), format!("{url}/{path}"));
            if let Some((user, password)) = &self.settings.auth {
                request = request.basic_auth(user, Some(password));
            }
            if let Some(body) = body {
                request = request.header("Content-Type", JSON).body(body.to_string());
            }
            match request.send().await {
                Err(error) => last = Some(unreachable(url, &chain(&error))),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let body: Value = answer.json().await.unwrap_or(Value::Null);
                    if (200..300).contains(&status) {
                        return Ok(body);
                    }
                    let words = body.get("message").and_then(Value::as_str).unwrap_or_default();
                    match verdict(status, words, url, at) {
                        Verdict::Elsewhere(error) => last = Some(error),
                        Verdict::Final(error) => return Err(error),
                        Verdict::Incompatible(words) => return Err(answered(url, 409, &words)),
                    }
                }
            }
        }
        Err(last.unwrap_or_else(|| unusable("no URL is given")))
    }
}

/// What a refusal means.
enum Verdict {
    /// Another address, or the same one later, may answer.
    Elsewhere(Error),
    /// It will always be refused.
    Final(Error),
    /// The schema does not follow its subject's rules; the registry's words.
    Incompatible(String),
}

fn refused(error: &SRCError, url: &str, subject: &str) -> Verdict {
    let words = error.source().and_then(|source| source.downcast_ref::<RawError>());
    let words = words.map(|raw| raw.message.as_str());
    match status(&error.error) {
        Some(status) => verdict(status, words.unwrap_or_default(), url, subject),
        None if error.retriable => {
            let why = error.source().map_or_else(|| error.error.clone(), chain);
            Verdict::Elsewhere(unreachable(url, &why))
        }
        None => Verdict::Elsewhere(Error::transient(
            codes::REGISTRY_ANSWER,
            format!("The registry at {url} gave an answer without an id."),
        )),
    }
}

fn verdict(status: u16, words: &str, url: &str, subject: &str) -> Verdict {
    let words = words.trim_end_matches('.');
    match status {
        409 => Verdict::Incompatible(words.to_owned()),
        401 | 403 => Verdict::Final(
            Error::definite(
                codes::REGISTRY_DENIED,
                format!("The registry at {url} refuses this user ({status}) for subject \"{subject}\": {words}."),
            )
            .fix("Check user and password of [registry], and their rights."),
        ),
        408 | 429 | 500.. => Verdict::Elsewhere(unreachable(url, &format!("{status} {words}"))),
        _ => Verdict::Final(answered(url, status, &format!("subject \"{subject}\": {words}"))),
    }
}

/// The status in the converter's text, which is the only place where it says it.
fn status(text: &str) -> Option<u16> {
    text.split_once("failed with status ")?.1.get(..3)?.parse().ok()
}

fn answered(url: &str, status: u16, words: &str) -> Error {
    let text = format!("The registry at {url} answered {status}: {words}.");
    Error::definite(codes::INVALID_SCHEMA, text)
        .fix("Check that the URL is the base of Confluent's API (Apicurio: …/apis/ccompat/v7).")
}

fn unreachable(url: &str, why: &str) -> Error {
    let text = format!("The registry at {url} does not answer: {why}.");
    Error::transient(codes::REGISTRY_UNREACHABLE, text)
}

fn unusable(why: &str) -> Error {
    let text = format!("The registry's settings cannot be used: {why}.");
    Error::definite(codes::REGISTRY_SETTING, text).fix("Correct [registry].")
}

/// The innermost cause: the outer ones repeat the URL.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

fn client() -> ClientBuilder {
    Client::builder().connect_timeout(Duration::from_secs(5)).user_agent("walbrook")
}

/// A subject as one segment of a path. The converter itself escapes only `/`.
pub(crate) fn escape(subject: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(subject.len());
    for byte in subject.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::error::Class;

    #[test]
    fn a_subject_is_one_segment() {
        assert_eq!(escape("p.s.täble/x%-value"), "p.s.t%C3%A4ble%2Fx%25-value");
    }

    #[test]
    fn the_status_is_found_in_the_converters_text() {
        let text = "HTTP request to schema registry failed with status 409 Conflict";
        assert_eq!(status(text), Some(409));
        assert_eq!(status("http call to schema registry failed"), None);
    }

    #[test]
    fn statuses_have_their_class() {
        let class = |status| match verdict(status, "w.", "u", "s") {
            Verdict::Elsewhere(e) | Verdict::Final(e) => (e.class, e.code),
            Verdict::Incompatible(_) => (Class::Definite, codes::INCOMPATIBLE),
        };
        for status in [408, 429, 500, 502, 503, 504] {
            assert_eq!(class(status), (Class::Transient, codes::REGISTRY_UNREACHABLE), "{status}");
        }
        assert_eq!(class(401), (Class::Definite, codes::REGISTRY_DENIED));
        assert_eq!(class(409), (Class::Definite, codes::INCOMPATIBLE));
        assert_eq!(class(422), (Class::Definite, codes::INVALID_SCHEMA));
        assert_eq!(class(404), (Class::Definite, codes::INVALID_SCHEMA));
    }

    #[test]
    fn secrets_are_not_shown() {
        let auth = Some(("u".to_owned(), "hunter2".to_owned()));
        let settings = RegistrySettings { urls: vec!["http://h".into()], auth, levels: None };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
