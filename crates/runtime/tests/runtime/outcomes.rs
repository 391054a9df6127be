//! What becomes of a key when its run has ended.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_runtime::{
    Action, Controller, Ended, Error, KeyStatusState, Reconciler, RequeueAfter, Result, RetryAfter, Source,
    reconcile_with,
};
use trimtab_store::{Key, Kind as _, KindKey as _};

use crate::world::{Certificate, Diary, MS, SECOND, Site, World, logged, site, world};

type Script = dyn Fn(usize) -> Result<Action> + Send + Sync;

/// Notes each run, and ends it as the script says for its number, from 0.
fn scripted(
    diary: &Diary,
    script: impl Fn(usize) -> Result<Action> + Send + Sync + 'static,
) -> impl Reconciler {
    let state: (Diary, Box<Script>) = (diary.clone(), Box::new(script));
    reconcile_with(state, async |(diary, script), ctx, request| {
        let number = diary.of(request.name()).len();
        diary.write(ctx, &request);
        script(number)
    })
}

/// A backoff without chance.
fn exact(base: Duration, max: Duration) -> impl Fn() -> trimtab_queue::ExponentialBackoff + Send + Sync {
    move || trimtab_queue::ExponentialBackoff::new(base, max).expect("valid").with_jitter(false)
}

fn sites(w: &World, reconciler: impl Reconciler) -> Controller {
    Controller::new(&w.store, reconciler)
        .subscribe(Source::of::<Site>())
        .with_limiter(exact(MS, 1000 * SECOND))
}

/// behaviour C9
#[test]
fn failures_are_retried_with_doubling_delays_and_success_forgets_them() {
    world(1, async |w| {
        let diary = Diary::default();
        let controller = sites(
            &w,
            scripted(&diary, |run| match run {
                4 => Ok(Action::requeue_after(SECOND)),
                0..=5 => Err("no".into()),
                _ => Ok(Action::done()),
            }),
        );
        w.put("blog", site(80)).await;
        let running = w.start(controller);
        w.sleep(10 * SECOND).await;
        assert_eq!(diary.gaps(), [MS, 2 * MS, 4 * MS, 8 * MS, SECOND, MS]);
        let attempts: Vec<_> = diary.all().iter().map(|note| note.attempt).collect();
        assert_eq!(attempts, [1, 2, 3, 4, 5, 1, 2]);
        let counts = running.handle.metrics().reconciles;
        assert_eq!((counts.failed, counts.requeued, counts.done), (5, 1, 1));
        assert!(running.handle.keys().is_empty(), "an idle key costs nothing");
        running.stop().await.unwrap();
    });
}

/// behaviour C9
#[test]
fn requeue_after_as_an_error_from_deep_below_is_not_a_failure() {
    world(2, async |w| {
        let diary = Diary::default();
        let controller = sites(
            &w,
            scripted(&diary, |run| match run {
                0 => Err("a failure before".into()),
                1 => Err(std::io::Error::other(RequeueAfter(SECOND)))?,
                2 => Err(Error::requeue_after(2 * SECOND)),
                3 => Err(RequeueAfter::now())?,
                _ => Ok(Action::done()),
            }),
        );
        w.put("blog", site(80)).await;
        let running = w.start(controller);
        w.sleep(10 * SECOND).await;
        assert_eq!(diary.gaps(), [MS, SECOND, 2 * SECOND, Duration::ZERO]);
        assert_eq!(diary.all().iter().map(|note| note.attempt).collect::<Vec<_>>(), [1, 2, 1, 1, 1]);
        assert_eq!(running.handle.metrics().reconciles.failed, 1);
        running.stop().await.unwrap();
    });
}

/// behaviour C9, L5
#[test]
fn an_error_that_says_when_to_come_back_is_heard_and_is_a_failure() {
    world(3, async |w| {
        let diary = Diary::default();
        let controller = sites(
            &w,
            scripted(&diary, |run| match run {
                0 => Err(Error::retry_after(9 * SECOND, "busy")),
                1 => Err(RetryAfter::new(7 * SECOND, "still busy"))?,
                _ => Ok(Action::done()),
            }),
        );
        w.put("blog", site(80)).await;
        let running = w.start(controller);
        w.sleep(8 * SECOND).await;
        let failing = running.handle.failing();
        assert_eq!((failing.len(), failing[0].failures), (1, 1));
        assert_eq!(failing[0].last_error.as_deref(), Some("busy"));
        w.sleep(20 * SECOND).await;
        assert_eq!(diary.gaps(), [9 * SECOND, 7 * SECOND]);
        running.stop().await.unwrap();
    });
}

