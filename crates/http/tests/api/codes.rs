//! Each refusal of the server itself is a problem document that says what to do.

use serde_json::json;

use crate::stage::Stage;

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[tokio::test]
async fn a_path_that_is_not_there_names_the_nearest_one() {
    let stage = Stage::new().await;
    let problem = stage.get("/v1/controlers").await.problem(404, "no-such-path");
    assert_eq!(problem["nearest"], "/v1/controllers");
    stage.get("/").await.problem(404, "no-such-path");
}

#[tokio::test]
async fn a_method_that_a_path_has_not_names_those_it_has() {
    let stage = Stage::new().await;
    let answer = stage.ask("POST", "/v1/entries/site/blog", &[JSON], "{}").await;
    answer.problem(405, "method-not-allowed");
    assert_eq!(answer.header("allow"), Some("GET, PUT, DELETE"));
}

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed_and_one_that_says_something_else_is_invalid() {
    let stage = Stage::new().await;
    let put = async |headers: &[(&str, &str)], body: &str| {
        stage.ask("PUT", "/v1/entries/site/blog", headers, body).await
    };
    put(&[], "{}").await.problem(415, "unsupported-media-type");
    put(&[("Content-Type", "text/plain")], "{}").await.problem(415, "unsupported-media-type");
    for broken in ["{", "nothing", "{\"spec\":{}} {}", "\u{0}"] {
        put(&[JSON], broken).await.problem(400, "malformed");
    }
    let problem =
        put(&[JSON], r#"{"kind":"site","name":"blog","lables":{},"spec":{}}"#).await.problem(422, "invalid");
    assert_eq!(problem["nearest"], "labels", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("unknown field `lables`"), "{problem}");
}

#[tokio::test]
async fn a_query_parameter_that_is_not_known_is_an_error_that_names_it() {
    let stage = Stage::new().await;
    let problem = stage.get("/v1/entries/site?selecter=a").await.problem(400, "malformed");
    assert_eq!(
        (problem["field"].as_str(), problem["nearest"].as_str()),
        (Some("selecter"), Some("selector"))
    );
}

#[tokio::test]
async fn health_is_told_in_few_words_and_readiness_with_its_reasons() {
    let stage = Stage::with(|builder| builder.readiness(|| vec!["the moon is full".into()])).await;
    let health = stage.get("/healthz").await;
    assert_eq!((health.status, health.body.as_slice()), (200, &b"ok"[..]));
    let ready = stage.get("/readyz").await;
    assert_eq!((ready.status, ready.json()), (503, json!({"ready": false, "reasons": ["the moon is full"]})));
    let stage = Stage::new().await;
    assert_eq!(stage.get("/readyz").await.json(), json!({"ready": true, "reasons": []}));
}

#[tokio::test]
async fn metrics_count_by_route_and_never_by_what_a_client_made_up() {
    let stage = Stage::with(|builder| builder.metrics(|| "own_metric 1\n".into())).await;
    stage.get("/v1/entries/site/a").await;
    stage.get("/v1/entries/site/b").await;
    stage.get("/made/up").await;
    for method in ["MADEUP", "get", "M-SEARCH"] {
        stage.ask(method, "/healthz", &[], "").await.problem(405, "method-not-allowed");
    }
    let text = String::from_utf8(stage.get("/metrics").await.body).unwrap();
    let line = r#"trimtab_http_requests_total{route="/v1/entries/{kind}/{name}",method="GET",code="404"} 2"#;
    assert!(text.contains(line) && text.ends_with("own_metric 1\n"), "{text}");
    assert!(!text.contains("made/up") && !text.contains("MADEUP"), "{text}");
    let other = r#"trimtab_http_requests_total{route="/healthz",method="other",code="405"} 3"#;
    assert!(text.contains(other), "{text}");
    assert!(text.contains("trimtab_http_connections ") && text.contains("trimtab_store_live 1"), "{text}");
}

#[tokio::test]
async fn a_daemon_that_stops_ends_its_streams_and_answers_what_is_under_way() {
    let mut stage = Stage::new().await;
    let mut watch = stage.connect().await;
    watch.say("GET /v1/watch?kind=site HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(watch.head().await.unwrap().status, 200);
    let mut idle = stage.connect().await;
    assert_eq!(idle.ask("GET", "/healthz", &[], "").await.status, 200);
    stage.stop();
    stage.ended().await;
    // Whatever was told before, the body ends as a body does.
    let mut last = watch.chunk().await;
    while last.as_ref().is_some_and(|chunk| !chunk.is_empty()) {
        last = watch.chunk().await;
    }
    assert_eq!(last, Some(Vec::new()));
    assert!(idle.answer().await.is_none(), "an idle connection is closed");
}
