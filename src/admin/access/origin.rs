//! Keeps web pages of other sites from driving the interface through somebody's browser: by a
//! request to another origin, or under a name of theirs that leads to this address (DNS rebinding).

use crate::config::is_loopback;
use axum::http::{HeaderMap, Method, Uri, header};

/// The names under which the interface is reached, and who checks them.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    /// Names besides those of this machine's loopback.
    pub(super) names: Vec<String>,
    /// Whether any other name is refused: nothing but the name protects an interface without tokens.
    pub(super) strict: bool,
}

impl Hosts {
    /// What is wrong with where a request comes from, if anything is.
    pub(super) fn wrong(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<&'static str> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let host = uri.authority().map(|one| one.as_str()).or_else(|| text(header::HOST.as_str()));
        if self.strict && host.is_some_and(|host| !self.is_ours(host)) {
            return Some("The name in the Host header is not one of this interface.");
        }
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let visits = reads && text("sec-fetch-mode") == Some("navigate");
        if !visits && matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) {
            return Some("The request comes from a page of another site.");
        }
        let origin = text(header::ORIGIN.as_str()).filter(|_| !reads)?;
        let from = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        let same = host.is_some_and(|host| host.eq_ignore_ascii_case(from));
        let named = self.names.iter().any(|name| name.eq_ignore_ascii_case(bare(from)));
        (!same && !named).then_some("The request comes from a page of another origin.")
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = bare(host);
        is_loopback(&name.to_ascii_lowercase())
            || self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// The host without its port and brackets.
fn bare(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(strict: bool, method: &Method, headers: &[(&'static str, &str)]) -> bool {
        let names = vec!["cdc.example".to_owned()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Hosts { names, strict }.wrong(method, &Uri::from_static("/x"), &map).is_some()
    }

    #[test]
    fn names_of_others_are_refused_where_nothing_else_protects() {
        for host in ["127.0.0.1:8083", "localhost", "LOCALHOST:1", "[::1]:8083", "cdc.example:443"]
        {
            assert!(!wrong(true, &Method::GET, &[("host", host)]), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:8083", "localhost.evil.example", ""] {
            assert!(wrong(true, &Method::GET, &[("host", host)]), "{host}");
            assert!(!wrong(false, &Method::GET, &[("host", host)]), "{host}");
        }
        assert!(!wrong(true, &Method::GET, &[]), "HTTP/1.0 needs no name, and browsers send one");
    }

    #[test]
    fn a_page_of_another_origin_cannot_write() {
        let host = ("host", "localhost:8083");
        let put = |origin: &str| wrong(true, &Method::PUT, &[host, ("origin", origin)]);
        assert!(!put("http://localhost:8083"));
        assert!(!put("https://cdc.example"));
        for origin in ["http://localhost:3000", "http://evil.example", "null", "http://"] {
            assert!(put(origin), "{origin}");
        }
        let site = |method: &Method, site: &str, mode: &str| {
            wrong(true, method, &[host, ("sec-fetch-site", site), ("sec-fetch-mode", mode)])
        };
        assert!(site(&Method::POST, "cross-site", "no-cors"));
        assert!(site(&Method::POST, "cross-site", "navigate"));
        assert!(site(&Method::GET, "same-site", "cors"));
        assert!(!site(&Method::GET, "cross-site", "navigate"), "a link to the console");
        assert!(!site(&Method::POST, "same-origin", "cors"));
        assert!(!site(&Method::POST, "none", "navigate"));
    }
}
