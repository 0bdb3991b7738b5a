//! Kafka Connect's description of a connector: its settings as text, secrets hidden.

use super::board::{ConnectorStatus, Phase};
use serde_json::{Map, Value, json};

/// The answer to `GET /connectors/{name}`.
pub fn info(status: &ConnectorStatus) -> Value {
    json!({
        "name": status.name,
        "config": config(status),
        "tasks": ids(status).collect::<Vec<_>>(),
        "type": "source",
    })
}

/// Its settings, with the three that every connector of Kafka Connect has.
pub fn config(status: &ConnectorStatus) -> Value {
    let mut config = Map::new();
    config.insert("name".to_owned(), status.name.as_str().into());
    config.insert("connector.class".to_owned(), class(status.source).into());
    config.insert("tasks.max".to_owned(), "1".into());
    for (key, value) in &status.settings {
        config.insert(key.clone(), value.as_str().into());
    }
    Value::Object(config)
}

/// What stands for the connector's class in Kafka Connect.
pub fn class(source: &str) -> &'static str {
    match source {
        "mysql" => "walbrook.MySql",
        "mariadb" => "walbrook.MariaDb",
        _ => "walbrook.PostgreSql",
    }
}

fn ids(status: &ConnectorStatus) -> impl Iterator<Item = Value> {
    let id = json!({ "connector": status.name, "task": 0 });
    (status.phase != Phase::Stopped).then_some(id).into_iter()
}

/// The answer to `GET /connectors/{name}/tasks`.
pub fn tasks(status: &ConnectorStatus) -> Value {
    ids(status).map(|id| json!({ "id": id, "config": config(status) })).collect()
}
