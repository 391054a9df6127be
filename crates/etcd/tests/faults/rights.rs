//! Users, rights, and rights that are taken away.

use std::time::Duration;

use serde_json::{Value, json};
use trimtab_backend::{
    Backend, Check, CommitError, Expect, FeedItem, FollowError, Key, Operation, Part, Scope, Transaction,
};
use trimtab_etcd::{ConnectError, Etcd};
use trimtab_test_servers::etcd::{Cluster, Settings};

use crate::stores::{blind, committed, key, pause, scope, synced, told};

/// How long a token lives without use.
const TOKEN: Duration = Duration::from_secs(2);

/// A server with users: `root`, and `app` with rights on what a store with entries of the kind `fault` needs.
struct Guarded {
    cluster: Cluster,
    root: String,
}

impl Guarded {
    async fn new() -> Option<Self> {
        let arguments = vec![format!("--auth-token-ttl={}", TOKEN.as_secs())];
        let cluster = Cluster::with(1, &Settings { arguments, tls: false })?;
        // Whoever opens the store first begins it, before there are rights.
        let begun = Etcd::connect(cluster.endpoints()).await.expect("a server that runs");
        begun.close().await;
        let call = |path: &str, request: Value| cluster.call(0, path, &request);
        for user in ["root", "app"] {
            call("auth/user/add", json!({ "name": user, "password": "secret" }));
            call("auth/role/add", json!({ "name": user }));
            call("auth/user/grant", json!({ "user": user, "role": user }));
        }
        for (prefix, right) in
            [("meta/", "READ"), ("w/", "READWRITE"), ("i/", "READWRITE"), ("e/fault/", "READWRITE")]
        {
            call("auth/role/grant", permission(prefix, right));
        }
        call("auth/enable", json!({}));
        let given = call("auth/authenticate", json!({ "name": "root", "password": "secret" }));
        let root = given["token"].as_str().expect("a token").to_owned();
        Some(Self { cluster, root })
    }

    async fn open(&self) -> Etcd {
        let builder = Etcd::builder(self.cluster.endpoints()).user("app", "secret");
        builder.connect().await.expect("a user with rights")
    }

    fn as_root(&mut self, path: &str, request: &Value) {
        if self.cluster.call_as(&self.root, path, request).is_err() {
            // Its token has ended.
            let question = json!({ "name": "root", "password": "secret" });
            let given = self.cluster.call(0, "auth/authenticate", &question);
            given["token"].as_str().expect("a token").clone_into(&mut self.root);
            self.cluster.call_as(&self.root, path, request).expect("the rights of root");
        }
    }
}

fn range(prefix: &str) -> (String, String) {
    let path = format!("trimtab/v1/{prefix}");
    let end = format!("{}0", path.trim_end_matches('/'));
    (Cluster::encoded(path), Cluster::encoded(end))
}

fn permission(prefix: &str, right: &str) -> Value {
    let (key, range_end) = range(prefix);
    json!({ "name": "app", "perm": { "permType": right, "key": key, "range_end": range_end } })
}

/// contract 14, contract X2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_is_denied_in_a_commit_in_a_condition_and_in_a_feed() {
    let Some(guarded) = Guarded::new().await else { return };
    let store = guarded.open().await;
    committed(&store, blind("a", "1")).await;
    let secret = Key::new("secret", "a");
    let value = "1".into();
    let put = Operation::Put { key: secret.clone(), part: Part::Spec, value, expect: Expect::Absent };
    let check = Check { key: secret.clone(), part: Part::Spec, expect: Expect::Absent };
    for transaction in [
        Transaction::of([put]),
        blind("a", "2").checking(check.clone()),
        Transaction::default().checking(check),
        Transaction::of([Operation::Delete { key: secret.clone(), expect: Expect::Anything }]),
    ] {
        let refused = store.commit(transaction).await;
        assert!(matches!(&refused, Err(CommitError::Denied { .. })), "{refused:?}");
    }
    let read = store.read(&[secret]).await;
    assert!(matches!(read, Err(FollowError::Denied { .. })), "{read:?}");
    for scope in [Scope::Kind("secret".into()), Scope::All] {
        let mut feed = store.follow(scope, None).await.expect("the head may be read");
        let error = loop {
            match feed.next().await {
                Ok(FeedItem::Reset { .. }) => {}
                Ok(other) => panic!("told without a right: {other:?}"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, FollowError::Denied { .. }), "{error}");
    }
    // None of it cost a lane or was applied.
    committed(&store, blind("a", "3")).await;
}

