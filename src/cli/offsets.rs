//! `walbrook offsets show|export|rewind`: where a connector is, and moving it while it is stopped.

use super::api::{Client, Failure};
use super::arguments::{Offsets, Rewind};
use super::confirm::confirmed;
use super::{FAILED, runtime};
use reqwest::Method;
use serde_json::Value;
use std::process::ExitCode;

/// Shows, exports or moves a connector's place in its database's log.
pub(super) fn offsets(arguments: &Offsets) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let done = runtime.block_on(async {
        match arguments {
            Offsets::Show(one) => {
                let client = Client::new(&one.interface)?;
                let offsets = client.of(Method::GET, &one.name, "/offsets", None).await?;
                print!("{}", shown(&offsets));
                Ok(ExitCode::SUCCESS)
            }
            Offsets::Export(one) => {
                let client = Client::new(&one.interface)?;
                let offsets = client.of(Method::GET, &one.name, "/offsets", None).await?;
                println!("{offsets:#}");
                Ok(ExitCode::SUCCESS)
            }
            Offsets::Rewind(rewind) => move_it(rewind).await,
        }
    });
    done.unwrap_or_else(|failure: Failure| failure.tell())
}

/// One line for each part of an offset.
fn shown(offsets: &Value) -> String {
    let mut out = String::new();
    for one in offsets.get("offsets").and_then(Value::as_array).into_iter().flatten() {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        for part in ["partition", "offset"] {
            match one.get(part) {
                Some(Value::Object(map)) => {
                    for (key, value) in map {
                        out.push_str(&format!("{part:<10} {key:<24} {}\n", text(value)));
                    }
                }
                _ => out.push_str(&format!("{part:<10} nothing is stored\n")),
            }
        }
    }
    if out.is_empty() {
        out.push_str("Nothing is stored.\n");
    }
    out
}

/// Says what would be repeated or skipped, asks, and does it.
async fn move_it(rewind: &Rewind) -> Result<ExitCode, Failure> {
    let client = Client::new(&rewind.target.interface)?;
    let name = &rewind.target.name;
    let (method, body) = match (&rewind.to, rewind.forget) {
        (Some(path), false) => (Method::PATCH, Some(wanted(path)?)),
        _ => (Method::DELETE, None),
    };
    let dry = client.of(method.clone(), name, "/offsets?dry_run=true", body.as_ref()).await?;
    let message = dry.get("message").and_then(Value::as_str).unwrap_or_default();
    println!("{name}: {message}");
    if rewind.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !confirmed(rewind.yes, "Do it?") {
        return Ok(ExitCode::from(FAILED));
    }
    let done = client.of(method, name, "/offsets", body.as_ref()).await?;
    println!(
        "{}.",
        done.get("message").and_then(Value::as_str).unwrap_or("Done").trim_end_matches('.')
    );
    println!("`walbrook resume {name}` goes on from there.");
    Ok(ExitCode::SUCCESS)
}

/// What `offsets export` has written, edited by a person.
fn wanted(path: &std::path::Path) -> Result<Value, Failure> {
    let usage = |e: &dyn std::fmt::Display| {
        Failure::Usage(format!(
            "{} cannot be used: {e}. It is what `walbrook offsets export` prints.",
            path.display()
        ))
    };
    let text = std::fs::read_to_string(path).map_err(|e| usage(&e))?;
    let value: Value = serde_json::from_str(&text).map_err(|e| usage(&e))?;
    match value.get("offsets") {
        Some(Value::Array(_)) => Ok(value),
        _ => Err(usage(&"it has no list `offsets`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn offsets_are_shown_part_by_part() {
        let offsets = json!({ "offsets": [{ "partition": { "server": "shop" }, "offset": { "lsn": 24, "ts_usec": 7 } }] });
        assert_eq!(
            shown(&offsets),
            "partition  server                   shop\n\
             offset     lsn                      24\n\
             offset     ts_usec                  7\n"
        );
        assert_eq!(shown(&json!({ "offsets": [] })), "Nothing is stored.\n");
    }
}
