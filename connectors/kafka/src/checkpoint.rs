//! The checkpoint topic's records: how an entry is written, and how a checkpoint is read back.
//!
//! The topic is compacted, so reading it from its start costs what is in force plus what the
//! cleaner has not reached yet (segments of 4 MiB or 10 minutes), however many checkpoints were
//! ever stored; memory holds only what is in force. Reading backwards instead would need to know
//! every key beforehand, and the set of tables and structures is exactly what is being asked for.

use crate::codes;
use crate::port::Entry;
use serde_json::{Value, json};
use walbrook_core::checkpoint::{Checkpoint, Owner, Part, Updates};
use walbrook_core::error::{Class, Error, Result};

const OURS: &str = "walbrook";

/// Writes entries of one connector.
#[derive(Clone, Debug)]
pub struct Names {
    /// Name of the connector.
    pub connector: String,
    /// Its topic prefix: Connect's `server`.
    pub topic_prefix: String,
}

impl Names {
    /// The key of `part`.
    pub fn key(&self, part: &Part) -> Vec<u8> {
        let c = self.connector.as_str();
        let key = match part {
            Part::Owner => json!([OURS, c, "owner"]),
            Part::Position => json!([OURS, c, "position"]),
            Part::Source => json!([OURS, c, "source"]),
            Part::Table(table) => json!([OURS, c, "table", table]),
            Part::Partitions(topic) => json!([OURS, c, "partitions", topic]),
            Part::Structure(hash) => json!([OURS, c, "structure", hash]),
            Part::Prepared(xid) => json!([OURS, c, "prepared", xid]),
            Part::Desired => json!([OURS, c, "desired"]),
            Part::Resnapshot(id) => json!([OURS, c, "resnapshot", id]),
            Part::Export => json!([c, { "server": self.topic_prefix }]),
        };
        key.to_string().into_bytes()
    }

    /// The records that store `updates`.
    pub fn entries(&self, updates: &Updates) -> Vec<Entry> {
        let entry = |(part, value): &(Part, Option<Value>)| Entry {
            key: self.key(part),
            value: value.as_ref().map(|value| value.to_string().into_bytes()),
        };
        updates.iter().map(entry).collect()
    }
}

/// The part that `key` names; `None` when the record is not an entry of `connector`.
///
/// An entry of ours that this version does not know is an error: a newer version wrote it.
pub fn part(connector: &str, key: &[u8]) -> Result<Option<Part>> {
    let Ok(Value::Array(key)) = serde_json::from_slice(key) else { return Ok(None) };
    let words: Option<Vec<&str>> = key.iter().map(Value::as_str).collect();
    let Some([OURS, name, words @ ..]) = words.as_deref() else { return Ok(None) };
    if *name != connector {
        return Ok(None);
    }
    Ok(Some(match words {
        ["owner"] => Part::Owner,
        ["position"] => Part::Position,
        ["source"] => Part::Source,
        ["desired"] => Part::Desired,
        ["table", table] => Part::Table((*table).to_owned()),
        ["partitions", topic] => Part::Partitions((*topic).to_owned()),
        ["structure", hash] => Part::Structure((*hash).to_owned()),
        ["prepared", xid] => Part::Prepared((*xid).to_owned()),
        ["resnapshot", id] => Part::Resnapshot((*id).to_owned()),
        _ => return Err(unreadable(format!("the entry {words:?} is unknown to this version"))),
    }))
}

fn unreadable(what: impl std::fmt::Display) -> Error {
    let text = format!("The checkpoint cannot be read: {what}.");
    Error::definite(codes::CHECKPOINT_UNREADABLE, text)
        .fix("Run the version of Walbrook that wrote it, or a later one.")
}

/// A checkpoint topic as a stream of records.
pub trait Log {
    /// The next visible record, `None` at the end of what is visible now. May wait a moment there.
    fn next(&mut self) -> Result<Option<Entry>>;
}

/// Reads on to the end of what is visible now.
pub fn read_to_end(log: &mut impl Log, connector: &str, into: &mut Checkpoint) -> Result<()> {
    while let Some(entry) = log.next()? {
        apply(connector, entry, into)?;
    }
    Ok(())
}

