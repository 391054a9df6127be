//! Entries that cannot be decoded (fault F28).

use trimtab_backend::{Backend as _, Expect, Key, Operation, Part, Record, ResetReason, Transaction};
use trimtab_seams::virtual_time;
use trimtab_store::{Change, Following, Kind as _, Memory, Message, ReadError, Store, SubscribeRequest};

use crate::scripted::{Scripted, batch, delete, garbage, put, snapshot, spec, status};
use crate::{SECOND, Site, port};

/// fault F28, behaviour C8
#[test]
fn an_undecodable_entry_is_kept_aside_listed_and_never_called_absent() {
    virtual_time::run(1, async |seams| {
        let (store, feed) =
            Scripted::default().open(&seams, vec![spec("a", 1, 1, 10), spec("b", 1, 1, 20)]).await;
        let before = store.snapshot();
        batch(&feed, 1, 2, [put(garbage("a", 1, 2))]);
        batch(&feed, 2, 3, [put(spec("b", 1, 3, 21))]);
        seams.sleep(SECOND).await;
        assert_eq!(store.health().following, Following::Live, "it goes on");
        assert_eq!(port(&store, "b"), Some(21));
        let error = store.get::<Site>("a").expect_err("it is there");
        assert_eq!(
            error.to_string(),
            "cannot read the spec of site/a: its header line is malformed (expected ident at line 1 column 2); it was not written by Trimtab, or was damaged"
        );
        assert!(matches!(store.list::<Site>().all(), Err(ReadError::Decode(_))));
        let each: Vec<bool> = store.list::<Site>().into_iter().map(|site| site.is_ok()).collect();
        assert_eq!(each, [false, true], "the others can be had one by one");
        let listed = store.undecodable();
        assert_eq!(listed.iter().map(|error| error.key.name()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(store.health().undecodable, 1);
        assert_eq!(before.get::<Site>("a").expect("decodable").map(|site| site.spec.port), Some(10));
        batch(&feed, 3, 4, [put(spec("a", 1, 4, 11))]);
        seams.sleep(SECOND).await;
        assert_eq!((port(&store, "a"), store.undecodable().len()), (Some(11), 0));
    });
}

/// fault F28
#[test]
fn what_nobody_can_read_is_deleted_at_its_version_and_what_another_release_reads_is_not() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let put = async |name: &str, value: &'static str| {
            let (key, value) = (Key::new("site", name), value.into());
            let put = Operation::Put { key: key.clone(), part: Part::Spec, value, expect: Expect::Anything };
            memory.commit(Transaction::of([put])).await.expect("a put");
            key
        };
        let (odd, newer) = (put("odd", "no header\n{}").await, put("newer", "{\"f\":9}\n{}").await);
        let store = Store::builder(memory.clone()).seams(&seams).open().await.expect("a store");
        store
            .commit(Site { port: 80, certificates: Vec::new() }.named("plain").apply())
            .await
            .expect("a site");
        assert_eq!(store.undecodable().len(), 2);

        assert!(store.discard(&odd).await.expect("deleted").is_some());
        let left = store.undecodable();
        assert_eq!(left.iter().map(|error| error.key.name()).collect::<Vec<_>>(), ["newer"]);
        assert_eq!(store.entry(&odd), Ok(None));
        let refused = store.discard(&newer).await.expect_err("its finalizers are not known here");
        assert!(refused.to_string().contains("run the release that wrote it"), "{refused}");
        for not_so in [odd, Key::new("site", "plain")] {
            assert_eq!(store.discard(&not_so).await.expect("nothing to do"), None);
        }
        assert_eq!(port(&store, "plain"), Some(80));
    });
}