/// contract 38, contract F7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_that_are_taken_away_make_no_delete_and_come_back() {
    let Some(mut guarded) = Guarded::new().await else { return };
    let store = guarded.open().await;
    committed(&store, blind("a", "1")).await;
    let (mut feed, at) = synced(&store).await;
    let (key_of, range_end) = range("e/fault/");
    let revoked = json!({ "role": "app", "key": key_of, "range_end": range_end });
    guarded.as_root("auth/role/revoke", &revoked);

    let refused = store.commit(blind("a", "2")).await;
    assert!(matches!(&refused, Err(CommitError::Denied { .. })), "{refused:?}");
    let quiet = quiet(&mut feed).await;
    assert!(quiet.is_none_or(|error| matches!(error, FollowError::Denied { .. })));
    for from in [None, Some(at)] {
        let mut feed = store.follow(scope(), from).await.expect("the head may be read");
        let error = loop {
            match feed.next().await {
                Ok(FeedItem::Reset { .. }) => {}
                Ok(other) => panic!("told without a right: {other:?}"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, FollowError::Denied { .. }), "{error}");
    }

    guarded.as_root("auth/role/grant", &permission("e/fault/", "READWRITE"));
    let mut feed = store.follow(scope(), Some(at)).await.expect("a feed");
    committed(&store, blind("a", "3")).await;
    let told = told(&mut feed).await.expect("it goes on where it was");
    assert_eq!(told.iter().map(|change| change.key().clone()).collect::<Vec<_>>(), [key("a")]);
}

/// The feed's end, when it ends; nothing when it only tells progress for some seconds.
async fn quiet(feed: &mut trimtab_backend::Feed) -> Option<FollowError> {
    let seams = trimtab_seams::Seams::tokio();
    let end = seams.now() + Duration::from_secs(3);
    while seams.now() < end {
        match feed.next().await {
            Ok(FeedItem::Batch { changes, .. }) if changes.is_empty() => {}
            Ok(other) => panic!("told without a right: {other:?}"),
            Err(error) => return Some(error),
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ended_is_replaced_without_anybody_noticing() {
    let Some(guarded) = Guarded::new().await else { return };
    let store = guarded.open().await;
    committed(&store, blind("a", "1")).await;
    pause(TOKEN * 2).await;
    committed(&store, blind("a", "2")).await;
    pause(TOKEN * 2).await;
    assert_eq!(store.read(&[key("a")]).await.expect("a new token").1.len(), 1);
    pause(TOKEN * 2).await;
    let (mut feed, _) = synced(&store).await;
    committed(&store, blind("a", "3")).await;
    told(&mut feed).await.expect("a watch with a new token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_a_missing_user_are_denied_and_say_what_to_do() {
    let Some(guarded) = Guarded::new().await else { return };
    let wrong = Etcd::builder(guarded.cluster.endpoints()).user("app", "wrong").connect().await;
    assert!(matches!(&wrong, Err(ConnectError::Denied { what }) if what.contains("password")), "{wrong:?}");
    let nobody = Etcd::connect(guarded.cluster.endpoints()).await;
    assert!(matches!(&nobody, Err(ConnectError::Denied { what }) if what.contains("`user`")), "{nobody:?}");
}
