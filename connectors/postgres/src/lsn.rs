//! A byte position in PostgreSQL's log, and its text `16/B374D848`.

/// A log position that is written as PostgreSQL writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

impl std::fmt::Display for Lsn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 as u32)
    }
}

impl Lsn {
    /// Reads PostgreSQL's text.
    pub fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let half = |text| u32::from_str_radix(text, 16).ok().map(u64::from);
        Some(Self(half(high)? << 32 | half(low)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back() {
        for lsn in [0, 1, 0x16_B374_D848, u64::MAX] {
            assert_eq!(Lsn::parse(&Lsn(lsn).to_string()), Some(Lsn(lsn)));
        }
        assert_eq!(Lsn(0x16_B374_D848).to_string(), "16/B374D848");
        for bad in ["", "1", "1/", "/1", "1/100000000", "x/1", "1/1/1"] {
            assert_eq!(Lsn::parse(bad), None, "{bad}");
        }
    }
}
