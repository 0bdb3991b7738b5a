//! An event as people are shown it, wherever it came from.

use serde_json::{Map, Value, json};

/// What stands for a value that the log does not have, unless configured otherwise.
pub(super) const PLACEHOLDER: &str = "__debezium_unavailable_value";

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A row read by a snapshot.
    Read,
    /// A new row.
    Insert,
    /// A changed row.
    Update,
    /// A row that is gone.
    Delete,
    /// All rows of a table are gone.
    Truncate,
    /// A logical message of PostgreSQL.
    Message,
    /// A record without a value, after a delete.
    Tombstone,
    /// A transaction begins.
    Begin,
    /// A transaction has ended.
    End,
    /// Something else, such as a heartbeat.
    Record,
}

impl What {
    /// The word at the head of a line.
    pub fn word(self) -> &'static str {
        match self {
            What::Read => "READ",
            What::Insert => "INSERT",
            What::Update => "UPDATE",
            What::Delete => "DELETE",
            What::Truncate => "TRUNCATE",
            What::Message => "MESSAGE",
            What::Tombstone => "TOMBSTONE",
            What::Begin => "BEGIN",
            What::End => "END",
            What::Record => "RECORD",
        }
    }

    /// The letter in the envelope, if it has one.
    pub fn letter(self) -> Option<&'static str> {
        const LETTERS: [&str; 6] = ["r", "c", "u", "d", "t", "m"];
        LETTERS.into_iter().find(|letter| What::of_letter(letter) == self)
    }

    /// What the letter of an envelope stands for.
    pub fn of_letter(letter: &str) -> Self {
        match letter {
            "r" => What::Read,
            "c" => What::Insert,
            "u" => What::Update,
            "d" => What::Delete,
            "t" => What::Truncate,
            "m" => What::Message,
            _ => What::Record,
        }
    }
}

/// A value, and whether its text stands without quotes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The value.
    pub value: Value,
    /// A date, a decimal, JSON: text that is not a text.
    pub bare: bool,
}

impl Cell {
    /// A value that reads as JSON.
    pub fn plain(value: Value) -> Self {
        Self { value, bare: false }
    }

    /// Text that stands without quotes.
    pub fn bare(text: impl Into<String>) -> Self {
        Self { value: Value::String(text.into()), bare: true }
    }

    /// One line of text.
    pub fn text(&self) -> String {
        match &self.value {
            Value::Null => "NULL".to_owned(),
            Value::String(text) if self.bare => text.replace(['\n', '\r'], " "),
            value => value.to_string(),
        }
    }

    /// Whether the log did not have the value, because the statement did not change it.
    pub fn is_unchanged(&self) -> bool {
        self.value.as_str() == Some(PLACEHOLDER)
    }
}

/// Columns in their order.
pub type Row = Vec<(String, Cell)>;

/// Where a record stands in Kafka.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its headers; null has no value.
    pub headers: Vec<(String, Option<String>)>,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What it says.
    pub what: What,
    /// The table, or the topic.
    pub of: String,
    /// When it was committed, microseconds since 1970.
    pub time_us: Option<i64>,
    /// The key.
    pub key: Row,
    /// The old row, as far as it is known.
    pub before: Option<Row>,
    /// The new row; of other records the fields.
    pub after: Option<Row>,
    /// The transaction's identity.
    pub transaction: Option<String>,
    /// The source block.
    pub source: Value,
    /// Milliseconds from the commit until it was shown.
    pub lag_ms: Option<i64>,
    /// Its place in Kafka, if it came from there.
    pub place: Option<Place>,
    /// Why it could not be read.
    pub trouble: Option<String>,
}

impl Shown {
    /// An event that says nothing yet.
    pub fn new(what: What, of: impl Into<String>) -> Self {
        Self {
            what,
            of: of.into(),
            time_us: None,
            key: Row::new(),
            before: None,
            after: None,
            transaction: None,
            source: Value::Null,
            lag_ms: None,
            place: None,
            trouble: None,
        }
    }

    /// One JSON object with everything that is known.
    pub fn json(&self) -> Value {
        let mut out = Map::new();
        let row = |row: &Option<Row>| row.as_ref().map_or(Value::Null, object);
        out.insert("what".into(), self.what.word().into());
        out.insert("op".into(), self.what.letter().into());
        out.insert("table".into(), self.of.as_str().into());
        let time = self.time_us.map(|us| super::semantic::timestamp(us) + "Z");
        out.insert("time".into(), time.into());
        out.insert("key".into(), object(&self.key));
        out.insert("before".into(), row(&self.before));
        out.insert("after".into(), row(&self.after));
        out.insert("transaction".into(), self.transaction.clone().into());
        out.insert("source".into(), self.source.clone());
        out.insert("lag_ms".into(), self.lag_ms.into());
        if let Some(place) = &self.place {
            let headers = place.headers.iter().map(|(k, v)| (k.clone(), v.clone().into()));
            let headers: Map<String, Value> = headers.collect();
            out.insert("topic".into(), place.topic.as_str().into());
            out.insert("partition".into(), place.partition.into());
            out.insert("offset".into(), place.offset.into());
            out.insert("headers".into(), json!(headers));
        }
        if let Some(trouble) = &self.trouble {
            out.insert("trouble".into(), trouble.as_str().into());
        }
        Value::Object(out)
    }
}

/// A row as a JSON object.
pub(super) fn object(row: &Row) -> Value {
    Value::Object(row.iter().map(|(name, cell)| (name.clone(), cell.value.clone())).collect())
}
