//! P7: what a consumer rebuilds from the topics, and the records' own consistency on the way.

use super::{Allow, Truth, Verdict};
use crate::support::record::{Body, Change, Row, Seen};
use crate::support::workload::{item_mark, pair_mark};
use std::collections::{BTreeMap, BTreeSet, HashMap};

type Tables<'a> = BTreeMap<String, HashMap<String, &'a Row>>;

/// Replays the topics and compares the outcome with the tables.
pub fn judge(seen: &[Seen], truth: &Truth, allow: Allow, verdict: &mut Verdict) {
    let mut tables = Tables::new();
    let mut key_columns: HashMap<String, Vec<String>> = HashMap::new();
    // Deletes whose tombstone must be the next record of the key.
    let mut awaited: BTreeMap<(String, String), String> = BTreeMap::new();
    for s in seen {
        if let Some(key) = &s.key {
            key_columns.entry(s.table.to_string()).or_insert_with(|| key.names.to_vec());
            let id = (s.table.to_string(), key.text());
            let tombstone = s.body == Body::Tombstone;
            match awaited.remove(&id) {
                Some(delete) if !tombstone => {
                    verdict.fault("tombstone", format!("{delete}: not followed by a tombstone"));
                }
                None if tombstone => {
                    verdict.fault("tombstone", format!("{}: without a delete", s.place()));
                }
                _ => {}
            }
            if s.change().is_some_and(|c| c.op == 'd') {
                awaited.insert(id, s.place());
            }
        }
        if let Body::Change(change) = &s.body {
            apply(s, change, tables.entry(s.table.to_string()).or_default(), allow, verdict);
        }
    }
    for delete in awaited.into_values() {
        verdict.fault("tombstone", format!("{delete}: the last delete has no tombstone"));
    }
    for (table, rows) in &truth.tables {
        let rebuilt = tables.remove(table).unwrap_or_default();
        verdict.figure("rows compared", rows.len());
        compare((table, key_columns.get(table)), rows, &rebuilt, allow, verdict);
    }
}

fn apply<'a>(
    s: &Seen,
    change: &'a Change,
    table: &mut HashMap<String, &'a Row>,
    allow: Allow,
    verdict: &mut Verdict,
) {
    let image = match (change.op, &change.after, &change.before) {
        ('d', None, Some(row)) | ('c' | 'u' | 'r', Some(row), _) => row,
        _ => {
            return verdict
                .fault("chain", format!("{}: wrong images for {}", s.place(), change.op));
        }
    };
    let id = s.key.as_ref().map_or_else(|| image.text(), Row::text);
    if let Some(key) = &s.key {
        if key.text() != image.join(&key.names) {
            verdict.fault("chain", format!("{}: key {key:?} of row {image:?}", s.place()));
        }
        let state = table.get(&id).copied();
        chain(s, change, state, allow, verdict);
    }
    if let Some(row) = &change.after {
        let whole = !allow.minimal || change.op != 'u';
        if whole && !mark_fits(&s.table, row) {
            verdict.fault("value", format!("{}: the mark does not fit {row:?}", s.place()));
        }
        table.insert(id, row);
    } else {
        table.remove(&id);
    }
}

/// The state that was delivered before must be the one that this change starts from.
fn chain(s: &Seen, change: &Change, state: Option<&Row>, allow: Allow, verdict: &mut Verdict) {
    // Only items has REPLICA IDENTITY FULL; elsewhere `before` is the key at most.
    let full = &*s.table == "items" && !allow.minimal;
    let before = change.before.as_ref();
    match (change.op, state) {
        ('c', Some(_)) => {
            verdict.fault("chain", format!("{}: create of a present key", s.place()));
        }
        ('u' | 'd', None) => {
            verdict.fault("chain", format!("{}: {} of an absent key", s.place(), change.op));
        }
        ('u' | 'd', Some(state)) if full && !before.is_some_and(|b| allow.same(b, state)) => {
            let what = format!("{}: before {:?} after {state:?}", s.place(), change.before);
            verdict.fault("chain", what);
        }
        _ => {}
    }
}

fn mark_fits(table: &str, row: &Row) -> bool {
    let cell = |name| row.get(name).unwrap_or_default();
    // Columns of tests that alter a table: their default, which nobody ever changes.
    let extra = |name: &String| name.strip_prefix("extra_").map(|n| format!("none {n}"));
    if row.names.iter().zip(&row.cells).any(|(name, c)| extra(name).is_some_and(|e| *c != Some(e)))
    {
        return false;
    }
    match (table, row.number("mark")) {
        (_, Some(0)) => true,
        ("items", Some(mark)) => {
            let id = row.number("id").unwrap_or_default();
            mark == item_mark(id, row.get("v"), cell("n"), cell("flag") == "true")
        }
        ("pairs", Some(mark)) => {
            mark == pair_mark(row.number("a").unwrap_or_default() as i32, cell("b"), cell("v"))
        }
        (_, mark) => mark.is_none(),
    }
}

fn compare(
    (table, key): (&str, Option<&Vec<String>>),
    rows: &[Row],
    rebuilt: &HashMap<String, &Row>,
    allow: Allow,
    verdict: &mut Verdict,
) {
    let mut ids = BTreeSet::new();
    for row in rows {
        let id = key.map_or_else(|| row.text(), |key| row.join(key));
        match rebuilt.get(&id) {
            None => verdict.fault("state", format!("{table} {id:?}: the row is not rebuilt")),
            Some(got) if !allow.same(got, row) => {
                verdict.fault("state", format!("{table}: {row:?} is rebuilt as {got:?}"));
            }
            Some(_) => {}
        }
        ids.insert(id);
    }
    for id in rebuilt.keys().filter(|id| !ids.contains(*id)) {
        verdict.fault("state", format!("{table} {id:?}: rebuilt, but there is no such row"));
    }
}
