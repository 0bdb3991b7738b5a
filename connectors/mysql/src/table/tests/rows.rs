//! Hand-made row images: presence, NULL, differences of documents, and anything at all.

use super::{column, kind, structure};
use crate::binlog::Bitmap;
use crate::binlog::table_map::{self, TableMap};
use crate::flavor::Flavor;
use crate::structure::{Base, Structure};
use crate::table::{Modes, RowError, Table};
use proptest::prelude::*;
use walbrook_core::batch::{Batch, Image, State};
use walbrook_core::columns::Columns;

const LONG: u8 = 3;
const VARCHAR: u8 = 15;
const JSON: u8 = 245;

fn logged(kind: u8, meta: u16, nullable: bool) -> table_map::Column {
    table_map::Column {
        kind,
        meta,
        nullable,
        unsigned: Some(false),
        collation: (kind == VARCHAR).then_some(255),
        name: None,
        labels: None,
        geometry: None,
        visible: None,
    }
}

/// `id int primary key, note varchar(20), n int, d json`
pub(super) fn table() -> Table {
    treated(Columns::default())
}

/// The same, its columns treated by `rules`.
pub(super) fn treated(rules: Columns) -> Table {
    let (map, structure) = parts();
    let modes = Modes { placeholder: "?".into(), columns: rules, ..Modes::default() };
    Table::compile(&map, &structure, &modes, Flavor::MySql).unwrap()
}

pub(super) fn parts() -> (TableMap, Structure) {
    let mut note = kind(Base::VarChar);
    note.length = Some(20);
    note.charset = Some("utf8mb4".into());
    let columns = vec![
        column("id", kind(Base::Int), false),
        column("note", note, true),
        column("n", kind(Base::Int), true),
        column("d", kind(Base::Json), true),
    ];
    let map = TableMap {
        table_id: 1,
        database: "shop".into(),
        table: "t".into(),
        columns: vec![
            logged(LONG, 0, false),
            logged(VARCHAR, 80, true),
            logged(LONG, 0, true),
            logged(JSON, 4, true),
        ],
        primary_key: None,
    };
    (map, structure(columns, &["id"]))
}

/// Columns by the bits of `bits`.
pub(super) fn present(bits: &[u8]) -> Bitmap<'_> {
    Bitmap::new(bits, 4).unwrap()
}

fn write(
    batch: &mut Batch,
    bits: u8,
    mut bytes: &[u8],
    old: Option<Image>,
) -> Result<Image, RowError> {
    let image = table().write(batch, &mut bytes, present(&[bits]), old)?;
    assert_eq!(bytes, [0_u8; 0], "the whole image is read");
    Ok(image)
}

/// nulls, 7, "hi", NULL, the document `1`
pub(super) const FULL: &[u8] = b"\x04\x07\0\0\0\x02hi\x03\0\0\0\x05\x01\0";

fn states(batch: &Batch, image: Image) -> Vec<State> {
    (0..4).map(|field| image.cell(batch, field).unwrap().state).collect()
}

#[test]
fn a_full_image_is_written_whole() {
    let mut batch = Batch::default();
    let image = write(&mut batch, 0b1111, FULL, None).unwrap();
    assert_eq!(image.datum.of(&batch.bytes), b"\x0e\x02\x04hi\x00\x02\x021");
}

#[test]
fn an_image_without_some_columns_is_completed_from_the_old_one() {
    let mut batch = Batch::default();
    let old = write(&mut batch, 0b1111, FULL, None).unwrap();
    // Only n, 5.
    let image = write(&mut batch, 0b0100, b"\0\x05\0\0\0", Some(old)).unwrap();
    assert_eq!(image.datum.of(&batch.bytes), b"\x0e\x02\x04hi\x02\x0a\x02\x021");
    assert!(states(&batch, image).iter().all(|state| *state == State::Present));
    // n is NULL in the old one, and stays so.
    let image = write(&mut batch, 0b0001, b"\0\x08\0\0\0", Some(old)).unwrap();
    assert_eq!(image.datum.of(&batch.bytes), b"\x10\x02\x04hi\x00\x02\x021");
}

