//! The environment: read here and nowhere else.

/// Every variable whose name and value are UTF-8.
pub(super) fn variables() -> Vec<(String, String)> {
    let pairs = std::env::vars_os();
    pairs.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

/// The value of one variable.
#[allow(clippy::disallowed_methods, reason = "the environment is read by the configuration only")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What the commands show the admin interface: `WALBROOK_TOKEN`.
pub fn admin_token() -> Option<String> {
    variable("WALBROOK_TOKEN").filter(|token| !token.is_empty())
}

/// What is logged, as `WALBROOK_LOG` says: `info`, `walbrook=debug`, …
pub fn log_filter() -> Option<String> {
    variable("WALBROOK_LOG").filter(|filter| !filter.is_empty())
}