/// Reads on until `owner` is in force: everything before it is then known.
///
/// [`Log::next`] waits at the end for up to 100 ms, so that `patience` is counted in these.
pub fn read_to_owner(
    log: &mut impl Log,
    connector: &str,
    owner: &Owner,
    patience: u32,
    into: &mut Checkpoint,
) -> Result<()> {
    let mut waited = 0;
    loop {
        match log.next()? {
            Some(entry) => apply(connector, entry, into)?,
            None if waited < patience => waited += 1,
            None => {
                let text = "The owner record was committed, but it is not visible yet.";
                return Err(Error::transient(codes::CHECKPOINT_HIDDEN, text));
            }
        }
        if self::owner(into)?.as_ref() == Some(owner) {
            return Ok(());
        }
    }
}

fn apply(connector: &str, entry: Entry, into: &mut Checkpoint) -> Result<()> {
    let Some(part) = part(connector, &entry.key)? else { return Ok(()) };
    let value = match entry.value {
        None => None,
        Some(bytes) => Some(
            serde_json::from_slice(&bytes)
                .map_err(|e| unreadable(format!("the entry {part:?} is not JSON ({e})")))?,
        ),
    };
    into.apply(&vec![(part, value)]);
    Ok(())
}

/// Who owns the connector.
pub fn owner(checkpoint: &Checkpoint) -> Result<Option<Owner>> {
    checkpoint.read(&Part::Owner).map_err(unreadable)
}

/// Whether `instance` may go on after it was fenced: only while it is still the owner.
pub fn still_ours(checkpoint: &Checkpoint, instance: &str) -> Result<()> {
    match owner(checkpoint)? {
        Some(owner) if owner.instance == instance => Ok(()),
        Some(owner) => {
            let text = format!(
                "Another instance ({}, takeover {}) owns this connector now.",
                owner.instance, owner.generation
            );
            Err(Error::new(codes::OWNED, Class::Fenced, text)
                .fix("Stop one of the two, or give them different names or clusters."))
        }
        None => {
            let text = "The checkpoint topic holds no owner any more.";
            Err(Error::new(codes::OWNED, Class::Fenced, text)
                .fix("Find out who emptied the checkpoint topic before starting again."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Names {
        Names { connector: "shop".into(), topic_prefix: "p".into() }
    }

    #[test]
    fn keys_have_their_documented_form() {
        let key = |part| String::from_utf8(names().key(&part)).unwrap();
        assert_eq!(key(Part::Position), r#"["walbrook","shop","position"]"#);
        assert_eq!(
            key(Part::Table("public.t".into())),
            r#"["walbrook","shop","table","public.t"]"#
        );
        assert_eq!(key(Part::Export), r#"["shop",{"server":"p"}]"#);
    }

    #[test]
    fn other_connectors_and_exports_are_passed_over() {
        for key in [r#"["walbrook","other","owner"]"#, r#"["shop",{"server":"p"}]"#, "x", "[]"] {
            assert_eq!(part("shop", key.as_bytes()).unwrap(), None, "{key}");
        }
    }

    #[test]
    fn an_entry_of_a_newer_version_halts() {
        let e = part("shop", br#"["walbrook","shop","novelty",1]"#);
        assert_eq!(e.unwrap(), None, "not a list of words: not ours");
        let e = part("shop", br#"["walbrook","shop","novelty"]"#).unwrap_err();
        assert_eq!(e.code, codes::CHECKPOINT_UNREADABLE);
    }

    #[test]
    fn only_the_owner_may_go_on() {
        let mut c = Checkpoint::default();
        assert_eq!(still_ours(&c, "a").unwrap_err().class, Class::Fenced);
        let owner = Owner { instance: "a".into(), generation: 3 };
        c.apply(&vec![walbrook_core::checkpoint::put(Part::Owner, &owner)]);
        assert_eq!(still_ours(&c, "a"), Ok(()));
        assert!(still_ours(&c, "b").unwrap_err().message.contains("(a, takeover 3)"));
    }

    proptest! {
        #[test]
        fn every_part_is_found_again(name in "\\PC*", connector in "\\PC*") {
            let names = Names { connector: connector.clone(), topic_prefix: "p".into() };
            for p in [
                Part::Owner, Part::Position, Part::Source, Part::Desired,
                Part::Table(name.clone()), Part::Partitions(name.clone()), Part::Structure(name),
            ] {
                prop_assert_eq!(part(&connector, &names.key(&p)), Ok(Some(p)));
            }
        }
    }
}
