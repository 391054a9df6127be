//! The seed's `Reconciler`, `Request` and `Transformer`.

use trimtab::prelude::*;
use trimtab::{Draft, Tenancy, Transformer};

use crate::Seen;
use crate::stage::{until, with_store};

/// `Reconciler.Reconcile(ctx, request)`: by hand, as an async function, as a closure, and as a closure with state.
#[tokio::test]
async fn reconciler_is_a_trait_a_function_or_a_closure() -> Result<()> {
    async fn function(_: &Context, request: Request) -> Result<Action> {
        if request.name() == "edge" { Ok(Action::done()) } else { Err("another".into()) }
    }
    async fn runs(reconciler: impl Reconciler) -> Result<Action> {
        let store = Store::open(trimtab::Memory::new()).await?;
        let request = Request::new("api-gateway", "edge");
        reconciler.reconcile(&Context::builder(&store, &request).build(), request).await
    }
    assert_eq!(runs(Seen::default()).await?, Action::done());
    assert_eq!(runs(function).await?, Action::done());
    assert_eq!(runs(reconcile_fn(async |_, _| Ok(Action::requeue_now()))).await?, Action::requeue_now());
    let with = reconcile_with(
        "state",
        async |state, _, _| if *state == "state" { Ok(Action::done()) } else { Err("no".into()) },
    );
    assert_eq!(runs(with).await?, Action::done());
    Ok(())
}

/// `Request{Kind, Name, Meta}`: a key of kind, tenancy and name, a plain value. A nil `Meta` is the default tenancy.
#[test]
fn request_is_a_key() {
    let request = Request::new("api-gateway", "edge");
    assert_eq!((request.kind(), request.name()), ("api-gateway", "edge"));
    assert_eq!(*request.tenancy(), Tenancy::default());
    let elsewhere = request.in_tenancy(&Tenancy::new("finance", "prod"));
    assert_eq!((elsewhere.partition(), elsewhere.namespace()), ("finance", "prod"));
    assert_ne!(request, elsewhere);
    assert_eq!(request, request.clone());
    assert_eq!(elsewhere.to_string(), "api-gateway/edge in finance/prod");
}

/// `Transformer`: any function from a change to requests; it sees the value before, too.
/// behaviour C6, C7
#[test]
fn transformer_is_a_function_of_a_change() {
    fn gateways(route: &Change) -> Vec<Request> {
        let gateway =
            |entry: &trimtab::Entry| Some(entry.spec_value().ok()?.get("gateway")?.as_str()?.to_owned());
        route.both().filter_map(gateway).map(|name| Request::new("api-gateway", &name)).collect()
    }
    fn is_transformer(_: &impl Transformer<trimtab::Dynamic>) {}
    is_transformer(&gateways);

    with_store(1, async |store| {
        let seen = Seen::default();
        let controller =
            Controller::new(&store, seen.clone()).subscribe(Source::kind("http-route").map(gateways));
        let handle = controller.handle();
        let script = async {
            for gateway in ["edge", "inner"] {
                let route = Draft::json("http-route", "shop", &serde_json::json!({ "gateway": gateway }));
                store.commit(route.apply()).await.unwrap();
                until(store.seams(), || handle.is_settled()).await;
            }
        };
        controller.run(script).await.unwrap();
        assert_eq!(seen.names(), ["edge", "edge", "inner"], "the gateway it left is told too");
    });
}
