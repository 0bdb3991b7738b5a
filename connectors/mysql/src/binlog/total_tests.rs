//! Decoders are total: whatever the bytes are, they answer.

use super::golden;
use super::kind;
use super::*;
use crate::flavor::Flavor;
use proptest::prelude::*;

/// Decodes, and what is decoded on request too.
fn everything(flavor: Flavor, kind: u8, body: &[u8]) {
    let header = Header { kind, ..Header::default() };
    let mut scratch = Vec::new();
    match decode(&header, body, flavor, &mut scratch) {
        Ok(Body::TableMap(event)) => drop(event.decode()),
        Ok(Body::Query(query)) => drop(query.status.read()),
        Ok(Body::PreviousGtids(before)) => drop(before.set()),
        Ok(Body::GtidList(list)) => drop(list.domains()),
        Ok(Body::XaPrepare(xa)) => drop(xa.quoted()),
        Ok(Body::Rows(rows)) => {
            let count = rows.before.count() + rows.after.count();
            assert!(count <= 2 * rows.columns);
        }
        _ => {}
    }
}

#[test]
fn events_cut_anywhere_and_changed_anywhere_are_answered() {
    for (flavor, _, bytes) in golden::events() {
        let header = Header::read(&bytes).unwrap();
        let body = &bytes[Header::LEN..bytes.len() - 4];
        for end in 0..body.len() {
            everything(flavor, header.kind, &body[..end]);
        }
        let mut changed = body.to_vec();
        for place in 0..body.len() {
            for value in [0, 1, 0x7f, 0xfc, 0xfe, 0xff] {
                changed[place] = value;
                everything(flavor, header.kind, &changed);
            }
            changed[place] = body[place];
        }
    }
}

#[test]
fn unknown_kinds_are_refused_unless_they_may_be_passed_over() {
    let mut scratch = Vec::new();
    for number in [0, 1, 43, 99, kind::PARTIAL_ROW_DATA, kind::TRANSACTION_PAYLOAD, 255] {
        let mut header = Header { kind: number, ..Header::default() };
        let found = decode(&header, &[], Flavor::MySql, &mut scratch);
        assert!(matches!(found, Err(Flaw::Unknown)), "{number}");
        header.flags = 0x80;
        let found = decode(&header, &[], Flavor::MySql, &mut scratch);
        assert!(matches!(found, Ok(Body::Passed(_))), "{number}");
    }
}

proptest! {
    #[test]
    fn anything_is_answered(kind: u8, body in prop::collection::vec(any::<u8>(), 0..300)) {
        everything(Flavor::MySql, kind, &body);
        everything(Flavor::MariaDb, kind, &body);
    }
}
