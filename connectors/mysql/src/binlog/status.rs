//! Status variables of `QUERY`: what the statement's meaning depends on.

use super::field::Fields;

/// The variables as they lie in the event: a number and a value each.
#[derive(Clone, Copy, Debug)]
pub struct StatusVars<'a>(pub(super) &'a [u8]);

/// Numbers of collations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charsets {
    /// `character_set_client`: what the statement is written in.
    pub client: u16,
    /// `collation_connection`.
    pub connection: u16,
    /// `collation_server`.
    pub server: u16,
}

/// The variables that mean something here; what the event does not have is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryStatus {
    /// Options of the session (`OPTION_…`).
    pub flags2: Option<u32>,
    /// `sql_mode` as the server's bits.
    pub sql_mode: Option<u64>,
    /// Character sets of the session.
    pub charsets: Option<Charsets>,
    /// Collation of the default database.
    pub default_database_collation: Option<u16>,
    /// Number of the transaction of an atomic change of structures.
    pub ddl_xid: Option<u64>,
    /// Fraction of the timestamp, in µs.
    pub microseconds: Option<u32>,
    /// `explicit_defaults_for_timestamp`.
    pub explicit_defaults_for_timestamp: Option<bool>,
    /// Collation that `utf8mb4` means without one.
    pub default_collation_for_utf8mb4: Option<u16>,
}

impl StatusVars<'_> {
    /// Reads the variables in their order. A number that is not known ends it, as in the servers:
    /// they are written in ascending order so that older readers can stop. `None` where a known
    /// variable is cut off.
    pub fn read(&self) -> Option<QueryStatus> {
        let (mut fields, mut status) = (Fields::new(self.0), QueryStatus::default());
        while let Some(number) = fields.u8() {
            match number {
                0 => status.flags2 = Some(fields.u32()?),
                1 => status.sql_mode = Some(fields.u64()?),
                4 => {
                    let (client, connection) = (fields.u16()?, fields.u16()?);
                    status.charsets = Some(Charsets { client, connection, server: fields.u16()? });
                }
                8 => status.default_database_collation = Some(fields.u16()?),
                13 => status.microseconds = Some(fields.u24()?),
                16 => status.explicit_defaults_for_timestamp = Some(fields.u8()? != 0),
                17 => status.ddl_xid = Some(fields.u64()?),
                18 => status.default_collation_for_utf8mb4 = Some(fields.u16()?),
                other if !pass(&mut fields, other)? => break,
                _ => {}
            }
        }
        Some(status)
    }
}

/// Passes over a variable that says nothing here; false where it is not known.
fn pass(fields: &mut Fields<'_>, number: u8) -> Option<bool> {
    match number {
        // Catalog with its zero; catalog or time zone.
        2 => drop((text(fields)?, fields.u8()?)),
        5 | 6 => drop(text(fields)?),
        // Auto-increment; names of months; tables for update; bytes written before.
        3 | 10 => drop(fields.u32()?),
        7 => drop(fields.u16()?),
        9 => drop(fields.u64()?),
        // Definer: user and host.
        11 => drop((text(fields)?, text(fields)?)),
        12 => databases(fields)?,
        // `sql_require_primary_key`, `default_table_encryption`.
        19 | 20 => drop(fields.u8()?),
        // MariaDB: fraction of the timestamp; transaction of a change of structures.
        128 => drop(fields.u24()?),
        129 => drop(fields.u64()?),
        _ => return Some(false),
    }
    Some(true)
}

fn text<'a>(fields: &mut Fields<'a>) -> Option<&'a [u8]> {
    let length = fields.u8()?;
    fields.bytes(usize::from(length))
}

/// Databases that the statement changes, each ended by zero; 254 of them means too many to name.
fn databases(fields: &mut Fields<'_>) -> Option<()> {
    let count = fields.u8()?;
    for _ in 0..if count == 254 { 0 } else { count } {
        let end = memchr::memchr(0, fields.rest())?;
        fields.bytes(end + 1)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_up_to_the_first_that_is_not_known() {
        let bytes = [
            &[0, 1, 0, 0, 0][..],
            &[1, 0, 0, 0x20, 0, 0, 0, 0, 0],
            &[6, 3, b's', b't', b'd'],
            &[4, 33, 0, 45, 0, 8, 0],
            &[12, 1, b'd', 0],
            &[17, 9, 0, 0, 0, 0, 0, 0, 0],
            &[200, 1, 2, 3],
        ]
        .concat();
        let status = StatusVars(&bytes).read().unwrap();
        let charsets = Charsets { client: 33, connection: 45, server: 8 };
        let expected = QueryStatus {
            flags2: Some(1),
            sql_mode: Some(0x20_0000),
            charsets: Some(charsets),
            ddl_xid: Some(9),
            ..QueryStatus::default()
        };
        assert_eq!(status, expected);
        assert_eq!(StatusVars(&bytes[..7]).read(), None);
    }
}
