//! Entries are created, replaced and deleted, under conditions and as rehearsals.

use serde_json::{Value, json};

use crate::stage::{Answer, Stage};

const BLOG: &str = "/v1/entries/site/blog";
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["outcome"].as_str().unwrap_or_default().to_owned())
}

fn told(status: u16, outcome: &str) -> (u16, String) {
    (status, outcome.to_owned())
}

async fn put(stage: &Stage, spec: Value) -> Answer {
    stage.send("PUT", BLOG, &json!({"spec": spec})).await
}

#[tokio::test]
async fn a_put_creates_then_replaces_and_writes_nothing_when_all_is_so_already() {
    let stage = Stage::new().await;
    let created = put(&stage, json!({"port": 1})).await;
    assert_eq!(outcome(&created), told(201, "created"));
    assert_eq!(created.header("trimtab-index"), created.json()["position"].as_str());
    let again = put(&stage, json!({"port": 1})).await;
    assert_eq!(outcome(&again), told(200, "unchanged"));
    assert_eq!(again.header("etag"), created.header("etag"));
    let changed = put(&stage, json!({"port": 2})).await;
    assert_eq!(outcome(&changed), told(200, "changed"));
    assert_ne!(changed.header("etag"), created.header("etag"));
    assert_eq!(changed.json()["entry"]["spec"], json!({"port": 2}));
}

#[tokio::test]
async fn of_two_writers_that_read_the_same_one_wins_and_the_other_is_shown_what_is_there() {
    let stage = Stage::new().await;
    let etag = put(&stage, json!(0)).await.header("etag").unwrap().to_owned();
    let headers = [JSON, ("If-Match", etag.as_str())];
    let first = stage.ask("PUT", BLOG, &headers, r#"{"spec":1}"#).await;
    assert_eq!(outcome(&first), told(200, "changed"));
    let second = stage.ask("PUT", BLOG, &headers, r#"{"spec":2}"#).await;
    let problem = second.problem(412, "precondition-failed");
    assert_eq!(problem["found"][0]["spec"], 1, "{problem}");
    let gone = stage.ask("DELETE", BLOG, &[("If-Match", etag.as_str())], "").await;
    gone.problem(412, "precondition-failed");
}

#[tokio::test]
async fn if_none_match_creates_only() {
    let stage = Stage::new().await;
    let create = async || stage.ask("PUT", BLOG, &[JSON, ("If-None-Match", "*")], r#"{"spec":1}"#).await;
    assert_eq!(create().await.status, 201);
    create().await.problem(412, "precondition-failed");
    let absent = stage.ask("PUT", "/v1/entries/site/x", &[JSON, ("If-Match", "*")], r#"{"spec":1}"#).await;
    absent.problem(412, "precondition-failed");
}

#[tokio::test]
async fn a_status_is_a_half_of_its_own() {
    let stage = Stage::new().await;
    let path = format!("{BLOG}/status");
    let status = json!({"status": {"up": true}});
    stage.send("PUT", &path, &status).await.problem(404, "not-found");
    put(&stage, json!(1)).await;
    let written = stage.send("PUT", &path, &status).await;
    assert_eq!(outcome(&written), told(200, "changed"));
    assert_eq!(outcome(&put(&stage, json!(2)).await), told(200, "changed"));
    let entry = stage.get(BLOG).await.json();
    assert_eq!((&entry["spec"], &entry["status"]), (&json!(2), &json!({"up": true})));
}

#[tokio::test]
async fn a_deletion_takes_what_is_there_and_says_when_there_is_nothing() {
    let stage = Stage::new().await;
    put(&stage, json!(1)).await;
    assert_eq!(outcome(&stage.ask("DELETE", BLOG, &[], "").await), told(200, "deleted"));
    stage.ask("DELETE", BLOG, &[], "").await.problem(404, "not-found");
    stage.get(BLOG).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_rehearsal_tells_what_would_come_and_writes_nothing() {
    let stage = Stage::new().await;
    let dry = format!("{BLOG}?dry_run=true");
    let rehearsed = stage.send("PUT", &dry, &json!({"spec": 1})).await;
    assert_eq!(outcome(&rehearsed), told(200, "created"));
    assert_eq!((rehearsed.json()["dry_run"].as_bool(), rehearsed.header("etag")), (Some(true), None));
    stage.get(BLOG).await.problem(404, "not-found");
    put(&stage, json!(1)).await;
    assert_eq!(outcome(&stage.ask("DELETE", &dry, &[], "").await), told(200, "deleted"));
    let path = format!("{BLOG}/status?dry_run=true");
    let status = stage.send("PUT", &path, &json!({"status": 1})).await;
    assert_eq!(outcome(&status), told(200, "changed"));
    let entry = stage.get(BLOG).await.json();
    assert_eq!((&entry["spec"], entry.get("status")), (&json!(1), None));
}
