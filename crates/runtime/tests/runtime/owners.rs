//! The owner cascade.

use trimtab_runtime::{Action, Context, Controller, Manager, Source, owners, reconcile_with};
use trimtab_store::{Entry, Key, Kind as _, KindKey as _, Propagation, Typed};

use crate::world::{Certificate, MS, Running, SECOND, Site, World, logged, site, world};

async fn cascading(w: &World) -> Running {
    let running = w.start(owners::cascade(&w.store));
    running.handle.synced().await;
    running
}

async fn child(w: &World, name: &str, owners: &[&Entry]) -> Typed<Certificate> {
    let mut draft = Certificate { serial: 1 }.named(name);
    for owner in owners {
        draft = draft.owned_by(owner);
    }
    w.store.commit(draft.apply()).await.unwrap();
    w.store.get::<Certificate>(name).unwrap().unwrap()
}

impl World {
    async fn site(&self, name: &str) -> Typed<Site> {
        self.put(name, site(80)).await;
        self.store.get::<Site>(name).unwrap().unwrap()
    }

    fn there(&self) -> Vec<String> {
        let sites = self.store.list_kind("site").all().unwrap();
        let certificates = self.store.list_kind("certificate").all().unwrap();
        sites.iter().chain(&certificates).map(|entry| entry.name().to_owned()).collect()
    }
}

/// behaviour E7
#[test]
fn what_an_entry_alone_owns_goes_with_it_also_what_that_owns() {
    world(1, async |w| {
        let running = cascading(&w).await;
        let owner = w.site("owner").await;
        let middle = child(&w, "middle", &[&owner]).await;
        child(&w, "leaf", &[&middle]).await;
        child(&w, "free", &[]).await;
        w.sleep(SECOND).await;
        assert_eq!(w.there(), ["owner", "free", "leaf", "middle"]);
        w.store.commit(owner.delete()).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(w.there(), ["free"]);
        running.stop().await.unwrap();
    });
}

/// behaviour E7
#[test]
fn of_several_owners_the_end_of_the_last_deletes() {
    world(2, async |w| {
        let running = cascading(&w).await;
        let (a, b) = (w.site("a").await, w.site("b").await);
        child(&w, "shared", &[&a, &b]).await;
        w.store.commit(a.delete()).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(w.there(), ["b", "shared"]);
        w.store.commit(b.delete()).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(w.there(), Vec::<String>::new());
        running.stop().await.unwrap();
    });
}

/// behaviour E7
#[test]
fn an_owner_of_the_same_name_with_another_uid_is_another_one() {
    world(3, async |w| {
        let owner = w.site("owner").await;
        child(&w, "child", &[&owner]).await;
        w.store.commit(owner.delete()).await.unwrap();
        w.site("owner").await;
        // All that happened while no cascade ran.
        let running = cascading(&w).await;
        w.sleep(SECOND).await;
        assert_eq!(w.there(), ["owner"]);
        running.stop().await.unwrap();
    });
}

/// behaviour E7
#[test]
fn foreground_deletes_dependents_first_and_orphan_lets_them_be() {
    world(4, async |w| {
        let running = cascading(&w).await;
        let owner = w.site("owner").await;
        let held = child(&w, "held", &[&owner]).await;
        w.store.commit(held.add_finalizer("test/slow")).await.unwrap();
        w.store.commit(owner.delete_with(Propagation::Foreground)).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(w.there(), ["owner", "held"], "the child is being deleted, and the owner waits for it");
        assert!(w.store.get::<Site>("owner").unwrap().unwrap().is_deleting());
        let held = w.store.get::<Certificate>("held").unwrap().unwrap();
        assert!(held.is_deleting());
        w.store.commit(held.remove_finalizer("test/slow")).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(w.there(), Vec::<String>::new());

        let owner = w.site("owner").await;
        child(&w, "orphan", &[&owner]).await;
        w.store.commit(owner.delete_with(Propagation::Orphan)).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(w.there(), ["orphan"]);
        assert!(w.store.get::<Certificate>("orphan").unwrap().unwrap().owners().is_empty());
        running.stop().await.unwrap();
    });
}

