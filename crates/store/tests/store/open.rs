//! Opening and closing.

use std::time::Duration;

use trimtab_backend::{FollowError, Index, Invalid, KindName, Memory, Scope, TenancyPattern, Why};
use trimtab_seams::virtual_time;
use trimtab_store::{AtLeastError, Closed, Following, OpenError, Store, SubscribeRequest, WriteError};

use crate::faulty::Faulty;
use crate::{SECOND, Site, in_memory, open, port, site};

/// behaviour E4
#[test]
fn open_answers_when_the_first_snapshot_is_in_memory() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        open(&seams, memory.clone())
            .await
            .commit([site("a", 1).create(), site("b", 2).create()])
            .await
            .expect("committed");
        let store = open(&seams, memory).await;
        assert_eq!((port(&store, "a"), port(&store, "b")), (Some(1), Some(2)));
        assert_eq!(store.position().map(|position| position.index), Some(Index::new(1)));
        assert!(store.health().is_live());
    });
}

/// fault F20
#[test]
fn open_waits_for_a_backend_that_comes_late_and_gives_up_after_its_patience() {
    virtual_time::run(2, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams));
        backend.go_away(FollowError::Unavailable { why: Why::NoLeader, retry_after: None });
        let impatient = Store::builder(backend.clone()).seams(&seams).patience(5 * SECOND).open();
        let error = impatient.await.expect_err("it never came");
        assert_eq!(error.to_string(), "open the store: the store is unavailable: it has no leader");
        let tries = backend.follows();
        seams.sleep(60 * SECOND).await;
        assert_eq!(backend.follows(), tries, "the follower of a store that did not open has ended");

        let came_back = backend.clone();
        let clock = seams.clone();
        seams.spawn("operator", async move {
            clock.sleep(20 * SECOND).await;
            came_back.come_back();
        });
        Store::builder(backend).seams(&seams).open().await.expect("it came within 30 s");
    });
}

/// behaviour C15
#[test]
fn what_no_waiting_mends_ends_open_at_once() {
    virtual_time::run(3, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams));
        backend.go_away(FollowError::Denied { what: "read on e/".into() });
        let start = seams.now();
        let error = Store::builder(backend).seams(&seams).open().await.expect_err("denied");
        assert!(matches!(error, OpenError::Follow(FollowError::Denied { .. })), "{error}");
        assert!(seams.now() - start < SECOND);

        let memory = Memory::with_seams(&seams);
        for (kinds, field) in [(vec!["Site", "b"], "kind"), (vec!["site", "trimtab.lease"], "kinds")] {
            let error =
                Store::builder(memory.clone()).seams(&seams).kinds(kinds).open().await.expect_err("invalid");
            assert!(
                matches!(&error, OpenError::Invalid(Invalid { field: found, .. }) if *found == field),
                "{error}"
            );
        }
        let scope = Scope::Within(KindName::new("no kind"), TenancyPattern::ANY);
        let error = Store::builder(memory).seams(&seams).scope(scope).open().await.expect_err("invalid");
        assert!(matches!(error, OpenError::Invalid(_)), "{error}");
    });
}

/// behaviour S9
#[test]
fn a_closed_store_still_reads_and_ends_everything_else() {
    virtual_time::run(4, async |seams| {
        let store = in_memory(&seams).await;
        let commit = store.commit(site("a", 1).create()).await.expect("committed");
        let mut subscription = store.subscribe(SubscribeRequest::all("site")).expect("followed");
        let (waiting, mut position) = (store.clone(), commit.position());
        position.index = Index::new(1_000);
        let (done, wait) = flag(&seams);
        seams.spawn("waiter", async move {
            assert_eq!(waiting.at_least(position).await.err(), Some(AtLeastError::Closed));
            done();
        });
        seams.sleep(SECOND).await;
        store.close().await;
        store.close().await;
        wait.await;
        assert_eq!(port(&store, "a"), Some(1));
        let closed = loop {
            if let Err(closed) = subscription.next().await {
                break closed;
            }
        };
        assert_eq!(closed, Closed::ShuttingDown);
        assert_eq!(store.health().following, Following::Closed);
        let error = store.commit(site("b", 1).create()).await.expect_err("closed");
        assert!(matches!(error, WriteError::Unavailable { .. }), "{error}");
        assert!(store.at_least(commit.position()).await.is_ok(), "what the view includes can still be read");
    });
}

/// guarantee Q-h
#[test]
fn dropping_the_last_handle_ends_the_follower_and_frees_the_backend() {
    virtual_time::run(5, async |seams| {
        let backend = std::sync::Arc::new(Memory::with_seams(&seams));
        let store = open(&seams, std::sync::Arc::clone(&backend)).await;
        let (clone, door, snapshot) = (store.clone(), store.door(), store.snapshot());
        drop((store, clone));
        seams.sleep(SECOND).await;
        assert!(std::sync::Arc::strong_count(&backend) > 1, "a door keeps the store open");
        drop(door);
        seams.sleep(SECOND).await;
        assert_eq!(std::sync::Arc::strong_count(&backend), 1);
        assert_eq!(
            snapshot.get::<Site>("a").expect("followed").map(|_| ()),
            None,
            "a snapshot stands by itself"
        );
    });
}

fn flag(seams: &trimtab_seams::Seams) -> (impl FnOnce() + Send + 'static, impl Future<Output = ()> + use<>) {
    let set = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (done, seams) = (std::sync::Arc::clone(&set), seams.clone());
    let wait = async move {
        while !set.load(std::sync::atomic::Ordering::Relaxed) {
            seams.sleep(Duration::from_millis(1)).await;
        }
    };
    (move || done.store(true, std::sync::atomic::Ordering::Relaxed), wait)
}
