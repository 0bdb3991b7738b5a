//! What a column is declared as, in the words and numbers of the JDBC driver: the reference tells
//! them in the schema, and cuts hashes to the length.
//!
//! The driver's rules: `getPrecision`, `getScale` and `getDisplaySize` of pgjdbc's type table. What
//! only a snapshot of the reference says (SERIAL for a column with a sequence) is not told: the
//! stream does not know it, and there would be two versions of the schema.

use crate::catalog::Structure;
use crate::pgoutput::Column;
use tokio_postgres::types::{Kind, Type};
use walbrook_core::columns::SOURCE_TYPE;
use walbrook_core::schema::Schema;

/// A length that is not known.
const UNKNOWN: i64 = i32::MAX as i64;

/// The declaration of a column.
pub(super) struct Declared {
    /// Name of the type.
    pub(super) name: String,
    pub(super) length: i64,
    scale: i64,
}

impl Declared {
    /// The schema with the parameters that tell the declaration.
    pub(super) fn add_to(&self, schema: Schema, column: &Column) -> Schema {
        let named = |name: &str| format!("{SOURCE_TYPE}{name}");
        schema
            .parameter(named("type"), self.name.to_uppercase())
            .parameter(named("length"), self.length.to_string())
            .parameter(named("scale"), self.scale.to_string())
            .parameter(named("name"), column.name.as_str())
    }
}

/// How `column` is declared.
pub(super) fn of(column: &Column, structure: Option<&Structure>) -> Declared {
    let builtin = Type::from_oid(column.type_oid);
    let own = || structure.and_then(|structure| structure.types.get(&column.type_oid));
    let name = match &builtin {
        Some(builtin) => builtin.name().to_owned(),
        None => own().map_or_else(|| column.type_oid.to_string(), |own| own.name.clone()),
    };
    let (root, modifier) = structure.map_or((column.type_oid, column.typmod), |structure| {
        structure.root(column.type_oid, column.typmod)
    });
    let element = Type::from_oid(root).map(|root| match root.kind() {
        Kind::Array(items) => items.clone(),
        _ => root.clone(),
    });
    let modifier = (modifier >= 0).then_some(i64::from(modifier));
    let (length, scale) = element.map_or((UNKNOWN, 0), |element| numbers(&element, modifier));
    Declared { name, length, scale }
}

/// Length and scale.
fn numbers(of: &Type, modifier: Option<i64>) -> (i64, i64) {
    // Digits behind the seconds, with the point.
    let fraction = match modifier {
        None => 7,
        Some(0) => 0,
        Some(digits) => (digits + 1).max(3),
    };
    let digits = modifier.unwrap_or(6);
    match *of {
        Type::BOOL | Type::CHAR => (1, 0),
        Type::INT2 => (5, 0),
        Type::INT4 | Type::OID => (10, 0),
        Type::INT8 => (19, 0),
        Type::FLOAT4 => (8, 8),
        Type::FLOAT8 => (17, 17),
        Type::NUMERIC => match modifier {
            Some(modifier) => ((modifier - 4) >> 16 & 0xffff, (modifier - 4) & 0xffff),
            None => (131_089, 0),
        },
        Type::BPCHAR | Type::VARCHAR => (modifier.map_or(UNKNOWN, |modifier| modifier - 4), 0),
        Type::BIT | Type::VARBIT => (modifier.unwrap_or(UNKNOWN), 0),
        Type::DATE => (13, 0),
        Type::TIME => (8 + fraction, digits),
        Type::TIMETZ => (14 + fraction, digits),
        Type::TIMESTAMP => (22 + fraction, digits),
        Type::TIMESTAMPTZ => (28 + fraction, digits),
        Type::INTERVAL => (49, modifier.map_or(6, |modifier| modifier & 0xffff)),
        _ => (UNKNOWN, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_driver() {
        assert_eq!(numbers(&Type::VARCHAR, Some(34)), (30, 0));
        assert_eq!(numbers(&Type::TEXT, None), (i64::from(i32::MAX), 0));
        assert_eq!(numbers(&Type::NUMERIC, Some((9 << 16 | 3) + 4)), (9, 3));
        assert_eq!(numbers(&Type::TIMESTAMP, Some(3)), (26, 3));
        assert_eq!(numbers(&Type::TIMESTAMP, None), (29, 6));
        assert_eq!(numbers(&Type::TIMESTAMPTZ, Some(0)), (28, 0));
        assert_eq!(numbers(&Type::TIME, Some(1)), (11, 1));
        assert_eq!(numbers(&Type::INT4, None), (10, 0));
    }
}
