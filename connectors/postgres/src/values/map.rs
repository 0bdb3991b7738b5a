//! From a type to its Connect schema and codec.

use super::array::{Array, Items};
use super::{Codec, Fault, constants, date, money, oid, time, timestamp, vector};
use crate::catalog::{Category, Default, Structure};
use crate::table::{Binary, Decimals, Hstore, Intervals, Modes, Temporal};
use std::sync::Arc;
use tokio_postgres::types::{Kind as Builtin, Type};
use walbrook_core::avro::read;
use walbrook_core::avro::text::PRECISION;
use walbrook_core::schema::{Kind, Literal, Schema};
use walbrook_core::semantic::{decimal, geometry, neutral, point, variable_scale_decimal};

/// What a column of some type becomes.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    /// Required and without a default.
    pub(crate) schema: Schema,
    pub(crate) codec: Codec,
    /// Payload that stands for "not sent because unchanged".
    pub(crate) unchanged: Vec<u8>,
    /// Payload where the column is missing from the image.
    neutral: Vec<u8>,
    /// The text for that where the default is computed; set for types whose defaults are told.
    computed: Option<&'static str>,
}

/// The mapping of a scalar type: its schema, its codec, and what fills a column of the type whose
/// default is computed; nothing there means that defaults of the type are not told.
type Scalar = (Schema, Codec, Option<&'static str>);

/// The mapping of a type; `None` if columns of the type are left out.
pub(crate) fn map(
    type_oid: u32,
    typmod: i32,
    structure: Option<&Structure>,
    modes: &Modes,
) -> Option<Mapping> {
    let (root, modifier) = structure.map_or((type_oid, typmod), |s| s.root(type_oid, typmod));
    let types = Types { structure, modes };
    let (schema, codec, computed) = types
        .scalar(root, modifier)
        .or_else(|| types.array(root, modifier).map(|(schema, codec)| (schema, codec, None)))
        .or_else(|| types.unknown(root))?;
    let unchanged = match codec {
        // The text inside JSON.
        Codec::Hstore(Hstore::Json) => {
            let mut text = Vec::new();
            super::json::string(&modes.placeholder, &mut text);
            let text = String::from_utf8_lossy(&text);
            constants::unchanged(&schema, &format!("{{{text}:{text}}}"))
        }
        _ => constants::unchanged(&schema, &modes.placeholder),
    };
    let neutral = match codec {
        Codec::Hstore(Hstore::Json) => b"\x04{}".to_vec(),
        // Zero as a number, also where it is text.
        Codec::DecimalText(_) | Codec::Money(_) => {
            let mut zero = Vec::new();
            codec.write(b"0", &mut zero).ok()?;
            zero
        }
        _ => neutral(&schema),
    };
    // The default of a domain, or of a column of one, is not told.
    let computed = computed.filter(|_| root == type_oid);
    Some(Mapping { schema, codec, unchanged, neutral, computed })
}

impl Mapping {
    /// The default as the schema tells it.
    pub(crate) fn default_literal(&self, default: &Default) -> Option<Literal> {
        self.computed?;
        match default {
            Default::Literal(text) => read::literal(&self.schema.kind, &self.payload(text).ok()?),
            Default::Sequence => {
                let integer = matches!(self.codec, Codec::Integer);
                integer.then_some(Literal::Integer(0))
            }
            Default::None | Default::Function => None,
        }
    }

    /// The payload where a required column is missing from the image: its default, if that is a
    /// constant, else what the reference takes for one.
    pub(crate) fn fallback(&self, default: &Default) -> Vec<u8> {
        let payload = match (default, self.computed) {
            (Default::Literal(text), Some(_)) => self.payload(text).ok(),
            (Default::Function, Some(text)) => self.payload(text).ok(),
            _ => None,
        };
        payload.unwrap_or_else(|| self.neutral.clone())
    }

    fn payload(&self, text: &str) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::new();
        if self.codec.is_nothing(text.as_bytes()) {
            return Err(Fault);
        }
        self.codec.write(text.as_bytes(), &mut out)?;
        Ok(out)
    }
}

