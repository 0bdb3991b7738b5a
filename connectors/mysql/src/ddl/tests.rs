//! What statements do, without a server. What real servers make of hundreds of them is compared in
//! `tests/ddl`.

use super::*;
use crate::flavor::Flavor;
use crate::structure::{Base, Default, Structure};
use proptest::prelude::*;

const FIXTURES: [&str; 5] = [
    include_str!("../../tests/fixtures/ddl_my.sql"),
    include_str!("../../tests/fixtures/ddl_ma.sql"),
    include_str!("../../tests/fixtures/ddl_my_odd.sql"),
    include_str!("../../tests/fixtures/ddl_ma_odd.sql"),
    include_str!("../../tests/fixtures/ddl_both_odd.sql"),
];

fn mysql() -> Context {
    Context::new(Flavor::MySql, 90_704)
}

fn mariadb() -> Context {
    Context::new(Flavor::MariaDb, 101_119)
}

/// The database `d` after these statements, and the effects of the last.
fn after(statements: &[&str], context: &Context) -> (Structures, Vec<Effect>) {
    let mut structures = Structures::default();
    structures.set_database("d", "utf8mb4_general_ci");
    let mut effects = Vec::new();
    for statement in statements {
        effects = structures.apply("d", statement, context);
    }
    (structures, effects)
}

fn table(statements: &[&str], context: &Context) -> Structure {
    let (structures, effects) = after(statements, context);
    let table = structures.get("d", "t");
    table.unwrap_or_else(|| panic!("no table: {effects:?}")).as_ref().clone()
}

fn names(structure: &Structure) -> Vec<&str> {
    structure.columns.iter().map(|column| column.name.as_str()).collect()
}

#[test]
fn clauses_name_columns_as_they_were_before() {
    let swap = "alter table t rename column a to b, rename column b to a, add c int after a";
    let table = table(&["create table t (a int, b bigint, unique (a))", swap], &mysql());
    assert_eq!(names(&table), ["b", "a", "c"]);
    assert_eq!(table.columns[0].kind.base, Base::Int);
    assert_eq!(table.unique_keys[0].columns, ["b"]);
    assert_eq!(table.unique_keys[0].name, "a");
}

#[test]
fn comments_are_executed_where_the_server_executes_them() {
    let sql =
        "create table t (a int /*!80000 , b int */ /*M!100100 , c int */ /*!99999 , d int */)";
    assert_eq!(names(&table(&[sql], &mysql())), ["a", "b"]);
    assert_eq!(names(&table(&[sql], &mariadb())), ["a", "c"]);
    let nested = "create table t (a int /*!99999 x /* y */ ) */ , b int -- c\n, c int # d\n)";
    assert_eq!(names(&table(&[nested], &mysql())), ["a", "b", "c"]);
}

