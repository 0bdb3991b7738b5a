//! What somebody may have meant.

/// The one of `known` that is nearest to `word`, if it is near enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|name| (distance(&word.to_lowercase(), name), *name));
    let best = near.min_by_key(|(distance, _)| *distance)?;
    (best.0 <= 1 + word.chars().count() / 4).then_some(best.1)
}

/// Number of letters to add, drop, replace or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut new = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&old, j) + usize::from(x != y);
            best = best.min(at(&old, j + 1) + 1).min(at(&new, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(at(&older, j - 1) + 1);
            }
            new.push(best);
        }
        older = std::mem::replace(&mut old, new);
    }
    old.last().copied().unwrap_or_default()
}

/// The setting that has this name in other tools.
pub(super) fn synonym(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().replace(['.', '-'], "_").as_str() {
        "bootstrap_servers" | "bootstrap" | "servers" => "brokers",
        "host" | "hostname" | "user" | "username" | "dbname" | "database" | "dsn" => "url",
        "table" | "include_tables" | "table_include_list" => "tables",
        "table_exclude_list" => "exclude_tables",
        "snapshot_mode" => "snapshot",
        "prefix" | "server_name" => "topic_prefix",
        "slot_name" => "slot",
        "publication_name" => "publication",
        "database_server_id" | "serverid" => "server_id",
        "include_schema_changes" => "schema_changes",
        "bigint_unsigned_handling_mode" => "bigint_unsigned",
        "heartbeat_interval" | "heartbeat_interval_ms" => "heartbeat",
        "ssl" | "sslmode" => "tls",
        "replication_factor" => "replication",
        "tombstones_on_delete" => "tombstones",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_nonsense_is_not() {
        let known = ["topic_prefix", "tables", "slot", "url"];
        assert_eq!(nearest("topic_prefx", &known), Some("topic_prefix"));
        assert_eq!(nearest("tabels", &known), Some("tables"));
        assert_eq!(nearest("Slot", &known), Some("slot"));
        assert_eq!(nearest("compression", &known), None);
        assert_eq!((distance("ab", "ba"), distance("", "abc"), distance("abc", "abc")), (1, 3, 0));
    }
}
