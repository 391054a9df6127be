//! What a server is sent.

use std::fs;

use super::server::{DONE, Server};
use super::{AMPLE, ask, caller, failure, success};
use crate::Webhook;
use crate::protocol::Answer;
use crate::webhook::Caller;

#[tokio::test]
async fn a_question_is_a_post_of_the_document_with_its_deadline() {
    let server = Server::saying(DONE).await;
    let caller = caller(&format!("http://127.0.0.1:{}/a/b?key=hidden", server.port));
    success(&caller).await;
    let question = server.seen.questions().remove(0);
    let (head, body) = question.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"protocol\":1}\n");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST /a/b?key=hidden HTTP/1.1"));
    let lines: Vec<_> = lines.collect();
    let host = format!("host: 127.0.0.1:{}", server.port);
    let agent = format!("user-agent: trimtab/{}", env!("CARGO_PKG_VERSION"));
    for line in [
        host.as_str(),
        &agent,
        "content-type: application/json",
        "accept: application/json",
        "accept-encoding: identity",
        "trimtab-controller: sites",
        "content-length: 15",
    ] {
        assert!(lines.contains(&line), "{line} in {lines:?}");
    }
    assert_eq!(lines.iter().filter(|line| line.starts_with("authorization")).count(), 0);
    let left = lines.iter().find_map(|line| line.strip_prefix("trimtab-deadline-ms: ")).unwrap();
    let left: u128 = left.parse().unwrap();
    assert!(left > 0 && left <= AMPLE.as_millis(), "{left}");
}

#[tokio::test]
async fn a_token_is_sent_and_told_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, "hidden-one\n").unwrap();
    let server =
        Server::saying(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 8\r\n\r\nwho, you".as_slice()).await;
    let caller =
        Caller::new(&Webhook { url: server.url(), token: Some(path.clone()), authority: None }).unwrap();
    let words = failure(&caller, AMPLE).await;
    assert_eq!(words, format!("{} answered 401 Unauthorized: who, you", server.url()));
    fs::write(&path, "another").unwrap();
    failure(&caller, AMPLE).await;
    let questions = server.seen.questions();
    assert!(questions[0].contains("authorization: Bearer hidden-one\r\n"));
    assert!(questions[1].contains("authorization: Bearer another\r\n"));
    assert!(!format!("{caller:?}{words}").contains("hidden"));

    fs::remove_file(&path).unwrap();
    let words = failure(&caller, AMPLE).await;
    assert!(words.contains("was not asked: token_file"), "{words}");
    assert_eq!(server.seen.questions().len(), 2, "without its token nothing is sent");
}

#[tokio::test]
async fn the_url_in_messages_has_no_query() {
    let server = Server::saying(b"HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\nboom".as_slice()).await;
    let words = failure(&caller(&format!("{}?key=hidden", server.url())), AMPLE).await;
    assert_eq!(words, format!("{} answered 500 Internal Server Error: boom", server.url()));
}

#[tokio::test]
async fn not_yet_carries_its_time_and_the_name_of_the_server() {
    let server =
        Server::saying(b"HTTP/1.1 503 No\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy".as_slice())
            .await;
    let Answer::NotYet { words, after, .. } = ask(&caller(&server.url()), AMPLE).await else {
        panic!("not yet")
    };
    assert_eq!(after.unwrap().as_secs(), 7);
    assert_eq!(
        words,
        format!("{} asked to be asked again later (503 Service Unavailable): busy", server.url())
    );
}

#[tokio::test]
async fn a_chunked_answer_is_an_answer() {
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"fin\r\nd\r\nalized\":true}\r\n0\r\n\r\n";
    let server = Server::saying(chunked.as_slice()).await;
    assert!(success(&caller(&server.url())).await.finalized);
    let until_closed = Server::saying(b"HTTP/1.0 200 OK\r\n\r\n{\"finalized\":true}".as_slice()).await;
    assert!(success(&caller(&until_closed.url())).await.finalized);
}

#[tokio::test]
async fn a_name_is_resolved_and_an_unknown_one_is_told() {
    let server = Server::saying(DONE).await;
    success(&caller(&format!("http://localhost:{}/", server.port))).await;
    let words = failure(&caller("http://nowhere.invalid/"), AMPLE).await;
    assert!(
        words.starts_with(
            "http://nowhere.invalid/ could not be reached: the name nowhere.invalid cannot be resolved"
        ),
        "{words}"
    );
}
