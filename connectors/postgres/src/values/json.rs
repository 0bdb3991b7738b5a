//! JSON text that we make ourselves.

/// Appends `text` in quotes, escaped as Jackson does.
pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                let low = byte & 15;
                let low = if low < 10 { b'0' + low } else { b'A' + low - 10 };
                out.extend([b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), low]);
            }
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_escaped_as_jackson_does() {
        let mut out = Vec::new();
        super::string("a\"\\\n\u{1}\u{1f}é", &mut out);
        assert_eq!(out, r#""a\"\\\n\u0001\u001Fé""#.as_bytes());
    }
}
