//! Structures against what the log says.

use super::guard::agrees;
use super::{Base, Default, Structure, from_map};
use crate::binlog::table_map::{Column, TableMap};
use crate::ddl::{Context, Structures};
use crate::flavor::Flavor;

fn structure(columns: &str) -> Structure {
    let mut structures = Structures::default();
    structures.set_database("d", "utf8mb4_general_ci");
    let context = Context::new(Flavor::MySql, 90_704);
    structures.apply("d", &format!("create table t ({columns})"), &context);
    structures.get("d", "t").expect("a table").as_ref().clone()
}

fn logged(name: &str, kind: u8, meta: u16) -> Column {
    Column {
        kind,
        meta,
        nullable: true,
        unsigned: None,
        collation: None,
        name: Some(name.into()),
        labels: None,
        geometry: None,
        visible: None,
    }
}

fn map(columns: Vec<Column>) -> TableMap {
    TableMap {
        table_id: 1,
        database: "d".into(),
        table: "t".into(),
        columns,
        primary_key: Some(Vec::new()),
    }
}

#[test]
fn equal_tables_agree() {
    let structure =
        structure("a int unsigned, b varchar(10), c decimal(10,2), d timestamp(3) null");
    let mut map = map(vec![
        Column { unsigned: Some(true), ..logged("a", 3, 0) },
        Column { collation: Some(255), ..logged("b", 15, 40) },
        Column { unsigned: Some(false), ..logged("c", 246, 10 << 8 | 2) },
        logged("d", 17, 3),
    ]);
    assert_eq!(agrees(&structure, &map), Ok(()));
    map.columns.iter_mut().for_each(|column| column.name = None);
    map.primary_key = None;
    assert_eq!(agrees(&structure, &map), Ok(()));
}

#[test]
fn every_difference_is_told() {
    let agreeing = || Column { collation: Some(255), ..logged("a", 15, 40) };
    let structure = structure("a varchar(10)");
    assert_eq!(agrees(&structure, &map(vec![agreeing()])), Ok(()));
    for (what, column) in [
        ("name", Column { name: Some("b".into()), ..agreeing() }),
        ("type", Column { kind: 3, ..agreeing() }),
        ("length", Column { meta: 44, ..agreeing() }),
        ("nullability", Column { nullable: false, ..agreeing() }),
        ("character set", Column { collation: Some(8), ..agreeing() }),
    ] {
        assert!(agrees(&structure, &map(vec![column])).is_err(), "{what}");
    }
    assert!(agrees(&structure, &map(vec![agreeing(), agreeing()])).is_err());
    let keyed = TableMap { primary_key: Some(vec![0]), ..map(vec![agreeing()]) };
    assert!(agrees(&structure, &keyed).is_err());
}

/// The log calls this the primary key of a table with an `id` and an `end` of its rows.
fn key_of(columns: &str, flavor: Flavor, places: &[usize]) -> Result<Vec<String>, String> {
    let mut structures = Structures::default();
    structures.set_database("d", "utf8mb4_general_ci");
    let context = Context::new(flavor, if flavor == Flavor::MySql { 90_704 } else { 101_119 });
    structures.apply("d", &format!("create table t ({columns})"), &context);
    let known = structures.get("d", "t").expect("a table").as_ref().clone();
    let logged = |column: &super::Column| {
        let (kind, meta) = if column.kind.base == Base::Int { (3, 0) } else { (17, 6) };
        Column { nullable: column.nullable, ..logged(&column.name, kind, meta) }
    };
    let columns = known.columns.iter().map(logged).collect();
    let map = TableMap { primary_key: Some(places.to_vec()), ..map(columns) };
    agrees(&known, &map)?;
    Ok(from_map(&map, Some(&known)).expect("full metadata").primary_key)
}

#[test]
fn a_key_that_only_the_server_calls_primary_is_not_declared_so() {
    let key = |columns: &str, places: &[usize]| key_of(columns, Flavor::MySql, places);
    assert_eq!(key("a int, b int not null, unique uk (b)", &[1]), Ok(vec![]));
    assert_eq!(key("a int, b int not null, unique uk (b)", &[]), Ok(vec![]));
    assert_eq!(key("a int primary key, b int", &[0]), Ok(vec!["a".into()]));
    assert!(key("a int not null, b int not null, unique uk (b)", &[0]).is_err());
    assert!(key("a int, b int not null, c int, unique uk (b)", &[1, 2]).is_err());
}

#[test]
fn the_end_of_a_rows_time_is_part_of_keys_in_the_log_only() {
    let versioned = "id int primary key, s timestamp(6) generated always as row start, \
                     e timestamp(6) generated always as row end, period for system_time (s, e)";
    let versioned = format!("{versioned}) with system versioning -- ");
    assert_eq!(key_of(&versioned, Flavor::MariaDb, &[0, 2]), Ok(vec!["id".into()]));
    assert!(key_of("id int primary key, e timestamp(6)", Flavor::MariaDb, &[0, 1]).is_err());
}

#[test]
fn labels_and_signs_count() {
    let enumeration = structure("a enum('x','é')");
    let labels = |texts: [&str; 2]| Column {
        labels: Some(texts.iter().map(|text| text.as_bytes().to_vec()).collect()),
        ..logged("a", 247, 1)
    };
    assert_eq!(agrees(&enumeration, &map(vec![labels(["x", "é"])])), Ok(()));
    assert!(agrees(&enumeration, &map(vec![labels(["x", "y"])])).is_err());
    let number = structure("a int");
    let unsigned = Column { unsigned: Some(true), ..logged("a", 3, 0) };
    assert!(agrees(&number, &map(vec![unsigned])).is_err());
}

#[test]
fn the_log_wins_and_the_known_structure_supplies() {
    let known = structure(
        "id int primary key, b bool default 1 comment 'c', v varchar(10) default 'x', gone int, \
         unique uv (v), unique ug (gone)",
    );
    let mut map = map(vec![
        Column { nullable: false, unsigned: Some(false), ..logged("id", 3, 0) },
        Column { unsigned: Some(false), ..logged("b", 1, 0) },
        Column { collation: Some(255), ..logged("v", 15, 80) },
        Column { collation: Some(63), ..logged("new", 252, 2) },
    ]);
    map.primary_key = Some(vec![0]);
    let merged = from_map(&map, Some(&known)).expect("full metadata");
    assert_eq!(agrees(&merged, &map), Ok(()));
    assert_eq!(merged.primary_key, ["id"]);
    assert_eq!(merged.unique_keys.len(), 1);
    let [_, boolean, text, new] = merged.columns.as_slice() else { panic!("{merged:?}") };
    assert_eq!(boolean.kind, known.columns[1].kind);
    assert_eq!(boolean.comment.as_deref(), Some("c"));
    assert_eq!((text.kind.length, &text.default), (Some(20), &Default::Literal("x".into())));
    assert_eq!((new.kind.base, &new.default), (Base::Blob, &Default::Null));
    map.columns[0].name = None;
    assert_eq!(from_map(&map, Some(&known)), None);
}
