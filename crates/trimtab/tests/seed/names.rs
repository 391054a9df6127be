//! Whoever knows a Go name finds what it became: each is an alias in the documentation's search, or still the name.

use std::fs;
use std::path::{Path, PathBuf};

/// Every exported name of the seed's page.
const SEED: [&str; 37] = [
    "RequeueAfter",
    "RequeueNow",
    "Controller",
    "Run",
    "Subscribe",
    "WithBackoff",
    "WithLogger",
    "WithWorkers",
    "WithQueueFactory",
    "AddTrigger",
    "RemoveTrigger",
    "Enqueue",
    "New",
    "DeferQueue",
    "Defer",
    "Process",
    "NewDeferQueue",
    "Limiter",
    "NextRetry",
    "Forget",
    "NewRateLimiter",
    "Reconciler",
    "Reconcile",
    "Request",
    "Request.Kind",
    "Request.Name",
    "Request.Meta",
    "RequeueAfterError",
    "RequeueAfterError.Error",
    "Transformer",
    "WorkQueue",
    "Get",
    "Add",
    "AddAfter",
    "AddRateLimited",
    "Done",
    // What its signatures name of its neighbours.
    "stream.SubscribeRequest",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_go_name_of_the_seed_is_an_alias_or_still_the_name() {
    let mut text = String::new();
    for krate in fs::read_dir(root().join("crates")).unwrap().map(Result::unwrap) {
        let folder = krate.path().join("src");
        if folder.is_dir() {
            sources(&folder, &mut text);
        }
    }
    // rustdoc refuses an alias that is the item's own name.
    let is_name = |name: &str| {
        ["struct", "trait", "type"].iter().any(|item| {
            let item = format!("pub {item} {name}");
            text.match_indices(&item)
                .any(|(at, item)| text[at + item.len()..].starts_with([' ', '<', '(', ';', ':']))
        })
    };
    let missing: Vec<_> = SEED
        .into_iter()
        .filter(|name| !text.contains(&format!("doc(alias = \"{name}\")")) && !is_name(name))
        .collect();
    assert!(missing.is_empty(), "no `doc(alias = ..)` for {missing:?}");
}

#[test]
fn the_page_for_those_who_come_from_go_has_every_name_of_the_seed() {
    let page = fs::read_to_string(root().join("docs/from-go.md")).unwrap();
    let missing: Vec<_> = SEED.into_iter().filter(|name| !page.contains(name)).collect();
    assert!(missing.is_empty(), "docs/from-go.md: {missing:?}");
}
