//! A tap on the line between a client and Consul: it counts what the client is sent, and can make the index of lists fall.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Builder;

pub(crate) struct Tap {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    received: AtomicU64,
    falling: AtomicBool,
}

impl Tap {
    pub(crate) fn on(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let own = listener.local_addr().expect("a port").port();
        let shared = Arc::new(Shared::default());
        let tapping = Arc::clone(&shared);
        spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect((Ipv4Addr::LOCALHOST, port)))
                else {
                    return;
                };
                let (mut to, mut from) = (cloned(&server), cloned(&client));
                spawn(move || {
                    // It ends with either connection.
                    _ = std::io::copy(&mut from, &mut to);
                    _ = to.shutdown(Shutdown::Both);
                });
                let tapping = Arc::clone(&tapping);
                spawn(move || tapping.answers(server, client));
            }
        });
        Self { port: own, shared }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Bytes that the client was sent since this was asked last.
    pub(crate) fn received(&self) -> u64 {
        self.shared.received.swap(0, Ordering::Relaxed)
    }

    /// Whether the index of lists is told as 7, whatever it is.
    pub(crate) fn falling(&self, falling: bool) {
        self.shared.falling.store(falling, Ordering::Relaxed);
    }
}

impl Shared {
    fn answers(&self, mut server: TcpStream, mut client: TcpStream) {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count @ 1..) = server.read(&mut bytes) {
            self.received.fetch_add(count as u64, Ordering::Relaxed);
            if self.falling.load(Ordering::Relaxed) {
                lower(&mut bytes[..count]);
            }
            if client.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        _ = client.shutdown(Shutdown::Both);
    }
}

/// Writes zeros and a seven over the digits of the header, so that the answer keeps its length. A header never spans two pieces: it comes first.
fn lower(piece: &mut [u8]) {
    const NAME: &[u8] = b"X-Consul-Index: ";
    let Some(at) = piece.windows(NAME.len()).position(|window| window == NAME) else { return };
    let digits = piece[at + NAME.len()..].iter_mut().take_while(|byte| byte.is_ascii_digit());
    let mut last = None;
    for digit in digits {
        *digit = b'0';
        last = Some(digit);
    }
    if let Some(last) = last {
        *last = b'7';
    }
}

fn cloned(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a handle")
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    Builder::new().spawn(work).expect("a thread");
}
