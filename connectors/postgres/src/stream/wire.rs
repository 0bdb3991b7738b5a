//! The messages inside `CopyData` while replicating, in both directions.
#![deny(clippy::indexing_slicing)]

use bytes::{BufMut, BytesMut};

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH: i64 = 946_684_800_000_000;

/// What the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FromServer<'a> {
    /// `w`: a message of the output plugin.
    Data {
        /// Where in the log it comes from.
        lsn: u64,
        /// When the server sent it, microseconds since 1970.
        sent_us: i64,
        /// The plugin's message.
        payload: &'a [u8],
    },
    /// `k`: a sign of life.
    Keepalive {
        /// Everything that committed before has been sent.
        wal_end: u64,
        /// Whether the server wants an answer at once.
        reply: bool,
    },
}

impl<'a> FromServer<'a> {
    /// Decodes the content of a `CopyData`; nothing where it is none of these.
    #[inline]
    pub(super) fn decode(body: &'a [u8]) -> Option<Self> {
        let (tag, rest) = body.split_first()?;
        let (first, rest) = rest.split_first_chunk::<8>()?;
        let first = u64::from_be_bytes(*first);
        match tag {
            // End of the log and send time follow; the decoder sets the first to the message's LSN.
            b'w' => {
                let (sent, payload) = rest.get(8..)?.split_first_chunk::<8>()?;
                let sent_us = i64::from_be_bytes(*sent).saturating_add(EPOCH);
                Some(Self::Data { lsn: first, sent_us, payload })
            }
            b'k' => Some(Self::Keepalive { wal_end: first, reply: *rest.get(8)? == 1 }),
            _ => None,
        }
    }
}

/// Appends a standby status update: everything up to `lsn` is safe.
pub(super) fn status(out: &mut BytesMut, lsn: u64, now_us: i64, want_reply: bool) {
    out.put_u8(b'd');
    out.put_u32(4 + 34);
    out.put_u8(b'r');
    // Written, flushed, applied: a server that waits for its standbys may wait for any of them.
    out.put_u64(lsn);
    out.put_u64(lsn);
    out.put_u64(lsn);
    out.put_i64(now_us.saturating_sub(EPOCH));
    out.put_u8(u8::from(want_reply));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_a_message_or_nothing() {
        let mut data = vec![b'w'];
        data.extend_from_slice(&7u64.to_be_bytes());
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(b"I..");
        assert_eq!(
            FromServer::decode(&data),
            Some(FromServer::Data { lsn: 7, sent_us: EPOCH, payload: &b"I.."[..] })
        );
        let mut alive = vec![b'k'];
        alive.extend_from_slice(&9u64.to_be_bytes());
        alive.extend_from_slice(&[0; 8]);
        alive.push(1);
        assert_eq!(
            FromServer::decode(&alive),
            Some(FromServer::Keepalive { wal_end: 9, reply: true })
        );
        for end in 0..alive.len() {
            assert_eq!(FromServer::decode(&alive[..end]), None);
        }
        assert_eq!(FromServer::decode(&data[..24]), None);
    }

    #[test]
    fn a_status_has_the_length_it_says() {
        let mut out = BytesMut::new();
        status(&mut out, 1, 0, true);
        assert_eq!(out.len(), 1 + 4 + 34);
    }
}
