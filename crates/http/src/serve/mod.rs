//! Listening: connections, TLS, and their ends.
//!
//! axum's own loop has no bounds: of connections, of a header's time, of a client that never reads. So connections are accepted here and given to hyper one by one, each in a task that ends with
//! the daemon.

mod accept;
mod connection;
mod der;
mod stall;
mod timer;
mod tls;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

pub use tls::{Tls, TlsError};

use accept::Accepting;

use crate::api::Shared;
use crate::stopping::Stopping;
use crate::until::until;
use crate::{Api, admission, routes};

/// Where an API is served.
pub struct Serving {
    listener: Arc<TcpListener>,
    tls: Option<Tls>,
}

impl Serving {
    /// On this listener, without TLS. One that others hold too is open after the serving has ended.
    pub fn plain(listener: impl Into<Arc<TcpListener>>) -> Self {
        Self { listener: listener.into(), tls: None }
    }

    /// On this listener, by TLS.
    pub fn tls(listener: impl Into<Arc<TcpListener>>, tls: &Tls) -> Self {
        Self { listener: listener.into(), tls: Some(tls.clone()) }
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("listener", &self.listener).field("tls", &self.tls.is_some()).finish()
    }
}

/// Raised when it is dropped: connections do not outlive whoever serves them.
struct Ending(Arc<Stopping>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// The routes, and round them what is asked of every request.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    routes::router(shared).layer(axum::middleware::from_fn_with_state(Arc::clone(shared), admission::admit))
}

impl Api {
    /// Serves until `shutdown` ends: then no more is accepted, every stream is ended, and running requests are let finish for [`Limits::drain`](crate::Limits::drain).
    ///
    /// # Cancel safety
    /// Dropping the future closes every connection at once.
    pub async fn serve(&self, serving: Serving, shutdown: impl Future<Output = ()> + Send) {
        let shared = &self.0;
        let Serving { listener, tls } = serving;
        *shared.address.lock() = listener.local_addr().ok();
        let ending = Ending(Arc::default());
        let router = router(shared);
        // Each connection holds a sender; when the last is gone, so are they.
        let (alive, mut gone) = mpsc::channel::<()>(1);
        let accepting = async {
            let mut accepting = Accepting::new(shared, &listener);
            loop {
                let stream = accepting.next().await;
                let held = connection::Held { shared: Arc::clone(shared), alive: alive.clone() };
                let (router, tls, end) = (router.clone(), tls.clone(), Arc::clone(&ending.0));
                shared
                    .store
                    .seams()
                    .spawn("http connection", connection::serve(held, stream, tls, router, end));
            }
        };
        let _: Option<()> = until(shutdown, accepting).await;
        drop(listener);
        drop(alive);
        shared.state.stopping.raise();
        let drained = until(shared.store.seams().sleep(shared.limits.drain), gone.recv()).await;
        if drained.is_none() {
            tracing::warn!("requests that did not end within {:?} are cut", shared.limits.drain);
        }
        drop(ending);
    }
}
