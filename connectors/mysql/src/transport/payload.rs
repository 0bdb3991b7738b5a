//! A compressed transaction (`TRANSACTION_PAYLOAD`), inflated while it is received: in memory are a
//! window of what comes out and the decompressor's own, whatever the transaction's size.
//!
//! ```text
//!  header 19 │ { field │ length │ value } … 0 │ compressed events │ CRC32
//!                field 1 size, 2 algorithm (0 zstd, 255 none), 3 inflated size
//! ```
//!
//! The checksum stands at the end, so the events before the last are handed out before it is
//! verified. The last one, which commits, is not: an event is handed out when another follows it or
//! the checksum is right, whatever the sizes say.
//!
//! Source: `Transaction_payload_event` in libs/mysql/binlog/event/control_events.h.

use super::failure::out_of_order;
use super::packets::Packets;
use super::window::Window;
use crate::binlog::{Fields, Header};
use crate::codes;
use walbrook_core::error::{Error, Result};
use zstd::stream::raw::{Decoder, Operation};

/// What is inflated at once; it grows for larger events.
const WINDOW: usize = 128 * 1024;

/// What [`Payload::advance`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An event of so many bytes is at hand.
    Event(usize),
    /// More has to be received first.
    Wait,
    /// There are no more events, and the checksum is right.
    Done,
}

/// The transaction that is being inflated. It is kept for the next one, with its buffers.
pub(super) struct Payload {
    inner: Window,
    /// Bytes of the event that is handed out, dropped at the next step.
    taken: usize,
    /// `None` where the events are stored as they are.
    zstd: Option<Decoder<'static>>,
    /// `None` where the log has no checksums.
    checksum: Option<crc32fast::Hasher>,
    /// What has come of the stored checksum.
    trailer: Vec<u8>,
    /// Compressed bytes that are not taken.
    left: u64,
    /// Inflated bytes that are not produced.
    missing: u64,
    /// Whether all of the event is taken and found right.
    done: bool,
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payload").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Payload {
    pub(super) fn new() -> Self {
        Self {
            inner: Window::new(WINDOW),
            taken: 0,
            zstd: None,
            checksum: None,
            trailer: Vec::with_capacity(4),
            left: 0,
            missing: 0,
            done: true,
        }
    }

