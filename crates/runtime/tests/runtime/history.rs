//! The last runs that a controller keeps, and the kind it is of.

use std::time::Duration;

use trimtab_runtime::{Action, Controller, Ended, Request, Source, reconcile_fn};

use crate::world::{Certificate, MS, Running, SECOND, Site, World, site, world};

fn key(name: &str) -> Request {
    Request::new("site", name)
}

/// One worker, which fails with a long text for keys that begin with `bad`.
fn started(w: &World, runs: usize) -> Running {
    let reconciler = reconcile_fn(async |ctx, request| {
        ctx.note("looked");
        ctx.sleep(3 * MS).await;
        if request.name().starts_with("bad") {
            return Err("ä".repeat(4000).into());
        }
        Ok(Action::done())
    });
    let controller = Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>());
    w.start(controller.with_backoff(100 * SECOND, 100 * SECOND).with_history(runs))
}

#[test]
fn a_run_tells_when_it_began_how_long_it_took_how_it_ended_and_why_it_ran() {
    world(1, async |w| {
        w.put("blog", site(80)).await;
        let before = w.seams.wall();
        let running = started(&w, 8);
        running.settled().await;
        let runs = running.handle.runs(&key("blog"));
        let [run] = &runs[..] else { panic!("one run, not {runs:?}") };
        assert_eq!((run.ended, run.took, run.attempt), (Ended::Done, 3 * MS, 1));
        let began = run.began.duration_since(before).expect("not before the start");
        assert!(began < SECOND, "{began:?}");
        assert_eq!(run.reasons, [format!("site/blog found at {}", run.index)]);
        assert_eq!((run.notes.as_slice(), &run.error), (&["looked".to_owned()][..], &None));
        assert!(running.handle.runs(&key("shop")).is_empty());
        running.stop().await.unwrap();
    });
}

#[test]
fn the_newest_run_comes_first_and_the_oldest_is_dropped() {
    world(2, async |w| {
        let running = started(&w, 4);
        for port in 1..=6 {
            w.put("blog", site(port)).await;
            running.settled().await;
        }
        let runs = running.handle.runs(&key("blog"));
        assert_eq!(runs.len(), 4);
        assert!(runs.windows(2).all(|pair| pair[0].index > pair[1].index), "{runs:?}");
        assert_eq!(running.handle.runs_all(2), runs[..2]);
        running.stop().await.unwrap();
    });
}

#[test]
fn a_failure_outlives_a_flood_of_successes_and_is_cut_at_four_kibibytes() {
    world(3, async |w| {
        for name in ["bad-1", "bad-2", "bad-3"] {
            w.put(name, site(80)).await;
        }
        let running = started(&w, 8);
        w.sleep(SECOND).await;
        for port in 1..=50 {
            w.put("blog", site(port)).await;
            w.sleep(10 * MS).await;
        }
        // A quarter of eight failures is kept beyond the last eight runs: the two newer ones.
        let kept: Vec<_> =
            running.handle.runs_all(usize::MAX).iter().map(|run| run.request.name().to_owned()).collect();
        assert_eq!(kept[..8], ["blog"; 8].map(str::to_owned));
        assert_eq!(kept[8..], ["bad-3".to_owned(), "bad-2".to_owned()]);
        let [run] = &running.handle.runs(&key("bad-3"))[..] else { panic!("one run is kept") };
        let error = run.error.as_deref().expect("it failed");
        assert!(error.len() <= 4096 && error.ends_with("ä..."), "{} bytes", error.len());
        assert_eq!(run.ended, Ended::Failed);
        running.stop().await.unwrap();
    });
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    world(4, async |w| {
        w.put("blog", site(80)).await;
        let running = started(&w, 0);
        running.settled().await;
        assert!(running.handle.runs_all(usize::MAX).is_empty());
        assert_eq!(running.handle.metrics().run_time.sum, Duration::ZERO);
        running.stop().await.unwrap();
    });
}

#[test]
fn the_kind_of_a_controller_is_that_of_its_first_source_of_own_keys() {
    world(5, async |w| {
        let idle = || reconcile_fn(async |_, _| Ok(Action::done()));
        let owned = Source::of::<Certificate>().to_owner::<Site>();
        let mapped = Controller::new(&w.store, idle()).subscribe(owned);
        assert_eq!(mapped.handle().status().kind, None);
        let both = mapped.subscribe(Source::of::<Site>()).subscribe(Source::of::<Certificate>());
        assert_eq!(both.handle().status().kind, Some("site".into()));
        let named = both.named("sites");
        let status = named.handle().status();
        assert_eq!((status.name.as_str(), status.kind.is_some()), ("sites", true));
    });
}
