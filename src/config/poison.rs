//! What is done about changes that cannot be told: for a connector, and for tables of it.

use super::choice::{Choice, Poison};
use super::model::{PoisonPolicy, PoisonTable};
use super::pattern::Pattern;
use super::reader::Reader;
use super::setting::{Setting, Wrong};
use config::ValueKind;

/// Most changes in a row that can be asked for.
const LARGEST: i64 = 1_000_000_000;

/// Reads `poison`, `poison_tables` and `poison_limit`.
pub(super) fn read(reader: &mut Reader<'_>) -> PoisonPolicy {
    PoisonPolicy {
        policy: reader.or("poison", Poison::Halt),
        tables: tables(reader),
        limit: reader.number("poison_limit", 1000, 0, LARGEST) as u64,
    }
}

fn tables(reader: &mut Reader<'_>) -> Vec<PoisonTable> {
    const KEY: &str = "poison_tables";
    const EXAMPLE: &str = "[{ table = \"public.orders\", policy = \"skip\" }]";
    let Some(value) = reader.take(KEY) else {
        reader.show(KEY, Some("[]".to_owned()));
        return Vec::new();
    };
    let ValueKind::Array(elements) = &value.kind else {
        reader.wrong(&value, Wrong::wrong_type(KEY, &value, "a list of tables", EXAMPLE));
        return Vec::new();
    };
    let section = reader.path(KEY);
    let mut tables = Vec::new();
    for element in elements {
        if !matches!(element.kind, ValueKind::Table(_)) {
            reader.wrong(element, Wrong::wrong_type(KEY, element, "a list of tables", EXAMPLE));
            continue;
        }
        let mut entry = Reader::element(reader.reading, &section, element.clone());
        let table: Option<Pattern> = entry.required("table", "\"public.orders\"");
        let policy: Option<Poison> = entry.required("policy", "\"skip\"");
        entry.finish();
        tables.extend(table.zip(policy).map(|(table, policy)| PoisonTable { table, policy }));
    }
    reader.reading.shown.retain(|shown| shown.section != section);
    let shown = tables.iter().map(|entry| {
        format!("{{ table = {}, policy = {:?} }}", entry.table.show(), entry.policy.as_str())
    });
    let shown = format!("[{}]", shown.collect::<Vec<_>>().join(", "));
    reader.show(KEY, Some(shown));
    tables
}
