//! The console at `/ui`: a page and what it needs, in the binary. Nothing is fetched from elsewhere.

use super::answer::{Answer, Problem};
use super::ask::Names;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Scripts, styles and pictures from here only; nothing inline; in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("ui/index.html");

/// Name, kind and text of each file beside the page.
const FILES: [(&str, &str, &str); 8] = [
    ("style.css", "text/css; charset=utf-8", include_str!("ui/style.css")),
    ("icon.svg", "image/svg+xml", include_str!("ui/icon.svg")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("ui/app.js")),
    ("api.js", "text/javascript; charset=utf-8", include_str!("ui/api.js")),
    ("history.js", "text/javascript; charset=utf-8", include_str!("ui/history.js")),
    ("svg.js", "text/javascript; charset=utf-8", include_str!("ui/svg.js")),
    ("view.js", "text/javascript; charset=utf-8", include_str!("ui/view.js")),
    ("words.js", "text/javascript; charset=utf-8", include_str!("ui/words.js")),
];

/// Whether `path` is of the console: it shows nothing by itself, so it is given to everybody, and
/// asks for the token that the rest of the interface wants.
pub(super) fn is_console(path: &str) -> bool {
    path == "/ui" || path.starts_with("/ui/")
}

/// The page.
pub(super) async fn page() -> Response {
    answer("text/html; charset=utf-8", PAGE)
}

/// A file beside the page.
pub(super) async fn file(Names(name): Names<String>) -> Answer<Response> {
    let file = FILES.iter().find(|(known, _, _)| *known == name);
    let (_, kind, text) = file.ok_or_else(Problem::no_path)?;
    Ok(answer(kind, text))
}

fn answer(kind: &'static str, text: &'static str) -> Response {
    let head = |name: HeaderName, value| (name, HeaderValue::from_static(value));
    let headers = [
        head(header::CONTENT_TYPE, kind),
        head(header::CONTENT_SECURITY_POLICY, POLICY),
        head(header::REFERRER_POLICY, "no-referrer"),
        // The next version of the daemon has other files under the same names.
        head(header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_that_is_not_here() {
        let scripts = FILES.iter().filter(|(_, kind, _)| kind.starts_with("text/javascript"));
        let imports = scripts.flat_map(|(_, _, text)| text.split("from './").skip(1));
        let linked = PAGE.split("\"ui/").skip(1).chain(imports);
        for rest in linked {
            let name = rest.split(['"', '\'']).next().unwrap_or_default();
            assert!(FILES.iter().any(|(known, _, _)| *known == name), "{name} is missing");
        }
    }

    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        for (name, _, text) in FILES.iter().chain([&("index.html", "", PAGE)]) {
            for word in
                ["onclick=", "onload=", "style=\"", "innerHTML", "<script>", "//cdn", "eval("]
            {
                assert!(!text.contains(word), "{name} has {word}");
            }
            let elsewhere = text.match_indices("http").filter(|(at, _)| {
                let rest = &text[*at..];
                rest.starts_with("http://") && !rest.starts_with("http://www.w3.org/")
                    || rest.starts_with("https://")
            });
            assert_eq!(elsewhere.count(), 0, "{name} names another site");
        }
    }
}