/// behaviour C10, guarantee R-f
#[test]
fn requeue_now_without_news_is_damped_after_a_burst_and_reported() {
    world(4, async |w| {
        let diary = Diary::default();
        let controller = sites(&w, scripted(&diary, |_| Ok(Action::requeue_now())));
        w.put("blog", site(80)).await;
        let running = w.start(controller);
        w.sleep(60 * SECOND).await;
        let gaps = diary.gaps();
        assert_eq!(&gaps[..9], [0, 0, 0, 0, 0, 1, 2, 4, 8].map(|ms| ms * MS));
        assert!(diary.len() < 30, "{} runs in a minute", diary.len());
        let status = running.handle.status();
        assert_eq!(status.hot, [(Key::of::<Site>("blog"), u32::try_from(diary.len()).unwrap())]);
        assert!(running.handle.metrics().damped > 5);
        assert!(!running.handle.is_settled());
        let why = running.handle.keys()[0].why.clone().unwrap();
        assert!(why.starts_with("asked to run at once"), "{why}");

        let before = diary.len();
        w.put("blog", site(81)).await;
        w.sleep(Duration::ZERO).await;
        running.handle.synced().await;
        w.sleep(MS).await;
        assert!(diary.len() >= before + 6, "news is not held back, and begins another burst");
        running.stop().await.unwrap();
    });
}

/// behaviour C11
#[test]
fn a_terminal_error_is_listed_and_not_retried_until_the_entry_changes_or_it_is_enqueued() {
    world(5, async |w| {
        let diary = Diary::default();
        let controller = sites(&w, scripted(&diary, |_| Err(Error::terminal("port 0 cannot be had"))));
        w.put("blog", site(0)).await;
        let running = w.start(controller);
        w.sleep(3600 * SECOND).await;
        assert_eq!(diary.len(), 1);
        let failing = running.handle.failing();
        assert_eq!(failing.len(), 1);
        assert_eq!((failing[0].state, failing[0].terminal), (KeyStatusState::Failing, true));
        assert_eq!(failing[0].last_error.as_deref(), Some("port 0 cannot be had"));
        assert_eq!(failing[0].next_run, None);
        assert!(!running.handle.is_settled());

        w.put("blog", site(1)).await;
        w.sleep(MS).await;
        assert_eq!(diary.len(), 2);
        running.handle.enqueue(Key::of::<Site>("blog"));
        w.sleep(MS).await;
        assert_eq!(diary.len(), 3);
        assert_eq!(running.handle.metrics().reconciles.terminal, 3);
        running.stop().await.unwrap();
    });
}

/// behaviour C12, guarantee R-e
#[test]
fn a_panic_is_an_error_with_message_and_backtrace_and_other_keys_go_on() {
    let ((), lines) = logged(|| {
        world(6, async |w| {
            let diary = Diary::default();
            let state = diary.clone();
            let reconciler = reconcile_with(state, async |diary, ctx, request| {
                diary.write(ctx, &request);
                assert!(request.name() != "bad", "the {} one", "bad");
                Ok(Action::done())
            });
            for name in ["a", "bad", "c"] {
                w.put(name, site(80)).await;
            }
            let running = w.start(sites(&w, reconciler));
            w.sleep(10 * MS).await;
            assert_eq!(diary.of("a").len(), 1);
            assert_eq!(diary.of("c").len(), 1);
            assert_eq!(diary.of("bad").len(), 4, "retried after 1, 2, 4 ms");
            let failing = running.handle.failing();
            let error = failing[0].last_error.clone().unwrap();
            assert!(
                error.starts_with("panicked: the bad one at ") && error.contains("outcomes.rs:"),
                "{error}"
            );
            assert_eq!(running.handle.metrics().reconciles.panicked, 4);
            running.stop().await.unwrap();
        });
    });
    let panic =
        lines.iter().find(|line| line.text.contains("the reconciler panicked")).expect("it is logged");
    assert_eq!(panic.level, tracing::Level::ERROR);
    assert!(panic.text.contains("request=site/bad") && panic.text.contains("the bad one"), "{}", panic.text);
    assert!(panic.text.contains("backtrace=") && panic.text.contains("outcomes"), "{}", panic.text);
}

