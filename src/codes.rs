//! Codes of everything that the daemon itself finds wrong. One constant each; never renumbered.
//! `WB-CFG` 001–019 files and keys, 020–039 values, 040–059 what does not fit together, 060–079
//! what shows only when the daemon runs. docs/codes.md has a section for each code of the project.

use walbrook_core::error::Code;

/// A configuration file or folder cannot be read.
pub const FILE: Code = Code::new("WB-CFG-001");
/// A file is not TOML.
pub const SYNTAX: Code = Code::new("WB-CFG-002");
/// A key or section that does not exist.
pub const UNKNOWN_KEY: Code = Code::new("WB-CFG-003");
/// A key that must be given is missing.
pub const MISSING_KEY: Code = Code::new("WB-CFG-004");
/// A value of the wrong type.
pub const WRONG_TYPE: Code = Code::new("WB-CFG-005");
/// A connector is described by two files of one folder.
pub const DESCRIBED_TWICE: Code = Code::new("WB-CFG-007");
/// There is no connector to run.
pub const NO_CONNECTOR: Code = Code::new("WB-CFG-008");

/// A word outside the words allowed.
pub const CHOICE: Code = Code::new("WB-CFG-020");
/// A number outside its range.
pub const RANGE: Code = Code::new("WB-CFG-021");
/// Text that is not a duration.
pub const DURATION: Code = Code::new("WB-CFG-022");
/// Text that is not the URL that is asked for.
pub const URL: Code = Code::new("WB-CFG-023");
/// A name that is empty or has characters that it may not have.
pub const NAME: Code = Code::new("WB-CFG-024");
/// A pattern of table names that cannot be read.
pub const PATTERN: Code = Code::new("WB-CFG-025");
/// A secret that is not described well.
pub const SECRET: Code = Code::new("WB-CFG-026");
/// A secret written into the configuration.
pub const PLAIN_SECRET: Code = Code::new("WB-CFG-027");
/// An address that is not `host:port`.
pub const ADDRESS: Code = Code::new("WB-CFG-028");
/// A Kafka client property that the daemon sets itself.
pub const RESERVED_PROPERTY: Code = Code::new("WB-CFG-029");
/// Something that a later version will have.
pub const NOT_YET: Code = Code::new("WB-CFG-030");
/// Text that is not a size.
pub const SIZE: Code = Code::new("WB-CFG-035");

/// The admin interface would be open to other machines.
pub const OPEN_ADMIN: Code = Code::new("WB-CFG-040");
/// Two connectors use one replication slot.
pub const SHARED_SLOT: Code = Code::new("WB-CFG-041");
/// Two connectors write the same topics.
pub const SHARED_PREFIX: Code = Code::new("WB-CFG-042");
/// Two settings that contradict each other.
pub const CONTRADICTION: Code = Code::new("WB-CFG-043");
/// A setting that the connector's kind of database does not have.
pub const OTHER_DATABASE: Code = Code::new("WB-CFG-044");
/// Rows of an outbox could write to any topic.
pub const ANY_TOPIC: Code = Code::new("WB-CFG-046");
/// Two connectors read one server's log under one server id.
pub const SHARED_SERVER_ID: Code = Code::new("WB-CFG-045");

/// A secret could not be read when it was needed.
pub const SECRET_READ: Code = Code::new("WB-CFG-060");
/// The admin interface cannot listen on its address.
pub const ADMIN_LISTEN: Code = Code::new("WB-CFG-061");
/// The certificate or key of the admin interface cannot be used.
pub const ADMIN_TLS: Code = Code::new("WB-CFG-062");
/// A token of the admin interface is too short.
pub const SHORT_TOKEN: Code = Code::new("WB-CFG-063");

/// Something that `walbrook doctor` looked at did not answer.
pub const DOCTOR_SILENT: Code = Code::new("WB-CFG-070");

