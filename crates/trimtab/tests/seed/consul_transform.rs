//! Consul's test of transformers, told anew: entries of one kind become requests of another.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trimtab::prelude::*;

use crate::Seen;
use crate::stage::{until, with_store};

#[derive(Serialize, Deserialize)]
struct ServiceResolver {
    redirect: Vec<String>,
}

impl Kind for ServiceResolver {
    const KIND: &'static str = "service-resolver";
    type Status = ();
}

#[derive(Serialize, Deserialize)]
struct IngressGateway {}

impl Kind for IngressGateway {
    const KIND: &'static str = "ingress-gateway";
    type Status = ();
}

fn resolver(redirect: &[&str]) -> ServiceResolver {
    ServiceResolver { redirect: redirect.iter().map(ToString::to_string).collect() }
}

fn ingresses(resolver: &Change<ServiceResolver>) -> Vec<Request> {
    let redirects = resolver.both().flat_map(|resolver| &resolver.spec.redirect);
    redirects.map(|name| resolver.beside::<IngressGateway>(name)).collect()
}

/// behaviour C6, C7
#[test]
fn a_transformed_request_takes_the_place_of_the_entry() {
    with_store(1, async |store| {
        store.commit(resolver(&["one", "two", "one"]).named("web").apply()).await.unwrap();
        let seen = Seen::default();
        let controller = Controller::new(&store, seen.clone())
            .subscribe(Source::of::<IngressGateway>())
            .subscribe(Source::of().map(ingresses));
        let handle = controller.handle();
        let requests = async || {
            until(store.seams(), || handle.is_settled()).await;
            seen.take()
                .iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        };
        let script = async {
            assert_eq!(
                requests().await,
                ["ingress-gateway/one", "ingress-gateway/two"],
                "and no service-resolver/web"
            );
            store.commit(IngressGateway {}.named("edge").apply()).await.unwrap();
            assert_eq!(requests().await, ["ingress-gateway/edge"]);
            let web = store.get::<ServiceResolver>("web").unwrap().unwrap();
            store.commit(web.edit(|web| web.redirect = vec!["three".into()])).await.unwrap();
            let left_and_joined = ["ingress-gateway/one", "ingress-gateway/three", "ingress-gateway/two"];
            assert_eq!(requests().await, left_and_joined);
            let web = store.get::<ServiceResolver>("web").unwrap().unwrap();
            store.commit(web.delete()).await.unwrap();
            assert_eq!(requests().await, ["ingress-gateway/three"], "on a delete it sees the last value");
        };
        controller.run(script).await.unwrap();
    });
}
