//! Reads `[connectors.NAME.outbox]`: whose rows are events, and how.

use super::choice::{
    EmptyArrays, KeyFormat, Missing, Names, NullFields, OnUpdate, Place, UnfitJson, ValueFormat,
};
use super::database::Server;
use super::pattern::{Pattern, glob_matches};
use super::prefix::Prefix;
use super::reader::Reader;
use super::route::Route;
use super::setting::{Setting, Wrong};
use crate::codes;
use config::ValueKind;

/// `[connectors.NAME.outbox]`
#[derive(Clone, Debug, PartialEq)]
pub struct Outbox {
    /// Whose rows are events.
    pub from: From,
    /// Column of the event's identity.
    pub id: String,
    /// Column of the record's key.
    pub key: String,
    /// Column of the record's value.
    pub payload: String,
    /// Column of the record's time.
    pub timestamp: Option<String>,
    /// Column of the version of the value's schema.
    pub schema_version: Option<String>,
    /// Further columns.
    pub fields: Vec<Placed>,
    /// What becomes of one that does not exist.
    pub missing_fields: Missing,
    /// Whether JSON text becomes a record.
    pub expand_json: bool,
    /// Null in it.
    pub null_fields: NullFields,
    /// Empty lists in it.
    pub empty_arrays: EmptyArrays,
    /// Names in it.
    pub json_names: Names,
    /// A payload that cannot be expanded.
    pub unfit_json: UnfitJson,
    /// Column that decides on the topic.
    pub route_by: String,
    /// From its value to the topic.
    pub route: Route,
    /// Globs of the topics that may be written to; none: all that begin as `route_to` does.
    pub allowed_topics: Vec<String>,
    /// How many topics data may name.
    pub max_topics: u32,
    /// Whether an empty payload is a record without a value.
    pub tombstones_on_empty: bool,
    /// What becomes of an update.
    pub on_update: OnUpdate,
    /// How keys are written.
    pub key_format: KeyFormat,
    /// How values are written.
    pub value_format: ValueFormat,
}

/// Whose rows are events.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// Those of the tables that the pattern means.
    Table(Pattern),
    /// PostgreSQL's logical messages whose prefix the pattern means.
    Messages(Prefix),
}

/// A further column of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The column.
    pub column: String,
    /// Where it goes.
    pub place: Place,
    /// What it is called there.
    pub name: String,
}

impl Outbox {
    /// Whether `topic` may be written to. What begins with two underscores is Kafka's and ours: only
    /// who names such a topic in full may write there.
    pub fn allows(&self, topic: &str) -> bool {
        if topic.starts_with("__") {
            return self.allowed_topics.iter().any(|allowed| allowed == topic);
        }
        match self.allowed_topics.as_slice() {
            [] => topic.len() > self.route.prefix().len() && topic.starts_with(self.route.prefix()),
            globs => globs.iter().any(|glob| glob_matches(glob, topic)),
        }
    }
}

/// Reads the outbox of a connector to `server`, if it has one.
pub(super) fn read(reader: &mut Reader<'_>, server: Server) -> Option<Outbox> {
    let value = reader.take("outbox")?;
    if !matches!(value.kind, ValueKind::Table(_)) {
        let example = "{ table = \"public.outbox\" }";
        reader.wrong(&value, Wrong::wrong_type("outbox", &value, "a table", example));
        return None;
    }
    let place = reader.place("outbox");
    let mut table = Reader::element(reader.reading, &reader.path("outbox"), value);
    table.set_header(place);
    let outbox = keys(&mut table, server);
    table.finish();
    outbox
}

fn keys(table: &mut Reader<'_>, server: Server) -> Option<Outbox> {
    let from = from(table, server);
    let own = |table: &mut Reader<'_>, key, name: &str| table.or(key, name.to_owned());
    let (id, key) = (own(table, "id", "id"), own(table, "key", "aggregateid"));
    let payload = own(table, "payload", "payload");
    let (timestamp, schema_version) =
        (table.optional("timestamp"), table.optional("schema_version"));
    let fields = fields(table);
    let missing_fields = table.or("missing_fields", Missing::Error);
    let expand_json = table.or("expand_json", false);
    let null_fields = table.or("null_fields", NullFields::Ignore);
    let empty_arrays = table.or("empty_arrays", EmptyArrays::Ignore);
    let json_names = table.or("json_names", Names::None);
    let unfit_json = table.or("unfit_json", UnfitJson::Poison);
    let route_by = own(table, "route_by", "aggregatetype");
    let route = route(table);
    let outbox = Outbox {
        from: from?,
        id,
        key,
        payload,
        timestamp,
        schema_version,
        fields,
        missing_fields,
        expand_json,
        null_fields,
        empty_arrays,
        json_names,
        unfit_json,
        route_by,
        route: route?,
        allowed_topics: table.or("allowed_topics", Vec::new()),
        max_topics: table.number("max_topics", 1000, 1, 100_000) as u32,
        tombstones_on_empty: table.or("tombstones_on_empty", false),
        on_update: table.or("on_update", OnUpdate::Warn),
        key_format: table.or("key_format", KeyFormat::Avro),
        value_format: table.or("value_format", ValueFormat::Avro),
    };
    check(table, &outbox);
    Some(outbox)
}

