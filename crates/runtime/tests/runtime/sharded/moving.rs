//! Keys that pass from one replica to another.

use std::collections::BTreeSet;
use std::time::Duration;

use trimtab_runtime::{Placement, Source, WhatHappened, owners};
use trimtab_store::{Change, Key, Kind as _};

use super::replica::{Replica, jobs};
use super::{BOUND, Job, Spans, job, world};
use crate::world::{MS, SECOND, Site, site};

/// guarantee L-d
#[test]
fn a_replica_that_joins_or_leaves_moves_only_its_share_and_the_others_run_nothing_again() {
    world(11, async |w| {
        w.put_jobs(0..200, 1).await;
        let spans = Spans::default();
        let mut replicas = Vec::new();
        let near = |moved: usize, members: usize| {
            let ideal = 200 / members;
            println!("{moved} of 200 move where one of {members} comes or goes; ideal {ideal}");
            assert!((ideal * 6 / 10..=ideal * 14 / 10).contains(&moved), "{moved} beside {ideal}");
        };
        for n in 1..=5 {
            let (now, name) = (w.seams.now(), format!("r{n}"));
            replicas.push(Replica::join(&w, &name, &spans, Duration::ZERO).await);
            w.sleep(SECOND).await;
            let new = spans.since(now);
            assert!(new.iter().all(|span| span.by == name), "whoever was there goes on undisturbed");
            near(new.len(), n);
        }
        while replicas.len() > 1 {
            let (now, leaver) = (w.seams.now(), replicas.remove(0));
            leaver.stop().await;
            w.sleep(SECOND).await;
            near(spans.since(now).len(), replicas.len() + 1);
        }
    });
}

/// guarantee L-d
#[test]
fn a_run_of_a_key_that_moves_is_cancelled_and_the_new_owner_begins_after_its_end() {
    world(12, async |w| {
        w.put_jobs(0..8, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, 60 * SECOND).await;
        w.sleep(SECOND).await;
        assert_eq!(spans.all().len(), 8, "all of them run");
        let b = Replica::join(&w, "b", &spans, MS).await;
        w.sleep(SECOND).await;
        let all = spans.all();
        let moved: Vec<_> = all.iter().filter(|span| span.by == "b").collect();
        let count = moved.len();
        assert!((1..8).contains(&count));
        for new in moved {
            let old = all.iter().find(|span| span.by == "a" && span.key == new.key).expect("it ran before");
            assert!(old.to.expect("it has ended") <= new.from && new.epoch > old.epoch, "{old:?} {new:?}");
        }
        let kept = all.iter().filter(|span| span.by == "a" && span.to.is_none()).count();
        assert_eq!(kept, 8 - count, "the others run on");
        w.all_done_within(60 * SECOND).await;
        let again = spans.all().into_iter().filter(|span| span.by == "a").count();
        assert_eq!(again, 8, "a run that was kept committed under the new map");
        a.stop().await;
        b.stop().await;
    });
}

/// guarantee L-d
#[test]
fn what_mappings_give_is_shared_out_by_the_key_that_runs() {
    world(13, async |w| {
        // Each site leads to a job of its own, which is no entry yet.
        for n in 0..40 {
            w.put(&format!("site-{n}"), site(n)).await;
        }
        let spans = Spans::default();
        let to_jobs =
            || Source::of().map(|site: &Change<Site>| site.beside::<Job>(site.name().replace("site", "job")));
        let replica = async |name: &'static str| {
            let spans = spans.clone();
            Replica::running(&w, name, move |store| {
                jobs(store, name, &spans, Duration::ZERO).subscribe(to_jobs())
            })
            .await
        };
        let a = replica("a").await;
        w.sleep(SECOND).await;
        let keys = |by: &str| {
            let all = spans.all();
            all.into_iter().filter(|span| span.by == by).map(|span| span.key).collect::<BTreeSet<Key>>()
        };
        assert_eq!(keys("a").len(), 40);
        let now = w.seams.now();
        let b = replica("b").await;
        w.sleep(SECOND).await;
        let moved = keys("b");
        assert!((8..32).contains(&moved.len()), "{}", moved.len());
        assert_eq!(spans.since(now).len(), moved.len());
        for n in 0..40 {
            w.put(&format!("site-{n}"), site(n + 100)).await;
        }
        w.sleep(SECOND).await;
        assert_eq!(keys("b"), moved, "its own and no others");
        assert_eq!(spans.since(now).len(), 40 + moved.len());
        a.stop().await;
        b.stop().await;
    });
}

