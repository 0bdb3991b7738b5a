//! Compiling and writing, without a server.

use super::*;
use crate::catalog::{self, Category, Type};
use crate::pgoutput;
use std::collections::BTreeMap;
use walbrook_core::batch::State;
use walbrook_core::schema::{Kind, Literal};

const INT4: u32 = 23;
const TEXT: u32 = 25;
const MOOD: u32 = 90_001;

pub(super) fn column(name: &str, type_oid: u32, key: bool) -> pgoutput::Column {
    pgoutput::Column { key, name: name.into(), type_oid, typmod: -1 }
}

pub(super) fn relation(identity: u8, columns: Vec<pgoutput::Column>) -> Relation {
    Relation { oid: 16_400, schema: "public".into(), name: "t".into(), identity, columns }
}

pub(super) fn known(name: &str, type_oid: u32, not_null: bool, default: &str) -> catalog::Column {
    catalog::Column {
        name: name.into(),
        number: 1,
        type_oid,
        typmod: -1,
        not_null,
        default: catalog::Default::parse(default),
        identity: false,
        generated: false,
    }
}

/// `id int PRIMARY KEY, note text NOT NULL DEFAULT 'x', m mood`
fn table() -> (Relation, Structure) {
    let columns =
        vec![column("id", INT4, true), column("note", TEXT, false), column("m", MOOD, false)];
    let mood =
        Type { name: "mood".into(), category: Category::Enum(vec!["a,b".into(), "c".into()]) };
    let structure = Structure {
        kind: Some('r'),
        columns: vec![
            known("id", INT4, true, "NULL"),
            known("note", TEXT, true, "'x'::text"),
            known("m", MOOD, false, "'c'::mood"),
        ],
        primary: vec!["id".into()],
        types: BTreeMap::from([(MOOD, mood)]),
        ..Structure::default()
    };
    (relation(b'd', columns), structure)
}

fn compile(relation: &Relation, structure: Option<&Structure>) -> Table {
    Table::compile(relation, structure, &Modes::default(), &[]).unwrap()
}

/// A row in the form of pgoutput.
pub(super) fn row(values: &[Option<&str>]) -> Vec<u8> {
    let mut bytes = (values.len() as u16).to_be_bytes().to_vec();
    for value in values {
        match value {
            None => bytes.push(b'n'),
            Some("?unchanged") => bytes.push(b'u'),
            Some(text) => {
                bytes.push(b't');
                bytes.extend((text.len() as u32).to_be_bytes());
                bytes.extend(text.as_bytes());
            }
        }
    }
    bytes
}

