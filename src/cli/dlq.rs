//! `walbrook dlq`: what could not be told, as its topic has it. The rows themselves are shown only
//! where that is asked for.

use super::arguments::{Dlq, DlqAction};
use super::{FAILED, USAGE, load, runtime, tell};
use crate::config::{Config, Connector};
use crate::shape::settings::dead_letter_topic;
use crate::wiring;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt::Write;
use std::process::ExitCode;
use walbrook_core::error::Result;
use walbrook_core::value::calendar;
use walbrook_kafka::consumer::Incoming;
use walbrook_kafka::scan::scan;
use walbrook_kafka::topics::Topics;

/// Lists dead letters, or shows one.
pub(super) fn dlq(arguments: &Dlq) -> ExitCode {
    let (name, files) = match &arguments.action {
        DlqAction::List(list) => (&list.name, &list.files),
        DlqAction::Show(show) => (&show.name, &show.files),
    };
    let config = match load(files) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let Some(connector) = config.connectors.get(name) else {
        let names = config.connectors.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        eprintln!(
            "error: There is no connector \"{name}\" in the configuration, which has {names}."
        );
        return ExitCode::from(USAGE);
    };
    let (from, keep) = match &arguments.action {
        DlqAction::List(list) => (0, list.limit),
        DlqAction::Show(show) => (show.offset, 1),
    };
    let newest = matches!(arguments.action, DlqAction::List(_));
    let letters = match read(&config, connector, from, keep, newest) {
        Ok(letters) => letters,
        Err(error) => return tell(&error),
    };
    match &arguments.action {
        DlqAction::List(list) => {
            print!("{}", listed(&letters, list.json));
            ExitCode::SUCCESS
        }
        DlqAction::Show(show) => {
            let Some(letter) = letters.front().filter(|letter| letter.offset == show.offset) else {
                eprintln!("error: There is no dead letter at offset {}.", show.offset);
                return ExitCode::from(FAILED);
            };
            println!("{:#}", shown(letter, show.original));
            ExitCode::SUCCESS
        }
    }
}

/// Dead letters from the offset `from` on: the first `keep`, or the newest. A topic that is not
/// there has none.
fn read(
    config: &Config,
    connector: &Connector,
    from: i64,
    keep: usize,
    newest: bool,
) -> Result<VecDeque<Incoming>> {
    let settings = wiring::kafka(config, connector)?;
    let topic = dead_letter_topic(&connector.topic_prefix);
    let mut letters = VecDeque::new();
    let Ok(runtime) = runtime() else { return Ok(letters) };
    if runtime.block_on(Topics::new(&settings)?.find(&topic))?.is_none() {
        return Ok(letters);
    }
    scan(&settings, &topic, from, |letter| {
        letters.push_back(letter);
        if letters.len() > keep {
            letters.pop_front();
        }
        newest || letters.len() < keep
    })?;
    Ok(letters)
}

/// The value of a dead letter; nothing where it is not one of ours.
fn fields(letter: &Incoming) -> Value {
    let value = letter.value.as_deref().unwrap_or_default();
    serde_json::from_slice(value).unwrap_or(Value::Null)
}

/// All fields of a letter; the row only where it is asked for.
fn shown(letter: &Incoming, original: bool) -> Value {
    let mut fields = fields(letter);
    if let Some(all) = fields.as_object_mut() {
        if !original && all.get("original").is_some_and(|row| !row.is_null()) {
            all.insert("original".to_owned(), "shown with --original".into());
        }
        all.insert("offset".to_owned(), letter.offset.into());
        let key = letter.key.as_deref().filter(|_| original);
        all.insert("key_hex".to_owned(), key.map(hex).into());
    }
    fields
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing into a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

const COLUMNS: [&str; 6] = ["code", "table", "op", "stage", "position", "topic"];

/// One line for each letter, or one JSON object.
fn listed(letters: &VecDeque<Incoming>, as_json: bool) -> String {
    let mut out = String::new();
    if !as_json && letters.is_empty() {
        return "There are no dead letters.\n".to_owned();
    }
    for letter in letters {
        let fields = fields(letter);
        let time = fields.get("ts_ms").and_then(Value::as_i64).or(letter.timestamp_ms);
        let field = |name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
        if as_json {
            let mut line = json!({ "offset": letter.offset, "ts_ms": time });
            for name in COLUMNS {
                line[name] = field(name);
            }
            let _ = writeln!(out, "{line}");
        } else {
            let words = COLUMNS.map(|name| match field(name) {
                Value::String(text) => text,
                _ => "-".to_owned(),
            });
            let time = time.map_or_else(|| "-".to_owned(), moment);
            let _ = writeln!(out, "{:>6}  {time}  {}", letter.offset, words.join("  "));
        }
    }
    out
}

/// Milliseconds since 1970 as people read them, UTC.
fn moment(ms: i64) -> String {
    let (days, of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1000);
    let (year, month, day) = calendar::date(days);
    let (hours, minutes, seconds) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Incoming {
        let value = json!({
            "code": "WB-KAFKA-020", "table": "public.t", "op": "c", "stage": "shape", "ts_ms": 1000,
            "position": "7:9#2", "topic": "p.public.t",
            "original": { "form": "kafka", "records": [{ "key": "a", "value": "secret" }] },
        });
        Incoming {
            topic: "p.dlq".into(),
            partition: 0,
            offset: 3,
            timestamp_ms: Some(5),
            key: Some(vec![1, 255]),
            value: Some(value.to_string().into_bytes()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn a_list_has_a_line_for_each_letter_and_no_row() {
        let letters = VecDeque::from([letter()]);
        assert_eq!(
            listed(&letters, false),
            "     3  1970-01-01T00:00:01Z  WB-KAFKA-020  public.t  c  shape  7:9#2  p.public.t\n"
        );
        let line: Value = serde_json::from_str(&listed(&letters, true)).unwrap();
        assert_eq!((&line["offset"], &line["code"]), (&3.into(), &"WB-KAFKA-020".into()));
        assert!(!listed(&letters, true).contains("secret"));
        assert_eq!(listed(&VecDeque::new(), true), "");
    }

    #[test]
    fn the_row_is_shown_where_it_is_asked_for() {
        let without = shown(&letter(), false);
        assert!(!without.to_string().contains("secret") && without["key_hex"].is_null());
        let with = shown(&letter(), true);
        assert!(with.to_string().contains("secret"));
        assert_eq!(with["key_hex"], "01ff");
    }

    #[test]
    fn what_is_no_dead_letter_is_listed_all_the_same() {
        let strange = Incoming { value: Some(b"?".to_vec()), ..letter() };
        assert!(listed(&VecDeque::from([strange]), false).contains("-  -  -"));
    }
}