#[test]
fn what_no_image_has_is_the_placeholder_if_it_is_large() {
    let mut batch = Batch::default();
    let old = write(&mut batch, 0b0001, b"\0\x07\0\0\0", None).unwrap();
    assert_eq!(old.datum.of(&batch.bytes), b"\x0e\0\0\0");
    let image = write(&mut batch, 0b0001, b"\0\x07\0\0\0", Some(old)).unwrap();
    assert_eq!(image.datum.of(&batch.bytes), b"\x0e\x02\x02?\0\x02\x02?");
    use State::{Absent, Present, Unchanged};
    assert_eq!(states(&batch, image), [Present, Unchanged, Absent, Unchanged]);
}

#[test]
fn null_in_a_required_column_is_told() {
    let error = write(&mut Batch::default(), 0b1111, b"\x0f", None).unwrap_err();
    assert!(matches!(error, RowError::NullInRequired { column: 0 }));
    assert_eq!(error.into_error(&table().layout).code.as_str(), "WB-MYSQL-060");
}

#[test]
fn an_image_of_another_table_or_cut_short_is_refused() {
    let table = table();
    let mut batch = Batch::default();
    let three = Bitmap::new(&[7], 3).unwrap();
    assert!(table.write(&mut batch, &mut &FULL[..], three, None).is_err());
    for end in 0..FULL.len() {
        let mut bytes = &FULL[..end];
        assert!(table.write(&mut batch, &mut bytes, present(&[15]), None).is_err(), "{end}");
    }
}

#[test]
fn differences_are_applied_to_the_old_document() {
    let table = table();
    let mut batch = Batch::default();
    // The document {"a": 1}
    let document = b"\0\x01\0\x0c\0\x0b\0\x01\0\x05\x01\0a";
    let mut bytes = b"\x06\x07\0\0\0".to_vec();
    bytes.extend_from_slice(&[document.len() as u8, 0, 0, 0]);
    bytes.extend_from_slice(document);
    let old = table.write(&mut batch, &mut &bytes[..], present(&[15]), None).unwrap();
    // Options, partial bits, nulls, id, then: replace $.a by 2.
    let mut bytes = b"\x01\x01\x06\x07\0\0\0".to_vec();
    let change = b"\0\x03$.a\x03\x05\x02\0";
    bytes.extend_from_slice(&[change.len() as u8, 0, 0, 0]);
    bytes.extend_from_slice(change);
    let mut rest = &bytes[..];
    let image = table.write_partial(&mut batch, &mut rest, present(&[15]), old).unwrap();
    assert_eq!(rest, [0_u8; 0]);
    let text = b"{\"a\": 2}";
    let cell = image.cell(&batch, 3).unwrap();
    assert_eq!(cell.payload.of(&batch.bytes)[1..], text[..]);
    // No partial column: a document as in any other image.
    let mut whole = b"\0".to_vec();
    whole.extend_from_slice(FULL);
    assert!(table.write_partial(&mut batch, &mut &whole[..], present(&[15]), old).is_ok());
    // The old image lacks the document.
    let poor = write(&mut batch, 0b0001, b"\0\x07\0\0\0", None).unwrap();
    let error = table.write_partial(&mut batch, &mut &bytes[..], present(&[15]), poor);
    let error = error.unwrap_err().into_error(&table.layout);
    assert!(error.message.contains("logged as a difference"), "{error}");
}

#[test]
fn a_table_of_another_number_of_columns_is_not_compiled() {
    let map = TableMap {
        table_id: 1,
        database: "shop".into(),
        table: "t".into(),
        columns: vec![logged(LONG, 0, false); 2],
        primary_key: None,
    };
    let structure = structure(vec![column("id", kind(Base::Int), false)], &[]);
    let error = Table::compile(&map, &structure, &Modes::default(), Flavor::MySql).unwrap_err();
    assert_eq!(error.code.as_str(), "WB-MYSQL-061");
}

proptest! {
    #[test]
    fn no_bytes_make_a_row_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        bits in 0_u8..16,
    ) {
        let table = table();
        let mut batch = Batch::default();
        let bits = [bits];
        let present = Bitmap::new(&bits, 4).unwrap();
        if let Ok(old) = table.write(&mut batch, &mut &bytes[..], present, None) {
            prop_assert_eq!(states(&batch, old).len(), 4);
            let _ = table.write_partial(&mut batch, &mut &bytes[..], present, old);
        }
    }
}
