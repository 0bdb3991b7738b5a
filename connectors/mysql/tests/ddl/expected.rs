//! What the server says of a table, compared with a structure.

use crate::server::Server;
use mysql_async::Row;
use mysql_async::prelude::Queryable;
use std::collections::BTreeMap;
use walbrook_mysql::flavor::Flavor;
use walbrook_mysql::structure::{Base, Column, Default, Generated, Structure};

/// Differences to `information_schema` and SHOW INDEX.
pub(crate) async fn differences(structure: &Structure, server: &mut Server) -> Vec<String> {
    let mut wrong = columns(structure, server).await;
    let sql = format!(
        "show index from `{}` from `{}`",
        structure.name.replace('`', "``"),
        structure.database
    );
    let rows: Vec<Row> = server.conn.query(sql).await.unwrap();
    let mut order = Vec::new();
    let mut unique: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    let mut other = Vec::new();
    for row in rows {
        let name: String = row.get("Key_name").unwrap();
        if row.get::<u8, _>("Non_unique").unwrap() == 1 {
            other.push(name);
            continue;
        }
        if !order.contains(&name) {
            order.push(name.clone());
        }
        unique.entry(name).or_default().push(row.get("Column_name").unwrap());
    }
    let keys: Vec<(String, Vec<String>)> = order
        .iter()
        .filter(|name| unique[*name].iter().all(Option::is_some))
        .map(|name| (name.clone(), unique[name].iter().flatten().cloned().collect()))
        .collect();
    let mut ours = Vec::new();
    if !structure.primary_key.is_empty() {
        ours.push(("PRIMARY".to_owned(), structure.primary_key.clone()));
    }
    ours.extend(structure.unique_keys.iter().map(|key| (key.name.clone(), key.columns.clone())));
    if ours != keys {
        wrong.push(format!("keys {ours:?}, not {keys:?}"));
    }
    let functional = order.iter().filter(|name| unique[*name].iter().any(Option::is_none));
    other.extend(functional.cloned());
    other.sort();
    other.dedup();
    let mut names: Vec<String> = structure.other_keys.iter().map(|key| key.name.clone()).collect();
    names.sort();
    if names != other {
        wrong.push(format!("other keys {names:?}, not {other:?}"));
    }
    wrong.iter_mut().for_each(|text| text.insert_str(0, &format!("{}: ", structure.name)));
    wrong
}

async fn columns(structure: &Structure, server: &mut Server) -> Vec<String> {
    let sql = "select column_name, column_type, is_nullable, cast(column_default as char), \
               character_set_name, collation_name, extra, coalesce(generation_expression, ''), \
               column_comment from information_schema.columns \
               where table_schema = ? and table_name = ? order by ordinal_position";
    let rows: Vec<Row> =
        server.conn.exec(sql, (&structure.database, &structure.name)).await.unwrap();
    let theirs: Vec<Vec<Option<String>>> =
        rows.into_iter().map(|row| (0..9).map(|at| text(&row, at)).collect()).collect();
    let ours: Vec<&Column> = structure.columns.iter().filter(|column| !column.implicit).collect();
    let mut wrong = Vec::new();
    let names: Vec<&str> = theirs.iter().filter_map(|row| row[0].as_deref()).collect();
    let our_names: Vec<&str> = ours.iter().map(|column| column.name.as_str()).collect();
    if names != our_names {
        return vec![format!("columns {our_names:?}, not {names:?}")];
    }
    for (column, row) in ours.iter().zip(&theirs) {
        for (what, our, their) in pairs(column, row, server.flavor) {
            if our != their {
                wrong.push(format!("{} {what} {our}, not {their}", column.name));
            }
        }
    }
    let sql = "select table_collation, table_comment from information_schema.tables \
               where table_schema = ? and table_name = ?";
    let (collation, comment): (String, String) =
        server.conn.exec_first(sql, (&structure.database, &structure.name)).await.unwrap().unwrap();
    if structure.collation.as_deref() != Some(&collation) {
        wrong.push(format!("collation {:?}, not {collation}", structure.collation));
    }
    if structure.comment.as_deref().unwrap_or("") != comment {
        wrong.push(format!("comment {:?}, not {comment}", structure.comment));
    }
    wrong
}

