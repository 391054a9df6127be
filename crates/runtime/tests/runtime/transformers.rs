//! Transformers: how many, what they see, what happens when they fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use trimtab_runtime::{Action, Controller, Error, Reconciler, Request, Source, reconcile_with};
use trimtab_store::{Change, Draft, Key, Kind as _, KindKey as _};

use crate::world::{Certificate, Diary, MS, SECOND, Site, logged, site, world};

fn noting(diary: &Diary) -> impl Reconciler {
    reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        Ok(Action::done())
    })
}

fn pointing(certificate: &str) -> Site {
    Site { port: 80, certificate: Some(certificate.into()) }
}

fn certificates(site: &Change<Site>) -> Vec<Request> {
    let pointed = site.both().filter_map(|site| site.spec.certificate.as_ref());
    pointed.map(|name| site.beside::<Certificate>(name)).collect()
}

/// behaviour C6
#[test]
fn several_transformers_concatenate_and_what_one_event_gives_is_deduplicated() {
    world(1, async |w| {
        let diary = Diary::default();
        let source = Source::of::<Site>()
            .map(|change| {
                [change.beside::<Site>("x"), change.beside::<Site>("y"), change.beside::<Site>("x")]
            })
            .map(|_: &Change<Site>| None::<Request>)
            .map(|change| Some(change.beside::<Site>("y")))
            .map(|change| change.new.clone());
        let running = w.start(Controller::new(&w.store, noting(&diary)).subscribe(source));
        w.put("z", site(80)).await;
        running.settled().await;
        assert_eq!(diary.names(), ["x", "y", "z"]);
        assert_eq!(running.handle.metrics().queue.adds, 3);
        running.stop().await.unwrap();
    });
}

/// behaviour C7
#[test]
fn a_transformer_sees_old_and_new_and_on_delete_the_last_value() {
    world(2, async |w| {
        let diary = Diary::default();
        let running =
            w.start(Controller::new(&w.store, noting(&diary)).subscribe(Source::of().map(certificates)));
        let take = || {
            let mut names = diary.names();
            names.sort();
            diary.clear();
            names
        };
        w.put("blog", pointing("first")).await;
        running.settled().await;
        assert_eq!(take(), ["first"]);
        w.put("blog", pointing("second")).await;
        running.settled().await;
        assert_eq!(take(), ["first", "second"], "what it no longer points at is reconciled too");
        w.delete("blog").await;
        running.settled().await;
        assert_eq!(take(), ["second"]);
        running.stop().await.unwrap();
    });
}

/// behaviour C8
#[test]
fn an_error_or_a_panic_in_a_transformer_is_logged_counted_and_retried_and_no_event_is_lost() {
    let ((), lines) = logged(|| {
        world(3, async |w| {
            let diary = Diary::default();
            let broken = Arc::new(AtomicU32::new(2));
            let left = Arc::clone(&broken);
            let source =
                Source::of().try_map(move |site: &Change<Site>| match left.load(Ordering::Relaxed) {
                    0 => Ok(certificates(site)),
                    1 => Err(Error::from("not now")),
                    _ => panic!("in a transformer"),
                });
            let running = w.start(Controller::new(&w.store, noting(&diary)).subscribe(source));
            running.settled().await;
            w.put("blog", pointing("first")).await;
            w.sleep(MS).await;
            broken.store(1, Ordering::Relaxed);
            // It changes while the first change is not mapped yet; what it pointed at in between and before is still to be told.
            w.put("blog", pointing("second")).await;
            w.put("blog", pointing("third")).await;
            w.sleep(MS).await;
            let status = running.handle.status();
            assert_eq!(status.sources[0].unmapped, [(Key::of::<Site>("blog"), "not now".to_owned())]);
            assert!(!running.handle.is_settled());
            w.sleep(SECOND).await;
            let failures = running.handle.metrics().map_failures;
            assert!((5..20).contains(&failures), "with backoff: {failures}");
            assert_eq!(diary.len(), 0);

            broken.store(0, Ordering::Relaxed);
            w.sleep(300 * SECOND).await;
            let mut names = diary.names();
            names.sort();
            assert_eq!(names, ["third"], "created by the first change, so before it there was nothing");
            assert!(running.handle.status().sources[0].unmapped.is_empty());
            assert!(running.handle.is_settled());

            diary.clear();
            broken.store(1, Ordering::Relaxed);
            w.put("blog", pointing("fourth")).await;
            w.put("blog", pointing("fifth")).await;
            w.sleep(MS).await;
            broken.store(0, Ordering::Relaxed);
            w.sleep(300 * SECOND).await;
            let mut names = diary.names();
            names.sort();
            assert_eq!(names, ["fifth", "third"], "the oldest value before, the newest now");
            running.stop().await.unwrap();
        });
    });
    let panic = lines.iter().find(|line| line.text.contains("a transformer panicked")).expect("it is logged");
    assert!(
        panic.text.contains("key=site/blog") && panic.text.contains("in a transformer at "),
        "{}",
        panic.text
    );
    assert!(panic.text.contains("backtrace="));
}

