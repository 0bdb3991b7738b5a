//! Where the servers' tables differ from those of encoding_rs (the WHATWG standard): runs of
//! consecutive codes from the first one on. Found by comparing every code of both servers.

/// Runs of codes: the first, and what it and the following stand for.
pub(super) type Exceptions = &'static [(u32, &'static str)];

/// The older table of the Unicode consortium: symbols, and Cyrillic and kana at other places.
pub(super) const BIG5: Exceptions = &[
    (0xa145, "•"),
    (0xa14e, "､"),
    (0xa15a, "�"),
    (0xa1c2, "‾�"),
    (0xa1c5, "�"),
    (0xa1e3, "∼"),
    (0xa1f2, "♁☉"),
    (0xa1fe, "�"),
    (0xa240, "�／＼"),
    (0xa244, "¥"),
    (0xa246, "¢£"),
    (0xa2cc, "�"),
    (0xa2ce, "�"),
    (
        0xc6a1,
        "ヾゝゞ々ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんァアィイゥウェ",
    ),
    (
        0xc740,
        "エォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユ",
    ),
    (
        0xc7a1,
        "ョヨラリルレロヮワヰヱヲンヴヵヶДЕЁЖЗИЙКЛМУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя①②③④⑤⑥⑦⑧⑨⑩⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽",
    ),
];

/// The edition of 2000, in which these stand for themselves in the private use area.
pub(super) const GB18030: Exceptions = &[
    (0xa3a0, "\u{e5e5}"),
    (0xa6d9, "\u{e78d}\u{e78e}\u{e78f}\u{e790}\u{e791}\u{e792}\u{e793}"),
    (0xa6ec, "\u{e794}\u{e795}"),
    (0xa6f3, "\u{e796}"),
    (0xfe59, "\u{e81e}"),
    (0xfe61, "\u{e826}"),
    (0xfe66, "\u{e82b}\u{e82c}"),
    (0xfe6d, "\u{e832}"),
    (0xfe7e, "\u{e843}"),
    (0xfe90, "\u{e854}"),
    (0xfea0, "\u{e864}"),
];

/// The dot and the dash of the older standard.
pub(super) const GB2312: Exceptions = &[(0xa1a4, "・"), (0xa1aa, "―")];

/// JIS X 0208 as it is, without Microsoft's choices.
pub(super) const SJIS: Exceptions =
    &[(0x815f, "\\〜‖"), (0x817c, "−"), (0x8191, "¢£"), (0x81ca, "¬")];

/// JIS X 0208 and 0212 as they are, without Microsoft's choices.
pub(super) const UJIS: Exceptions =
    &[(0xa1c0, "\\〜‖"), (0xa1dd, "−"), (0xa1f1, "¢£"), (0xa2cc, "¬"), (0x8fa2b7, "~")];

/// IBM's extensions in the third plane.
pub(super) const EUCJPMS: Exceptions = &[
    (0x8fa2c3, "￤"),
    (0x8ff3f3, "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡ"),
    (
        0x8ff4a1,
        "ⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤﨎咊坙﨏塚增寬峵嵓﨑德悅愠敎昻晥晴朗栁﨓﨔橫櫢淸淲瀨凞猪甁皂皞益礰礼神祥福竧靖精綠緖羽荢﨟薰蘒﨡蠇諸譿賴赶﨣﨤逸郞都鄕﨧﨨閒隆﨩霻靍靑飯飼館馞髙魲鶴黑",
    ),
];