/// behaviour C13, guarantee R-e
#[test]
fn a_run_past_its_deadline_is_dropped_counted_and_retried_and_delays_no_other_beyond_it() {
    world(7, async |w| {
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            if request.name() == "hangs" {
                ctx.sleep(3600 * SECOND).await;
            }
            Ok(Action::done())
        });
        w.put("hangs", site(80)).await;
        w.put("other", site(80)).await;
        let running = w.start(sites(&w, reconciler).with_deadline(SECOND));
        w.sleep(1999 * MS).await;
        assert_eq!(diary.of("other").len(), 1);
        let runs = diary.of("hangs");
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[1].at - runs[0].at, SECOND + MS);
        assert_eq!(running.handle.metrics().reconciles.timed_out, 1);
        let error = running.handle.keys()[0].last_error.clone().unwrap();
        assert_eq!(error, "timed out after 1s; raise it with `with_deadline`, or do less in one run");
        running.stop().await.unwrap();
    });
}

/// A script that was told to end, and took its time, was still at work when its key ran again. guarantee Q-b
#[test]
fn a_run_that_is_cut_short_is_over_only_when_what_it_left_behind_is() {
    world(9, async |w| {
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            if diary.len() == 1 {
                let seams = ctx.seams().clone();
                ctx.ends_after(async move { seams.sleep(5 * SECOND).await });
                ctx.sleep(600 * SECOND).await;
            }
            Ok(Action::done())
        });
        w.put("hangs", site(80)).await;
        let running = w.start(sites(&w, reconciler).with_deadline(SECOND));
        w.sleep(20 * SECOND).await;
        let runs = diary.of("hangs");
        assert_eq!((runs.len(), runs[1].at - runs[0].at), (2, 6 * SECOND + MS));
        running.stop().await.unwrap();
    });
}

/// behaviour C21
#[test]
fn a_conflict_runs_again_at_once_on_a_view_that_includes_what_is_there_and_is_no_failure() {
    world(8, async |w| {
        let diary = Diary::default();
        let other = w.replica().await;
        let state = (diary.clone(), other);
        let reconciler = reconcile_with(state, async |(diary, other), ctx, request| {
            diary.write(ctx, &request);
            let site = ctx.get::<Site>(&request)?.expect("there");
            if diary.len() == 1 {
                // Somebody is faster.
                let theirs = other.get::<Site>(&request)?.expect("there");
                other.commit(theirs.edit(|site| site.port = 8080)).await.map_err(Error::from)?;
            }
            ctx.commit(site.edit_status(|status| status.serving = Some(site.spec.port))).await?;
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        let running = w.start(sites(&w, reconciler));
        running.settled().await;
        let runs = diary.all();
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[1].at, runs[0].at, "at once");
        assert_eq!((runs[1].attempt, runs[1].index), (1, 2));
        assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().status.serving, Some(8080));
        let metrics = running.handle.metrics();
        assert_eq!((metrics.reconciles.conflicts, metrics.reconciles.failed), (1, 0));
        running.stop().await.unwrap();
    });
}

/// behaviour C21, guarantee R-f
#[test]
fn conflicts_without_end_are_damped_and_counted_apart() {
    world(9, async |w| {
        let diary = Diary::default();
        let other = w.replica().await;
        let reconciler = reconcile_with((diary.clone(), other), async |(diary, other), ctx, request| {
            diary.write(ctx, &request);
            // On an entry that is no source of the controller: nobody tells it of the change.
            let certificate = ctx.get::<Certificate>("c")?.expect("there");
            let theirs = other.get::<Certificate>("c")?.expect("there");
            other.commit(theirs.edit(|c| c.serial += 1)).await?;
            ctx.commit(certificate.edit(|c| c.serial += 100)).await?;
            Ok(Action::done())
        });
        w.store.commit(Certificate::default().named("c").apply()).await.unwrap();
        w.put("blog", site(80)).await;
        let controller = Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_limiter(exact(100 * MS, SECOND)));
        w.sleep(60 * SECOND).await;
        assert!(diary.len() < 100, "{} runs in a minute", diary.len());
        let metrics = running.handle.metrics();
        assert!(metrics.reconciles.conflicts > 20 && metrics.damped > 10, "{metrics:?}");
        assert_eq!(metrics.reconciles.failed, 0);
        let why = running.handle.keys()[0].why.clone().unwrap();
        assert!(why.starts_with("lost against other writers"), "{why}");
        running.stop().await.unwrap();
    });
}

