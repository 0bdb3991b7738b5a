//! The OpenAPI 3.1 document: made of the routes themselves, so that none can be missing in it.

use super::{About, Content, Route, all};
use crate::admin::schema;
use axum::response::Json;
use serde_json::{Map, Value, json};

pub(super) fn routes() -> Vec<Route> {
    let route = Route::get("/openapi.json", served)
        .about("This document")
        .json(200, json!({ "type": "object", "required": ["openapi", "paths"] }));
    vec![route]
}

async fn served() -> Json<Value> {
    Json(document(&all()))
}

/// The document that describes `routes`.
fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        let path =
            paths.entry(route.path).or_insert_with(|| json!({ "parameters": places(route.path) }));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_lowercase(), operation(&route.about));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Walbrook",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Kafka Connect's REST interface, and what is Walbrook's own beside it.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{}, { "bearer": [] }, { "basic": [] }],
        "paths": paths,
        "components": {
            "schemas": schema::components(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic", "description": "The token is the password" },
            },
        },
    })
}

/// The parameters in a path.
fn places(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
    let parameter = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    names.map(parameter).collect()
}

fn operation(about: &About) -> Value {
    let mut answers = Map::new();
    for (status, content) in &about.answers {
        answers.insert(status.to_string(), answer(content));
    }
    let problem = json!({ "application/json": { "schema": schema::named("Problem") } });
    answers.insert("default".to_owned(), json!({ "description": "Refused", "content": problem }));
    let parameters: Vec<Value> = about
        .parameters
        .iter()
        .map(|one| {
            json!({ "name": one.name, "in": one.place, "schema": one.schema, "description": one.about })
        })
        .collect();
    let mut operation =
        json!({ "summary": about.summary, "parameters": parameters, "responses": answers });
    if let (Some(body), Some(operation)) = (&about.body, operation.as_object_mut()) {
        let content = json!({ "application/json": { "schema": body } });
        operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    operation
}

fn answer(content: &Content) -> Value {
    match content {
        Content::Empty => json!({ "description": "Done" }),
        Content::Json(schema) => {
            json!({ "description": "Done", "content": { "application/json": { "schema": schema } } })
        }
        Content::Text(kind) => {
            json!({ "description": "Done", "content": { *kind: { "schema": { "type": "string" } } } })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reference in `value`.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|one| references(one, found));
            }
            Value::Array(array) => array.iter().for_each(|one| references(one, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_in_the_document_and_every_reference_leads_somewhere() {
        let document = document(&all());
        let operations = |path: &Value| path.as_object().unwrap().len() - 1;
        let told: usize = document["paths"].as_object().unwrap().values().map(operations).sum();
        assert_eq!(told, all().len());
        for route in all() {
            assert!(!route.about.summary.is_empty(), "{}", route.path);
        }
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 30);
        for reference in found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
    }
}
