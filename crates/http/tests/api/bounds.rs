//! Clients that ask for too much, or take too long about it. Whatever they do, the next one is served.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use trimtab_http::Limits;
use trimtab_seams::{Random as _, Seeded};

use crate::stage::{Stage, within};

const PUT: &str = "PUT /v1/entries/site/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

async fn tight(change: impl FnOnce(&mut Limits)) -> Stage {
    let mut limits = Limits::default();
    change(&mut limits);
    Stage::with(|builder| builder.limits(limits)).await
}

async fn lives(stage: &Stage) {
    assert_eq!(stage.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_body_of_100_mib_is_refused_before_it_is_read() {
    let stage = Stage::new().await;
    let mut client = stage.connect().await;
    client.say(&format!("{PUT}Content-Length: {}\r\n\r\n", 100 << 20)).await;
    let problem = client.answer().await.unwrap().problem(413, "too-large");
    assert_eq!((problem["field"].as_str(), problem["limit"].as_u64()), (Some("body"), Some(1 << 20)));
    // One that does not say how long it is, is read up to the bound.
    let mut client = stage.connect().await;
    client.say(&format!("{PUT}Transfer-Encoding: chunked\r\n\r\n")).await;
    let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
    for _ in 0..20 {
        client.say(&chunk).await;
    }
    client.answer().await.unwrap().problem(413, "too-large");
    lives(&stage).await;
}

#[tokio::test]
async fn a_client_that_sends_a_byte_now_and_then_is_not_waited_for() {
    let stage = tight(|limits| {
        limits.header_time = Duration::from_millis(300);
        limits.request_time = Duration::from_millis(300);
    })
    .await;
    // A header that does not end: the connection is closed.
    let mut client = stage.connect().await;
    let slowly = async {
        for byte in "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ".chars().chain(std::iter::repeat('x')) {
            client.say(&byte.to_string()).await;
            stage.seams().sleep(Duration::from_millis(20)).await;
            let mut byte = [0];
            if matches!(client.0.get_ref().try_read(&mut byte), Ok(0)) {
                return;
            }
        }
    };
    within("the end of a slow header", slowly).await;
    // A body that does not end is told so.
    let mut client = stage.connect().await;
    client.say(&format!("{PUT}Content-Length: 100\r\n\r\n{{")).await;
    client.answer().await.unwrap().problem(408, "timeout");
    lives(&stage).await;
}

#[tokio::test]
async fn a_header_without_end_is_refused() {
    let stage = Stage::new().await;
    let mut client = stage.connect().await;
    client
        .say(&format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(64 << 10)))
        .await;
    // The parser's own answer: nothing behind it has seen the request.
    assert_eq!(client.answer().await.map(|answer| answer.status), Some(431));
    lives(&stage).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_those_within_it_served() {
    let stage = tight(|limits| limits.connections = 20).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        let mut client = stage.connect().await;
        assert_eq!(client.ask("GET", "/healthz", &[], "").await.status, 200);
        open.push(client);
    }
    let mut beyond = stage.connect().await;
    beyond.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(beyond.answer().await.is_none());
    assert_eq!(open[7].ask("GET", "/healthz", &[], "").await.status, 200);
    drop(open);
    let again = async {
        loop {
            let mut client = stage.connect().await;
            client.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
            if client.answer().await.is_some_and(|answer| answer.status == 200) {
                return;
            }
        }
    };
    within("a place", again).await;
}

#[tokio::test]
async fn bodies_that_never_end_hold_no_more_than_all_of_them_may() {
    let stage = tight(|limits| limits.bodies = 100 << 10).await;
    let mut slow = stage.connect().await;
    slow.say(&format!("{PUT}Content-Length: 200000\r\n\r\n{}", " ".repeat(90 << 10))).await;
    let body = format!(r#"{{"spec":"{}"}}"#, "x".repeat(50 << 10));
    let put = || stage.ask("PUT", "/v1/entries/site/b", &[("Content-Type", "application/json")], &body);
    let refused = async {
        loop {
            // Until what the other has sent is read.
            let answer = put().await;
            if answer.status == 503 {
                return answer;
            }
        }
    };
    let refused = within("a refusal", refused).await;
    let problem = refused.problem(503, "unavailable");
    assert_eq!((problem["field"].as_str(), problem["limit"].as_u64()), (Some("body"), Some(100 << 10)));
    assert!(refused.header("retry-after").is_some());
    drop(slow);
    let taken = async { while put().await.status >= 300 {} };
    within("a place", taken).await;
}

#[tokio::test]
async fn watches_beyond_the_limit_are_refused_until_one_is_left() {
    let stage = tight(|limits| limits.streams = 2).await;
    let watch = async || {
        let mut client = stage.connect().await;
        client.say("GET /v1/watch?kind=site HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let head = client.head().await.unwrap();
        (head, client)
    };
    let (first, second) = (watch().await, watch().await);
    assert_eq!((first.0.status, second.0.status), (200, 200));
    let refused = stage.get("/v1/watch?kind=site").await;
    refused.problem(429, "too-many");
    assert!(refused.header("retry-after").is_some());
    drop(first);
    let again = async { while watch().await.0.status != 200 {} };
    within("a place", again).await;
}

#[tokio::test]
async fn a_watcher_that_never_reads_is_closed_and_holds_no_memory() {
    let stage = tight(|limits| limits.stall_time = Duration::from_millis(300)).await;
    let mut deaf = stage.connect().await;
    deaf.say("GET /v1/watch?kind=site HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let text = "x".repeat(200 << 10);
    let closed = async {
        for number in 0.. {
            let body = serde_json::json!({"spec": {"text": text, "number": number}});
            assert!(stage.send("PUT", "/v1/entries/site/a", &body).await.status < 300);
            let metrics = String::from_utf8(stage.get("/metrics").await.body).unwrap();
            if number > 0 && metrics.contains("trimtab_http_streams 0") {
                return;
            }
        }
    };
    within("the end of a stream that nobody reads", closed).await;
    lives(&stage).await;
}

/// 10,000 requests that are none, or nearly one: each is answered or cut off, and none takes the daemon with it.
#[tokio::test]
async fn ten_thousand_malformed_requests_do_no_harm() {
    let stage = tight(|limits| limits.header_time = Duration::from_secs(2)).await;
    let random = Seeded::new(7);
    let below = |most: usize| usize::try_from(random.next_u64()).unwrap_or_default() % most;
    let good = "GET /v1/entries/site?limit=3&prefix=a HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    let whole = format!("{PUT}Content-Length: 23\r\n\r\n{{\"spec\":{{\"port\":8080}}}}");
    let mut client = stage.connect().await;
    for number in 0..10_000 {
        let mut bytes = if number % 2 == 0 { good } else { whole.as_str() }.as_bytes().to_vec();
        for _ in 0..=below(4) {
            let place = below(bytes.len().max(1));
            if bytes.is_empty() {
                break;
            }
            match below(4) {
                0 => bytes[place] = u8::try_from(below(256)).unwrap(),
                1 => drop(bytes.remove(place)),
                2 => bytes.insert(place, u8::try_from(below(256)).unwrap()),
                _ => bytes.truncate(place.max(1)),
            }
        }
        // Whatever it asks for, it is to end.
        bytes.extend_from_slice(b"\r\n\r\n");
        let sent = client.0.get_mut().write_all(&bytes).await;
        // Now and then the answers are read and another connection is taken.
        if sent.is_err() || number % 50 == 49 {
            client = stage.connect().await;
        }
    }
    lives(&stage).await;
}
