//! Salted hashes of text, as the reference makes them.
//!
//! ```text
//!  digest( salt │ input )   input: the UTF-8 bytes, or the text as Java serializes a String:
//!                                  ac ed 00 05 │ 74 │ length, 2 bytes │ modified UTF-8
//!                                              │ 7c │ length, 8 bytes │   …
//! ```
//!
//! The salt is hashed once; each value goes on from there.

use crate::avro::{read, write};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use std::fmt;
use std::sync::Arc;

/// What is hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// The text in UTF-8: `column.mask.hash.v2`.
    #[default]
    Text,
    /// The text as Java serializes it: `column.mask.hash`.
    JavaObject,
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5: not safe, kept for those who have it.
    Md5,
    /// SHA-1: not safe either.
    Sha1,
    /// SHA-224
    Sha224,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SHA-512/224
    Sha512Of224,
    /// SHA-512/256
    Sha512Of256,
}

impl Algorithm {
    /// Every function with its name in Java.
    pub const ALL: [(Algorithm, &str); 8] = [
        (Algorithm::Md5, "MD5"),
        (Algorithm::Sha1, "SHA-1"),
        (Algorithm::Sha224, "SHA-224"),
        (Algorithm::Sha256, "SHA-256"),
        (Algorithm::Sha384, "SHA-384"),
        (Algorithm::Sha512, "SHA-512"),
        (Algorithm::Sha512Of224, "SHA-512/224"),
        (Algorithm::Sha512Of256, "SHA-512/256"),
    ];
}

/// A salted hash function.
#[derive(Clone)]
pub struct Hash {
    /// What the salt leaves behind.
    state: Arc<State>,
    input: Input,
}

#[derive(Clone)]
enum State {
    Md5(Md5),
    Sha1(Sha1),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
    Sha512Of224(Sha512_224),
    Sha512Of256(Sha512_256),
}

/// Most bytes that a hash has.
const WIDEST: usize = 64;

impl Hash {
    /// The function with a salt.
    pub fn new(algorithm: Algorithm, salt: impl AsRef<[u8]>, input: Input) -> Self {
        let mut state = match algorithm {
            Algorithm::Md5 => State::Md5(Md5::new()),
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
            Algorithm::Sha224 => State::Sha224(Sha224::new()),
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha384 => State::Sha384(Sha384::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
            Algorithm::Sha512Of224 => State::Sha512Of224(Sha512_224::new()),
            Algorithm::Sha512Of256 => State::Sha512Of256(Sha512_256::new()),
        };
        state.add(salt.as_ref());
        Self { state: Arc::new(state), input }
    }

    /// Replaces the text at the end of `out`, whose payload begins at `start`, by at most `digits`
    /// hexadecimal digits of its hash.
    pub(super) fn replace(&self, out: &mut Vec<u8>, start: usize, digits: usize) {
        let mut state = State::clone(&self.state);
        if let Some(value) = out.get(start..).and_then(read::sized) {
            match self.input {
                Input::Text => state.add(value),
                Input::JavaObject => java_string(value, &mut |bytes| state.add(bytes)),
            }
        }
        let mut digest = [0; WIDEST];
        let width = state.end(&mut digest);
        out.truncate(start);
        let digits = digits.min(2 * width);
        write::long(out, digits as i64);
        let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        out.extend(nibbles.take(digits).map(|nibble| match nibble {
            0..=9 => b'0' + nibble,
            _ => b'a' + nibble - 10,
        }));
    }
}

impl State {
    fn add(&mut self, bytes: &[u8]) {
        match self {
            State::Md5(it) => it.update(bytes),
            State::Sha1(it) => it.update(bytes),
            State::Sha224(it) => it.update(bytes),
            State::Sha256(it) => it.update(bytes),
            State::Sha384(it) => it.update(bytes),
            State::Sha512(it) => it.update(bytes),
            State::Sha512Of224(it) => it.update(bytes),
            State::Sha512Of256(it) => it.update(bytes),
        }
    }

