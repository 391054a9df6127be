//! Leases on servers that stand still or die.

use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Held, LeaseError, LeaseSettings, Leases, StoreLease};
use trimtab_etcd::Etcd;
use trimtab_seams::Seams;
use trimtab_test_servers::etcd::Cluster;
use trimtab_test_servers::{Proxy, Way};

use crate::stores::{blind, first_of, found, open, opened_within, pause, within};

const TTL: Duration = Duration::from_secs(2);
/// What may come on top of the TTL until another holds it: an election, a connection that is found dead, a busy machine.
const ROOM: Duration = Duration::from_secs(15);

fn leases(store: &Etcd) -> StoreLease {
    let settings = LeaseSettings::with_ttl(TTL).expect("allowed");
    StoreLease::new(store.clone(), &Seams::tokio()).with_settings(settings)
}

async fn acquired(store: &Etcd, holder: &str) -> Held {
    within(TTL + ROOM, leases(store).acquire("lease", holder)).await.expect("a lease")
}

/// contract 46, contract L1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_the_old_holder_that_arrives_late_is_refused() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let old_store = opened_within([proxy.endpoint()], Duration::from_secs(30)).await;
    let store = open(cluster.endpoints()).await;
    let old = acquired(&old_store, "old").await;
    proxy.requests(Way::Held);
    let late = old_store.commit(blind("guarded", "old").checking(old.fence()));
    let takeover = async {
        let new = acquired(&store, "new").await;
        store.commit(blind("guarded", "new").checking(new.fence())).await.expect("the new holder writes");
        proxy.mend();
        new
    };
    let (late, new) = tokio::join!(late, takeover);
    let fenced = matches!(&late, Err(CommitError::Conflict(failed)) if failed.len() == 1 && failed[0].key == old.fence().key);
    assert!(fenced, "{late:?}");
    assert!(new.epoch() > old.epoch());
    assert_eq!(found(&store, "guarded").await.expect("written").value, "new");
}

/// contract 49, contract L3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_without_a_quorum_never_reaches_past_the_deadline() {
    let Some(cluster) = Cluster::three() else { return };
    let leader = cluster.leader();
    let store = opened_within([cluster.endpoint(leader)], Duration::from_secs(1)).await;
    let mut held = acquired(&store, "a").await;
    held.renew().await.expect("a quorum");
    for step in [1, 2] {
        cluster.freeze((leader + step) % 3);
    }
    let until = held.valid_until();
    while held.is_valid() {
        let renewed = held.renew().await;
        assert!(matches!(renewed, Err(LeaseError::Unavailable(_))), "{renewed:?}");
        assert_eq!(held.valid_until(), until, "no renewal was acknowledged");
    }
    for step in [1, 2] {
        cluster.thaw((leader + step) % 3);
    }
}

/// contract 45, contract 50, contract L2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_taken_over_though_the_stores_leader_dies_with_its_holder() {
    let Some(mut cluster) = Cluster::three() else { return };
    let (first, second) = (open(cluster.endpoints()).await, open(cluster.endpoints()).await);
    let seams = Seams::tokio();
    let mut old = acquired(&first, "old").await;
    let challenger = leases(&second);
    let taken = async {
        let new = challenger.acquire("lease", "new").await.expect("a lease");
        (new, seams.now())
    };
    let dying = async {
        pause(TTL / 4).await;
        old.renew().await.expect("it lives");
        let last = seams.now();
        let leader = cluster.leader();
        cluster.kill(leader);
        last
    };
    let ((new, at), last) = within(TTL + ROOM * 2, Box::pin(async { tokio::join!(taken, dying) })).await;
    assert!(new.epoch() > old.epoch());
    assert!(!old.is_valid());
    let took = at - last;
    println!("taken over {took:?} after the last renewal");
    assert!(took <= TTL + ROOM, "{took:?}");
}

/// contract 51, contract L2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_longer_than_the_ttl_ends_in_at_most_one_holder() {
    let Some(mut cluster) = Cluster::three() else { return };
    let first = opened_within(cluster.endpoints(), Duration::from_secs(1)).await;
    let second = opened_within(cluster.endpoints(), Duration::from_secs(1)).await;
    let mut old = acquired(&first, "old").await;
    let challenger = leases(&second);
    let outage = async {
        for member in 0..3 {
            cluster.freeze(member);
        }
        pause(TTL * 2).await;
        for member in 0..3 {
            cluster.thaw(member);
        }
    };
    // The old holder goes on renewing, as one that knows nothing does.
    let renewing = async {
        for _ in 0..40 {
            match old.renew().await {
                Ok(()) => pause(TTL / 10).await,
                Err(LeaseError::Unavailable(_)) => {}
                Err(LeaseError::Lost { .. }) => return false,
                Err(error) => panic!("{error}"),
            }
        }
        true
    };
    let challenging = first_of(challenger.acquire("lease", "new"), pause(TTL * 6));
    let (new, kept, ()) = tokio::join!(challenging, renewing, outage);
    assert!(cluster.is_ready_within(ROOM));
    let new = new.map(|new| new.expect("a lease"));
    assert_ne!(kept, new.is_some(), "one holds it: the old one {kept}, the new one {new:?}");
    let wrote = |held: &Held, store: &Etcd| {
        let (write, store) = (blind("guarded", held.name()).checking(held.fence()), store.clone());
        async move { store.commit(write).await.is_ok() }
    };
    assert_eq!(wrote(&old, &first).await, kept);
    if let Some(new) = &new {
        assert!(wrote(new, &second).await);
    }
}
