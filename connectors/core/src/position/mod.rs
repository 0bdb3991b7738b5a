//! Where in a database's log: what is stored, compared and confirmed.

pub mod gtid;

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A point in one server's log up to which everything is delivered.
///
/// Positions are compared by [`Position::covers`] and never ordered: GTID sets have no order, and
/// two servers have no common log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Identity of the server: PostgreSQL's system identifier. Where the log names transactions
    /// the same on every server of a cluster (GTIDs), the kind of server.
    pub server: String,
    /// The end of the last transaction that is delivered whole.
    pub log: Log,
    /// How much of the next transaction is delivered too, where it had to be split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// A place in a log, in the server's own terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Log {
    /// PostgreSQL: the end LSN of a commit, a byte position in the WAL.
    Lsn(u64),
    /// MySQL: the transactions that are delivered, and where the newest of them ended.
    Gtids {
        /// Every transaction delivered or never to be.
        set: gtid::Set,
        /// Log file of this server, for people.
        file: Arc<str>,
        /// Byte offset in it.
        pos: u64,
    },
    /// MariaDB: the newest transaction of each domain, and where the newest of them ended.
    Domains {
        /// The newest transaction of each domain.
        newest: gtid::Domains,
        /// Log file of this server, for people.
        file: Arc<str>,
        /// Byte offset in it.
        pos: u64,
    },
}

/// The delivered beginning of a transaction that is larger than a Kafka transaction may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Identity of the transaction (PostgreSQL: `xid:commit LSN`).
    pub transaction: String,
    /// Number of the last delivered change, counted from 1 as received, before any filter.
    pub k: u64,
    /// Whether logical messages were counted too: the rest of the transaction is counted alike,
    /// whatever is configured meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub messages: bool,
}

impl Position {
    /// A position between two transactions.
    pub fn at(server: impl Into<String>, log: Log) -> Self {
        Self { server: server.into(), log, part: None }
    }

    /// The LSN, for a source whose log has them; 0 in any other log, which covers nothing there.
    pub fn lsn(&self) -> u64 {
        match self.log {
            Log::Lsn(lsn) => lsn,
            Log::Gtids { .. } | Log::Domains { .. } => 0,
        }
    }

    /// Whether everything up to `other` is delivered when everything up to `self` is.
    pub fn covers(&self, other: &Position) -> bool {
        if self.server != other.server {
            return false;
        }
        let (covers, covered) = (self.log.covers(&other.log), other.log.covers(&self.log));
        match (covers, covered) {
            (true, true) => match (&self.part, &other.part) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(a), Some(b)) => a.transaction == b.transaction && a.k >= b.k,
            },
            (covers, _) => covers,
        }
    }
}

impl Log {
    /// Whether everything up to `other` lies before `self`. Logs of two kinds have nothing to do
    /// with each other.
    fn covers(&self, other: &Log) -> bool {
        match (self, other) {
            (Log::Lsn(a), Log::Lsn(b)) => a >= b,
            (Log::Gtids { set: a, .. }, Log::Gtids { set: b, .. }) => a.covers(b),
            (Log::Domains { newest: a, .. }, Log::Domains { newest: b, .. }) => a.covers(b),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(lsn: u64, k: u64) -> Position {
        let part = Some(Part { transaction: "7:99".into(), k, messages: false });
        Position { part, ..Position::at("s", Log::Lsn(lsn)) }
    }

    #[test]
    fn a_later_commit_covers_an_earlier_one_and_its_parts() {
        let (a, b) = (Position::at("s", Log::Lsn(10)), Position::at("s", Log::Lsn(20)));
        assert!(b.covers(&a) && !a.covers(&b) && a.covers(&a));
        assert!(part(10, 3).covers(&a) && !a.covers(&part(10, 3)));
        assert!(part(10, 3).covers(&part(10, 2)) && !part(10, 2).covers(&part(10, 3)));
        assert!(b.covers(&part(10, 3)));
    }

    #[test]
    fn sets_of_transactions_have_no_order() {
        let at = |set: &str| {
            let (set, file) = (set.parse().unwrap(), "bin.000001".into());
            Position::at("mysql", Log::Gtids { set, file, pos: 4 })
        };
        let (a, b) =
            ("3e11fa47-71ca-11e1-9e33-c80aa9429562", "3e11fa47-71ca-11e1-9e33-c80aa9429563");
        let (one, two) = (at(&format!("{a}:1-5")), at(&format!("{b}:1-5")));
        assert!(!one.covers(&two) && !two.covers(&one));
        assert!(at(&format!("{a}:1-5,{b}:1-5")).covers(&one));
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Position>(&text).unwrap(), one);
    }

    #[test]
    fn another_server_covers_nothing() {
        let a = Position::at("s", Log::Lsn(10));
        assert!(!Position::at("t", Log::Lsn(20)).covers(&a));
    }

    #[test]
    fn stored_form_is_stable() {
        let text = serde_json::to_string(&part(10, 3)).unwrap();
        assert_eq!(text, r#"{"server":"s","log":{"lsn":10},"part":{"transaction":"7:99","k":3}}"#);
        assert_eq!(serde_json::from_str::<Position>(&text).unwrap(), part(10, 3));
    }
}
