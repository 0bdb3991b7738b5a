//! The schema registry.

use crate::codes;
use crate::registry::{Registry, RegistrySettings, escape};
use reqwest::Method;
use serde_json::{Value, json};
use walbrook_core::error::Result;
use walbrook_core::finding::Finding;

/// Looks at the registry that `settings` name; `subjects` are those that schemas will be under.
pub async fn registry(settings: RegistrySettings, subjects: &[String]) -> Vec<Finding> {
    let urls = settings.urls.join(", ");
    let registry = match Registry::new(settings) {
        Ok(registry) => registry,
        Err(error) => return vec![error.into()],
    };
    let level = match registry.call(Method::GET, "config", None, "").await {
        Ok(answer) => answer,
        Err(error) => return vec![error.into()],
    };
    let level = level.get("compatibilityLevel").and_then(Value::as_str).unwrap_or("NONE");
    let text = format!(
        "The registry answers at {urls}; compatibility is {level} where nothing else is said."
    );
    let mut findings = vec![Finding::ok(codes::REGISTRY_UNREACHABLE, text)];
    findings.extend(mode(&registry).await);
    match dry(&registry, subjects).await {
        Ok(finding) => findings.push(finding),
        Err(error) => findings.push(error.into()),
    }
    findings
}

/// Registries without modes always take schemas.
async fn mode(registry: &Registry) -> Option<Finding> {
    let answer = registry.call(Method::GET, "mode", None, "").await.ok()?;
    let mode = answer.get("mode")?.as_str()?;
    Some(match mode {
        "READONLY" | "READONLY_OVERRIDE" => {
            let message = format!("The registry takes no new schemas (mode {mode}).");
            let fix = "Run `curl -X PUT REGISTRY/mode -H 'Content-Type: application/json' -d \
                       '{\"mode\":\"READWRITE\"}'`.";
            Finding::error(codes::READ_ONLY, message, fix)
        }
        _ => {
            Finding::ok(codes::READ_ONLY, format!("The registry takes new schemas (mode {mode})."))
        }
    })
}

/// Asks the compatibility of a schema that is there with itself: the way of a registration, without
/// one.
async fn dry(registry: &Registry, subjects: &[String]) -> Result<Finding> {
    let known = registry.call(Method::GET, "subjects", None, "").await?;
    let known: Vec<&str> =
        known.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let ours: Vec<&String> = subjects.iter().filter(|it| known.contains(&it.as_str())).collect();
    let Some(subject) = ours.first() else {
        let text =
            format!("None of {} subjects exists yet; nothing stands against them.", subjects.len());
        return Ok(Finding::ok(codes::INCOMPATIBLE, text));
    };
    let path = format!("subjects/{}/versions/latest", escape(subject));
    let latest = registry.call(Method::GET, &path, None, subject).await?;
    let body = json!({ "schema": latest.get("schema").cloned().unwrap_or_default() });
    let path = format!("compatibility/subjects/{}/versions/latest", escape(subject));
    let answer = registry.call(Method::POST, &path, Some(&body), subject).await?;
    let compatible = answer.get("is_compatible").and_then(Value::as_bool).unwrap_or(false);
    if compatible {
        let text = format!(
            "{} of {} subjects exist; a dry check of \"{subject}\" passes, nothing was registered.",
            ours.len(),
            subjects.len()
        );
        return Ok(Finding::ok(codes::INCOMPATIBLE, text));
    }
    let message =
        format!("The newest schema of subject \"{subject}\" is not compatible with itself.");
    Ok(Finding::warning(
        codes::INCOMPATIBLE,
        message,
        "Look at the subject's versions and its level.",
    ))
}