fn text(row: &Row, at: usize) -> Option<String> {
    let bytes: Option<Vec<u8>> = row.get(at).unwrap();
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// What is compared: its name, ours, theirs.
fn pairs(
    column: &Column,
    row: &[Option<String>],
    flavor: Flavor,
) -> Vec<(&'static str, String, String)> {
    let their = |at: usize| row[at].clone().unwrap_or_default();
    let extra = their(6).to_uppercase();
    let has = |word: &str| extra.contains(word).to_string();
    let generated = match column.generated {
        None => "",
        Some(Generated::Virtual) => "VIRTUAL GENERATED",
        Some(Generated::Stored) => "STORED GENERATED",
    };
    let row_bound = their(7).starts_with("ROW ");
    let mut pairs = vec![
        ("type", column_type(column, flavor), their(1)),
        ("nullable", if column.nullable { "YES" } else { "NO" }.into(), their(2)),
        ("auto_increment", column.auto_increment.to_string(), has("AUTO_INCREMENT")),
        ("on update", column.on_update.to_string(), has("ON UPDATE")),
        ("invisible", column.invisible.to_string(), has("INVISIBLE")),
        ("comment", column.comment.clone().unwrap_or_default(), their(8)),
    ];
    let binary = column.kind.charset.as_deref() == Some("binary");
    if !binary {
        pairs.push(("charset", column.kind.charset.clone().unwrap_or_default(), their(4)));
        pairs.push(("collation", column.kind.collation.clone().unwrap_or_default(), their(5)));
    }
    if !row_bound {
        let theirs = ["VIRTUAL GENERATED", "STORED GENERATED"];
        let theirs = theirs.into_iter().find(|word| extra.contains(word)).unwrap_or("");
        pairs.push(("generated", generated.into(), theirs.into()));
    }
    if column.generated.is_none() {
        pairs.push(("default", default(column, flavor), their_default(column, row, flavor)));
    }
    pairs
}

/// COLUMN_TYPE of a column.
fn column_type(column: &Column, flavor: Flavor) -> String {
    let kind = &column.kind;
    let base = match kind.base {
        Base::GeometryCollection if flavor == Flavor::MySql => "geomcollection".to_owned(),
        base => serde_json::to_value(base).unwrap().as_str().unwrap().to_owned(),
    };
    let length = match (kind.base, flavor) {
        (Base::Year, Flavor::MariaDb) => Some(kind.length.unwrap_or(4)),
        _ => kind.length,
    };
    let numbers = match (length, kind.scale) {
        (Some(length), Some(scale)) => format!("({length},{scale})"),
        (Some(length), None) => format!("({length})"),
        _ if !kind.labels.is_empty() => {
            let labels: Vec<String> = kind
                .labels
                .iter()
                .map(|label| format!("'{}'", label.replace('\\', "\\\\").replace('\'', "''")))
                .collect();
            format!("({})", labels.join(","))
        }
        _ => String::new(),
    };
    let unsigned = if kind.unsigned { " unsigned" } else { "" };
    let zerofill = if kind.zerofill { " zerofill" } else { "" };
    let compressed = if kind.compressed { " /*M!100301 COMPRESSED*/" } else { "" };
    format!("{base}{numbers}{unsigned}{zerofill}{compressed}")
}

fn default(column: &Column, flavor: Flavor) -> String {
    match &column.default {
        Default::None | Default::Null => "NULL".into(),
        Default::Literal(text) => format!("literal {text}"),
        Default::Bytes(bytes) if column.kind.base == Base::Bit => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
            let digits = digits.trim_start_matches('0');
            format!("b'{}'", if digits.is_empty() { "0" } else { digits })
        }
        Default::Bytes(bytes) => {
            let shown: Vec<u8> = match column.kind.base {
                Base::Binary => {
                    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
                    bytes[..end].to_vec()
                }
                _ => bytes.clone(),
            };
            let hex: String = shown.iter().map(|byte| format!("{byte:02X}")).collect();
            match flavor {
                Flavor::MySql => format!("literal 0x{hex}"),
                Flavor::MariaDb => format!("bytes {}", String::from_utf8_lossy(&shown)),
            }
        }
        Default::Now => "now".into(),
        Default::Expression => "expression".into(),
    }
}

fn their_default(column: &Column, row: &[Option<String>], flavor: Flavor) -> String {
    let Some(text) = &row[3] else { return "NULL".into() };
    let extra = row[6].clone().unwrap_or_default().to_uppercase();
    let moment = matches!(column.kind.base, Base::DateTime | Base::Timestamp);
    let now = text.to_lowercase().starts_with("current_timestamp") && moment;
    match flavor {
        _ if now => "now".into(),
        Flavor::MySql if extra.contains("DEFAULT_GENERATED") => "expression".into(),
        _ if column.kind.base == Base::Bit => text.clone(),
        Flavor::MySql => format!("literal {text}"),
        Flavor::MariaDb if text == "NULL" => "NULL".into(),
        Flavor::MariaDb => match text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            Some(inner) if column.kind.base == Base::Binary => {
                format!("bytes {}", unquote(inner).trim_end_matches('\0'))
            }
            Some(inner) if column.kind.base == Base::VarBinary => {
                format!("bytes {}", unquote(inner))
            }
            Some(inner) => format!("literal {}", unquote(inner)),
            None if text.bytes().all(|b| b.is_ascii_digit() || b"-.e".contains(&b)) => {
                format!("literal {text}")
            }
            None => "expression".into(),
        },
    }
}

fn unquote(text: &str) -> String {
    text.replace("''", "'")
        .replace("\\\\", "\u{1}")
        .replace("\\0", "\0")
        .replace("\\n", "\n")
        .replace('\u{1}', "\\")
}

/// What a structure that was followed has otherwise than the one that SHOW CREATE TABLE gives, but
/// for the words of types.
pub(crate) fn unlike(tracked: &Structure, shown: &Structure) -> Vec<String> {
    let mut tracked = tracked.clone();
    for (column, shown) in tracked.columns.iter_mut().zip(&shown.columns) {
        column.kind.written.clone_from(&shown.kind.written);
        // ALTER … DROP DEFAULT and no default at all look the same.
        if column.default == Default::None && column.nullable {
            column.default.clone_from(&shown.default);
        }
    }
    tracked.other_keys.clear();
    let mut shown = shown.clone();
    shown.other_keys.clear();
    if tracked == shown {
        return Vec::new();
    }
    let columns = tracked.columns.iter().zip(&shown.columns);
    let mut wrong: Vec<String> = columns
        .filter(|(tracked, shown)| tracked != shown)
        .map(|(tracked, shown)| format!("shown otherwise: {tracked:?}, {shown:?}"))
        .collect();
    if wrong.is_empty() {
        wrong.push(format!("shown otherwise: {tracked:?}, {shown:?}"));
    }
    wrong
}
