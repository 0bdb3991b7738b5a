//! East Asian character sets: encoding_rs, but for the codes where the servers' tables differ.
//!
//! A text is cut into runs that encoding_rs reads as the servers do and single codes that it does
//! not. A code of the right form that stands for nothing is a question mark, as on the server.

use super::super::Bad;
use super::exceptions::{self, Exceptions};
use super::{Charset, push};
use encoding_rs::{BIG5, DecoderResult, EUC_JP, EUC_KR, Encoding, GB18030, GBK, SHIFT_JIS};

/// A character set of one to four bytes for each character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Multibyte {
    encoding: &'static Encoding,
    exceptions: Exceptions,
    form: Form,
}

/// How long a character is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// From 0x81 on two bytes.
    Double,
    /// The same, but 0xa1–0xdf is half-width kana of one byte.
    ShiftJis,
    /// 0x8f leads three bytes, 0x8e and what is from 0xa1 on two; with rows for the user's own.
    Euc,
    /// Four bytes where the second is a digit.
    Gb18030,
}

impl Multibyte {
    pub(super) fn new(charset: Charset) -> Option<Self> {
        let (encoding, exceptions, form): (_, Exceptions, _) = match charset {
            Charset::Big5 => (BIG5, exceptions::BIG5, Form::Double),
            Charset::Euckr => (EUC_KR, &[], Form::Double),
            Charset::Gbk => (GBK, &[], Form::Double),
            Charset::Gb2312 => (GBK, exceptions::GB2312, Form::Double),
            Charset::Gb18030 => (GB18030, exceptions::GB18030, Form::Gb18030),
            Charset::Cp932 => (SHIFT_JIS, &[], Form::ShiftJis),
            Charset::Sjis => (SHIFT_JIS, exceptions::SJIS, Form::ShiftJis),
            Charset::Ujis => (EUC_JP, exceptions::UJIS, Form::Euc),
            Charset::Eucjpms => (EUC_JP, exceptions::EUCJPMS, Form::Euc),
            _ => return None,
        };
        Some(Self { encoding, exceptions, form })
    }

    pub(super) fn decode(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
        let mut run = text;
        let mut rest = text;
        while let Some(length) = self.form.length(rest) {
            let (code, after) = rest.split_at_checked(length).ok_or(Bad::Text)?;
            if let Some(character) = self.other(code) {
                let before = run.len() - rest.len();
                self.run(run.get(..before).unwrap_or_default(), out)?;
                push(out, character);
                run = after;
            }
            rest = after;
        }
        self.run(run, out)
    }

    /// What a code stands for, where encoding_rs has something else.
    fn other(&self, code: &[u8]) -> Option<char> {
        if code.len() == 1 {
            return None;
        }
        let value = code.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
        let found = self.exceptions.iter().rfind(|(first, _)| *first <= value);
        let listed = found.and_then(|(first, text)| text.chars().nth((value - first) as usize));
        listed.or_else(|| if self.form == Form::Euc { own_row(value) } else { None })
    }

    /// A run in which nothing is an exception.
    fn run(&self, run: &[u8], out: &mut Vec<u8>) -> Result<(), Bad> {
        if run.is_ascii() {
            out.extend_from_slice(run);
            return Ok(());
        }
        let start = out.len();
        if self.whole(run, out) {
            return Ok(());
        }
        // Some code in it stands for nothing: one after the other.
        out.truncate(start);
        let mut rest = run;
        while let Some(length) = self.form.length(rest) {
            let (code, after) = rest.split_at_checked(length).ok_or(Bad::Text)?;
            let place = out.len();
            if !self.whole(code, out) {
                out.truncate(place);
                out.push(b'?');
            }
            rest = after;
        }
        Ok(())
    }

    /// Whether all of it could be decoded.
    fn whole(&self, run: &[u8], out: &mut Vec<u8>) -> bool {
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let Some(room) = decoder.max_utf8_buffer_length_without_replacement(run.len()) else {
            return false;
        };
        let start = out.len();
        out.resize(start + room, 0);
        let target = out.get_mut(start..).unwrap_or_default();
        let (result, _, written) = decoder.decode_to_utf8_without_replacement(run, target, true);
        out.truncate(start + written);
        result == DecoderResult::InputEmpty
    }
}

impl Form {
    /// The length of the first character; nothing at the end.
    fn length(self, text: &[u8]) -> Option<usize> {
        let (first, rest) = text.split_first()?;
        Some(match (self, first) {
            (_, 0..=0x7f) | (Form::ShiftJis, 0xa0..=0xdf) => 1,
            (Form::Euc, 0x8f) => 3,
            (Form::Gb18030, _) if matches!(rest.first(), Some(b'0'..=b'9')) => 4,
            _ => 2,
        })
    }
}

/// The rows 85–94 of both planes of EUC are the user's own: private use from U+E000 and U+E3AC on.
fn own_row(code: u32) -> Option<char> {
    let base = match code >> 16 {
        0 => 0xe000,
        0x8f => 0xe3ac,
        _ => return None,
    };
    let (row, cell) = (code >> 8 & 0xff, code & 0xff);
    if !(0xf5..=0xfe).contains(&row) || !(0xa1..=0xfe).contains(&cell) {
        return None;
    }
    char::from_u32(base + (row - 0xf5) * 94 + cell - 0xa1)
}
