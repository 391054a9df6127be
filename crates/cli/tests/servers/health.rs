//! What `/healthz` and `/readyz` answer.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::stage::Daemon;

/// The whole answer; nothing when nobody answers.
pub(crate) async fn ask(url: &str, path: &str) -> String {
    let address = url.split_once("://").unwrap().1;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(address).await
        && stream.write_all(request.as_bytes()).await.is_ok()
    {
        drop(stream.read_to_end(&mut answer).await);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until `/readyz` answers with this code and has all of these.
pub(crate) async fn readyz(daemon: &Daemon, url: &str, code: u16, wanted: &[&str]) {
    let mut last = String::new();
    for _ in 0..1500 {
        last = ask(url, "/readyz").await;
        let is_it = last.starts_with(&format!("HTTP/1.1 {code} "));
        if is_it && wanted.iter().all(|wanted| last.contains(wanted)) {
            return;
        }
        daemon.rest().await;
    }
    panic!("never {code} with {wanted:?}, last:\n{last}\n{}", daemon.log());
}

/// Where a daemon whose store is not open says that it tells its health.
pub(crate) async fn of_waiting(daemon: &Daemon) -> String {
    daemon.logs(" tells health alone").await;
    let log = daemon.log();
    let (before, _) = log.split_once(" tells health alone").unwrap();
    before.rsplit_once("until it is, ").unwrap().1.to_owned()
}
