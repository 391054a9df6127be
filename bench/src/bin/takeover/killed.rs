//! Holders that are killed, one after another, each with a lease of its own; the waits for the TTL run side by side.

use std::time::Duration;

use tokio::task::JoinSet;
use trimtab_backend::Leases as _;
use trimtab_seams::Seams;

use super::servers::{Servers, open};
use super::{holder, leases, p50_and_worst};

/// Between two kills: they fall everywhere between two renewals.
const BETWEEN: Duration = Duration::from_millis(170);

pub(crate) async fn measure(servers: &Servers, seams: &Seams, ttl: Duration, kills: usize) {
    let name = move |n: usize| format!("killed-{}-{n}", ttl.as_millis());
    let holders: Vec<_> = (0..kills).map(|n| holder::start(servers, ttl, &name(n))).collect();
    let store = open(servers.kind(), servers.endpoints()).await;
    let mut challengers = JoinSet::new();
    for n in 0..kills {
        let (leases, seams) = (leases(&store, seams, ttl), seams.clone());
        challengers.spawn(async move {
            let held = leases.acquire(&name(n), "challenger").await.expect("a lease");
            assert!(held.is_valid());
            (n, seams.now())
        });
    }
    // Until all of them follow.
    seams.sleep(ttl).await;
    let mut killed = Vec::new();
    for mut holder in holders {
        killed.push(seams.now());
        holder.kill().expect("it runs");
        holder.wait().expect("it was killed");
        seams.sleep(BETWEEN).await;
    }
    let mut waits = Vec::new();
    while let Some(granted) = challengers.join_next().await {
        let (n, at) = granted.expect("a grant");
        assert!(at > killed[n], "it was granted while its holder lived");
        waits.push(at - killed[n]);
    }
    println!(
        r#"{{"peer": "trimtab", "case": "takeover_holder", "store": "{}", "ttl_ms": {}, {}, "kills": {kills}}}"#,
        servers.kind(),
        ttl.as_millis(),
        p50_and_worst(&waits)
    );
}
