//! The same questions to a real Kafka Connect 4.3.1, whose answers `connect.json` holds (made by
//! `dev/admin.d/record.py`), and to us: the same status, the same words where something is refused,
//! everything that it tells in the same places.

use super::{NAME, Running, ask, local, start};
use serde_json::Value;

/// Where `theirs` has something that `ours` has not, or has as something else.
fn lacks(ours: &Value, theirs: &Value, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => theirs.iter().find_map(|(key, theirs)| {
            let at = format!("{at}/{key}");
            match ours.get(key) {
                None => Some(at),
                // Settings are each one's own.
                Some(_) if key == "config" => None,
                Some(ours) => lacks(ours, theirs, &at),
            }
        }),
        (Value::Array(ours), Value::Array(theirs)) => {
            let pair = ours.first().zip(theirs.first());
            pair.and_then(|(ours, theirs)| lacks(ours, theirs, &format!("{at}/0")))
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Null, _) => None,
        (ours, theirs) => (ours != theirs).then(|| at.to_owned()),
    }
}

async fn compared(running: &Running, recorded: &Value) -> Result<(), String> {
    let line = recorded["ask"].as_str().unwrap();
    let body = match &recorded["body"] {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let headers = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let got = ask(running.address, &line.replace('@', NAME), headers, &body).await;
    if u64::from(got.code) != recorded["status"] {
        return Err(format!("{} instead of {}", got.code, recorded["status"]));
    }
    let text = got.text.replace(NAME, "@");
    let theirs = &recorded["answer"];
    let ours: Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(message) = theirs.get("error_code").and(theirs.get("message")) {
        if &ours["message"] != message || ours["error_code"] != theirs["error_code"] {
            return Err(format!("{} instead of {message}", ours["message"]));
        }
        return Ok(());
    }
    if line.ends_with("/config") {
        let text = ours.as_object().is_some_and(|ours| ours.values().all(Value::is_string));
        return if text { Ok(()) } else { Err(format!("settings that are not text: {ours}")) };
    }
    lacks(&ours, theirs, "").map_or(Ok(()), |at| Err(format!("{at} in {text}")))
}

#[tokio::test]
async fn we_answer_as_kafka_connect_does() {
    let recorded: Vec<Value> = serde_json::from_str(include_str!("connect.json")).unwrap();
    assert!(recorded.len() > 60);
    let running = start(local()).await;
    let mut wrong = Vec::new();
    for one in &recorded {
        let line = one["ask"].as_str().unwrap();
        if let Err(why) = compared(&running, one).await {
            wrong.push(format!("{line}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_missing_place_is_noticed() {
    let theirs = serde_json::json!({ "a": [{ "b": "x" }], "config": { "c": "1" } });
    let ours = serde_json::json!({ "a": [{ "b": "y" }], "config": {} });
    assert_eq!(lacks(&ours, &theirs, ""), None);
    let ours = serde_json::json!({ "a": [{}], "config": {} });
    assert_eq!(lacks(&ours, &theirs, ""), Some("/a/0/b".to_owned()));
}
