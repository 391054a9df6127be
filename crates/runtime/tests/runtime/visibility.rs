//! How new the view of a run is, and what follows when the outcome of a commit is not known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use trimtab_backend::Memory;
use trimtab_runtime::{Action, Controller, Source, reconcile_with};
use trimtab_store::{Key, Kind as _, KindKey as _};

use crate::world::{Certificate, Diary, MS, NextCommit, SECOND, Site, World, site, world};

/// behaviour C17, guarantee W-d
#[test]
fn a_key_never_runs_on_a_view_older_than_its_own_last_write() {
    world(1, async |w| {
        w.put("blog", site(80)).await;
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            let blog = ctx.get::<Site>(&request)?.expect("there");
            if blog.status.serving.is_none() {
                ctx.commit(blog.edit_status(|status| status.serving = Some(80))).await?;
            }
            Ok(Action::done())
        });
        let controller = Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_backoff(100 * MS, SECOND));
        let handle = running.handle.clone();
        w.backend.hold_feed(true);
        w.sleep(MS).await;
        assert_eq!(diary.all().iter().map(|run| run.index).collect::<Vec<_>>(), [1], "it has written at 2");

        handle.enqueue(Key::of::<Site>("blog"));
        w.sleep(500 * MS).await;
        assert_eq!(diary.len(), 1, "the view does not show 2 yet");
        assert_eq!(handle.keys()[0].why.as_deref(), Some("waiting for index 2"));
        w.backend.hold_feed(false);
        w.sleep(MS).await;
        assert_eq!(diary.all().iter().map(|run| run.index).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(handle.metrics().put_off, 0, "it had only to wait");
        running.stop().await.unwrap();
    });
}

/// behaviour C17, guarantee W-d
#[test]
fn after_a_second_the_run_is_put_off_with_backoff_counted_and_visible_and_no_failure() {
    world(2, async |w| {
        w.put("blog", site(80)).await;
        w.put("other", site(80)).await;
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            let blog = ctx.get::<Site>(&request)?.expect("there");
            if request.name() == "blog" {
                ctx.commit(blog.edit_status(|status| status.serving = Some(80))).await?;
            }
            Ok(Action::done())
        });
        let controller = Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_backoff(SECOND, 10 * SECOND));
        let handle = running.handle.clone();
        w.backend.hold_feed(true);
        w.sleep(MS).await;
        diary.clear();
        handle.enqueue([Key::of::<Site>("blog"), Key::of::<Site>("other")]);
        w.sleep(60 * SECOND).await;
        assert_eq!(diary.names(), ["other"], "others go on");
        let put_off = handle.metrics().put_off;
        assert!((6..12).contains(&put_off), "1 s each, and growing pauses: {put_off}");
        let key = &handle.keys()[0];
        assert_eq!((key.why.as_deref(), key.failures), (Some("waiting for index 3"), 0));
        assert!(!handle.is_settled());
        w.backend.hold_feed(false);
        w.sleep(11 * SECOND).await;
        assert_eq!(diary.names(), ["other", "blog"]);
        assert!(diary.all()[1].index >= 3);
        assert!(handle.is_settled());
        running.stop().await.unwrap();
    });
}

fn noting(diary: &Diary) -> impl trimtab_runtime::Reconciler + use<> {
    reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        Ok(Action::done())
    })
}

fn write_once(diary: &Diary) -> impl trimtab_runtime::Reconciler + use<> {
    reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        let blog = ctx.get::<Site>(&request)?.expect("there");
        // Whatever the author makes of the error: the door has noticed.
        drop(ctx.commit(blog.edit_status(|status| status.serving = Some(blog.spec.port))).await);
        Ok(Action::done())
    })
}

