//! Records against what the reference writes for the same statements.

use super::*;
use crate::ddl::{Context, Structures, read_show_create};
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use serde_json::{Value, json};

const FLAVOR: Flavor = Flavor::MySql;

fn context() -> Context {
    Context::new(FLAVOR, 90_704)
}

fn setting<'a>(marker: Marker, comments: bool) -> Setting<'a> {
    let tail = Tail {
        db: "elsewhere",
        ts_us: 1_500,
        table: None,
        server_id: 7,
        gtid: Some("u:1"),
        file: "binlog.000001",
        pos: 4,
        row: 0,
        thread: None,
        query: None,
    };
    Setting { flavor: FLAVOR, topic_prefix: "p", marker, tail, ts_ms: 2, comments }
}

/// The value as an independent reader of Avro understands it.
fn decoded(told: &Told, comments: bool) -> Value {
    let text = walbrook_core::avro::text::of(&value_schema(FLAVOR));
    let schema = apache_avro::Schema::parse_str(&text).unwrap();
    let value = record(told, &setting(Marker::False, comments)).value;
    let mut rest = value.as_slice();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let datum = reader.read_value(&mut rest).unwrap();
    assert_eq!(rest.len(), 0, "bytes are left");
    plain(datum)
}

fn plain(datum: Avro) -> Value {
    match datum {
        Avro::Record(fields) => fields.into_iter().map(|(name, v)| (name, plain(v))).collect(),
        Avro::Array(items) => items.into_iter().map(plain).collect(),
        Avro::Union(_, inner) => plain(*inner),
        Avro::String(text) => json!(text),
        Avro::Long(number) => json!(number),
        Avro::Int(number) => json!(number),
        Avro::Boolean(flag) => json!(flag),
        Avro::Null => Value::Null,
        other => panic!("{other:?}"),
    }
}

/// What the statements are told as, in a database `d`.
fn told(statements: &[&str]) -> Vec<Told> {
    let mut structures = Structures::default();
    structures.set_database("d", "utf8mb4_0900_ai_ci");
    let apply = |sql: &&str| of_statement(&structures.apply("d", sql, &context()));
    statements.iter().flat_map(apply).collect()
}

/// The statement, the tables of `source`, and type and table of the change.
fn short(told: &[Told]) -> Vec<[&str; 3]> {
    told.iter()
        .map(|one| [one.ddl.as_str(), one.tables.as_deref().unwrap_or("none"), change(one)])
        .collect()
}

fn change(told: &Told) -> &str {
    let text = match &told.change {
        None => "-".to_owned(),
        Some(Change::Create(table)) => format!("CREATE {}", table.name),
        Some(Change::Alter(table)) => format!("ALTER {}", table.name),
        Some(Change::Drop { table, .. }) => format!("DROP {table}"),
    };
    text.leak()
}

#[test]
fn the_schemas_read_as_the_reference_writes_them() {
    let expected = include_str!("value.avsc").trim_end();
    let text = |schema| walbrook_core::avro::text::of(&schema);
    assert_eq!(text(value_schema(Flavor::MySql)), expected);
    let mariadb = expected.replace("connector.mysql", "connector.mariadb");
    assert_eq!(text(value_schema(Flavor::MariaDb)), mariadb);
    assert_eq!(
        text(key_schema(Flavor::MySql)),
        concat!(
            r#"{"type":"record","name":"SchemaChangeKey","namespace":"io.debezium.connector.mysql","#,
            r#""fields":[{"name":"databaseName","type":"string"}],"connect.version":1,"#,
            r#""connect.name":"io.debezium.connector.mysql.SchemaChangeKey"}"#
        )
    );
}

