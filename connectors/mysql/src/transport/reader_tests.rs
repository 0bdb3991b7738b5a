//! Dumps of real events, cut and damaged in every way.

use super::packets::Packets;
use super::reader::Reader;
use crate::binlog::{Body, Header, golden};
use crate::codes;
use crate::flavor::Flavor;
use proptest::prelude::*;
use walbrook_core::error::{Error, Result};

/// A dump: each event with its OK, in packets that number themselves.
fn dump(events: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, event) in events.iter().enumerate() {
        out.extend_from_slice(&(event.len() as u32 + 1).to_le_bytes()[..3]);
        out.extend_from_slice(&[number as u8, 0]);
        out.extend_from_slice(event);
    }
    out
}

fn line(reader: &mut Reader) -> Result<String> {
    let event = reader.event()?;
    let body = match event.body {
        Body::Rows(rows) => format!("{:?} {:?}", rows.kind, rows.bytes),
        Body::Query(query) => String::from_utf8_lossy(query.sql).into_owned(),
        Body::TableMap(map) => String::from_utf8_lossy(map.table).into_owned(),
        body => format!("{:?}", std::mem::discriminant(&body)),
    };
    Ok(format!("{} {}-{} {body}", event.file, event.start, event.end))
}

/// Everything that a dump says, received in pieces of the given sizes, and how it ends.
fn read(flavor: Flavor, mut bytes: &[u8], cuts: &[usize]) -> (Vec<String>, Option<Error>) {
    let (mut reader, mut lines) = (Reader::new(Packets::new(), flavor), Vec::new());
    let mut cuts = cuts.iter().cycle();
    let mut ready = false;
    loop {
        match reader.advance() {
            Ok(true) => match line(&mut reader) {
                Ok(line) => lines.push(line),
                Err(error) => return (lines, Some(error)),
            },
            Ok(false) => {
                assert!(!ready, "an event was said to be ready");
                if bytes.is_empty() {
                    return (lines, None);
                }
                let room = reader.packets.window.room();
                let count = (*cuts.next().unwrap()).min(room.len()).min(bytes.len());
                room[..count].copy_from_slice(&bytes[..count]);
                reader.packets.window.filled(count);
                bytes = &bytes[count..];
            }
            Err(error) => return (lines, Some(error)),
        }
        ready = reader.has_another();
    }
}

fn golden(flavor: Flavor) -> Vec<Vec<u8>> {
    let events = golden::events().into_iter().filter(|(of, _, _)| *of == flavor);
    events.map(|(_, _, bytes)| bytes).collect()
}

#[test]
fn a_dump_says_the_same_however_it_is_cut() {
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        let bytes = dump(&golden(flavor));
        let (whole, error) = read(flavor, &bytes, &[1 << 20]);
        assert_eq!(error, None);
        assert!(whole.len() >= golden(flavor).len());
        for cut in [1, 7, 100] {
            assert_eq!(read(flavor, &bytes, &[cut]), (whole.clone(), None));
        }
    }
}

#[test]
fn a_compressed_transaction_is_its_events() {
    let format = golden::event(Flavor::MySql, "format");
    let payload = golden::event(Flavor::MySql, "payload");
    let (lines, error) = read(Flavor::MySql, &dump(&[format, payload]), &[64]);
    assert_eq!(error, None);
    assert_eq!((lines.len(), &*lines[1]), (5, " 5246-5435 BEGIN"));
    assert_eq!(lines[2], " 5246-5435 plain");
    assert!(lines[3].starts_with(" 5246-5435 Write [0, 4, 0, 0, 0, 88, 2, 97, 98, 99"));
}

#[test]
fn every_damaged_byte_is_noticed() {
    let format = golden::event(Flavor::MySql, "format");
    for name in ["write", "payload"] {
        let event = golden::event(Flavor::MySql, name);
        let good = read(Flavor::MySql, &dump(&[format.clone(), event.clone()]), &[4096]).0;
        for place in 0..event.len() {
            let mut damaged = event.clone();
            damaged[place] ^= 0x10;
            let (lines, error) = read(Flavor::MySql, &dump(&[format.clone(), damaged]), &[4096]);
            // The end of a transaction is never said of a damaged one.
            assert!(error.is_some() && lines.len() < good.len(), "{name} {place}: {lines:?}");
        }
        let mut damaged = event.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        let (_, error) = read(Flavor::MySql, &dump(&[format.clone(), damaged]), &[4096]);
        assert_eq!(error.unwrap().code, codes::CHECKSUM);
    }
}

#[test]
fn the_first_rotate_of_mariadb_loses_its_checksum() {
    let mut event = golden::event(Flavor::MySql, "rotate");
    let (lines, _) = read(Flavor::MySql, &dump(&[event.clone()]), &[4096]);
    assert!(lines[0].starts_with("binlog.000002 "), "{lines:?}");
    event.truncate(event.len() - 4);
    let size = (event.len() as u32).to_le_bytes();
    event[9..13].copy_from_slice(&size);
    let (lines, _) = read(Flavor::MySql, &dump(&[event]), &[4096]);
    assert!(lines[0].starts_with("binlog.000002 "), "{lines:?}");
}

#[test]
fn an_event_of_several_packets_is_joined() {
    let mut event = vec![0; 40_000_000];
    let kind = crate::binlog::kind::ROWS_QUERY;
    event[4] = kind;
    event[9..13].copy_from_slice(&40_000_000_u32.to_le_bytes());
    let message = [vec![0], event].concat();
    let mut bytes = Vec::new();
    for (number, chunk) in message.chunks(0x00ff_ffff).enumerate() {
        bytes.extend_from_slice(&(chunk.len() as u32).to_le_bytes()[..3]);
        bytes.push(number as u8);
        bytes.extend_from_slice(chunk);
    }
    let mut reader = Reader::new(Packets::new(), Flavor::MySql);
    let mut rest = &bytes[..];
    while !reader.advance().unwrap() {
        let room = reader.packets.window.room();
        let count = room.len().min(rest.len());
        room[..count].copy_from_slice(&rest[..count]);
        reader.packets.window.filled(count);
        rest = &rest[count..];
    }
    let event = reader.event().unwrap();
    assert!(
        matches!(event.body, Body::RowsQuery(sql) if sql.len() == 40_000_000 - Header::LEN - 1)
    );
}

proptest! {
    #[test]
    fn anything_can_be_received(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        cut in 1usize..50,
    ) {
        read(Flavor::MySql, &bytes, &[cut]);
        // In the place of an event's body too.
        let mut event = golden::event(Flavor::MySql, "payload");
        let count = bytes.len().min(event.len() - Header::LEN);
        event[Header::LEN..Header::LEN + count].copy_from_slice(&bytes[..count]);
        let format = golden::event(Flavor::MySql, "format");
        read(Flavor::MySql, &dump(&[format, event]), &[cut]);
    }
}
