//! What a run knows, reads and writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use trimtab_runtime::{
    Action, Context, Controller, Error, Reaction, Reconciler, Request, Source, reconcile_fn, reconcile_with,
};
use trimtab_store::{
    Draft, Index, Key, Kind as _, KindKey as _, ReadError, Scope, Store, Tenancy, WriteError,
};

use crate::world::{Certificate, Diary, MS, SECOND, Site, logged, site, world};

/// behaviour C16, guarantee O-a
#[test]
fn the_context_tells_attempt_reasons_index_clock_chance_and_that_it_was_superseded() {
    let ((), lines) = logged(|| {
        world(1, async |w| {
            let diary = Diary::default();
            let told = Arc::new(Mutex::new(Vec::new()));
            let reconciler =
                reconcile_with((diary.clone(), Arc::clone(&told)), async |(diary, told), ctx, request| {
                    diary.write(ctx, &request);
                    assert_eq!(
                        (ctx.request(), ctx.epoch(), ctx.failures()),
                        (&request, None, ctx.attempt() - 1)
                    );
                    assert_eq!(&*ctx.controller().name(), "sites");
                    assert_ne!(ctx.random(), ctx.random());
                    if diary.len() == 1 {
                        assert!(!ctx.is_superseded());
                        let before = (ctx.now(), ctx.wall());
                        ctx.superseded().await;
                        assert_eq!(ctx.now() - before.0, 3 * SECOND);
                        assert_eq!(ctx.wall().duration_since(before.1).unwrap(), 3 * SECOND);
                        told.lock().push(ctx.is_superseded());
                    }
                    Ok(Action::done())
                });
            w.put("blog", site(80)).await;
            let controller = Controller::new(&w.store, reconciler)
                .named("sites")
                .subscribe(Source::of::<Site>())
                .subscribe(Source::of::<Certificate>().map(|change| change.beside::<Site>("blog")));
            let running = w.start(controller);
            w.sleep(3 * SECOND).await;
            w.put("blog", site(81)).await;
            w.store.commit(Certificate { serial: 1 }.named("c").apply()).await.unwrap();
            running.settled().await;
            running.stop().await.unwrap();
            assert_eq!(*told.lock(), [true]);
            let runs = diary.all();
            assert_eq!(runs[0].reasons, ["site/blog found at 1"]);
            let reasons: BTreeSet<_> = runs[1..].iter().flat_map(|run| run.reasons.clone()).collect();
            assert_eq!(
                reasons,
                BTreeSet::from(["certificate/c changed at 3".into(), "site/blog changed at 2".into()])
            );
            assert_eq!(runs.last().unwrap().index, 3);
        });
    });
    let span = lines.iter().find(|line| line.text.starts_with("span reconcile")).expect("each run has one");
    assert_eq!(span.level, tracing::Level::DEBUG, "below the default level: it costs five allocations");
    for part in
        ["controller=sites", "kind=site", "name=blog", "attempt=1", "index=1", "reconcile=0", "reasons="]
    {
        assert!(span.text.contains(part), "{part}: {}", span.text);
    }
}

/// behaviour C22
#[test]
fn a_run_reads_its_own_writes_and_goes_on_writing_from_what_it_had_read() {
    world(2, async |w| {
        w.put("blog", site(80)).await;
        let reconciler = reconcile_fn(async |ctx, request| {
            let blog = ctx.get::<Site>(&request)?.expect("there");
            if blog.finalizers().is_empty() {
                ctx.commit(blog.add_finalizer("test/bucket")).await?;
                assert_eq!(ctx.get::<Site>(&request)?.expect("there").finalizers(), ["test/bucket"]);
                ctx.commit(Certificate { serial: 7 }.named("made").owned_by(&blog).apply()).await?;
                assert_eq!(ctx.get::<Certificate>("made")?.expect("there").spec.serial, 7);
                assert_eq!(ctx.list::<Certificate>().all()?.len(), 1);
                assert_eq!(ctx.view().list::<Certificate>().all()?.len(), 1);
                // Read before both commits, and still good.
                ctx.commit(blog.edit_status(|status| status.serving = Some(80))).await?;
                assert_eq!(ctx.get::<Site>(&request)?.expect("there").status.serving, Some(80));
            }
            Ok(Action::done())
        });
        let running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        running.settled().await;
        let counts = running.handle.metrics().reconciles;
        assert_eq!((counts.conflicts, counts.failed, counts.panicked), (0, 0, 0));
        assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().status.serving, Some(80));
        running.stop().await.unwrap();
    });
}

