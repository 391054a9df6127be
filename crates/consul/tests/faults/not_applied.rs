//! Test 23: what is told as certainly not applied was not applied.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::{Backend, CommitError, Expect, Pending, Verdict, Why};
use trimtab_consul::Consul;
use trimtab_seams::Seams;
use trimtab_test_servers::Proxy;
use trimtab_test_servers::consul::{Cluster, Settings};

use super::support::{builder, connect, key, put, resolved};

#[derive(Default)]
struct Told {
    /// Names, and why not.
    refused: Mutex<Vec<(String, Why)>>,
    unknown: Mutex<Vec<(String, Pending)>>,
    committed: Mutex<Vec<String>>,
    next: AtomicUsize,
    stop: AtomicBool,
}

impl Told {
    fn faults(&self) -> usize {
        self.refused.lock().len() + self.unknown.lock().len()
    }

    /// Writes a new name each time, blindly: nothing but the outcome tells whether it is there.
    async fn write(&self, store: &Consul) {
        while !self.stop.load(Ordering::Relaxed) {
            let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
            match store.commit(put(&name, &name, Expect::Anything)).await {
                Ok(_) => self.committed.lock().push(name),
                Err(CommitError::Unknown(pending)) => self.unknown.lock().push((name, pending)),
                Err(CommitError::Unavailable { why, .. }) => {
                    self.refused.lock().push((name, why));
                    // A refusal takes no time; the fault is to meet it in all its stages.
                    Seams::tokio().sleep(Duration::from_millis(20)).await;
                }
                Err(other) => panic!("{name}: {other}"),
            }
        }
    }
}

/// contract 23
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_faults_and_every_refusal_was_one() {
    // A server without a leader says so soon, not after 7 s.
    let hcl = vec![r#"performance { rpc_hold_timeout = "200ms" }"#.into()];
    let Some(mut cluster) = Cluster::with(3, &Settings { hcl, ..Settings::default() }) else { return };
    let proxies: Vec<_> = (0..3).map(|member| Proxy::to(cluster.port(member))).collect();
    let told = Arc::new(Told::default());
    // Each knows one server, so that it meets what happens to that one.
    let mut stores = Vec::new();
    for proxy in &proxies {
        let fast = builder([proxy.endpoint()]).prefix("refused").request_timeout(Duration::from_millis(700));
        stores.push(connect(fast).await);
    }
    let mut writers = Vec::new();
    for store in &stores {
        for _ in 0..8 {
            let (told, store) = (Arc::clone(&told), store.clone());
            let (done, ended) = tokio::sync::oneshot::channel();
            Seams::tokio().spawn("writer", async move {
                told.write(&store).await;
                _ = done.send(());
            });
            writers.push(ended);
        }
    }
    let seams = Seams::tokio();
    for turn in 0.. {
        let (member, enough) = (turn % 3, told.faults() >= 1000 && turn >= 12);
        if enough {
            break;
        }
        seams.sleep(Duration::from_millis(300)).await;
        match turn % 6 {
            0 | 3 => {
                proxies[member].cut();
                seams.sleep(Duration::from_millis(500)).await;
            }
            1 => {
                let leader = cluster.leader();
                cluster.kill(leader);
                seams.sleep(Duration::from_secs(2)).await;
                tokio::task::block_in_place(|| cluster.restart(leader));
            }
            2 => {
                for _ in 0..20 {
                    proxies[member].end_connections();
                    seams.sleep(Duration::from_millis(25)).await;
                }
            }
            4 => {
                let leader = cluster.leader();
                cluster.freeze(leader);
                seams.sleep(Duration::from_millis(2500)).await;
                cluster.thaw(leader);
            }
            _ => {
                proxies[member].black_hole();
                seams.sleep(Duration::from_secs(1)).await;
            }
        }
        proxies.iter().for_each(Proxy::mend);
    }
    told.stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer that ends");
    }
    assert!(tokio::task::block_in_place(|| cluster.is_ready_within(Duration::from_secs(30))));

    let mut expected: BTreeMap<String, bool> = BTreeMap::new();
    let mut whys: BTreeMap<String, usize> = BTreeMap::new();
    for (name, why) in told.refused.lock().drain(..) {
        *whys.entry(format!("{why:?}")).or_default() += 1;
        expected.insert(name, false);
    }
    let unknown: Vec<_> = told.unknown.lock().drain(..).collect();
    let unknowns = unknown.len();
    for (name, pending) in unknown {
        // Any handle to the store settles it.
        let verdict = resolved(&stores[0], &pending).await;
        expected.insert(name, matches!(verdict, Verdict::Committed(_)));
    }
    expected.extend(told.committed.lock().drain(..).map(|name| (name, true)));
    assert!(whys.contains_key("NoLeader") && whys.contains_key("Unreachable"), "{whys:?}");
    println!("{} writes, refused: {whys:?}, unknown: {unknowns}", expected.len());
    let names: Vec<_> = expected.keys().cloned().collect();
    for names in names.chunks(60) {
        let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
        let (_, records) = stores[0].read(&keys).await.expect("a read");
        let there: Vec<_> = records.iter().map(|record| record.key.name()).collect();
        for name in names {
            assert_eq!(there.contains(&name.as_str()), expected[name], "{name}");
        }
    }
}
