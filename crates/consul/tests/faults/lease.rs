//! Tests 46, 49, 50 and 51: leases whose store fails.

use std::sync::Arc;
use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Expect, LeaseError, LeaseSettings, Leases, StoreLease};
use trimtab_consul::Consul;
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;
use trimtab_test_servers::{Proxy, Way};

use super::support::{builder, committed, connect, found, put};

fn leases(store: &Consul, ttl: Duration) -> StoreLease {
    let settings = LeaseSettings::with_ttl(ttl).expect("a TTL that is allowed");
    StoreLease::new(Arc::new(store.clone()), &Seams::tokio()).with_settings(settings)
}

/// contract 46
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_under_an_old_epoch_that_was_held_on_its_way_is_refused() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let old = connect(builder([proxy.endpoint()]).prefix("lease")).await;
    let new = connect(builder(cluster.endpoints()).prefix("lease")).await;
    let ttl = Duration::from_millis(500);
    let mut first = leases(&old, ttl).acquire("site", "a").await.expect("a lease");
    committed(&old, put("guarded", "first", Expect::Absent).checking(first.fence())).await;

    proxy.requests(Way::Held);
    let late = put("guarded", "late", Expect::Anything).checking(first.fence());
    let writing = old.commit(late);
    let taking = async {
        let second = leases(&new, ttl).acquire("site", "b").await.expect("the lease after its TTL");
        assert!(second.epoch() > first.epoch() && !first.is_valid());
        proxy.mend();
        committed(&new, put("guarded", "second", Expect::Anything).checking(second.fence())).await;
    };
    let (outcome, ()) = tokio::join!(writing, taking);
    assert!(outcome.is_err(), "{outcome:?}");
    Seams::tokio().sleep(Duration::from_millis(300)).await;
    assert_eq!(found(&new, "guarded").await.expect("the record").value, "second");
    let again = old.commit(put("guarded", "late", Expect::Anything).checking(first.fence())).await;
    assert!(matches!(again, Err(CommitError::Conflict(_) | CommitError::Unavailable { .. })), "{again:?}");
    assert!(matches!(first.renew().await, Err(LeaseError::Lost { .. })));
}

/// contract 49, 51
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_extends_no_lease_and_ends_in_one_holder() {
    let Some(cluster) = Cluster::three() else { return };
    let seams = Seams::tokio();
    let ttl = Duration::from_secs(2);
    let stores = [
        connect(builder(cluster.endpoints()).prefix("lease")).await,
        connect(builder(cluster.endpoints()).prefix("lease")).await,
    ];
    let mut held = leases(&stores[0], ttl).acquire("site", "a").await.expect("a lease");
    held.renew().await.expect("a renewal");
    let valid_until = held.valid_until();

    let leader = cluster.leader();
    let frozen = [(leader + 1) % 3, (leader + 2) % 3];
    for member in frozen {
        cluster.freeze(member);
    }
    while held.is_valid() {
        assert!(held.renew().await.is_err(), "renewed without a quorum");
        assert_eq!(held.valid_until(), valid_until);
        seams.sleep(Duration::from_millis(50)).await;
    }
    seams.sleep(ttl).await;
    assert!(!held.is_valid());

    for member in frozen {
        cluster.thaw(member);
    }
    let (left, right) = (leases(&stores[0], ttl), leases(&stores[1], ttl));
    let mut rivals = [Box::pin(left.acquire("site", "b")), Box::pin(right.acquire("site", "c"))];
    let [first, second] = &mut rivals;
    let mut winner = tokio::select! {
        held = first => held.expect("the lease"),
        held = second => held.expect("the lease"),
    };
    assert!(winner.epoch() > held.epoch());
    // While it renews, the other waits, and the old one is refused.
    for _ in 0..8 {
        winner.renew().await.expect("a renewal");
        let late = tokio::select! {
            biased;
            late = committed_under(&stores[0], &held) => late,
            () = seams.sleep(Duration::from_secs(3)) => panic!("no answer"),
        };
        assert!(late.is_err());
        seams.sleep(ttl / 4).await;
    }
    assert!(winner.is_valid());
}

async fn committed_under(store: &Consul, held: &trimtab_backend::Held) -> Result<(), CommitError> {
    store.commit(put("guarded", held.name(), Expect::Anything).checking(held.fence())).await.map(drop)
}

/// contract 50, 45
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_taken_over_within_a_bound_also_when_the_leader_dies_with_its_holder() {
    let Some(mut cluster) = Cluster::three() else { return };
    let seams = Seams::tokio();
    let ttl = Duration::from_secs(2);
    let store = connect(builder(cluster.endpoints()).prefix("lease")).await;
    let held = leases(&store, ttl).acquire("site", "a").await.expect("a lease");
    let epoch = held.epoch();
    let rival = leases(&store, ttl);
    let mut acquiring = Box::pin(rival.acquire("site", "b"));
    tokio::select! {
        _ = &mut acquiring => panic!("two holders"),
        () = seams.sleep(Duration::from_millis(300)) => {}
    }
    let began = seams.now();
    drop(held);
    let leader = cluster.leader();
    cluster.kill(leader);
    let taken = acquiring.await.expect("the lease");
    let took = seams.now() - began;
    println!("taken over after {took:?}");
    // The TTL counts anew from when the feed is live again: a change of leaders takes up to 8 s on a busy machine.
    assert!(took < ttl * 2 + Duration::from_secs(20), "{took:?}");
    assert!(taken.epoch() > epoch);
}
