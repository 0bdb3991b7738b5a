//! Global transaction identifiers: which transactions are delivered, in the terms of the two servers.
//!
//! ```text
//!  MySQL    uuid[:tag]:number        Set      3e11fa47-…:1-5:7,3e11fa47-…:audit:1-2
//!  MariaDB  domain-server-sequence   Domains  0-1-270,7-1011-4
//! ```
//!
//! Sources: MySQL Reference Manual, "GTID Format and Storage"; MariaDB documentation, "Global
//! Transaction ID".

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A text that is not a set of GTIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a set of global transaction identifiers")
    }
}

impl std::error::Error for Malformed {}

/// Who numbers: the server that a transaction was first committed on, and the tag it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The server's UUID.
    pub uuid: [u8; 16],
    /// The tag, lower case; empty without one (MySQL 8.3 and newer have them).
    pub tag: String,
}

/// One transaction of MySQL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gtid {
    /// Who numbered it.
    pub origin: Origin,
    /// Its number, from 1.
    pub number: u64,
}

/// A run of numbers, both ends part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First number, from 1.
    pub first: u64,
    /// Last number, not smaller than the first.
    pub last: u64,
}

/// A set of MySQL's GTIDs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// Runs of each origin: in order, apart by at least one number. No entry is empty.
    origins: BTreeMap<Origin, Vec<Run>>,
}

impl Set {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Origins with their runs, ordered by UUID and tag.
    pub fn origins(&self) -> impl Iterator<Item = (&Origin, &[Run])> {
        self.origins.iter().map(|(origin, runs)| (origin, runs.as_slice()))
    }

    /// Whether the transaction is in the set.
    pub fn contains(&self, gtid: &Gtid) -> bool {
        let runs = self.origins.get(&gtid.origin);
        runs.is_some_and(|runs| holds(runs, Run { first: gtid.number, last: gtid.number }))
    }

    /// Whether every transaction of `other` is in the set.
    pub fn covers(&self, other: &Set) -> bool {
        other.origins.iter().all(|(origin, runs)| {
            let own = self.origins.get(origin);
            own.is_some_and(|own| runs.iter().all(|run| holds(own, *run)))
        })
    }

    /// Adds one transaction. The next number of a known origin, the common case, costs no
    /// allocation.
    pub fn insert(&mut self, gtid: &Gtid) {
        let run = Run { first: gtid.number, last: gtid.number };
        match self.origins.get_mut(&gtid.origin) {
            Some(runs) => add(runs, run),
            None => drop(self.origins.insert(gtid.origin.clone(), vec![run])),
        }
    }

    /// Takes one transaction out.
    pub fn remove(&mut self, gtid: &Gtid) {
        let run = Run { first: gtid.number, last: gtid.number };
        if let Some(runs) = self.origins.get_mut(&gtid.origin) {
            *runs = without(runs, run);
            if runs.is_empty() {
                self.origins.remove(&gtid.origin);
            }
        }
    }

    /// Adds everything of `other`.
    pub fn merge(&mut self, other: &Set) {
        for (origin, runs) in &other.origins {
            let own = self.origins.entry(origin.clone()).or_default();
            runs.iter().for_each(|run| add(own, *run));
        }
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Set) -> Set {
        let left = self.origins.iter().filter_map(|(origin, runs)| {
            let gone = other.origins.get(origin).map(Vec::as_slice).unwrap_or_default();
            let left = gone.iter().fold(runs.clone(), |left, run| without(&left, *run));
            (!left.is_empty()).then(|| (origin.clone(), left))
        });
        Set { origins: left.collect() }
    }
}

fn holds(runs: &[Run], run: Run) -> bool {
    let after = runs.partition_point(|known| known.first <= run.first);
    let known = after.checked_sub(1).and_then(|place| runs.get(place));
    known.is_some_and(|known| run.last <= known.last)
}

fn add(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(last) if run.first == last.last.saturating_add(1) => last.last = run.last,
        Some(last) if run.first <= last.last => {
            runs.push(run);
            tidy(runs);
        }
        _ => runs.push(run),
    }
}

/// Brings runs into order and joins those that touch.
fn tidy(runs: &mut Vec<Run>) {
    runs.sort_unstable_by_key(|run| run.first);
    let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs.drain(..) {
        match joined.last_mut() {
            Some(last) if run.first <= last.last.saturating_add(1) => {
                last.last = last.last.max(run.last);
            }
            _ => joined.push(run),
        }
    }
    *runs = joined;
}

