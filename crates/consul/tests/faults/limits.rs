//! What Consul refuses because there is too much of it.

use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Expect, Operation, Part, Scope, Transaction, Verdict, Why};
use trimtab_seams::Seams;
use trimtab_test_servers::consul::{Cluster, Settings};

use super::support::{builder, committed, committed_in_time, connect, found, key, put, resolved};

/// contract X1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_consul_takes_no_more_connections_nothing_stays_in_doubt() {
    let hcl = vec!["limits { http_max_conns_per_client = 6 }".into()];
    let Some(cluster) = Cluster::with(1, &Settings { hcl, ..Settings::default() }) else { return };
    let store = connect(builder(cluster.endpoints()).prefix("many").wait(Duration::from_secs(8))).await;
    committed(&store, put("a", "1", Expect::Absent)).await;
    let mut feeds = Vec::new();
    let refused = loop {
        let name = format!("b {}", feeds.len());
        let mut feed = store.follow(Scope::All, None).await.expect("a feed");
        // As many as there are connections begin, and hold one each; the others go on trying.
        tokio::select! {
            _ = feed.next() => {}
            () = Seams::tokio().sleep(Duration::from_millis(300)) => {}
        }
        feeds.push(feed);
        assert!(feeds.len() < 20, "six connections are enough for twenty");
        if let Err(error) = store.commit(put(&name, "1", Expect::Absent)).await {
            break (name, error);
        }
    };
    // It closes the connection, with an answer or without; seen from here the write may have been on its way. It counts a held request until its time is
    // over, though nobody waits for it any more.
    drop(feeds);
    let (name, error) = refused;
    match error {
        CommitError::Unknown(pending) => assert_eq!(resolved(&store, &pending).await, Verdict::Never),
        CommitError::Unavailable { why: Why::Overloaded | Why::Unreachable, .. } => {}
        other => panic!("{other}"),
    }
    assert_eq!(found(&store, &name).await, None);
    committed_in_time(&store, &put(&name, "2", Expect::Absent)).await;
}

/// contract T3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_too_large_names_both_numbers_and_goes_where_more_is_allowed() {
    let hcl = vec!["limits { txn_max_req_len = 2000000 kv_max_value_size = 1000000 }".into()];
    let Some(cluster) = Cluster::with(1, &Settings { hcl, ..Settings::default() }) else { return };
    // Within the portable floor, but each name is a kilobyte and three as Consul has it.
    let long = "\u{1f600}".repeat(250);
    let writes = (0..60).map(|n| Operation::Put {
        key: key(&format!("{long}{n}")),
        part: Part::Spec,
        value: vec![b'a'; 4300].into(),
        expect: Expect::Anything,
    });
    let transaction = Transaction::of(writes);
    let store = connect(builder(cluster.endpoints()).prefix("large")).await;
    match store.commit(transaction.clone()).await {
        Err(CommitError::Invalid(invalid)) => {
            let said = invalid.to_string();
            assert!(said.contains("524288") && said.contains("`request_bytes`"), "{said}");
        }
        other => panic!("{other:?}"),
    }
    let raised = connect(builder(cluster.endpoints()).prefix("large").request_bytes(2_000_000)).await;
    committed(&raised, transaction.clone()).await;

    // A server that takes less than it was thought to says so, and nothing was written.
    let Some(plain) = Cluster::single() else { return };
    let wrong = connect(builder(plain.endpoints()).prefix("large").request_bytes(2_000_000)).await;
    match wrong.commit(transaction).await {
        Err(CommitError::Invalid(invalid)) => {
            assert!(invalid.to_string().contains("txn_max_req_len"), "{invalid}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(wrong.read(&[key(&format!("{long}0"))]).await.expect("a read").1, []);
}
