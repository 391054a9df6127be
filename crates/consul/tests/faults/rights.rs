//! Tests 14 and 38: rights that are missing, or taken away.

use std::time::Duration;

use trimtab_backend::{Backend, Check, CommitError, Expect, FollowError, Part, Scope};
use trimtab_consul::ConnectError;
use trimtab_test_servers::consul::{Cluster, Settings};

use super::support::{KIND, Watched, builder, committed, connect, delete, key, put};

const MASTER: &str = "11111111-2222-3333-4444-555555555555";

fn guarded() -> Option<Cluster> {
    Cluster::with(1, &Settings { token: Some(MASTER.into()), ..Settings::default() })
}

/// All that a process needs that may write to one kind.
fn one_kind(prefix: &str) -> String {
    let rule =
        |path: &str, policy: &str| format!("key_prefix \"{prefix}/v1/{path}\" {{ policy = \"{policy}\" }}\n");
    let rules = [("meta/", "read"), ("w/", "write"), ("r/", "write"), ("i/", "write"), ("e/fault/", "write")];
    rules.iter().map(|(path, policy)| rule(path, policy)).collect()
}

/// contract 14
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_is_denied_and_names_what_is_missing() {
    let Some(cluster) = guarded() else { return };
    let owner = connect(builder(cluster.endpoints()).prefix("rights").token(MASTER)).await;
    committed(&owner, put("a", "1", Expect::Absent)).await;
    cluster.policy("one", &one_kind("rights"));
    let (accessor, secret) = cluster.token("one");
    let store = connect(builder(cluster.endpoints()).prefix("rights").token(&secret)).await;
    let mine = committed(&store, put("b", "1", Expect::Absent)).await;

    let other = trimtab_backend::Key::new("other", "a");
    let value = "1".into();
    let put_other = trimtab_backend::Operation::Put {
        key: other.clone(),
        part: Part::Spec,
        value,
        expect: Expect::Anything,
    };
    let denied = store.commit(trimtab_backend::Transaction::of([put_other])).await;
    assert!(
        matches!(&denied, Err(CommitError::Denied { what }) if what.contains("rights/v1/e/other")),
        "{denied:?}"
    );
    let check = Check { key: other.clone(), part: Part::Spec, expect: Expect::At(mine.index) };
    let checked = store.commit(put("b", "2", Expect::Anything).checking(check)).await;
    assert!(matches!(checked, Err(CommitError::Denied { .. })), "{checked:?}");
    let read = store.read(&[other]).await;
    assert!(
        matches!(&read, Err(FollowError::Denied { what }) if what.contains("rights/v1/e/other")),
        "{read:?}"
    );
    for scope in [Scope::Kind("other".into()), Scope::All] {
        let mut feed = store.follow(scope, None).await.expect("a feed");
        let told = feed.next().await;
        assert!(matches!(told, Err(FollowError::Denied { .. })), "{told:?}");
    }
    // What it may do, it still may.
    committed(&store, put("b", "2", Expect::At(mine.index))).await;

    // Who may only read follows, a kind too that nobody has written to.
    let reading = one_kind("rights").replace("\"write\"", "\"read\"").replace("e/fault/", "e/");
    cluster.policy("reads", &reading);
    let (_, reading) = cluster.token("reads");
    let reader = connect(builder(cluster.endpoints()).prefix("rights").token(reading)).await;
    for kind in ["fault", "never"] {
        let mut feed = reader.follow(Scope::Kind(kind.into()), None).await.expect("a feed");
        assert!(feed.next().await.is_ok(), "{kind}");
    }
    let write = reader.commit(put("b", "3", Expect::Anything)).await;
    assert!(matches!(write, Err(CommitError::Denied { .. })), "{write:?}");

    cluster.revoke(&accessor);
    let dead = store.commit(put("b", "3", Expect::Anything)).await;
    assert!(
        matches!(&dead, Err(CommitError::Denied { what }) if what.contains("does not know this token")),
        "{dead:?}"
    );
    let refused = builder(cluster.endpoints()).prefix("rights").token(&secret).connect().await;
    assert!(matches!(refused, Err(ConnectError::Denied { .. })), "{refused:?}");
    let nobody = builder(cluster.endpoints()).prefix("rights").connect().await;
    assert!(matches!(nobody, Err(ConnectError::Denied { .. })), "{nobody:?}");
}

/// contract 38
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_that_are_taken_away_end_the_feed_and_delete_nothing() {
    let Some(cluster) = guarded() else { return };
    let owner = connect(builder(cluster.endpoints()).prefix("taken").token(MASTER)).await;
    committed(&owner, put("a", "1", Expect::Absent)).await;
    committed(&owner, put("b", "1", Expect::Absent)).await;

    let whole = one_kind("taken");
    let cases = [
        // The kind's, noticed at the next comparison or at the next commit; the lanes'; all of them.
        (whole.replace("e/fault/", "e/none/"), Duration::from_millis(100)),
        (whole.replace("e/fault/", "e/none/"), Duration::from_secs(60)),
        (whole.replace("v1/w/", "v1/none/"), Duration::from_secs(60)),
        (String::new(), Duration::from_secs(60)),
    ];
    for (n, (left, resync)) in cases.into_iter().enumerate() {
        let policy = format!("taken-{n}");
        cluster.policy(&policy, &whole);
        let (_, secret) = cluster.token(&policy);
        let reader = builder(cluster.endpoints()).prefix("taken").token(&secret).resync(resync);
        let reader = connect(reader).await;
        let mut watched = Watched::of(&reader).await;
        let view = watched.view.clone();
        cluster.policy(&policy, &left);
        let told = watched.commits.len();
        if resync > Duration::from_secs(1) {
            committed(&owner, delete(&format!("none {n}"))).await;
        }
        let end = watched.end().await;
        assert!(matches!(end, FollowError::Denied { .. }), "case {n}: {end}");
        assert_eq!(
            (watched.commits.len(), watched.resets.len(), &watched.view),
            (told, 1, &view),
            "case {n}"
        );
        // Given back, it is followed again.
        cluster.policy(&policy, &whole);
        let mut again = Watched::from(&reader, watched.at).await;
        again.sync().await;
        assert_eq!(again.view, view);
        assert_eq!(again.view.keys().filter(|(found, _)| found.kind() == KIND).count(), 2);
    }
    assert_eq!(owner.read(&[key("a")]).await.expect("a read").1.len(), 1);
}
