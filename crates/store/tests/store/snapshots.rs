//! Snapshots: one index, whole, for as long as they are held.

use trimtab_backend::{Index, Memory, Position, StoreId};
use trimtab_seams::virtual_time;
use trimtab_store::{AtLeastError, Store};

use crate::faulty::Faulty;
use crate::{SECOND, Site, in_memory, open, port, site};

/// behaviour E4
#[test]
fn a_snapshot_stays_as_it_was_whatever_is_written_after_it() {
    virtual_time::run(1, async |seams| {
        let store = in_memory(&seams).await;
        let empty = store.snapshot();
        store.commit([site("a", 1).create(), site("b", 2).create()]).await.expect("committed");
        let first = store.snapshot();
        let a = store.get::<Site>("a").expect("followed").expect("there");
        store.commit([a.delete(), site("b", 22).apply(), site("c", 3).create()]).await.expect("committed");
        let ports = |snapshot: &trimtab_store::Snapshot| {
            let sites = snapshot.list::<Site>().all().expect("sites");
            sites.iter().map(|site| (site.name().to_owned(), site.spec.port)).collect::<Vec<_>>()
        };
        assert_eq!(ports(&empty), []);
        assert_eq!(ports(&first), [("a".into(), 1), ("b".into(), 2)]);
        assert_eq!(ports(&first.clone()), ports(&first));
        assert_eq!(ports(&store.snapshot()), [("b".into(), 22), ("c".into(), 3)]);
        assert_eq!([&empty, &first].map(|snapshot| snapshot.index().get()), [0, 1]);
        assert_eq!(format!("{first:?}"), "Snapshot(1)");
    });
}

/// behaviour E2
#[test]
fn a_transaction_is_seen_whole_or_not_at_all() {
    virtual_time::run(2, async |seams| {
        let store = in_memory(&seams).await;
        let pair = |n| [site("left", n).apply(), site("right", n).apply()];
        store.commit(pair(0)).await.expect("committed");
        let writer = store.clone();
        seams.spawn("writer", async move {
            for n in 1..200 {
                writer.commit(pair(n)).await.expect("committed");
            }
        });
        let mut seen = 0;
        while seen < 199 {
            let snapshot = store.snapshot();
            let port = |name| snapshot.get::<Site>(name).expect("followed").map(|site| site.spec.port);
            assert_eq!(port("left"), port("right"));
            assert!(port("left") >= Some(seen), "the view never goes back");
            seen = port("left").unwrap_or_default();
            seams.sleep(std::time::Duration::from_micros(10)).await;
        }
    });
}

/// behaviour C17
#[test]
fn at_least_waits_until_the_view_includes_the_position() {
    virtual_time::run(3, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams));
        let store = open(&seams, backend.clone()).await;
        backend.go_away(trimtab_backend::FollowError::UNREACHABLE);
        let other = open(&seams, backend.memory()).await;
        let position = other.commit(site("a", 1).create()).await.expect("committed").position();
        let (start, clock, back) = (seams.now(), seams.clone(), backend.clone());
        seams.spawn("operator", async move {
            clock.sleep(20 * SECOND).await;
            back.come_back();
        });
        assert_eq!(port(&store, "a"), None, "not yet");
        let snapshot = store.at_least(position).await.expect("it comes");
        assert!(seams.now() - start >= 20 * SECOND);
        assert_eq!(snapshot.get::<Site>("a").expect("followed").map(|site| site.spec.port), Some(1));
        let start = seams.now();
        store.at_least(position).await.expect("it is there");
        assert_eq!(seams.now(), start, "what the view includes needs no waiting");
    });
}

/// behaviour C17
#[test]
fn at_least_of_another_stores_position_is_an_error_at_once() {
    virtual_time::run(4, async |seams| {
        let store = in_memory(&seams).await;
        let foreign = Position { store: StoreId::new([9; 16]), index: Index::ZERO };
        let error = store.at_least(foreign).await.expect_err("another store");
        assert!(matches!(error, AtLeastError::OtherStore { .. }));
        assert!(error.to_string().starts_with("wait for position 09090909-0: this is another store"));
    });
}

/// guarantee Q-j
#[test]
fn a_wait_that_is_dropped_leaves_nothing_behind() {
    virtual_time::run(5, async |seams| {
        let store = in_memory(&seams).await;
        let far = Position { index: Index::new(50), ..store.position().expect("open") };
        for _ in 0..3 {
            let mut wait = std::pin::pin!(store.at_least(far));
            let mut sleep = seams.sleep(SECOND);
            std::future::poll_fn(|cx| {
                assert!(wait.as_mut().poll(cx).is_pending());
                std::pin::Pin::new(&mut sleep).poll(cx)
            })
            .await;
        }
        for n in 0..50 {
            store.commit(site("a", n).apply()).await.expect("committed");
        }
        assert!(store.at_least(far).await.is_ok());
    });
}

/// behaviour E4
#[test]
fn head_and_latest_ask_the_backend_and_not_the_view() {
    virtual_time::run(6, async |seams| {
        let memory = Memory::with_seams(&seams);
        let other = open(&seams, memory.clone()).await;
        other.commit(site("a", 1).create()).await.expect("committed");
        let certificates: Store =
            Store::builder(memory).seams(&seams).kinds(["certificate"]).open().await.expect("open");
        let a = trimtab_store::Key::new("site", "a");
        assert!(certificates.entry(&a).is_err(), "not followed");
        let latest = certificates.latest(&a).await.expect("answered").expect("there");
        assert_eq!(latest.typed::<Site>().expect("a site").spec.port, 1);
        assert_eq!(certificates.head().await.expect("answered").index, Index::new(1));
        assert_eq!(certificates.latest(&trimtab_store::Key::new("site", "b")).await.expect("answered"), None);
    });
}
