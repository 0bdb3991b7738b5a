//! Every type's schema text, mined from the registered schemas of the reference.
//!
//! `schemas.tsv`: server, modes, column as JSON, its field in the registered text. Where the
//! reference is wrong (a text default with its quotes doubled, YEAR 0 as 2000, the default of a
//! nullable DATETIME with CURRENT_TIMESTAMP) the line holds what is right.

use super::structure;
use crate::flavor::Flavor;
use crate::table::Select;
use walbrook_core::avro::text;
use walbrook_core::schema::{Field, Schema};

const CORPUS: &str = include_str!("schemas.tsv");

/// The text of the only field of a table of this column.
fn field(flavor: Flavor, modes: &str, column: &str) -> String {
    let modes = serde_json::from_str(modes).unwrap();
    let structure = structure(vec![serde_json::from_str(column).unwrap()], &[]);
    let layout = Select::compile(&structure, &modes, flavor).layout;
    let field = layout.fields.first().unwrap();
    let record = Schema::record("R", vec![Field::new(field.name.clone(), field.schema.clone())]);
    let text = text::of(&record);
    let text = text.strip_prefix(r#"{"type":"record","name":"R","fields":["#).unwrap();
    text.strip_suffix(r#"],"connect.name":"R"}"#).unwrap().to_owned()
}

#[test]
fn every_type_has_the_schema_of_the_reference() {
    let mut wrong = Vec::new();
    let mut lines = 0;
    for line in CORPUS.lines() {
        let parts = line.split('\t').collect::<Vec<_>>();
        let [server, modes, column, expected] = parts[..] else { panic!("{line}") };
        let flavor = if server == "mysql" { Flavor::MySql } else { Flavor::MariaDb };
        let found = field(flavor, modes, column);
        if found != expected {
            wrong.push(format!("{modes} {column}\n  is {found}\n  not {expected}"));
        }
        lines += 1;
    }
    assert!(wrong.is_empty(), "{} of {lines}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(lines > 300);
}

/// The field of a MySQL column by its JSON.
fn mysql(column: &str) -> String {
    field(Flavor::MySql, "{}", column)
}

#[test]
fn moments_that_are_no_constants_are_1970_where_there_must_be_one() {
    let now = |kind: &str, nullable: bool| {
        mysql(&format!(r#"{{"name":"c","type":{kind},"nullable":{nullable},"default":"now"}}"#))
    };
    let told = now(r#"{"base":"timestamp","length":3}"#, false);
    assert!(told.contains(r#""connect.default":"1970-01-01T00:00:00.000Z""#), "{told}");
    let told = now(r#"{"base":"datetime"}"#, false);
    assert!(told.contains(r#""connect.default":0"#), "{told}");
    for base in ["timestamp", "datetime"] {
        let told = now(&format!(r#"{{"base":"{base}"}}"#), true);
        assert!(told.ends_with(r#""default":null}"#), "{told}");
    }
}

#[test]
fn what_cannot_be_a_default_is_not_told() {
    for (kind, default) in [
        (r#"{"base":"int"}"#, "7x"),
        (r#"{"base":"decimal","length":5,"scale":2}"#, "many"),
        (r#"{"base":"date"}"#, "2024-13-41"),
        (r#"{"base":"date"}"#, "soon"),
        (r#"{"base":"time"}"#, "12:34"),
        (r#"{"base":"enum","labels":["a"]}"#, "b"),
        (r#"{"base":"uuid"}"#, "00000000-0000-0000-0000-000000000000"),
        (r#"{"base":"json"}"#, "{}"),
    ] {
        let column = format!(
            r#"{{"name":"c","type":{kind},"nullable":true,"default":{{"literal":"{default}"}}}}"#
        );
        let told = mysql(&column);
        assert!(told.ends_with(r#""default":null}"#), "{default}: {told}");
    }
}