/// guarantee R-b
#[test]
fn a_key_whose_commit_is_unknown_does_not_run_again_before_that_is_resolved() {
    for (seed, next) in [(3, NextCommit::AppliedButUnknown), (4, NextCommit::LostAndUnknown)] {
        world(seed, async |w| {
            w.put("blog", site(80)).await;
            let diary = Diary::default();
            w.backend.next_commit(next);
            w.backend.mute(true);
            let running =
                w.start(Controller::new(&w.store, write_once(&diary)).subscribe(Source::of::<Site>()));
            let handle = running.handle.clone();
            w.sleep(60 * SECOND).await;
            assert_eq!(diary.len(), 1, "the door has asked for 10 s, then the runtime goes on asking");
            assert_eq!(
                handle.keys()[0].why.as_deref(),
                Some("waiting to learn whether its last commit happened")
            );
            handle.enqueue(Key::of::<Site>("blog"));
            w.put("blog", site(81)).await;
            w.sleep(60 * SECOND).await;
            assert_eq!(diary.len(), 1, "nor for news");
            w.backend.mute(false);
            w.sleep(11 * SECOND).await;
            assert!(diary.len() >= 2);
            assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().status.serving, Some(81));
            assert!(handle.is_settled());
            running.stop().await.unwrap();
        });
    }
}

/// guarantee R-b
#[test]
fn a_key_whose_outcome_will_never_be_told_runs_on_what_is_there() {
    for (seed, next) in [(7, NextCommit::AppliedButUnknown), (8, NextCommit::LostAndUnknown)] {
        world(seed, async |w| {
            w.put("blog", site(80)).await;
            let diary = Diary::default();
            w.backend.next_commit(next);
            w.backend.mute(true);
            let running =
                w.start(Controller::new(&w.store, write_once(&diary)).subscribe(Source::of::<Site>()));
            w.sleep(60 * SECOND).await;
            assert_eq!(diary.len(), 1, "as long as it may be told");
            w.backend.forget();
            w.sleep(11 * SECOND).await;
            assert!(diary.len() >= 2);
            assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().status.serving, Some(80));
            assert!(running.handle.is_settled());
            running.stop().await.unwrap();
        });
    }
}

#[test]
fn an_unknown_outcome_that_the_door_resolves_in_time_is_no_matter() {
    world(5, async |w| {
        w.put("blog", site(80)).await;
        let diary = Diary::default();
        w.backend.next_commit(NextCommit::AppliedButUnknown);
        let running = w.start(Controller::new(&w.store, write_once(&diary)).subscribe(Source::of::<Site>()));
        running.settled().await;
        assert_eq!(diary.len(), 1);
        assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().status.serving, Some(80));
        running.stop().await.unwrap();
    });
}

#[test]
fn while_the_store_is_away_commits_fail_with_backoff_and_afterwards_everything_is_made_up_for() {
    world(6, async |w| {
        w.put("blog", site(80)).await;
        let done = Arc::new(AtomicBool::new(false));
        let reconciler = reconcile_with(Arc::clone(&done), async |done, ctx, request| {
            let blog = ctx.get::<Site>(&request)?.expect("there");
            ctx.commit(blog.edit_status(|status| status.serving = Some(80))).await?;
            done.store(true, Ordering::Relaxed);
            Ok(Action::done())
        });
        w.backend.away(true);
        let running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        w.sleep(60 * SECOND).await;
        let failing = running.handle.failing();
        assert!((10..20).contains(&failing[0].failures), "{}", failing[0].failures);
        let error = failing[0].last_error.clone().unwrap();
        assert_eq!(error, "the store is unavailable: it cannot be reached");
        w.backend.away(false);
        w.sleep(120 * SECOND).await;
        assert!(done.load(Ordering::Relaxed));
        assert!(running.handle.is_settled());
        running.stop().await.unwrap();
    });
}

