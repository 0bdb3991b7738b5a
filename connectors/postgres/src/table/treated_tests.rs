//! Columns that are left out, masked, or needed in two forms.

use super::tests::{column, known, relation, row};
use super::*;
use crate::catalog::Structure;
use walbrook_core::batch::State;
use walbrook_core::columns::{Columns, Treatment};
use walbrook_core::mask::Mask;

const INT4: u32 = 23;
const TEXT: u32 = 25;

/// `email text PRIMARY KEY, secret int, note text, name varchar`; email is masked and the key,
/// secret is left out, note is cut.
fn table(source_types: bool) -> Table {
    let columns = vec![
        column("email", TEXT, true),
        column("secret", INT4, false),
        column("note", TEXT, false),
        column("name", 1043, false),
    ];
    let structure = Structure {
        kind: Some('r'),
        columns: vec![known("email", TEXT, true, "NULL")],
        primary: vec!["email".into()],
        ..Structure::default()
    };
    let rules = Columns::new(move |table, name, _| {
        assert_eq!(table.to_string(), "public.t");
        let mask = match name {
            "email" => Some(Mask::Constant("***".into())),
            "note" => Some(Mask::Truncate(2)),
            _ => None,
        };
        Treatment {
            told: name != "secret",
            mask,
            source_type: source_types,
            ..Treatment::default()
        }
    });
    let modes = Modes { columns: rules, ..Modes::default() };
    Table::compile(&relation(b'd', columns), Some(&structure), &modes, &[]).unwrap()
}

fn write(table: &Table, batch: &mut Batch, values: &[Option<&str>], old: Option<Image>) -> Image {
    let bytes = row(values);
    table.write(batch, Tuple::from_bytes(&bytes).unwrap(), old).unwrap()
}

#[test]
fn the_key_is_as_it_is_behind_a_masked_value() {
    let table = table(false);
    assert!(table.layout.masked);
    let names: Vec<_> = table.layout.fields.iter().map(|f| (&*f.name, f.hidden)).collect();
    assert_eq!(names, [("email", false), ("note", false), ("name", false), ("email", true)]);
    assert_eq!(table.layout.key, [3]);
    assert_eq!(table.layout.position("email"), Some(3));
    assert_eq!(table.select_list(), r#""email", "note", "name", "email""#);
    let mut batch = Batch::default();
    let image = write(&table, &mut batch, &[Some("a@b"), Some("7"), Some("long"), None], None);
    assert_eq!(image.datum.of(&batch.bytes), b"\x06***\x02\x04lo\0");
    assert_eq!(image.cell(&batch, 3).unwrap().payload.of(&batch.bytes), b"\x06a@b");
    let copied = table.write_copy_line(&mut batch, b"a@b\tlong\t\\N\ta@b").unwrap();
    assert_eq!(copied.datum.of(&batch.bytes), image.datum.of(&batch.bytes));
    assert_eq!(copied.cell(&batch, 3).unwrap().payload.of(&batch.bytes), b"\x06a@b");
}

#[test]
fn what_is_missing_or_unchanged_is_masked_too() {
    let table = table(false);
    let mut batch = Batch::default();
    let bytes = row(&[Some("a@b"), None, None, None]);
    let key = table.write_key(&mut batch, Tuple::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(key.datum.of(&batch.bytes), b"\x06***\0\0");
    let old = write(&table, &mut batch, &[Some("a@b"), Some("7"), Some("long"), None], None);
    let values = [Some("?unchanged"), Some("8"), Some("?unchanged"), Some("n")];
    let new = write(&table, &mut batch, &values, Some(old));
    assert_eq!(new.datum.of(&batch.bytes), b"\x06***\x02\x04lo\x02\x02n");
    assert_eq!(new.cell(&batch, 3).unwrap().payload.of(&batch.bytes), b"\x06a@b");
    let new = write(&table, &mut batch, &values, None);
    assert_eq!(new.cell(&batch, 1).unwrap().state, State::Unchanged);
    assert!(new.datum.of(&batch.bytes).starts_with(b"\x06***\x02\x38__debezium"));
}

#[test]
fn a_column_that_is_left_out_may_hold_anything() {
    let table = table(false);
    let mut batch = Batch::default();
    let image = write(&table, &mut batch, &[Some("k"), Some("no number"), None, None], None);
    assert_eq!(image.datum.of(&batch.bytes), b"\x06***\0\0");
}

#[test]
fn schemas_say_what_was_done_and_keys_do_not() {
    let fields = &table(true).layout.fields;
    let parameters = |place: usize| {
        let pairs = fields[place].schema.parameters.iter();
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(parameters(0), "masked=true");
    assert_eq!(parameters(1), "truncateLength=2");
    assert_eq!(
        parameters(2),
        "__debezium.source.column.type=VARCHAR __debezium.source.column.length=2147483647 \
         __debezium.source.column.scale=0 __debezium.source.column.name=name"
    );
    assert_eq!(parameters(3), "");
}
