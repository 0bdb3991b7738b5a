//! Kafka Connect's schema tree: the only schema model, from which the registered Avro text is made.

use std::sync::Arc;

/// The type of a schema without its name and parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `boolean`
    Boolean,
    /// 8 bits, an Avro `int`
    Int8,
    /// 16 bits, an Avro `int`
    Int16,
    /// 32 bits, an Avro `int`
    Int32,
    /// 64 bits, an Avro `long`
    Int64,
    /// an Avro `float`
    Float32,
    /// an Avro `double`
    Float64,
    /// UTF-8 text
    String,
    /// bytes
    Bytes,
    /// a list of one element schema
    Array(Arc<Schema>),
    /// a map from text to one value schema
    Map(Arc<Schema>),
    /// a record
    Struct(Arc<[Field]>),
}

/// A default value or another constant in a schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// For [`Kind::Boolean`].
    Boolean(bool),
    /// For every integer kind.
    Integer(i64),
    /// For both floating kinds.
    Float(f64),
    /// For [`Kind::String`].
    Text(String),
    /// For [`Kind::Bytes`], decimals included (unscaled, big-endian two's complement).
    Bytes(Vec<u8>),
}

/// A Connect schema: type, semantic name, version, parameters, default.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// What it is.
    pub kind: Kind,
    /// Whether null is a value.
    pub optional: bool,
    /// Semantic name, such as `io.debezium.time.Date`; a record's full name.
    pub name: Option<Arc<str>>,
    /// Version of the semantic type.
    pub version: Option<u32>,
    /// Documentation (`connect.doc`).
    pub doc: Option<Arc<str>>,
    /// Parameters in their order.
    pub parameters: Vec<(Arc<str>, Arc<str>)>,
    /// Default value.
    pub default: Option<Literal>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name as it is written.
    pub name: Arc<str>,
    /// Its schema.
    pub schema: Schema,
}

impl Field {
    /// A field.
    pub fn new(name: impl Into<Arc<str>>, schema: Schema) -> Self {
        Self { name: name.into(), schema }
    }
}

impl Schema {
    /// A required, unnamed schema.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            optional: false,
            name: None,
            version: None,
            doc: None,
            parameters: Vec::new(),
            default: None,
        }
    }

    /// A required record.
    pub fn record(name: impl Into<Arc<str>>, fields: Vec<Field>) -> Self {
        Self::new(Kind::Struct(fields.into())).named(name)
    }

    /// The same schema with a semantic name and no version.
    #[must_use]
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same schema with a semantic name of version 1, as Debezium's types have.
    #[must_use]
    pub fn semantic(self, name: impl Into<Arc<str>>) -> Self {
        self.named(name).versioned(1)
    }

    /// The same schema with a version.
    #[must_use]
    pub fn versioned(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// The same schema, null allowed.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The same schema with one more parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<Arc<str>>, value: impl Into<Arc<str>>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// The same schema with a default value.
    #[must_use]
    pub fn default_value(mut self, default: Option<Literal>) -> Self {
        self.default = default;
        self
    }

    /// How a value of this schema is tagged inside a record.
    pub fn wrap(&self) -> Wrap {
        match (self.optional, &self.default) {
            (false, _) => Wrap::Required,
            (true, None) => Wrap::NullFirst,
            (true, Some(_)) => Wrap::NullLast,
        }
    }
}

/// How a value is written into the union that its schema makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// No union: the payload alone.
    Required,
    /// `["null", T]`
    NullFirst,
    /// `[T, "null"]`, the form of an optional schema with a default
    NullLast,
}

impl Wrap {
    /// The branch byte before a payload, if there is one.
    pub fn value_tag(self) -> Option<u8> {
        match self {
            Wrap::Required => None,
            Wrap::NullFirst => Some(2),
            Wrap::NullLast => Some(0),
        }
    }

    /// The branch byte that says null, if null can be said.
    pub fn null_tag(self) -> Option<u8> {
        match self {
            Wrap::Required => None,
            Wrap::NullFirst => Some(0),
            Wrap::NullLast => Some(2),
        }
    }
}
