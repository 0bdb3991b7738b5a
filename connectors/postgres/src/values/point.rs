//! point, and PostGIS geometries.

use super::{Fault, binary, number};
use crate::table::Binary;
use walbrook_core::avro::write;
use walbrook_core::semantic::write_point;

/// `(1.5,-2)`: both coordinates, then well-known bytes, then no SRID.
pub(super) fn write(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let inside = text.strip_prefix(b"(").and_then(|text| text.strip_suffix(b")")).ok_or(Fault)?;
    let comma = inside.iter().position(|byte| *byte == b',').ok_or(Fault)?;
    let (x, y) = inside.split_at_checked(comma).ok_or(Fault)?;
    write_point(number(x)?, number(y.get(1..).ok_or(Fault)?)?, out);
    Ok(())
}

/// Extended well-known bytes in hexadecimal: the bytes as they are, and the SRID in them.
pub(super) fn geometry(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    binary::hex(Binary::Bytes, text, out)?;
    // 9 bytes at least: order, type, and a count or an SRID.
    let header = text.first_chunk::<18>().ok_or(Fault)?;
    let mut bytes = Vec::with_capacity(10);
    binary::hex(Binary::Bytes, header, &mut bytes)?;
    let Some([_, order, k1, k2, k3, k4, s1, s2, s3, s4]) = bytes.first_chunk::<10>() else {
        out.truncate(start);
        return Err(Fault);
    };
    let word = |bytes: [u8; 4]| match order {
        0 => u32::from_be_bytes(bytes),
        _ => u32::from_le_bytes(bytes),
    };
    if word([*k1, *k2, *k3, *k4]) & 0x2000_0000 == 0 {
        out.push(0);
    } else {
        out.push(2);
        write::long(out, i64::from(word([*s1, *s2, *s3, *s4]) as i32));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_has_coordinates_and_wkb() {
        let mut out = Vec::new();
        write(b"(1.5,-2)", &mut out).unwrap();
        let mut expected = Vec::new();
        expected.extend_from_slice(&1.5_f64.to_le_bytes());
        expected.extend_from_slice(&(-2_f64).to_le_bytes());
        expected
            .extend_from_slice(b"\x02\x2a\x01\x01\0\0\0\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0\0");
        assert_eq!(out, expected);
        for text in ["", "()", "(1)", "(1,2", "1,2", "(a,b)"] {
            assert_eq!(write(text.as_bytes(), &mut Vec::new()), Err(Fault), "{text}");
        }
    }

    #[test]
    fn a_geometry_keeps_its_bytes_and_tells_its_srid() {
        let ewkb = "0101000020E6100000000000000000F03F0000000000000040";
        let mut out = Vec::new();
        geometry(ewkb.as_bytes(), &mut out).unwrap();
        assert_eq!(out[0], 50);
        assert_eq!(out[26..], [2, 0xcc, 0x43]);
        out.clear();
        geometry(b"010700000000000000", &mut out).unwrap();
        assert_eq!(out, [18, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(geometry(b"01", &mut Vec::new()), Err(Fault));
    }
}
