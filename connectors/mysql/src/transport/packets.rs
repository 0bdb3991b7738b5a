//! Packets of the client/server protocol: a message of up to 16 MiB is one packet, a longer one as
//! many as it needs.
//!
//! ```text
//!  length u24 │ number u8 │ content        a content of 0xffffff bytes goes on in the next packet
//! ```
//!
//! Source: MySQL Internals, "MySQL Packets".

use super::window::Window;

/// What a window holds: thirty events of the usual size.
const WINDOW: usize = 256 * 1024;

/// The length of a packet that is not the last of its message.
const FULL: usize = 0x00ff_ffff;

/// A message that does not fit the window is handed out in parts of at least this size, so that a
/// part shows how the message begins.
const PART: usize = 16 * 1024;

/// As many bytes of a message as lie at the front of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// How many.
    pub(super) len: usize,
    /// Whether the message begins with them.
    pub(super) first: bool,
    /// Whether it ends with them.
    pub(super) last: bool,
}

/// A packet's number is not the one that follows: bytes are lost or this is not the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfOrder;

/// The receive buffer.
#[derive(Debug)]
pub(super) struct Packets {
    pub(super) window: Window,
    /// Bytes of the packet at the front that are not taken; `None` where its head is not read.
    left: Option<usize>,
    /// Content of that packet.
    length: usize,
    /// Whether a message begins with what comes next.
    fresh: bool,
    /// Number that the next packet has to have.
    number: u8,
}

impl Packets {
    pub(super) fn new() -> Self {
        Self { window: Window::new(WINDOW), left: None, length: 0, fresh: true, number: 0 }
    }

    /// Number of the next packet: one is counted in both directions, and starts anew with a command.
    pub(super) fn number(&self) -> u8 {
        self.number
    }

    pub(super) fn expect_number(&mut self, number: u8) {
        self.number = number;
    }

    /// What can be read of the message at the front: all of it if it fits the window, otherwise a
    /// part. Nothing where more has to be received first.
    #[inline]
    pub(super) fn part(&mut self) -> Result<Option<Part>, OutOfOrder> {
        let left = match self.left {
            Some(left) => left,
            None => {
                let Some(&[a, b, c, number]) = self.window.data().first_chunk::<4>() else {
                    return Ok(None);
                };
                if number != self.number {
                    return Err(OutOfOrder);
                }
                self.number = number.wrapping_add(1);
                self.window.consume(4);
                self.length = u32::from_le_bytes([a, b, c, 0]) as usize;
                *self.left.insert(self.length)
            }
        };
        let len = left.min(self.window.len());
        let fits = self.length <= self.window.size() - 4;
        if len < left && (fits || len < PART) {
            return Ok(None);
        }
        let last = len == left && self.length < FULL;
        Ok(Some(Part { len, first: self.fresh, last }))
    }

    /// Takes `count` bytes of the part at the front.
    #[inline]
    pub(super) fn take(&mut self, count: usize) {
        let Some(left) = self.left else { return };
        let count = count.min(left);
        self.window.consume(count);
        self.fresh = false;
        self.left = Some(left - count);
        if count == left {
            self.fresh = self.length < FULL;
            self.left = None;
        }
    }

    /// Passes over the empty packet that ends a message of full ones. False where it has not come; a
    /// message that goes on is out of order.
    pub(super) fn end_message(&mut self) -> Result<bool, OutOfOrder> {
        if self.fresh {
            return Ok(true);
        }
        match self.part()? {
            Some(Part { len: 0, last: true, .. }) => {
                self.take(0);
                Ok(true)
            }
            Some(_) => Err(OutOfOrder),
            None => Ok(false),
        }
    }

    /// Whether a whole message lies behind the `skipped` bytes of the one at the front.
    pub(super) fn has_another(&self, skipped: usize) -> bool {
        let rest = self.window.data().get(skipped..).unwrap_or_default();
        if let (Some(left), 0) = (self.left, skipped) {
            return rest.len() >= left && self.length < FULL;
        }
        let Some((&[a, b, c, _], body)) = rest.split_first_chunk::<4>() else { return false };
        body.len() >= u32::from_le_bytes([a, b, c, 0]) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn packet(number: u8, body: &[u8]) -> Vec<u8> {
        let mut out = (body.len() as u32).to_le_bytes()[..3].to_vec();
        out.push(number);
        out.extend_from_slice(body);
        out
    }

    /// All messages of `bytes`, received in pieces of the given sizes.
    fn messages(mut bytes: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
        let (mut packets, mut got, mut cuts) = (Packets::new(), Vec::new(), cuts.iter().cycle());
        loop {
            while let Some(part) = packets.part().unwrap() {
                if part.first {
                    got.push(Vec::new());
                }
                got.last_mut().unwrap().extend_from_slice(&packets.window.data()[..part.len]);
                packets.take(part.len);
            }
            if bytes.is_empty() {
                return got;
            }
            let room = packets.window.room();
            let count = (*cuts.next().unwrap()).min(room.len()).min(bytes.len());
            assert!(count > 0);
            room[..count].copy_from_slice(&bytes[..count]);
            packets.window.filled(count);
            bytes = &bytes[count..];
        }
    }

    proptest! {
        #[test]
        fn messages_come_back_however_they_are_cut(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20),
            cuts in prop::collection::vec(1usize..40, 1..60),
        ) {
            let bytes: Vec<u8> = (0..).zip(&bodies).flat_map(|(n, body)| packet(n, body)).collect();
            prop_assert_eq!(messages(&bytes, &cuts), bodies);
        }
    }

    #[test]
    fn long_messages_are_several_packets() {
        for length in [WINDOW, FULL - 1, FULL, FULL + 7, 2 * FULL] {
            let body: Vec<u8> = (0..length).map(|place| place as u8).collect();
            let mut bytes: Vec<u8> = (0..)
                .zip(body.chunks(FULL))
                .flat_map(|(number, chunk)| packet(number, chunk))
                .collect();
            if length % FULL == 0 {
                bytes.extend(packet((length / FULL) as u8, &[]));
            }
            assert!(messages(&bytes, &[100_000, 77]) == [body], "{length}");
        }
    }

    #[test]
    fn a_number_that_does_not_follow_is_noticed() {
        let mut packets = Packets::new();
        let bytes = packet(3, b"x");
        packets.window.room()[..bytes.len()].copy_from_slice(&bytes);
        packets.window.filled(bytes.len());
        assert_eq!(packets.part(), Err(OutOfOrder));
        packets.expect_number(3);
        assert_eq!(packets.part(), Ok(Some(Part { len: 1, first: true, last: true })));
        assert!(packets.has_another(0) && !packets.has_another(1));
    }
}
