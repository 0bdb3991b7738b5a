//! How fast rows become Avro: twelve columns of the usual types, without I/O.
//!
//! `cargo run --release -p walbrook-mysql --example decode_speed`
#![allow(clippy::print_stdout, reason = "its output is the figure")]
#![allow(clippy::unwrap_used, reason = "a wrong column is a mistake in this file")]

use std::hint::black_box;
use std::time::Instant;
use walbrook_mysql::binlog::table_map::Column;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::structure::{Base, Type};
use walbrook_mysql::table::Modes;
use walbrook_mysql::values::{Codec, Form};

/// Type code, metadata, declaration, length, scale, a value as the log has it.
type Given = (u8, u16, Base, Option<u32>, Option<u32>, &'static [u8]);

const COLUMNS: [Given; 12] = [
    (8, 0, Base::BigInt, None, None, &[0x15, 0xcd, 0x5b, 7, 0, 0, 0, 0]),
    (3, 0, Base::Int, None, None, &[0x39, 0x30, 0, 0]),
    (1, 0, Base::TinyInt, Some(1), None, &[1]),
    (246, 12 << 8 | 2, Base::Decimal, Some(12), Some(2), &[0x80, 0, 0, 0x30, 0x39, 0x43]),
    (18, 3, Base::DateTime, Some(3), None, &[0x99, 0xb2, 0xba, 0xc8, 0xb8, 0x1e, 0xd2]),
    (17, 6, Base::Timestamp, Some(6), None, &[0x65, 0xe0, 0x7b, 0x60, 0x0c, 0x0a, 0x14]),
    (10, 0, Base::Date, None, None, &[0x5d, 0xd0, 0x0f]),
    (15, 160, Base::VarChar, Some(40), None, b"\x12customer@shop.test"),
    (254, 8, Base::Char, Some(2), None, b"\x02DE"),
    (247, 1, Base::Enum, None, None, &[2]),
    (5, 8, Base::Double, None, None, &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f]),
    (252, 2, Base::Text, None, None, b"\x16\0a note of 22 characters"),
];

fn main() {
    let codecs: Vec<Codec> = COLUMNS.iter().map(codec).collect();
    let row: Vec<u8> = COLUMNS.iter().flat_map(|given| given.5).copied().collect();
    let mut out = Vec::with_capacity(1 << 20);
    let rows = 5_000_000_u32;
    let start = Instant::now();
    for _ in 0..rows {
        let mut bytes = black_box(row.as_slice());
        for codec in &codecs {
            codec.write(&mut bytes, &mut out).unwrap();
        }
        if out.len() > 1 << 19 {
            black_box(&out);
            out.clear();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = f64::from(rows) / seconds;
    println!(
        "{:.2} million rows/s, {:.0} MB/s, {:.0} ns a row of {} columns",
        rate / 1e6,
        rate * row.len() as f64 / 1e6,
        1e9 / rate,
        codecs.len(),
    );
}

fn codec(given: &Given) -> Codec {
    let &(kind, meta, base, length, scale, _) = given;
    let column = Column {
        kind,
        meta,
        nullable: false,
        unsigned: Some(false),
        collation: Some(255),
        name: None,
        labels: None,
        geometry: None,
        visible: None,
    };
    let declared = Type {
        base,
        length,
        scale,
        unsigned: false,
        zerofill: false,
        charset: Some("utf8mb4".into()),
        collation: None,
        labels: vec!["new".into(), "paid".into(), "sent".into()],
        compressed: false,
        written: None,
    };
    let form = Form::of(&declared, &Modes::default(), Flavor::MySql);
    Codec::new(&column, &declared, form, Flavor::MySql).unwrap()
}
