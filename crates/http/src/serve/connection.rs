//! One connection, from its handshake to its end.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::Tls;
use super::stall::Stall;
use super::timer::HyperTimer;
use crate::api::Shared;
use crate::stopping::Stopping;
use crate::until::until;

/// What a connection holds as long as it lives.
pub(super) struct Held {
    pub(super) shared: Arc<Shared>,
    pub(super) alive: mpsc::Sender<()>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.state.traffic.connections.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Serves one connection. `end`: at once.
pub(super) async fn serve(
    held: Held,
    stream: TcpStream,
    tls: Option<Tls>,
    router: Router,
    end: Arc<Stopping>,
) {
    let shared = &held.shared;
    debug_assert!(!held.alive.is_closed(), "somebody waits for the last");
    let seams = shared.store.seams();
    let stall = |stream| Stall::new(stream, seams.clone(), shared.limits.stall_time);
    let serving = async {
        match tls {
            None => http(shared, stall(stream), router).await,
            Some(tls) => {
                let handshake = until(seams.sleep(shared.limits.header_time), tls.accept(stall(stream)));
                // Who has not even asked is not waited for at the end.
                match until(shared.state.stopping.raised(), handshake).await {
                    Some(Some(Ok(stream))) => http(shared, stream, router).await,
                    Some(Some(Err(error))) => tracing::debug!(%error, "no TLS on a connection"),
                    Some(None) => tracing::debug!("a handshake took too long"),
                    None => {}
                }
            }
        }
    };
    let _: Option<()> = until(end.raised(), serving).await;
}

async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    shared: &Arc<Shared>,
    stream: S,
    router: Router,
) {
    let mut builder = http1::Builder::new();
    builder
        .timer(HyperTimer(shared.store.seams().clone()))
        .header_read_timeout(shared.limits.header_time)
        // hyper takes no less.
        .max_buf_size(shared.limits.header.max(8192));
    let service = TowerToHyperService::new(router);
    let has_asked = AtomicBool::new(false);
    let serving = service_fn(|request| {
        has_asked.store(true, Ordering::Relaxed);
        service.call(request)
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), serving));
    let stopping = &shared.state.stopping;
    let ended = if let Some(ended) = until(stopping.raised(), connection.as_mut()).await {
        ended
    } else {
        // hyper takes a connection on which nothing was asked yet for a busy one, and would wait for its first request.
        if !has_asked.load(Ordering::Relaxed) {
            return;
        }
        // What is under way is answered, then it is closed.
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
