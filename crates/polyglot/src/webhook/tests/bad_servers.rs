//! Servers as they should not be: the run fails, says why, and holds nothing.

use std::time::Duration;

use tokio::net::TcpListener;
use trimtab_seams::Seams;

use super::server::{DONE, Server};
use super::{AMPLE, SHORT, ask, caller, failure, success, until};

/// What the two sockets of a connection and whoever reads may hold at most, generously.
const IN_FLIGHT: u64 = 32 << 20;

/// What asking a server that says this comes to.
async fn words(what: &'static [u8]) -> String {
    let server = Server::saying(what).await;
    let told = failure(&caller(&server.url()), AMPLE).await;
    assert_eq!(server.seen.questions().len(), 1, "a new connection's failure is not asked again: {told}");
    told.strip_prefix(&server.url()).expect("it begins with the URL").trim().to_owned()
}

#[tokio::test]
async fn one_that_never_answers_is_given_up_at_the_deadline_and_left() {
    let server = Server::start(|mut peer, _| async move { while peer.question().await {} }).await;
    let told = failure(&caller(&server.url()), SHORT).await;
    assert_eq!(
        told,
        format!(
            "{} did not answer within 250ms; raise `timeout`, or let the server do less in one run",
            server.url()
        )
    );
    until("the end of the connection", || server.seen.closed() == 1).await;
}

#[tokio::test]
async fn a_question_that_is_given_up_closes_its_connection() {
    let server = Server::start(|mut peer, _| async move { while peer.question().await {} }).await;
    let caller = caller(&server.url());
    tokio::select! {
        answer = ask(&caller, AMPLE) => panic!("nobody answered, and yet there is {answer:?}"),
        () = until("the question", || server.seen.questions().len() == 1) => {}
    }
    until("the end of the connection", || server.seen.closed() == 1).await;
}

#[tokio::test]
async fn nobody_listening_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let told = failure(&caller(&format!("http://127.0.0.1:{port}/")), AMPLE).await;
    assert!(
        told.ends_with("could not be reached: nothing listens there; start the server, or correct the URL"),
        "{told}"
    );
}

#[tokio::test]
async fn a_gigabyte_is_read_no_further_than_a_mebibyte() {
    for status in ["200 OK", "422 No", "500 Oh"] {
        for length in [format!("content-length: {}", 1u64 << 30), "x: y".into()] {
            let head = format!("HTTP/1.1 {status}\r\n{length}\r\n\r\n");
            let server = Server::start(move |mut peer, _| {
                let head = head.clone();
                async move {
                    peer.question().await;
                    peer.say(head.as_bytes()).await;
                    let block = vec![b'x'; 64 << 10];
                    while peer.seen.taken() < 1 << 30 && peer.say(&block).await {}
                }
            })
            .await;
            let told = failure(&caller(&server.url()), AMPLE).await;
            if status.starts_with('5') {
                assert!(told.contains("answered 500 Internal Server Error: xxxx") && told.len() < 5000);
            } else {
                assert!(
                    told.ends_with("answered more than 1 MiB, of which no more was read; answer less"),
                    "{told}"
                );
            }
            until("the end of the connection", || server.seen.closed() == 1).await;
            assert!(server.seen.taken() < IN_FLIGHT, "{} bytes were taken", server.seen.taken());
        }
    }
}

#[tokio::test]
async fn headers_without_end_are_read_no_further_than_their_bound() {
    let server = Server::start(|mut peer, _| async move {
        peer.question().await;
        peer.say(b"HTTP/1.1 200 OK\r\nx: ").await;
        while peer.seen.taken() < 1 << 30 && peer.say(&[b'x'; 4096]).await {}
    })
    .await;
    let told = failure(&caller(&server.url()), AMPLE).await;
    assert!(told.contains("does not speak HTTP/1.1 as it should"), "{told}");
    until("the end of the connection", || server.seen.closed() == 1).await;
    assert!(server.seen.taken() < IN_FLIGHT);
}

#[tokio::test]
async fn one_that_closes_too_early_is_told_where() {
    assert!(words(b"").await.starts_with("closed the connection without an answer"));
    let in_its = "broke off in the middle of its answer";
    for cut in [
        b"HTTP/1.1 200".as_slice(),
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"final",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"f",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ] {
        let told = words(cut).await;
        assert!(told.starts_with(in_its), "{}: {told}", cut.escape_ascii());
    }
}

#[tokio::test]
async fn one_that_resets_is_told() {
    let server = Server::start(|mut peer, _| async move {
        peer.question().await;
        peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await;
        peer.socket.set_zero_linger().unwrap();
    })
    .await;
    let told = failure(&caller(&server.url()), AMPLE).await;
    assert!(told.contains("broke off in the middle of its answer"), "{told}");
}

#[tokio::test]
async fn one_that_says_a_byte_at_a_time_is_heard_until_the_deadline() {
    let slow = |pause: Duration| {
        Server::start(move |mut peer, _| async move {
            peer.question().await;
            for byte in DONE {
                Seams::tokio().sleep(pause).await;
                peer.say(&[*byte]).await;
            }
        })
    };
    success(&caller(&slow(Duration::from_millis(1)).await.url())).await;
    let told = failure(&caller(&slow(Duration::from_millis(100)).await.url()), SHORT).await;
    assert!(told.contains("did not answer within 250ms"), "{told}");

    let stuck = Server::start(|mut peer, _| async move {
        peer.question().await;
        peer.say(&DONE[..DONE.len() - 1]).await;
        peer.question().await;
    })
    .await;
    let told = failure(&caller(&stuck.url()), SHORT).await;
    assert!(told.contains("did not finish its answer within 250ms"), "{told}");
    until("the end of the connection", || stuck.seen.closed() == 1).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server =
        Server::saying(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".as_slice())
            .await;
    let told = failure(&caller(&server.url()), AMPLE).await;
    assert!(
        told.contains("answered 302 Found and points to /elsewhere; redirects are not followed"),
        "{told}"
    );
    assert_eq!(server.seen.questions().len(), 1);
}

#[tokio::test]
async fn what_is_no_answer_is_told_as_what_it_is() {
    let not_json = words(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    assert!(
        not_json.contains("must be nothing or one JSON document")
            && not_json.ends_with("it begins \"hello\""),
        "{not_json}"
    );
    let unknown = words(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\": 1}").await;
    assert!(unknown.contains("unknown field `a`"), "{unknown}");
    let binary = words(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\xfe").await;
    assert!(binary.contains("is not UTF-8 text"), "{binary}");
    let page =
        words(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n\r\n<!doctype html>")
            .await;
    assert_eq!(page, "answered 200 OK with a web page; is it the right URL?");
    let packed =
        words(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b").await;
    assert!(packed.contains("in the encoding \"gzip\", which was not asked for"), "{packed}");
    for other in [
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n".as_slice(),
        b"\x15\x03\x03\x00\x02\x02\x46\r\n",
        b"HTTP/3 200 OK\r\n\r\n",
    ] {
        let told = words(other).await;
        assert!(told.starts_with("does not speak HTTP/1.1 as it should"), "{}: {told}", other.escape_ascii());
    }
}
