//! A server that does to each connection what a test says, byte by byte.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use trimtab_seams::Seams;

/// A success without a document.
pub(super) const DONE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// Where it listens, and what it saw.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) port: u16,
    pub(super) seen: Arc<Seen>,
}

/// What a server saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    connections: AtomicUsize,
    /// Connections that the other side closed.
    closed: AtomicUsize,
    /// Bytes that the other side, or the system on its behalf, took.
    taken: AtomicU64,
    questions: Mutex<Vec<String>>,
}

impl Server {
    /// Serves each connection by `serve`, which is told its number, from 0.
    pub(super) async fn start<F>(serve: impl Fn(Peer<TcpStream>, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let (server, seams) = (Self { port, seen: seen.clone() }, Seams::tokio());
        Seams::tokio().spawn("test server", async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let number = seen.connections.fetch_add(1, Ordering::SeqCst);
                seams.spawn("test connection", serve(Peer { socket, seen: seen.clone() }, number));
            }
        });
        server
    }

    /// Reads a question on each connection, says this, and closes it.
    pub(super) async fn saying(what: impl Into<Vec<u8>>) -> Self {
        let what = what.into();
        Self::start(move |mut peer, _| {
            let what = what.clone();
            async move {
                peer.question().await;
                peer.say(&what).await;
            }
        })
        .await
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/reconcile", self.port)
    }
}

impl Seen {
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }

    /// Head and body of each question, in order.
    pub(super) fn questions(&self) -> Vec<String> {
        self.questions.lock().clone()
    }
}

/// The server's end of a connection.
pub(super) struct Peer<S> {
    pub(super) socket: S,
    pub(super) seen: Arc<Seen>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Reads a whole question; false when the other side closed instead.
    pub(super) async fn question(&mut self) -> bool {
        let mut all = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&all).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    self.seen.questions.lock().push(text);
                    return true;
                }
            }
            match self.socket.read_buf(&mut all).await {
                Ok(0) | Err(_) => {
                    self.seen.closed.fetch_add(1, Ordering::SeqCst);
                    return false;
                }
                Ok(_) => {}
            }
        }
    }

    /// Says this; false when nobody listens any more.
    pub(super) async fn say(&mut self, what: &[u8]) -> bool {
        let said = self.socket.write_all(what).await.is_ok() && self.socket.flush().await.is_ok();
        if said {
            self.seen.taken.fetch_add(what.len() as u64, Ordering::SeqCst);
        } else {
            self.seen.closed.fetch_add(1, Ordering::SeqCst);
        }
        said
    }
}

impl<S> fmt::Debug for Peer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("seen", &self.seen).finish_non_exhaustive()
    }
}