fn without(runs: &[Run], gone: Run) -> Vec<Run> {
    let mut left = Vec::with_capacity(runs.len() + 1);
    for run in runs {
        if gone.last < run.first || run.last < gone.first {
            left.push(*run);
            continue;
        }
        if run.first < gone.first {
            left.push(Run { first: run.first, last: gone.first - 1 });
        }
        if gone.last < run.last {
            left.push(Run { first: gone.last + 1, last: run.last });
        }
    }
    left
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.uuid.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        if self.tag.is_empty() { Ok(()) } else { write!(f, ":{}", self.tag) }
    }
}

impl fmt::Display for Gtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.origin, self.number)
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (origin, runs)) in self.origins.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{origin}")?;
            for run in runs {
                match run.first == run.last {
                    true => write!(f, ":{}", run.first)?,
                    false => write!(f, ":{}-{}", run.first, run.last)?,
                }
            }
        }
        Ok(())
    }
}

impl FromStr for Set {
    type Err = Malformed;

    /// Reads what `@@gtid_executed` shows: white space anywhere between parts, several tags behind
    /// one UUID.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut set = Set::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut pieces = part.split(':').map(str::trim);
            let mut origin = Origin { uuid: uuid(pieces.next())?, tag: String::new() };
            for piece in pieces {
                if piece.starts_with(|c: char| c.is_ascii_digit()) {
                    let runs = set.origins.entry(origin.clone()).or_default();
                    runs.push(run(piece)?);
                } else {
                    origin.tag = tag(piece)?;
                }
            }
        }
        set.origins.values_mut().for_each(tidy);
        Ok(set)
    }
}

fn uuid(text: Option<&str>) -> Result<[u8; 16], Malformed> {
    let digits = text.ok_or(Malformed)?.bytes().filter(|byte| *byte != b'-');
    let (mut uuid, mut count) = ([0; 16], 0);
    for digit in digits {
        let value = char::from(digit).to_digit(16).ok_or(Malformed)? as u8;
        let byte: &mut u8 = uuid.get_mut(count / 2).ok_or(Malformed)?;
        *byte = *byte << 4 | value;
        count += 1;
    }
    if count == 32 { Ok(uuid) } else { Err(Malformed) }
}

fn tag(text: &str) -> Result<String, Malformed> {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let clean = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if starts && clean && text.len() <= 32 { Ok(text.to_ascii_lowercase()) } else { Err(Malformed) }
}

fn run(text: &str) -> Result<Run, Malformed> {
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| Malformed);
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if first > 0 && first <= last { Ok(Run { first, last }) } else { Err(Malformed) }
}

/// The newest transaction of a domain of MariaDB: everything before it in the domain is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Replication domain.
    pub domain: u32,
    /// Server that committed it.
    pub server: u32,
    /// Number in the domain.
    pub sequence: u64,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.domain, self.server, self.sequence)
    }
}

impl FromStr for Domain {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut pieces = text.trim().split('-');
        let mut next = || pieces.next().ok_or(Malformed);
        let domain = next()?.parse().map_err(|_| Malformed)?;
        let server = next()?.parse().map_err(|_| Malformed)?;
        let sequence = next()?.parse().map_err(|_| Malformed)?;
        if pieces.next().is_some() {
            return Err(Malformed);
        }
        Ok(Domain { domain, server, sequence })
    }
}

/// A position of MariaDB: the newest transaction of each domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains {
    /// (server, sequence) by domain.
    newest: BTreeMap<u32, (u32, u64)>,
}

impl Domains {
    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// The newest transaction of each domain, ordered by domain.
    pub fn newest(&self) -> impl Iterator<Item = Domain> {
        self.newest.iter().map(|(&domain, &(server, sequence))| Domain { domain, server, sequence })
    }

    /// Goes on to `newest` in its domain.
    pub fn reach(&mut self, newest: Domain) {
        self.newest.insert(newest.domain, (newest.server, newest.sequence));
    }

    /// Whether everything up to `other` is included.
    pub fn covers(&self, other: &Domains) -> bool {
        other.newest().all(|theirs| {
            self.newest.get(&theirs.domain).is_some_and(|own| own.1 >= theirs.sequence)
        })
    }
}

impl fmt::Display for Domains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, newest) in self.newest().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{newest}")?;
        }
        Ok(())
    }
}

impl FromStr for Domains {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut domains = Domains::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            domains.reach(part.parse()?);
        }
        Ok(domains)
    }
}

/// Both are stored as the text that the servers show and take.
macro_rules! stored_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

stored_as_text!(Set);
stored_as_text!(Domains);

#[cfg(test)]
#[path = "gtid_tests.rs"]
mod tests;
