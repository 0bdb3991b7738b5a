//! Where in the log its reader is.

/// A file and a position in it. The log tells positions in 32 bits and goes on beyond them.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) position: u64,
}

impl Place {
    /// The log goes on in `file`.
    pub(super) fn rotate(&mut self, file: &str, position: u64) {
        self.file.clear();
        self.file.push_str(file);
        self.position = position;
    }

    /// Goes on to the event of `size` bytes that ends where `end` says, and returns where it begins
    /// and ends. With `end` 0 it is in no file. Otherwise its end is the first position from here on
    /// that has these lower 32 bits.
    pub(super) fn pass(&mut self, size: u32, end: u32) -> (u64, u64) {
        if end == 0 {
            return (self.position, self.position);
        }
        const WRAP: u64 = 1 << 32;
        let mut to = self.position & !(WRAP - 1) | u64::from(end);
        if to < self.position {
            to += WRAP;
        }
        self.position = to;
        (to.saturating_sub(u64::from(size)), to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_go_on_beyond_four_gigabytes() {
        let mut place = Place::default();
        place.rotate("a.1", 4);
        assert_eq!(place.pass(100, 104), (4, 104));
        assert_eq!(place.pass(0, 0), (104, 104));
        assert_eq!(place.pass(50, 0xffff_fff0), (0xffff_ffbe, 0xffff_fff0));
        assert_eq!(place.pass(0x40, 0x30), (0xffff_fff0, 0x1_0000_0030));
        assert_eq!(place.pass(0x10, 0x40), (0x1_0000_0030, 0x1_0000_0040));
    }
}
