//! Several controllers together.

use std::time::Duration;

use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::oneshot;
use trimtab_runtime::{Action, Controller, Manager, Reconciler, RunError, Source, reconcile_with};
use trimtab_store::{Kind as _, Memory, Store};

use crate::world::{Certificate, Diary, MS, SECOND, Site, World, site, world};

fn noting(diary: &Diary) -> impl Reconciler {
    reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        Ok(Action::done())
    })
}

/// Runs a manager beside the test; ends it when the sender is dropped.
fn run(w: &World, manager: Manager) -> (oneshot::Sender<()>, oneshot::Receiver<Result<(), RunError>>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let (done, ended) = oneshot::channel();
    w.seams.spawn("manager under test", async move {
        drop(done.send(manager.run(async move { drop(stopped.await) }).await));
    });
    (stop, ended)
}

/// behaviour C20
#[test]
fn controllers_start_together_stop_together_and_are_ready_when_all_are() {
    world(1, async |w| {
        w.put("blog", site(80)).await;
        w.store.commit(Certificate { serial: 1 }.named("c").apply()).await.unwrap();
        let (sites, certificates) = (Diary::default(), Diary::default());
        let manager = Manager::new()
            .add(Controller::new(&w.store, noting(&sites)).subscribe(Source::of::<Site>()))
            .add(Controller::new(&w.store, noting(&certificates)).subscribe(Source::of::<Certificate>()));
        let handle = manager.handle();
        let names: Vec<_> =
            handle.controllers().iter().map(|controller| controller.name().to_string()).collect();
        assert_eq!(
            names,
            ["trimtab.owners", "site", "certificate"],
            "named after their kinds, the cascade beside them"
        );
        assert!(!handle.readiness().ready);
        assert_eq!(handle.readiness().reasons[1], "site: it has not begun");
        let (stop, ended) = run(&w, manager);
        assert!(handle.ready().await);
        assert!(handle.readiness().ready);
        while !handle.is_settled() {
            w.sleep(MS).await;
        }
        assert_eq!((sites.names(), certificates.names()), (vec!["blog".into()], vec!["c".into()]));
        assert_eq!(handle.controller("site").unwrap().metrics().reconciles.done, 1);
        drop(stop);
        assert_eq!(ended.await.unwrap(), Ok(()));
        assert!(!handle.readiness().ready);
    });
}

/// behaviour C20, C15
#[test]
fn one_that_is_misconfigured_keeps_all_from_starting() {
    world(2, async |w| {
        w.put("blog", site(80)).await;
        let diary = Diary::default();
        let good = || Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>());
        let bad = Controller::new(&w.store, noting(&diary)).named("bad").with_backoff(SECOND, MS);
        let ended = Manager::new().add(good()).add(bad).run(std::future::pending()).await;
        assert!(matches!(ended, Err(RunError::Misconfigured(wrong)) if wrong.controller == "bad"));
        let twice = Manager::new().add(good()).add(good()).check().unwrap_err();
        assert_eq!((twice.controller.as_str(), twice.setting), ("site", "named"));
        assert!(twice.problem.contains("give each its own"), "{twice}");
        w.sleep(SECOND).await;
        assert_eq!(diary.len(), 0);
    });
}

/// behaviour C20, C14
#[test]
fn the_managers_drain_holds_for_those_without_their_own_and_late_keys_are_told_together() {
    world(3, async |w| {
        w.put("blog", site(80)).await;
        let hang = || {
            let hanging = reconcile_with((), async |(), _, _| std::future::pending().await);
            Controller::new(&w.store, hanging).subscribe(Source::of::<Site>())
        };
        let manager = Manager::new()
            .add(hang().named("a"))
            .add(hang().named("b").with_drain(2 * SECOND))
            .with_drain(5 * SECOND);
        let (stop, ended) = run(&w, manager);
        w.sleep(SECOND).await;
        let before = w.seams.now();
        drop(stop);
        let ended = ended.await.unwrap();
        assert_eq!(w.seams.now() - before, 5 * SECOND);
        assert!(matches!(ended, Err(RunError::DrainDeadline { running }) if running.len() == 2));
    });
}

#[test]
fn when_the_store_breaks_all_are_stopped() {
    world(4, async |w| {
        w.put("blog", site(80)).await;
        let writing = reconcile_with((), async |(), ctx, request| {
            let blog = ctx.get::<Site>(&request)?.expect("there");
            ctx.commit(blog.edit_status(|status| status.serving = Some(1))).await?;
            Ok(Action::done())
        });
        w.backend.next_commit(crate::world::NextCommit::Broken);
        let manager = Manager::new()
            .add(Controller::new(&w.store, writing).subscribe(Source::of::<Site>()))
            .add(Controller::new(&w.store, noting(&Diary::default())).named("other"));
        let ended = manager.run(std::future::pending()).await;
        assert!(matches!(ended, Err(RunError::Broken { .. })), "{ended:?}");
    });
}

#[test]
fn each_store_has_one_cascade_unless_it_is_left_out() {
    world(5, async |w| {
        let second = Store::builder(Memory::with_seams(&w.seams)).seams(&w.seams).open().await.unwrap();
        let nothing = |store: &Store, name| Controller::new(store, noting(&Diary::default())).named(name);
        let manager = Manager::new().add(nothing(&w.store, "a")).add(nothing(&w.store, "b"));
        assert_eq!(manager.handle().controllers().len(), 3);
        let alone = Manager::new().with_owner_cascade(&w.store);
        assert_eq!(alone.handle().controllers().len(), 1, "a store without controllers has one by name");
        let alone = alone.add(nothing(&w.store, "a")).with_owner_cascade(&w.store);
        assert_eq!(alone.handle().controllers().len(), 2);
        let without = manager.without_owner_cascade().add(nothing(&second, "c"));
        assert_eq!(without.handle().controllers().len(), 3);
        assert!(without.check().is_ok());
        let two_stores = Manager::new().add(nothing(&w.store, "a")).add(nothing(&second, "b"));
        assert!(two_stores.check().is_ok(), "the cascades have names of their own");
    });
}

