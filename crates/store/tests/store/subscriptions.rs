//! Subscriptions of a store.

use trimtab_backend::{Memory, Tenancy};
use trimtab_seams::virtual_time;
use trimtab_store::{Key, Message, Store, SubscribeError, SubscribeRequest, subject};

use crate::{Certificate, Site, in_memory, port, site};
use trimtab_store::Kind as _;

/// behaviour S1
#[test]
fn the_topics_are_the_followed_kinds() {
    virtual_time::run(1, async |seams| {
        let store = Store::builder(Memory::with_seams(&seams))
            .seams(&seams)
            .kinds(["site"])
            .open()
            .await
            .expect("open");
        drop(store.subscribe(SubscribeRequest::all("site")).expect("followed"));
        for unknown in ["certificate", "No Kind", "trimtab.lease"] {
            let error = store.subscribe(SubscribeRequest::all(unknown)).expect_err("unknown");
            assert!(matches!(error, SubscribeError::UnknownTopic(_)), "{error}");
        }
        let all = in_memory(&seams).await;
        drop(all.subscribe(SubscribeRequest::all("any-kind")).expect("kinds are an open set"));
        all.subscribe(SubscribeRequest::all("trimtab.lease")).expect_err("reserved");
    });
}

/// behaviour S2, S6
#[test]
fn a_subscription_of_one_entry_hears_of_it_alone() {
    virtual_time::run(2, async |seams| {
        let store = in_memory(&seams).await;
        let shop = Tenancy::in_namespace("shop");
        let key = Key::within("site".into(), shop.clone(), "a/b");
        let other = site("a/b", 9);
        store
            .commit([
                site("a/b", 1).in_tenancy(&shop).create(),
                other.create(),
                Certificate {}.named("a/b").create(),
            ])
            .await
            .expect("committed");
        let mut one = store.subscribe(SubscribeRequest::one("site", subject(&key))).expect("followed");
        let mut nothing =
            store.subscribe(SubscribeRequest::one("site", "no subject of ours")).expect("followed");
        store
            .commit([site("a/b", 2).in_tenancy(&shop).apply(), site("c", 1).create()])
            .await
            .expect("committed");
        let mut ports = Vec::new();
        while let Some(message) = one.try_next().expect("open") {
            if let Message::Changes { events, .. } = message {
                assert!(events.iter().all(|event| event.key == key));
                ports.extend(events.iter().map(|event| {
                    event.new.as_ref().and_then(|entry| entry.typed::<Site>().ok()).map(|site| site.spec.port)
                }));
            }
        }
        assert_eq!(ports, [Some(1), Some(2)]);
        assert_eq!(nothing.try_next().expect("open"), Some(Message::EndOfSnapshot(1)));
        assert_eq!(nothing.try_next().expect("open"), None);
    });
}

/// behaviour S6, C5
#[test]
fn a_snapshot_is_read_from_a_pinned_commit_while_the_store_goes_on() {
    virtual_time::run(3, async |seams| {
        let store = in_memory(&seams).await;
        for n in 0..300 {
            store.commit(site(&format!("s-{n:03}"), 0).create()).await.expect("committed");
        }
        let mut subscription = store.subscribe(SubscribeRequest::all("site")).expect("followed");
        for n in 0..300 {
            store.commit(site(&format!("s-{n:03}"), 1).apply()).await.expect("committed");
        }
        let (mut seen, mut live) = (Vec::new(), 0);
        let mut ended = false;
        while live < 300 {
            match subscription.next().await.expect("open") {
                Message::Changes { events, index } => {
                    for event in &*events {
                        let port = event
                            .new
                            .as_ref()
                            .and_then(|new| new.typed::<Site>().ok())
                            .map(|site| site.spec.port);
                        assert_eq!((port, event.old.is_some()), (Some(u16::from(ended)), ended));
                        assert_eq!(event.index.get(), index);
                    }
                    if ended {
                        live += events.len();
                    } else {
                        seen.extend(events.iter().map(|e| e.key.clone()));
                    }
                }
                Message::EndOfSnapshot(index) => {
                    assert_eq!((index, seen.len()), (300, 300));
                    ended = true;
                }
                Message::NewSnapshotToFollow => panic!("nobody resumed"),
            }
        }
        assert!(seen.is_sorted());
        assert_eq!(port(&store, "s-000"), Some(1));
    });
}

/// behaviour S3
#[test]
fn an_index_that_was_seen_in_a_commit_can_be_resumed_at() {
    virtual_time::run(4, async |seams| {
        let store = in_memory(&seams).await;
        let first = store.commit(site("a", 1).create()).await.expect("committed").position();
        store.commit(Certificate {}.named("c").create()).await.expect("committed");
        store.commit(site("a", 2).apply()).await.expect("committed");
        let mut rest =
            store.subscribe(SubscribeRequest::all("site").resume_at(first.index.get())).expect("followed");
        let Some(Message::Changes { index: 3, events }) = rest.try_next().expect("open") else {
            panic!("the change")
        };
        assert_eq!(events.len(), 1);
        assert_eq!(rest.try_next().expect("open"), None);
    });
}
