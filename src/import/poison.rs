//! What Debezium and Kafka Connect do about events that fail becomes the policy `poison`.
//!
//! | there | here |
//! | --- | --- |
//! | `fail`, `errors.tolerance = none` | halt |
//! | `warn`, `skip`, `ignore`, `errors.tolerance = all` | skip: counted, and said in the log |
//! | `errors.tolerance = all` with `errors.deadletterqueue.topic.name` | dead letter |

use super::given::Given;

const TOLERANCE: &str = "errors.tolerance";
const LETTERS: &str = "errors.deadletterqueue.";
const TOPIC: &str = "errors.deadletterqueue.topic.name";

/// The policy, where it is not the default.
pub(super) fn policy(given: &mut Given) -> Option<String> {
    let modes =
        ["event.processing.failure.handling.mode", "event.deserialization.failure.handling.mode"];
    let mut skips = false;
    for key in modes {
        skips |= tolerates(given, key) == Some(true);
    }
    structures(given);
    let tolerance = given.take(TOLERANCE).map(|value| value.to_lowercase());
    let tolerant = match tolerance.as_deref() {
        None => false,
        Some("none") => {
            given.irrelevant(TOLERANCE, "this is how it is here too.");
            false
        }
        Some("all") => {
            given.translated(TOLERANCE, "poison");
            true
        }
        Some(_) => {
            given.refused(TOLERANCE, "it is neither none nor all.");
            false
        }
    };
    let letters = letters(given, tolerant);
    match (tolerant && letters, tolerant || skips) {
        (true, _) => Some("poison = \"dead_letter\"".to_owned()),
        (false, true) => Some("poison = \"skip\"".to_owned()),
        (false, false) => None,
    }
}

/// Whether a mode lets events go that fail.
fn tolerates(given: &mut Given, key: &str) -> Option<bool> {
    match given.take(key)?.to_lowercase().as_str() {
        "fail" => {
            given.irrelevant(key, "this is how it is here too.");
            Some(false)
        }
        "warn" | "skip" | "ignore" => {
            given.translated(key, "poison; what is left out is counted, and said in the log");
            Some(true)
        }
        _ => {
            given.refused(key, "it is none of fail, warn, skip and ignore.");
            None
        }
    }
}

/// Rows that do not fit the structure that is known of their table.
fn structures(given: &mut Given) {
    const KEY: &str = "inconsistent.schema.handling.mode";
    let Some(mode) = given.take(KEY) else { return };
    match mode.to_lowercase().as_str() {
        "fail" => given.irrelevant(KEY, "this is how it is here too."),
        "warn" | "skip" => given.warned(
            KEY,
            "a table whose structure is not known halts the connector here: all of its rows would be left out.",
        ),
        _ => given.refused(KEY, "it is none of fail, warn and skip."),
    }
}

/// Whether dead letters are wanted. Connect has them for sinks only, but people name them all the
/// same.
fn letters(given: &mut Given, tolerant: bool) -> bool {
    let wanted = given.peek(TOPIC).is_some_and(|topic| !topic.trim().is_empty());
    for key in given.keys().into_iter().filter(|key| key.starts_with(LETTERS)) {
        given.take(&key);
        match (tolerant, key == TOPIC && wanted) {
            (true, true) => given.warned(&key, "dead letters go to the topic <topic_prefix>.dlq."),
            (true, false) => {
                given.irrelevant(&key, "dead letters have a form and a topic of their own.")
            }
            (false, _) => {
                given.irrelevant(&key, "without `errors.tolerance = all` nothing is left out.")
            }
        }
    }
    wanted
}
