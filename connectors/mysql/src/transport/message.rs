//! Messages of the server outside the log: greeting, and the answers to a command.
//!
//! Source: MySQL Internals, "Connection Phase Packets" and "Generic Response Packets".

use crate::binlog::Fields;

/// First byte of OK; in a dump an event of the log follows it.
pub(super) const OK: u8 = 0x00;
/// First byte of more data for a login.
pub(super) const MORE: u8 = 0x01;
/// First byte of the end, and of the wish for another way of logging in.
pub(super) const END: u8 = 0xfe;
/// First byte of an error.
pub(super) const ERROR: u8 = 0xff;

/// An error of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerError {
    /// Its number; 0 where the message cannot be read.
    pub(super) number: u16,
    /// The text.
    pub(super) message: String,
}

impl ServerError {
    /// Reads `0xff │ number u16 │ [# and SQLSTATE, 6 bytes] │ text`; before the login there is no
    /// SQLSTATE.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut fields = Fields::new(bytes);
        let (_, number) = (fields.u8(), fields.u16());
        if fields.rest().first() == Some(&b'#') {
            fields.bytes(6);
        }
        let message = String::from_utf8_lossy(fields.rest()).into_owned();
        Self { number: number.unwrap_or_default(), message }
    }
}

/// `CLIENT_SSL`: the server offers TLS, or the client asks for it.
pub(super) const CLIENT_SSL: u32 = 0x0800;

/// What the server says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Greeting {
    /// Its version.
    pub(super) version: String,
    /// What it can do (`CLIENT_…`).
    pub(super) capabilities: u32,
    /// Random bytes for the login, without the zero at their end.
    pub(super) nonce: Vec<u8>,
    /// How it would like us to log in.
    pub(super) plugin: String,
}

impl Greeting {
    /// Reads it:
    ///
    /// ```text
    ///  10 │ version, 0 │ connection u32 │ nonce 8 │ 0 │ capabilities, low u16 │ collation u8
    ///  │ status u16 │ capabilities, high u16 │ length of nonce u8 │ 10 bytes
    ///  │ rest of nonce, at least 13 with its 0 │ plugin, 0
    /// ```
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(bytes);
        if fields.u8()? != 10 {
            return None;
        }
        let version = until_zero(&mut fields)?;
        fields.u32()?;
        let mut nonce = fields.bytes(8)?.to_vec();
        fields.u8()?;
        let low = fields.u16()?;
        fields.bytes(3)?;
        let capabilities = u32::from(fields.u16()?) << 16 | u32::from(low);
        let length = usize::from(fields.u8()?);
        fields.bytes(10)?;
        nonce.extend_from_slice(fields.bytes(length.saturating_sub(8).max(13))?);
        nonce.pop();
        // Some servers leave the last zero out.
        let plugin = until_zero(&mut fields)
            .unwrap_or_else(|| String::from_utf8_lossy(fields.rest()).into_owned());
        Some(Self { version, capabilities, nonce, plugin })
    }

    /// Whether it is MariaDB that greets.
    pub(super) fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }
}

/// The wish for another way of logging in: `0xfe │ plugin, 0 │ nonce [0]`.
pub(super) fn switch(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut fields = Fields::new(bytes);
    fields.u8()?;
    let plugin = until_zero(&mut fields)?;
    let nonce = fields.rest();
    Some((plugin, nonce.strip_suffix(&[0]).unwrap_or(nonce).to_vec()))
}

fn until_zero(fields: &mut Fields<'_>) -> Option<String> {
    let end = memchr::memchr(0, fields.rest())?;
    let text = fields.bytes(end)?;
    fields.u8()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_greeting_is_read() {
        let mut bytes = b"\x0a9.7.4\0\x01\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15".to_vec();
        bytes.extend_from_slice(&[0; 10]);
        bytes.extend_from_slice(b"ijklmnopqrst\0caching_sha2_password\0");
        let greeting = Greeting::parse(&bytes).unwrap();
        assert_eq!(greeting.nonce, b"abcdefghijklmnopqrst");
        assert_eq!((&*greeting.version, &*greeting.plugin), ("9.7.4", "caching_sha2_password"));
        assert_eq!(greeting.capabilities, 0xdfff_ffff);
        assert!(!greeting.is_mariadb());
        for end in 0..bytes.len() - 22 {
            assert_eq!(Greeting::parse(&bytes[..end]), None);
        }
    }

    #[test]
    fn errors_come_with_and_without_a_state() {
        let with = ServerError::parse(b"\xff\x15\x04#28000Access denied");
        let without = ServerError::parse(b"\xff\x15\x04Access denied");
        assert_eq!(with, without);
        assert_eq!((with.number, &*with.message), (1045, "Access denied"));
    }

    proptest! {
        #[test]
        fn anything_can_be_parsed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            ServerError::parse(&bytes);
            switch(&bytes);
            Greeting::parse(&bytes);
            Greeting::parse(&[&[10][..], &bytes].concat());
        }
    }
}