#[test]
fn a_record_tells_source_statement_and_table() {
    let statement = "create table t (id int primary key, v varchar(10) unique)";
    let all = told(&[statement]);
    let value = decoded(&all[0], false);
    assert_eq!(record(&all[0], &setting(Marker::False, false)).key, b"\x02d");
    let source = &value["source"];
    assert_eq!((&source["db"], &source["table"]), (&json!("d"), &json!("t")));
    assert_eq!((&source["ts_ms"], &source["snapshot"]), (&json!(1), &json!("false")));
    assert_eq!((&value["ts_ms"], &value["schemaName"]), (&json!(2), &Value::Null));
    assert_eq!((&value["ddl"], &value["databaseName"]), (&json!(statement), &json!("d")));
    let column = |name: &str, jdbc: i32, kind: &str, charset: Value, length: Value, place: i32| {
        json!({"name": name, "jdbcType": jdbc, "nativeType": null, "typeName": kind,
            "typeExpression": kind, "charsetName": charset, "length": length, "scale": null,
            "position": place, "optional": place > 1, "autoIncremented": false,
            "generated": false, "comment": null, "defaultValueExpression": null,
            "enumValues": null})
    };
    assert_eq!(
        value["tableChanges"],
        json!([{"type": "CREATE", "id": "\"d\".\"t\"", "table": {
            "defaultCharsetName": "utf8mb4", "primaryKeyColumnNames": ["id"], "columns": [
                column("id", 4, "INT", Value::Null, Value::Null, 1),
                column("v", 12, "VARCHAR", json!("utf8mb4"), json!(10), 2),
            ], "comment": null}}])
    );
}

