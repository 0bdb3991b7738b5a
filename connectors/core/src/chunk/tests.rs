use super::*;
use crate::avro::write;
use crate::batch::{Batch, Image, State};
use crate::layout::{Field, Layout, Table};
use crate::schema::{Kind, Schema};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

fn layout() -> Arc<Layout> {
    let field = |name: &str, schema: Schema| {
        let wrap = schema.wrap();
        let (fallback, unchanged) = ([0].into(), b"\x02?".as_slice().into());
        Field { name: name.into(), schema, wrap, fallback, unchanged, hidden: false }
    };
    let fields = vec![
        field("id", Schema::new(Kind::Int64)),
        field("a", Schema::new(Kind::Int64)),
        field("b", Schema::new(Kind::Int64)),
    ];
    Arc::new(Layout {
        table: Table::new("d", "t"),
        fingerprint: 1,
        fields,
        key: vec![0],
        masked: false,
    })
}

/// A row; `None` is a column that the image does not have.
fn image(batch: &mut Batch, layout: &Layout, cells: [Option<i64>; 3]) -> Image {
    let mut row = batch.image(layout);
    for cell in cells {
        match cell {
            Some(value) => row
                .value(|out| {
                    write::long(out, value);
                    Ok::<(), Infallible>(())
                })
                .unwrap(),
            None => row.unchanged(None),
        }
    }
    row.finish()
}

fn values(batch: &Batch, image: Image) -> [Option<i64>; 3] {
    [0, 1, 2].map(|field| {
        let cell = image.cell(batch, field).unwrap();
        let payload = cell.payload.of(&batch.bytes);
        (cell.state == State::Present)
            .then(|| (payload[0] >> 1) as i64 ^ -((payload[0] & 1) as i64))
    })
}

fn number(value: i128) -> Key {
    Key(vec![Part::Number(value)])
}

fn text(value: &str) -> Key {
    Key(vec![Part::Bytes(value.into())])
}

#[test]
fn a_key_lies_in_the_first_part_that_ends_at_or_behind_it() {
    let chunks =
        Chunks { published: Some(number(10)), open: vec![Some(number(20)), Some(number(30))] };
    for (key, place) in [
        (-5, Place::Published),
        (10, Place::Published),
        (11, Place::Open(0)),
        (20, Place::Open(0)),
        (30, Place::Open(1)),
        (31, Place::Beyond),
    ] {
        assert_eq!(chunks.place(|end| number(key).compare(end, &[Order::Signed])), Some(place));
    }
    let last = Chunks { published: None, open: vec![None] };
    assert_eq!(last.place(|_| None), Some(Place::Open(0)));
    assert_eq!(Chunks::default().place(|_| None), Some(Place::Beyond));
}

#[test]
fn texts_are_compared_only_where_that_is_certain() {
    use std::cmp::Ordering::*;
    for (a, b, order) in [
        ("a1", "B2", Some(Less)),
        ("b-1", "a9", Some(Greater)),
        ("same é", "same é", Some(Equal)),
        ("Key", "kEY", None),
        ("a_b", "a1", None),
        ("é", "e", None),
    ] {
        assert_eq!(text(a).compare(&text(b), &[Order::Alphabet]), order, "{a} {b}");
        let certain = order.filter(|order| order.is_eq());
        assert_eq!(text(a).compare(&text(b), &[Order::Collation]), certain, "{a} {b}");
    }
    assert_eq!(text("a").compare(&text("a  "), &[Order::Padded]), Some(Equal));
    assert_eq!(text("a").compare(&text("a\t"), &[Order::Padded]), Some(Greater));
    assert_eq!(text("a").compare(&text("a "), &[Order::Bytes]), Some(Less));
}

#[test]
fn keys_are_read_from_images() {
    let (layout, mut batch) = (layout(), Batch::default());
    let row = image(&mut batch, &layout, [Some(-3), Some(1), Some(2)]);
    assert_eq!(Key::of(&layout, &[Order::Signed], &batch, row), Some(number(-3)));
    let unsigned = Key::of(&layout, &[Order::Unsigned], &batch, row).unwrap();
    assert_eq!(unsigned, number(i128::from(u64::MAX - 2)));
    assert_eq!(Key::of(&layout, &[Order::Bytes], &batch, row), None);
}

#[derive(Clone, Debug)]
enum Change {
    Put(i64, i64),
    Set(i64, i64),
    Move(i64, i64),
    Delete(i64),
}

