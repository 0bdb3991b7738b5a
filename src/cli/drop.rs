//! `walbrook drop`: what a stopped connector has on servers is removed.

use super::api::{Client, Failure};
use super::arguments::Drop;
use super::confirm::confirmed;
use super::{FAILED, runtime, status};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Removes what a connector has on servers, after asking.
pub(super) fn drop(arguments: &Drop) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let done = runtime.block_on(remove(arguments));
    done.unwrap_or_else(|failure| failure.tell())
}

async fn remove(arguments: &Drop) -> Result<ExitCode, Failure> {
    let client = Client::new(&arguments.target.interface)?;
    let name = &arguments.target.name;
    let now = client.of(Method::GET, name, "/status", None).await?;
    if status::phase(&now) != "stopped" {
        let text =
            format!("{name} is {}; only a stopped connector can be dropped.", status::phase(&now));
        let fix = format!("Run `walbrook stop {name}` first.");
        return Err(Failure::Refused { status: 409, code: String::new(), message: text, fix });
    }
    let config = client.of(Method::GET, name, "/config", None).await?;
    println!("{}", about(name, &config));
    if !confirmed(arguments.yes, &format!("Remove them for good, of {name} at {}?", client.base()))
    {
        return Ok(ExitCode::from(FAILED));
    }
    let body = json!({ "confirm": name });
    let removed = client.of(Method::POST, name, "/drop", Some(&body)).await?;
    for one in removed.get("removed").and_then(Value::as_array).into_iter().flatten() {
        println!("removed {}", one.as_str().unwrap_or_default());
    }
    println!("Take [connectors.{name}] out of the configuration, or the next start begins anew.");
    Ok(ExitCode::SUCCESS)
}

/// What will be removed, by the connector's settings.
fn about(name: &str, config: &Value) -> String {
    let setting = |key: &str| config.get(key).and_then(Value::as_str);
    let mut what = Vec::new();
    if let Some(slot) = setting("slot") {
        what.push(format!("the slot \"{slot}\""));
    }
    if let Some(publication) =
        setting("publication").filter(|_| setting("publication_mode") != Some("existing"))
    {
        what.push(format!("the publication \"{publication}\""));
    }
    what.push("its checkpoint topic".to_owned());
    format!(
        "{name}: {} will be removed. Topics with records and schemas stay. A connector of that name \
         begins with a new snapshot.",
        what.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_publication_stays() {
        let config = json!({ "slot": "s", "publication": "p", "publication_mode": "filtered" });
        assert!(
            about("shop", &config).contains("slot \"s\", the publication \"p\", its checkpoint")
        );
        let config = json!({ "slot": "s", "publication": "p", "publication_mode": "existing" });
        assert!(!about("shop", &config).contains("publication"));
    }
}
