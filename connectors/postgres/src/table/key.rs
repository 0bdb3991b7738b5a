//! Which columns are the key of a table.

use crate::catalog::Structure;
use crate::pgoutput::Relation;

/// Names of the key's columns, in key order: the primary key, else the unique index.
pub(super) fn columns<'a>(
    relation: &'a Relation,
    structure: Option<&'a Structure>,
) -> Vec<&'a str> {
    let flagged = || {
        let columns = relation.columns.iter().filter(|column| column.key);
        columns.map(|column| column.name.as_str()).collect::<Vec<_>>()
    };
    let from_flags = matches!(relation.identity, b'd' | b'i') && !flagged().is_empty();
    let Some(structure) = structure.filter(|structure| !structure.columns.is_empty()) else {
        return if from_flags { flagged() } else { Vec::new() };
    };
    let names = |names: &'a [String]| names.iter().map(String::as_str).collect::<Vec<_>>();
    let primary = names(&structure.primary);
    // A deferrable primary key is not flagged.
    if relation.identity == b'd' && from_flags {
        // The flags are the primary key of then; the catalog knows its order, if it is still that.
        let (mut now, mut then) = (primary.clone(), flagged());
        now.sort_unstable();
        then.sort_unstable();
        return if now == then { primary } else { flagged() };
    }
    if primary.is_empty() { names(&structure.unique) } else { primary }
}