#[test]
fn a_row_a_key_and_a_copied_row_are_one_layout() {
    let (relation, structure) = table();
    let table = compile(&relation, Some(&structure));
    assert_eq!(table.select_list(), r#""id", "note", "m""#);
    assert_eq!(table.layout.key, [0]);
    let mut batch = Batch::default();
    let bytes = row(&[Some("1"), Some("hi"), Some("c")]);
    let new = table.write(&mut batch, Tuple::from_bytes(&bytes).unwrap(), None).unwrap();
    assert_eq!(new.datum.of(&batch.bytes), b"\x02\x04hi\x00\x02c");
    let copied = table.write_copy_line(&mut batch, b"1\thi\t\\N").unwrap();
    assert_eq!(copied.datum.of(&batch.bytes), b"\x02\x04hi\x02");
    let bytes = row(&[Some("1"), None, None]);
    let key = table.write_key(&mut batch, Tuple::from_bytes(&bytes).unwrap()).unwrap();
    // The default fills what must not be null; the rest is null.
    assert_eq!(key.datum.of(&batch.bytes), b"\x02\x02x\x02");
    assert_eq!(key.cell(&batch, 1).unwrap().state, State::Absent);
}

#[test]
fn unchanged_values_come_from_the_old_row_or_say_so() {
    let (relation, structure) = table();
    let table = compile(&relation, Some(&structure));
    let mut batch = Batch::default();
    let bytes = row(&[Some("1"), Some("old"), None]);
    let old = table.write(&mut batch, Tuple::from_bytes(&bytes).unwrap(), None).unwrap();
    let bytes = row(&[Some("2"), Some("?unchanged"), None]);
    let tuple = Tuple::from_bytes(&bytes).unwrap();
    let new = table.write(&mut batch, tuple, Some(old)).unwrap();
    assert_eq!(new.datum.of(&batch.bytes), b"\x04\x06old\x02");
    let new = table.write(&mut batch, tuple, None).unwrap();
    assert_eq!(&new.datum.of(&batch.bytes)[1..], b"\x38__debezium_unavailable_value\x02");
}

#[test]
fn null_in_a_required_column_is_told_and_can_be_allowed() {
    let (relation, structure) = table();
    let table = compile(&relation, Some(&structure));
    let bytes = row(&[Some("1"), None, None]);
    let tuple = Tuple::from_bytes(&bytes).unwrap();
    let error = table.write(&mut Batch::default(), tuple, None).unwrap_err();
    assert!(matches!(error, RowError::NullInRequired { column: 1 }), "{error:?}");
    let optional = ["note".to_owned()];
    let wider = Table::compile(&relation, Some(&structure), &Modes::default(), &optional).unwrap();
    assert_ne!(wider.layout.fingerprint, table.layout.fingerprint);
    let mut batch = Batch::default();
    let image = wider.write(&mut batch, tuple, None).unwrap();
    assert_eq!(image.datum.of(&batch.bytes), b"\x02\x02\x02");
}

#[test]
fn what_cannot_be_written_is_told_without_the_value() {
    let (relation, structure) = table();
    let table = compile(&relation, Some(&structure));
    let bytes = row(&[Some("secret"), Some("x"), None]);
    let error = table.write(&mut Batch::default(), Tuple::from_bytes(&bytes).unwrap(), None);
    let error = error.unwrap_err().into_error(&table.layout).to_string();
    assert!(error.contains("column id of public.t") && !error.contains("secret"), "{error}");
    for line in [b"1\tx".as_slice(), b"1\tx\tc\tmore", b""] {
        let error = table.write_copy_line(&mut Batch::default(), line).unwrap_err();
        assert!(matches!(error, RowError::Bad(_)), "{error:?}");
    }
}

#[test]
fn the_catalog_of_now_enriches_only_what_is_still_the_same() {
    let (relation, mut structure) = table();
    structure.columns[1].type_oid = 1043;
    let table = compile(&relation, Some(&structure));
    let note = &table.layout.fields[1].schema;
    assert!(note.optional && note.default.is_none());
    let mood = &table.layout.fields[2].schema;
    assert_eq!(mood.default, Some(Literal::Text("c".into())));
    assert_eq!(&*mood.parameters[0].1, r"a\,b,c");
}

#[test]
fn without_a_catalog_the_flags_are_the_key() {
    let (mut relation, _) = table();
    let table = compile(&relation, None);
    assert_eq!(table.layout.key, [0]);
    assert!(!table.layout.fields[0].schema.optional);
    // The enum is unknown without a catalog.
    assert_eq!(table.layout.fields.len(), 2);
    relation.identity = b'f';
    assert_eq!(compile(&relation, None).layout.key, [0_usize; 0]);
}

#[test]
fn keys_have_their_own_order_and_a_unique_index_will_do() {
    let columns =
        || vec![column("x", TEXT, false), column("a", INT4, true), column("b", TEXT, true)];
    let mut structure = Structure {
        columns: vec![known("x", TEXT, false, "NULL")],
        primary: vec!["b".into(), "a".into()],
        ..Structure::default()
    };
    assert_eq!(compile(&relation(b'd', columns()), Some(&structure)).layout.key, [2, 1]);
    // The key of now is another one than that of then.
    structure.primary = vec!["x".into()];
    assert_eq!(compile(&relation(b'd', columns()), Some(&structure)).layout.key, [1, 2]);
    structure.primary.clear();
    structure.unique = vec!["a".into()];
    let full = relation(b'f', columns());
    assert_eq!(compile(&full, Some(&structure)).layout.key, [1]);
}

#[test]
fn equal_structures_have_equal_fingerprints() {
    let (relation, structure) = table();
    let print = |modes: &Modes| {
        Table::compile(&relation, Some(&structure), modes, &[]).unwrap().layout.fingerprint
    };
    assert_eq!(print(&Modes::default()), print(&Modes::default()));
    let modes = Modes { placeholder: "?".into(), ..Modes::default() };
    assert_ne!(print(&modes), print(&Modes::default()));
}

#[test]
fn unknown_types_are_left_out_or_told_as_bytes() {
    let columns = vec![column("id", INT4, true), column("xid", 28, false)];
    let relation = relation(b'd', columns);
    let table = compile(&relation, None);
    assert_eq!(table.layout.fields.len(), 1);
    let bytes = row(&[Some("1"), Some("5")]);
    let mut batch = Batch::default();
    let image = table.write(&mut batch, Tuple::from_bytes(&bytes).unwrap(), None).unwrap();
    assert_eq!(image.datum.of(&batch.bytes), b"\x02");
    let modes = Modes { unknown: true, ..Modes::default() };
    let table = Table::compile(&relation, None, &modes, &[]).unwrap();
    assert_eq!(table.layout.fields[1].schema.kind, Kind::Bytes);
}
