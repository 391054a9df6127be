//! Members that stand still, and wake up with what they had.

use std::time::Duration;

use trimtab_backend::{Backend, Commit, CommitError, FollowError, Verdict};
use trimtab_seams::Seams;
use trimtab_test_servers::etcd::Cluster;

use crate::stores::{blind, committed, found, open, opened_within, pause, settled, synced, unknown, within};

/// How long a member that woke up may take to do what it had before it.
const AWAKE: Duration = Duration::from_secs(3);

/// contract 18, contract U3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_waits_for_a_frozen_leader_does_not_land_after_the_verdict() {
    let Some(mut cluster) = Cluster::three() else { return };
    let mut nevers = 0;
    for round in 0..3 {
        let leader = cluster.leader();
        let others = [1, 2].map(|step| cluster.endpoint((leader + step) % 3));
        // Sent to a follower, which hands it to the leader that it knows.
        let store = opened_within(others, Duration::from_secs(2)).await;
        committed(&store, blind("warm", "1")).await;
        let name = format!("a{round}");
        cluster.freeze(leader);
        let outcome = store.commit(blind(&name, "late")).await;
        let verdict = match outcome {
            Err(CommitError::Unknown(pending)) => settled(&store, &pending).await,
            Err(CommitError::Unavailable { .. }) => Verdict::Never,
            other => panic!("committed without its leader: {other:?}"),
        };
        committed_soon(&store, "b").await;
        cluster.thaw(leader);
        pause(AWAKE).await;
        assert!(cluster.is_ready_within(AWAKE * 5));
        let landed = found(&store, &name).await;
        assert_eq!(landed.is_some(), verdict != Verdict::Never, "{verdict:?}, {landed:?}");
        nevers += u32::from(verdict == Verdict::Never);
    }
    assert!(nevers > 0, "no write was left behind by a frozen leader: nothing was tried");
}

/// contract 19, contract U3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_sent_straight_to_a_frozen_leader_does_not_land_after_the_verdict() {
    let Some(mut cluster) = Cluster::three() else { return };
    for round in 0..3 {
        let leader = cluster.leader();
        let all = [0, 1, 2].map(|step| cluster.endpoint((leader + step) % 3));
        let store = opened_within(all, Duration::from_secs(2)).await;
        committed(&store, blind("warm", "1")).await;
        let name = format!("a{round}");
        cluster.freeze(leader);
        let pending = unknown(&store, blind(&name, "late")).await;
        assert_eq!(settled(&store, &pending).await, Verdict::Never, "it was sent to nobody else");
        committed_soon(&store, "b").await;
        cluster.thaw(leader);
        pause(AWAKE).await;
        assert!(cluster.is_ready_within(AWAKE * 5));
        assert_eq!(found(&store, &name).await, None);
        assert_eq!(settled(&store, &pending).await, Verdict::Never);
    }
}

/// contract 24, contract 36, contract X1, contract F8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_commits_and_feeds_end_within_a_bound() {
    let Some(mut cluster) = Cluster::three() else { return };
    let store = opened_within([cluster.endpoint(0)], Duration::from_secs(2)).await;
    let (mut feed, _) = synced(&store).await;
    committed(&store, blind("a", "1")).await;
    cluster.freeze(1);
    cluster.freeze(2);
    let mut pending = Vec::new();
    for n in 0..5 {
        let commit = Box::pin(store.commit(blind(&format!("b{n}"), "1")));
        match within(Duration::from_secs(4), commit).await {
            Err(CommitError::Unknown(unknown)) => pending.push((n, unknown)),
            Err(CommitError::Unavailable { .. }) => {}
            other => panic!("without a quorum: {other:?}"),
        }
    }
    let ended = within(Duration::from_secs(12), async {
        loop {
            if let Err(error) = feed.next().await {
                return error;
            }
        }
    });
    let ended = ended.await;
    assert!(matches!(ended, FollowError::Unavailable { .. }), "{ended}");
    cluster.thaw(1);
    cluster.thaw(2);
    assert!(cluster.is_ready_within(Duration::from_secs(20)));
    for (n, pending) in pending {
        let verdict = settled(&store, &pending).await;
        let landed = found(&store, &format!("b{n}")).await;
        assert_eq!(landed.is_some(), verdict != Verdict::Never, "{verdict:?}, {landed:?}");
    }
}

/// contract 42, contract I2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_was_frozen_reads_what_was_written_meanwhile() {
    let Some(mut cluster) = Cluster::three() else { return };
    let leader = cluster.leader();
    let old = opened_within([cluster.endpoint(leader)], Duration::from_secs(2)).await;
    let others = open([1, 2].map(|step| cluster.endpoint((leader + step) % 3))).await;
    committed(&old, blind("a", "1")).await;
    cluster.freeze(leader);
    let at = committed_soon(&others, "a").await;
    cluster.thaw(leader);
    // It may say that it cannot tell, but not what it remembers.
    let record = found(&old, "a").await.expect("it is there");
    assert_eq!(record.version, at.index);
    assert!(cluster.is_ready_within(Duration::from_secs(20)));
}

/// Commits as soon as there is a leader.
async fn committed_soon(store: &trimtab_etcd::Etcd, name: &str) -> trimtab_backend::Position {
    let seams = Seams::tokio();
    let end = seams.now() + Duration::from_secs(20);
    loop {
        let outcome = match store.commit(blind(name, "soon")).await {
            Err(CommitError::Unknown(pending)) => match settled(store, &pending).await {
                Verdict::Committed(at) => Ok(Commit::Committed(at)),
                Verdict::Never => continue,
            },
            outcome => outcome,
        };
        match outcome {
            Ok(commit) => return commit.position(),
            Err(CommitError::Unavailable { .. }) if seams.now() < end => {
                pause(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("no commit: {error}"),
        }
    }
}