    /// Begins with an event whose first bytes, with the whole header, are `event`. Returns how many
    /// of them are read; the compressed ones follow.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        event: &[u8],
        checksums: bool,
    ) -> Result<usize> {
        let fields =
            PayloadFields::read(event).ok_or_else(|| broken("its fields cannot be read"))?;
        let trailer = if checksums { 4 } else { 0 };
        let left = u64::from(header.size).checked_sub(fields.length as u64 + trailer);
        self.left = left.ok_or_else(|| broken("its fields are larger than it is"))?;
        self.missing = match fields.algorithm {
            NONE => self.left,
            _ => fields.inflated.ok_or_else(|| broken("it does not say its size"))?,
        };
        self.zstd = match fields.algorithm {
            ZSTD => Some(Decoder::new().map_err(|error| broken(&error.to_string()))?),
            NONE => None,
            _ => return Err(broken("the algorithm is not known")),
        };
        self.checksum = checksums.then(|| {
            let mut checksum = crc32fast::Hasher::new();
            checksum.update(event.get(..fields.length).unwrap_or_default());
            checksum
        });
        self.inner.consume(self.inner.len());
        self.inner.shrink(WINDOW);
        self.trailer.clear();
        (self.taken, self.done) = (0, false);
        Ok(fields.length)
    }

    /// The event that is at hand.
    pub(super) fn event(&self) -> &[u8] {
        self.inner.data().get(..self.taken).unwrap_or_default()
    }

    /// Whether the event behind the one at hand can be had without receiving more.
    pub(super) fn has_another(&self) -> bool {
        let rest = self.inner.data().get(self.taken..).unwrap_or_default();
        Header::read(rest).is_some_and(|header| {
            let size = header.size as usize;
            rest.len() > size || rest.len() == size && self.done
        })
    }

    /// Whether all of it has been taken.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Goes on to the next event.
    pub(super) fn advance(&mut self, packets: &mut Packets) -> Result<Step> {
        self.inner.consume(std::mem::take(&mut self.taken));
        loop {
            let whole = self.whole()?;
            let last = self.missing == 0 && self.inner.len() == whole.unwrap_or_default();
            if last && !self.finish(packets)? {
                return Ok(Step::Wait);
            }
            // With missing bytes the last event cannot be told from the others before more come.
            if let Some(size) = whole.filter(|size| last || *size < self.inner.len()) {
                self.taken = size;
                return Ok(Step::Event(size));
            }
            if last {
                return Ok(Step::Done);
            }
            if self.missing == 0 {
                return Err(broken("it ends within an event"));
            }
            if !self.produce(packets)? {
                return Ok(Step::Wait);
            }
        }
    }

    /// Size of the event at the front, if all of it is there.
    fn whole(&self) -> Result<Option<usize>> {
        let Some(header) = Header::read(self.inner.data()) else { return Ok(None) };
        let size = header.size as usize;
        if size < Header::LEN || size as u64 > self.inner.len() as u64 + self.missing {
            return Err(broken("an event in it has an impossible size"));
        }
        Ok((size <= self.inner.len()).then_some(size))
    }

    /// Inflates a piece. False where more has to be received first.
    fn produce(&mut self, packets: &mut Packets) -> Result<bool> {
        let part = match self.left {
            // What is still in the decompressor comes out without input.
            0 => 0,
            left => match packets.part().map_err(|_| out_of_order())? {
                Some(part) if part.last && left > part.len as u64 => {
                    return Err(broken("it is shorter than it says"));
                }
                Some(part) => usize::try_from(left).unwrap_or(usize::MAX).min(part.len),
                None => return Ok(false),
            },
        };
        if self.inner.room().is_empty() {
            self.inner.grow();
        }
        let input = packets.window.data().get(..part).unwrap_or_default();
        let room = self.inner.room();
        let (read, written) = match &mut self.zstd {
            Some(zstd) => {
                let status = zstd.run_on_buffers(input, room);
                let status = status.map_err(|_| broken("its compressed part is damaged"))?;
                (status.bytes_read, status.bytes_written)
            }
            None => {
                let count = input.len().min(room.len());
                room.iter_mut().zip(input).for_each(|(to, from)| *to = *from);
                (count, count)
            }
        };
        if self.left == 0 && written == 0 {
            return Err(broken("it inflates to less than it says"));
        }
        if let (Some(checksum), Some(bytes)) = (&mut self.checksum, input.get(..read)) {
            checksum.update(bytes);
        }
        packets.take(read);
        self.inner.filled(written);
        self.left -= read as u64;
        let missing = self.missing.checked_sub(written as u64);
        self.missing = missing.ok_or_else(|| broken("it inflates to more than it says"))?;
        Ok(true)
    }

    /// Takes what is behind the last event: the end of the compressed stream and the checksum. False
    /// where more has to be received first.
    fn finish(&mut self, packets: &mut Packets) -> Result<bool> {
        while self.left > 0 {
            if !self.produce(packets)? {
                return Ok(false);
            }
        }
        if self.done {
            return Ok(true);
        }
        if let Some(checksum) = &self.checksum {
            // It may be cut, where a packet of 16 MiB ends.
            while self.trailer.len() < 4 {
                let Some(part) = packets.part().map_err(|_| out_of_order())? else {
                    return Ok(false);
                };
                let count = part.len.min(4 - self.trailer.len());
                let bytes = packets.window.data().get(..count).unwrap_or_default();
                self.trailer.extend_from_slice(bytes);
                packets.take(count);
            }
            if self.trailer != checksum.clone().finalize().to_le_bytes() {
                return Err(damaged());
            }
        }
        self.done = packets.end_message().map_err(|_| out_of_order())?;
        Ok(self.done)
    }
}

const ZSTD: u64 = 0;
const NONE: u64 = 255;

/// The fields in front of the compressed events.
struct PayloadFields {
    algorithm: u64,
    inflated: Option<u64>,
    /// Bytes up to the compressed events, with the event's header.
    length: usize,
}

impl PayloadFields {
    fn read(event: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(event.get(Header::LEN..)?);
        let (mut algorithm, mut inflated) = (NONE, None);
        loop {
            let number = fields.length()?;
            if number == 0 {
                let length = event.len() - fields.rest().len();
                return Some(Self { algorithm, inflated, length });
            }
            let mut value = Fields::new(fields.counted()?);
            match number {
                2 => algorithm = value.length()?,
                3 => inflated = Some(value.length()?),
                _ => {}
            }
        }
    }
}

fn damaged() -> Error {
    let message = "A compressed transaction of the log fails its checksum.";
    Error::transient(codes::CHECKSUM, message)
        .fix("If it happens again, check the server's disk: the log is damaged.")
}

fn broken(why: &str) -> Error {
    let message = format!("A compressed transaction cannot be inflated: {why}.");
    Error::definite(codes::COMPRESSED, message).fix(
        "Check the server's disk; with binlog_transaction_compression = OFF new transactions are \
         logged as they are.",
    )
}
