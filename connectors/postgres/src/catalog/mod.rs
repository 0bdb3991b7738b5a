//! The system catalog: what a table is now, beyond what the log says it was then.
//!
//! The log (`Relation`) decides columns and types. The catalog enriches a column only while name,
//! type and modifier still agree: NOT NULL, defaults, keys, and what the types are.

mod default;
mod live;
mod structure;
mod tables;

pub use default::Default;
pub use live::{Live, SESSION};
pub use structure::{Category, Column, Structure, Type, VERSION};
pub use tables::{KeyColumn, TableInfo, published_relation, relation, tables};

use crate::codes;
use crate::pgoutput::Relation;
use walbrook_core::error::{Class, Error};
use walbrook_core::resolve::Answer;

/// Answers what a table is.
pub trait Catalog: Send + Sync {
    /// The structure of the table of `relation`; `None` when the table is gone and nothing of its
    /// types is left.
    fn structure<'a>(&'a self, relation: &'a Relation) -> Answer<'a, Option<Structure>>;
}

/// The failure of a query of the catalog.
fn failed(what: &str, error: &tokio_postgres::Error) -> Error {
    let denied = error.code() == Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE);
    let class = if denied { Class::Definite } else { Class::Transient };
    let reason = match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    Error::new(
        codes::CATALOG,
        class,
        format!("The catalog could not be asked for {what}: {reason}."),
    )
}
