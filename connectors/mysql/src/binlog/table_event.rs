//! `TABLE_MAP` as it lies in the log, and its decoding.
//!
//! ```text
//!  table u48 │ flags u16 │ length u8, database, 0 │ length u8, table, 0 │ columns, length-encoded
//!  │ type of each u8 │ metadata, counted │ bit of each: may be NULL │ optional metadata
//! ```

use super::Bitmap;
use super::field::Fields;
use super::table_map::{Column, TableMap};
use super::table_metadata;
use crate::codes;
use crate::flavor::Flavor;
use walbrook_core::error::{Error, Result};

/// The event. A table's map comes before each of its statements, nearly always the same: compare
/// `content` with that of the map that is known before decoding it again.
#[derive(Clone, Copy, Debug)]
pub struct TableMapEvent<'a> {
    /// Number that rows events refer to.
    pub table_id: u64,
    /// Database, UTF-8.
    pub database: &'a [u8],
    /// Table, UTF-8.
    pub table: &'a [u8],
    /// Everything behind number and flags: equal bytes are equal maps.
    pub content: &'a [u8],
    /// Whose metadata they are.
    flavor: Flavor,
}

impl<'a> TableMapEvent<'a> {
    #[inline]
    pub(super) fn read(body: &'a [u8], flavor: Flavor) -> Option<Self> {
        let mut fields = Fields::new(body);
        let table_id = fields.u48()?;
        fields.u16()?;
        let content = fields.rest();
        let (database, table) = (name(&mut fields)?, name(&mut fields)?);
        Some(Self { table_id, database, table, content, flavor })
    }

    /// The map with everything that the log says about the columns.
    pub fn decode(&self) -> Result<TableMap> {
        self.columns().ok_or_else(|| {
            let (database, table) = (self.database, self.table);
            let message = format!(
                "The log describes table `{}`.`{}` in a way that cannot be read.",
                String::from_utf8_lossy(database),
                String::from_utf8_lossy(table)
            );
            Error::definite(codes::PROTOCOL, message)
                .fix("Report it with the server's version and the table's definition.")
        })
    }

    fn columns(&self) -> Option<TableMap> {
        let mut fields = Fields::new(self.content);
        name(&mut fields)?;
        name(&mut fields)?;
        let count = usize::try_from(fields.length()?).ok()?;
        let kinds = fields.bytes(count)?;
        let mut metadata = Fields::new(fields.counted()?);
        let nullable = Bitmap::new(fields.bytes(count.div_ceil(8))?, count)?;
        let mut columns = Vec::with_capacity(count);
        for (place, kind) in kinds.iter().enumerate() {
            let (kind, meta) = physical(*kind, &mut metadata)?;
            columns.push(column(kind, meta, nullable.get(place)));
        }
        let mut map = TableMap {
            table_id: self.table_id,
            database: std::str::from_utf8(self.database).ok()?.to_owned(),
            table: std::str::from_utf8(self.table).ok()?.to_owned(),
            columns,
            primary_key: None,
        };
        table_metadata::read(fields.rest(), self.flavor, &mut map)?;
        Some(map)
    }
}

fn name<'a>(fields: &mut Fields<'a>) -> Option<&'a [u8]> {
    let length = fields.u8()?;
    let name = fields.bytes(usize::from(length))?;
    fields.u8()?;
    Some(name)
}

fn column(kind: u8, meta: u16, nullable: bool) -> Column {
    Column {
        kind,
        meta,
        nullable,
        unsigned: None,
        collation: None,
        name: None,
        labels: None,
        geometry: None,
        visible: None,
    }
}

const ENUM: u8 = 0xf7;
const SET: u8 = 0xf8;
const STRING: u8 = 0xfe;

/// Type and metadata of a column. Of DECIMAL and of the types stored as STRING the first of the two
/// bytes is the upper one; of the others the number is little-endian.
fn physical(kind: u8, metadata: &mut Fields<'_>) -> Option<(u8, u16)> {
    Some(match kind {
        // FLOAT, DOUBLE: bytes; TIMESTAMP2, DATETIME2, TIME2: digits of the fraction; BLOB, JSON,
        // GEOMETRY, VECTOR, BLOB COMPRESSED: bytes of the length.
        4 | 5 | 17 | 18 | 19 | 242 | 245 | 249..=252 | 255 | 140 => {
            (kind, u16::from(metadata.u8()?))
        }
        // VARCHAR, VARCHAR COMPRESSED: length in bytes; BIT: bits and bytes.
        15 | 16 | 141 | 253 => (kind, metadata.u16()?),
        // DECIMAL: precision, scale.
        246 => (kind, u16::from_be_bytes(metadata.array()?)),
        // CHAR, BINARY, ENUM, SET; the length's bits 8 and 9 are folded into the type.
        STRING | ENUM | SET => {
            let [real, length] = metadata.array()?;
            match real {
                ENUM | SET => (real, u16::from(length)),
                _ => {
                    let upper = u16::from(!real & 0x30) << 4;
                    (real | 0x30, upper | u16::from(length))
                }
            }
        }
        // Integers, YEAR, DATE, NULL, and the temporal types of before MySQL 5.6.
        0..=3 | 6..=14 => (kind, 0),
        _ => return None,
    })
}
