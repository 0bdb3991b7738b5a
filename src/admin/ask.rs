//! What a request says, read from it: names in the path, flags in the query, JSON in the body.
//! Whatever is wrong with it is told as a [`Problem`].

use super::answer::Problem;
use super::codes;
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use std::time::Duration;
use walbrook_core::error::Error;

/// The longest body that is read.
pub(super) const LONGEST: usize = 64 * 1024;
/// The time that a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);

/// What stands in the path's places: one or two words.
pub(super) struct Names<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Names<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        // A part that is not UTF-8 names nothing.
        path.map(|Path(names)| Self(names)).map_err(|_| Problem::no_path())
    }
}

/// The pairs of the query.
pub(super) struct Flags(Vec<(String, String)>);

impl Flags {
    /// Whether `key` has the value `value`.
    pub(super) fn has(&self, key: &str, value: &str) -> bool {
        self.0.iter().any(|(one, other)| one == key && other == value)
    }

    /// Whether `key` is given at all.
    pub(super) fn given(&self, key: &str) -> bool {
        self.0.iter().any(|(one, _)| one == key)
    }

    /// Whether `key` says true, read as Kafka Connect reads it: anything else is false.
    pub(super) fn says(&self, key: &str) -> bool {
        let value = self.0.iter().find(|(one, _)| one == key);
        value.is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"))
    }

    /// Whether `key` says true; a slip must not pass for false here.
    pub(super) fn certainly(&self, key: &str) -> Result<bool, Problem> {
        match self.0.iter().find(|(one, _)| one == key).map(|(_, value)| value.as_str()) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::request(
                format!("`{key}` is neither true nor false."),
                format!("Write `?{key}=true`, or leave it out."),
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Flags {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let wrong =
            |_| Problem::request("The query cannot be read.", "Write `?key=value&key=value`.");
        query.map(|Query(pairs)| Self(pairs)).map_err(wrong)
    }
}

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let error = Error::definite(codes::NOT_JSON, "The body's content type is not JSON.")
                .fix("Send the header `Content-Type: application/json`.");
            let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error);
            return Err(problem.worded("HTTP 415 Unsupported Media Type"));
        }
        // Longer ones are refused before they get here, if they say their length; else here.
        let arrived = tokio::time::timeout(ARRIVAL, to_bytes(request.into_body(), LONGEST)).await;
        let bytes = arrived.map_err(|_| late())?.map_err(|_| too_large())?;
        let body = serde_json::from_slice(&bytes).map_err(|e| {
            let message = format!("The body is not what is asked for: {e}.");
            Problem::request(message, "GET /openapi.json describes it.")
        })?;
        Ok(Self(body))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn late() -> Problem {
    let error = Error::definite(codes::TOO_SLOW, "The body did not arrive in time.")
        .fix("Send it within ten seconds.");
    Problem::new(StatusCode::REQUEST_TIMEOUT, error)
}

/// A body beyond [`LONGEST`].
pub(super) fn too_large() -> Problem {
    let message = format!("The body is larger than {LONGEST} bytes.");
    let error = Error::definite(codes::TOO_LARGE, message)
        .fix("No request needs as much: name tables by a pattern.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error)
}
