//! Bytes on their way: written at the end, read where they lie, dropped from the front.

/// A buffer of a fixed size until [`Window::grow`] makes it larger.
///
/// ```text
///  │ dropped │ data          │ room │
///            start           end
/// ```
#[derive(Debug)]
pub(super) struct Window {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Window {
    pub(super) fn new(size: usize) -> Self {
        Self { bytes: vec![0; size], start: 0, end: 0 }
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(super) fn data(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Room behind the data, for which they are moved to the front where little is left. Empty only
    /// where the data fill the whole size.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 && self.bytes.len() - self.end < self.bytes.len() / 4 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that as many bytes of the room are data now.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.bytes.len().min(self.end + count);
    }

    /// Doubles the size.
    pub(super) fn grow(&mut self) {
        self.bytes.resize(self.bytes.len() * 2, 0);
    }

    /// Gives memory back where the size is larger and no more than `size` is needed.
    pub(super) fn shrink(&mut self, size: usize) {
        if self.bytes.len() > size && self.len() <= size / 2 {
            let mut smaller = Window::new(size);
            let count = self.len();
            if let Some(room) = smaller.bytes.get_mut(..count) {
                room.copy_from_slice(self.data());
            }
            smaller.end = count;
            *self = smaller;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(window: &mut Window, bytes: &[u8]) {
        window.room()[..bytes.len()].copy_from_slice(bytes);
        window.filled(bytes.len());
    }

    #[test]
    fn data_move_to_the_front_when_the_room_gets_short() {
        let mut window = Window::new(8);
        put(&mut window, b"abcdefgh");
        assert!(window.room().is_empty());
        window.consume(6);
        assert_eq!(window.room().len(), 6);
        put(&mut window, b"ijkl");
        assert_eq!(window.data(), b"ghijkl");
        window.grow();
        assert_eq!((window.data(), window.size()), (&b"ghijkl"[..], 16));
        window.consume(4);
        window.shrink(8);
        assert_eq!((window.data(), window.size()), (&b"kl"[..], 8));
    }
}