/// behaviour C8
#[test]
fn an_entry_that_is_not_of_the_type_is_listed_until_it_changes_and_others_go_on() {
    world(4, async |w| {
        let diary = Diary::default();
        let running =
            w.start(Controller::new(&w.store, noting(&diary)).subscribe(Source::of().map(certificates)));
        running.settled().await;
        let wrong = Draft::json("site", "bad", &serde_json::json!({ "port": "eighty" }));
        w.store.commit(wrong.apply()).await.unwrap();
        w.put("good", pointing("c")).await;
        running.settled().await;
        assert_eq!(diary.names(), ["c"]);
        let unmapped = running.handle.status().sources[0].unmapped.clone();
        assert_eq!(unmapped[0].0, Key::of::<Site>("bad"));
        assert!(unmapped[0].1.contains("cannot read the spec of site/bad"), "{}", unmapped[0].1);

        // Now it is; what it was before counts as nothing.
        w.put("bad", pointing("d")).await;
        running.settled().await;
        assert_eq!(diary.names(), ["c", "d"]);
        assert!(running.handle.status().sources[0].unmapped.is_empty());
        running.stop().await.unwrap();
    });
}

#[test]
fn children_wake_their_owners_before_and_now() {
    world(5, async |w| {
        let diary = Diary::default();
        let children = Source::of::<Certificate>().to_owner::<Site>();
        let running = w.start(Controller::new(&w.store, noting(&diary)).subscribe(children));
        w.put("a", site(1)).await;
        w.put("b", site(2)).await;
        let [a, b] = ["a", "b"].map(|name| w.store.get::<Site>(name).unwrap().unwrap());
        w.store.commit(Certificate { serial: 1 }.named("child").owned_by(&a).apply()).await.unwrap();
        running.settled().await;
        assert_eq!(diary.names(), ["a"]);
        let child = w.store.get::<Certificate>("child").unwrap().unwrap();
        w.store.commit([child.add_owner(&b), child.remove_owner(a.uid())]).await.unwrap();
        running.settled().await;
        let mut names = diary.names();
        names.sort();
        assert_eq!(names, ["a", "a", "b"]);
        running.stop().await.unwrap();
    });
}

/// behaviour C8, C7
#[test]
fn what_an_entry_pointed_at_before_a_failed_mapping_is_told_by_the_next_change() {
    world(20, async |w| {
        let (diary, failing) = (Diary::default(), Arc::new(AtomicU32::new(0)));
        let fails = Arc::clone(&failing);
        let source = Source::of::<Site>().try_map(move |change| {
            if fails.load(Ordering::Relaxed) > 0 {
                return Err(Error::from("not now"));
            }
            Ok(certificates(change))
        });
        let running = w.start(Controller::new(&w.store, noting(&diary)).subscribe(source));
        w.put("blog", pointing("first")).await;
        running.settled().await;
        diary.clear();
        failing.store(1, Ordering::Relaxed);
        w.put("blog", pointing("second")).await;
        w.sleep(SECOND).await;
        assert_eq!(diary.names(), Vec::<String>::new());
        failing.store(0, Ordering::Relaxed);
        // Comes before the failed one is tried again.
        w.put("blog", pointing("third")).await;
        running.settled().await;
        let mut names = diary.names();
        names.sort();
        assert_eq!(names, ["first", "second", "third"]);
        running.stop().await.unwrap();
    });
}

/// behaviour C8, C7
#[test]
fn what_an_entry_pointed_at_before_it_became_unreadable_is_told_once_it_is_mended() {
    world(21, async |w| {
        let diary = Diary::default();
        let running =
            w.start(Controller::new(&w.store, noting(&diary)).subscribe(Source::of().map(certificates)));
        w.put("blog", pointing("first")).await;
        running.settled().await;
        diary.clear();
        let garbage = Draft::json("site", "blog", &serde_json::json!({ "port": "eighty" }));
        w.store.commit(garbage.apply()).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(running.handle.status().sources[0].unmapped.len(), 1);
        w.store
            .commit(
                Draft::json("site", "blog", &serde_json::json!({ "port": 80, "certificate": "third" }))
                    .exactly()
                    .apply(),
            )
            .await
            .unwrap();
        w.sleep(SECOND).await;
        let mut names = diary.names();
        names.sort();
        assert_eq!(names, ["first", "third"]);
        assert_eq!(running.handle.status().sources[0].unmapped, []);
        running.stop().await.unwrap();
    });
}
