//! Lists: what is in them, and page by page.

use std::time::Duration;

use serde_json::{Value, json};
use trimtab_http::Limits;

use crate::stage::Stage;

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

async fn filled(change: impl FnOnce(&mut Limits)) -> Stage {
    let mut limits = Limits::default();
    change(&mut limits);
    let stage = Stage::with(|builder| builder.limits(limits)).await;
    for (name, at, tier) in [
        ("a1", "", "web"),
        ("a2", "", "db"),
        ("b1", "", "web"),
        ("c1", "?namespace=n", "web"),
        ("d1", "?partition=p", "db"),
    ] {
        let body = json!({"spec": 1, "labels": {"tier": tier}});
        assert_eq!(stage.send("PUT", &format!("/v1/entries/site/{name}{at}"), &body).await.status, 201);
    }
    stage
}

#[tokio::test]
async fn a_list_has_what_was_asked_for() {
    let stage = filled(|_| {}).await;
    for (query, expected) in [
        ("", vec!["a1", "a2", "b1"]),
        ("?prefix=a", vec!["a1", "a2"]),
        ("?selector=tier%3Dweb", vec!["a1", "b1"]),
        ("?namespace=n", vec!["c1"]),
        ("?partition=p", vec!["d1"]),
        ("?namespace=*", vec!["a1", "a2", "b1", "c1"]),
        ("?namespace=*&partition=*&selector=tier%3Ddb", vec!["a2", "d1"]),
    ] {
        let list = stage.get(&format!("/v1/entries/site{query}")).await;
        assert_eq!((list.status, names(&list.json())), (200, expected), "{query}");
    }
    stage.get("/v1/entries/site?selector=%3D%3D").await.problem(400, "malformed");
}

#[tokio::test]
async fn all_pages_show_one_position_while_writers_go_on() {
    let stage = filled(|_| {}).await;
    let first = stage.get("/v1/entries/site?limit=2").await.json();
    assert_eq!(names(&first), ["a1", "a2"]);
    stage.send("PUT", "/v1/entries/site/b2", &json!({"spec": 1})).await;
    stage.ask("DELETE", "/v1/entries/site/b1", &[], "").await;
    let next = first["continue"].as_str().unwrap();
    let second = stage.get(&format!("/v1/entries/site?limit=2&continue={next}")).await.json();
    assert_eq!((names(&second), &second["position"]), (vec!["b1"], &first["position"]));
    assert!(second.get("continue").is_none(), "{second}");
}

#[tokio::test]
async fn a_list_that_is_not_kept_any_more_is_expired() {
    let stage = filled(|limits| limits.page_time = Duration::from_millis(1)).await;
    let first = stage.get("/v1/entries/site?limit=1").await.json();
    stage.seams().sleep(Duration::from_millis(50)).await;
    let next = first["continue"].as_str().unwrap();
    stage.get(&format!("/v1/entries/site?limit=1&continue={next}")).await.problem(410, "expired");
}

/// Symptom: 500, "this is a defect of the daemon". Cause: a token was cut into pairs of digits before it was looked at whether it had pairs of digits.
#[tokio::test]
async fn a_token_that_was_never_given_is_expired_whatever_is_in_it() {
    let stage = filled(|_| {}).await;
    for token in ["0", "-", "0-1", "0-%C3%A9", "0-0%C3%A9", "0-+1", "0-00", "0-73697465", "%00-00"] {
        stage.get(&format!("/v1/entries/site?continue={token}")).await.problem(410, "expired");
    }
}

#[tokio::test]
async fn more_lists_than_may_be_read_at_once_are_too_many() {
    let stage = filled(|limits| limits.pages = 1).await;
    assert_eq!(stage.get("/v1/entries/site?limit=1").await.status, 200);
    let refused = stage.get("/v1/entries/site?limit=1").await;
    refused.problem(429, "too-many");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(stage.get("/v1/entries/site").await.status, 200, "a list of one page needs no place");
}