#[test]
fn columns_are_described_in_the_words_of_jdbc() {
    let all =
        told(&["create table t (a bigint unsigned auto_increment primary key comment 'the key',
         b tinyint(1) not null default 1, c decimal(10,2) not null default 1.5,
         d enum('a','d''e') default 'a', e set('x','y') not null, f json,
         g timestamp default current_timestamp on update current_timestamp,
         h int as (b + 1) virtual, i bit(9), j float(7,3), k blob) comment 'numbers'"]);
    let changes = |comments| decoded(&all[0], comments)["tableChanges"][0]["table"].clone();
    let table = changes(true);
    assert_eq!(table["comment"], "numbers");
    let columns = table["columns"].as_array().unwrap();
    let told = |field: &str| -> Vec<Value> { columns.iter().map(|c| c[field].clone()).collect() };
    let yes = |field: &str| -> String {
        let set = columns.iter().filter(|column| column[field] == json!(true));
        set.map(|column| column["name"].as_str().unwrap()).collect()
    };
    assert_eq!(
        json!(told("typeName")),
        json!([
            "BIGINT UNSIGNED",
            "TINYINT",
            "DECIMAL",
            "ENUM",
            "SET",
            "JSON",
            "TIMESTAMP",
            "INT",
            "BIT",
            "FLOAT",
            "BLOB"
        ])
    );
    assert_eq!(json!(told("jdbcType")), json!([-5, 5, 3, 1, 1, 1111, 2014, 4, -7, 6, 2004]));
    assert_eq!(json!(told("length")), json!([null, 1, 10, 1, 3, null, null, null, 9, 7, null]));
    assert_eq!(
        json!(told("defaultValueExpression")),
        json!([null, "1", "1.50", "a", null, null, "CURRENT_TIMESTAMP", null, null, null, null])
    );
    assert_eq!(columns[3]["enumValues"], json!(["'a'", "'d''e'"]));
    assert_eq!((yes("autoIncremented").as_str(), yes("generated").as_str()), ("ag", "h"));
    assert_eq!(columns[0]["comment"], "the key");
    let quiet = changes(false);
    assert_eq!((&quiet["comment"], &quiet["columns"][0]["comment"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_table_reads_the_same_from_a_statement_and_from_the_server() {
    let statement = "create table t (i integer(3), n nchar(5), v varchar(5) binary)";
    let kept = "CREATE TABLE `t` (\n  `i` int DEFAULT NULL,\n  \
                `n` char(5) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci DEFAULT NULL,\n  \
                `v` varchar(5) COLLATE utf8mb4_bin DEFAULT NULL\n) DEFAULT CHARSET=utf8mb4";
    let columns = |told: &Told| -> Vec<[Value; 2]> {
        let value = decoded(told, false);
        let columns = value["tableChanges"][0]["table"]["columns"].as_array().unwrap().clone();
        columns.iter().map(|it| [it["length"].clone(), it["charsetName"].clone()]).collect()
    };
    let structure = Arc::new(read_show_create("d", kept, &context()).unwrap());
    let found = Told { change: Some(Change::Create(structure)), ..told(&[statement])[0].clone() };
    let streamed = columns(&told(&[statement])[0]);
    assert_eq!(streamed, columns(&found));
    assert_eq!(json!(streamed), json!([[null, null], [5, "utf8mb3"], [5, "utf8mb4"]]));
}

#[test]
fn a_statement_about_several_tables_is_told_in_its_parts() {
    let all = told(&[
        "create table a (id int primary key)",
        "create table t (id int primary key)",
        "create table if not exists t (other int)",
        "rename table a to x, t to a, x to t",
        "DROP TABLE IF EXISTS a, nope",
        "truncate t",
        "create index i on t (id)",
        "alter database d character set latin1",
    ]);
    assert_eq!(
        short(&all)[2..],
        [
            ["create table if not exists t (other int)", "", "-"],
            ["rename table a to x", "x,a,t", "-"],
            ["rename table t to a", "x,a,t", "ALTER a"],
            ["rename table x to t", "x,a,t", "ALTER t"],
            ["DROP TABLE IF EXISTS `d`.`a`", "a,nope", "DROP a"],
            ["DROP TABLE IF EXISTS `d`.`nope`", "a,nope", "DROP nope"],
            ["create index i on t (id)", "", "-"],
            ["alter database d character set latin1", "", "-"],
        ]
    );
}

#[test]
fn a_database_goes_with_its_tables_in_one_record() {
    let all = told(&["create table t (id int)", "create table u (id int)", "drop database d"]);
    assert_eq!(short(&all)[2..], [["drop database d", "", "-"]]);
}

#[test]
fn a_unique_key_without_null_stands_for_a_missing_primary_key() {
    let all = told(&[
        "create table t (a int, b int not null, c int not null, unique (a), unique (c, b))",
        "create table u (a int, unique (a))",
        "create table v (a int not null)",
        "create unique index i on v (a)",
    ]);
    assert_eq!(short(&all)[3], ["create unique index i on v (a)", "v", "ALTER v"]);
    let key = |told: &Told| {
        decoded(told, false)["tableChanges"][0]["table"]["primaryKeyColumnNames"].clone()
    };
    assert_eq!((key(&all[0]), key(&all[1])), (json!(["c", "b"]), json!([])));
}

#[test]
fn a_snapshot_drops_everything_and_makes_it_again() {
    let found = |database: &str, name: &str| {
        let quoted = name.replace('`', "``");
        let create = format!("CREATE TABLE `{quoted}` (\n  `id` int NOT NULL\n)");
        let structure =
            read_show_create(database, &format!("{create} DEFAULT CHARSET=utf8mb4"), &context());
        Found { structure: Arc::new(structure.unwrap()), create }
    };
    let database = |name: &str, tables: &[&str]| Database {
        name: name.to_owned(),
        charset: "utf8mb4".to_owned(),
        collation: "utf8mb4_bin".to_owned(),
        tables: tables.iter().map(|table| found(name, table)).collect(),
    };
    let databases = [database("a", &["t"]), database("a-b", &["u`", "U"])];
    let all = of_snapshot("latin1", "latin1_bin", &databases);
    assert_eq!(
        short(&all),
        [
            ["SET character_set_server=latin1, collation_server=latin1_bin", "none", "-"],
            ["DROP TABLE IF EXISTS `a-b`.`U`", "U", "DROP U"],
            ["DROP TABLE IF EXISTS `a-b`.`u```", "u`", "DROP u`"],
            ["DROP TABLE IF EXISTS `a`.`t`", "t", "DROP t"],
            ["DROP DATABASE IF EXISTS `a-b`", "none", "-"],
            ["CREATE DATABASE `a-b` CHARSET utf8mb4 COLLATE utf8mb4_bin", "none", "-"],
            ["USE `a-b`", "none", "-"],
            ["CREATE TABLE `U` (\n  `id` int NOT NULL\n)", "U", "CREATE U"],
            ["CREATE TABLE `u``` (\n  `id` int NOT NULL\n)", "u`", "CREATE u`"],
            ["DROP DATABASE IF EXISTS `a`", "none", "-"],
            ["CREATE DATABASE `a` CHARSET utf8mb4 COLLATE utf8mb4_bin", "none", "-"],
            ["USE `a`", "none", "-"],
            ["CREATE TABLE `t` (\n  `id` int NOT NULL\n)", "t", "CREATE t"],
        ]
    );
    assert_eq!(decoded(&all[0], false)["source"]["table"], Value::Null);
}
