//! Silence once everything is as it should be.

use trimtab_runtime::{Action, Controller, Manager, Source, reconcile_with};
use trimtab_store::Kind as _;

use crate::world::{Certificate, Diary, MS, SECOND, Site, site, world};

/// guarantee R-d
#[test]
fn at_the_fixed_point_there_are_no_commits_and_no_runs_in_ten_minutes() {
    world(1, async |w| {
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            let Some(site) = ctx.get::<Site>(&request)? else { return Ok(Action::done()) };
            // Writes everything in every run, as an author would.
            ctx.commit(site.add_finalizer("test/bucket")).await?;
            let children =
                [1, 2].map(|serial| Certificate { serial }.named(format!("{}-{serial}", site.name())));
            let mut writes = ctx.owned_exactly::<Certificate>(&site, children)?;
            writes.push(site.edit_status(|status| status.serving = Some(site.spec.port)));
            ctx.commit(writes).await?;
            Ok(Action::done())
        });
        let sites = Controller::new(&w.store, reconciler)
            .subscribe(Source::of::<Site>().with_status())
            .subscribe(Source::of::<Certificate>().to_owner::<Site>())
            .with_workers(4);
        let manager = Manager::new().add(sites);
        let handle = manager.handle();
        let (seams, store) = (w.seams.clone(), w.store.clone());
        let (watched, diary) = (handle.clone(), diary.clone());
        let backend = w.backend.clone();
        let script = async move {
            for n in 0..20 {
                store.commit(site(n).named(format!("s{n:02}")).apply()).await.expect("memory commits");
            }
            while !watched.is_settled() {
                seams.sleep(SECOND).await;
            }
            assert!(diary.len() >= 20);
            let before = (backend.commits(), diary.len());
            seams.sleep(600 * SECOND).await;
            assert_eq!((backend.commits(), diary.len()), before);
        };
        manager.run(script).await.unwrap();
        let totals: u64 = handle.controllers().iter().map(|c| c.metrics().reconciles.failed).sum();
        assert_eq!(totals, 0);
    });
}

/// guarantee R-f
#[test]
fn a_key_whose_runs_write_twice_is_held_back_although_the_second_write_is_told_late() {
    world(2, async |w| {
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            for _ in 0..2 {
                let site = ctx.get::<Site>(&request)?.expect("there");
                ctx.commit(site.edit(|site| site.port = site.port.wrapping_add(1))).await?;
                // Time in which what was written comes back.
                ctx.sleep(MS).await;
            }
            let site = ctx.get::<Site>(&request)?.expect("there");
            ctx.commit(site.edit(|site| site.port = site.port.wrapping_add(1))).await?;
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        let running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        w.sleep(60 * SECOND).await;
        assert!(diary.len() < 40, "{} runs in a minute", diary.len());
        assert_eq!(running.handle.status().hot.len(), 1);
        // Somebody else's write does not wait.
        let before = diary.len();
        w.put("blog", site(80)).await;
        w.sleep(100 * MS).await;
        assert!(diary.len() > before);
        running.stop().await.unwrap();
    });
}

/// behaviour C10
#[test]
fn a_chain_of_own_writes_that_has_come_to_its_end_is_settled() {
    world(3, async |w| {
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            let site = ctx.get::<Site>(&request)?.expect("there");
            ctx.commit(site.edit(|site| site.port = (site.port + 1).min(90))).await?;
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        let running = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        w.sleep(60 * SECOND).await;
        assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().spec.port, 90);
        assert_eq!(running.handle.status().hot, [], "nothing holds it back any more");
        assert!(running.handle.is_settled());
        running.stop().await.unwrap();
    });
}
