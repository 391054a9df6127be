//! The description of the API: its snapshot, and that it holds together.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::stage::Stage;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_snapshot_of_the_description_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let text = trimtab_http::openapi::text();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("writable");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "openapi.json is out of date: run `UPDATE=1 cargo test -p trimtab-http --test api openapi`"
    );
}

#[test]
fn whatever_the_description_refers_to_is_in_it() {
    let description: Value = serde_json::from_str(&trimtab_http::openapi::text()).unwrap();
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is elsewhere"));
        assert!(description.pointer(pointer).is_some(), "{reference} is not there");
    }
}

/// Each path that is described is answered by a route, and it is told as the daemon has it.
#[tokio::test]
async fn the_daemon_serves_the_description_and_every_path_in_it() {
    let stage = Stage::new().await;
    let served = stage.get("/openapi.json").await;
    assert_eq!((served.status, served.body), (200, trimtab_http::openapi::text().into_bytes()));
    let description: Value = serde_json::from_str(&trimtab_http::openapi::text()).unwrap();
    for path in description["paths"].as_object().unwrap().keys() {
        let path = path.replace(['{', '}'], "");
        // No path has PATCH: one that is there says so, one that is not says that instead.
        stage.ask("PATCH", &path, &[], "").await.problem(405, "method-not-allowed");
    }
}
