//! Answers and requests that are lost on their way.

use trimtab_backend::{Backend, CommitError, Verdict};
use trimtab_test_servers::Way;

use crate::stores::{Proxied, blind, committed, found, open, settled, unknown};

/// contract 10, contract T1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_invalid_is_refused_before_anything_is_sent() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, .. } = &proxied;
    proxy.requests(Way::Lossy);
    let mut twice = blind("a", "1");
    twice.operations.extend(blind("a", "2").operations);
    let refused = store.commit(twice).await;
    assert!(
        matches!(&refused, Err(CommitError::Invalid(_))),
        "of what was sent nobody would know: {refused:?}"
    );
    proxy.mend();
}

/// contract 16, contract U1, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_answer_is_unknown_and_resolves_to_the_true_index() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, direct, .. } = &proxied;
    proxy.answers(Way::Lossy);
    let pending = unknown(store, blind("a", "1")).await;
    proxy.mend();
    let verdict = settled(store, &pending).await;
    let record = found(direct, "a").await.expect("it was committed");
    assert!(
        matches!(verdict, Verdict::Committed(at) if at.index == record.version),
        "{verdict:?}, {record:?}"
    );
    assert_eq!(settled(store, &pending).await, verdict, "asked again");
    // The lane goes on.
    committed(store, blind("a", "2")).await;
}

/// contract 17, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_arrived_resolves_to_never() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, direct, .. } = &proxied;
    proxy.requests(Way::Lossy);
    let pending = unknown(store, blind("a", "1")).await;
    assert!(proxy.requests_kept() > 0, "it was sent");
    proxy.mend();
    assert_eq!(settled(store, &pending).await, Verdict::Never);
    assert_eq!(found(direct, "a").await, None);
    committed(store, blind("a", "2")).await;
    assert_eq!(settled(store, &pending).await, Verdict::Never, "asked again");
}

/// contract 17, contract U2, contract U3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_arrives_after_the_verdict_does_not_land() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, direct, cluster, .. } = &proxied;
    let store = &open([proxy.endpoint(), cluster.endpoint(0)]).await;
    committed(store, blind("first", "2")).await;
    proxy.requests(Way::Held);
    // A connection that is ended now has its bytes delivered all the same: they wait in the proxy.
    let pending = unknown(store, blind("a", "late")).await;
    assert_eq!(settled(store, &pending).await, Verdict::Never, "asked of the server directly");
    let before = committed(direct, blind("b", "1")).await;
    proxy.mend();
    // What waited has been answered before what comes after it on the same way.
    committed(&open([proxy.endpoint()]).await, blind("b", "2")).await;
    assert_eq!(found(direct, "a").await, None, "nothing landed after {before}");
}

/// contract 20, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resolve_survives_that_its_own_answer_is_lost() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, direct, .. } = &proxied;
    for (name, way, landed) in [("a", Way::Lossy, false), ("b", Way::Open, true)] {
        // A verdict of Never costs the lane; the next one is made here.
        committed(store, blind("warm", "1")).await;
        proxy.requests(way);
        proxy.answers(Way::Lossy);
        let pending = unknown(store, blind(name, "1")).await;
        proxy.mend();
        for _ in 0..2 {
            proxy.answers(Way::Lossy);
            let lost = store.resolve(pending.clone()).await;
            assert!(matches!(lost, Err(CommitError::Unavailable { .. })), "{lost:?}");
            proxy.mend();
        }
        let verdict = settled(store, &pending).await;
        let record = found(direct, name).await;
        match verdict {
            Verdict::Committed(at) => assert_eq!(record.map(|record| record.version), Some(at.index)),
            Verdict::Never => assert_eq!(record, None),
        }
        assert_eq!(matches!(verdict, Verdict::Committed(_)), landed, "{name}");
    }
}

/// contract 21, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_resolve_at_once_get_one_verdict() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, .. } = &proxied;
    for way in [Way::Lossy, Way::Open] {
        committed(store, blind("warm", "1")).await;
        proxy.requests(way);
        proxy.answers(Way::Lossy);
        let pending = unknown(store, blind("a", "1")).await;
        proxy.mend();
        let (first, second) = tokio::join!(settled(store, &pending), settled(store, &pending));
        assert_eq!(first, second);
        assert_eq!(settled(store, &pending).await, first);
    }
}

/// contract 16
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_nobody_waits_for_any_more_holds_up_no_other() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, .. } = &proxied;
    proxy.answers(Way::Held);
    for name in ["a", "b", "c"] {
        let mut let_go = Box::pin(store.commit(blind(name, "1")));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(let_go.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    proxy.mend();
    committed(store, blind("d", "1")).await;
}
