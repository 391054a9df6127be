//! A way to a server on which some bytes become others: a real server that seems to be an older one.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;

/// A port of loopback that leads to another, on which `from` becomes `to`, which is as long.
pub(crate) fn changed(port: u16, from: &'static str, to: &'static str) -> u16 {
    assert_eq!(from.len(), to.len());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let own = listener.local_addr().unwrap().port();
    let accept = move || {
        for client in listener.incoming() {
            let (client, server) =
                (client.unwrap(), TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap());
            carry(client.try_clone().unwrap(), server.try_clone().unwrap(), from, to);
            carry(server, client, from, to);
        }
    };
    thread::Builder::new().spawn(accept).unwrap();
    own
}

/// What is to be changed comes in one piece: it is a few bytes of a small message.
fn carry(mut from: TcpStream, mut to: TcpStream, before: &'static str, after: &'static str) {
    let work = move || {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            let read = &mut piece[..read];
            for at in 0..read.len().saturating_sub(before.len() - 1) {
                if read[at..].starts_with(before.as_bytes()) {
                    read[at..at + before.len()].copy_from_slice(after.as_bytes());
                }
            }
            if to.write_all(read).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Both));
    };
    thread::Builder::new().spawn(work).unwrap();
}