#[test]
fn hundreds_of_dependents_go_in_parts_and_a_child_born_too_late_goes_too() {
    world(5, async |w| {
        let running = cascading(&w).await;
        let owner = w.site("owner").await;
        let ctx = Context::builder(&w.store, owner.key()).build();
        let drafts = (0..300).map(|serial| Certificate { serial }.named(format!("c{serial}")));
        ctx.commit_in_parts(ctx.owned_exactly::<Certificate>(&owner, drafts).unwrap()).await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(w.there().len(), 301);
        w.store.commit(owner.delete_with(Propagation::Foreground)).await.unwrap();
        w.sleep(10 * SECOND).await;
        assert_eq!(w.there(), Vec::<String>::new());
        child(&w, "late", &[&owner]).await;
        w.sleep(SECOND).await;
        assert_eq!(w.there(), Vec::<String>::new());
        assert!(running.handle.is_settled());
        running.stop().await.unwrap();
    });
}

/// behaviour E7, guarantee R-g
#[test]
fn a_finalizer_holds_the_owner_until_its_own_cleanup_has_run() {
    world(6, async |w| {
        let cleaned = std::sync::Arc::new(parking_lot::Mutex::new(0));
        let reconciler = reconcile_with(std::sync::Arc::clone(&cleaned), async |cleaned, ctx, request| {
            let Some(site) = ctx.get::<Site>(&request)? else { return Ok(Action::done()) };
            if site.is_deleting() {
                *cleaned.lock() += 1;
                // The first cleanup crashes before it could be noted.
                assert!(*cleaned.lock() > 1, "crash");
                ctx.commit(site.remove_finalizer("test/bucket")).await?;
                return Ok(Action::done());
            }
            ctx.commit(site.add_finalizer("test/bucket")).await?;
            Ok(Action::done())
        });
        let sites = w.start(Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()));
        w.site("blog").await;
        sites.settled().await;
        w.delete("blog").await;
        w.sleep(SECOND).await;
        assert_eq!(w.there(), Vec::<String>::new());
        assert_eq!(*cleaned.lock(), 2, "repeated after the crash");
        sites.stop().await.unwrap();
    });
}

#[test]
fn it_is_silent_when_nothing_happens_and_hears_of_new_kinds() {
    world(7, async |w| {
        let running = cascading(&w).await;
        w.sleep(3600 * SECOND).await;
        let owner = w.site("owner").await;
        child(&w, "child", &[&owner]).await;
        w.sleep(101 * MS).await;
        assert!(running.handle.metrics().events >= 2, "both kinds are new");
        let commits = w.backend.commits();
        w.sleep(3600 * SECOND).await;
        assert_eq!(w.backend.commits(), commits);
        assert_eq!(running.handle.status().sources[0].name, "every kind");
        w.store.commit(owner.delete()).await.unwrap();
        w.sleep(SECOND).await;
        assert!(w.store.entry(&Key::of::<Certificate>("child")).unwrap().is_none());
        running.stop().await.unwrap();
    });
}

#[test]
fn a_lone_controller_that_commits_owned_entries_warns_once() {
    let owning = || {
        reconcile_with((), async |(), ctx, request| {
            let site = ctx.get::<Site>(&request)?.expect("there");
            ctx.commit(Certificate { serial: 1 }.named(site.name()).owned_by(&site).apply()).await?;
            Ok(Action::done())
        })
    };
    let warnings = |lines: &[crate::world::Line]| {
        lines.iter().filter(|line| line.text.contains("no owner cascade")).count()
    };
    let ((), lines) = logged(|| {
        world(8, async |w| {
            w.site("a").await;
            w.site("b").await;
            let running = w.start(Controller::new(&w.store, owning()).subscribe(Source::of::<Site>()));
            running.settled().await;
            running.stop().await.unwrap();
        });
    });
    assert_eq!(warnings(&lines), 1);
    let ((), lines) = logged(|| {
        world(9, async |w| {
            w.site("a").await;
            let sites = Controller::new(&w.store, owning()).subscribe(Source::of::<Site>());
            let seams = w.seams.clone();
            Manager::new().add(sites).run(async move { seams.sleep(SECOND).await }).await.unwrap();
        });
    });
    assert_eq!(warnings(&lines), 0, "a manager brings the cascade along");
}

/// behaviour E7
#[test]
fn the_end_of_an_owner_is_noticed_also_when_its_kind_had_just_appeared() {
    world(20, async |w| {
        let running = cascading(&w).await;
        child(&w, "known", &[]).await;
        w.sleep(SECOND).await;
        // The kind of the owner is new, and gone again before anybody has looked for new kinds.
        let owner = w.site("owner").await;
        child(&w, "child", &[&owner]).await;
        w.sleep(MS).await;
        w.store.commit(owner.delete()).await.unwrap();
        w.sleep(10 * SECOND).await;
        assert_eq!(w.there(), ["known"]);
        running.stop().await.unwrap();
    });
}