/// behaviour C22
#[test]
fn a_value_read_before_anothers_commit_is_not_good_to_write_from() {
    world(3, async |w| {
        w.put("blog", site(80)).await;
        let request = Key::of::<Site>("blog");
        let ctx = Context::builder(&w.store, &request).build();
        let blog = ctx.get::<Site>(&request).unwrap().unwrap();
        ctx.commit(blog.set_label("mine", "1")).await.unwrap();
        w.put("blog", site(81)).await;
        let refused = ctx.commit(blog.edit(|site| site.port = 82)).await.unwrap_err();
        assert!(matches!(&refused, WriteError::Conflict(conflicts) if conflicts.len() == 1), "{refused}");
        assert_eq!(Error::from(refused).reaction(), Reaction::Reread);
    });
}

/// behaviour C23
#[test]
fn reading_a_kind_that_nobody_follows_is_an_error_and_never_absent() {
    world(4, async |w| {
        w.put("blog", site(80)).await;
        let narrow = Store::builder(w.backend.clone()).seams(&w.seams).scope(Scope::Kind("site".into()));
        let narrow = narrow.open().await.unwrap();
        let reconciler = reconcile_fn(async |ctx, _| {
            assert!(matches!(ctx.list::<Certificate>().all(), Err(ReadError::NotFollowed(_))));
            assert!(ctx.get::<Certificate>("c")?.is_some(), "taken for absent");
            Ok(Action::done())
        });
        let running = w.start(Controller::new(&narrow, reconciler).subscribe(Source::of::<Site>()));
        w.sleep(SECOND).await;
        let failing = running.handle.failing();
        assert_eq!((failing.len(), failing[0].terminal, failing[0].failures), (1, true, 1));
        let error = failing[0].last_error.clone().unwrap();
        assert!(error.contains("certificate") && error.contains("not followed"), "{error}");
        running.stop().await.unwrap();
    });
}

/// behaviour C24
#[test]
fn writing_through_a_typed_edit_keeps_fields_the_type_does_not_know() {
    world(5, async |w| {
        let newer = serde_json::json!({ "port": 80, "certificate": null, "added_later": { "deep": [1, 2] } });
        w.store.commit(Draft::json("site", "blog", &newer).apply()).await.unwrap();
        let reconciler = reconcile_fn(async |ctx, request| {
            let blog = ctx.get::<Site>(&request)?.expect("there");
            ctx.commit(blog.edit(|site| site.port = 8080)).await?;
            Ok(Action::done())
        });
        let running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        running.settled().await;
        let blog = w.store.entry(&Key::of::<Site>("blog")).unwrap().unwrap();
        let spec: serde_json::Value = serde_json::from_str(blog.spec_json()).unwrap();
        assert_eq!(
            spec,
            serde_json::json!({ "port": 8080, "certificate": null, "added_later": { "deep": [1, 2] } })
        );
        running.stop().await.unwrap();
    });
}

#[test]
fn a_bare_name_means_the_tenancy_of_the_request() {
    world(6, async |w| {
        let shop = Tenancy::in_namespace("shop");
        let request = Key::of::<Site>("blog").in_tenancy(&shop);
        let ctx = Context::builder(&w.store, &request).build();
        ctx.commit(Certificate { serial: 1 }.named("c").apply()).await.unwrap();
        assert_eq!(ctx.get::<Certificate>("c").unwrap().unwrap().tenancy(), &shop);
        assert!(ctx.get::<Certificate>((&Tenancy::default(), "c")).unwrap().is_none());
    });
}

