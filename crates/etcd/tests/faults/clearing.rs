//! Lanes of processes that are gone.

use std::time::{Duration, SystemTime};

use serde_json::json;
use trimtab_backend::{Backend, CommitError, Verdict};
use trimtab_etcd::Etcd;
use trimtab_seams::{Clock, Instant, Seams, Timer};
use trimtab_test_servers::Way;
use trimtab_test_servers::etcd::Cluster;

use crate::stores::{Proxied, blind, committed, found, open, settled, unknown};

/// A clock whose time of day is eight days ahead.
struct NextWeek(Seams);

impl Clock for NextWeek {
    fn now(&self) -> Instant {
        self.0.now()
    }
    fn wall(&self) -> SystemTime {
        self.0.wall() + Duration::from_secs(8 * 24 * 60 * 60)
    }
    fn timer(&self) -> Box<dyn Timer> {
        self.0.timer()
    }
}

/// Opens the store as one who does so in eight days.
async fn open_next_week(cluster: &Cluster) -> Etcd {
    let seams = Seams::tokio();
    let seams = seams.clone().with_clock(NextWeek(seams));
    Etcd::builder(cluster.endpoints()).seams(&seams).connect().await.expect("a server that runs")
}

/// How many lanes there are.
fn lanes(cluster: &Cluster) -> usize {
    let (key, range_end) = (Cluster::encoded("trimtab/v1/w/"), Cluster::encoded("trimtab/v1/w0"));
    let found =
        cluster.call(0, "kv/range", &json!({ "key": key, "range_end": range_end, "keys_only": true }));
    let floor = Cluster::encoded("trimtab/v1/w/floor");
    found["kvs"].as_array().map_or(0, |found| found.iter().filter(|found| found["key"] != floor).count())
}

/// contract U1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_that_have_not_moved_for_a_week_are_removed_and_cost_their_owner_another_lane_at_most() {
    let Some(cluster) = Cluster::single() else { return };
    let living = open(cluster.endpoints()).await;
    // As many as a process leaves that commits several things at once and dies, more than are removed in one go.
    for _ in 0..110 {
        drop(open(cluster.endpoints()).await);
    }
    committed(&living, blind("a", "1")).await;
    assert_eq!(lanes(&cluster), 111, "within the week nobody removes any");
    let late = open_next_week(&cluster).await;
    assert_eq!(lanes(&cluster), 1, "its own");
    committed(&late, blind("a", "2")).await;
    committed(&living, blind("a", "3")).await;
    assert_eq!((lanes(&cluster), found(&living, "a").await.expect("written").value), (2, "3".into()));
    let again = open_next_week(&cluster).await;
    assert_eq!(lanes(&cluster), 2, "what moved eight days before is gone, the floor stays");
    committed(&again, blind("a", "4")).await;
}

/// contract U1, contract U2, contract U4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_whose_lane_was_removed_meanwhile_is_never_told_wrongly() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, direct, cluster } = &proxied;
    proxy.answers(Way::Lossy);
    let landed = unknown(store, blind("landed", "1")).await;
    proxy.mend();
    let late = open_next_week(cluster).await;
    for _ in 0..2 {
        let told = store.resolve(landed.clone()).await;
        let why =
            matches!(&told, Err(CommitError::Invalid(invalid)) if invalid.what.contains("read the entries"));
        assert!(why, "{told:?}");
    }
    assert_eq!(found(direct, "landed").await.expect("it had landed").value, "1");

    // Outcomes of later are settled as ever.
    committed(store, blind("warm", "1")).await;
    proxy.requests(Way::Lossy);
    let lost = unknown(store, blind("lost", "1")).await;
    proxy.mend();
    assert_eq!(settled(store, &lost).await, Verdict::Never);
    assert_eq!(settled(store, &lost).await, Verdict::Never);
    committed(&late, blind("last", "1")).await;
}