struct Types<'a> {
    structure: Option<&'a Structure>,
    modes: &'a Modes,
}

impl Types<'_> {
    fn scalar(&self, type_oid: u32, typmod: i32) -> Option<Scalar> {
        let plain = |kind: Kind| Schema::new(kind);
        let text = || Schema::new(Kind::String);
        let named = |name: &str| Schema::new(Kind::String).semantic(name);
        Some(match type_oid {
            oid::BOOL => (plain(Kind::Boolean), Codec::Boolean, Some("false")),
            oid::INT2 => (plain(Kind::Int16), Codec::Integer, Some("0")),
            oid::INT4 => (plain(Kind::Int32), Codec::Integer, Some("0")),
            oid::INT8 => (plain(Kind::Int64), Codec::Integer, Some("0")),
            oid::OID => (plain(Kind::Int64), Codec::Integer, None),
            oid::FLOAT4 => (plain(Kind::Float32), Codec::Float, Some("0")),
            oid::FLOAT8 => (plain(Kind::Float64), Codec::Double, Some("0")),
            oid::NUMERIC => self.numeric(typmod),
            oid::MONEY => self.money(),
            oid::TEXT | oid::VARCHAR | oid::BPCHAR => (text(), Codec::Text, Some("")),
            oid::NAME | oid::CHAR => (text(), Codec::Text, None),
            oid::INET | oid::CIDR | oid::MACADDR | oid::MACADDR8 => (text(), Codec::Text, None),
            oid::INT4RANGE | oid::INT8RANGE | oid::NUMRANGE => (text(), Codec::Text, None),
            oid::TSRANGE | oid::TSTZRANGE | oid::DATERANGE => (text(), Codec::Text, None),
            oid::JSON | oid::JSONB => (named("io.debezium.data.Json"), Codec::Text, Some("{}")),
            oid::XML => (named("io.debezium.data.Xml"), Codec::Text, Some("")),
            oid::UUID => {
                (named(constants::UUID), Codec::Text, Some("00000000-0000-0000-0000-000000000000"))
            }
            oid::TSVECTOR => (named("io.debezium.data.Tsvector"), Codec::Text, None),
            oid::BYTEA => (self.binary(), Codec::Bytea(self.modes.binary), None),
            oid::BIT | oid::VARBIT => bits(type_oid, typmod),
            oid::DATE => self.date(),
            oid::TIME => self.time(typmod),
            oid::TIMESTAMP => self.timestamp(typmod),
            oid::TIMETZ => (named("io.debezium.time.ZonedTime"), Codec::ZonedTime, None),
            oid::TIMESTAMPTZ => (
                named("io.debezium.time.ZonedTimestamp"),
                Codec::ZonedTimestamp(digits(typmod)),
                Some("1970-01-01 00:00:00+00"),
            ),
            oid::INTERVAL => self.interval(),
            oid::POINT => (point(), Codec::Point, None),
            _ => return self.extension(type_oid),
        })
    }

    /// Types that are not built in: enums, and those of known extensions by their name.
    fn extension(&self, type_oid: u32) -> Option<Scalar> {
        let known = self.structure?.types.get(&type_oid)?;
        let text = || Schema::new(Kind::String);
        Some(match (&known.category, known.name.as_str()) {
            (Category::Enum(labels), _) => {
                let allowed =
                    labels.iter().map(|label| label.replace(',', "\\,")).collect::<Vec<_>>();
                let schema = text().semantic("io.debezium.data.Enum");
                (schema.parameter("allowed", allowed.join(",")), Codec::Text, Some(""))
            }
            (Category::Base, "citext" | "isbn") => (text(), Codec::Text, None),
            (Category::Base, "ltree") => {
                (text().semantic("io.debezium.data.Ltree"), Codec::Text, None)
            }
            (Category::Base, "hstore") => {
                let schema = match self.modes.hstore {
                    Hstore::Json => text().semantic("io.debezium.data.Json"),
                    Hstore::Map => Schema::new(Kind::Map(Arc::new(text().optional()))),
                };
                (schema, Codec::Hstore(self.modes.hstore), None)
            }
            (Category::Base, name @ ("geometry" | "geography")) => {
                (geometry(name), Codec::Geometry, None)
            }
            (Category::Base, "vector") => {
                let items = Schema::new(Kind::Float64);
                let schema = Schema::new(Kind::Array(Arc::new(items)));
                let schema = schema.semantic("io.debezium.data.DoubleVector");
                (schema, Codec::Vector(vector::Form::Doubles), None)
            }
            (Category::Base, "halfvec") => {
                let items = Schema::new(Kind::Float32);
                let schema = Schema::new(Kind::Array(Arc::new(items)));
                let schema = schema.semantic("io.debezium.data.FloatVector");
                (schema, Codec::Vector(vector::Form::Floats), None)
            }
            _ => return None,
        })
    }

    fn array(&self, type_oid: u32, typmod: i32) -> Option<(Schema, Codec)> {
        let element = self.element(type_oid)?;
        let left_out = matches!(
            element,
            oid::MONEY | oid::NAME | oid::INTERVAL | oid::VARBIT | oid::XML | oid::POINT
        );
        if left_out {
            return None;
        }
        let list = |items: Schema| Schema::new(Kind::Array(Arc::new(items)));
        if let Some((schema, codec, _)) = self.scalar(element, typmod) {
            let array = Array::new(codec, b',', Items::Optional);
            return Some((list(schema.optional()), Codec::Array(Box::new(array))));
        }
        if !self.modes.unknown {
            return None;
        }
        // The reference's items are required here.
        let delimiter = if element == oid::BOX { b';' } else { b',' };
        let array = Array::new(Codec::Opaque(self.modes.binary), delimiter, Items::Required);
        Some((list(self.binary()), Codec::Array(Box::new(array))))
    }

    /// The type of an array's elements.
    fn element(&self, type_oid: u32) -> Option<u32> {
        if let Some(builtin) = Type::from_oid(type_oid) {
            return match builtin.kind() {
                Builtin::Array(element) => Some(element.oid()),
                _ => None,
            };
        }
        match self.structure?.types.get(&type_oid)?.category {
            Category::Array(element) => Some(element),
            _ => None,
        }
    }

    fn unknown(&self, type_oid: u32) -> Option<Scalar> {
        if !self.modes.unknown {
            return None;
        }
        let binary = self.modes.binary;
        let codec = match type_oid {
            oid::LINE | oid::LSEG | oid::BOX | oid::PATH | oid::POLYGON | oid::CIRCLE => {
                Codec::Geometric(binary)
            }
            _ => Codec::Opaque(binary),
        };
        Some((self.binary(), codec, None))
    }

    fn binary(&self) -> Schema {
        match self.modes.binary {
            Binary::Bytes => Schema::new(Kind::Bytes),
            Binary::Base64 | Binary::Base64UrlSafe | Binary::Hex => Schema::new(Kind::String),
        }
    }

    fn numeric(&self, typmod: i32) -> Scalar {
        // ((precision << 16) | scale) + 4; the scale has eleven bits and a sign.
        let declared = (typmod >= 4).then(|| {
            let packed = typmod - 4;
            (i64::from(packed >> 16 & 0xffff), i64::from(((packed & 0x7ff) ^ 1024) - 1024))
        });
        let scale = declared.map_or(0, |(_, scale)| scale.max(0)) as u16;
        match (self.modes.decimal, declared) {
            (Decimals::Double, _) => (Schema::new(Kind::Float64), Codec::Double, Some("0")),
            (Decimals::String, _) => {
                (Schema::new(Kind::String), Codec::DecimalText(scale), Some("0"))
            }
            (Decimals::Precise, Some((precision, declared))) => {
                // A negative scale is no scale that Avro has: zeros are written instead.
                let precision = precision + (-declared).max(0);
                let schema = decimal(scale).parameter(PRECISION, precision.to_string());
                (schema, Codec::Decimal(scale), Some("0"))
            }
            (Decimals::Precise, None) => (variable_scale_decimal(), Codec::VariableDecimal, None),
        }
    }

    fn money(&self) -> Scalar {
        let digits = self.modes.money_fraction_digits;
        let schema = match self.modes.decimal {
            Decimals::Precise => decimal(u16::from(digits)),
            Decimals::Double => Schema::new(Kind::Float64),
            Decimals::String => Schema::new(Kind::String),
        };
        (schema, Codec::Money(money::Money::new(self.modes.decimal, digits)), None)
    }

    fn date(&self) -> Scalar {
        let (kind, name, form) = match self.modes.temporal {
            Temporal::Connect => (Kind::Int32, CONNECT_DATE, date::Form::Days),
            Temporal::IsoString => (Kind::String, "io.debezium.time.IsoDate", date::Form::Iso),
            _ => (Kind::Int32, "io.debezium.time.Date", date::Form::Days),
        };
        (Schema::new(kind).semantic(name), Codec::Date(form), Some("1970-01-01"))
    }

    fn time(&self, typmod: i32) -> Scalar {
        use time::Form::{Iso, Micros, Millis, Nanos};
        let (kind, name, form) = match self.modes.temporal {
            Temporal::Connect => (Kind::Int32, "org.apache.kafka.connect.data.Time", Millis),
            Temporal::Adaptive if digits(typmod) <= 3 => {
                (Kind::Int32, "io.debezium.time.Time", Millis)
            }
            Temporal::Adaptive | Temporal::AdaptiveTimeMicroseconds | Temporal::Microseconds => {
                (Kind::Int64, "io.debezium.time.MicroTime", Micros)
            }
            Temporal::Nanoseconds => (Kind::Int64, "io.debezium.time.NanoTime", Nanos),
            Temporal::IsoString => (Kind::String, "io.debezium.time.IsoTime", Iso),
        };
        (Schema::new(kind).semantic(name), Codec::Time(form), Some("00:00:00"))
    }

    fn timestamp(&self, typmod: i32) -> Scalar {
        use timestamp::Form::{Iso, Micros, Millis, Nanos};
        let (kind, name, form) = match self.modes.temporal {
            Temporal::Connect => (Kind::Int64, "org.apache.kafka.connect.data.Timestamp", Millis),
            Temporal::Adaptive | Temporal::AdaptiveTimeMicroseconds if digits(typmod) <= 3 => {
                (Kind::Int64, "io.debezium.time.Timestamp", Millis)
            }
            Temporal::Adaptive | Temporal::AdaptiveTimeMicroseconds | Temporal::Microseconds => {
                (Kind::Int64, "io.debezium.time.MicroTimestamp", Micros)
            }
            Temporal::Nanoseconds => (Kind::Int64, "io.debezium.time.NanoTimestamp", Nanos),
            Temporal::IsoString => (Kind::String, "io.debezium.time.IsoTimestamp", Iso),
        };
        let schema = Schema::new(kind).semantic(name);
        (schema, Codec::Timestamp(form), Some("1970-01-01 00:00:00"))
    }

    fn interval(&self) -> Scalar {
        let schema = match self.modes.interval {
            Intervals::Numeric => {
                Schema::new(Kind::Int64).semantic("io.debezium.time.MicroDuration")
            }
            Intervals::String => Schema::new(Kind::String).semantic("io.debezium.time.Interval"),
        };
        (schema, Codec::Interval(self.modes.interval), Some("PT0S"))
    }
}

const CONNECT_DATE: &str = "org.apache.kafka.connect.data.Date";

/// Declared digits behind the point of a second; six if none are declared.
fn digits(typmod: i32) -> u8 {
    u8::try_from(typmod).ok().filter(|digits| *digits <= 6).unwrap_or(6)
}

fn bits(type_oid: u32, typmod: i32) -> Scalar {
    if typmod == 1 {
        return (Schema::new(Kind::Boolean), Codec::Bit, Some("0"));
    }
    let length = if typmod > 0 { typmod } else { i32::MAX };
    let schema = Schema::new(Kind::Bytes).semantic("io.debezium.data.Bits");
    let computed = if type_oid == oid::BIT { "00" } else { "0" };
    (schema.parameter("length", length.to_string()), Codec::Bits, Some(computed))
}
