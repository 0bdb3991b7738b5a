//! What a failed handshake means, in the terms of the database that it was meant for.

use std::path::Path;
use walbrook_core::error::{Code, Error};

/// Codes and words of the database that is connected to.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Code of a handshake that failed.
    pub handshake: Code,
    /// Code of a certificate or key file that cannot be used.
    pub file: Code,
    /// Name of the database, as in "PostgreSQL".
    pub server: &'static str,
}

impl Terms {
    pub(crate) fn unusable(&self, error: &dyn std::fmt::Display) -> Error {
        let message = format!("The TLS settings cannot be used ({error}).");
        Error::definite(self.file, message).fix("Check `tls.cert` and `tls.key`.")
    }

    pub(crate) fn unreadable(&self, path: &Path, error: &dyn std::fmt::Display) -> Error {
        let message = format!("{} cannot be read as PEM ({error}).", path.display());
        Error::definite(self.file, message).fix("Check the path and its permissions.")
    }

    fn refused(&self, error: &rustls::Error) -> Error {
        let fix = match error {
            rustls::Error::InvalidCertificate(_) => {
                "Set `tls.ca` to the authority that signed the server's certificate, and the host \
                 to a name in it."
                    .to_owned()
            }
            rustls::Error::AlertReceived(_) => {
                "Set `tls.cert` and `tls.key` to a client certificate that the server accepts."
                    .to_owned()
            }
            _ => format!(
                "Check that host and port are {}'s and that it speaks TLS 1.2 or later.",
                self.server
            ),
        };
        Error::definite(self.handshake, format!("TLS with the server failed: {error}.")).fix(fix)
    }
}

/// The definite failure that `error` is, if it comes from a failed handshake.
pub fn failure(error: &(dyn std::error::Error + 'static), terms: &Terms) -> Option<Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An I/O error hides what it wraps from `source`.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = error.downcast_ref::<rustls::Error>();
        let tls = tls.or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if let Some(error) = tls {
            return Some(terms.refused(error));
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    const TERMS: Terms = Terms {
        handshake: Code::new("WB-X-004"),
        file: Code::new("WB-X-039"),
        server: "PostgreSQL",
    };

    #[test]
    fn a_failed_handshake_is_found_however_it_is_wrapped() {
        let bare = rustls::Error::DecryptError;
        let found = failure(&bare, &TERMS).unwrap();
        assert_eq!(found.code, TERMS.handshake);
        assert!(found.fix.contains("PostgreSQL's"));
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert_eq!(failure(&wrapped, &TERMS), Some(found));
        assert_eq!(failure(&io::Error::other("gone"), &TERMS), None);
    }
}
