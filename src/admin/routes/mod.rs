//! The routes, each with what it is about: the router and the OpenAPI document are made of one list.
//!
//! ```text
//!  worker ─┐
//!  connectors ┤            ┌──▶ router
//!  lifecycle ─┼──▶ [Route] ┤
//!  offsets ───┤            └──▶ /openapi.json
//!  …        ──┘
//! ```

mod connectors;
pub(super) mod events;
mod files;
mod lifecycle;
mod loggers;
mod offsets;
mod openapi;
mod plugins;
mod snapshot;
mod worker;

use super::answer::Problem;
use super::shared::Shared;
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::Value;

/// A method of a path.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) about: About,
    serve: MethodRouter<Shared>,
}

/// What the document says of a route.
pub(super) struct About {
    pub(super) summary: &'static str,
    /// Parameters in query and headers.
    pub(super) parameters: Vec<Parameter>,
    /// Schema of the body, if there is one.
    pub(super) body: Option<Value>,
    /// What is answered where nothing is refused.
    pub(super) answers: Vec<(u16, Content)>,
}

/// A parameter in the query or a header.
pub(super) struct Parameter {
    pub(super) place: &'static str,
    pub(super) name: &'static str,
    pub(super) schema: Value,
    pub(super) about: &'static str,
}

/// What an answer holds.
pub(super) enum Content {
    /// Nothing.
    Empty,
    /// JSON of a schema.
    Json(Value),
    /// Another kind of text.
    Text(&'static str),
}

impl Route {
    fn new<H, T>(method: Method, filter: MethodFilter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        let about = About { summary: "", parameters: Vec::new(), body: None, answers: Vec::new() };
        Self { method, path, about, serve: on(filter, handler) }
    }

    fn get<H: Handler<T, Shared>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(Method::GET, MethodFilter::GET, path, handler)
    }

    fn post<H: Handler<T, Shared>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(Method::POST, MethodFilter::POST, path, handler)
    }

    fn put<H: Handler<T, Shared>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(Method::PUT, MethodFilter::PUT, path, handler)
    }

    fn patch<H: Handler<T, Shared>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(Method::PATCH, MethodFilter::PATCH, path, handler)
    }

    fn delete<H: Handler<T, Shared>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(Method::DELETE, MethodFilter::DELETE, path, handler)
    }

    fn about(mut self, summary: &'static str) -> Self {
        self.about.summary = summary;
        self
    }

    fn query(mut self, name: &'static str, schema: Value, about: &'static str) -> Self {
        self.about.parameters.push(Parameter { place: "query", name, schema, about });
        self
    }

    fn header(mut self, name: &'static str, schema: Value, about: &'static str) -> Self {
        self.about.parameters.push(Parameter { place: "header", name, schema, about });
        self
    }

    fn body(mut self, schema: Value) -> Self {
        self.about.body = Some(schema);
        self
    }

    fn json(mut self, status: u16, schema: Value) -> Self {
        self.about.answers.push((status, Content::Json(schema)));
        self
    }

    fn text(mut self, status: u16, kind: &'static str) -> Self {
        self.about.answers.push((status, Content::Text(kind)));
        self
    }

    fn empty(mut self, status: u16) -> Self {
        self.about.answers.push((status, Content::Empty));
        self
    }
}

/// What may be shown on an address of its own.
pub(super) fn health() -> Vec<Route> {
    let shown = |route: &Route| route.path != "/health";
    worker::health().into_iter().filter(shown).collect()
}

/// Every route.
pub(super) fn all() -> Vec<Route> {
    let groups = [
        worker::routes(),
        connectors::routes(),
        lifecycle::routes(),
        offsets::routes(),
        snapshot::routes(),
        files::routes(),
        plugins::routes(),
        loggers::routes(),
        events::routes(),
        openapi::routes(),
    ];
    groups.into_iter().flatten().collect()
}

/// The router of `routes`.
pub(super) fn router(routes: Vec<Route>, shared: Shared) -> Router {
    let router = routes
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.serve));
    router
        .fallback(|| async { Problem::no_path() })
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .with_state(shared)
}
