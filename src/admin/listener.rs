//! Connections: taken as long as there is room, cut off when they are slow, ended in order.
//!
//! ```text
//!  accept ─▶ room? ─▶ TLS, 10 s ─▶ head of a request, 10 s ─▶ router ─▶ answer, each write 30 s
//! ```

use super::access::Peer;
use super::patient::Patient;
use super::tls;
use axum::Router;
use axum::body::Body;
use axum::http::Uri;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

/// Connections at a time; more wait in the system's queue.
const ROOM: usize = 256;
/// The head of a request, also of the next one on the same connection, arrives within this time.
const HEAD: Duration = Duration::from_secs(10);
/// Headers of a request.
const HEADERS: usize = 64;
/// Bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1024;
/// Time for requests that are being answered when everything ends.
const GRACE: Duration = Duration::from_millis(800);

/// An address that is taken, with what answers there.
pub(super) struct Listener {
    pub(super) tcp: TcpListener,
    pub(super) router: Router,
    pub(super) tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Listener").field(&self.tcp).finish()
    }
}

/// What a connection needs.
#[derive(Clone)]
struct Peers {
    router: Router,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Answers until `stop` is ready, and then what was already asked.
    pub(super) async fn serve(self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let peers = Peers { router: self.router, tls: self.tls };
        let room = Arc::new(Semaphore::new(ROOM));
        let graceful = GracefulShutdown::new();
        loop {
            let taken = async {
                let place = Arc::clone(&room).acquire_owned().await;
                (place, self.tcp.accept().await)
            };
            let (place, accepted) = tokio::select! {
                () = &mut stop => break,
                taken = taken => taken,
            };
            match accepted {
                Ok((stream, address)) => {
                    let (peers, watcher) = (peers.clone(), graceful.watcher());
                    tokio::spawn(async move {
                        peers.connection(stream, address, watcher).await;
                        drop(place);
                    });
                }
                // The system has no file or memory left for it; others may end meanwhile.
                Err(e) => {
                    tracing::debug!(error = %e, "a connection to the admin interface is lost");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(self.tcp);
        let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    }
}

impl Peers {
    async fn connection(self, stream: TcpStream, address: SocketAddr, watcher: Watcher) {
        let _ = stream.set_nodelay(true);
        let stream = Patient::new(stream);
        let Some(acceptor) = &self.tls else {
            let peer = Peer { address, certificate: None };
            return requests(stream, self.router, peer, watcher).await;
        };
        // Whoever cannot shake hands gets no answer: there is nobody to read it.
        if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, acceptor.accept(stream)).await {
            let shown = stream.get_ref().1.peer_certificates();
            let certificate = shown.and_then(<[_]>::first).map(tls::fingerprint);
            let peer = Peer { address, certificate };
            requests(stream, self.router, peer, watcher).await;
        }
    }
}

async fn requests<S>(stream: S, router: Router, peer: Peer, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        if let Some(bare) = without_slash(request.uri()) {
            *request.uri_mut() = bare;
        }
        router.clone().call(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    if let Err(e) = watcher.watch(connection).await {
        tracing::debug!(error = %e, "a connection to the admin interface has ended");
    }
}

/// The address without a slash at its end: Kafka Connect takes both for the same.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = format!("{path}{query}").parse().ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_is_taken_off() {
        let bare = |text: &str| without_slash(&text.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(bare("/connectors/?expand=info").as_deref(), Some("/connectors?expand=info"));
        assert_eq!(bare("/a/b/").as_deref(), Some("/a/b"));
        assert_eq!((bare("/"), bare("/a")), (None, None));
    }
}
