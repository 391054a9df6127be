//! How a controller stops.

use std::sync::Arc;

use parking_lot::Mutex;
use trimtab_runtime::{Action, Controller, Reconciler, RunError, Source, reconcile_with};
use trimtab_store::{Key, KindKey as _};

use crate::world::{Diary, MS, NextCommit, SECOND, Site, site, world};

/// Takes ten seconds, and notes what it got to.
fn slow(diary: &Diary, finished: &Arc<Mutex<Vec<String>>>) -> impl Reconciler {
    reconcile_with((diary.clone(), Arc::clone(finished)), async |(diary, finished), ctx, request| {
        diary.write(ctx, &request);
        ctx.sleep(10 * SECOND).await;
        finished.lock().push(request.name().into());
        Ok(Action::done())
    })
}

/// behaviour C14, guarantee Q-h
#[test]
fn running_reconciles_may_finish_and_what_is_queued_is_dropped() {
    world(1, async |w| {
        let (diary, finished) = (Diary::default(), Arc::default());
        for name in ["a", "b", "c"] {
            w.put(name, site(80)).await;
        }
        let controller = Controller::new(&w.store, slow(&diary, &finished)).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_workers(2));
        let handle = running.handle.clone();
        w.sleep(SECOND).await;
        let before = w.seams.now();
        running.stop().await.unwrap();
        assert_eq!(w.seams.now() - before, 9 * SECOND, "it waits for them and no longer");
        finished.lock().sort();
        assert_eq!(*finished.lock(), ["a", "b"]);
        assert_eq!(diary.len(), 2, "c was not begun");
        handle.enqueue(Key::of::<Site>("c"));
        w.put("c", site(81)).await;
        w.sleep(SECOND).await;
        assert_eq!(diary.len(), 2, "nothing goes on afterwards");
        assert!(!handle.is_ready());
    });
}

/// behaviour C14, guarantee Q-h
#[test]
fn asked_for_it_also_reconciles_what_is_in_line() {
    world(2, async |w| {
        let (diary, finished) = (Diary::default(), Arc::default());
        for name in ["a", "b", "c"] {
            w.put(name, site(80)).await;
        }
        let controller = Controller::new(&w.store, slow(&diary, &finished)).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_drained_queue());
        w.sleep(SECOND).await;
        running.stop().await.unwrap();
        assert_eq!(*finished.lock(), ["a", "b", "c"]);
    });
}

/// behaviour C14
#[test]
fn past_the_drain_deadline_what_runs_is_cancelled_and_told() {
    world(3, async |w| {
        let (diary, finished) = (Diary::default(), Arc::<Mutex<Vec<String>>>::default());
        let noticed = Arc::new(Mutex::new(Vec::new()));
        let reconciler =
            reconcile_with((diary.clone(), Arc::clone(&noticed)), async |(diary, noticed), ctx, request| {
                diary.write(ctx, &request);
                assert!(!ctx.is_cancelled());
                if request.name() == "listens" {
                    ctx.cancelled().await;
                    noticed.lock().push(ctx.is_cancelled());
                    return Ok(Action::done());
                }
                std::future::pending().await
            });
        for name in ["hangs", "listens"] {
            w.put(name, site(80)).await;
        }
        let controller = Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_workers(2).with_drain(5 * SECOND));
        let handle = running.handle.clone();
        w.sleep(SECOND).await;
        let before = w.seams.now();
        let ended = running.stop().await;
        assert_eq!(w.seams.now() - before, 5 * SECOND);
        let running = ["hangs", "listens"].map(Key::of::<Site>).to_vec();
        assert_eq!(ended, Err(RunError::DrainDeadline { running }));
        let text = ended.unwrap_err().to_string();
        assert!(
            text.contains(
                "2 still running and cancelled: site/hangs, site/listens; raise it with `with_drain`"
            ),
            "{text}"
        );
        assert_eq!(*noticed.lock(), [true], "a run that listens may end by itself");
        assert_eq!(handle.metrics().reconciles.cancelled, 1);
        assert!(finished.lock().is_empty());
    });
}

/// behaviour C14
#[test]
fn without_work_it_stops_at_once() {
    world(4, async |w| {
        let (diary, finished) = (Diary::default(), Arc::default());
        let controller = Controller::new(&w.store, slow(&diary, &finished)).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_workers(8));
        running.settled().await;
        let before = w.seams.now();
        running.stop().await.unwrap();
        assert_eq!(w.seams.now(), before);
    });
}

#[test]
fn a_store_that_takes_no_more_writes_ends_run_and_says_so() {
    world(5, async |w| {
        let reconciler = reconcile_with((), async |(), ctx, request| {
            let site = ctx.get::<Site>(&request)?.expect("there");
            // An author who hides the error changes nothing.
            let hidden = ctx.commit(site.edit_status(|status| status.serving = Some(1))).await;
            assert!(hidden.is_err());
            assert!(
                ctx.commit(site.edit_status(|status| status.serving = Some(2))).await.is_err(),
                "nor is there a second try"
            );
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        w.backend.next_commit(NextCommit::Broken);
        let mut running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        let ended = running.ended().await;
        let Err(RunError::Broken { what }) = ended else { panic!("{ended:?}") };
        assert_eq!(what, "a sync has failed; restart");
        w.sleep(MS).await;
        assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().status.serving, None);
    });
}
