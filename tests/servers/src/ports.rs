//! Ports of loopback that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};

/// So many different ones. Another process may take one before it is used: whoever starts a server tries again then.
pub(crate) fn free(count: usize) -> Vec<u16> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port of loopback");
    // All are held until all are known, or two of them could be the same.
    let held: Vec<_> = std::iter::repeat_with(listen).take(count).collect();
    held.iter().map(|listener| listener.local_addr().expect("a bound port").port()).collect()
}
