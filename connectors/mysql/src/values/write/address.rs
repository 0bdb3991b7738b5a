//! MariaDB's UUID, INET4 and INET6 as the text that the server prints.

use super::super::length;
use walbrook_core::avro::write;

/// `123e4567-e89b-12d3-a456-426614174000`
pub fn uuid(value: [u8; 16], out: &mut Vec<u8>) {
    write::long(out, 36);
    for (place, byte) in value.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend([digit(byte >> 4), digit(byte & 15)]);
    }
}

/// `192.0.2.1`
pub fn inet4(value: [u8; 4], out: &mut Vec<u8>) {
    // Nothing in it can fail.
    let _ = length::prefixed(out, |out| {
        dotted(value, out);
        Ok(())
    });
}

/// `2001:db8::1`: the first of the longest runs of zero words is left out, even one alone; what
/// carries an address of IPv4 ends like it.
pub fn inet6(value: [u8; 16], out: &mut Vec<u8>) {
    let _ = length::prefixed(out, |out| {
        words(value, out);
        Ok(())
    });
}

fn words(value: [u8; 16], out: &mut Vec<u8>) {
    let words = std::net::Ipv6Addr::from(value).segments();
    let gap = longest_zeros(&words);
    let carries_v4 = match words {
        [0, 0, 0, 0, 0, 0xffff, ..] => true,
        [0, 0, 0, 0, 0, 0, seventh, _] => seventh != 0,
        _ => false,
    };
    let mut place = 0;
    while let Some(word) = words.get(place) {
        if place == gap.0 && gap.1 > 0 {
            out.extend_from_slice(b"::");
            place += gap.1;
            continue;
        }
        if place > 0 && place != gap.0 + gap.1 {
            out.push(b':');
        }
        if place == 6 && carries_v4 {
            let [.., a, b, c, d] = value;
            return dotted([a, b, c, d], out);
        }
        hexadecimal(*word, out);
        place += 1;
    }
}

/// Place and length of the first of the longest runs of zeros.
fn longest_zeros(words: &[u16; 8]) -> (usize, usize) {
    let mut longest = (8, 0);
    for start in 0..words.len() {
        let length = words.iter().skip(start).take_while(|word| **word == 0).count();
        if length > longest.1 {
            longest = (start, length);
        }
    }
    longest
}

fn hexadecimal(word: u16, out: &mut Vec<u8>) {
    let skip = if word == 0 { 3 } else { word.leading_zeros() / 4 };
    for shift in [12, 8, 4, 0].into_iter().skip(skip as usize) {
        out.push(digit((word >> shift & 15) as u8));
    }
}

fn dotted(value: [u8; 4], out: &mut Vec<u8>) {
    for (place, byte) in value.into_iter().enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        if byte >= 100 {
            out.push(b'0' + byte / 100);
        }
        if byte >= 10 {
            out.push(b'0' + byte / 10 % 10);
        }
        out.push(b'0' + byte % 10);
    }
}

fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}
