//! When the door answers.

use std::time::Duration;

use trimtab_backend::{FollowError, Memory};
use trimtab_seams::virtual_time;
use trimtab_store::{Kind as _, Store};

use crate::faulty::Faulty;
use crate::{Certificate, SECOND, open, port, site};

/// settled, Store: `Store::commit` returns when the local view includes the commit.
/// behaviour C17
#[test]
fn a_commit_answers_when_the_view_includes_it() {
    for seed in 0..50 {
        virtual_time::run(seed, async |seams| {
            let store = open(&seams, Memory::with_seams(&seams)).await;
            let start = seams.now();
            for n in 0..10 {
                store.commit(site("a", n).apply()).await.expect("committed");
                assert_eq!(port(&store, "a"), Some(n));
            }
            assert_eq!(seams.now(), start, "without waiting for any timer");
        });
    }
}

/// settled, Store: or after 1 s.
/// fault F12
#[test]
fn a_commit_answers_after_a_second_when_the_view_does_not_come() {
    virtual_time::run(1, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams));
        let store = open(&seams, backend.clone()).await;
        backend.go_away(FollowError::UNREACHABLE);
        let start = seams.now();
        let commit = store.commit(site("a", 1).create()).await.expect("committed");
        assert_eq!(seams.now() - start, SECOND);
        assert_eq!(port(&store, "a"), None);
        backend.come_back();
        store.at_least(commit.position()).await.expect("it comes");
        assert_eq!(port(&store, "a"), Some(1));
    });
}

/// contract I2: waits only in scopes the commit touched.
/// behaviour C17
#[test]
fn a_commit_outside_of_what_is_followed_waits_for_nothing() {
    virtual_time::run(2, async |seams| {
        let memory = Memory::with_seams(&seams);
        let store = Store::builder(memory).seams(&seams).kinds(["site"]).open().await.expect("open");
        let start = seams.now();
        store.commit(Certificate {}.named("c").create()).await.expect("committed");
        assert!(seams.now() - start < Duration::from_millis(1));
        let error =
            store.commit(Certificate {}.named("c").apply()).await.expect_err("what is there cannot be seen");
        assert!(error.to_string().contains("is not followed by this store"), "{error}");
    });
}

/// speed, the LIFO trap: a task that commits in memory and computes on must not keep the follower from its turn.
/// behaviour C3
#[test]
fn a_commit_that_never_waited_gives_way_once() {
    for seed in 0..20 {
        virtual_time::run(seed, async |seams| {
            let store = open(&seams, Memory::with_seams(&seams)).await;
            let door = store.door();
            let view = store.view();
            let mut commit = std::pin::pin!(door.commit(site("a", 1).create(), &view, &[]));
            let mut polls = 0;
            std::future::poll_fn(|cx| {
                polls += 1;
                commit.as_mut().poll(cx)
            })
            .await
            .expect("committed");
            assert_eq!(polls, 2);
        });
    }
}
