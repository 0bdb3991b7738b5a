//! Where the admin interface is, and what shows that we may use it.

use super::Failure;
use crate::cli::arguments::Interface;
use crate::cli::load_from;
use crate::config::{self, Admin, Scope};
use std::path::PathBuf;

/// Where it is where nothing else is said.
const USUAL: &str = "http://127.0.0.1:8083";

/// How the interface is reached. Without `Debug`: it may hold a token.
pub(super) struct Address {
    /// The base, without a slash at the end.
    pub(super) base: String,
    /// What is sent as a bearer token.
    pub(super) token: Option<String>,
    /// PEM files of authorities that are trusted besides the system's.
    pub(super) authorities: Vec<PathBuf>,
}

impl Address {
    /// What `--url` or the configuration says; a token comes from the environment first.
    pub(super) fn of(interface: &Interface) -> Result<Self, Failure> {
        let mut address = Self {
            base: interface.url.clone().unwrap_or_else(|| USUAL.to_owned()),
            token: config::admin_token(),
            authorities: interface.ca.iter().cloned().collect(),
        };
        if !interface.config.is_empty() {
            let config = load_from(&interface.config, &[]).map_err(Failure::Told)?;
            address.configured(&config.admin, interface.url.is_none())?;
        }
        address.base = address.base.trim_end_matches('/').to_owned();
        Ok(address)
    }

    /// Fills in what the daemon itself is told: its address, and a token that may write.
    fn configured(&mut self, admin: &Admin, place: bool) -> Result<(), Failure> {
        if place {
            let scheme = if admin.tls.is_some() { "https" } else { "http" };
            let mut listen = admin.listen;
            if listen.ip().is_unspecified() {
                listen.set_ip(match listen {
                    std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                    std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
                });
            }
            self.base = format!("{scheme}://{listen}");
        }
        if self.token.is_none()
            && let Some(token) = admin.tokens.iter().max_by_key(|it| it.scope == Scope::Write)
        {
            self.token = Some(token.token.read().map_err(Failure::from)?);
        }
        Ok(())
    }
}
