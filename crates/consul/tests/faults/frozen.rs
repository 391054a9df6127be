//! Tests 18, 19, 24, 36 and 42: servers that are stopped in their tracks.

use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Expect, FollowError, Verdict};
use trimtab_seams::Seams;
use trimtab_test_servers::Proxy;
use trimtab_test_servers::consul::Cluster;

use super::support::{Watched, builder, committed, committed_in_time, connect, found, key, put, resolved};

/// contract 18, 19
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_resolved_to_never_does_not_land_when_the_frozen_leader_wakes() {
    let Some(mut cluster) = Cluster::three() else { return };
    for trial in 0..4 {
        let leader = cluster.leader();
        // Straight to the leader, or through a server that passes it on.
        let way = if trial % 2 == 0 { leader } else { (leader + 1) % 3 };
        let rest = (0..3).filter(|member| *member != way && *member != leader);
        let endpoints = [way].into_iter().chain(rest).map(|member| cluster.endpoint(member));
        let store = connect(builder(endpoints).prefix("frozen")).await;
        let name = format!("trial {trial}");
        committed_in_time(&store, &put("before", "1", Expect::Anything)).await;

        cluster.freeze(leader);
        let outcome = store.commit(put(&name, "early", Expect::Anything)).await;
        let Err(CommitError::Unknown(pending)) = outcome else { panic!("not unknown: {outcome:?}") };
        let verdict = resolved(&store, &pending).await;
        // A server that passes it on may have found the next leader for it; the frozen one has nobody else.
        assert!(verdict == Verdict::Never || way != leader, "{verdict:?}");
        // Acknowledged elsewhere, after the first was given up.
        let late = committed_in_time(&store, &put(&name, "late", Expect::Anything)).await;
        cluster.thaw(leader);
        assert!(cluster.is_ready_within(Duration::from_secs(30)));
        Seams::tokio().sleep(Duration::from_millis(500)).await;
        let there = found(&store, &name).await.expect("the later one");
        assert_eq!((&there.value[..], there.version), (&b"late"[..], late.index), "{verdict:?}");
        assert_eq!(resolved(&store, &pending).await, verdict);
        assert!(verdict == Verdict::Never || there.created < late.index, "{verdict:?} {there:?}");
    }
}

/// contract 24, 36
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_commits_end_within_their_deadline_and_feeds_within_a_bound() {
    let Some(cluster) = Cluster::three() else { return };
    let leader = cluster.leader();
    let patient = builder([cluster.endpoint(leader)]).prefix("quorum").patience(Duration::from_secs(2));
    let store = connect(patient).await;
    let mut watched = Watched::of(&store).await;
    let early = committed(&store, put("early", "1", Expect::Absent)).await;
    watched.reach(early.index).await;

    let others = [(leader + 1) % 3, (leader + 2) % 3];
    for member in others {
        cluster.freeze(member);
    }
    let seams = Seams::tokio();
    let (began, mut pending) = (seams.now(), Vec::new());
    for n in 0..4 {
        let before = seams.now();
        match store.commit(put(&format!("late {n}"), "1", Expect::Absent)).await {
            Err(CommitError::Unknown(ticket)) => pending.push((n, ticket)),
            Err(CommitError::Unavailable { .. }) => {}
            other => panic!("committed without a quorum: {other:?}"),
        }
        // Twice the deadline: a lane may have to be settled first, or made.
        assert!(seams.now() - before < Duration::from_secs(9), "{:?}", seams.now() - before);
    }
    let end = watched.end().await;
    assert!(matches!(end, FollowError::Unavailable { .. }), "{end}");
    assert!(seams.now() - began < Duration::from_secs(40));

    for member in others {
        cluster.thaw(member);
    }
    for (n, ticket) in pending {
        let verdict = resolved(&store, &ticket).await;
        let there = found(&store, &format!("late {n}")).await;
        match verdict {
            Verdict::Committed(at) => assert_eq!(there.map(|there| there.version), Some(at.index)),
            Verdict::Never => assert_eq!(there, None),
        }
    }
}

/// contract 42
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_shows_every_acknowledged_commit_on_a_leader_that_was_frozen_too() {
    let Some(cluster) = Cluster::three() else { return };
    let old = cluster.leader();
    let others = [(old + 1) % 3, (old + 2) % 3].map(|member| cluster.endpoint(member));
    let writer = connect(builder(others).prefix("reads")).await;
    let reader =
        connect(builder([cluster.endpoint(old)]).prefix("reads").request_timeout(Duration::from_secs(20)))
            .await;
    committed(&writer, put("a", "old", Expect::Absent)).await;
    for trial in 0..2 {
        cluster.freeze(old);
        let value = format!("new {trial}");
        let at = committed_in_time(&writer, &put("a", &value, Expect::Anything)).await;
        // Asked while it is frozen, answered when it wakes and takes itself for the leader.
        let keys = [key("a")];
        let asking = reader.read(&keys);
        let waking = async {
            Seams::tokio().sleep(Duration::from_millis(200)).await;
            cluster.thaw(old);
        };
        let (answer, ()) = tokio::join!(asking, waking);
        match answer {
            Ok((head, records)) => {
                assert_eq!(records[0].value, value);
                assert!(head.index >= at.index);
            }
            Err(FollowError::Unavailable { .. }) => {
                assert_eq!(found(&reader, "a").await.expect("the record").value, value);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// contract F8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_in_silence_is_noticed_and_nothing_is_missed() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let reader = connect(builder([proxy.endpoint(), cluster.endpoint(0)]).prefix("silent")).await;
    let writer = connect(builder(cluster.endpoints()).prefix("silent")).await;
    let mut watched = Watched::of(&reader).await;
    let first = committed(&writer, put("a", "0", Expect::Absent)).await;
    watched.reach(first.index).await;

    proxy.black_hole();
    let mut last = first;
    for n in 1..10 {
        last = committed(&writer, put("a", &n.to_string(), Expect::At(last.index))).await;
    }
    let seams = Seams::tokio();
    let began = seams.now();
    watched.reach(last.index).await;
    assert!(seams.now() - began < Duration::from_secs(10), "{:?}", seams.now() - began);
    assert_eq!((watched.resets.len(), watched.commits.len()), (1, 10));
}
