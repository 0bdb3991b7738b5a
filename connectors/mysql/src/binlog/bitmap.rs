//! A bit for each column of a table.

/// Bits in column order, the first in the lowest bit of the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bitmap<'a> {
    bits: &'a [u8],
    len: usize,
}

impl<'a> Bitmap<'a> {
    /// A bit for each of `len` columns; `None` where `bits` is not exactly as long as they need.
    pub fn new(bits: &'a [u8], len: usize) -> Option<Self> {
        (bits.len() == len.div_ceil(8)).then_some(Self { bits, len })
    }

    /// Bit of a column; false of a column that there is not.
    #[inline]
    pub fn get(&self, column: usize) -> bool {
        let byte = self.bits.get(column / 8).copied().unwrap_or_default();
        column < self.len && byte >> (column % 8) & 1 != 0
    }

    /// How many columns it has a bit for.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has a bit for no column.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bits are set.
    pub fn count(&self) -> usize {
        let all: usize = self.bits.iter().map(|byte| byte.count_ones() as usize).sum();
        let beyond = match (self.bits.last(), self.len % 8) {
            (Some(last), used @ 1..) => (last >> used).count_ones() as usize,
            _ => 0,
        };
        all - beyond
    }

    /// Whether every bit is set.
    pub fn is_full(&self) -> bool {
        self.count() == self.len
    }

    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_beyond_the_last_column_do_not_count() {
        let bitmap = Bitmap::new(&[0xff, 0xfd], 10).unwrap();
        assert_eq!((bitmap.count(), bitmap.is_full()), (9, false));
        assert!(bitmap.get(8) && !bitmap.get(9) && !bitmap.get(10) && !bitmap.get(99));
        assert!(Bitmap::new(&[0xff, 0x03], 10).unwrap().is_full());
        assert_eq!(Bitmap::new(&[0xff], 10), None);
        assert!(Bitmap::new(&[], 0).unwrap().is_full());
    }
}
