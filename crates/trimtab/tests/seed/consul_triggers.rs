//! Consul's tests of triggers, told anew: one that fires, one that is replaced, one that is removed, and a store watch as trigger.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use trimtab::prelude::*;
use trimtab::{Draft, Trigger};

use crate::Seen;
use crate::stage::{MS, until, with_store};

/// behaviour T1, T2, T3, T4, T5
#[test]
fn a_trigger_fires_once_a_replaced_or_removed_one_never() {
    with_store(1, async |store| {
        let seen = Seen::default();
        let controller = Controller::new(&store, seen.clone());
        let handle = controller.handle();
        let request = Request::new("ingress-gateway", "edge");
        let set = || {
            let (fire, fired) = oneshot::channel::<()>();
            handle.add_trigger(request.clone(), async move { Ok(fired.await?) });
            fire
        };
        let pause = async || store.seams().sleep(MS).await;
        let script = async {
            set().send(()).unwrap();
            pause().await;
            assert_eq!(seen.take(), std::slice::from_ref(&request));
            assert_eq!(handle.status().triggers, 0, "what has fired is forgotten");

            let (replaced, replacing) = (set(), set());
            pause().await;
            assert!(replaced.send(()).is_err(), "the first was cancelled");
            pause().await;
            assert_eq!(seen.len(), 0);
            replacing.send(()).unwrap();
            pause().await;
            assert_eq!(seen.take().len(), 1);

            let removed = set();
            handle.remove_trigger(&request);
            pause().await;
            assert!(removed.send(()).is_err(), "it was cancelled");
            pause().await;
            assert_eq!(seen.len(), 0);

            drop(set()); // one that fails
            pause().await;
            assert_eq!(seen.take().len(), 1, "its request runs all the same");
        };
        controller.run(script).await.unwrap();
    });
}

/// A chain of services is put together from entries that the controller does not subscribe to: each run reads them, and watches what it read.
/// behaviour T8, C17
#[test]
fn a_store_watch_as_trigger_reconciles_what_depends_on_it() {
    with_store(1, async |store| {
        let chains = Arc::new(Mutex::new(Vec::new()));
        let reconciler = reconcile_with(Arc::clone(&chains), async |chains, ctx, request| {
            let chain = |kind| {
                Ok::<_, Error>(
                    ctx.list_kind(kind).keys()?.iter().map(ToString::to_string).collect::<Vec<_>>(),
                )
            };
            chains.lock().push((request.name().to_owned(), chain("service-resolver")?));
            ctx.add_trigger(Trigger::on_change(Source::kind("service-resolver")));
            Ok(Action::done())
        });
        let controller = Controller::new(&store, reconciler).subscribe(Source::kind("ingress-gateway"));
        let put = async |kind, name| {
            store.commit(Draft::json(kind, name, &serde_json::json!({})).apply()).await.unwrap();
        };
        let script = async {
            put("ingress-gateway", "edge").await;
            until(store.seams(), || chains.lock().len() == 1).await;
            put("service-splitter", "of no interest").await;
            store.seams().sleep(MS).await;
            for (name, runs) in [("api", 2), ("web", 3)] {
                put("service-resolver", name).await;
                until(store.seams(), || chains.lock().len() == runs).await;
            }
            store.seams().sleep(MS).await;
        };
        controller.run(script).await.unwrap();
        let resolvers: Vec<_> = chains.lock().iter().map(|(_, chain)| chain.join(" ")).collect();
        assert_eq!(resolvers, ["", "service-resolver/api", "service-resolver/api service-resolver/web"]);
    });
}
