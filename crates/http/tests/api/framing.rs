//! Requests that two parsers may read differently: whoever stands before this API must never have passed on what it took for a body and is taken for a request here.

use tokio::io::AsyncReadExt as _;

use crate::stage::{Stage, within};

/// What the other parser took for a part of the body.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: hidden\r\n\r\n";

/// Everything that comes back, until the connection is closed.
async fn answers(stage: &Stage, head: &str, rest: &str) -> String {
    let mut client = stage.connect().await;
    client.say(&format!("PUT /v1/entries/site/a HTTP/1.1\r\nHost: localhost\r\n{head}\r\n{rest}")).await;
    let mut all = Vec::new();
    let read = client.0.read_to_end(&mut all);
    let _ = within("the end of the connection", read).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn a_length_that_is_none_is_answered_with_400_and_the_end() {
    let stage = Stage::new().await;
    for head in [
        "Content-Length: 0\r\nContent-Length: 60\r\n",
        "Content-Length: 0, 60\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length : 0\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X: y\r\n Content-Length: 0\r\n",
        "X\0: y\r\n",
    ] {
        let answers = answers(&stage, head, HIDDEN).await;
        assert!(answers.starts_with("HTTP/1.1 400"), "{head:?}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{head:?}: {answers}");
    }
}

#[tokio::test]
async fn a_body_of_two_lengths_is_the_last_of_its_connection() {
    let stage = Stage::new().await;
    for head in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let head = format!("Content-Type: application/json\r\n{head}");
        let answers = answers(&stage, &head, &format!("a\r\n{{\"spec\":1}}\r\n0\r\n\r\n{HIDDEN}")).await;
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{head:?}: {answers}");
    }
}

#[tokio::test]
async fn chunks_that_are_none_end_the_connection() {
    let stage = Stage::new().await;
    let head = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    for chunks in [
        "zz\r\n",
        "-1\r\n",
        "5;\n{\"spe\r\n",
        "fffffffffffffffff\r\n",
        "1\r\n{}\r\n0\r\n\r\n",
        "0\r\nno trailer\r\n\r\n",
    ] {
        let answers = answers(&stage, head, &format!("{chunks}{HIDDEN}")).await;
        assert!(!answers.contains("HTTP/1.1 20"), "{chunks:?}: {answers}");
        assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{chunks:?}: {answers}");
    }
}
