//! Which transaction of the ledger each change belongs to, where the source has only a GTID.
//!
//! Every transaction writes its own number into the ledger, so the ledger's rows among the changes of
//! one GTID name it. Two numbers under one GTID, or one number under two, are faults.

use super::{Cut, Verdict};
use crate::support::record::{Body, Seen, UNKNOWN};
use crate::support::workload::LEDGER;
use std::collections::HashMap;

/// The records, with the ledger's number in each streamed change.
pub fn resolve(seen: &[Seen], cut: &Cut, verdict: &mut Verdict) -> Vec<Seen> {
    let (mut numbers, mut ids) = (HashMap::new(), HashMap::new());
    for s in seen.iter().filter(|s| &*s.table == LEDGER) {
        let Some(change) = s.change().filter(|c| c.op != 'r') else { continue };
        let (Some(block), Some(row)) = (&change.block, &change.after) else { continue };
        let xid = row.number("xid").unwrap_or(UNKNOWN);
        let (first, id) = (*numbers.entry(block.id.clone()).or_insert(xid), block.id.as_str());
        if first != xid {
            let what = format!("{}: {id} has rows of {first} and {xid}", s.place());
            verdict.fault("transaction", what);
        }
        if *ids.entry(xid).or_insert(id) != id {
            verdict.fault("transaction", format!("{}: {xid} is also in {}", s.place(), ids[&xid]));
        }
    }
    let mut named = seen.to_vec();
    for s in &mut named {
        let Body::Change(change) = &mut s.body else { continue };
        if change.op == 'r' || change.xid != UNKNOWN {
            continue;
        }
        if let Some(xid) = change.block.as_ref().and_then(|b| numbers.get(&b.id)) {
            change.xid = *xid;
        } else if s.at_ms * 1_000 > cut.us(&s.table).max(cut.us(LEDGER)) {
            // Later than anything that a snapshot swallows.
            let what = format!("{}[{}]@{}", s.table, s.partition, s.offset);
            verdict.fault("ghost", format!("{what}: a transaction that is not in the ledger"));
        }
    }
    named
}
