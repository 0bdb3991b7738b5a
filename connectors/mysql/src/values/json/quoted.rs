//! Strings as the server quotes them.

/// Appends the text in quotes: the short escapes, and `\u00xx` for other control characters.
pub(super) fn push(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(place) = rest.iter().position(|byte| needs_escape(*byte)) {
        let (plain, after) = rest.split_at(place);
        out.extend_from_slice(plain);
        if let Some((byte, after)) = after.split_first() {
            escape(*byte, out);
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            let low = byte & 15;
            let digit = if low < 10 { b'0' + low } else { b'a' + low - 10 };
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
