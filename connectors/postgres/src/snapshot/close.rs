//! Where a batch of snapshot rows ends. Pure.
//!
//! A full batch is handed over only when the next row is there: so the last row is known to be the
//! last one, and the cursor can say where the next one begins.

use walbrook_core::batch::{Batch, FULL};

/// What must stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// Everything up to the end of the piece.
    All,
    /// Rows with the same leading key value.
    Groups,
    /// Nothing.
    Nothing,
}

/// A batch ends before the next row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// What belongs together is cut here.
    pub torn: bool,
    /// Everything below this value is in this batch or an earlier one.
    pub upto: Option<String>,
}

/// Watches the rows of one piece go by.
#[derive(Debug)]
pub struct Closer {
    together: Together,
    /// The leading key value of the last row, as COPY writes it.
    last: Vec<u8>,
}

impl Closer {
    /// A watcher at the beginning of a piece.
    pub fn new(together: Together) -> Self {
        Self { together, last: Vec::new() }
    }

    /// Whether the batch ends before a row with the leading key value `key`.
    #[inline]
    pub fn before(&mut self, batch: &Batch, key: &[u8]) -> Option<Close> {
        let close = if batch.is_full() { self.close(batch, key) } else { None };
        if self.together == Together::Groups {
            self.last.clear();
            self.last.extend_from_slice(key);
        }
        close
    }

    fn close(&self, batch: &Batch, key: &[u8]) -> Option<Close> {
        let huge = batch.bytes.len() >= 2 * FULL || batch.events.len() >= 32 * 1024;
        match self.together {
            Together::All => Some(Close { torn: true, upto: None }),
            Together::Nothing => Some(Close { torn: false, upto: None }),
            Together::Groups if key != self.last => {
                // Keys whose text is not UTF-8 do not exist: the session speaks UTF-8.
                let upto = String::from_utf8(unescape(key)).ok();
                Some(Close { torn: upto.is_none(), upto })
            }
            Together::Groups => huge.then_some(Close { torn: true, upto: None }),
        }
    }
}

/// The text of a value that COPY wrote.
pub fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'v') => 11,
                Some(other) => *other,
                None => b'\\',
            },
            byte => *byte,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(bytes: usize) -> Batch {
        Batch { bytes: vec![0; bytes], ..Batch::default() }
    }

    fn safe(upto: &str) -> Option<Close> {
        Some(Close { torn: false, upto: Some(upto.into()) })
    }

    #[test]
    fn a_batch_ends_where_the_key_changes() {
        let mut closer = Closer::new(Together::Groups);
        assert_eq!(closer.before(&batch(0), b"1"), None);
        assert_eq!(closer.before(&batch(FULL), b"1"), None, "inside a group it waits");
        assert_eq!(closer.before(&batch(FULL), b"2"), safe("2"));
        let torn = Some(Close { torn: true, upto: None });
        assert_eq!(closer.before(&batch(2 * FULL), b"2"), torn, "but not for ever");
        assert_eq!(closer.before(&batch(2 * FULL), b"a\\tb"), safe("a\tb"));
    }

    #[test]
    fn other_pieces_end_batches_when_they_are_full() {
        for (together, torn) in [(Together::All, true), (Together::Nothing, false)] {
            let mut closer = Closer::new(together);
            assert_eq!(closer.before(&batch(FULL - 1), b""), None);
            assert_eq!(closer.before(&batch(FULL), b""), Some(Close { torn, upto: None }));
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape(br"a\\x\tb\n\r\b\f\v"), b"a\\x\tb\n\r\x08\x0c\x0b");
    }
}
