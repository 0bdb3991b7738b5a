//! `tls-server-end-point` (RFC 5929): the hash of the server's certificate, with the hash function
//! of its signature, which binds a SCRAM login to this one TLS connection.
//!
//! Of the certificate only the signature's algorithm is needed, its second element:
//!
//! ```text
//!  SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OID, … }, signature }
//! ```
#![deny(clippy::indexing_slicing)]

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;

/// 1.2.840.113549.1.1: RSA with the hash that the next number names.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// 1.2.840.10045.4.3: ECDSA with SHA-2.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
/// 1.2.840.10045.4.1: ECDSA with SHA-1.
const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];

/// The hash of `certificate` (DER). A signature without a hash of its own (Ed25519, PSS) has none.
pub(super) fn hash(certificate: &[u8]) -> Option<Vec<u8>> {
    let (SEQUENCE, body, _) = element(certificate)? else { return None };
    let (SEQUENCE, _signed, rest) = element(body)? else { return None };
    let (SEQUENCE, algorithm, _) = element(rest)? else { return None };
    let (OID, oid, _) = element(algorithm)? else { return None };
    Some(digest(function(oid)?, certificate).as_ref().to_vec())
}

fn function(oid: &[u8]) -> Option<&'static Algorithm> {
    if oid == ECDSA_SHA1 {
        return Some(&SHA256);
    }
    let (last, family) = oid.split_last()?;
    match (family, last) {
        // MD5 and SHA-1 are replaced by SHA-256, says the RFC.
        (RSA, 4 | 5 | 11) | (ECDSA, 2) => Some(&SHA256),
        (RSA, 12) | (ECDSA, 3) => Some(&SHA384),
        (RSA, 13) | (ECDSA, 4) => Some(&SHA512),
        _ => None,
    }
}

/// Tag, content and what follows of the DER element at the start of `der`.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate's outline: an empty body and the algorithm.
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let mut algorithm = vec![OID, oid.len() as u8];
        algorithm.extend_from_slice(oid);
        let mut body = vec![SEQUENCE, 0, SEQUENCE, algorithm.len() as u8];
        body.extend_from_slice(&algorithm);
        let mut certificate = vec![SEQUENCE, 0x81, body.len() as u8];
        certificate.extend_from_slice(&body);
        certificate
    }

    #[test]
    fn the_signature_names_the_hash() {
        for (family, last, length) in [
            (RSA, 5, 32),
            (RSA, 11, 32),
            (RSA, 12, 48),
            (RSA, 13, 64),
            (ECDSA, 2, 32),
            (ECDSA, 4, 64),
        ] {
            let oid = [family, &[last]].concat();
            assert_eq!(hash(&certificate(&oid)).map(|hash| hash.len()), Some(length));
        }
        assert_eq!(hash(&certificate(&[0x2b, 0x65, 0x70])), None);
    }

    #[test]
    fn any_cut_is_no_certificate() {
        let whole = certificate(&[RSA, &[11]].concat());
        for end in 0..whole.len() {
            assert_eq!(hash(&whole[..end]), None);
        }
    }
}
