//! The barest client of Consul: one connection, requests as text, answers searched for what is wanted.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Base64 of so many bytes.
pub(crate) fn value(bytes: usize) -> String {
    "YWFh".repeat(bytes / 3)
}

pub(crate) struct Bare {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Bare {
    pub(crate) async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("the server");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, answer: Vec::new() }
    }

    /// Commits operations; gives the index of the first.
    pub(crate) async fn transact(&mut self, operations: &str) -> u64 {
        let head = format!(
            "PUT /v1/txn HTTP/1.1\r\nHost: consul\r\nContent-Length: {}\r\n\r\n",
            operations.len() + 2
        );
        let answer = self.ask(&format!("{head}[{operations}]")).await;
        number_after(answer, "\"ModifyIndex\":").unwrap_or_else(|| panic!("refused: {answer}"))
    }

    /// Everything under a prefix, once it has changed since an index. Gives the index now, and how many bytes were received.
    pub(crate) async fn list(&mut self, prefix: &str, after: Option<u64>) -> (u64, usize) {
        let since = after.map_or(String::new(), |index| format!("&index={index}&wait=60s"));
        let answer =
            self.ask(&format!("GET /v1/kv/{prefix}?recurse{since} HTTP/1.1\r\nHost: consul\r\n\r\n")).await;
        (number_after(answer, "X-Consul-Index:").expect("an index"), answer.len())
    }

    async fn ask(&mut self, request: &str) -> &str {
        self.stream.write_all(request.as_bytes()).await.expect("a request");
        self.answer.clear();
        while !is_whole(&self.answer) {
            let count = self.stream.read_buf(&mut self.answer).await.expect("an answer");
            assert!(count > 0, "it hung up");
        }
        std::str::from_utf8(&self.answer).expect("a text")
    }
}

/// Large answers come in pieces with their lengths before them, small ones with one length in the head.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = std::str::from_utf8(&answer[..end]).expect("a head");
    match number_after(head, "Content-Length:") {
        Some(length) => answer.len() as u64 >= end as u64 + 4 + length,
        None => answer.ends_with(b"0\r\n\r\n"),
    }
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(name)?;
    rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