/// Symptom: after an older copy of the store was put back, changes went unnoticed until its index had passed the old one. Cause: what a key's last run had
/// answered was noted by an index of the past before. Notes of another era are forgotten now.
#[test]
fn when_an_older_copy_of_the_store_is_put_back_nothing_counts_as_answered() {
    world(7, async |w| {
        let diary = Diary::default();
        // A second source, whose kind rests, so that notes are kept.
        let rests = Source::of::<Certificate>().map(|change| change.beside::<Site>("blog"));
        let sites = Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>());
        let running = w.start(sites.subscribe(rests));
        for port in 0..50 {
            w.put("blog", site(port)).await;
        }
        running.settled().await;
        assert_eq!(diary.all().last().unwrap().index, 50);
        let older = Memory::with_seams(&w.seams);
        w.backend.replace(older);
        w.sleep(10 * SECOND).await;
        assert!(w.store.get::<Site>("blog").unwrap().is_none());
        diary.clear();
        for port in 100..103 {
            w.put("blog", site(port)).await;
            running.settled().await;
        }
        assert_eq!(diary.all().iter().map(|run| run.index).collect::<Vec<_>>(), [1, 2, 3]);
        running.stop().await.unwrap();
    });
}

/// behaviour C17
#[test]
fn a_key_that_wrote_what_its_store_does_not_follow_runs_again() {
    world(20, async |w| {
        let diary = Diary::default();
        let store = trimtab_store::Store::builder(w.backend.clone())
            .seams(&w.seams)
            .scope(trimtab_store::Scope::Kind("site".into()))
            .open()
            .await
            .unwrap();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            ctx.commit(Certificate { serial: 1 }.named(format!("c{}", diary.len())).overwrite()).await?;
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        let running = w.start(Controller::new(&store, reconciler).subscribe(Source::of::<Site>()));
        w.sleep(SECOND).await;
        assert_eq!(diary.len(), 1);
        running.handle.enqueue(Key::of::<Site>("blog"));
        w.sleep(10 * SECOND).await;
        assert_eq!(diary.len(), 2);
        running.stop().await.unwrap();
    });
}

/// guarantee W-b, fault F17
#[test]
fn after_an_older_copy_of_the_store_was_put_back_each_key_runs_on_what_it_shows() {
    world(21, async |w| {
        let diary = Diary::default();
        let rests = Source::of::<Certificate>().map(|change| change.beside::<Site>("blog"));
        let sites = Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>());
        let running = w.start(sites.subscribe(rests));
        for port in 0..50 {
            w.put("blog", site(port)).await;
        }
        running.settled().await;
        let older = World::open(&w.seams).await;
        older.put("blog", site(7)).await;
        diary.clear();
        w.backend.replace(older.backend.memory());
        w.sleep(10 * SECOND).await;
        assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().spec.port, 7);
        assert_eq!(diary.all().iter().map(|run| run.index).collect::<Vec<_>>(), [1]);
        running.stop().await.unwrap();
    });
}

/// guarantee R-b
#[test]
fn an_open_outcome_is_not_forgotten_when_a_commit_beside_it_fails_later() {
    world(22, async |w| {
        let diary = Diary::default();
        let state = (diary.clone(), w.backend.clone());
        let reconciler = reconcile_with(state, async |(diary, backend), ctx, request| {
            diary.write(ctx, &request);
            if diary.len() > 1 {
                return Ok(Action::done());
            }
            let later = async {
                ctx.sleep(5 * SECOND).await;
                backend.next_commit(NextCommit::LostAndUnknown);
                ctx.commit(Certificate { serial: 2 }.named("b").create()).await
            };
            backend.next_commit(NextCommit::LostAndUnknown);
            let both = tokio::join!(ctx.commit(Certificate { serial: 1 }.named("a").create()), later);
            assert!(both.0.is_err() && both.1.is_err());
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        w.backend.mute(true);
        let running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        w.sleep(12 * SECOND).await;
        w.backend.mute(false);
        w.sleep(30 * SECOND).await;
        assert_eq!(diary.len(), 2, "it looks at what became of the first one");
        running.stop().await.unwrap();
    });
}
