//! How much anybody may ask for at once.

use std::time::Duration;

/// Bounds that keep one client from taking the daemon from the others. Each has a problem document or a closed connection at its end, never a daemon that grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body. Default 1 MiB; a transaction is at most 320 KiB as encoded. Above: 413.
    pub body: usize,
    /// Bytes of all bodies that are being read at once. Default 64 MiB. Above: 503.
    pub bodies: usize,
    /// Bytes of a request's line and header. Default 16 KiB. Above: 431.
    pub header: usize,
    /// From the first byte of a header to its last, and the longest a connection may idle. Default 10 s.
    pub header_time: Duration,
    /// From the header to the answer's first byte, streams apart. Default 30 s. Above: 408, 503, or 500 for a write whose outcome is not known.
    pub request_time: Duration,
    /// How long a client may take nothing of what it is sent. Default 30 s; then its connection is closed.
    pub stall_time: Duration,
    /// Connections at once. Default 8,192. Above: closed at once, and the log says so once.
    pub connections: usize,
    /// Watches at once. Default 2,048. Above: 429.
    pub streams: usize,
    /// Lists at once that are read page by page; each pins a snapshot. Default 64. Above: 429.
    pub pages: usize,
    /// How long such a list is kept after its last page. Default 30 s; then 410.
    pub page_time: Duration,
    /// Between two signs of life on a watch. Default 15 s.
    pub progress: Duration,
    /// How long running requests may go on after the stop. Default 5 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            bodies: 64 << 20,
            header: 16 << 10,
            header_time: Duration::from_secs(10),
            request_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            connections: 8192,
            streams: 2048,
            pages: 64,
            page_time: Duration::from_secs(30),
            progress: Duration::from_secs(15),
            drain: Duration::from_secs(5),
        }
    }
}
