//! Negative controls: a stream that is right passes the oracle, and each way of spoiling it is
//! caught, by the property that it breaks.

use super::ideal::Ideal;
use super::oracle::{Allow, judge, torn};
use super::record::{Body, Change, Seen, transaction};
use super::stack::Dialect;
use super::workload::LEDGER;

/// Spoils a faultless stream of each database and requires that the named kinds, at least, are found.
fn caught(spoil: impl Fn(&mut Ideal), kinds: &[&str]) {
    for dialect in DIALECTS {
        let mut ideal = Ideal::new(dialect);
        let truth = ideal.truth();
        spoil(&mut ideal);
        let verdict = judge(&ideal.seen, &truth, Allow::default());
        for kind in kinds {
            assert!(verdict.faults.contains_key(kind), "{dialect:?}: no {kind}:\n{verdict}");
        }
    }
}

const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::MySql, Dialect::MariaDb];

fn change(seen: &mut Seen) -> &mut Change {
    match &mut seen.body {
        Body::Change(change) => change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_right_stream_passes() {
    for dialect in DIALECTS {
        let ideal = Ideal::new(dialect);
        let verdict = judge(&ideal.seen, &ideal.truth(), Allow::default());
        assert!(verdict.faults.is_empty(), "{dialect:?}: {verdict}");
        assert!(verdict.figures["streamed changes"] > 150, "{verdict}");
        assert!(torn(&ideal.seen).is_empty());
    }
}

#[test]
fn a_change_that_is_missing() {
    caught(|i| drop(i.seen.remove(i.nth("items", 'u', 3))), &["lost", "transaction", "chain"]);
    caught(|i| drop(i.seen.remove(i.nth(LEDGER, 'c', 20))), &["lost", "transaction", "state"]);
    caught(|i| drop(i.seen.remove(i.nth("keyless_log", 'c', 1))), &["lost", "state"]);
}

#[test]
fn a_delete_that_is_missing_with_its_tombstone() {
    caught(
        |i| {
            let at = i.nth("items", 'd', 1);
            i.seen.drain(at..at + 2);
        },
        &["lost"],
    );
}

#[test]
fn a_snapshot_row_that_is_missing() {
    caught(|i| drop(i.seen.remove(i.nth("items", 'r', 1))), &["lost"]);
}

#[test]
fn a_snapshot_row_that_came_twice() {
    caught(|i| i.seen.insert(5, i.seen[2].clone()), &["duplicate"]);
}

#[test]
fn a_change_that_came_twice() {
    let twice = |at: usize, i: &mut Ideal| i.seen.insert(at + 1, i.seen[at].clone());
    caught(|i| twice(i.nth("items", 'u', 3), i), &["duplicate", "transaction"]);
    caught(|i| twice(i.nth(LEDGER, 'c', 3), i), &["duplicate", "transaction"]);
    caught(|i| twice(i.nth("keyless_log", 'c', 1), i), &["duplicate", "transaction"]);
}

#[test]
fn a_whole_transaction_that_came_twice() {
    caught(
        |i| {
            let end =
                i.seen.iter().rposition(|s| matches!(&s.body, Body::Mark(m) if !m.begin)).unwrap();
            let begin =
                i.seen.iter().rposition(|s| matches!(&s.body, Body::Mark(m) if m.begin)).unwrap();
            let again = i.seen[begin..=end].to_vec();
            i.seen.extend(again);
        },
        &["duplicate", "transaction"],
    );
}

#[test]
fn a_change_that_was_rolled_back() {
    caught(
        |i| {
            let mut ghost = i.seen[i.nth("items", 'u', 3)].clone();
            ghost.at_ms = i.seen.last().unwrap().at_ms;
            let (id, tx, xid) = i.names_of(5);
            let leaked = change(&mut ghost);
            (leaked.tx, leaked.xid) = (tx, xid);
            leaked.block.as_mut().unwrap().id = id;
            i.seen.push(ghost);
        },
        &["ghost", "transaction"],
    );
    // Undone by a savepoint: part of a transaction that was committed.
    caught(
        |i| {
            let mut ghost = i.seen[i.nth("items", 'u', 3)].clone();
            change(&mut ghost).after.as_mut().unwrap().cells[2] = Some("99".into());
            i.seen.push(ghost);
        },
        &["ghost", "transaction"],
    );
}

#[test]
fn two_transactions_under_one_name() {
    caught(
        |i| {
            let id = |s: &Seen| s.change().and_then(|c| c.block.clone()).map(|b| b.id);
            let first = id(&i.seen[i.nth(LEDGER, 'c', 0)]).unwrap();
            let second = i.seen.iter().filter_map(id).find(|id| *id != first).unwrap();
            for s in &mut i.seen {
                match &mut s.body {
                    Body::Change(Change { block: Some(b), tx, .. }) if b.id == second => {
                        b.id.clone_from(&first);
                        transaction(&first).unwrap().0.clone_into(tx);
                    }
                    _ => {}
                }
            }
        },
        &["transaction"],
    );
}

#[test]
fn a_snapshot_row_that_was_never_committed() {
    caught(
        |i| {
            let row = change(&mut i.seen[0]).after.as_mut().unwrap();
            row.cells[2] = Some("99".into());
        },
        &["ghost"],
    );
}

#[test]
fn two_changes_of_a_key_in_the_wrong_order() {
    caught(
        |i| {
            let a = i.nth("items", 'u', 0);
            let key = i.seen[a].key.clone();
            let next = |s: &Seen| s.key == key && s.change().is_some_and(|c| c.op == 'u');
            let b = a + 1 + i.seen[a + 1..].iter().position(next).unwrap();
            i.seen.swap(a, b);
        },
        &["order", "chain"],
    );
}

#[test]
fn a_key_in_two_partitions() {
    caught(
        |i| {
            let at = i.nth("items", 'u', 5);
            i.seen[at].partition = 1
        },
        &["order"],
    );
}

#[test]
fn an_older_change_that_came_again_at_the_end() {
    caught(
        |i| {
            let stale = i.seen[i.nth("items", 'u', 0)].clone();
            i.seen.push(stale);
        },
        &["duplicate", "chain", "state", "transaction"],
    );
}

#[test]
fn a_value_that_is_wrong() {
    caught(
        |i| {
            let at = i.nth("items", 'u', 2);
            change(&mut i.seen[at]).after.as_mut().unwrap().cells[3] = Some("wrong".into());
        },
        &["value"],
    );
    caught(
        |i| {
            let at = i.nth("keyless_log", 'c', 1);
            change(&mut i.seen[at]).after.as_mut().unwrap().cells[2] = Some("wrong".into());
        },
        &["state"],
    );
}

#[test]
fn a_before_that_is_wrong() {
    caught(
        |i| {
            let at = i.nth("items", 'u', 2);
            change(&mut i.seen[at]).before.as_mut().unwrap().cells[3] = Some("wrong".into());
        },
        &["chain"],
    );
}

#[test]
fn a_tombstone_that_is_missing() {
    caught(
        |i| {
            let at = i.seen.iter().position(|s| s.body == Body::Tombstone).unwrap();
            i.seen.remove(at);
        },
        &["tombstone"],
    );
}

#[test]
fn an_end_that_is_missing() {
    let spoil = |i: &mut Ideal| {
        let at = i.seen.iter().position(|s| matches!(&s.body, Body::Mark(m) if !m.begin)).unwrap();
        i.seen.remove(at);
    };
    caught(spoil, &["transaction"]);
    let mut ideal = Ideal::new(Dialect::MySql);
    spoil(&mut ideal);
    assert_eq!(torn(&ideal.seen).len(), 1);
}

#[test]
fn an_end_that_counts_wrong_or_commits_that_go_back() {
    let end = |i: &Ideal, n| {
        let is = |s: &(usize, &Seen)| matches!(&s.1.body, Body::Mark(m) if !m.begin);
        i.seen.iter().enumerate().filter(is).nth(n).unwrap().0
    };
    caught(
        |i| {
            let at = end(i, 4);
            let Body::Mark(mark) = &mut i.seen[at].body else { return };
            mark.events += 1;
        },
        &["transaction"],
    );
    caught(
        |i| {
            // The first transaction moves behind all others.
            let at = end(i, 0);
            let moved: Vec<_> = i.seen.drain(5..=at).collect();
            i.seen.extend(moved);
        },
        &["transaction"],
    );
}

#[test]
fn the_end_of_the_stream_that_is_cut_off() {
    caught(|i| i.seen.truncate(i.seen.len() - 4), &["lost", "transaction"]);
    let mut ideal = Ideal::new(Dialect::MySql);
    ideal.seen.truncate(ideal.seen.len() - 1);
    assert_eq!(torn(&ideal.seen).len(), 1);
}

#[test]
fn a_record_that_nobody_can_decode() {
    caught(|i| i.seen[7].body = Body::Broken("value: nonsense".into()), &["decode"]);
}