/// fault F28, behaviour C7
#[test]
fn subscribers_hear_nothing_of_it_until_it_can_be_decoded_again_or_is_gone() {
    virtual_time::run(2, async |seams| {
        let (store, feed) = Scripted::default()
            .open(&seams, vec![spec("a", 1, 1, 10), spec("b", 1, 1, 20), spec("c", 1, 1, 30)])
            .await;
        let mut subscription = store.subscribe(SubscribeRequest::all("site").resume_at(1)).expect("followed");
        batch(&feed, 1, 2, [put(garbage("a", 1, 2)), put(garbage("b", 1, 2)), put(garbage("c", 1, 2))]);
        batch(&feed, 2, 3, [put(status("a", 1, 3, true))]);
        batch(&feed, 3, 4, [put(spec("a", 1, 4, 11))]);
        batch(&feed, 4, 5, [delete("b", 1)]);
        batch(&feed, 5, 6, [delete("c", 1), put(garbage("c", 6, 6))]);
        batch(&feed, 6, 7, [put(spec("c", 6, 7, 31))]);
        seams.sleep(SECOND).await;
        let mut told = Vec::new();
        while let Some(Message::Changes { index, events }) = subscription.try_next().expect("open") {
            for event in &*events {
                let change = Change::<Site>::of(event, &store.snapshot()).expect("decodable");
                let port = |site: &Option<trimtab_store::Typed<Site>>| {
                    site.as_ref().map_or(0, |site| site.spec.port)
                };
                told.push((index, change.name().to_owned(), port(&change.old), port(&change.new)));
            }
        }
        let wanted = [(4, "a", 10, 11), (5, "b", 20, 0), (6, "c", 30, 0), (7, "c", 0, 31)];
        assert_eq!(told, wanted.map(|(index, name, old, new)| (index, name.to_owned(), old, new)));
        let a = store.get::<Site>("a").expect("decodable").expect("there");
        assert!(a.status.serving, "the status that came meanwhile was kept");
    });
}

/// A publisher takes a commit whole or not at all. One record of a kind that nobody may name, written by another program, took the rest of its
/// commit with it: subscribers never heard of it.
/// fault F24
#[test]
fn a_record_of_an_impossible_kind_does_not_silence_the_commit_it_came_in() {
    virtual_time::run(3, async |seams| {
        let (store, feed) = Scripted::default().open(&seams, vec![spec("a", 1, 1, 10)]).await;
        let mut subscription = store.subscribe(SubscribeRequest::all("site").resume_at(1)).expect("followed");
        let odd = Record { key: Key::new("No Such Kind", "x"), ..spec("x", 2, 2, 1) };
        batch(&feed, 1, 2, [put(odd), put(spec("a", 1, 2, 11))]);
        seams.sleep(SECOND).await;
        let told = subscription.try_next().expect("open");
        let Some(Message::Changes { index: 2, events }) = told else { panic!("{told:?}") };
        assert_eq!(events.iter().map(|event| event.key.name()).collect::<Vec<_>>(), ["a"]);
    });
}

/// Nobody has to walk the view to know how many entries it has, and which are being deleted.
#[test]
fn what_is_counted_of_the_view_follows_each_change_of_it() {
    virtual_time::run(4, async |seams| {
        let deleting = |name: &str, created, version| {
            let record = spec(name, created, version, 1);
            let value = String::from_utf8(record.value.to_vec()).expect("text");
            let mark = r#","deleted":{"since":"2026-01-01T00:00:00.000Z","propagation":"background"}}"#;
            Record { value: value.replacen('}', mark, 1).into(), ..record }
        };
        let scripted = Scripted::default();
        let (store, feed) =
            scripted.open(&seams, vec![spec("a", 1, 1, 1), deleting("b", 1, 1), garbage("c", 1, 1)]).await;
        let counted = || {
            let health = store.health();
            let names: Vec<_> = store.deleting().iter().map(|key| key.name().to_owned()).collect();
            (health.entries, health.undecodable, names)
        };
        assert_eq!(counted(), (3, 1, vec!["b".to_owned()]));
        batch(&feed, 1, 2, [put(deleting("a", 1, 2)), delete("b", 1), put(spec("d", 2, 2, 1))]);
        seams.sleep(SECOND).await;
        assert_eq!(counted(), (3, 1, vec!["a".to_owned()]));
        batch(&feed, 2, 3, [delete("a", 1), put(spec("a", 3, 3, 1)), delete("c", 1)]);
        seams.sleep(SECOND).await;
        assert_eq!(counted(), (2, 0, vec![]), "another life of the name is not being deleted");
        let again = scripted.feed();
        drop(feed);
        snapshot(&again, ResetReason::Overflow, vec![deleting("x", 9, 9)], 9);
        seams.sleep(60 * SECOND).await;
        assert_eq!(counted(), (1, 0, vec!["x".to_owned()]));
    });
}
