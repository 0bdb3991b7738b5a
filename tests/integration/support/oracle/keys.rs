//! P1–P4, key by key: the history in the ledger against what the topic says of that key.
//!
//! A correct topic says of a key: perhaps the row as the snapshot saw it (`r`), then every later
//! change once and in order. Changes before the cut may be missing, for the row contains them; or
//! there was no row at the cut, and then the last missing change is a delete.

use super::{Allow, Cut, Truth, Verdict, identity};
use crate::support::record::{Seen, UNKNOWN};
use std::collections::{HashMap, HashSet};

struct Expected {
    op: char,
    ver: i64,
    xid: i64,
    at_us: i64,
}

struct Observed<'a> {
    op: char,
    ver: Option<i64>,
    xid: i64,
    lane: Option<i64>,
    seen: &'a Seen,
}

type Key = (String, String);

/// Answers the transactions of which the snapshot has swallowed a part.
pub fn judge(
    seen: &[Seen],
    truth: &Truth,
    cut: &Cut,
    allow: Allow,
    verdict: &mut Verdict,
) -> HashSet<i64> {
    let mut keys: HashMap<Key, (Vec<Expected>, Vec<Observed<'_>>)> = HashMap::new();
    for e in &truth.entries {
        let (history, _) = keys.entry((e.table.clone(), e.pk.clone())).or_default();
        history.push(Expected { op: e.op, ver: e.ver, xid: e.xid, at_us: e.at_us });
    }
    for s in seen {
        let Some(change) = s.change() else { continue };
        let (pk, ver) = identity(s, change);
        let lane = change.after.as_ref().and_then(|r| r.number("lane"));
        let (_, observed) = keys.entry((s.table.to_string(), pk)).or_default();
        observed.push(Observed { op: change.op, ver, xid: change.xid, lane, seen: s });
    }
    verdict.figure("ledger entries", truth.entries.len() / 2);
    verdict.figure("keys", keys.len());
    let mut partial = HashSet::new();
    for (key, (mut history, observed)) in keys {
        history.sort_by_key(|e| e.ver);
        let one = One { key: &key, history: &history, observed: &observed, allow };
        one.judge(cut.us(&key.0), verdict, &mut partial);
    }
    partial
}

/// One key under examination.
struct One<'a> {
    key: &'a Key,
    history: &'a [Expected],
    observed: &'a [Observed<'a>],
    allow: Allow,
}

impl One<'_> {
    fn judge(&self, cut_us: i64, verdict: &mut Verdict, partial: &mut HashSet<i64>) {
        let partition = self.observed.first().map(|o| o.seen.partition);
        if self.observed.iter().any(|o| Some(o.seen.partition) != partition) {
            verdict.fault("order", self.says("lies in two partitions"));
        }
        let read = self.read(verdict);
        let matched = self.matched(read, verdict);
        if matched.windows(2).any(|w| w[0] > w[1]) {
            verdict.fault("order", self.says("changes are out of order"));
        }
        let first = matched.iter().copied().min().unwrap_or(self.history.len());
        let present: HashSet<usize> = matched.into_iter().collect();
        let missing = (0..self.history.len()).filter(|i| !present.contains(i));
        let mut before_first = Vec::new();
        for i in missing {
            let e = &self.history[i];
            match read {
                _ if i > first => self.lost(e, verdict),
                Some(ver) if e.ver > ver => self.lost(e, verdict),
                _ => before_first.push(e),
            }
        }
        match read {
            Some(ver) => {
                for i in present.iter().filter(|i| self.history[**i].ver <= ver) {
                    let what = format!("version {} was read and streamed", self.history[*i].ver);
                    verdict.fault("duplicate", self.says(&what));
                }
            }
            None => self.without_row(cut_us, first, &mut before_first, verdict),
        }
        partial.extend(before_first.iter().map(|e| e.xid));
    }

    /// The version that the snapshot has read.
    fn read(&self, verdict: &mut Verdict) -> Option<i64> {
        let reads: Vec<_> = self.observed.iter().filter(|o| o.op == 'r').collect();
        let first = reads.first()?;
        verdict.figure("snapshot rows", reads.len());
        if reads.len() > 1 {
            if self.key.0 == "keyless_log" && self.allow.keyless_repeats {
                verdict.figure("keyless repeats", reads.len() - 1);
            } else {
                let what = format!("was read {} times: {}", reads.len(), reads[1].seen.place());
                verdict.fault("duplicate", self.says(&what));
            }
        }
        if self.observed[0].op != 'r' {
            verdict.fault("order", self.says("was streamed before it was read"));
        }
        let ver = first.ver.unwrap_or(-1);
        let real = self.history.iter().any(|e| e.ver == ver && e.op != 'd')
            || ver == 1 && first.lane == Some(-1);
        if !real {
            verdict
                .fault("ghost", self.says(&format!("was read in version {ver}: never committed")));
        }
        Some(ver)
    }

    /// Which entries of the history were streamed, in the order of the topic.
    ///
    /// Of a transaction without a number a delete has nothing but its place: it is the first one
    /// behind what the key was before, `read` to begin with.
    fn matched(&self, read: Option<i64>, verdict: &mut Verdict) -> Vec<usize> {
        let (mut matched, mut taken) = (Vec::new(), HashSet::new());
        let mut floor = read.unwrap_or(0);
        for o in self.observed.iter().filter(|o| o.op != 'r') {
            let fits = |e: &Expected| {
                let xid = e.xid == o.xid || o.xid == UNKNOWN && e.ver > floor;
                e.op == o.op && xid && (o.op == 'd' || Some(e.ver) == o.ver)
            };
            let candidates: Vec<_> =
                (0..self.history.len()).filter(|i| fits(&self.history[*i])).collect();
            let what = || format!("{} xid {} ver {:?} at {}", o.op, o.xid, o.ver, o.seen.place());
            match candidates.iter().find(|i| !taken.contains(*i)) {
                Some(i) => {
                    taken.insert(*i);
                    floor = self.history[*i].ver;
                    matched.push(*i);
                }
                None if candidates.is_empty() => verdict.fault("ghost", self.says(&what())),
                None => verdict.fault("duplicate", self.says(&what())),
            }
        }
        verdict.figure("streamed changes", matched.len());
        matched
    }

    /// The snapshot had no row: then what is missing ends with a delete before the cut.
    fn without_row(
        &self,
        cut_us: i64,
        first: usize,
        missing: &mut Vec<&Expected>,
        verdict: &mut Verdict,
    ) {
        let absent = missing.last().is_none_or(|e| e.op == 'd' && e.at_us <= cut_us);
        let born = self.history.get(first).is_none_or(|e| e.op == 'c');
        if !absent || !born {
            if missing.is_empty() {
                verdict.fault("lost", self.says("its row of the snapshot"));
            }
            for e in missing.drain(..) {
                self.lost(e, verdict);
            }
        }
    }

    fn lost(&self, e: &Expected, verdict: &mut Verdict) {
        let what = format!("{} ver {} of xid {} has no event", e.op, e.ver, e.xid);
        verdict.fault("lost", self.says(&what));
    }

    fn says(&self, what: &str) -> String {
        format!("{} {:?}: {what}", self.key.0, self.key.1)
    }
}
