//! Own writes laid over a view, as a run's context does it.

use std::sync::Arc;

use trimtab_backend::Memory;
use trimtab_seams::virtual_time;
use trimtab_store::{IntoWrites, Kind as _, Lookup, Overlay, Store, View, WriteError};

use crate::{Certificate, Site, in_memory, open, secured, site};

const BY_CERTIFICATE: Lookup<Site> = Lookup::new("certificate", |site| site.spec.certificates.clone());

/// A run: a view that stands still, and what the run itself has committed.
struct Run {
    store: Store,
    view: View,
}

impl Run {
    fn of(store: &Store) -> Self {
        Self { store: store.clone(), view: store.view() }
    }

    async fn commit(&mut self, writes: impl IntoWrites) -> Result<(), WriteError> {
        let committed = self.store.door().commit(writes, &self.view, &[]).await?;
        let mut overlay = self.view.overlay().map(|own| Overlay::clone(own)).unwrap_or_default();
        overlay.lay(&committed);
        self.view = self.view.clone().with_overlay(Arc::new(overlay));
        Ok(())
    }

    fn site(&self, name: &str) -> trimtab_store::Typed<Site> {
        self.view.get(name).expect("followed").expect("there")
    }

    fn names(&self) -> Vec<String> {
        let sites = self.view.list::<Site>().all().expect("sites");
        sites.iter().map(|site| format!("{}:{}", site.name(), site.spec.port)).collect()
    }
}

/// behaviour C22
#[test]
fn a_run_reads_its_own_writes_in_gets_and_lists_before_the_feed_brings_them() {
    virtual_time::run(1, async |seams| {
        let store = in_memory(&seams).await;
        store
            .commit([site("b", 2).create(), site("d", 4).create(), site("f", 6).create()])
            .await
            .expect("committed");
        let mut run = Run::of(&store);
        run.commit([site("a", 1).create(), site("c", 3).create(), site("z", 9).create()])
            .await
            .expect("committed");
        run.commit([run.site("d").edit(|site| site.port = 44), run.site("f").delete()])
            .await
            .expect("committed");
        assert_eq!(run.names(), ["a:1", "b:2", "c:3", "d:44", "z:9"]);
        assert!(run.view.get::<Site>("f").expect("followed").is_none());
        assert_eq!(run.view.list::<Site>().prefix("z").all().expect("sites").len(), 1);
        assert_eq!(run.view.index(), run.view.snapshot().index());
        assert_eq!(run.view.overlay().map(|own| (own.len(), own.is_empty())), Some((5, false)));
        let late = store.at_least(store.head().await.expect("there")).await.expect("it comes");
        let ports = |view: &View| {
            view.list::<Site>().all().expect("sites").iter().map(|s| s.version()).collect::<Vec<_>>()
        };
        assert_eq!(
            ports(&late.from_tenancy(run.view.tenancy())),
            ports(&run.view),
            "and they are what comes"
        );
    });
}

/// behaviour C22
#[test]
fn own_writes_are_found_by_label_owner_and_lookup_declared_or_not() {
    virtual_time::run(2, async |seams| {
        for declared in [false, true] {
            let store = in_memory(&seams).await;
            if declared {
                store.declare(&BY_CERTIFICATE);
            }
            store
                .commit([
                    secured("old", &["x"]).create(),
                    secured("moves", &["x"]).label("l", "1").create(),
                    Certificate {}.named("p").create(),
                ])
                .await
                .expect("committed");
            let owner = store.get::<Certificate>("p").expect("followed").expect("there");
            let mut run = Run::of(&store);
            run.commit([
                run.site("moves").edit(|site| site.certificates = vec!["y".into()]),
                secured("new", &["x"]).label("l", "1").owned_by(&owner).create(),
                run.site("moves").set_label("l", "2"),
            ])
            .await
            .expect("committed");
            let by = |term: &str| {
                let sites = run.view.list::<Site>().by(&BY_CERTIFICATE, term).all().expect("sites");
                sites.iter().map(|site| site.name().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!((by("x"), by("y")), (vec!["new".to_owned(), "old".into()], vec!["moves".to_owned()]));
            assert_eq!(run.view.list::<Site>().label("l", "1").keys().expect("sites").len(), 1);
            assert_eq!(run.view.list::<Site>().owned_by(&owner).keys().expect("sites").len(), 1);
            assert_eq!(run.view.dependents(owner.uid()).count(), 1);
        }
    });
}

/// behaviour C22
#[test]
fn a_value_read_once_stays_good_to_write_from_through_own_commits_and_never_through_anothers() {
    virtual_time::run(3, async |seams| {
        let memory = Memory::with_seams(&seams);
        let store = open(&seams, memory.clone()).await;
        store.commit(site("a", 1).create()).await.expect("committed");
        let mut run = Run::of(&store);
        let read = run.site("a");
        run.commit(read.add_finalizer("example.com/backup")).await.expect("committed");
        run.commit(read.edit_status(|status| status.serving = true)).await.expect("still good");
        run.commit(read.edit(|site| site.port = 2)).await.expect("still good");
        run.commit(read.set_label("tier", "web")).await.expect("still good");
        let own = run.site("a");
        assert!(own.status.serving && own.has_finalizer("example.com/backup"));
        assert_eq!((own.spec.port, own.label("tier"), own.generation()), (2, Some("web"), 2));

        let head = store.head().await.expect("there");
        store.at_least(head).await.expect("it comes");
        store.commit(site("a", 7).apply()).await.expect("another's");
        let error =
            run.commit(read.edit(|site| site.port = 3)).await.expect_err("another's commit lies between");
        let WriteError::Conflict(conflicts) = error else { panic!("{error}") };
        assert_eq!(
            conflicts[0].found.as_ref().map(|found| found.typed::<Site>().expect("a site").spec.port),
            Some(7)
        );

        // The run looks again. What it read before that is not carried through the other's commit, even after own ones on top of it.
        let mut run = Run { view: store.view(), ..run };
        run.commit(run.site("a").edit(|site| site.port = 8)).await.expect("from what is there");
        let error =
            run.commit(read.edit(|site| site.port = 9)).await.expect_err("read before another's commit");
        assert!(matches!(error, WriteError::Conflict(_)), "{error}");
        run.commit(run.site("a").edit(|site| site.port = 9)).await.expect("read since");
    });
}

/// behaviour C22
#[test]
fn an_own_delete_and_re_creation_is_another_life() {
    virtual_time::run(4, async |seams| {
        let store = in_memory(&seams).await;
        store.commit(site("a", 1).create()).await.expect("committed");
        let mut run = Run::of(&store);
        let read = run.site("a");
        run.commit(read.delete()).await.expect("deleted");
        run.commit(site("a", 2).create()).await.expect("created anew");
        assert_ne!(run.site("a").uid(), read.uid());
        assert!(matches!(run.commit(read.edit(|site| site.port = 3)).await, Err(WriteError::Conflict(_))));
        run.commit(site("a", 4).apply()).await.expect("a draft goes by what is in view");
        assert_eq!(run.names(), ["a:4"]);
    });
}

/// behaviour E3
#[test]
fn what_changes_nothing_is_not_sent_also_against_own_writes() {
    virtual_time::run(5, async |seams| {
        let backend = crate::faulty::Faulty::new(Memory::with_seams(&seams));
        let store = open(&seams, backend.clone()).await;
        let mut run = Run::of(&store);
        for _ in 0..3 {
            run.commit(site("a", 1).apply()).await.expect("fine");
        }
        assert_eq!(backend.commits(), 1);
    });
}
