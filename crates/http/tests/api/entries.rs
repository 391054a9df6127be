//! Entries are read, by whatever name.

use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn an_entry_that_is_known_already_is_not_sent_again() {
    let stage = Stage::new().await;
    stage.send("PUT", "/v1/entries/site/a", &json!({"spec": 1})).await;
    let read = stage.get("/v1/entries/site/a").await;
    let etag = read.header("etag").unwrap();
    assert!(read.status == 200 && read.header("trimtab-index").is_some(), "{read:?}");
    let again = stage.connect().await.ask("GET", "/v1/entries/site/a", &[("If-None-Match", etag)], "").await;
    assert_eq!((again.status, again.header("etag"), again.body.len()), (304, Some(etag), 0));
    stage.send("PUT", "/v1/entries/site/a", &json!({"spec": 2})).await;
    assert_eq!(stage.ask("GET", "/v1/entries/site/a", &[("If-None-Match", etag)], "").await.status, 200);
}

#[tokio::test]
async fn a_name_may_have_slashes_and_any_letters() {
    let stage = Stage::new().await;
    for (path, name) in [("a%2Fb%2Fc", "a/b/c"), ("%C3%BC%E2%82%AC", "ü€"), ("a%20b", "a b")] {
        let path = format!("/v1/entries/site/{path}");
        let written = stage.send("PUT", &path, &json!({"spec": 1})).await;
        assert_eq!((written.status, &written.json()["name"]), (201, &json!(name)));
        assert_eq!(stage.get(&path).await.json()["name"], name);
    }
}