#[test]
fn keys_of_others_are_neither_queued_nor_listed_and_what_was_known_of_them_is_let_go() {
    world(14, async |w| {
        w.put_jobs(0..40, 1).await;
        let failing = |store: &trimtab_store::Store| {
            let reconciler = trimtab_runtime::reconcile_fn(async |_, _| Err("never".into()));
            trimtab_runtime::Controller::new(store, reconciler)
                .subscribe(Source::of::<Job>())
                .with_workers(8)
                .with_placement(trimtab_runtime::Placement::sharded("jobs"))
        };
        let a = Replica::running(&w, "a", failing).await;
        w.sleep(SECOND).await;
        a.running.handle.add_trigger(job(1), trimtab_runtime::Trigger::after(60 * SECOND));
        a.running.handle.add_trigger(job(2), trimtab_runtime::Trigger::after(60 * SECOND));
        assert_eq!(a.running.handle.failing().len(), 40);
        let b = Replica::running(&w, "b", failing).await;
        w.sleep(30 * SECOND).await;
        let (of_a, of_b) = (a.running.handle.failing(), b.running.handle.failing());
        assert_eq!(of_a.len() + of_b.len(), 40, "each in one of them");
        assert!(!of_a.is_empty() && !of_b.is_empty());
        let owns = |key: &Key| of_a.iter().any(|status| status.request == *key);
        assert_eq!(a.status().triggers, usize::from(owns(&job(1))) + usize::from(owns(&job(2))));
        b.running.handle.enqueue(of_a[0].request.clone());
        assert!(b.running.handle.keys().iter().all(|key| key.request != of_a[0].request));
        a.stop().await;
        b.stop().await;
    });
}

#[test]
fn a_key_that_was_taken_over_runs_because_it_was_found() {
    world(15, async |w| {
        w.put_jobs(0..20, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, MS).await;
        w.sleep(SECOND).await;
        let reasons = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
        let noting = std::sync::Arc::clone(&reasons);
        let b = Replica::running(&w, "b", |store| {
            jobs(store, "b", &spans, MS).on_reconciled(move |run| {
                noting.lock().extend(run.reasons.iter().map(trimtab_runtime::Reason::what));
            })
        })
        .await;
        w.sleep(SECOND).await;
        assert!(!reasons.lock().is_empty());
        assert!(
            reasons.lock().iter().all(|what| *what == WhatHappened::Found || *what == WhatHappened::Waited),
            "{reasons:?}"
        );
        assert_eq!(Job::KIND, "job");
        a.stop().await;
        b.stop().await;
    });
}

/// guarantee L-d
#[test]
fn an_entry_that_ends_while_its_owner_is_silent_is_run_by_who_takes_the_key_over() {
    world(16, async |w| {
        w.put_jobs(0..40, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, MS).await;
        let b = Replica::join(&w, "b", &spans, MS).await;
        w.all_done_within(SECOND).await;
        a.freeze(true);
        let now = w.seams.now();
        for job in w.store.list::<Job>().all().expect("readable") {
            w.store.commit(job.delete()).await.expect("memory commits");
        }
        w.sleep(SECOND).await;
        let ran = || spans.since(now).into_iter().map(|span| span.key).collect::<BTreeSet<Key>>().len();
        assert!((8..32).contains(&ran()), "its own at once: {}", ran());
        w.sleep(BOUND).await;
        assert_eq!(ran(), 40);
        a.freeze(false);
        b.stop().await;
        a.stop().await;
    });
}

/// behaviour E7, guarantee L-d
#[test]
fn the_owner_cascade_is_shared_out_and_what_a_silent_replica_left_is_done_by_others() {
    world(17, async |w| {
        w.put_jobs(0..30, 1).await;
        let owners = w.store.list::<Job>().all().expect("readable");
        for owner in &owners {
            w.store
                .commit(site(80).named(owner.name()).owned_by(owner).apply())
                .await
                .expect("memory commits");
        }
        let cascade =
            |store: &trimtab_store::Store| owners::cascade(store).with_placement(Placement::sharded("all"));
        let a = Replica::running(&w, "a", cascade).await;
        let b = Replica::running(&w, "b", cascade).await;
        w.sleep(SECOND).await;
        let left = || w.store.list::<Site>().all().expect("readable").len();
        for owner in &owners[..10] {
            w.store.commit(owner.delete()).await.expect("memory commits");
        }
        w.sleep(SECOND).await;
        assert_eq!(left(), 20, "both at work");
        a.freeze(true);
        for owner in &owners[10..] {
            w.store.commit(owner.delete()).await.expect("memory commits");
        }
        w.sleep(SECOND).await;
        assert!((1..20).contains(&left()), "{}", left());
        w.sleep(BOUND).await;
        assert_eq!(left(), 0);
        a.freeze(false);
        let done = |replica: &Replica| replica.running.handle.metrics().reconciles.done;
        assert!(done(&a) > 0 && done(&b) > 0);
        a.stop().await;
        b.stop().await;
    });
}
