//! The schema registry as any consumer uses it, and the one way tests speak HTTP.

use serde_json::Value;
use std::sync::OnceLock;
use std::time::Duration;

/// A client with short limits.
pub fn http() -> reqwest::Client {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        // An error says that it is installed already, by another test of this process.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build().unwrap()
}

/// The JSON behind `url`, or why there is none.
pub async fn get(url: &str) -> Result<Value, String> {
    let response = http().get(url).send().await.map_err(|e| e.to_string())?;
    let status = response.status();
    let text = response.text().await.map_err(|e| e.to_string())?;
    if !status.is_success() {
        return Err(format!("{url}: {status} {text}"));
    }
    serde_json::from_str(&text).map_err(|e| format!("{url}: {e}"))
}

/// The text of the schema `id`.
pub async fn schema(base: &str, id: u32) -> Result<String, String> {
    let answer = get(&format!("{base}/schemas/ids/{id}")).await?;
    let text = answer.get("schema").and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("schema {id}: {answer}"))
}
