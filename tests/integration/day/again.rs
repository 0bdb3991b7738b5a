//! Judges the rows that were read again beside the stream.

use super::AGAIN;
use crate::support::oracle::Truth;
use crate::support::record::{Row, Seen};
use std::collections::{BTreeMap, HashMap};

/// Whether it is a row that was read again; nothing else repeats what was told.
pub fn is_again(seen: &Seen) -> bool {
    seen.change().is_some_and(|change| change.op == 'r' && change.snapshot == "incremental")
}

/// Everything else.
pub fn without(seen: &[Seen]) -> Vec<Seen> {
    seen.iter().filter(|one| !is_again(one)).cloned().collect()
}

/// A key as the topic has told it so far.
#[derive(Default)]
struct Key<'a> {
    row: Option<&'a Row>,
    /// Whether it was read again.
    again: bool,
    /// Whether anything was told of it since it was asked for.
    fresh: bool,
}

type Keys<'a> = HashMap<(&'a str, String), Key<'a>>;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Rows read again, by table.
    pub told: BTreeMap<String, usize>,
    /// What is wrong.
    pub faults: Vec<String>,
}

/// Each row says what the stream has said up to there, no key is read twice, and of each key in the
/// tables something is told since they were asked for, `from` on.
pub fn judge(seen: &[Seen], truth: &Truth, from: usize) -> Found {
    let (mut keys, mut found) = (Keys::new(), Found::default());
    for (n, one) in seen.iter().enumerate() {
        let (Some(change), Some(key)) = (one.change(), &one.key) else { continue };
        let known = keys.entry((&one.table, key.text())).or_default();
        if is_again(one) {
            let mut fault = |what| found.faults.push(format!("{}: {what}", one.place()));
            if n < from || !AGAIN.contains(&&*one.table) {
                fault("nobody has asked for it");
            }
            if change.after.as_ref() != known.row {
                fault("not what the stream has said");
            }
            if known.again {
                fault("read again twice");
            }
            known.again = true;
            *found.told.entry(one.table.to_string()).or_default() += 1;
        }
        known.row = change.after.as_ref();
        known.fresh |= n >= from;
    }
    for table in AGAIN {
        lost(table, seen, &keys, truth, &mut found.faults);
    }
    found
}

fn lost(table: &str, seen: &[Seen], keys: &Keys<'_>, truth: &Truth, faults: &mut Vec<String>) {
    let columns = seen.iter().filter(|one| &*one.table == table).find_map(|one| one.key.as_ref());
    let Some(columns) = columns.map(|key| &key.names) else {
        return faults.push(format!("{table}: nothing was told"));
    };
    for row in &truth.tables[table] {
        let key = row.join(columns);
        if !keys.get(&(table, key.clone())).is_some_and(|known| known.fresh) {
            faults.push(format!("{table} {key:?}: not read again"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::record::{Body, Change, UNKNOWN};

    fn row(id: i64, ver: i64) -> Row {
        let cells = vec![Some(id.to_string()), Some(ver.to_string())];
        Row { names: ["id".to_owned(), "ver".to_owned()].into(), cells }
    }

    fn seen(table: &str, op: char, id: i64, ver: i64) -> Seen {
        let snapshot = if op == 'R' { "incremental" } else { "false" }.to_owned();
        let after = (op != 'd').then(|| row(id, ver));
        let op = op.to_ascii_lowercase();
        let (before, tx, block) = (None, String::new(), None);
        let change = Change { op, before, after, tx, xid: UNKNOWN, snapshot, block };
        let key = Row { names: ["id".to_owned()].into(), cells: vec![Some(id.to_string())] };
        let (table, body) = (table.into(), Body::Change(change));
        Seen { table, partition: 0, offset: 0, at_ms: 0, read_us: 0, key: Some(key), body }
    }

    /// What is found in the records of `items` behind those of the first reading.
    fn faults(records: &[(char, i64, i64)]) -> Vec<String> {
        let first = [("items", 'r', 1), ("items", 'r', 2), ("pairs", 'r', 1)];
        let mut all: Vec<_> = first.iter().map(|(t, op, id)| seen(t, *op, *id, 1)).collect();
        all.push(seen("pairs", 'R', 1, 1));
        all.extend(records.iter().map(|(op, id, ver)| seen("items", *op, *id, *ver)));
        let tables = [("items", vec![row(1, 1), row(2, 1)]), ("pairs", vec![row(1, 1)])];
        let tables = tables.into_iter().map(|(name, rows)| (name.to_owned(), rows)).collect();
        judge(&all, &Truth { entries: Vec::new(), tables }, 3).faults
    }

    #[test]
    fn what_is_read_again_is_told_once_and_in_order() {
        assert!(faults(&[('R', 1, 1), ('R', 2, 1)]).is_empty());
        assert!(faults(&[('u', 1, 2), ('R', 1, 2), ('u', 2, 2)]).is_empty());
        for (records, what) in [
            (&[('R', 1, 1)][..], "items \"2\": not read again"),
            (&[('R', 1, 1), ('R', 2, 1), ('R', 1, 1)], "read again twice"),
            (&[('u', 1, 2), ('R', 1, 1), ('R', 2, 1)], "not what the stream has said"),
            (&[('d', 1, 1), ('R', 1, 1), ('R', 2, 1)], "not what the stream has said"),
        ] {
            let found = faults(records);
            assert!(found.len() == 1 && found[0].ends_with(what), "{found:?}, not {what}");
        }
    }
}
