//! Sizes in bytes with a unit.

use super::setting::{Setting, Wrong};
use crate::codes;
use config::{Value, ValueKind};

/// A number of bytes; 0 is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size(pub u64);

const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

impl Setting for Size {
    fn read(key: &str, value: &Value, _: bool) -> Result<Self, Wrong> {
        let wrong = |message: String| {
            let fix = format!(
                "Write `{key} = \"50GiB\"`; the units are KiB, MiB, GiB and TiB, 0 is off."
            );
            Wrong::new(codes::SIZE, message, fix)
        };
        match &value.kind {
            ValueKind::I64(0) => Ok(Self(0)),
            ValueKind::I64(number) => Err(wrong(format!("`{key} = {number}` has no unit."))),
            ValueKind::String(text) => {
                parse(text).ok_or_else(|| wrong(format!("`{key}` is not a size: {text:?}.")))
            }
            _ => Err(wrong(format!("`{key}` is a size, such as \"50GiB\"."))),
        }
    }

    fn show(&self) -> String {
        if self.0 == 0 {
            return "0".to_owned();
        }
        let unit = UNITS.iter().find(|(_, shift)| self.0.is_multiple_of(1 << shift));
        match unit {
            Some((unit, shift)) => format!("\"{}{unit}\"", self.0 >> shift),
            None => format!("\"{}\"", self.0),
        }
    }
}

fn parse(text: &str) -> Option<Size> {
    let text = text.trim();
    if text == "0" {
        return Some(Size(0));
    }
    let (unit, shift) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    number.checked_mul(1 << shift).map(Size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes, shown) in [
            ("50GiB", 50 << 30, "\"50GiB\""),
            ("512 MiB", 512 << 20, "\"512MiB\""),
            ("1024KiB", 1 << 20, "\"1MiB\""),
            ("0", 0, "0"),
        ] {
            assert_eq!(parse(text), Some(Size(bytes)), "{text}");
            assert_eq!(Size(bytes).show(), shown);
        }
        for bad in ["", "50", "50GB", "GiB", "-1GiB", "99999999999TiB"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