// WB-RUN: 001–019 shape, 020–039 pipeline, 040–059 tail, 060–079 what a person asks for, 080–099
// outbox.

/// Two columns become one field in the schema.
pub const FIELD_COLLISION: Code = Code::new("WB-RUN-001");
/// A configured key column does not exist.
pub const KEY_COLUMN_MISSING: Code = Code::new("WB-RUN-002");
/// The log does not go on with the transaction that is delivered in part.
pub const OTHER_TRANSACTION: Code = Code::new("WB-RUN-003");
/// A compacted topic would get records without a key.
pub const COMPACTED_KEYLESS: Code = Code::new("WB-RUN-004");
/// A topic has fewer partitions than were pinned for it.
pub const FEWER_PARTITIONS: Code = Code::new("WB-RUN-005");
/// Nothing of a table could be told for too many changes in a row.
pub const POISON_LIMIT: Code = Code::new("WB-RUN-015");
/// Something that cannot be: a defect of Walbrook.
pub const INTERNAL: Code = Code::new("WB-RUN-020");
/// A part of the connector ended without saying why.
pub const ENDED: Code = Code::new("WB-RUN-021");
/// The stored checkpoint cannot be read.
pub const CHECKPOINT: Code = Code::new("WB-RUN-022");
/// Another instance owns the connector.
pub const FENCED: Code = Code::new("WB-RUN-023");
/// Registry or broker did not answer in time inside an open Kafka transaction.
pub const SLOW_ANSWER: Code = Code::new("WB-RUN-025");
/// Kafka does not answer what is open.
pub const STALLED: Code = Code::new("WB-RUN-026");

/// What `walbrook tail` shows cannot be written.
pub const OUTPUT: Code = Code::new("WB-RUN-040");
/// The thread of `walbrook tail` that reads from Kafka cannot be started, or has ended.
pub const THREAD: Code = Code::new("WB-RUN-041");

/// The connector is not at the point where it can do what is asked for.
pub const NOT_NOW: Code = Code::new("WB-RUN-060");
/// The connector is paused or stopped.
pub const HELD: Code = Code::new("WB-RUN-061");
/// A job of that id exists and is about something else.
pub const OTHER_WISH: Code = Code::new("WB-RUN-062");
/// There is no connector of that name.
pub const UNKNOWN_CONNECTOR: Code = Code::new("WB-RUN-063");
/// There is no job of that id.
pub const UNKNOWN_JOB: Code = Code::new("WB-RUN-064");
/// The connector must be stopped first.
pub const NOT_STOPPED: Code = Code::new("WB-RUN-065");
/// What is asked for was not answered in time.
pub const NO_ANSWER: Code = Code::new("WB-RUN-066");
/// Offsets are not those of the connector.
pub const PARTITION: Code = Code::new("WB-RUN-067");
/// The database keeps more log for the connector than it may.
pub const WAL_LIMIT: Code = Code::new("WB-RUN-068");
/// The log that was kept for the connector was let go.
pub const LET_GO: Code = Code::new("WB-RUN-069");

