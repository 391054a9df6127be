//! Silence once everything is as it should be.

use trimtab_runtime::{Action, Controller, Manager, Source, reconcile_with};
use trimtab_store::Kind as _;

use crate::world::{Certificate, Diary, SECOND, Site, site, world};

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
