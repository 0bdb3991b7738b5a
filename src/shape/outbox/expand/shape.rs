//! What is where in a JSON document: the part of it that decides on the schema.

use super::Unfit;
use std::collections::HashMap;
use std::sync::Arc;
use walbrook_core::schema::{Field, Kind, Schema};

/// The form of a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::shape::outbox) enum Shape {
    /// `true` or `false`
    Boolean,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// Any other number.
    Double,
    /// Text.
    Text,
    /// Nothing but null.
    Null,
    /// A list whose elements have one form.
    List(Box<Shape>),
    /// An object.
    Record(Record),
}

/// The form of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::shape::outbox) struct Record {
    /// Its members, in their order.
    pub(in crate::shape::outbox) members: Vec<Member>,
    /// Whether null stands in its place somewhere. Only the merged form of a list's objects is not.
    pub(in crate::shape::outbox) optional: bool,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::shape::outbox) struct Member {
    /// Its name in JSON.
    pub(in crate::shape::outbox) key: String,
    /// Its name as a field.
    pub(in crate::shape::outbox) name: String,
    /// Its form.
    pub(in crate::shape::outbox) shape: Shape,
}

impl Shape {
    /// The schema of a value of this form that is called `name`; records inside are called by their
    /// path from there. Two different records of one name cannot be told apart in Avro.
    pub(in crate::shape::outbox) fn schema(&self, name: Option<&str>) -> Result<Schema, Unfit> {
        let mut seen = HashMap::new();
        self.named(name, &mut seen)
    }

    fn named(
        &self,
        name: Option<&str>,
        seen: &mut HashMap<Option<String>, Record>,
    ) -> Result<Schema, Unfit> {
        let kind = match self {
            Shape::Boolean => Kind::Boolean,
            Shape::Int => Kind::Int32,
            Shape::Long => Kind::Int64,
            Shape::Double => Kind::Float64,
            Shape::Text => Kind::String,
            Shape::Null => Kind::Bytes,
            Shape::List(items) => {
                // Objects are called like their list; a list in a list has no name to go on with.
                let below = name.filter(|_| matches!(**items, Shape::Record(_)));
                Kind::Array(Arc::new(items.named(below, seen)?))
            }
            Shape::Record(record) => return record.schema(name, seen),
        };
        Ok(Schema::new(kind).optional())
    }
}

impl Record {
    fn schema(
        &self,
        name: Option<&str>,
        seen: &mut HashMap<Option<String>, Record>,
    ) -> Result<Schema, Unfit> {
        match seen.get(&name.map(str::to_owned)) {
            Some(other) if other.members != self.members => {
                return Err(Unfit("two different objects in it would have one name"));
            }
            Some(_) => {}
            None => {
                seen.insert(name.map(str::to_owned), self.clone());
            }
        }
        let mut fields = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let path = match name {
                Some(name) => format!("{name}.{}", member.name),
                None => member.name.clone(),
            };
            let schema = member.shape.named(Some(&path), seen)?;
            fields.push(Field::new(member.name.as_str(), schema));
        }
        let mut schema = Schema::new(Kind::Struct(fields.into()));
        schema.name = name.map(Arc::from);
        schema.optional = self.optional;
        Ok(schema)
    }
}