/// behaviour C10, guarantee R-f
#[test]
fn a_key_whose_own_writes_make_it_run_is_damped_and_reported() {
    world(11, async |w| {
        let diary = Diary::default();
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            let site = ctx.get::<Site>(&request)?.expect("there");
            ctx.commit(site.edit(|site| site.port = site.port.wrapping_add(1))).await?;
            Ok(Action::done())
        });
        w.put("blog", site(80)).await;
        let running = w.start(sites(&w, reconciler));
        w.sleep(60 * SECOND).await;
        assert_eq!(&diary.gaps()[..9], [0, 0, 0, 0, 0, 1, 2, 4, 8].map(|ms| ms * MS));
        assert!(diary.len() < 30, "{} runs in a minute", diary.len());
        assert_eq!(running.handle.status().hot.len(), 1);
        let before = diary.len();
        w.put("blog", site(80)).await;
        w.sleep(Duration::ZERO).await;
        w.sleep(MS).await;
        assert!(diary.len() > before, "news is not held back");
        running.stop().await.unwrap();
    });
}

/// guarantee O-a
#[test]
fn hooks_are_told_of_each_run_with_its_reasons_notes_and_ending() {
    world(10, async |w| {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&told);
        let reconciler = reconcile_with((), async |(), ctx, _| {
            ctx.note(format!("attempt {}", ctx.attempt()));
            ctx.sleep(3 * MS).await;
            if ctx.attempt() == 1 { Err("no".into()) } else { Ok(Action::done()) }
        });
        let controller = sites(&w, reconciler).on_reconciled(move |run| {
            let reasons: Vec<_> = run.reasons.iter().map(ToString::to_string).collect();
            let error = run.error.map(ToString::to_string);
            tell.lock().push((run.ended, error, reasons.join(", "), run.notes.join(", "), run.took));
        });
        w.put("blog", site(80)).await;
        let running = w.start(controller);
        running.settled().await;
        running.stop().await.unwrap();
        let found = "site/blog found at 1".to_owned();
        let again = format!("{found}, retried after a failure");
        let wanted = [
            (Ended::Failed, Some("no".to_owned()), found, "attempt 1".to_owned(), 3 * MS),
            (Ended::Done, None, again, "attempt 2".to_owned(), 3 * MS),
        ];
        assert_eq!(*told.lock(), wanted);
    });
}

/// Panics before there is a future to poll.
struct Hasty(Diary);

impl Reconciler for Hasty {
    fn reconcile(
        &self,
        ctx: &trimtab_runtime::Context,
        request: trimtab_runtime::Request,
    ) -> impl Future<Output = Result<Action>> + Send {
        self.0.write(ctx, &request);
        assert!(request.name() != "bad" || ctx.attempt() > 3, "too early");
        std::future::ready(Ok(Action::done()))
    }
}

/// behaviour C12, guarantee R-e
#[test]
fn a_panic_before_the_first_await_is_an_error_of_that_run_too() {
    world(20, async |w| {
        let diary = Diary::default();
        w.put("bad", site(80)).await;
        let running = w.start(sites(&w, Hasty(diary.clone())));
        w.sleep(SECOND).await;
        assert_eq!(diary.of("bad").len(), 4);
        w.put("good", site(80)).await;
        w.sleep(SECOND).await;
        assert_eq!(diary.of("good").len(), 1, "the worker lives on");
        running.stop().await.unwrap();
    });
}

/// behaviour L5, guarantee R-f
#[test]
fn come_back_after_no_time_at_all_is_no_reason_to_spin() {
    world(21, async |w| {
        let diary = Diary::default();
        w.put("blog", site(80)).await;
        let running =
            w.start(sites(&w, scripted(&diary, |_| Err(Error::retry_after(Duration::ZERO, "busy")))));
        w.sleep(SECOND).await;
        assert!(diary.len() <= 12, "{} runs in a second", diary.len());
        running.stop().await.unwrap();
    });
}
