//! The authorities that a server's certificate may come from, and certificates in files.

use crate::Terms;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use walbrook_core::error::{Error, Result};
use walbrook_core::settings::Tls;

/// The operating system's authorities; what cannot be read is left out.
pub fn system_roots() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// The authorities that `tls` names, or the operating system's.
pub(crate) fn roots(tls: &Tls, terms: &Terms) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(path) => {
            for certificate in certificates(path, terms)? {
                roots.add(certificate).map_err(|error| terms.unreadable(path, &error))?;
            }
        }
        None => drop(roots.add_parsable_certificates(system_roots())),
    }
    if roots.is_empty() {
        let message = "There is no authority to verify the server's certificate with.";
        return Err(Error::definite(terms.file, message)
            .fix("Name the authority's PEM file in `tls.ca`, or install ca-certificates."));
    }
    Ok(roots)
}

/// All certificates of a PEM file.
pub(crate) fn certificates(path: &Path, terms: &Terms) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| terms.unreadable(path, &error))
}
