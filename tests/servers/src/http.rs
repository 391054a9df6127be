//! As much of an HTTP client as asking a server of our own for its health and its gateway takes.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// The status and the body of an answer.
pub(crate) type Answer = (u16, String);

/// For questions that a healthy server answers at once.
pub(crate) const SOON: Duration = Duration::from_secs(1);
/// For all others.
pub(crate) const LATE: Duration = Duration::from_secs(10);

pub(crate) fn get(port: u16, path: &str) -> io::Result<Answer> {
    ask(port, SOON, &format!("GET {path} HTTP/1.0\r\n\r\n"))
}

pub(crate) fn post(
    port: u16,
    path: &str,
    token: Option<&str>,
    body: &str,
    within: Duration,
) -> io::Result<Answer> {
    let token = token.map_or_else(String::new, |token| format!("Authorization: {token}\r\n"));
    let length = body.len();
    let head = format!("{token}Content-Type: application/json\r\nContent-Length: {length}");
    ask(port, within, &format!("POST {path} HTTP/1.0\r\n{head}\r\n\r\n{body}"))
}

/// As Consul is asked: any method, its token in a header of its own.
pub(crate) fn send(
    port: u16,
    (method, path): (&str, &str),
    token: Option<&str>,
    body: &str,
    within: Duration,
) -> io::Result<Answer> {
    let token = token.map_or_else(String::new, |token| format!("X-Consul-Token: {token}\r\n"));
    let length = body.len();
    ask(port, within, &format!("{method} {path} HTTP/1.0\r\n{token}Content-Length: {length}\r\n\r\n{body}"))
}

/// HTTP/1.0, so that the answer ends with the connection.
fn ask(port: u16, within: Duration, request: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(within))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    status.zip(body).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer"))
}
