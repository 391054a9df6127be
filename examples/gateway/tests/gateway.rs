//! The whole job in virtual time: any order of arrival, silence at the fixed point, and what goes when something goes.

use std::time::Duration;

use gateway::{
    ApiGateway, BoundApiGateway, HttpRoute, InlineCertificate, Listener, Parent, Protocol, Route, TcpRoute,
    manager,
};
use trimtab::prelude::*;
use trimtab::seams::{Seams, virtual_time};
use trimtab::{ControllerHandle, ManagerHandle, Memory, Write};

const MINUTE: Duration = Duration::from_secs(60);

fn parent(gateway: &str, listener: Option<&str>) -> Parent {
    Parent { gateway: gateway.into(), listener: listener.map(Into::into) }
}

fn listener(name: &str, port: u16, protocol: Protocol, certificate: Option<&str>) -> Listener {
    Listener {
        name: name.into(),
        port,
        protocol,
        certificates: certificate.map(Into::into).into_iter().collect(),
    }
}

/// Two gateways, five routes of both kinds, some of them wrong, and two certificates.
fn declared() -> Vec<Write> {
    let edge = ApiGateway {
        listeners: vec![
            listener("web", 80, Protocol::Http, None),
            listener("tls", 443, Protocol::Http, Some("wildcard")),
            listener("db", 5432, Protocol::Tcp, None),
        ],
    };
    let inner = ApiGateway { listeners: vec![listener("web", 8080, Protocol::Http, Some("missing"))] };
    let certificate = || InlineCertificate { certificate: "c".into(), private_key: "k".into() };
    let http = |parents| HttpRoute { parents, service: "s".into() };
    let tcp = |parents| TcpRoute { parents, service: "s".into() };
    vec![
        edge.named("edge").apply(),
        inner.named("inner").apply(),
        certificate().named("wildcard").apply(),
        certificate().named("unused").apply(),
        http(vec![parent("edge", None)]).named("shop").apply(),
        http(vec![parent("edge", Some("tls")), parent("inner", None)]).named("admin").apply(),
        http(vec![parent("nowhere", None)]).named("lost").apply(),
        tcp(vec![parent("edge", Some("db"))]).named("orders").apply(),
        tcp(vec![parent("edge", None)]).named("users").apply(),
    ]
}

/// Everything that can be seen of the result, without what depends on when it was made.
fn seen(store: &Store) -> Vec<String> {
    fn routes<R: Route>(store: &Store) -> Vec<String> {
        let told = |route: Typed<R>| {
            let mut conditions: Vec<_> = route
                .status
                .conditions
                .iter()
                .map(|c| (c.about.clone(), c.status, c.reason.clone()))
                .collect();
            conditions.sort_by(|a, b| a.0.cmp(&b.0));
            format!("{} {conditions:?}", route.key())
        };
        store.list::<R>().all().unwrap().into_iter().map(told).collect()
    }
    let gateways = store.list::<ApiGateway>().all().unwrap();
    let told = gateways.iter().map(|gateway| {
        let conditions: Vec<_> =
            gateway.status.conditions.iter().map(|c| (c.about.clone(), c.reason.clone())).collect();
        format!("{} {conditions:?}", gateway.key())
    });
    let bound = store.list::<BoundApiGateway>().all().unwrap();
    let bound = bound.iter().map(|bound| format!("{} {:?}", bound.key(), bound.spec));
    told.chain(bound).chain(routes::<HttpRoute>(store)).chain(routes::<TcpRoute>(store)).collect()
}

/// Runs the job beside a script, in virtual time, and gives what the script gives. The end of the script is the job's shutdown.
fn beside<T, F>(seed: u64, script: impl FnOnce(Store, Seams, ManagerHandle) -> F) -> T
where
    T: Send,
    F: Future<Output = T> + Send,
{
    virtual_time::run(seed, async |seams| {
        let store = Store::builder(Memory::new()).seams(&seams).open().await.unwrap();
        let manager = manager(&store);
        let script = script(store, seams, manager.handle());
        let mut result = None;
        manager.run(async { result = Some(script.await) }).await.unwrap();
        result.expect("the script has ended")
    })
}

/// Waits until nothing is left to be done.
async fn settle(seams: &Seams, handle: &ManagerHandle) {
    let since = seams.now();
    while !handle.is_settled() {
        assert!(
            seams.now() - since < 10 * MINUTE,
            "it does not settle: {:#?}",
            handle.controllers().iter().map(ControllerHandle::status).collect::<Vec<_>>()
        );
        seams.sleep(Duration::from_millis(1)).await;
    }
}

