//! The server's RSA key, with which a password is sent where the connection is not encrypted.
//!
//! ```text
//!  SEQUENCE { SEQUENCE { OID rsaEncryption, NULL }, BIT STRING { SEQUENCE { modulus, exponent } } }
//! ```
//!
//! The key comes from the network and the library that encrypts trusts its form, so the form is
//! verified here.

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;

/// Bytes of a block that OAEP with SHA-1 takes for itself.
const OAEP: usize = 42;

/// Encrypts `secret` with the key of a PEM file (OAEP). `None` where the key is not an RSA key of 1024
/// to 16384 bits or the secret is too long for it.
pub(super) fn encrypt(secret: &[u8], pem: &[u8]) -> Option<Vec<u8>> {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
    let bytes = modulus_bytes(key.as_ref())?;
    if !(128..=2048).contains(&bytes) || secret.len() > bytes - OAEP {
        return None;
    }
    let clean =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", base64(key.as_ref()));
    Some(mysql_common::crypto::encrypt(secret, clean.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group.iter_mut().skip(1).zip(chunk).for_each(|(to, from)| *to = *from);
        let group = u32::from_be_bytes(group);
        for place in 0..4 {
            let digit = DIGITS.get((group >> (18 - 6 * place) & 63) as usize);
            out.push(if place > chunk.len() { '=' } else { char::from(*digit.unwrap_or(&b'=')) });
        }
    }
    out
}

/// Length of the modulus, of a key of exactly the form above.
fn modulus_bytes(der: &[u8]) -> Option<usize> {
    let (SEQUENCE, body, []) = element(der)? else { return None };
    let (SEQUENCE, _algorithm, rest) = element(body)? else { return None };
    let (BIT_STRING, bits, []) = element(rest)? else { return None };
    let (SEQUENCE, numbers, []) = element(bits.strip_prefix(&[0])?)? else { return None };
    let (INTEGER, modulus, rest) = element(numbers)? else { return None };
    let (INTEGER, exponent, []) = element(rest)? else { return None };
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let sound = modulus.first()? & 0x80 != 0 && modulus.last()? & 1 != 0;
    (sound && exponent.len() <= 8 && exponent.last()? & 1 != 0).then_some(modulus.len())
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

    /// A key of 1024 bits.
    const KEY: &[u8] = include_bytes!("fixtures/rsa_public_key.pem");

    #[test]
    fn a_password_is_encrypted_to_one_block() {
        assert_eq!(encrypt(b"secret\0", KEY).map(|block| block.len()), Some(128));
        assert_ne!(encrypt(b"secret\0", KEY), encrypt(b"secret\0", KEY));
        assert_eq!(encrypt(&[1; 87], KEY), None);
    }

    #[test]
    fn base64_pads() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn any_other_key_is_refused() {
        for end in 0..KEY.len() - 26 {
            assert_eq!(encrypt(b"secret", &KEY[..end]), None, "{end}");
        }
        let der = SubjectPublicKeyInfoDer::from_pem_slice(KEY).unwrap();
        for end in 0..der.len() {
            assert_eq!(modulus_bytes(&der[..end]), None);
        }
    }
}
