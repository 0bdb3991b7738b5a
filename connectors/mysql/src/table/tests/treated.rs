//! Columns that are left out, masked, or needed in two forms; `id int primary key,
//! note varchar(20), n int, d json`.

use super::rows::{FULL, parts, present, treated};
use crate::flavor::Flavor;
use crate::table::{Modes, Select, Table};
use mysql_async::Value;
use walbrook_core::batch::{Batch, Image};
use walbrook_core::columns::{Columns, Treatment};
use walbrook_core::mask::Mask;

/// `note` is cut, `n` is left out, `d` is cut as well, and `id` is left out of the value.
fn rules() -> Columns {
    Columns::new(|_, name, _| Treatment {
        told: !matches!(name, "n" | "id"),
        mask: matches!(name, "note" | "d").then_some(Mask::Truncate(1)),
        ..Treatment::default()
    })
}

fn cell(batch: &Batch, image: Image, field: usize) -> &[u8] {
    image.cell(batch, field).unwrap().payload.of(&batch.bytes)
}

fn told(table: &Table) -> Vec<(String, bool)> {
    table.layout.fields.iter().map(|f| (f.name.to_string(), f.hidden)).collect()
}

#[test]
fn a_logged_row_and_a_selected_row_are_the_same() {
    let table = treated(rules());
    assert!(table.layout.masked);
    let fields = [("note", false), ("d", false), ("id", true), ("d", true)];
    assert_eq!(told(&table), fields.map(|(name, hidden)| (name.to_owned(), hidden)));
    assert_eq!(table.layout.key, [2]);
    let mut batch = Batch::default();
    let mut bytes = FULL;
    let logged = table.write(&mut batch, &mut bytes, present(&[15]), None).unwrap();
    assert_eq!(bytes, [0_u8; 0], "what is left out is passed");
    assert_eq!(logged.datum.of(&batch.bytes), b"\x02\x02h\x02\x021");
    assert_eq!((cell(&batch, logged, 2), cell(&batch, logged, 3)), (&b"\x0e"[..], &b"\x021"[..]));
    let modes = Modes { placeholder: "?".into(), columns: rules(), ..Modes::default() };
    let select = Select::compile(&parts().1, &modes, Flavor::MySql);
    assert_eq!(select.select_list(), "`note`, `d`, `id`, `d`");
    assert_eq!(select.layout.fingerprint, table.layout.fingerprint);
    let text = |text: &str| Value::Bytes(text.into());
    let row = [text("hi"), text("1"), Value::Int(7), text("1")];
    let selected = select.write(&mut batch, &row).unwrap();
    assert_eq!(selected.datum.of(&batch.bytes), logged.datum.of(&batch.bytes));
    assert_eq!(cell(&batch, selected, 2), cell(&batch, logged, 2));
}

#[test]
fn a_column_that_the_log_leaves_out_is_taken_masked_from_the_old_row() {
    let table = treated(rules());
    let mut batch = Batch::default();
    let old = table.write(&mut batch, &mut &FULL[..], present(&[15]), None).unwrap();
    let mut bytes = &b"\0\x07\0\0\0"[..];
    let new = table.write(&mut batch, &mut bytes, present(&[1]), Some(old)).unwrap();
    assert_eq!(new.datum.of(&batch.bytes), old.datum.of(&batch.bytes));
    assert_eq!(cell(&batch, new, 2), b"\x0e");
}

#[test]
fn differences_of_a_masked_document_are_applied_to_it_as_it_was() {
    let table = treated(rules());
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
    assert_eq!(cell(&batch, image, 1), b"\x02{");
    assert_eq!(cell(&batch, image, 3), b"\x10{\"a\": 2}");
    // Where nothing of it is told, the differences are passed.
    let constant = treated(Columns::new(|_, name, _| Treatment {
        mask: (name == "d").then(|| Mask::Constant("*".into())),
        ..Treatment::default()
    }));
    let old =
        constant.write(&mut batch, &mut &b"\x0e\x07\0\0\0"[..], present(&[15]), None).unwrap();
    assert_eq!(cell(&batch, old, 3), b"\x02*", "NULL too");
}

#[test]
fn a_table_of_which_nothing_is_told_still_has_rows() {
    let (_, mut structure) = parts();
    structure.primary_key.clear();
    let none = Columns::new(|_, _, _| Treatment { told: false, ..Treatment::default() });
    let modes = Modes { columns: none, ..Modes::default() };
    let select = Select::compile(&structure, &modes, Flavor::MySql);
    assert_eq!(select.select_list(), "NULL");
    let mut batch = Batch::default();
    let image = select.write(&mut batch, &[Value::NULL]).unwrap();
    assert_eq!(image.datum.of(&batch.bytes), b"");
}