fn change() -> impl Strategy<Value = Change> {
    let (key, value) = (0i64..6, 0i64..50);
    prop_oneof![
        (key.clone(), value.clone()).prop_map(|(k, v)| Change::Put(k, v)),
        (key.clone(), value).prop_map(|(k, v)| Change::Set(k, v)),
        (key.clone(), key.clone()).prop_map(|(k, v)| Change::Move(k, v)),
        key.prop_map(Change::Delete),
    ]
}

proptest! {
    /// Whatever the view of the SELECT contains of the window, the rows that go out are those at
    /// the window's end. `Set` tells one column only, as MINIMAL row images do.
    #[test]
    fn rows_are_those_at_the_high_mark(
        changes in prop::collection::vec(change(), 0..25),
        view in 0usize..26,
    ) {
        let layout = layout();
        let mut table: BTreeMap<i64, (i64, i64)> = (0..3).map(|k| (k, (k, k))).collect();
        let mut window = Window::new(Arc::clone(&layout), 1 << 20);
        let mut read = (view == 0).then(|| table.clone());
        for (place, change) in changes.iter().enumerate() {
            let mut log = Batch::default();
            match *change {
                Change::Put(key, value) if !table.contains_key(&key) => {
                    table.insert(key, (value, value));
                    let row = image(&mut log, &layout, [Some(key), Some(value), Some(value)]);
                    window.put(&layout, &log, row).unwrap();
                }
                Change::Set(key, value) if table.contains_key(&key) => {
                    table.get_mut(&key).unwrap().0 = value;
                    let row = image(&mut log, &layout, [Some(key), Some(value), None]);
                    window.put(&layout, &log, row).unwrap();
                }
                Change::Move(key, to) if table.contains_key(&key) && !table.contains_key(&to) => {
                    let row = table.remove(&key).unwrap();
                    table.insert(to, row);
                    let old = image(&mut log, &layout, [Some(key), None, None]);
                    window.remove(&layout, &log, old).unwrap();
                    let new = image(&mut log, &layout, [Some(to), Some(row.0), Some(row.1)]);
                    window.put(&layout, &log, new).unwrap();
                }
                Change::Delete(key) if table.contains_key(&key) => {
                    table.remove(&key);
                    let old = image(&mut log, &layout, [Some(key), None, None]);
                    window.remove(&layout, &log, old).unwrap();
                }
                _ => {}
            }
            if place + 1 == view {
                read = Some(table.clone());
            }
        }
        let read = read.unwrap_or_else(|| table.clone());
        let mut out = Batch::default();
        let mut rows = BTreeMap::new();
        let mut tell = |out: &Batch, row: Image| {
            let [key, a, b] = values(out, row).map(Option::unwrap);
            rows.insert(key, (a, b)).is_none()
        };
        for (key, (a, b)) in read {
            let row = image(&mut out, &layout, [Some(key), Some(a), Some(b)]);
            let row = match window.take(&out, row) {
                None => Some(row),
                Some(Held::Gone) => None,
                Some(Held::Row(held)) => Some(window.write(&mut out, held, None)),
                Some(Held::Over(held)) => Some(window.write(&mut out, held, Some(row))),
            };
            if let Some(row) = row {
                prop_assert!(tell(&out, row));
            }
        }
        for held in window.rest().unwrap() {
            let row = window.write(&mut out, held, None);
            prop_assert!(tell(&out, row));
        }
        prop_assert_eq!(rows, table);
    }
}

#[test]
fn decimals_are_compared_by_value_whatever_their_length() {
    let numbers: Vec<i128> =
        vec![-70_000, -32_769, -129, -128, -1, 0, 1, 127, 128, 255, 256, 70_000];
    let shortest = |number: &i128| {
        let bytes = number.to_be_bytes();
        let more = |width: &usize| {
            let tail = &bytes[16 - width..];
            let sign = if *number < 0 { 0xff } else { 0 };
            bytes[..16 - width].iter().all(|byte| *byte == sign)
                && (tail[0] >= 0x80) == (*number < 0)
        };
        let width = (1..=16).find(more).unwrap();
        Part::Bytes(bytes[16 - width..].to_vec())
    };
    for a in &numbers {
        for b in &numbers {
            let compared = Order::Decimal.compare(&shortest(a), &shortest(b));
            assert_eq!(compared, Some(a.cmp(b)), "{a} {b}");
        }
    }
}