    /// Writes the hash to the front of `out` and answers with its width.
    fn end(self, out: &mut [u8; WIDEST]) -> usize {
        let mut put = |digest: &[u8]| {
            out.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
            digest.len()
        };
        match self {
            State::Md5(it) => put(&it.finalize()),
            State::Sha1(it) => put(&it.finalize()),
            State::Sha224(it) => put(&it.finalize()),
            State::Sha256(it) => put(&it.finalize()),
            State::Sha384(it) => put(&it.finalize()),
            State::Sha512(it) => put(&it.finalize()),
            State::Sha512Of224(it) => put(&it.finalize()),
            State::Sha512Of256(it) => put(&it.finalize()),
        }
    }
}

/// Hands on the bytes of a serialized String.
fn java_string(value: &[u8], add: &mut impl FnMut(&[u8])) {
    add(&[0xac, 0xed, 0, 5]);
    // Only NUL and characters of four bytes are written in another way than UTF-8 does.
    let longer = value.iter().filter(|byte| **byte == 0).count();
    let wide = value.iter().filter(|byte| **byte >= 0xf0).count();
    let length = value.len() + longer + 2 * wide;
    match u16::try_from(length) {
        Ok(length) => {
            add(&[0x74]);
            add(&length.to_be_bytes());
        }
        Err(_) => {
            add(&[0x7c]);
            add(&(length as u64).to_be_bytes());
        }
    }
    let Ok(text) = std::str::from_utf8(value).map_err(|_| add(value)) else { return };
    let mut plain = 0;
    for (place, letter) in text.char_indices() {
        if letter != '\0' && letter.len_utf8() < 4 {
            continue;
        }
        add(value.get(plain..place).unwrap_or_default());
        plain = place + letter.len_utf8();
        if letter == '\0' {
            add(&[0xc0, 0x80]);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let [high, low] = unit.to_be_bytes();
            add(&[0xe0 | high >> 4, 0x80 | (high & 15) << 2 | low >> 6, 0x80 | low & 0x3f]);
        }
    }
    add(value.get(plain..).unwrap_or_default());
}

/// Hashes are equal if they make the same of everything: of nothing, that is.
impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        let end = |hash: &Hash| {
            let mut out = [0; WIDEST];
            (State::clone(&hash.state).end(&mut out), out)
        };
        self.input == other.input && end(self) == end(other)
    }
}

/// Without the salt.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hash").field("input", &self.input).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serialized(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        java_string(text.as_bytes(), &mut |bytes| out.extend_from_slice(bytes));
        out
    }

    #[test]
    fn a_string_is_serialized_as_java_does() {
        assert_eq!(serialized("aé"), b"\xac\xed\0\x05t\0\x03a\xc3\xa9");
        assert_eq!(
            serialized("a\0😀b"),
            b"\xac\xed\0\x05t\0\x0aa\xc0\x80\xed\xa0\xbd\xed\xb8\x80b"
        );
        let long = serialized(&"x".repeat(70_000));
        assert_eq!(long.get(4..13), Some(&b"|\0\0\0\0\0\x01\x11\x70"[..]));
        assert_eq!(long.len(), 13 + 70_000);
    }

    /// The digests of "abc" in FIPS 180 and RFC 1321, split into salt and text.
    #[test]
    fn every_function_is_what_its_name_says() {
        for (algorithm, starts) in [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (Algorithm::Sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"),
            (Algorithm::Sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"),
            (Algorithm::Sha512Of224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
            (Algorithm::Sha512Of256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f131"),
        ] {
            let mut out = Vec::new();
            write::string(&mut out, "bc");
            Hash::new(algorithm, b"a", Input::Text).replace(&mut out, 0, usize::MAX);
            let digits = read::sized(&out).unwrap();
            assert!(digits.starts_with(starts.as_bytes()), "{algorithm:?}");
        }
    }
}
