//! Fields of an event, read from the front of its bytes; numbers are little-endian.

/// What is left of an event. Every read is `None` where the bytes end too early, and then nothing is
/// taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    #[inline]
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u24(&mut self) -> Option<u32> {
        self.array().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    pub(crate) fn u48(&mut self) -> Option<u64> {
        self.array().map(|[a, b, c, d, e, f]| u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    pub(crate) fn u56(&mut self) -> Option<u64> {
        self.array().map(|[a, b, c, d, e, f, g]| u64::from_le_bytes([a, b, c, d, e, f, g, 0]))
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length-encoded integer of the client/server protocol: one byte up to 250, or 0xfc, 0xfd,
    /// 0xfe and two, three, eight bytes.
    #[inline]
    pub(crate) fn length(&mut self) -> Option<u64> {
        match self.u8()? {
            small @ 0..=250 => Some(u64::from(small)),
            0xfc => self.u16().map(u64::from),
            0xfd => self.u24().map(u64::from),
            0xfe => self.u64(),
            _ => None,
        }
    }

    /// As many bytes as a length-encoded integer before them says.
    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.length()?).ok()?;
        self.bytes(count)
    }

    /// An unsigned integer of MySQL's serialization library: the ones that the first byte ends with
    /// count the bytes that follow it; 0xff means eight.
    pub(crate) fn varying(&mut self) -> Option<u64> {
        let first = *self.0.first()?;
        let more = first.trailing_ones() as usize;
        if more == 8 {
            self.u8()?;
            return self.u64();
        }
        let taken = self.bytes(more + 1)?;
        let value = taken.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        Some(value >> (more + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_four_forms() {
        let mut fields =
            Fields::new(&[250, 0xfc, 1, 1, 0xfd, 1, 0, 1, 0xfe, 1, 0, 0, 0, 0, 0, 0, 1]);
        let read: Vec<_> = std::iter::from_fn(|| fields.length()).collect();
        assert_eq!(read, [250, 0x101, 0x01_0001, 0x0100_0000_0000_0001]);
        assert_eq!(Fields::new(&[0xfb]).length(), None);
    }

    #[test]
    fn serialized_integers_count_their_bytes_in_the_first() {
        // 5 << 1; 200 << 2 | 1; the largest.
        assert_eq!(Fields::new(&[10]).varying(), Some(5));
        assert_eq!(Fields::new(&[0x21, 0x03]).varying(), Some(200));
        assert_eq!(Fields::new(&[0xff; 9]).varying(), Some(u64::MAX));
        assert_eq!(Fields::new(&[0x7f, 0, 0, 0, 0, 0, 0, 1]).varying(), Some(1 << 48));
        assert_eq!(Fields::new(&[0x01]).varying(), None);
    }
}
