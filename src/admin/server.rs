//! The admin interface as a whole: its addresses, what is answered there, and its end.

use super::access::{Gate, Tokens, gate};
use super::listener::Listener;
use super::routes;
use super::shared::{Interface, Shared};
use super::tls;
use crate::codes;
use crate::config::Admin;
use axum::Router;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use walbrook_core::error::{Error, Result};

/// An admin interface that has its addresses, and does not answer yet.
#[derive(Debug)]
pub struct Server {
    main: Listener,
    health: Option<Listener>,
    ending: watch::Sender<bool>,
}

impl Server {
    /// Takes the addresses, reads tokens and certificates.
    pub async fn bind(admin: &Admin, interface: Interface) -> Result<Self> {
        let tokens = Tokens::read(&admin.tokens)?;
        let tls = admin.tls.as_ref().map(tls::acceptor).transpose()?;
        let tcp = listen("listen", admin.listen).await?;
        let worker = tcp.local_addr().unwrap_or(admin.listen).to_string();
        let (ending, ended) = watch::channel(false);
        let listeners = Arc::new(Semaphore::new(routes::events::LISTENERS));
        let shared = Shared { interface, worker: worker.into(), ended, listeners };
        let health = match admin.health_listen {
            None => None,
            Some(address) => {
                let tcp = listen("health_listen", address).await?;
                let router = routes::router(routes::health(), shared.clone());
                Some(Listener { tcp, router: guarded(router, Gate::open()), tls: None })
            }
        };
        let router = guarded(routes::router(routes::all(), shared), Gate::new(admin, tokens));
        Ok(Self { main: Listener { tcp, router, tls }, health, ending })
    }

    /// The address, with the port that the system chose where 0 was asked for.
    pub fn address(&self) -> Option<SocketAddr> {
        self.main.tcp.local_addr().ok()
    }

    /// The address of `health_listen`.
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.health.as_ref()?.tcp.local_addr().ok()
    }

    /// Answers until `stop` is ready.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Self { main, health, ending } = self;
        let ended = || {
            let mut ended = ending.subscribe();
            async move {
                let _ = ended.wait_for(|ended| *ended).await;
            }
        };
        let health = async {
            if let Some(health) = health {
                health.serve(ended()).await;
            }
        };
        let stop = async {
            stop.await;
            ending.send_replace(true);
        };
        tokio::join!(main.serve(ended()), health, stop);
    }
}

fn guarded(router: Router, guard: Gate) -> Router {
    router.layer(axum::middleware::from_fn_with_state(Arc::new(guard), gate))
}

async fn listen(key: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| {
        let message = format!("The admin interface cannot listen on {address}: {e}.");
        let fix = format!("Set another `{key}` in [admin], or end the process that has it.");
        Error::definite(codes::ADMIN_LISTEN, message).fix(fix)
    })
}

#[cfg(test)]
mod tests;
