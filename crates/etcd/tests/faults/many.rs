//! A thousand faults.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use trimtab_seams::{Random, Seams, Seeded};
use trimtab_test_servers::etcd::Cluster;
use trimtab_test_servers::{Proxy, Way};

use crate::stores::{open, opened_within, pause};
use crate::writers::{Writers, after_commits};

const FAULTS: u64 = 1000;
/// Of them refused as certainly not applied: most writes are under way when something happens to them.
const REFUSED: u64 = 40;
/// However slow the machine is.
const MOST: Duration = Duration::from_secs(180);

/// contract 23, contract X1, contract U1, contract U2
///
/// If a write was applied that was answered as not applied, or a verdict was wrong, its writer conflicts with itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_answered_as_not_applied_was_not_in_a_thousand_faults() {
    let Some(mut cluster) = Cluster::three() else { return };
    let proxies = [0, 1, 2].map(|member| Proxy::to(cluster.port(member)));
    let all = || proxies.iter().map(Proxy::endpoint).collect::<Vec<_>>();
    let mut stores = Vec::new();
    // Some know all members, and get an answer from one of them; some know one, and are refused with it.
    for endpoints in [all(), all(), vec![proxies[0].endpoint()], vec![proxies[1].endpoint()]] {
        stores.push(opened_within(endpoints, Duration::from_millis(300)).await);
    }
    let writers = Writers::start(&stores, 48);
    let (chance, seams) = (Seeded::new(23), Seams::tokio());
    let (mut done, end) = ([0_u32; 8], seams.now() + MOST);
    while writers.tally.fewer_faults_than(FAULTS, REFUSED) && seams.now() < end {
        after_commits(&writers.tally, 20).await;
        let draw = |below: u64| usize::try_from(chance.next_u64() % below).expect("small");
        let (fault, member) = (draw(8), draw(3));
        let proxy = &proxies[member];
        done[fault] += 1;
        match fault {
            0 => proxy.end_connections(),
            1 => proxy.cut(),
            2 => proxy.answers(Way::Lossy),
            3 => proxy.requests(Way::Lossy),
            4 => proxy.requests(Way::Held),
            5 => proxy.black_hole(),
            6 => {
                let frozen = cluster.leader();
                cluster.freeze(frozen);
                pause(Duration::from_millis(1300)).await;
                cluster.thaw(frozen);
            }
            _ => {
                let killed = cluster.leader();
                cluster.kill(killed);
                pause(Duration::from_millis(300)).await;
                cluster.restart(killed);
            }
        }
        pause(Duration::from_millis(400)).await;
        proxy.mend();
    }
    let tally = Arc::clone(&writers.tally);
    let direct = open(cluster.endpoints()).await;
    writers.stop(&direct).await;
    println!("{tally:?}; of each fault {done:?}");
    assert!(!tally.fewer_faults_than(FAULTS, REFUSED), "too few faults: {tally:?}");
    for count in [&tally.unknown_landed, &tally.unknown_never] {
        assert!(count.load(Ordering::Relaxed) > 0, "each kind of verdict: {tally:?}");
    }
}
