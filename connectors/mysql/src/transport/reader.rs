//! From bytes of the dump to events, without I/O.
//!
//! ```text
//!  Packets ──whole message────────────▶ read where it lies ─┐
//!          ──parts of a long one──────▶ joined ─────────────┼▶ checksum, position ─▶ Event
//!          ──a compressed transaction─▶ Payload ─▶ its events, one by one ─────────┘
//! ```
//!
//! [`Reader::advance`] finds the next event and keeps where it lies; [`Reader::event`] reads it there.

use super::failure::{closed, out_of_order, reported};
use super::message::{END, ERROR, OK, ServerError};
use super::packets::{Packets, Part};
use super::payload::{Payload, Step};
use super::place::Place;
use super::session::unexpected;
use crate::binlog::{Event, Fields, Flaw, Header, decode, kind};
use crate::codes;
use crate::flavor::Flavor;
use walbrook_core::error::{Error, Result};

/// A buffer that grew beyond this for one event is given back after it.
const KEEP: usize = 4 << 20;

/// Where the event at hand lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Nowhere,
    /// At the front of the window: a message of so many bytes.
    Window(usize),
    Joined,
    /// In the compressed transaction.
    Payload,
}

/// The reader of one dump.
#[derive(Debug)]
pub(super) struct Reader {
    flavor: Flavor,
    pub(super) packets: Packets,
    /// A message that came in several parts.
    joined: Vec<u8>,
    payload: Payload,
    /// Whether the message at the front is a compressed transaction that has begun.
    inflating: bool,
    /// What is inflated of a single event.
    scratch: Vec<u8>,
    place: Place,
    /// Whether events end with a checksum; `None` until the format is known.
    checksums: Option<bool>,
    at: At,
    header: Header,
    /// Bytes of the checksum at the end of the event at hand.
    trailer: usize,
    start: u64,
    end: u64,
}

impl Reader {
    pub(super) fn new(packets: Packets, flavor: Flavor) -> Self {
        Self {
            flavor,
            packets,
            joined: Vec::new(),
            payload: Payload::new(),
            inflating: false,
            scratch: Vec::new(),
            place: Place::default(),
            checksums: None,
            at: At::Nowhere,
            header: Header::default(),
            trailer: 0,
            start: 0,
            end: 0,
        }
    }