fn from(table: &mut Reader<'_>, server: Server) -> Option<From> {
    let pattern: Option<Pattern> = table.optional("table");
    let prefix: Option<Prefix> = table.optional("messages");
    if prefix.is_some() && server != Server::Postgres {
        let message = format!("{} has no logical messages.", server.name());
        let fix = "Write `table = \"database.outbox\"` instead.".to_owned();
        table.key_problem("messages", codes::OTHER_DATABASE, message, fix);
    }
    match (pattern, prefix) {
        (Some(pattern), None) => Some(From::Table(pattern)),
        (None, Some(prefix)) => Some(From::Messages(prefix)),
        (Some(_), Some(_)) => {
            let message = "An outbox is a table or logical messages, not both.".to_owned();
            let fix = "Take one of `table` and `messages` out.".to_owned();
            table.problem("messages", codes::CONTRADICTION, message, fix);
            None
        }
        (None, None) => {
            if table.peek("table").is_none() && table.peek("messages").is_none() {
                table.missing("table", "\"public.outbox\"");
            }
            None
        }
    }
}

fn route(table: &mut Reader<'_>) -> Option<Route> {
    let regex = table.or("route_regex", "(?<routedByValue>.*)".to_owned());
    let to = table.or("route_to", "outbox.event.${routedByValue}".to_owned());
    match Route::new(&regex, &to) {
        Ok(route) => Some(route),
        Err((key, why)) => {
            let message = format!("`{key}` cannot be used: {why}.");
            let fix = "Write `route_regex = \"(.*)\"` and `route_to = \"outbox.event.$1\"`.";
            table.problem(key, codes::PATTERN, message, fix.to_owned());
            None
        }
    }
}

/// What does not fit together.
fn check(table: &mut Reader<'_>, outbox: &Outbox) {
    let prefix = outbox.route.prefix();
    if outbox.allowed_topics.is_empty() && (prefix.is_empty() || prefix.starts_with("__")) {
        let message =
            "Rows could write to any topic: `route_to` begins with no text of its own.".to_owned();
        let fix = "Begin `route_to` with a prefix, as in \"outbox.event.$1\", or list the topics in `allowed_topics`.";
        table.problem("route_to", codes::ANY_TOPIC, message, fix.to_owned());
    }
    let record = outbox.fields.iter().any(|field| field.place == Place::Envelope);
    if outbox.value_format == ValueFormat::Raw && (record || outbox.expand_json) {
        let other = if record { "columns in the envelope" } else { "`expand_json`" };
        let message = format!(
            "`value_format = \"raw\"` writes the payload alone, and {other} asks for a record."
        );
        let fix = "Write `value_format = \"avro\"`, or take the other out.".to_owned();
        table.problem("value_format", codes::CONTRADICTION, message, fix);
    }
    if outbox.fields.iter().filter(|field| field.place == Place::Partition).count() > 1 {
        let message = "Two columns of `fields` are the partition.".to_owned();
        let fix = "Leave one of them.".to_owned();
        table.problem("fields", codes::CONTRADICTION, message, fix);
    }
    let taken = |name: &str| {
        let named = outbox.fields.iter().filter(|field| field.place == Place::Envelope);
        named.filter(|field| field.name == name).count() + usize::from(name == "payload")
    };
    if let Some(twice) = outbox.fields.iter().find(|field| taken(&field.name) > 1) {
        let message = format!("Two fields of the envelope are called {:?}.", twice.name);
        let fix = "Give one of them another name by `as`.".to_owned();
        table.problem("fields", codes::CONTRADICTION, message, fix);
    }
}

fn fields(reader: &mut Reader<'_>) -> Vec<Placed> {
    const EXAMPLE: &str = "[{ column = \"type\", place = \"header\", as = \"eventType\" }]";
    let Some(value) = reader.take("fields") else {
        reader.show("fields", Some("[]".to_owned()));
        return Vec::new();
    };
    let ValueKind::Array(elements) = &value.kind else {
        reader.wrong(&value, Wrong::wrong_type("fields", &value, "a list of columns", EXAMPLE));
        return Vec::new();
    };
    let section = reader.path("fields");
    let mut fields = Vec::new();
    for element in elements {
        if !matches!(element.kind, ValueKind::Table(_)) {
            reader
                .wrong(element, Wrong::wrong_type("fields", element, "a list of columns", EXAMPLE));
            continue;
        }
        let mut entry = Reader::element(reader.reading, &section, element.clone());
        let column: Option<String> = entry.required("column", "\"type\"");
        let place: Option<Place> = entry.required("place", "\"header\"");
        let name: Option<String> = entry.optional("as");
        entry.finish();
        if let (Some(column), Some(place)) = (column, place) {
            let name = name.unwrap_or_else(|| column.clone());
            fields.push(Placed { column, place, name });
        }
    }
    reader.reading.shown.retain(|shown| shown.section != section);
    let shown = fields.iter().map(|Placed { column, place, name }| {
        let (column, place, name) = (column.show(), place.show(), name.show());
        format!("{{ column = {column}, place = {place}, as = {name} }}")
    });
    reader.show("fields", Some(format!("[{}]", shown.collect::<Vec<_>>().join(", "))));
    fields
}
