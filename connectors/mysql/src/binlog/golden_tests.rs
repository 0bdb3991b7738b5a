//! What real events say.

use super::golden;
use super::*;
use crate::flavor::Flavor::{self, MariaDb, MySql};

/// Decodes an event without its checksum; `FORMAT_DESCRIPTION` keeps the algorithm.
fn read(flavor: Flavor, name: &str, check: impl FnOnce(Header, Body<'_>)) {
    let bytes = golden::event(flavor, name);
    let header = Header::read(&bytes).unwrap();
    assert_eq!(header.size as usize, bytes.len(), "{name}");
    let mut scratch = Vec::new();
    let body = &bytes[Header::LEN..bytes.len() - 4];
    check(header, decode(&header, body, flavor, &mut scratch).unwrap());
}

macro_rules! expect {
    ($flavor:expr, $name:expr, $body:pat => $check:block) => {
        read($flavor, $name, |_, body| match body {
            $body => $check,
            other => panic!("{}: {other:?}", $name),
        })
    };
}

#[test]
fn formats_have_checksums() {
    for (flavor, version) in [(MySql, "9.7.4-2"), (MariaDb, "10.11.19-MariaDB-0+deb12u1-log")] {
        expect!(flavor, "format", Body::Format(format) => {
            assert_eq!((&*format.server_version, format.checksums), (version, true));
        });
    }
}

#[test]
fn transactions_have_names() {
    expect!(MySql, "gtid", Body::Gtid(gtid) => {
        let Identity::Numbered(name) = &gtid.identity else { panic!() };
        assert_eq!(name.to_string(), "28ec7674-e57b-11f1-aad0-02fc00000001:3");
        assert_eq!(gtid.transaction_length, Some(546));
        assert_eq!(gtid.original_commit, gtid.immediate_commit);
        // In 2026, in microseconds.
        assert_eq!(gtid.original_commit.unwrap() / 1_000_000_000_000, 1795);
    });
    expect!(MySql, "gtid_tagged", Body::Gtid(gtid) => {
        let Identity::Numbered(name) = &gtid.identity else { panic!() };
        assert_eq!(name.to_string(), "28ec7674-e57b-11f1-aad0-02fc00000001:mytag:1");
        assert_eq!(gtid.original_commit.unwrap() / 1_000_000_000_000, 1795);
        assert_eq!(gtid.transaction_length, Some(299));
    });
    let domain = |name, text: &str, flags| {
        expect!(MariaDb, name, Body::Gtid(gtid) => {
            let Identity::Domain(found) = gtid.identity else { panic!() };
            assert_eq!((&*found.to_string(), gtid.flags), (text, flags), "{name}");
        });
    };
    let none = GtidFlags::default();
    let rows = GtidFlags { transactional: true, ..none };
    let ddl = GtidFlags { standalone: true, ddl: true, ..none };
    domain("gtid", "0-25310-3", rows);
    domain("gtid_domain", "7-25310-1", rows);
    domain("gtid_ddl", "0-25310-1", ddl);
    domain("gtid_start_alter", "0-25310-15", GtidFlags { start_alter: true, ..ddl });
    domain("gtid_commit_alter", "0-25310-16", GtidFlags { commit_alter: true, ..ddl });
    domain("gtid_xa_prepare", "0-25310-8", GtidFlags { prepared_xa: true, ..rows });
    let ended = GtidFlags { completed_xa: true, standalone: true, ..rows };
    domain("gtid_xa_end", "0-25310-9", ended);
}

#[test]
fn files_begin_with_what_is_before_them() {
    expect!(MySql, "previous_gtids", Body::PreviousGtids(before) => {
        let uuid = "28ec7674-e57b-11f1-aad0-02fc00000001";
        let text = format!("{uuid}:1-16,{uuid}:mytag:1");
        assert_eq!(before.set().unwrap().to_string(), text);
    });
    expect!(MariaDb, "gtid_list", Body::GtidList(list) => {
        assert_eq!(list.domains().to_string(), "0-25310-17,7-25310-1");
    });
    expect!(MySql, "rotate", Body::Rotate { file, position } => {
        assert_eq!((file, position), ("binlog.000002", 4));
    });
}

#[test]
fn statements_have_their_session() {
    for (flavor, charset) in [(MySql, 255), (MariaDb, 33)] {
        expect!(flavor, "create_table", Body::Query(query) => {
            assert!(query.sql.starts_with(b"create table every ("));
            assert_eq!((query.database, query.error), (&b"g"[..], 0));
            let status = query.status.read().unwrap();
            assert_eq!(status.charsets.unwrap().client, charset);
            assert!(status.sql_mode.is_some());
            assert_eq!(status.ddl_xid.is_some(), flavor == MySql);
        });
    }
    expect!(MySql, "begin", Body::Query(query) => { assert_eq!(query.sql, b"BEGIN"); });
    expect!(MySql, "xa_start", Body::Query(query) => {
        assert_eq!(query.sql, b"XA START X'676c',X'6272',1");
    });
    expect!(MariaDb, "commit_alter", Body::Query(query) => {
        assert_eq!(query.sql, b"alter table plain add column two int");
        assert!(query.status.read().is_some());
    });
    expect!(MariaDb, "query_compressed", Body::Query(query) => {
        assert_eq!(query.sql.len(), 344);
        assert!(query.sql.starts_with(b"set statement sql_mode='' for create table c2 (i int"));
        assert!(query.sql.ends_with(b"x')"));
    });
    expect!(MySql, "rows_query", Body::RowsQuery(sql) => {
        assert_eq!(sql, b"insert into plain values (3,'three')");
    });
    expect!(MariaDb, "annotate", Body::RowsQuery(sql) => {
        assert!(sql.starts_with(b"insert into every"));
    });
    expect!(MySql, "rand", Body::Statement(kind) => { assert_eq!(kind, StatementKind::Random); });
}

#[test]
fn rows_have_their_columns() {
    let rows = |flavor, name, kind, columns, bytes: usize| {
        expect!(flavor, name, Body::Rows(rows) => {
            assert_eq!((rows.kind, rows.columns, rows.bytes.len()), (kind, columns, bytes), "{name}");
            assert!(rows.statement_end);
            assert_eq!(rows.before.is_empty(), kind == RowsKind::Write);
            assert_eq!(rows.after.is_empty(), kind == RowsKind::Delete);
        });
    };
    rows(MySql, "write", RowsKind::Write, 27, 106);
    rows(MariaDb, "write", RowsKind::Write, 27, 106);
    rows(MySql, "update", RowsKind::Update, 27, 178);
    rows(MySql, "delete", RowsKind::Delete, 27, 17);
    rows(MySql, "partial", RowsKind::PartialUpdate, 4, 69);
    rows(MariaDb, "write_compressed", RowsKind::Write, 2, 607);
    rows(MariaDb, "update_compressed", RowsKind::Update, 2, 1214);
    expect!(MySql, "update_minimal", Body::Rows(rows) => {
        assert_eq!((rows.before.count(), rows.after.count()), (1, 1));
        assert!(rows.before.get(0) && rows.after.get(1) && !rows.before.is_full());
    });
    for flavor in [MySql, MariaDb] {
        expect!(flavor, "xa_prepare", Body::XaPrepare(xa) => {
            assert_eq!((xa.quoted(), xa.one_phase), ("X'676c',X'6272',1".to_owned(), false));
        });
    }
    expect!(MySql, "xid", Body::Xid(xid) => { assert_eq!(xid, 7); });
}

/// Kind, metadata and collation of each column.
fn columns(flavor: Flavor, name: &str) -> (TableMap, Vec<(u8, u16, Option<u16>)>) {
    let mut found = None;
    expect!(flavor, name, Body::TableMap(event) => { found = Some(event.decode().unwrap()); });
    let map = found.unwrap();
    let columns = map.columns.iter().map(|column| (column.kind, column.meta, column.collation));
    let columns = columns.collect();
    (map, columns)
}

#[test]
fn table_maps_tell_everything() {
    for (flavor, json, all) in [(MySql, 245, 255), (MariaDb, 252, 45)] {
        let (map, columns) = columns(flavor, "map_every");
        assert_eq!((&*map.database, &*map.table, columns.len()), ("g", "every", 27));
        assert_eq!(columns[7], (246, 10 << 8 | 3, None));
        assert_eq!(columns[13], (254, 10, Some(8)));
        assert_eq!(columns[14], (15, 1200, Some(46)));
        assert_eq!(columns[15], (254, 8, Some(63)));
        assert_eq!(columns[17], (252, 2, Some(all)));
        assert_eq!(columns[18], (252, 2, Some(63)));
        assert_eq!(columns[19], (247, 1, Some(8)));
        assert_eq!(columns[20], (248, 1, Some(all)));
        assert_eq!(columns[21], (16, 0x0103, None));
        assert_eq!(columns[23].0, json);
        // CHAR(255) of four bytes each: the length's upper bits are folded into the type.
        assert_eq!(columns[25], (254, 1020, Some(all)));
        let at = |place: usize| &map.columns[place];
        let unsigned: Vec<_> = map.columns.iter().filter_map(|column| column.unsigned).collect();
        assert_eq!(
            unsigned,
            [false, true, false, true, false, false, true, false, true],
            "a b c d e f h i j"
        );
        assert_eq!(at(13).name.as_deref(), Some("o"));
        assert_eq!(at(19).labels.as_deref(), Some(&[b"x".to_vec(), b"y'z".to_vec()][..]));
        assert_eq!(at(20).labels.as_ref().unwrap()[2], "ü".as_bytes());
        assert_eq!(
            (at(22).geometry, at(24).geometry, at(26).geometry),
            (Some(0), Some(1), Some(2))
        );
        assert_eq!(map.primary_key, Some(vec![3, 14]));
        assert!(map.is_full() && !at(3).nullable && at(0).nullable);
        assert_eq!(at(0).visible, (flavor == MySql).then_some(true));
    }
}

#[test]
fn texts_are_counted_as_each_server_counts_them() {
    // MariaDB: UUID, INET4, INET6, compressed ones and GEOMETRY are among them.
    let (_, found) = columns(MariaDb, "map_arr");
    let collations: Vec<_> = found.iter().map(|column| column.2).collect();
    let binary = Some(63);
    let expected = [None, binary, binary, binary, Some(8), Some(8), binary, binary, Some(8)];
    assert_eq!(collations, expected);
    assert_eq!((found[4].0, found[5].0), (141, 140));
    // MySQL: VECTOR is, JSON and GEOMETRY are not.
    let (_, found) = columns(MySql, "map_vector");
    let collations: Vec<_> = found.iter().map(|column| column.2).collect();
    let expected = [None, Some(8), binary, None, None, Some(11), Some(46), binary];
    assert_eq!(collations, expected);
    let (map, _) = columns(MySql, "map_arr");
    assert_eq!(map.columns[3].visible, Some(false));
}