/// behaviour C20
#[test]
fn metrics_are_told_in_the_text_format_of_prometheus() {
    world(6, async |w| {
        w.put("blog", site(80)).await;
        let told = Arc::new(Mutex::new(0));
        let reconciler = reconcile_with(told, async |told, ctx, _| {
            ctx.sleep(Duration::from_micros(700)).await;
            *told.lock() += 1;
            if *told.lock() == 1 { Err("no".into()) } else { Ok(Action::requeue_after(3600 * SECOND)) }
        });
        let manager = Manager::new().without_owner_cascade().add(
            Controller::new(&w.store, reconciler)
                .named("a\"b")
                .subscribe(Source::of::<Site>())
                .with_timings(),
        );
        let handle = manager.handle();
        let (stop, ended) = run(&w, manager);
        w.sleep(SECOND).await;
        let text = handle.metrics_text();
        for line in [
            "# TYPE trimtab_reconciles_total counter",
            r#"trimtab_ready{controller="a\"b"} 1"#,
            r#"trimtab_source_live{controller="a\"b",source="site"} 1"#,
            r#"trimtab_reconciles_total{controller="a\"b",result="failed"} 1"#,
            r#"trimtab_reconciles_total{controller="a\"b",result="requeued"} 1"#,
            r#"trimtab_reconcile_seconds_bucket{controller="a\"b",le="0.0005"} 0"#,
            r#"trimtab_reconcile_seconds_bucket{controller="a\"b",le="0.001"} 2"#,
            r#"trimtab_reconcile_seconds_bucket{controller="a\"b",le="+Inf"} 2"#,
            r#"trimtab_reconcile_seconds_sum{controller="a\"b"} 0.0014"#,
            r#"trimtab_reconcile_seconds_count{controller="a\"b"} 2"#,
            r#"trimtab_queue_keys{controller="a\"b",state="deferred"} 1"#,
            r#"trimtab_queue_retries_total{controller="a\"b"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            assert_eq!(text.matches(&format!("# TYPE {family}\n")).count(), 1, "{family} once");
        }
        drop(stop);
        ended.await.unwrap().unwrap();
    });
}

/// behaviour C14
#[test]
fn dropping_the_future_of_run_cancels_what_runs_at_once() {
    world(20, async |w| {
        w.put("blog", site(80)).await;
        let ended = Arc::new(Mutex::new(None));
        let reconciler = reconcile_with(Arc::clone(&ended), async |ended, ctx, _| {
            struct Note<'a>(&'a trimtab_runtime::Context, &'a Mutex<Option<trimtab_seams::Instant>>);
            impl Drop for Note<'_> {
                fn drop(&mut self) {
                    *self.1.lock() = Some(self.0.now());
                }
            }
            let _note = Note(ctx, ended);
            ctx.sleep(20 * SECOND).await;
            Ok(Action::done())
        });
        let manager =
            Manager::new().add(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        let begun = w.seams.now();
        let (seams, run) = (w.seams.clone(), manager.run(std::future::pending()));
        tokio::select! {
            biased;
            _ = run => unreachable!("nothing stops it"),
            () = seams.sleep(SECOND) => {}
        }
        w.sleep(MS).await;
        assert_eq!(*ended.lock(), Some(begun + SECOND));
    });
}

/// behaviour C20, guarantee L-a
#[test]
fn controllers_of_two_stores_under_one_placement_each_hold_the_lease_of_their_own_store() {
    world(21, async |w| {
        let other = World::open(&w.seams).await;
        let write = |w: &World| {
            let reconciler = reconcile_with((), async |(), ctx, request| {
                let Some(site) = ctx.get::<Site>(&request)? else { return Ok(Action::done()) };
                ctx.commit(site.edit_status(|status| status.serving = Some(80))).await?;
                Ok(Action::done())
            });
            Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>())
        };
        w.put("blog", site(80)).await;
        // So that the indexes of the two have nothing to do with each other.
        for port in 0..7 {
            other.put("blog", site(port)).await;
        }
        let manager = Manager::new()
            .add(write(&w).named("one"))
            .add(write(&other).named("other"))
            .with_placement(trimtab_runtime::Placement::leader("all"));
        let (stop, ended) = run(&w, manager);
        w.sleep(5 * SECOND).await;
        for store in [&w.store, &other.store] {
            assert_eq!(store.get::<Site>("blog").unwrap().unwrap().status.serving, Some(80));
        }
        drop(stop);
        ended.await.unwrap().unwrap();
    });
}

/// behaviour C15, C20
#[test]
fn who_waits_for_a_manager_that_cannot_run_is_told() {
    world(22, async |w| {
        let diary = Diary::default();
        let twice = || Controller::new(&w.store, noting(&diary)).named("twice");
        let manager = Manager::new().add(twice()).add(twice());
        let handle = manager.handle();
        let waiting = async {
            tokio::select! {
                biased;
                ready = handle.ready() => Some(ready),
                () = w.seams.sleep(SECOND) => None,
            }
        };
        let (ended, ready) = tokio::join!(manager.run(std::future::pending()), waiting);
        assert!(matches!(ended, Err(RunError::Misconfigured(_))));
        assert_eq!(ready, Some(false));
        let alone = Controller::new(&w.store, noting(&diary)).with_resync(Duration::ZERO);
        let handle = alone.handle();
        assert!(alone.run(std::future::pending()).await.is_err());
        assert!(!handle.synced().await);
    });
}
