//! Triggers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use trimtab_runtime::{Action, Controller, Source, Trigger, reconcile_with};
use trimtab_store::{Key, Kind as _, KindKey as _};

use crate::world::{Certificate, Diary, MS, Running, SECOND, Site, World, site, world};

fn key(name: &str) -> Key {
    Key::of::<Site>(name)
}

/// A controller without sources: what it runs was enqueued, or triggered.
async fn waiting(w: &World, diary: &Diary) -> Running {
    let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        Ok(Action::done())
    });
    let running = w.start(Controller::new(&w.store, reconciler));
    running.handle.synced().await;
    running
}

/// behaviour T1
#[test]
fn a_trigger_that_ends_enqueues_its_key_once_also_when_it_failed() {
    world(1, async |w| {
        let diary = Diary::default();
        let running = waiting(&w, &diary).await;
        let (go, gone) = oneshot::channel::<()>();
        running.handle.add_trigger(key("a"), async move { Ok(gone.await?) });
        running.handle.add_trigger(key("b"), async { Err("it failed".into()) });
        w.sleep(SECOND).await;
        assert_eq!(diary.names(), ["b"]);
        assert_eq!(running.handle.status().triggers, 1);
        go.send(()).unwrap();
        w.sleep(SECOND).await;
        assert_eq!(diary.names(), ["b", "a"]);
        assert_eq!(diary.all()[1].reasons, ["triggered"]);
        assert_eq!(running.handle.metrics().triggered, 2);
        running.stop().await.unwrap();
    });
}

/// behaviour T2, T4
#[test]
fn a_removed_trigger_enqueues_nothing_and_removing_what_is_not_there_does_nothing() {
    world(2, async |w| {
        let diary = Diary::default();
        let running = waiting(&w, &diary).await;
        running.handle.add_trigger(key("a"), Trigger::after(SECOND));
        running.handle.remove_trigger(&key("a"));
        running.handle.remove_trigger(&key("a"));
        running.handle.remove_trigger(&key("never"));
        w.sleep(10 * SECOND).await;
        assert_eq!(diary.len(), 0);
        running.stop().await.unwrap();
    });
}

/// behaviour T2, T3
#[test]
fn a_second_trigger_of_a_key_cancels_and_replaces_the_first() {
    world(3, async |w| {
        let diary = Diary::default();
        let running = waiting(&w, &diary).await;
        let held = Arc::new(());
        let first = Arc::clone(&held);
        let seams = w.seams.clone();
        running.handle.add_trigger(key("a"), async move {
            seams.sleep(SECOND).await;
            drop(first);
            Ok(())
        });
        w.sleep(MS).await;
        let start = w.seams.now();
        running.handle.add_trigger(key("a"), Trigger::after(3 * SECOND));
        w.sleep(MS).await;
        assert_eq!(Arc::strong_count(&held), 1, "the first was dropped");
        w.sleep(10 * SECOND).await;
        let runs = diary.all();
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].at - start, 3 * SECOND);
        running.stop().await.unwrap();
    });
}

/// behaviour T5
#[test]
fn triggers_that_fired_are_forgotten() {
    world(4, async |w| {
        let diary = Diary::default();
        let running = waiting(&w, &diary).await;
        for n in 0..1000 {
            running.handle.add_trigger(key(&n.to_string()), async { Ok(()) });
        }
        w.sleep(MS).await;
        assert_eq!(running.handle.status().triggers, 0);
        assert_eq!(running.handle.metrics().triggered, 1000);
        running.stop().await.unwrap();
    });
}

/// behaviour T6
#[test]
fn a_panic_in_a_trigger_is_an_error_of_that_trigger_only() {
    world(5, async |w| {
        let diary = Diary::default();
        let running = waiting(&w, &diary).await;
        running.handle.add_trigger(key("a"), async { panic!("in a trigger") });
        running.handle.add_trigger(key("b"), Trigger::after(SECOND));
        w.sleep(2 * SECOND).await;
        assert_eq!(diary.names(), ["a", "b"]);
        running.stop().await.unwrap();
    });
}

/// behaviour T7
#[test]
fn all_triggers_end_when_the_controller_stops() {
    world(6, async |w| {
        let diary = Diary::default();
        let running = waiting(&w, &diary).await;
        let held = Arc::new(());
        for n in 0..10 {
            let held = Arc::clone(&held);
            running.handle.add_trigger(key(&n.to_string()), async move {
                std::future::pending::<()>().await;
                drop(held);
                Ok(())
            });
        }
        w.sleep(MS).await;
        assert_eq!(Arc::strong_count(&held), 11);
        running.stop().await.unwrap();
        assert_eq!(Arc::strong_count(&held), 1, "gone by the time run returns");
        assert_eq!(diary.len(), 0);
    });
}

/// behaviour T8
#[test]
fn a_trigger_fires_after_a_delay_at_a_time_of_day_and_on_a_change() {
    world(7, async |w| {
        let diary = Diary::default();
        let running = waiting(&w, &diary).await;
        let start = w.seams.now();
        let changed = Source::of::<Certificate>().named("wanted").when(|change| change.new.is_some());
        running.handle.add_trigger(key("after"), Trigger::after(5 * SECOND));
        running.handle.add_trigger(key("at"), Trigger::at(w.seams.wall() + 150 * SECOND));
        running.handle.add_trigger(key("past"), Trigger::at(w.seams.wall() - SECOND));
        running.handle.add_trigger(key("change"), Trigger::on_change(changed));
        w.sleep(200 * SECOND).await;
        let at = |name: &str| diary.of(name)[0].at - start;
        assert_eq!(diary.names(), ["past", "after", "at"]);
        assert_eq!([at("past"), at("after"), at("at")], [Duration::ZERO, 5 * SECOND, 150 * SECOND]);

        w.put("site-not-certificate", site(1)).await;
        w.store.commit(Certificate { serial: 1 }.named("other").apply()).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(diary.of("change").len(), 0);
        w.store.commit(Certificate { serial: 1 }.named("wanted").apply()).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(diary.of("change").len(), 1);
        running.stop().await.unwrap();
    });
}

/// behaviour T8
#[test]
fn on_change_misses_nothing_that_happened_since_the_snapshot_of_its_run() {
    world(8, async |w| {
        let diary = Diary::default();
        let store = w.store.clone();
        let reconciler = reconcile_with((diary.clone(), store), async |(diary, store), ctx, request| {
            diary.write(ctx, &request);
            if diary.len() == 1 {
                // Changes after this run has read, before its trigger is set.
                store.commit(Certificate { serial: 1 }.named("c").apply()).await?;
                ctx.add_trigger(Trigger::on_change(Source::of::<Certificate>()));
            }
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        let running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        w.sleep(SECOND).await;
        assert_eq!(diary.len(), 2);
        running.stop().await.unwrap();
    });
}

/// behaviour T8
#[test]
fn a_change_after_the_trigger_was_set_counts_also_when_the_controller_begins_later() {
    world(20, async |w| {
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            Ok(Action::done())
        });
        let controller = Controller::new(&w.store, reconciler);
        controller.handle().add_trigger(key("a"), Trigger::on_change(Source::of::<Certificate>()));
        w.store.commit(Certificate { serial: 1 }.named("c").apply()).await.unwrap();
        let running = w.start(controller);
        w.sleep(SECOND).await;
        assert_eq!(diary.names(), ["a"]);
        running.stop().await.unwrap();
    });
}
