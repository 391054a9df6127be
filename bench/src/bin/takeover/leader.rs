//! The store's leader is killed while two replicas contend for leases.

use std::time::Duration;

use trimtab_backend::{AnyBackend, LeaseError, Leases as _};
use trimtab_seams::Seams;

use super::servers::{Servers, open};
use super::spans::Spans;
use super::{TTLS, leases, p50_and_worst};

const LOOK: Duration = Duration::from_millis(50);
/// Of each TTL, at different points between two renewals.
const LEASES: u32 = 5;

pub(crate) async fn measure(servers: &mut Servers, seams: &Seams, kills: usize) {
    let mut all = Vec::new();
    let stores = [
        open(servers.kind(), servers.endpoints()).await,
        // Each begins with another server.
        open(servers.kind(), servers.endpoints().into_iter().rev().collect()).await,
    ];
    for ttl in TTLS {
        for n in 0..LEASES {
            let (name, spans) = (format!("led-{}-{n}", ttl.as_millis()), Spans::default());
            for (replica, store) in stores.iter().enumerate() {
                seams.spawn(
                    "replica",
                    contend(store.clone(), seams.clone(), ttl, name.clone(), replica, spans.clone()),
                );
            }
            all.push((ttl, spans));
            seams.sleep(ttl / 3 / LEASES).await;
        }
    }
    let (mut gaps, mut changed) = ([const { Vec::new() }; TTLS.len()], [0; TTLS.len()]);
    for _ in 0..kills {
        steady(seams, &all).await;
        seams.sleep(seams.random_below(TTLS[0] / 3) + TTLS[0] / 2).await;
        let leader = tokio::task::block_in_place(|| servers.leader());
        let (epochs, begun): (Vec<_>, _) =
            (all.iter().map(|(_, spans)| spans.epoch()).collect(), seams.now());
        servers.kill(leader);
        let killed = seams.now();
        // Only what was granted or renewed since tells that it is over.
        while !all.iter().all(|(_, spans)| spans.heard_since(killed)) {
            seams.sleep(LOOK).await;
        }
        let ended = seams.now();
        for ((ttl, spans), epoch) in all.iter().zip(epochs) {
            let which = TTLS.iter().position(|known| known == ttl).expect("one of them");
            gaps[which].push(spans.gap(begun, ended));
            changed[which] += usize::from(spans.epoch() != epoch);
        }
        tokio::task::block_in_place(|| servers.restart(leader));
    }
    for ((ttl, gaps), changed) in TTLS.iter().zip(gaps).zip(changed) {
        let none = gaps.iter().filter(|gap| gap.is_zero()).count();
        println!(
            r#"{{"peer": "trimtab", "case": "takeover_leader", "store": "{}", "ttl_ms": {}, {}, "without_gap": {none}, "changed_hands": {changed}, "leases": {}, "kills": {kills}}}"#,
            servers.kind(),
            ttl.as_millis(),
            p50_and_worst(&gaps),
            gaps.len()
        );
    }
}

/// Waits until each lease is somebody's.
async fn steady(seams: &Seams, all: &[(Duration, Spans)]) {
    while !all.iter().all(|(_, spans)| spans.are_valid_at(seams.now())) {
        seams.sleep(LOOK).await;
    }
}

/// Wants the lease for ever, and keeps it while it can.
async fn contend(store: AnyBackend, seams: Seams, ttl: Duration, name: String, replica: usize, spans: Spans) {
    let leases = leases(&store, &seams, ttl);
    loop {
        let mut held = leases.acquire(&name, &format!("replica-{replica}")).await.expect("a lease");
        spans.note(&held, seams.now());
        loop {
            seams.sleep_until(held.renew_at()).await;
            match held.renew().await {
                Ok(()) => spans.note(&held, seams.now()),
                // It may still be kept: nobody else has taken it.
                Err(LeaseError::Unavailable(_)) => {}
                Err(LeaseError::Lost { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}
