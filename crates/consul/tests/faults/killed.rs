//! Tests 22 and 35: servers that are killed under load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Expect, Index, Verdict};
use trimtab_consul::Consul;
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;

use super::support::{Watched, builder, committed_in_time, connect, found, put, resolved};

/// What a writer knows of its key: the values that were committed, by their indexes.
type Written = BTreeMap<Index, String>;

/// Writes under the version that it wrote last, until it is told to stop. Gives what was committed, and how many outcomes were unknown.
async fn write(store: Consul, name: String, stop: Arc<AtomicBool>) -> (Written, usize) {
    let (mut written, mut unknowns, mut expect) = (Written::new(), 0, Expect::Absent);
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let value = format!("{name} {n}");
        let position = match store.commit(put(&name, &value, expect)).await {
            Ok(commit) => Some(commit.position()),
            Err(CommitError::Unknown(pending)) => {
                unknowns += 1;
                match resolved(&store, &pending).await {
                    Verdict::Committed(position) => Some(position),
                    Verdict::Never => None,
                }
            }
            Err(CommitError::Unavailable { .. }) => {
                Seams::tokio().sleep(Duration::from_millis(50)).await;
                None
            }
            // Nobody else writes to this key: whatever was not acknowledged is not there.
            Err(other) => panic!("{name} {n}: {other}"),
        };
        if let Some(position) = position {
            expect = Expect::At(position.index);
            written.insert(position.index, value);
        }
    }
    (written, unknowns)
}

/// contract 22, 35
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_each_server_in_turn_under_24_writers_loses_nothing_and_tells_every_commit_once() {
    let Some(mut cluster) = Cluster::three() else { return };
    let store =
        connect(builder(cluster.endpoints()).prefix("killed").lanes(24).patience(Duration::from_secs(30)))
            .await;
    let beside = connect(builder(cluster.endpoints().into_iter().rev()).prefix("killed").lanes(24)).await;
    let mut watched = Watched::of(&store).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..24)
        .map(|n| {
            let (done, outcome) = tokio::sync::oneshot::channel();
            let store = if n % 2 == 0 { &store } else { &beside };
            let writing = write(store.clone(), format!("writer {n}"), Arc::clone(&stop));
            Seams::tokio().spawn("writer", async move { _ = done.send(writing.await) });
            outcome
        })
        .collect();
    let killing = async {
        let seams = Seams::tokio();
        let first = cluster.leader();
        for turn in 0..3 {
            seams.sleep(Duration::from_millis(500)).await;
            // The leader first, then those that have not been killed.
            let member = (first + turn) % 3;
            cluster.kill(member);
            seams.sleep(Duration::from_millis(2500)).await;
            tokio::task::block_in_place(|| cluster.restart(member));
        }
        stop.store(true, Ordering::Relaxed);
        let (mut written, mut unknowns) = (Written::new(), 0);
        for writer in writers {
            let (own, unknown) = writer.await.expect("a writer that ends");
            written.extend(own);
            unknowns += unknown;
        }
        let last = committed_in_time(&store, &put("last", "", Expect::Absent)).await;
        (written, unknowns, last)
    };
    let told = async {
        watched.until(|watched| watched.values().contains_key("last")).await;
        watched
    };
    let ((written, unknowns, last), watched) = tokio::join!(killing, told);
    println!("{} commits, {unknowns} unknown, resets {:?}", written.len(), watched.resets);
    assert!(written.len() > 100, "{}", written.len());
    assert_eq!(watched.resets.len(), 1, "no gap: {:?}", watched.resets);
    let seen: Vec<_> = watched.commits.iter().map(|(index, _)| *index).collect();
    let committed: Vec<_> = written.keys().copied().chain([last.index]).collect();
    assert_eq!(seen, committed, "every commit once, and no other");
    for n in 0..24 {
        let name = format!("writer {n}");
        let newest = written.iter().rev().find(|(_, value)| value.starts_with(&format!("{name} ")));
        let there = found(&store, &name).await.map(|there| (there.version, there.value));
        assert_eq!(there, newest.map(|(index, value)| (*index, value.clone().into())));
    }
}