#[test]
fn owned_exactly_applies_these_children_and_deletes_the_others() {
    world(7, async |w| {
        w.put("blog", site(80)).await;
        w.store.commit(Certificate { serial: 9 }.named("not-owned").apply()).await.unwrap();
        let request = Key::of::<Site>("blog");
        let children = async |serials: &[u32]| {
            let ctx = Context::builder(&w.store, &request).build();
            let blog = ctx.get::<Site>(&request).unwrap().unwrap();
            let drafts = serials.iter().map(|&serial| Certificate { serial }.named(format!("c{serial}")));
            let commit = ctx.commit(ctx.owned_exactly::<Certificate>(&blog, drafts).unwrap()).await.unwrap();
            w.sleep(MS).await;
            let there = w.store.list::<Certificate>().owned_by(&blog).all().unwrap();
            (commit.is_committed(), there.iter().map(|c| c.spec.serial).collect::<Vec<_>>())
        };
        assert_eq!(children(&[1, 2]).await, (true, vec![1, 2]));
        assert_eq!(children(&[2, 3]).await, (true, vec![2, 3]));
        assert_eq!(children(&[2, 3]).await, (false, vec![2, 3]), "silent at the fixed point");
        assert!(w.store.get::<Certificate>("not-owned").unwrap().is_some());
    });
}

/// behaviour E9
#[test]
fn more_writes_than_a_transaction_may_hold_are_invalid_and_go_in_parts() {
    world(8, async |w| {
        let request = Key::of::<Site>("blog");
        let ctx = Context::builder(&w.store, &request).build();
        let many: Vec<_> = (0..150).map(|n| site(n).named(format!("s{n:03}")).apply()).collect();
        let refused = ctx.commit(many.clone()).await.unwrap_err();
        assert!(matches!(&refused, WriteError::Invalid(_)), "{refused}");
        assert_eq!(Error::from(refused).reaction(), Reaction::Terminal);
        ctx.commit_in_parts(many.clone()).await.unwrap();
        assert_eq!(w.backend.commits(), 3);
        assert_eq!(ctx.list::<Site>().all().unwrap().len(), 150);
        assert!(!ctx.commit_in_parts(many).await.unwrap().is_committed(), "safe to repeat");
        // Large ones are parted by their bytes.
        let large = (0..4).map(|n| {
            Draft::json("site", &format!("l{n}"), &serde_json::json!({ "text": "x".repeat(200 * 1024) }))
        });
        ctx.commit_in_parts(large.map(Draft::apply).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(w.backend.commits(), 7);
        assert_eq!(ctx.list_kind("site").prefix("l").all().unwrap().len(), 4);
        assert!(ctx.commit_in_parts(None).await.is_ok());
    });
}

/// A plain async function is a reconciler.
async fn plain(ctx: &Context, request: Request) -> trimtab_runtime::Result<Action> {
    Ok(if ctx.entry(&request)?.is_some() { Action::done() } else { Action::requeue_after(SECOND) })
}

#[test]
fn a_context_made_by_hand_serves_a_unit_test() {
    world(9, async |w| {
        let request = Key::of::<Site>("blog");
        let ctx = Context::builder(&w.store, &request).attempt(3).epoch(Index::new(7)).build();
        assert_eq!((ctx.attempt(), ctx.failures(), ctx.epoch()), (3, 2, Some(Index::new(7))));
        assert_eq!(plain.reconcile(&ctx, request.clone()).await.unwrap(), Action::requeue_after(SECOND));
        w.put("blog", site(80)).await;
        let ctx = Context::builder(&w.store, &request).build();
        assert_eq!(plain.reconcile(&ctx, request).await.unwrap(), Action::done());
        assert!(!ctx.is_cancelled() && !ctx.is_superseded());
    });
}
