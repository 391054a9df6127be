//! Keys that are gained by what mappings give, also by those that take time or fail at first.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use trimtab_runtime::{Controller, Error, Request, Result, Source};
use trimtab_store::{Change, Key};

use super::replica::{Replica, jobs};
use super::{Job, Spans, job, world};
use crate::world::{MS, SECOND, Site, World, site};

/// The mapping, and whether it gives no answer now.
#[derive(Clone)]
struct Mapping {
    takes_time: bool,
    down: Arc<AtomicBool>,
}

/// Each site leads to a job of its own, which is no entry.
fn answer(down: &AtomicBool, change: &Change<Site>) -> Result<Request> {
    if down.load(Ordering::Relaxed) {
        return Err(Error::from("nobody is there"));
    }
    Ok(change.beside::<Job>(change.name().replace("site", "job")))
}

impl Mapping {
    fn add_to(&self, w: &World, controller: Controller) -> Controller {
        let (down, seams) = (Arc::clone(&self.down), w.seams.clone());
        if !self.takes_time {
            return controller.subscribe(Source::of().try_map(move |change| answer(&down, change)));
        }
        controller.subscribe(Source::of().map_batches(7, move |changes: Vec<Change<Site>>| {
            let (down, seams) = (Arc::clone(&down), seams.clone());
            async move {
                seams.sleep(MS).await;
                changes.iter().map(|change| answer(&down, change)).collect::<Result<Vec<_>>>()
            }
        }))
    }

    async fn replica(&self, w: &World, name: &'static str, spans: &Spans) -> Replica {
        let controller = |store: &_| self.add_to(w, jobs(store, name, spans, Duration::ZERO));
        Replica::running(w, name, controller).await
    }
}

fn keys(spans: &[super::Span], by: &str) -> BTreeSet<Key> {
    spans.iter().filter(|span| span.by == by).map(|span| span.key.clone()).collect()
}

/// guarantee L-d
#[test]
fn what_mappings_that_take_time_give_is_taken_up_by_who_gains_it_and_nothing_else_runs_again() {
    world(18, async |w| {
        for n in 0..40 {
            w.put(&format!("site-{n}"), site(n)).await;
        }
        let spans = Spans::default();
        let mapping = Mapping { takes_time: true, down: Arc::default() };
        let a = mapping.replica(&w, "a", &spans).await;
        w.sleep(SECOND).await;
        assert_eq!(keys(&spans.all(), "a").len(), 40);
        let now = w.seams.now();
        let b = mapping.replica(&w, "b", &spans).await;
        w.sleep(SECOND).await;
        let moved = keys(&spans.all(), "b");
        assert!((8..32).contains(&moved.len()), "{}", moved.len());
        assert_eq!(spans.since(now).len(), moved.len());
        let now = w.seams.now();
        b.stop().await;
        w.sleep(SECOND).await;
        assert_eq!(keys(&spans.since(now), "a"), moved, "although it answered for them when it had them");
        assert_eq!(spans.since(now).len(), moved.len());
        a.running.settled().await;
        a.stop().await;
    });
}

/// behaviour C8, guarantee L-d
#[test]
fn keys_that_are_gained_while_a_mapping_fails_are_taken_up_once_it_answers() {
    for (seed, takes_time) in [(19, false), (20, true)] {
        world(seed, async |w| {
            for n in 0..40 {
                w.put(&format!("site-{n}"), site(n)).await;
            }
            let spans = Spans::default();
            let mapping = Mapping { takes_time, down: Arc::default() };
            let a = mapping.replica(&w, "a", &spans).await;
            w.sleep(SECOND).await;
            let b = mapping.replica(&w, "b", &spans).await;
            w.sleep(SECOND).await;
            let mut expected = keys(&spans.all(), "b");
            mapping.down.store(true, Ordering::Relaxed);
            let now = w.seams.now();
            // What is told again of a site is mapped together with what has changed of it before and since.
            let mut change = async |sites: std::ops::Range<u16>| {
                for n in sites {
                    w.put(&format!("site-{n}"), site(n + 100)).await;
                    expected.insert(job(n.into()));
                }
                w.sleep(SECOND).await;
            };
            change(0..10).await;
            b.stop().await;
            w.sleep(SECOND).await;
            change(10..20).await;
            assert_eq!(spans.since(now).len(), 0);
            assert!(!a.running.handle.is_settled());
            mapping.down.store(false, Ordering::Relaxed);
            w.sleep(60 * SECOND).await;
            assert_eq!(keys(&spans.since(now), "a"), expected);
            a.running.settled().await;
            a.stop().await;
        });
    }
}
