//! Which connections are kept, for how long, and what becomes of a question that meets one that is just closing.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use trimtab_seams::virtual_time;

use super::server::{DONE, Server};
use super::{AMPLE, ask, caller, failure, success, until};
use crate::protocol::Answer;
use crate::webhook::connect::handshake;
use crate::webhook::pool::Pool;

#[tokio::test]
async fn a_hundred_questions_go_over_one_connection() {
    let server =
        Server::start(|mut peer, _| async move { while peer.question().await && peer.say(DONE).await {} })
            .await;
    let caller = caller(&server.url());
    for _ in 0..100 {
        success(&caller).await;
    }
    assert_eq!((server.seen.questions().len(), server.seen.connections(), caller.idle()), (100, 1, 1));
    drop(caller);
    until("the end of the connection", || server.seen.closed() == 1).await;
}

#[tokio::test]
async fn questions_at_once_have_a_connection_each() {
    let server = Server::start(|mut peer, _| async move {
        while peer.question().await {
            let seen = peer.seen.clone();
            until("both", || seen.questions().len() >= 2).await;
            peer.say(DONE).await;
        }
    })
    .await;
    let caller = caller(&server.url());
    tokio::join!(success(&caller), success(&caller));
    assert_eq!((server.seen.connections(), caller.idle()), (2, 2));
    success(&caller).await;
    assert_eq!(server.seen.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_its_server_ends_is_not_kept() {
    let server =
        Server::saying(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}".as_slice())
            .await;
    let caller = caller(&server.url());
    success(&caller).await;
    success(&caller).await;
    assert_eq!(server.seen.connections(), 2);
}

#[tokio::test]
async fn a_connection_closed_while_it_was_idle_is_no_failure() {
    let server = Server::saying(DONE).await;
    let caller = caller(&server.url());
    for asked in 1..=20 {
        success(&caller).await;
        assert_eq!((server.seen.questions().len(), server.seen.connections()), (asked, asked));
    }
}

/// The second question on a connection is read, and answered by closing it: as a server does whose idle time is over just then.
#[tokio::test]
async fn a_question_that_met_a_closing_connection_is_asked_once_more_on_a_new_one() {
    let server = Server::start(|mut peer, number| async move {
        peer.question().await;
        if number < 2 {
            peer.say(DONE).await;
            peer.question().await;
        }
    })
    .await;
    let caller = caller(&server.url());
    success(&caller).await;
    success(&caller).await;
    assert_eq!((server.seen.questions().len(), server.seen.connections()), (3, 2));

    let told = failure(&caller, AMPLE).await;
    assert!(told.contains("closed the connection without an answer"), "{told}");
    assert_eq!((server.seen.questions().len(), server.seen.connections()), (5, 3), "twice, and not more");
}

#[tokio::test]
async fn a_question_whose_answer_had_begun_is_not_asked_again() {
    let server = Server::start(|mut peer, _| async move {
        peer.question().await;
        peer.say(DONE).await;
        peer.question().await;
        peer.say(b"HTTP/1.1 200 O").await;
    })
    .await;
    let caller = caller(&server.url());
    success(&caller).await;
    let Answer::Failed(told) = ask(&caller, AMPLE).await else { panic!("a failure") };
    assert!(told.contains("broke off in the middle of its answer"), "{told}");
    assert_eq!((server.seen.questions().len(), server.seen.connections()), (2, 1));
}

#[test]
fn an_idle_connection_is_closed_after_ninety_seconds() {
    virtual_time::run(1, async |seams| {
        let (pool, second) = (Pool::default(), Duration::from_secs(1));
        let (ours, mut theirs) = tokio::io::duplex(1024);
        pool.keep(&seams, handshake(&seams, ours).await.unwrap());
        seams.sleep(89 * second).await;
        let kept = pool.take().expect("it is still there");
        pool.keep(&seams, kept);
        seams.sleep(89 * second).await;
        assert_eq!(pool.len(), 1, "the time begins anew when it is used");
        seams.sleep(2 * second).await;
        assert_eq!(pool.len(), 0);
        assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0, "it is closed");
    });
}