/// The writes in an order that the seed draws.
fn shuffled(seams: &Seams) -> Vec<Write> {
    let mut left = declared();
    let mut order = Vec::new();
    while !left.is_empty() {
        let at = seams.random() % left.len() as u64;
        order.push(left.swap_remove(usize::try_from(at).unwrap()));
    }
    order
}

/// guarantee R-c
#[test]
fn any_order_of_arrival_gives_the_same_result() {
    let result = |seed| {
        beside(seed, |store, seams, handle| async move {
            for write in shuffled(&seams) {
                store.commit(write).await.unwrap();
                if seams.random() % 2 == 0 {
                    settle(&seams, &handle).await;
                }
            }
            settle(&seams, &handle).await;
            seen(&store)
        })
    };
    let first = result(0);
    let wanted = [
        r#"api-gateway/edge [(Some("web"), "Bound"), (Some("tls"), "Bound"), (Some("db"), "Bound")]"#,
        r#"api-gateway/inner [(Some("web"), "CertificateMissing")]"#,
    ];
    assert_eq!(first[..2], wanted);
    assert!(
        first[2].contains(r#"name: "web", routes: [RouteRef { kind: "http-route", name: "shop" }]"#),
        "{first:#?}"
    );
    assert!(
        first[2].contains(r#"name: "db", routes: [RouteRef { kind: "tcp-route", name: "orders" }]"#),
        "{first:#?}"
    );
    for seed in 1..60 {
        assert_eq!(result(seed), first, "seed {seed}");
    }
}

/// guarantee R-d
#[test]
fn at_the_fixed_point_nothing_is_written_and_nothing_runs() {
    beside(1, |store, seams, handle| async move {
        for write in declared() {
            store.commit(write).await.unwrap();
        }
        settle(&seams, &handle).await;
        let gateways = handle.controller("gateways").unwrap();
        let before = (store.head().await.unwrap(), gateways.metrics().reconciles.total());
        seams.sleep(10 * MINUTE).await;
        assert_eq!(
            (store.head().await.unwrap(), gateways.metrics().reconciles.total()),
            before,
            "it was silent for ten minutes"
        );

        gateways.enqueue(store.list::<ApiGateway>().keys().unwrap());
        seams.sleep(MINUTE).await;
        assert_eq!(store.head().await.unwrap(), before.0, "a run at the fixed point writes nothing");
        assert_eq!(gateways.metrics().reconciles.total(), before.1 + 2, "though it did run");
    });
}

#[test]
fn what_goes_is_taken_out_of_the_binding_and_told() {
    beside(2, |store, seams, handle| async move {
        for write in declared() {
            store.commit(write).await.unwrap();
        }
        settle(&seams, &handle).await;
        let bound = |store: &Store| store.get::<BoundApiGateway>("edge").unwrap();
        assert_eq!(bound(&store).unwrap().spec.listeners.len(), 3);

        let certificate = store.get::<InlineCertificate>("wildcard").unwrap().unwrap();
        store.commit(certificate.delete()).await.unwrap();
        settle(&seams, &handle).await;
        assert_eq!(
            bound(&store).unwrap().spec.listeners.len(),
            2,
            "the listener without its certificate serves nothing"
        );

        let moved = store.get::<TcpRoute>("orders").unwrap().unwrap();
        store.commit(moved.edit(|route| route.parents = vec![parent("inner", None)])).await.unwrap();
        settle(&seams, &handle).await;
        let db = &bound(&store).unwrap().spec.listeners[1];
        assert_eq!(db.routes[0].name, "users", "the next route by name has the listener now");
        let moved = store.get::<TcpRoute>("orders").unwrap().unwrap();
        let told: Vec<_> = moved
            .status
            .conditions
            .iter()
            .map(|c| (c.about.as_deref().unwrap(), c.reason.as_str()))
            .collect();
        assert_eq!(told, [("inner", "WrongProtocol")], "it no longer tells of the gateway it left");

        let edge = store.get::<ApiGateway>("edge").unwrap().unwrap();
        store.commit(edge.delete()).await.unwrap();
        settle(&seams, &handle).await;
        assert!(bound(&store).is_none(), "what a gateway owned goes with it");
        let shop = store.get::<HttpRoute>("shop").unwrap().unwrap();
        assert_eq!(shop.status.conditions.get_about("Bound", "edge").unwrap().reason, "GatewayNotFound");
    });
}
