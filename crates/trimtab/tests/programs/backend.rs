//! 9: a backend of one's own, the toy of `crates/backend/examples`, under the whole runtime. Its conformance is tested beside it.

use trimtab::Memory;
use trimtab::backend::AnyBackend;
use trimtab::prelude::*;

use crate::cloud::Cloud;
use crate::databases::{Database, controller};
use crate::stage::until;

#[path = "../../../backend/examples/toy.rs"]
#[expect(dead_code, reason = "its `main` is for `cargo run --example toy`")]
mod toy;

#[tokio::test]
async fn a_controller_runs_on_a_strangers_backend() {
    let store = Store::open(AnyBackend::new(toy::Toy::new())).await.unwrap();
    let outcome_on_toy = outcome(&store).await;
    assert_eq!(outcome_on_toy, outcome(&Store::open(Memory::new()).await.unwrap()).await);
    assert_eq!(outcome_on_toy, [r#"database/orders {"replicas":1}"#, r#"instance/orders-0 {"ordinal":0}"#]);
}

/// Creates, changes and deletes, and tells all that is there in the end.
async fn outcome(store: &Store) -> Vec<String> {
    let manager = Manager::new().add(controller(store, Cloud::default()));
    let handle = manager.handle();
    let settled = async || until(store.seams(), || handle.is_settled()).await;
    let script = async {
        for (name, replicas) in [("orders", 2), ("users", 3), ("orders", 1)] {
            store.commit(Database { replicas }.named(name).apply()).await.unwrap();
            settled().await;
        }
        let users = store.get::<Database>("users").unwrap().unwrap();
        store.commit(users.delete()).await.unwrap();
        settled().await;
    };
    manager.run(script).await.unwrap();
    let view = store.view();
    let entries = view.kinds().into_iter().flat_map(|kind| view.list_kind(kind).all().unwrap());
    entries.map(|entry| format!("{} {}", entry.key(), entry.spec_json())).collect()
}
