//! Keys of rows as they are compared: exactly as the server orders them, or not at all.

use crate::batch::{Batch, Image, State};
use crate::layout::Layout;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// How the values of a key column are ordered by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Whole numbers written as Avro `int` or `long`.
    Signed,
    /// Whole numbers without a sign, written as a `long` that is negative from 2^63 on.
    Unsigned,
    /// Bytes by value; a shorter one comes first.
    Bytes,
    /// Decimals of one scale: bytes of a whole number in two's complement, the highest first.
    Decimal,
    /// Text by the value of its bytes, as if padded with spaces.
    Padded,
    /// Text by a collation in which hyphen, digits and letters of ASCII are in this order, up to
    /// case; whatever else, only the server knows.
    Alphabet,
    /// Text by a collation that only the server knows.
    Collation,
}

/// One value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A number.
    Number(i128),
    /// Bytes or text.
    Bytes(Vec<u8>),
}

/// The key of a row: one part for each key column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub Vec<Part>);

impl Key {
    /// The key of an image whose layout's key columns are ordered by `orders`. Nothing where a
    /// column is missing or null, or not in the form that its order says.
    pub fn of(layout: &Layout, orders: &[Order], batch: &Batch, image: Image) -> Option<Key> {
        if layout.key.len() != orders.len() {
            return None;
        }
        let part = |(&field, order): (&usize, &Order)| {
            let cell = image.cell(batch, field)?;
            if cell.state != State::Present {
                return None;
            }
            order.part(cell.payload.of(&batch.bytes))
        };
        layout.key.iter().zip(orders).map(part).collect::<Option<Vec<_>>>().map(Key)
    }

    /// How this key relates to `other`; nothing where only the server knows.
    pub fn compare(&self, other: &Key, orders: &[Order]) -> Option<Ordering> {
        for ((a, b), order) in self.0.iter().zip(&other.0).zip(orders) {
            match order.compare(a, b)? {
                Ordering::Equal => {}
                other => return Some(other),
            }
        }
        Some(self.0.len().cmp(&other.0.len()))
    }
}

impl Order {
    /// The value in an Avro payload: a zigzag integer, or a length and bytes.
    fn part(self, payload: &[u8]) -> Option<Part> {
        let (number, rest) = zigzag(payload)?;
        match self {
            Order::Signed => Some(Part::Number(number.into())),
            Order::Unsigned => Some(Part::Number((number as u64).into())),
            Order::Bytes | Order::Decimal | Order::Padded | Order::Alphabet | Order::Collation => {
                (usize::try_from(number) == Ok(rest.len())).then(|| Part::Bytes(rest.to_vec()))
            }
        }
    }

    /// How two values relate; nothing where only the server knows.
    pub fn compare(self, a: &Part, b: &Part) -> Option<Ordering> {
        match (self, a, b) {
            (Order::Signed | Order::Unsigned, Part::Number(a), Part::Number(b)) => Some(a.cmp(b)),
            (Order::Bytes, Part::Bytes(a), Part::Bytes(b)) => Some(a.cmp(b)),
            (Order::Decimal, Part::Bytes(a), Part::Bytes(b)) => Some(decimals(a, b)),
            (Order::Padded, Part::Bytes(a), Part::Bytes(b)) => Some(padded(a, b)),
            (Order::Alphabet, Part::Bytes(a), Part::Bytes(b)) => plain(a, b),
            (Order::Collation, a, b) if a == b => Some(Ordering::Equal),
            _ => None,
        }
    }
}

/// Compares whole numbers in two's complement, of whatever length.
fn decimals(a: &[u8], b: &[u8]) -> Ordering {
    let sign = |number: &[u8]| match number.first() {
        Some(0x80..) => 0xff,
        _ => 0,
    };
    let width = a.len().max(b.len());
    let digits = |number: &[u8]| {
        let fill = std::iter::repeat_n(sign(number), width - number.len());
        fill.chain(number.iter().copied()).collect::<Vec<u8>>()
    };
    // The higher sign is that of the smaller number.
    sign(b).cmp(&sign(a)).then_with(|| digits(a).cmp(&digits(b)))
}

/// Compares as if the shorter were filled up with spaces.
fn padded(a: &[u8], b: &[u8]) -> Ordering {
    let fill = |text: &[u8], place: usize| text.get(place).copied().unwrap_or(b' ');
    let places = 0..a.len().max(b.len());
    let order = places.map(|place| fill(a, place).cmp(&fill(b, place)));
    order.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Compares texts of hyphens, digits and letters only. Equal up to case is not equal
/// everywhere, so it is left to the server unless the bytes are the same.
fn plain(a: &[u8], b: &[u8]) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    let simple = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    if !a.iter().chain(b).all(simple) {
        return None;
    }
    let folded = |text: &[u8]| text.to_ascii_lowercase();
    Some(folded(a).cmp(&folded(b))).filter(|order| order.is_ne())
}

/// Reads an Avro integer off the front.
fn zigzag(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0_u64;
    for (place, &byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = (value >> 1) as i64 ^ -((value & 1) as i64);
            return Some((number, bytes.get(place + 1..).unwrap_or_default()));
        }
    }
    None
}
