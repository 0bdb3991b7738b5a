//! Events as real servers wrote them (MySQL 9.7, MariaDB 10.11), for the tests: `name bytes` in
//! hexadecimal, with their checksums.

use crate::flavor::Flavor;

/// Every event: whose, its name, its bytes.
pub(crate) fn events() -> Vec<(Flavor, &'static str, Vec<u8>)> {
    let files = [
        (Flavor::MySql, include_str!("fixtures/mysql.hex")),
        (Flavor::MariaDb, include_str!("fixtures/mariadb.hex")),
    ];
    let mut events = Vec::new();
    for (flavor, file) in files {
        for line in file.lines() {
            let (name, digits) = line.split_once(' ').unwrap();
            let byte = |place: usize| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
            events.push((flavor, name, (0..digits.len()).step_by(2).map(byte).collect()));
        }
    }
    events
}

/// One of them.
pub(crate) fn event(flavor: Flavor, name: &str) -> Vec<u8> {
    let found = events().into_iter().find(|(f, n, _)| *f == flavor && *n == name);
    found.expect("a fixture of this name").2
}