    /// Finds the next event. False where more has to be received first.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<bool> {
        self.release();
        loop {
            if self.inflating {
                match self.payload.advance(&mut self.packets)? {
                    Step::Event(_) => return self.admit_inner(),
                    Step::Wait => return Ok(false),
                    Step::Done => self.inflating = false,
                }
                continue;
            }
            let Some(part) = self.packets.part().map_err(|_| out_of_order())? else {
                return Ok(false);
            };
            if part.first && self.begin_payload(part)? {
                continue;
            }
            if part.first && part.last {
                self.at = At::Window(part.len);
                return self.admit();
            }
            self.join(part)?;
            if part.last {
                self.at = At::Joined;
                return self.admit();
            }
        }
    }

    /// Whether the event behind the one at hand can be had without receiving more.
    pub(super) fn has_another(&self) -> bool {
        match self.at {
            _ if self.inflating => {
                self.payload.has_another() || self.payload.is_done() && self.packets.has_another(0)
            }
            At::Window(len) => self.packets.has_another(len),
            _ => self.packets.has_another(0),
        }
    }

    /// Drops the event at hand.
    #[inline]
    fn release(&mut self) {
        if let At::Window(len) = self.at {
            self.packets.take(len);
        }
        self.at = At::Nowhere;
        if self.scratch.capacity() > KEEP {
            self.scratch = Vec::new();
        }
    }

    /// Begins to inflate, where the message that begins is a compressed transaction.
    fn begin_payload(&mut self, part: Part) -> Result<bool> {
        let message = self.packets.window.data().get(..part.len).unwrap_or_default();
        let Some((&OK, event)) = message.split_first() else { return Ok(false) };
        let Some(header) = Header::read(event) else { return Ok(false) };
        if header.kind != kind::TRANSACTION_PAYLOAD {
            return Ok(false);
        }
        let checksums = self.checksums.unwrap_or_default();
        let read = self.payload.begin(&header, event, checksums)?;
        self.packets.take(read + 1);
        (self.start, self.end) = self.place.pass(header.size, header.end);
        self.inflating = true;
        Ok(true)
    }

    /// Adds a part to the message that came before it.
    fn join(&mut self, part: Part) -> Result<()> {
        let bytes = self.packets.window.data().get(..part.len).unwrap_or_default();
        if part.first {
            if self.joined.capacity() > KEEP {
                self.joined = Vec::new();
            }
            self.joined.clear();
            self.header = bytes.get(1..).and_then(Header::read).unwrap_or_default();
        }
        let needed = self.joined.len() + bytes.len();
        // The size that the event announces is reached in steps: it is believed as it comes true.
        let announced = self.header.size as usize + 1;
        if needed > announced {
            return Err(unexpected("long"));
        }
        if needed > self.joined.capacity() {
            let step = (self.joined.capacity() * 2).max(needed).min(announced);
            self.joined.reserve_exact(step - self.joined.len());
        }
        self.joined.extend_from_slice(bytes);
        self.packets.take(part.len);
        Ok(())
    }

    /// Reads what every event has, and verifies it.
    fn admit(&mut self) -> Result<bool> {
        let message = match self.at {
            At::Window(len) => self.packets.window.data().get(..len).unwrap_or_default(),
            _ => &self.joined,
        };
        let event = match message.split_first() {
            Some((&OK, event)) => event,
            Some((&ERROR, _)) => {
                return Err(reported(&ServerError::parse(message), "reading the log"));
            }
            Some((&END, rest)) if rest.len() < 8 => {
                return Err(closed("the server ended the dump"));
            }
            _ => return Err(unexpected("no event")),
        };
        let header = Header::read(event).ok_or_else(|| unexpected("a short event"))?;
        if header.size as usize != event.len() {
            return Err(unexpected("an event of another size than it says"));
        }
        self.trailer = match (header.kind, self.checksums) {
            (kind::FORMAT_DESCRIPTION, _) => 4,
            (_, Some(true)) => 4,
            (_, Some(false)) => 0,
            // MariaDB's first event, before it says so.
            (_, None) if has_checksum(event) => 4,
            (_, None) => 0,
        };
        let announced = match header.kind {
            kind::FORMAT_DESCRIPTION => *self.checksums.insert(algorithm(event)? == 1),
            _ => self.trailer > 0,
        };
        if announced && !has_checksum(event) {
            return Err(self.damaged(&header));
        }
        self.header = header;
        (self.start, self.end) = self.place.pass(header.size, header.end);
        if header.kind == kind::ROTATE {
            let body = event.get(Header::LEN..event.len() - self.trailer).unwrap_or_default();
            let mut fields = Fields::new(body);
            if let (Some(position), Ok(file)) = (fields.u64(), std::str::from_utf8(fields.rest())) {
                self.place.rotate(file, position);
            }
            if header.end == 0 {
                (self.start, self.end) = (self.place.position, self.place.position);
            }
        }
        Ok(true)
    }

    /// The same of an event of a compressed transaction: it has no checksum and no position.
    fn admit_inner(&mut self) -> Result<bool> {
        self.at = At::Payload;
        self.trailer = 0;
        self.header = Header::read(self.payload.event()).unwrap_or_default();
        Ok(true)
    }

    /// Reads the event at hand.
    #[inline]
    pub(super) fn event(&mut self) -> Result<Event<'_>> {
        let event = match self.at {
            At::Window(len) => self.packets.window.data().get(1..len),
            At::Joined => self.joined.get(1..),
            At::Payload => Some(self.payload.event()),
            At::Nowhere => None,
        };
        let event = event.unwrap_or_default();
        let body = event.get(Header::LEN..event.len().saturating_sub(self.trailer));
        let Header { timestamp, server_id, size, .. } = self.header;
        let (file, start, end) = (&*self.place.file, self.start, self.end);
        match decode(&self.header, body.unwrap_or_default(), self.flavor, &mut self.scratch) {
            Ok(body) => Ok(Event { file, start, end, timestamp, server_id, size, body }),
            Err(flaw) => Err(unreadable(flaw, self.header.kind, file, start)),
        }
    }

    fn damaged(&self, header: &Header) -> Error {
        let (name, Place { file, position }) = (kind::name(header.kind), &self.place);
        let message = format!("A {name} event behind {file}:{position} fails its checksum.");
        Error::transient(codes::CHECKSUM, message)
            .fix("If it happens again, check the server's disk: the log is damaged.")
    }
}

/// The last byte before the checksum of `FORMAT_DESCRIPTION`: 0 no checksums, 1 CRC32.
fn algorithm(event: &[u8]) -> Result<u8> {
    let place = event.len().checked_sub(5).filter(|place| *place >= Header::LEN);
    let algorithm = place.and_then(|place| event.get(place)).copied();
    algorithm.filter(|it| *it <= 1).ok_or_else(|| unexpected("an unknown checksum"))
}

/// Whether the last four bytes are the CRC32 of the others.
fn has_checksum(event: &[u8]) -> bool {
    let Some((bytes, stored)) = event.split_last_chunk::<4>() else { return false };
    crc32fast::hash(bytes) == u32::from_le_bytes(*stored)
}

fn unreadable(flaw: Flaw, kind: u8, file: &str, start: u64) -> Error {
    let at = format!("{} event (kind {kind}) at {file}:{start}", kind::name(kind));
    match flaw {
        Flaw::Unknown => {
            Error::definite(codes::UNKNOWN_EVENT, format!("The {at} is of a kind that is not supported."))
                .fix(remedy(kind))
        }
        Flaw::Malformed => {
            Error::definite(codes::PROTOCOL, format!("The {at} cannot be read."))
                .fix("Report it with the server's version.")
        }
        Flaw::Compressed(why) => {
            Error::definite(codes::COMPRESSED, format!("The {at} cannot be inflated: {why}."))
                .fix("Check the server's disk; with log_bin_compress = OFF new events are logged as they are.")
        }
    }
}

fn remedy(kind: u8) -> &'static str {
    match kind {
        kind::PARTIAL_ROW_DATA => {
            "Raise binlog_row_event_fragment_threshold above the largest row, and take a new snapshot."
        }
        _ => "Use a version of Walbrook that knows this server's version.",
    }
}
