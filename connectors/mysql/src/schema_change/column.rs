//! A column as the topic of schema changes describes it: in the words of JDBC.

use crate::structure::{Base, Column, Default, Type};
use walbrook_core::avro::write;

/// Appends a `Column`. `position` counts from 1; `comments`: whether comments are told.
pub(super) fn write_column(out: &mut Vec<u8>, column: &Column, position: usize, comments: bool) {
    let kind = &column.kind;
    let name = type_name(kind);
    write::string(out, &column.name);
    write::long(out, jdbc_type(kind));
    // nativeType: these servers have none.
    out.push(0);
    write::string(out, &name);
    write::optional_string(out, Some(&name));
    write::optional_string(out, kind.charset.as_deref().filter(|_| !is_json(kind)));
    write::optional_long(out, length(kind));
    write::optional_long(out, kind.scale.map(i64::from));
    write::long(out, i64::try_from(position).unwrap_or(i64::MAX));
    // ON UPDATE counts as "set by the server" in the reference, and consumers may rely on it.
    for flag in
        [column.nullable, column.auto_increment || column.on_update, column.generated.is_some()]
    {
        out.push(2);
        write::boolean(out, flag);
    }
    write::optional_string(out, column.comment.as_deref().filter(|_| comments));
    write::optional_string(out, default(column).as_deref());
    match kind.labels.as_slice() {
        [] => out.push(0),
        labels => {
            out.push(2);
            write_texts(out, labels.iter().map(|label| format!("'{}'", label.replace('\'', "''"))));
        }
    }
}

/// Appends a list of texts: one block, and its end.
pub(super) fn write_texts<T: AsRef<str>>(
    out: &mut Vec<u8>,
    texts: impl ExactSizeIterator<Item = T>,
) {
    if texts.len() > 0 {
        write::long(out, texts.len() as i64);
        texts.for_each(|text| write::string(out, text.as_ref()));
    }
    out.push(0);
}

/// MariaDB keeps JSON as a text, and only the statement tells of it.
fn is_json(kind: &Type) -> bool {
    kind.base == Base::Json || kind.written.as_deref() == Some("json")
}

fn is_boolean(kind: &Type) -> bool {
    matches!(kind.written.as_deref(), Some("bool" | "boolean"))
}

/// The type as it is written in capitals, with UNSIGNED and ZEROFILL.
pub(crate) fn type_name(kind: &Type) -> String {
    let plain = serde_json::to_value(kind.base).unwrap_or_default();
    let plain = plain.as_str().unwrap_or_default();
    let word = match kind.written.as_deref() {
        // What it stands for, as the reference says.
        Some("serial") | None => plain,
        Some(word) => word,
    };
    let mut name = word.to_uppercase();
    if kind.unsigned {
        name.push_str(" UNSIGNED");
    }
    if kind.zerofill {
        name.push_str(" ZEROFILL");
    }
    name
}

/// The number of `java.sql.Types`; 1111 is OTHER.
fn jdbc_type(kind: &Type) -> i64 {
    if is_json(kind) {
        return 1111;
    }
    match kind.written.as_deref() {
        Some("bool" | "boolean") => return 16,
        Some("real") => return 7,
        Some("numeric") => return 2,
        Some("nchar" | "national char") => return -15,
        Some("nvarchar" | "nchar varchar" | "national varchar") => return -9,
        _ => {}
    }
    match kind.base {
        Base::TinyInt | Base::SmallInt => 5,
        Base::MediumInt | Base::Int | Base::Year => 4,
        Base::BigInt => -5,
        Base::Decimal => 3,
        Base::Float => 6,
        Base::Double => 8,
        Base::Bit => -7,
        Base::Date => 91,
        Base::Time => 92,
        Base::DateTime => 93,
        Base::Timestamp => 2014,
        Base::Char | Base::Enum | Base::Set => 1,
        Base::VarChar | Base::TinyText | Base::Text | Base::MediumText | Base::LongText => 12,
        Base::Binary => -2,
        Base::VarBinary => -3,
        Base::TinyBlob | Base::Blob | Base::MediumBlob | Base::LongBlob => 2004,
        _ => 1111,
    }
}

/// Number in parentheses; of ENUM and SET the number of characters that the reference counts.
pub(crate) fn length(kind: &Type) -> Option<i64> {
    match kind.base {
        Base::Enum => Some(1),
        _ if is_boolean(kind) => None,
        Base::Set => i64::try_from(kind.labels.len()).ok().map(|labels| (2 * labels - 1).max(0)),
        _ => kind.length.map(i64::from),
    }
}

/// A literal as its text, the current time as its function, bytes as hexadecimal digits.
fn default(column: &Column) -> Option<String> {
    let boolean = is_boolean(&column.kind);
    match &column.default {
        Default::None | Default::Null | Default::Expression => None,
        Default::Literal(text) if boolean && text == "1" => Some("true".to_owned()),
        Default::Literal(text) if boolean && text == "0" => Some("false".to_owned()),
        Default::Literal(text) => Some(text.clone()),
        Default::Bytes(bytes) => {
            Some(bytes.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02X}")))
        }
        Default::Now => Some(match column.kind.length {
            Some(digits) => format!("CURRENT_TIMESTAMP({digits})"),
            None => "CURRENT_TIMESTAMP".to_owned(),
        }),
    }
}
