//! From a form to the schema that the reference registers for it.

use crate::structure::{Base, Type};
use crate::values::form::{Date, DateTime, Time};
use crate::values::{Form, Labels};
use std::sync::Arc;
use walbrook_core::avro::text::PRECISION;
use walbrook_core::schema::{Kind, Schema};
use walbrook_core::semantic;

/// The schema of a column of this form: required, without a default.
pub(super) fn of(form: &Form, declared: &Type) -> Schema {
    let plain = |kind: Kind| Schema::new(kind);
    let text = |name: &str| Schema::new(Kind::String).semantic(name);
    match form {
        Form::Boolean => plain(Kind::Boolean),
        Form::Int16 => plain(Kind::Int16),
        Form::Int32 => plain(Kind::Int32),
        Form::Int64 => plain(Kind::Int64),
        Form::Float => plain(Kind::Float32),
        Form::Double => plain(Kind::Float64),
        Form::Decimal { precision, scale } => {
            semantic::decimal(u16::from(*scale)).parameter(PRECISION, precision.to_string())
        }
        Form::DecimalText { .. } => plain(Kind::String),
        Form::Year => plain(Kind::Int32).semantic("io.debezium.time.Year"),
        Form::Date { unit, .. } => date(*unit),
        Form::Time(unit) => time(*unit),
        Form::DateTime { unit, .. } => date_time(*unit),
        Form::Timestamp { .. } => text("io.debezium.time.ZonedTimestamp"),
        Form::Bits { length } => {
            let bits = plain(Kind::Bytes).semantic("io.debezium.data.Bits");
            bits.parameter("length", length.to_string())
        }
        // MariaDB's word for LONGTEXT, while a streamed statement still tells it.
        Form::Text if declared.base == Base::LongText && is_written(declared, "json") => {
            text("io.debezium.data.Json")
        }
        Form::Text | Form::Inet4 | Form::Inet6 => plain(Kind::String),
        Form::Bytes { text: crate::table::Binary::Bytes, .. } => plain(Kind::Bytes),
        Form::Bytes { .. } => plain(Kind::String),
        Form::Enum(labels) => text("io.debezium.data.Enum").parameter("allowed", allowed(labels)),
        Form::Set(labels) => text("io.debezium.data.EnumSet").parameter("allowed", allowed(labels)),
        Form::Json => text("io.debezium.data.Json"),
        Form::Geometry => semantic::geometry("geometry"),
        Form::Point => semantic::point(),
        Form::Vector => {
            let items = Arc::new(Schema::new(Kind::Float32));
            Schema::new(Kind::Array(items)).semantic("io.debezium.data.FloatVector")
        }
        Form::Uuid => text("io.debezium.data.Uuid"),
    }
}

fn is_written(declared: &Type, word: &str) -> bool {
    declared.written.as_deref().is_some_and(|written| written.eq_ignore_ascii_case(word))
}

fn date(unit: Date) -> Schema {
    match unit {
        Date::Days => Schema::new(Kind::Int32).semantic("io.debezium.time.Date"),
        Date::Connect => Schema::new(Kind::Int32).semantic("org.apache.kafka.connect.data.Date"),
        Date::Iso => Schema::new(Kind::String).semantic("io.debezium.time.IsoDate"),
    }
}

fn time(unit: Time) -> Schema {
    match unit {
        Time::Micros => Schema::new(Kind::Int64).semantic("io.debezium.time.MicroTime"),
        Time::Nanos => Schema::new(Kind::Int64).semantic("io.debezium.time.NanoTime"),
        Time::Connect => Schema::new(Kind::Int32).semantic("org.apache.kafka.connect.data.Time"),
        Time::Iso => Schema::new(Kind::String).semantic("io.debezium.time.IsoTime"),
    }
}

fn date_time(unit: DateTime) -> Schema {
    let long = |name: &str| Schema::new(Kind::Int64).semantic(name);
    match unit {
        DateTime::Millis => long("io.debezium.time.Timestamp"),
        DateTime::Micros => long("io.debezium.time.MicroTimestamp"),
        DateTime::Nanos => long("io.debezium.time.NanoTimestamp"),
        DateTime::Connect => long("org.apache.kafka.connect.data.Timestamp"),
        DateTime::Iso => Schema::new(Kind::String).semantic("io.debezium.time.IsoTimestamp"),
    }
}

/// Labels joined by commas; a comma in a label is escaped.
fn allowed(labels: &Labels) -> String {
    labels.iter().map(|label| label.replace(',', "\\,")).collect::<Vec<_>>().join(",")
}
