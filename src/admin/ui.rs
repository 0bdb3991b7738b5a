//! The console at `/ui`.

use axum::response::Html;

/// The page.
pub(super) async fn page() -> Html<&'static str> {
    Html(
        "<!doctype html><html lang=en><title>Walbrook</title><p>The interface is described at <a href=/openapi.json>/openapi.json</a>.</html>\n",
    )
}
