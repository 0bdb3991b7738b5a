//! Dumps of real events, cut and damaged in every way.

use super::packets::Packets;
use super::reader::Reader;
use crate::binlog::{Body, Header, golden, kind};
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
    event[4] = kind::ROWS_QUERY;
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

/// A transaction that is stored as it is, in an event of `size` bytes.
fn stored(size: usize) -> Vec<u8> {
    let header = |kind, size: usize| {
        let mut header = vec![0; Header::LEN];
        header[4] = kind;
        header[9..13].copy_from_slice(&(size as u32).to_le_bytes());
        header
    };
    let xid = [header(kind::XID, Header::LEN + 8), vec![7; 8]].concat();
    let mut event = header(kind::TRANSACTION_PAYLOAD, size);
    // Algorithm 255, end of the fields.
    event.extend_from_slice(&[2, 3, 0xfc, 255, 0, 0]);
    let first = size - event.len() - xid.len() - 4;
    event.extend(header(kind::ROWS_QUERY, first));
    event.resize(size - xid.len() - 4, b'x');
    event.extend(xid);
    let checksum = crc32fast::hash(&event);
    event.extend_from_slice(&checksum.to_le_bytes());
    event
}

#[test]
fn a_compressed_transaction_may_end_anywhere_in_a_packet() {
    const FULL: usize = 0x00ff_ffff;
    let format = golden::event(Flavor::MySql, "format");
    let write = golden::event(Flavor::MySql, "write");
    for size in [300_000, FULL - 2, FULL - 1, FULL, FULL + 1, FULL + 2, FULL + 3, FULL + 40] {
        let message = [&[0][..], &stored(size)].concat();
        let mut bytes = dump(std::slice::from_ref(&format));
        let mut number = 1;
        for chunk in message.chunks(FULL).chain((message.len() == FULL).then_some(&[][..])) {
            bytes.extend_from_slice(&(chunk.len() as u32).to_le_bytes()[..3]);
            bytes.push(number);
            bytes.extend_from_slice(chunk);
            number += 1;
        }
        bytes.extend_from_slice(&(write.len() as u32 + 1).to_le_bytes()[..3]);
        bytes.extend_from_slice(&[number, 0]);
        bytes.extend_from_slice(&write);
        for cuts in [&[100_000][..], &[70_000, 1]] {
            let (lines, error) = read(Flavor::MySql, &bytes, cuts);
            assert_eq!((lines.len(), error), (4, None), "{size}");
        }
    }
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
