//! What is refused, as Kafka Connect tells it, with the fields of problem+json (RFC 9457) beside.

use super::codes;
use super::control::Refusal;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use walbrook_core::error::{Code, Error};

/// A request that is not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    /// Kafka Connect's own sentence, where it has one.
    connects: Option<String>,
    error: Error,
}

/// The code of a refused request, left with the answer for the audit line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused(pub(super) Code);

impl Problem {
    pub(super) fn new(status: StatusCode, error: Error) -> Self {
        Self { status, connects: None, error }
    }

    /// The same, in the words that clients of Kafka Connect know.
    pub(super) fn worded(mut self, sentence: impl Into<String>) -> Self {
        self.connects = Some(sentence.into());
        self
    }

    /// What was sent cannot be used: 400.
    pub(super) fn request(message: impl Into<String>, fix: impl Into<String>) -> Self {
        let error = Error::definite(codes::REQUEST, message).fix(fix);
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// There is no connector of that name, in the sentence that Kafka Connect has for it there.
    pub(super) fn unknown(name: &str, sentence: impl Into<String>) -> Self {
        let error =
            Error::definite(codes::NO_CONNECTOR, format!("There is no connector {name:?}."))
                .fix("GET /connectors lists the names.");
        Self::new(StatusCode::NOT_FOUND, error).worded(sentence)
    }

    /// Nothing is at the path.
    pub(super) fn no_path() -> Self {
        let error = Error::definite(codes::NO_PATH, "There is nothing at this path.")
            .fix("GET /openapi.json describes every path.");
        Self::new(StatusCode::NOT_FOUND, error).worded("HTTP 404 Not Found")
    }

    /// The path is there, the method is not.
    pub(super) fn no_method() -> Self {
        let error = Error::definite(codes::NO_METHOD, "This path does not have this method.")
            .fix("GET /openapi.json describes the methods of every path.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, error).worded("HTTP 405 Method Not Allowed")
    }

    /// The answer took too long.
    pub(super) fn no_answer() -> Self {
        let error = Error::transient(codes::TOO_SLOW, "The answer took too long.")
            .fix("Ask for the status; what was asked for may be done all the same.");
        Self::new(StatusCode::GATEWAY_TIMEOUT, error).worded("Request timed out")
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn body(&self) -> Value {
        let Error { code, message, fix, .. } = &self.error;
        json!({
            "error_code": self.status.as_u16(),
            "message": self.connects.as_ref().unwrap_or(message),
            "type": format!("urn:walbrook:{code}"),
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": message,
            "code": code.as_str(),
            "fix": fix,
        })
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown(error) => Self::new(StatusCode::NOT_FOUND, error),
            Refusal::Invalid(error) => Self::new(StatusCode::BAD_REQUEST, error),
            Refusal::Conflict(error) => Self::new(StatusCode::CONFLICT, error),
            Refusal::Unavailable(error) => Self::new(StatusCode::SERVICE_UNAVAILABLE, error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        response.extensions_mut().insert(Refused(self.error.code));
        response
    }
}

/// What a handler answers.
pub(super) type Answer<T> = Result<T, Problem>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_connects_and_rfc_9457s() {
        let body = Problem::unknown("a\"b", "Unknown connector a\"b").body();
        let expected = json!({
            "error_code": 404,
            "message": "Unknown connector a\"b",
            "type": "urn:walbrook:WB-ADMIN-003",
            "title": "Not Found",
            "status": 404,
            "detail": "There is no connector \"a\\\"b\".",
            "code": "WB-ADMIN-003",
            "fix": "GET /connectors lists the names.",
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_refusal_decides_the_status() {
        let error = || Error::definite(codes::REQUEST, "No.");
        let status = |refusal: Refusal| Problem::from(refusal).status();
        assert_eq!(status(Refusal::Unknown(error())), 404);
        assert_eq!(status(Refusal::Invalid(error())), 400);
        assert_eq!(status(Refusal::Conflict(error())), 409);
        assert_eq!(status(Refusal::Unavailable(error())), 503);
    }
}