#[test]
fn quotes_depend_on_the_mode() {
    let mut ansi = mysql();
    ansi.sql_mode = SqlMode::ANSI_QUOTES;
    assert_eq!(names(&table(&[r#"create table "t" ("a""b" int)"#], &ansi)), ["a\"b"]);
    let mut plain = mysql();
    plain.sql_mode = SqlMode::NO_BACKSLASH_ESCAPES;
    let table = table(&[r"create table t (a char(3) default '\', b int)"], &plain);
    assert_eq!(table.columns[0].default, Default::Literal("\\".into()));
}

#[test]
fn what_is_not_understood_names_its_tables_and_forgets_them() {
    let made = "create table t (a int)";
    for sql in [
        "alter table t frobnicate column a",
        "alter table t modify nope int",
        "alter table t add a int",
        "alter table t drop index nope",
        "create or replace table t as select 1 as a",
        "create or replace table t like unknown",
        "create or replace table t (a frob(3))",
    ] {
        let (structures, effects) = after(&[made, sql], &mariadb());
        let [effect] = effects.as_slice() else { panic!("{sql}: {effects:?}") };
        assert!(matches!(effect.kind, Kind::Unknown { .. }), "{sql}: {effect:?}");
        assert_eq!(effect.table, "t", "{sql}");
        assert!(structures.get("d", "t").is_none(), "{sql}");
    }
    let (_, effects) = after(&["create frob t (a int)"], &mysql());
    assert!(matches!(effects[0].kind, Kind::Unknown { .. }) && effects[0].table.is_empty());
}

#[test]
fn reasons_tell_nothing_of_the_statement() {
    let (_, effects) = after(&["create table t (a int secret 'hunter2')"], &mysql());
    let Kind::Unknown { reason } = &effects[0].kind else { panic!("{effects:?}") };
    assert_eq!(reason, "expected an attribute of a column at byte 22");
}

#[test]
fn what_is_not_about_tables_has_no_effect() {
    for sql in [
        "",
        ";",
        "# Dum",
        "BEGIN",
        "XA START 'x'",
        "grant all on *.* to u identified by 'create table t (a int)'",
        "create definer=`a`@`b` procedure p() begin create table t (a int); end",
        "create temporary table t (a int)",
        "drop temporary table if exists t",
        "/*!99999 create table t (a int) */",
        "insert into t values (1)",
    ] {
        let (structures, effects) = after(&[sql], &mysql());
        assert_eq!(effects, [], "{sql}");
        assert_eq!(structures.iter().count(), 0, "{sql}");
    }
}

#[test]
fn parts_of_a_statement_for_the_topic() {
    let made = ["create table a (x int)", "create table b (y int)"];
    let swap = "/* c */ rename  table a to c, b to `a` , c to b ;";
    let (structures, effects) = after(&[made[0], made[1], swap], &mysql());
    let texts: Vec<&str> = effects.iter().map(|effect| effect.statement.as_str()).collect();
    let expected = ["rename  table a to c", "rename  table b to `a`", "rename  table c to b"];
    assert_eq!(texts, expected);
    assert_eq!(names(structures.get("d", "a").expect("a")), ["y"]);
    let drop = "DROP TABLE IF EXISTS `a`,`nope` /* generated by server */";
    let (_, effects) = after(&[made[0], drop], &mysql());
    let texts: Vec<&str> = effects.iter().map(|effect| effect.statement.as_str()).collect();
    assert_eq!(texts, ["DROP TABLE IF EXISTS `d`.`a`", "DROP TABLE IF EXISTS `d`.`nope`"]);
    assert!(effects[0].before.is_some() && effects[1].before.is_none());
}

#[test]
fn a_table_that_is_there_is_not_created_again() {
    let statements = ["create table t (a int)", "create table if not exists t (b int)"];
    let (structures, effects) = after(&statements, &mysql());
    assert_eq!(effects[0].kind, Kind::Noted);
    assert_eq!(names(structures.get("d", "t").expect("t")), ["a"]);
}

#[test]
fn a_column_that_is_there_is_not_added_again() {
    let made = "create table t (id int, a varchar(10))";
    let added = "alter table t add column if not exists b int after id, \
                 add column if not exists a int";
    let table = table(&[made, added], &mariadb());
    assert_eq!(names(&table), ["id", "b", "a"]);
    let kind = &table.columns[2].kind;
    assert_eq!((kind.base, kind.length), (Base::VarChar, Some(10)));
}

#[test]
fn statements_about_sequences_are_told_as_they_stand_in_the_log() {
    let drop = "DROP SEQUENCE `s` /* generated by server */";
    let (_, effects) = after(&[drop], &mariadb());
    let told: Vec<_> = effects.iter().map(|it| (&it.kind, it.statement.as_str())).collect();
    assert_eq!(told, [(&Kind::Noted, drop)]);
}

#[test]
fn words_of_types_are_kept_where_they_differ() {
    let sql = "create table t (a bool, b int, c real, d serial, e float4, f integer, g nchar(2))";
    let table = table(&[sql], &mysql());
    let words: Vec<Option<&str>> =
        table.columns.iter().map(|column| column.kind.written.as_deref()).collect();
    let expected = ["bool", "", "real", "serial", "float4", "integer", "nchar"];
    assert_eq!(words, expected.map(|word| Some(word).filter(|word| !word.is_empty())));
}

#[test]
fn versioning_columns_that_no_statement_declares() {
    let made = "create table t (a int) with system versioning";
    let added = table(&[made, "alter table t add b int"], &mariadb());
    assert_eq!(names(&added), ["a", "b", "row_start", "row_end"]);
    let dropped = table(&[made, "alter table t drop system versioning"], &mariadb());
    assert_eq!(names(&dropped), ["a"]);
}

#[test]
fn unique_keys_in_the_order_of_the_server() {
    let sql = "create table t (a int, b int not null, c char(9) not null, unique (a), key c (c), \
               unique (c(5)), unique (b), unique (c))";
    let table = table(&[sql], &mysql());
    let keys: Vec<&str> = table.unique_keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(keys, ["b", "c_3", "c_2", "a"]);
}

#[test]
fn names_fold_where_the_server_folds_them() {
    let mut context = mysql();
    context.case_sensitive = false;
    assert_eq!(
        names(&table(&["create table T (a int)", "alter table D.t add B int"], &context)),
        ["a", "B"]
    );
}

#[test]
fn structures_survive_json() {
    for context in [mysql(), mariadb()] {
        let mut structures = Structures::default();
        structures.set_database("d", "utf8mb4_general_ci");
        for statement in FIXTURES.iter().flat_map(|file| file.lines()) {
            structures.apply("d", statement, &context);
        }
        assert!(structures.iter().count() > 60);
        for structure in structures.iter() {
            let text = serde_json::to_string(structure.as_ref()).expect("text");
            let read: Structure = serde_json::from_str(&text).expect("a structure");
            assert_eq!(&read, structure.as_ref());
        }
    }
}

#[test]
fn statements_that_change_rows() {
    assert!(writes_rows("/* c */ insert into t values (1)", &mysql()));
    assert!(writes_rows("with c as (select 1) delete from t", &mysql()));
    assert!(!writes_rows("create table t (a int)", &mysql()));
}

fn contexts() -> impl Strategy<Value = Context> {
    (any::<bool>(), prop_oneof![Just(0_u64), Just(4), Just(1 << 20), Just(1 << 9)]).prop_map(
        |(maria, mode)| {
            let mut context = if maria { mariadb() } else { mysql() };
            context.sql_mode = SqlMode(mode);
            context.explicit_timestamps = mode != 4;
            context
        },
    )
}

/// A statement of the fixtures, with some of its pieces cut, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let statements: Vec<&str> = FIXTURES.iter().flat_map(|file| file.lines()).collect();
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), ".{0,6}");
    (prop::sample::select(statements), prop::collection::vec(edit, 0..4)).prop_map(
        |(statement, edits)| {
            let mut text: Vec<char> = statement.chars().collect();
            for (from, to, with) in edits {
                if text.is_empty() {
                    break;
                }
                let (from, to) = (from.index(text.len()), to.index(text.len()));
                text.splice(from.min(to)..from.max(to), with.chars());
            }
            text.into_iter().collect()
        },
    )
}

proptest! {
    #[test]
    fn scanning_is_total(text in ".*", context in contexts()) {
        let mut behind = 0;
        for token in scan::tokens(&text, &context) {
            prop_assert!(behind <= token.start && token.start < token.end);
            prop_assert!(token.end <= text.len());
            behind = token.end;
        }
    }

    #[test]
    fn reading_is_total(statements in prop::collection::vec(mutated(), 1..12), context in contexts()) {
        let mut structures = Structures::default();
        structures.set_database("d", "utf8mb4_general_ci");
        for statement in statements {
            for effect in structures.apply("d", &statement, &context) {
                if let Some(after) = &effect.after {
                    prop_assert_eq!(&after.name, &effect.table);
                    for key in &after.primary_key {
                        prop_assert!(after.columns.iter().any(|column| column.name == *key));
                    }
                }
            }
        }
    }
}
