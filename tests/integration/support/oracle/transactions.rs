//! P5 and P6: the transaction topic against the events, and both against the log's order.

use super::Verdict;
use crate::support::consumer::BULK;
use crate::support::record::{Block, Body, Mark, Seen, UNKNOWN, transaction};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is known of one transaction.
#[derive(Default)]
struct Found<'a> {
    begins: usize,
    ends: Vec<&'a Mark>,
    events: Vec<(&'a str, &'a Block)>,
    /// What the ledger calls it, if that is known.
    xid: Option<i64>,
    /// When the first part of it came, milliseconds.
    at_ms: i64,
}

fn collect(seen: &[Seen]) -> BTreeMap<&str, Found<'_>> {
    let mut found: BTreeMap<&str, Found<'_>> = BTreeMap::new();
    for s in seen {
        match &s.body {
            Body::Mark(mark) => {
                let one = found.entry(&mark.id).or_default();
                one.at_ms = s.at_ms;
                if mark.begin { one.begins += 1 } else { one.ends.push(mark) }
            }
            Body::Change(change) if change.op != 'r' => {
                if let Some(block) = &change.block {
                    let one = found.entry(&block.id).or_default();
                    one.events.push((&s.table, block));
                    one.xid = one.xid.or(Some(change.xid).filter(|xid| *xid != UNKNOWN));
                }
            }
            _ => {}
        }
    }
    found
}

/// The transactions that are visible in part. Asked while nothing is under way, this is empty.
///
/// The snapshot swallows parts of transactions; so until two seconds after its last row only a
/// missing END counts.
pub fn torn(seen: &[Seen]) -> Vec<String> {
    let strict = strict(seen);
    let mut torn = Vec::new();
    for (id, found) in collect(seen) {
        let Some(end) = found.ends.first() else {
            torn.push(format!("{id}: {} events, no END", found.events.len()));
            continue;
        };
        if found.at_ms > strict && counted(end) != found.events.len() as i64 {
            torn.push(format!("{id}: {} events, END says {}", found.events.len(), end.events));
        }
    }
    torn
}

/// From when on no snapshot swallows parts of transactions, milliseconds since 1970.
fn strict(seen: &[Seen]) -> i64 {
    let reads = seen.iter().filter(|s| s.change().is_some_and(|c| c.op == 'r'));
    reads.map(|s| s.at_ms).max().unwrap_or(0) + 2_000
}

/// Events that the END announces, but for the bulk, whose events are not kept.
fn counted(end: &Mark) -> i64 {
    let bulk = end.tables.iter().find(|(table, _)| table == BULK);
    end.events - bulk.map_or(0, |(_, n)| *n)
}

/// Whole transactions, in the log's order. `partial`: those the snapshot has swallowed parts of.
pub fn judge(seen: &[Seen], partial: &HashSet<i64>, verdict: &mut Verdict) {
    let mut without = 0;
    for s in seen {
        let Some(change) = s.change().filter(|c| c.op != 'r') else { continue };
        match change.block.as_ref().map(|b| transaction(&b.id)) {
            None => without += 1,
            Some(Some((tx, _))) if tx == change.tx => {}
            Some(_) => verdict.fault("transaction", format!("{}: a foreign block", s.place())),
        }
    }
    if without > 0 {
        verdict.fault("transaction", format!("{without} events without a transaction block"));
    }
    let (all, strict) = (collect(seen), strict(seen));
    verdict.figure("transactions", all.len());
    for (id, found) in all {
        let xid = found.xid.or_else(|| transaction(id)?.0.parse().ok());
        let whole = xid.map_or(found.at_ms > strict, |xid| !partial.contains(&xid));
        if let Err(what) = examine(&found, whole) {
            verdict.fault("transaction", format!("{id}: {what}"));
        }
    }
    log_order(seen, verdict);
}

fn examine(found: &Found<'_>, whole: bool) -> Result<(), String> {
    let end = match (found.begins, found.ends.as_slice()) {
        (1, [end]) => end,
        (begins, ends) => return Err(format!("{begins} BEGIN, {} END", ends.len())),
    };
    let n = found.events.len() as i64;
    let mut orders: Vec<_> = found.events.iter().map(|(_, b)| b.total_order).collect();
    orders.sort_unstable();
    if !whole {
        orders.dedup();
        let fits = orders.len() as i64 == n && orders.last().is_none_or(|o| *o <= end.events);
        return if fits { Ok(()) } else { Err(format!("total_order {orders:?}")) };
    }
    if counted(end) != n {
        return Err(format!("END says {} events, there are {n}", end.events));
    }
    if end.tables.iter().any(|(table, _)| table == BULK) {
        return Ok(());
    }
    if orders != (1..=n).collect::<Vec<_>>() {
        return Err(format!("total_order {orders:?}"));
    }
    let mut tables: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (table, block) in &found.events {
        tables.entry(table).or_default().push(block.collection_order);
    }
    let counts: BTreeMap<_, _> = tables.iter().map(|(t, o)| (*t, o.len() as i64)).collect();
    let said: BTreeMap<_, _> = end.tables.iter().map(|(t, n)| (t.as_str(), *n)).collect();
    if counts != said {
        return Err(format!("END says {said:?}, there are {counts:?}"));
    }
    for (table, mut orders) in tables {
        orders.sort_unstable();
        if orders != (1..=counts[table]).collect::<Vec<_>>() {
            return Err(format!("{table}: data_collection_order {orders:?}"));
        }
    }
    Ok(())
}

/// In each partition commits never go back; the transaction topic alternates BEGIN and END.
fn log_order(seen: &[Seen], verdict: &mut Verdict) {
    let mut newest: HashMap<(&str, i32), i64> = HashMap::new();
    let mut open: Option<&str> = None;
    for s in seen {
        let id = match &s.body {
            Body::Mark(mark) => {
                let expected = if mark.begin { None } else { Some(mark.id.as_str()) };
                if open != expected {
                    let what = format!("{}: {mark:?} while {open:?} is open", s.place());
                    verdict.fault("transaction", what);
                }
                open = mark.begin.then_some(mark.id.as_str());
                &mark.id
            }
            Body::Change(change) if change.op != 'r' => match &change.block {
                Some(block) => &block.id,
                None => continue,
            },
            _ => continue,
        };
        let Some((_, lsn)) = transaction(id) else {
            verdict.fault("transaction", format!("{}: id {id}", s.place()));
            continue;
        };
        let last = newest.entry((&s.table, s.partition)).or_insert(lsn);
        if lsn < *last {
            verdict.fault("transaction", format!("{}: {id} after a commit at {last}", s.place()));
        }
        *last = lsn.max(*last);
    }
}
