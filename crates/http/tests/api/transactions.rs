//! Several writes, all or nothing.

use serde_json::{Value, json};

use crate::stage::Stage;

const PATH: &str = "/v1/transactions";

fn put(name: &str) -> Value {
    json!({"put": {"entry": {"kind": "site", "name": name, "spec": 1}}})
}

#[tokio::test]
async fn a_transaction_is_done_as_a_whole() {
    let stage = Stage::new().await;
    let done = stage.send("POST", PATH, &json!({"operations": [put("a"), put("b")]})).await;
    let answer = done.json();
    assert_eq!((done.status, answer["results"].as_array().map(Vec::len)), (200, Some(2)), "{answer}");
    assert_eq!(answer["results"][0]["position"], answer["results"][1]["position"]);
    let key = json!({"kind": "site", "name": "a"});
    let body = json!({"checks": [{"entry": key, "absent": true}], "operations": [put("c")]});
    let problem = stage.send("POST", PATH, &body).await.problem(409, "conflict");
    assert_eq!(problem["found"][0]["name"], "a", "{problem}");
    stage.get("/v1/entries/site/c").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_transaction_of_too_much_names_the_limit() {
    let stage = Stage::new().await;
    let operations: Vec<_> = (0..200).map(|number| put(&format!("n{number}"))).collect();
    let problem = stage.send("POST", PATH, &json!({"operations": operations})).await.problem(422, "invalid");
    assert!(problem["limit"].as_u64().is_some(), "{problem}");
    stage.get("/v1/entries/site/n0").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_rehearsed_transaction_writes_nothing() {
    let stage = Stage::new().await;
    let answer =
        stage.send("POST", "/v1/transactions?dry_run=true", &json!({"operations": [put("a")]})).await;
    assert_eq!((answer.status, answer.json()["dry_run"].as_bool()), (200, Some(true)));
    stage.get("/v1/entries/site/a").await.problem(404, "not-found");
}
