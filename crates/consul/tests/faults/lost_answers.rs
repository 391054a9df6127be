//! Tests 10, 16, 17, 20 and 21: a proxy that drops messages.

use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Expect, Verdict};
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;
use trimtab_test_servers::{Proxy, Way};

use super::support::{Watched, builder, committed, connect, found, put, resolved, unknown};

/// contract 10
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_invalid_is_refused_before_anything_is_sent() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let store = connect(builder([proxy.endpoint()]).prefix("invalid")).await;
    proxy.requests(Way::Lossy);
    let mut twice = put("a", "1", Expect::Anything);
    twice.operations.extend(put("a", "2", Expect::Anything).operations);
    let refused = store.commit(twice).await;
    assert!(
        matches!(&refused, Err(CommitError::Invalid(_))),
        "of what was sent nobody would know: {refused:?}"
    );
    proxy.mend();
}

/// contract 16, 21
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_dropped_resolves_to_its_true_index() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let store = connect(builder([proxy.endpoint()]).prefix("lost")).await;
    let beside = connect(builder(cluster.endpoints()).prefix("lost")).await;
    let mut watched = Watched::of(&beside).await;
    committed(&store, put("before", "1", Expect::Absent)).await;

    proxy.answers(Way::Lossy);
    let pending = unknown(&store, put("a", "1", Expect::Absent)).await;
    assert!(proxy.answers_kept() > 0, "the answer came as far as the proxy");
    proxy.mend();
    let verdict = resolved(&store, &pending).await;
    let there = found(&beside, "a").await.expect("the record");
    assert!(matches!(verdict, Verdict::Committed(at) if at.index == there.version), "{verdict:?} {there:?}");
    assert_eq!(resolved(&store, &pending).await, verdict);
    // It is told once, and at that index; so is what its lane does next.
    let last = committed(&store, put("a", "2", Expect::At(there.version))).await;
    watched.reach(last.index).await;
    let told: Vec<_> = watched.commits.iter().map(|(index, _)| *index).skip(1).collect();
    assert_eq!(told, [there.version, last.index]);
    assert_eq!(watched.resets.len(), 1);
}

/// contract 17, 21
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_dropped_on_its_way_resolves_to_never_and_stays_so() {
    let Some(cluster) = Cluster::single() else { return };
    for (way, name) in [(Way::Lossy, "swallowed"), (Way::Held, "held")] {
        let proxy = Proxy::to(cluster.port(0));
        // What is held at the proxy arrives after it was resolved through the other endpoint.
        let store = connect(builder([proxy.endpoint(), cluster.endpoint(0)]).prefix("lost")).await;
        committed(&store, put("before", "1", Expect::Anything)).await;
        proxy.requests(way);
        let pending = unknown(&store, put(name, "1", Expect::Anything)).await;
        assert!(proxy.requests_kept() > 0, "the request came as far as the proxy");
        assert_eq!(resolved(&store, &pending).await, Verdict::Never);
        proxy.mend();
        Seams::tokio().sleep(Duration::from_millis(300)).await;
        assert_eq!(found(&store, name).await, None, "{name}");
        assert_eq!(resolved(&store, &pending).await, Verdict::Never);
        committed(&store, put(name, "2", Expect::Absent)).await;
    }
}

/// contract 20
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resolving_survives_that_its_own_outcome_is_unknown() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let store = connect(builder([proxy.endpoint()]).prefix("lost")).await;
    committed(&store, put("before", "1", Expect::Absent)).await;

    // Its commit landed, and the answer to the question what became of it is lost.
    proxy.answers(Way::Lossy);
    let landed = unknown(&store, put("landed", "1", Expect::Absent)).await;
    assert!(matches!(store.resolve(landed.clone()).await, Err(CommitError::Unavailable { .. })));
    proxy.mend();
    let there = found(&store, "landed").await.expect("the record");
    assert!(matches!(resolved(&store, &landed).await, Verdict::Committed(at) if at.index == there.version));

    // It never came, and the abort lands without an answer.
    proxy.requests(Way::Lossy);
    let lost = unknown(&store, put("lost", "1", Expect::Absent)).await;
    proxy.mend();
    proxy.answers(Way::Lossy);
    assert!(matches!(store.resolve(lost.clone()).await, Err(CommitError::Unavailable { .. })));
    proxy.mend();
    assert_eq!(resolved(&store, &lost).await, Verdict::Never);
    assert_eq!(resolved(&store, &lost).await, Verdict::Never);
    assert_eq!(found(&store, "lost").await, None);
}

/// contract U1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_nobody_waits_for_leave_their_lanes_whole() {
    let Some(cluster) = Cluster::single() else { return };
    let store = connect(builder(cluster.endpoints()).prefix("dropped").lanes(2)).await;
    let mut watched = Watched::of(&store).await;
    let seams = Seams::tokio();
    for n in 0..40 {
        let commit = store.commit(put(&n.to_string(), "1", Expect::Absent));
        let given_up = seams.sleep(Duration::from_micros(500) + seams.random_below(Duration::from_millis(4)));
        tokio::select! {
            _ = commit => {}
            () = given_up => {}
        }
    }
    let last = committed(&store, put("last", "1", Expect::Absent)).await;
    watched.reach(last.index).await;
    let names = (0..40).map(|n| n.to_string()).chain(["last".into()]);
    let mut there = 0;
    for name in names {
        let found = found(&store, &name).await;
        there += usize::from(found.is_some());
        assert_eq!(
            watched.view.get(&(super::support::key(&name), trimtab_backend::Part::Spec)),
            found.as_ref()
        );
    }
    assert_eq!((watched.commits.len(), watched.resets.len()), (there, 1), "each was told once");
}