/// An event of an outbox asks for a topic that may not be written to, or that Kafka does not take.
pub const OUTBOX_TOPIC: Code = Code::new("WB-RUN-080");
/// An event of an outbox names no topic.
pub const OUTBOX_ROUTE: Code = Code::new("WB-RUN-081");
/// The events of an outbox name too many topics.
pub const OUTBOX_TOPICS: Code = Code::new("WB-RUN-082");
/// The payload of an event cannot be expanded.
pub const OUTBOX_PAYLOAD: Code = Code::new("WB-RUN-083");
/// A column of an event does not hold what it is used for.
pub const OUTBOX_VALUE: Code = Code::new("WB-RUN-084");
/// A row of an outbox was updated.
pub const OUTBOX_UPDATE: Code = Code::new("WB-RUN-085");
/// The table of an outbox does not have a column that is needed.
pub const OUTBOX_COLUMN: Code = Code::new("WB-RUN-086");
/// The content of a message of an outbox is no JSON object.
pub const OUTBOX_CONTENT: Code = Code::new("WB-RUN-087");

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");
    const MAKES: &str = "Code::new(";
    const FILES: [&str; 6] = [
        "connectors/core/src/codes.rs",
        "src/codes.rs",
        "src/admin/codes.rs",
        "connectors/postgres/src/codes.rs",
        "connectors/mysql/src/codes.rs",
        "connectors/kafka/src/codes.rs",
    ];

    fn text(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// What a file has before its module of tests.
    fn production(text: &str) -> &str {
        text.split_once("#[cfg(test)]\nmod tests {").map_or(text, |(before, _)| before)
    }

    /// The Rust files below `folder` that are no tests.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                sources(&path, found);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }

    fn folders() -> Vec<PathBuf> {
        let connectors = std::fs::read_dir(Path::new(ROOT).join("connectors")).unwrap();
        let crates = connectors.map(|entry| entry.unwrap().path().join("src"));
        crates.chain([Path::new(ROOT).join("src")]).filter(|path| path.is_dir()).collect()
    }

    /// Every code that has a constant, and how many.
    fn constants() -> BTreeMap<String, u32> {
        let mut codes = BTreeMap::new();
        for file in FILES {
            let text = text(&Path::new(ROOT).join(file));
            for line in production(&text).lines().filter(|line| line.contains(MAKES)) {
                let code = line.split('"').nth(1).unwrap_or_else(|| panic!("{file}: {line}"));
                assert!(line.starts_with("pub const "), "{file}: {line}");
                *codes.entry(code.to_owned()).or_default() += 1;
            }
        }
        codes
    }

    fn is_code(text: &str) -> bool {
        let mut parts = text.split('-');
        let area =
            |area: &str| ["CFG", "RUN", "ADMIN", "PG", "MYSQL", "KAFKA", "REG"].contains(&area);
        let number = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
        parts.next() == Some("WB")
            && parts.next().is_some_and(area)
            && parts.next().is_some_and(number)
            && parts.next().is_none()
    }

    #[test]
    fn every_code_has_one_constant_and_a_number_of_its_own() {
        let codes = constants();
        assert!(codes.len() > 90, "{}", codes.len());
        for (code, constants) in codes {
            assert!(is_code(&code), "{code} is not WB-<area>-<three digits>");
            assert_eq!(constants, 1, "{code} is given twice");
        }
    }

    #[test]
    fn codes_are_made_in_the_files_of_codes_only() {
        let mut files = Vec::new();
        folders().iter().for_each(|folder| sources(folder, &mut files));
        assert!(files.len() > 100, "{}", files.len());
        for path in files {
            let text = text(&path);
            let name = path.strip_prefix(ROOT).unwrap().to_string_lossy().into_owned();
            if !FILES.contains(&name.as_str()) {
                assert!(!production(&text).contains(MAKES), "{name} makes a code");
            }
        }
    }

    #[test]
    fn every_code_has_its_section_in_the_documentation() {
        let page = text(&Path::new(ROOT).join("docs/codes.md"));
        let mut described = BTreeSet::new();
        for section in page.split("\n## ").skip(1) {
            let (title, body) = section.split_once('\n').unwrap_or((section, ""));
            if !title.starts_with("WB-") {
                continue;
            }
            assert!(described.insert(title.to_owned()), "{title} has two sections");
            for part in ["\n- Walbrook: ", "\n- Fix: "] {
                assert!(body.contains(part), "{title} has no {part:?}");
            }
        }
        let codes: BTreeSet<String> = constants().into_keys().collect();
        let missing: Vec<_> = codes.difference(&described).collect();
        let unknown: Vec<_> = described.difference(&codes).collect();
        assert!(missing.is_empty(), "without a section: {missing:?}");
        assert!(unknown.is_empty(), "without a constant: {unknown:?}");
    }
}
