//! What every request passes: where it comes from, who sent it, how long it is and takes; writes
//! leave a line in the audit log.

use super::Peer;
use super::origin::Hosts;
use super::tokens::{Tokens, Who};
use crate::admin::answer::{Problem, Refused};
use crate::admin::ask::{LONGEST, too_large};
use crate::admin::codes;
use crate::admin::ui::is_console;
use crate::config::{Admin, Scope};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use walbrook_core::error::Error;

/// The beginning of an answer takes at most this long.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a request must show.
#[derive(Debug)]
pub(in crate::admin) struct Gate {
    tokens: Tokens,
    hosts: Hosts,
}

impl Gate {
    pub(in crate::admin) fn new(admin: &Admin, tokens: Tokens) -> Self {
        let certificates = admin.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let strict = tokens.is_empty() && !certificates;
        Self { tokens, hosts: Hosts { names: admin.hosts.clone(), strict } }
    }

    /// Nothing is asked: for what everybody may see.
    pub(in crate::admin) fn open() -> Self {
        let hosts = Hosts { names: Vec::new(), strict: false };
        Self { tokens: Tokens::none(), hosts }
    }

    /// Who sends this request, if it may pass.
    fn pass(&self, request: &Request, writes: bool) -> Result<Who, Problem> {
        let (uri, headers) = (request.uri(), request.headers());
        let path = uri.path();
        let anyone = !writes && matches!(path, "/live" | "/ready");
        if !anyone
            && path != "/metrics"
            && let Some(message) = self.hosts.wrong(request.method(), uri, headers)
        {
            let fix =
                "Use the interface's own address; a proxy's name belongs into `hosts` in [admin].";
            let error = Error::definite(codes::OTHER_SITE, message).fix(fix);
            return Err(Problem::new(StatusCode::FORBIDDEN, error));
        }
        let certificate = || request.extensions().get::<Peer>()?.certificate.clone();
        let somebody = |name: String| Who { name, scope: Scope::Write };
        let console = !writes && is_console(path);
        if anyone || console || self.tokens.is_empty() {
            return Ok(somebody(certificate().unwrap_or_else(|| "local".to_owned())));
        }
        let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        authorization.and_then(|text| self.tokens.who(text)).ok_or_else(no_token)
    }
}

fn no_token() -> Problem {
    let error = Error::definite(codes::NO_TOKEN, "The request has no valid token.")
        .fix("Send `Authorization: Bearer TOKEN`, or the token as the password of Basic.");
    Problem::new(StatusCode::UNAUTHORIZED, error)
}

fn read_only(name: &str) -> Problem {
    let message = format!("The token {name:?} may read only.");
    let error = Error::definite(codes::READ_ONLY, message)
        .fix("Use a token whose `scope` in [admin] is \"write\".");
    Problem::new(StatusCode::FORBIDDEN, error)
}

/// Lets a request pass to its route, or says why not.
pub(in crate::admin) async fn gate(
    State(gate): State<Arc<Gate>>,
    request: Request,
    next: Next,
) -> Response {
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let line = writes.then(|| Line::of(&request));
    let (who, mut response) = match gate.pass(&request, writes) {
        Ok(who) if writes && who.scope != Scope::Write => {
            let response = read_only(&who.name).into_response();
            (Some(who), response)
        }
        Ok(who) if too_long(&request) => (Some(who), too_large().into_response()),
        Ok(who) => {
            let answered = tokio::time::timeout(TIMEOUT, next.run(request)).await;
            (Some(who), answered.unwrap_or_else(|_| Problem::no_answer().into_response()))
        }
        Err(problem) => (None, problem.into_response()),
    };
    if let Some(line) = line {
        line.write(who.as_ref(), &response);
    }
    let headers = response.headers_mut();
    if headers.get(header::CACHE_CONTROL).is_none() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if response.status() == StatusCode::UNAUTHORIZED {
        let headers = response.headers_mut();
        for scheme in ["Bearer realm=\"walbrook\"", "Basic realm=\"walbrook\", charset=\"UTF-8\""] {
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
    }
    response
}

/// Whether a request says that its body is too long.
fn too_long(request: &Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|n| n > LONGEST as u64)
}

/// One write, for the audit log. No body, no query, no header: nothing in it can be a secret.
struct Line {
    from: Option<std::net::SocketAddr>,
    method: Method,
    path: String,
}

impl Line {
    fn of(request: &Request) -> Self {
        let from = request.extensions().get::<Peer>().map(|peer| peer.address);
        Self { from, method: request.method().clone(), path: request.uri().path().to_owned() }
    }

    fn write(&self, who: Option<&Who>, response: &Response) {
        let code = response.extensions().get::<Refused>().map(|refused| refused.0.as_str());
        tracing::info!(
            target: "walbrook::audit",
            who = who.map_or("-", |who| &who.name),
            from = self.from.map(tracing::field::display),
            method = %self.method,
            path = ?self.path,
            status = response.status().as_u16(),
            code,
            "audit"
        );
    }
}
