//! Two readers under one server id: the server ends the older one.
//!
//! The other one may be ourselves: a process that was killed has perhaps asked for the log a moment
//! before, and the server takes that up after our own request. Such a reader is gone at once; only
//! one that comes again is somebody else.

use crate::codes;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use walbrook_core::error::{Class, Error};

/// A second collision within this time is not an accident.
const AGAIN: Duration = Duration::from_secs(60);

/// Makes the first collision of a connector one that goes away.
pub(super) fn forgive(connector: &str, error: Error) -> Error {
    static LAST: OnceLock<Mutex<HashMap<String, Instant>>> = OnceLock::new();
    if error.code != codes::SERVER_ID {
        return error;
    }
    let mut last = LAST.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let before = last.insert(connector.to_owned(), now);
    let again = before.is_some_and(|before| now.duration_since(before) < AGAIN);
    Error { class: if again { Class::Definite } else { Class::Transient }, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_second_collision_is_somebody_else() {
        let error = || Error::definite(codes::SERVER_ID, "taken");
        assert_eq!(forgive("one", error()).class, Class::Transient);
        assert_eq!(forgive("two", error()).class, Class::Transient);
        assert_eq!(forgive("one", error()).class, Class::Definite);
        let other = Error::definite(codes::PURGED, "gone");
        assert_eq!(forgive("three", other).class, Class::Definite);
    }
}
