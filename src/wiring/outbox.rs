//! The outbox of a connector: its part of the configuration becomes shape's settings.

use super::names;
use crate::config::choice::{
    EmptyArrays, KeyFormat, Missing, NullFields, OnUpdate, Place, UnfitJson, ValueFormat,
};
use crate::config::outbox::{From as Source, Outbox as Own, Placed as OwnPlaced};
use crate::shape::outbox::expand::Expand;
use crate::shape::outbox::settings::{self, Outbox, Placed};
use std::sync::Arc;
use walbrook_core::layout::Table;

/// What shape is told about an outbox.
pub(super) fn settings(own: &Own) -> Arc<Outbox> {
    let (route, allowed) = (own.route.clone(), own.clone());
    let expand = Expand {
        keep_nulls: own.null_fields == NullFields::OptionalBytes,
        keep_empty_lists: own.empty_arrays == EmptyArrays::OptionalString,
        names: names(own.json_names),
    };
    Arc::new(Outbox {
        from: from(&own.from),
        id: own.id.clone(),
        key: own.key.clone(),
        payload: own.payload.clone(),
        timestamp: own.timestamp.clone(),
        schema_version: own.schema_version.clone(),
        fields: own.fields.iter().map(placed).collect(),
        ignore_missing: own.missing_fields == Missing::Ignore,
        expand: own.expand_json.then_some(expand),
        text_if_unfit: own.unfit_json == UnfitJson::Text,
        route_by: own.route_by.clone(),
        route: Arc::new(move |value: &str| route.topic(value)),
        allowed: Arc::new(move |topic: &str| allowed.allows(topic)),
        max_topics: own.max_topics as usize,
        tombstones_on_empty: own.tombstones_on_empty,
        on_update: match own.on_update {
            OnUpdate::Warn => settings::OnUpdate::Warn,
            OnUpdate::Error => settings::OnUpdate::Error,
            OnUpdate::Fatal => settings::OnUpdate::Fatal,
        },
        text_keys: own.key_format == KeyFormat::Text,
        raw_values: own.value_format == ValueFormat::Raw,
    })
}

fn from(from: &Source) -> settings::From {
    match from {
        Source::Table(pattern) => {
            let pattern = pattern.clone();
            let takes = move |table: &Table| pattern.matches(&table.to_string());
            settings::From::Tables(Arc::new(takes))
        }
        Source::Messages(prefix) => {
            let prefix = prefix.clone();
            settings::From::Messages(Arc::new(move |of: &str| prefix.matches(of)))
        }
    }
}

fn placed(field: &OwnPlaced) -> Placed {
    let place = match field.place {
        Place::Header => settings::Place::Header,
        Place::Envelope => settings::Place::Envelope,
        Place::Partition => settings::Place::Partition,
    };
    Placed { column: field.column.clone(), place, name: field.name.clone() }
}
