//! A row as it lies in the message.

use super::Malformed;
use super::reader::Reader;

/// One column of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL NULL, and every column outside the key in a key-only row.
    Null,
    /// A stored-apart (TOAST) value that the statement did not change.
    Unchanged,
    /// The text form.
    Text(&'a [u8]),
    /// The binary form.
    Binary(&'a [u8]),
}

/// A row: a number of values, checked when the message was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple<'a> {
    count: u16,
    /// Exactly `count` values.
    body: &'a [u8],
}

impl<'a> Tuple<'a> {
    /// Takes a row off `r`, walking over it once so that later reading cannot fail.
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = r.u16()?;
        let body = r.rest();
        for _ in 0..count {
            match r.u8()? {
                b'n' | b'u' => {}
                b't' | b'b' => {
                    let length = r.u32()? as usize;
                    r.bytes(length)?;
                }
                _ => return Err(r.malformed()),
            }
        }
        let length = body.len() - r.rest().len();
        let body = body.get(..length).ok_or(r.malformed())?;
        Ok(Self { count, body })
    }

    /// Reads a row from the form that it has in messages: a count and the values. For tests and
    /// for sources of rows other than the log.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes, "row");
        let tuple = Self::decode(&mut r)?;
        r.end()?;
        Ok(tuple)
    }

    /// Number of values.
    #[inline]
    pub fn len(self) -> usize {
        usize::from(self.count)
    }

    /// Whether it has no value.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The values in column order.
    #[inline]
    pub fn values(self) -> Values<'a> {
        Values { left: self.count, reader: Reader::new(self.body, "row") }
    }
}

impl<'a> IntoIterator for Tuple<'a> {
    type Item = Value<'a>;
    type IntoIter = Values<'a>;

    #[inline]
    fn into_iter(self) -> Values<'a> {
        self.values()
    }
}

/// The values of a [`Tuple`], one by one.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    left: u16,
    reader: Reader<'a>,
}

impl<'a> Values<'a> {
    #[inline]
    fn read(&mut self) -> Result<Value<'a>, Malformed> {
        Ok(match self.reader.u8()? {
            b'u' => Value::Unchanged,
            b't' => {
                let length = self.reader.u32()? as usize;
                Value::Text(self.reader.bytes(length)?)
            }
            b'b' => {
                let length = self.reader.u32()? as usize;
                Value::Binary(self.reader.bytes(length)?)
            }
            _ => Value::Null,
        })
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        self.left = self.left.checked_sub(1)?;
        // Checked by `Tuple::decode`.
        self.read().ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl ExactSizeIterator for Values<'_> {}
