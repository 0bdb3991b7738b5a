//! Cuts the byte stream into messages: a kind, a length, a body.
//!
//! ```text
//!  socket ──fill──▶ │done│ kind len body │ kind len bo…      │ one buffer, read where it lies
//!                         └────next────┘
//! ```
//!
//! Cancelling [`Frames::fill`] loses nothing: bytes are in the buffer or still in the socket.

use bytes::{Buf, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest message that is received: PostgreSQL cannot make a larger one.
pub const MAX_FRAME: usize = (1 << 30) + (1 << 20);

/// What one read asks for at least.
const CHUNK: usize = 256 * 1024;

/// A buffer that grew by more than this for one message is given back after it.
const KEEP: usize = 4 * 1024 * 1024;

/// As many bytes of a message that is too large are shown: the kind of change and its table.
const HEAD: usize = 40;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its kind.
    pub tag: u8,
    /// Its content.
    pub body: &'a [u8],
}

/// A message that may not be received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The length that it announces; under four is no length at all.
    pub size: usize,
    /// The beginning of the body.
    pub head: Vec<u8>,
}

/// The receive buffer.
#[derive(Debug)]
pub struct Frames {
    buffer: BytesMut,
    /// Bytes of the message handed out last, dropped at the next call.
    taken: usize,
    /// Largest message allowed.
    limit: usize,
    /// As many bytes are waited for before a larger one is refused.
    head: usize,
    /// Whether a message has blown up the buffer.
    swollen: bool,
}

impl Frames {
    /// An empty buffer that refuses messages larger than `limit`.
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::with_capacity(CHUNK), taken: 0, limit, head: HEAD, swollen: false }
    }

    /// The same before the other end is known to be a server: a message that is too large is no
    /// message at all, and is refused at once.
    pub(super) fn strict(limit: usize) -> Self {
        Self { head: 0, ..Self::new(limit) }
    }

    /// Allows messages up to `limit` from now on.
    pub fn set_limit(&mut self, limit: usize) {
        (self.limit, self.head) = (limit, HEAD);
    }

    /// The next message, if all of it has been received.
    #[inline]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, TooLarge> {
        self.drop_taken();
        let Some((&[tag, a, b, c, d], body)) = self.buffer.split_first_chunk::<5>() else {
            return Ok(None);
        };
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        if size < 4 || size > self.limit {
            if size >= 4 && body.len() < self.head {
                return Ok(None);
            }
            return Err(TooLarge { size, head: body.iter().take(HEAD).copied().collect() });
        }
        let Some(body) = body.get(..size - 4) else { return Ok(None) };
        self.taken = size + 1;
        Ok(Some(Frame { tag, body }))
    }

    /// Reads once. Nothing read is the end of the stream.
    pub async fn fill(&mut self, io: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        self.make_room();
        io.read_buf(&mut self.buffer).await
    }

    #[inline]
    fn drop_taken(&mut self) {
        self.buffer.advance(self.taken);
        self.taken = 0;
    }

    fn make_room(&mut self) {
        self.drop_taken();
        if self.swollen && self.buffer.is_empty() {
            self.buffer = BytesMut::with_capacity(CHUNK);
            self.swollen = false;
        }
        let missing = match self.buffer.split_first_chunk::<5>() {
            Some((&[_, a, b, c, d], body)) => {
                let size = u32::from_be_bytes([a, b, c, d]) as usize;
                if size > self.limit { 0 } else { size.saturating_sub(4 + body.len()) }
            }
            None => 0,
        };
        self.swollen |= missing > KEEP;
        let chunk = CHUNK.saturating_sub(self.buffer.len()).max(CHUNK / 4);
        self.buffer.reserve(missing.max(chunk));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    proptest! {
        #[test]
        fn messages_come_back_however_they_are_cut(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20),
            cuts in prop::collection::vec(1usize..40, 1..60),
        ) {
            let mut bytes: &[u8] =
                &bodies.iter().flat_map(|body| message(b'd', body)).collect::<Vec<_>>();
            let (mut frames, mut got, mut cuts) = (Frames::new(1000), Vec::new(), cuts.iter().cycle());
            while !bytes.is_empty() {
                let cut = bytes.len().min(*cuts.next().unwrap());
                let (mut now, later) = bytes.split_at(cut);
                while !now.is_empty() {
                    block_on(frames.fill(&mut now)).unwrap();
                }
                bytes = later;
                while let Some(frame) = frames.next().unwrap() {
                    got.push(frame.body.to_vec());
                }
            }
            prop_assert_eq!(got, bodies);
        }
    }

    #[test]
    fn a_message_over_the_limit_shows_its_head_and_reserves_nothing() {
        let mut frames = Frames::new(100);
        let mut bytes = vec![b'd', 0x40, 0, 0, 0];
        bytes.extend_from_slice(&[7; HEAD]);
        let (mut start, mut rest) = bytes.split_at(20);
        block_on(frames.fill(&mut start)).unwrap();
        assert_eq!(frames.next(), Ok(None));
        block_on(frames.fill(&mut rest)).unwrap();
        let error = frames.next().unwrap_err();
        assert_eq!(error, TooLarge { size: 0x4000_0000, head: vec![7; HEAD] });
        assert!(frames.buffer.capacity() < 2 * CHUNK);
    }

    #[test]
    fn a_length_under_four_is_refused() {
        let mut frames = Frames::new(100);
        block_on(frames.fill(&mut &[b'd', 0, 0, 0, 3][..])).unwrap();
        assert_eq!(frames.next().unwrap_err().size, 3);
    }

    #[test]
    fn a_huge_message_is_not_kept_in_memory() {
        let mut frames = Frames::new(MAX_FRAME);
        let bytes = message(b'd', &vec![1; 2 * KEEP]);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            block_on(frames.fill(&mut rest)).unwrap();
        }
        assert_eq!(frames.next().unwrap().unwrap().body.len(), 2 * KEEP);
        block_on(frames.fill(&mut &b"x"[..])).unwrap();
        assert!(frames.buffer.capacity() < KEEP);
    }
}
