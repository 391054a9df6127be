//! Consul's test of subscriptions to config entries, told anew: 200 entries of each of its eight kinds, ten workers, each entry once.

use std::collections::BTreeSet;

use trimtab::Draft;
use trimtab::prelude::*;

use crate::Seen;
use crate::stage::{until, with_store};

const ENTRIES: usize = 200;

fn each_is_reconciled_once(kind: &str) {
    with_store(1, async |store| {
        let put = async |number: usize| {
            let name = format!("{kind}-{number}");
            store
                .commit(Draft::json(kind, &name, &serde_json::json!({ "number": number })).apply())
                .await
                .unwrap();
        };
        // Half of them are there before it runs.
        for number in 0..ENTRIES / 2 {
            put(number).await;
        }
        let seen = Seen::default();
        let controller = Controller::new(&store, seen.clone()).subscribe(Source::kind(kind)).with_workers(10);
        let handle = controller.handle();
        let script = async {
            handle.synced().await;
            for number in ENTRIES / 2..ENTRIES {
                put(number).await;
            }
            until(store.seams(), || handle.is_settled()).await;
        };
        controller.run(script).await.unwrap();
        assert_eq!(seen.len(), ENTRIES, "{kind}: each once");
        let requests: BTreeSet<_> = seen.take().into_iter().collect();
        assert_eq!(requests.len(), ENTRIES);
        let wanted = |number| Request::new(kind, &format!("{kind}-{number}"));
        assert!((0..ENTRIES).all(|number| requests.contains(&wanted(number))), "{kind}: and no other");
    });
}

/// behaviour C2, C3
#[test]
fn service_resolver() {
    each_is_reconciled_once("service-resolver");
}

/// behaviour C2, C3
#[test]
fn ingress_gateway() {
    each_is_reconciled_once("ingress-gateway");
}

/// behaviour C2, C3
#[test]
fn service_intentions() {
    each_is_reconciled_once("service-intentions");
}

/// behaviour C2, C3
#[test]
fn api_gateway() {
    each_is_reconciled_once("api-gateway");
}

/// behaviour C2, C3
#[test]
fn inline_certificate() {
    each_is_reconciled_once("inline-certificate");
}

/// behaviour C2, C3
#[test]
fn http_route() {
    each_is_reconciled_once("http-route");
}

/// behaviour C2, C3
#[test]
fn tcp_route() {
    each_is_reconciled_once("tcp-route");
}

/// behaviour C2, C3
#[test]
fn bound_api_gateway() {
    each_is_reconciled_once("bound-api-gateway");
}
