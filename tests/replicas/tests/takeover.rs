//! The same reconciler on a real etcd and on a real Consul: two replicas of a program, of which one acts, and the other when that one is gone.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use trimtab::prelude::*;
use trimtab::seams::Seams;
use trimtab::{Consul, Etcd, Placement, reconcile_with};
use trimtab_test_servers::{consul, etcd};

#[derive(Serialize, Deserialize)]
struct Greeting {
    to: String,
}

#[derive(Default, Serialize, Deserialize, PartialEq, Debug)]
struct Greeted {
    by: String,
}

impl Kind for Greeting {
    const KIND: &'static str = "greeting";
    type Status = Greeted;
}

type Names = Arc<Mutex<Vec<&'static str>>>;

/// Greets whoever is to be greeted, and signs; until it is stopped.
async fn replica(store: Store, name: &'static str, acted: Names, stopped: impl Future<Output = ()> + Send) {
    let greet = reconcile_with((name, acted), async |(name, acted): &(&'static str, Names), ctx, request| {
        let Some(greeting) = ctx.get::<Greeting>(&request)? else { return Ok(Action::done()) };
        acted.lock().push(name);
        if greeting.status.by.is_empty() {
            ctx.commit(greeting.edit_status(|status| (*name).clone_into(&mut status.by))).await?;
        }
        Ok(Action::done())
    });
    let placement = Placement::leader("greeters").with_ttl(Duration::from_secs(2)).with_holder(name);
    let controller =
        Controller::new(&store, greet).subscribe(Source::of::<Greeting>()).with_placement(placement);
    controller.run(stopped).await.expect("a shutdown is no failure");
    store.close().await;
}

/// Waits until somebody has signed it.
async fn signed(store: &Store, name: &str) -> String {
    let seams = Seams::tokio();
    let end = seams.now() + Duration::from_secs(30);
    loop {
        let greeting = store.get::<Greeting>(name).expect("it can be read");
        if let Some(greeting) = greeting.filter(|greeting| !greeting.status.by.is_empty()) {
            return greeting.status.by.clone();
        }
        assert!(seams.now() < end, "nobody greets `{name}`");
        seams.sleep(Duration::from_millis(20)).await;
    }
}

/// One of two replicas acts. It goes, and the store's leader with it: the other takes over.
async fn one_acts_and_the_other_takes_over(open: impl AsyncFn() -> Store, kill_leader: impl FnOnce()) {
    let acted = Names::default();
    let seams = Seams::tokio();
    let mut stops = Vec::new();
    for name in ["first", "second"] {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async move {
            // Dropping the other end stops it too.
            let _stopped = stopped.await;
        };
        seams.spawn("replica", replica(open().await, name, Arc::clone(&acted), stopped));
        stops.push((name, stop));
    }
    let store = open().await;
    store.commit(Greeting { to: "world".into() }.named("a").apply()).await.expect("a commit");
    let leader = signed(&store, "a").await;
    assert!(acted.lock().iter().all(|name| **name == leader), "one acts: {:?}", acted.lock());

    kill_leader();
    stops.retain(|(name, _)| **name != leader);
    let create = || Greeting { to: "again".into() }.named("b").apply();
    while store.commit(create()).await.is_err() {
        seams.sleep(Duration::from_millis(50)).await;
    }
    assert_ne!(signed(&store, "b").await, leader);
}

/// contract L2, guarantee L-a
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_replicas_acts_on_etcd_and_the_other_takes_over() {
    let Some(mut cluster) = etcd::Cluster::three() else { return };
    let endpoints = cluster.endpoints();
    let open = async || {
        let backend = Etcd::connect(endpoints.clone()).await.expect("servers that run");
        Store::open(backend).await.expect("a store")
    };
    let kill = || {
        let leader = cluster.leader();
        cluster.kill(leader);
    };
    one_acts_and_the_other_takes_over(open, kill).await;
}

/// contract L2, guarantee L-a
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_replicas_acts_on_consul_and_the_other_takes_over() {
    let Some(mut cluster) = consul::Cluster::three() else { return };
    let endpoints = cluster.endpoints();
    let open = async || {
        let backend = Consul::connect(endpoints.clone()).await.expect("servers that run");
        Store::open(backend).await.expect("a store")
    };
    let kill = || {
        let leader = cluster.leader();
        cluster.kill(leader);
    };
    one_acts_and_the_other_takes_over(open, kill).await;
}
