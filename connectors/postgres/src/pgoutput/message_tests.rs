//! An encoder of every message, so that decoding is held against something, and random bytes.

use super::*;
use crate::pgoutput::{Column, Value, encode};
use proptest::prelude::*;

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

fn values(tuple: Tuple<'_>) -> Vec<Value<'_>> {
    tuple.values().collect()
}

fn any_value() -> impl Strategy<Value = (u8, Vec<u8>)> {
    (0u8..4, prop::collection::vec(any::<u8>(), 0..40))
}

fn borrow(values: &[(u8, Vec<u8>)]) -> Vec<Value<'_>> {
    fn one((kind, bytes): &(u8, Vec<u8>)) -> Value<'_> {
        match kind {
            0 => Value::Null,
            1 => Value::Unchanged,
            2 => Value::Text(bytes),
            _ => Value::Binary(bytes),
        }
    }
    values.iter().map(one).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::decode(&bytes);
    }

    #[test]
    fn any_bytes_after_a_known_tag_are_a_message_or_an_error(
        tag in prop::sample::select(b"BCORYIUDTM".to_vec()),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"NKOtbnu\0\x01".to_vec())], 0..120),
    ) {
        let mut message = vec![tag];
        message.extend(bytes);
        if let Ok(Message::Insert(insert)) = Message::decode(&message) {
            prop_assert_eq!(values(insert.new).len(), insert.new.len());
        }
    }

    #[test]
    fn rows_come_back_and_every_cut_is_noticed(
        oid: u32,
        old in prop::option::of((any::<bool>(), prop::collection::vec(any_value(), 0..6))),
        new in prop::collection::vec(any_value(), 0..6),
        cut: prop::sample::Index,
    ) {
        let new = borrow(&new);
        let row = old.as_ref().map(|(full, old)| (*full, borrow(old)));
        let row = row.as_ref().map(|(full, old)| (*full, &old[..]));
        let mut bytes = encode::update(oid, row, &new);

        let Ok(Message::Update(update)) = Message::decode(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!(update.relation, oid);
        prop_assert_eq!(values(update.new), new);
        match (update.old, &old) {
            (None, None) => {}
            (Some(Old::Full(got)), Some((true, old))) | (Some(Old::Key(got)), Some((false, old))) => {
                prop_assert_eq!(values(got), borrow(old));
            }
            other => panic!("{other:?}"),
        }
        let cut = cut.index(bytes.len());
        prop_assert!(Message::decode(&bytes[..cut]).is_err());
        bytes.push(0);
        prop_assert!(Message::decode(&bytes).is_err());
    }

    #[test]
    fn relations_come_back(
        oid: u32,
        schema in "[a-zäß_]{1,20}",
        name in "[a-z \"]{1,20}",
        columns in prop::collection::vec((any::<bool>(), "[a-z]{1,9}", any::<u32>(), any::<i32>()), 0..9),
    ) {
        let column = |(key, name, type_oid, typmod)| Column { key, name, type_oid, typmod };
        let columns = columns.into_iter().map(column).collect();
        let expected = Relation { oid, schema, name, identity: b'd', columns };
        let bytes = encode::relation(&expected);
        prop_assert_eq!(Message::decode(&bytes), Ok(Message::Relation(expected)));
    }
}

#[test]
fn begin_and_commit_count_from_1970() {
    let begin = Begin { commit_lsn: 77, commit_us: EPOCH + 5, xid: 9 };
    let bytes = encode::begin(&begin);
    assert_eq!(bytes[9..17], 5i64.to_be_bytes());
    assert_eq!(Message::decode(&bytes), Ok(Message::Begin(begin)));

    let mut bytes = encode::commit(&Commit { commit_lsn: 77, end_lsn: 88, commit_us: 0 });
    bytes[18..].copy_from_slice(&i64::MAX.to_be_bytes());
    let commit = Commit { commit_lsn: 77, end_lsn: 88, commit_us: i64::MAX };
    assert_eq!(Message::decode(&bytes), Ok(Message::Commit(commit)));
}

#[test]
fn truncate_names_its_tables_and_believes_no_count() {
    let mut bytes = encode::truncate(&[7, 256]);
    let Ok(Message::Truncate(truncate)) = Message::decode(&bytes) else { panic!() };
    assert_eq!(truncate.relations().collect::<Vec<_>>(), [7, 256]);
    bytes[4] = 3;
    assert_eq!(Message::decode(&bytes), Err(Malformed::Bytes("truncate")));
    bytes[1..5].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(Message::decode(&bytes), Err(Malformed::Bytes("truncate")));
}

#[test]
fn the_rest_is_decoded_too() {
    let mut bytes = vec![b'M', 1];
    bytes.extend_from_slice(&3u64.to_be_bytes());
    text(&mut bytes, "walbrook");
    bytes.extend_from_slice(&[0, 0, 0, 2, b'h', b'i']);
    let logical = Logical { transactional: true, lsn: 3, prefix: "walbrook", content: b"hi" };
    assert_eq!(Message::decode(&bytes), Ok(Message::Logical(logical)));
    assert_eq!(encode::logical(&logical), bytes);
    let empty = Logical { transactional: false, lsn: 0, prefix: "", content: b"" };
    assert_eq!(Message::decode(&encode::logical(&empty)), Ok(Message::Logical(empty)));
    for end in 1..bytes.len() {
        assert!(Message::decode(&bytes[..end]).is_err(), "cut at {end}");
    }

    let mut bytes = vec![b'Y', 0, 0, 0, 4];
    text(&mut bytes, "public");
    text(&mut bytes, "mood");
    assert_eq!(
        Message::decode(&bytes),
        Ok(Message::Type { oid: 4, schema: "public", name: "mood" })
    );

    let mut bytes = vec![b'O'];
    bytes.extend_from_slice(&3u64.to_be_bytes());
    text(&mut bytes, "node");
    assert_eq!(Message::decode(&bytes), Ok(Message::Origin { lsn: 3, name: "node" }));

    assert_eq!(Message::decode(b"S123"), Err(Malformed::UnknownTag(b'S')));
    assert_eq!(Message::decode(b""), Err(Malformed::Bytes("message")));
}

#[test]
fn a_huge_length_is_not_believed() {
    let bytes = [b'I', 0, 0, 0, 1, b'N', 0, 1, b't', 0xff, 0xff, 0xff, 0xff, b'x'];
    assert_eq!(Message::decode(&bytes), Err(Malformed::Bytes("insert")));
}
