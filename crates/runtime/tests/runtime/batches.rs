//! Changes mapped by asking somebody: what is asked, in which pieces, and what happens when there is no answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_runtime::{
    Action, Controller, Error, Reconciler, Request, Result, Source, SourceState, Told, reconcile_with,
};
use trimtab_seams::Seams;
use trimtab_store::{Change, Key, Kind as _, KindKey as _};

use crate::world::{Certificate, Diary, MS, Running, SECOND, Site, World, logged, site, world};

/// Somebody who is asked which certificates sites point at.
#[derive(Clone)]
struct Asked(Arc<Mutex<Inner>>, Seams);

struct Inner {
    /// Of each call: of each change the certificate before and now.
    calls: Vec<Vec<(String, String)>>,
    takes: Duration,
    /// What happens instead of an answer, when one of these certificates is among those asked about; the empty set means any.
    instead: Option<(BTreeSet<&'static str>, Answer)>,
}

type Answer = fn() -> Result<Vec<Request>>;

impl Asked {
    fn new(w: &World) -> Self {
        let inner = Inner { calls: Vec::new(), takes: MS, instead: None };
        Self(Arc::new(Mutex::new(inner)), w.seams.clone())
    }

    fn instead<const N: usize>(&self, of: [&'static str; N], answer: Answer) {
        self.0.lock().instead = Some((BTreeSet::from(of), answer));
    }

    fn mend(&self) {
        self.0.lock().instead = None;
    }

    fn take_calls(&self) -> Vec<Vec<(String, String)>> {
        std::mem::take(&mut self.0.lock().calls)
    }

    fn source(&self) -> Source<Told> {
        let asked = self.clone();
        Source::of::<Site>().map_batches(100, move |changes| {
            let asked = asked.clone();
            async move { asked.ask(&changes).await }
        })
    }

    async fn ask(&self, changes: &[Change<Site>]) -> Result<Vec<Request>> {
        let pointed = |site: Option<&_>| certificate(site).unwrap_or("-").to_owned();
        let asked: Vec<_> = changes
            .iter()
            .map(|change| (pointed(change.old.as_ref()), pointed(change.new.as_ref())))
            .collect();
        let takes = {
            let mut inner = self.0.lock();
            inner.calls.push(asked.clone());
            inner.takes
        };
        self.1.sleep(takes).await;
        let all: BTreeSet<&str> = asked.iter().flat_map(|(old, new)| [old.as_str(), new.as_str()]).collect();
        let instead = self.0.lock().instead.clone();
        if let Some((of, answer)) = instead
            && (of.is_empty() || of.iter().any(|one| all.contains(one)))
        {
            return answer();
        }
        let wakes = |change: &Change<Site>| {
            let names: Vec<_> = change.both().filter_map(|site| site.spec.certificate.clone()).collect();
            names.into_iter().map(|name| change.beside::<Certificate>(name)).collect::<Vec<_>>()
        };
        Ok(changes.iter().flat_map(wakes).collect())
    }
}

fn certificate(site: Option<&trimtab_store::Typed<Site>>) -> Option<&str> {
    site?.spec.certificate.as_deref()
}

fn noting(diary: &Diary) -> impl Reconciler {
    reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        Ok(Action::done())
    })
}

fn pointing(certificate: &str) -> Site {
    Site { port: 80, certificate: Some(certificate.into()) }
}

fn start(w: &World, asked: &Asked, diary: &Diary) -> Running {
    let own = Source::of::<Certificate>();
    w.start(Controller::new(&w.store, noting(diary)).subscribe(own).subscribe(asked.source()))
}

fn names(diary: &Diary) -> Vec<String> {
    let mut names = diary.names();
    names.sort();
    diary.clear();
    names
}

fn pair(old: &str, new: &str) -> (String, String) {
    (old.into(), new.into())
}

fn no_answer() -> Result<Vec<Request>> {
    Err(Error::from("nobody is there"))
}

/// behaviour C19
#[test]
fn the_first_snapshot_is_asked_about_in_pieces_of_one_tenancy_before_anything_runs() {
    world(60, async |w| {
        for number in 0..150 {
            w.put(&format!("s{number:03}"), pointing(&format!("c{number:03}"))).await;
        }
        for number in 0..30 {
            let elsewhere = pointing("other").named(format!("s{number}")).in_namespace("shop");
            w.store.commit(elsewhere.apply()).await.unwrap();
        }
        let (asked, diary) = (Asked::new(&w), Diary::default());
        asked.0.lock().takes = SECOND;
        let running = start(&w, &asked, &diary);
        w.sleep(2500 * MS).await;
        assert!(!running.handle.is_ready() && !running.handle.is_settled());
        assert_eq!(diary.len(), 0, "not all of it has been asked about");
        running.settled().await;
        assert_eq!(diary.len(), 151);
        let calls = asked.take_calls();
        assert!(calls.iter().all(|call| call.len() <= 100));
        assert_eq!(calls.iter().map(Vec::len).sum::<usize>(), 180, "each once");
        for call in &calls {
            let other = call.iter().filter(|(_, new)| new == "other").count();
            assert!(other == 0 || other == call.len(), "of one tenancy: {call:?}");
        }
        assert!(calls.len() < 10, "many at once: {}", calls.len());
        running.stop().await.unwrap();
    });
}

/// behaviour C7
#[test]
fn every_value_is_asked_about_also_those_that_come_and_go_while_nobody_answers() {
    world(61, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        let running = start(&w, &asked, &diary);
        running.settled().await;
        asked.0.lock().takes = SECOND;
        w.put("blog", pointing("first")).await;
        w.sleep(MS).await;
        w.put("blog", pointing("second")).await;
        w.put("blog", pointing("third")).await;
        w.delete("blog").await;
        w.sleep(MS).await;
        assert!(!running.handle.is_settled(), "what is being asked about is work");
        running.settled().await;
        let calls = asked.take_calls();
        assert_eq!(calls[0], [pair("-", "first")]);
        assert_eq!(
            calls[1..].concat(),
            [pair("first", "second"), pair("second", "third"), pair("third", "-")]
        );
        assert_eq!(names(&diary), ["first", "second", "third"]);
        running.stop().await.unwrap();
    });
}

/// behaviour C8
#[test]
fn one_entry_that_makes_calls_fail_stands_alone_soon_and_is_retried_and_no_value_is_lost() {
    let ((), lines) = logged(|| {
        world(62, async |w| {
            let (asked, diary) = (Asked::new(&w), Diary::default());
            w.put("other", pointing("fine")).await;
            let running = start(&w, &asked, &diary);
            running.settled().await;
            names(&diary);
            asked.instead(["bad", "worse"], no_answer);
            for number in 0..60 {
                w.put(&format!("s{number}"), pointing(if number == 33 { "bad" } else { "good" })).await;
            }
            w.sleep(SECOND).await;
            assert_eq!(names(&diary), ["good"].repeat(diary_runs(&running)), "the others are mapped");
            let status = running.handle.status();
            let bad = Key::of::<Site>("s33");
            assert_eq!(status.sources[1].unmapped, [(bad.clone(), "nobody is there".to_owned())]);
            assert_eq!(status.sources[1].state, SourceState::Live, "one entry does not break the source");
            assert!(running.handle.is_ready() && !running.handle.is_settled());

            let before = running.handle.metrics().map_failures;
            w.sleep(300 * SECOND).await;
            let failures = running.handle.metrics().map_failures - before;
            assert!((3..20).contains(&failures), "with growing delay: {failures}");
            // The next value is no better; the one after is. What the entry was first and in between is told with it.
            w.put("s33", pointing("worse")).await;
            w.put("s33", pointing("mended")).await;
            w.sleep(SECOND).await;
            let woken = names(&diary);
            assert_eq!(woken, ["mended"], "nothing was there before");
            assert!(running.handle.status().sources[1].unmapped.is_empty());
            asked.mend();
            running.settled().await;
            assert_eq!(names(&diary), ["bad", "worse"], "what it was in between is still tried a few times");
            running.stop().await.unwrap();
        });
    });
    let line = lines.iter().find(|line| line.text.contains("a mapping failed; it is tried again")).unwrap();
    assert!(line.text.contains("key=site/s33") && line.text.contains("nobody is there"), "{}", line.text);
}

fn diary_runs(running: &Running) -> usize {
    usize::try_from(running.handle.metrics().reconciles.total()).unwrap() - 1
}

/// behaviour C8
#[test]
fn what_an_entry_was_in_between_is_told_once_there_are_answers_again() {
    world(63, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        w.put("blog", pointing("zero")).await;
        let running = start(&w, &asked, &diary);
        running.settled().await;
        names(&diary);
        asked.instead([], no_answer);
        for value in ["first", "second", "third"] {
            w.put("blog", pointing(value)).await;
            w.sleep(SECOND).await;
        }
        asked.mend();
        running.settled().await;
        let woken: BTreeSet<String> = names(&diary).into_iter().collect();
        assert_eq!(woken, BTreeSet::from(["zero", "first", "second", "third"].map(String::from)));
        running.stop().await.unwrap();
    });
}

/// behaviours C4, C19
#[test]
fn nobody_there_at_start_breaks_this_source_alone_and_that_is_seen() {
    world(64, async |w| {
        for number in 0..10 {
            w.put(&format!("s{number}"), pointing("woken")).await;
        }
        w.store.commit(Certificate::default().named("own").apply()).await.unwrap();
        let (asked, diary) = (Asked::new(&w), Diary::default());
        asked.instead([], no_answer);
        let running = start(&w, &asked, &diary);
        w.sleep(10 * SECOND).await;
        assert_eq!(names(&diary), ["own"], "other sources are not held up");
        let status = running.handle.status();
        assert!(!status.ready && status.reasons[0].contains("nobody is there"), "{:?}", status.reasons);
        let SourceState::Broken { error, failures, next_try, .. } = &status.sources[1].state else {
            panic!("{:?}", status.sources[1])
        };
        assert!(error == "nobody is there" && *failures > 3 && *next_try > w.seams.now());
        assert!(!running.handle.is_settled());
        w.sleep(600 * SECOND).await;
        let calls = asked.take_calls().len();
        assert!(calls < 300, "with growing delay: {calls}");
        asked.mend();
        running.settled().await;
        assert_eq!(names(&diary).first().map(String::as_str), Some("woken"));
        assert!(running.handle.is_ready());
        assert_eq!(running.handle.status().sources[1].state, SourceState::Live);
        running.stop().await.unwrap();
    });
}

/// behaviour C4
#[test]
fn nobody_there_any_more_breaks_the_source_after_a_while() {
    world(65, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        w.put("blog", pointing("zero")).await;
        let running = start(&w, &asked, &diary);
        running.settled().await;
        asked.instead([], no_answer);
        for number in 0..200 {
            w.put(&format!("s{number}"), pointing("woken")).await;
        }
        w.sleep(60 * SECOND).await;
        assert!(matches!(running.handle.status().sources[1].state, SourceState::Broken { .. }));
        asked.mend();
        running.settled().await;
        assert_eq!(running.handle.status().sources[1].state, SourceState::Live);
        running.stop().await.unwrap();
    });
}

#[test]
fn an_answer_that_names_one_very_often_and_many_once_queues_each_once() {
    world(69, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        let running = start(&w, &asked, &diary);
        running.settled().await;
        asked.instead([], || {
            let name = |number: u32| Key::of::<Certificate>(format!("c{:05}", number % 20_000));
            Ok((0..40_000).map(name).collect())
        });
        w.put("a", pointing("x")).await;
        running.settled().await;
        let names = names(&diary);
        assert_eq!((names.len(), &*names[0], &*names[19_999]), (20_000, "c00000", "c19999"));
        running.stop().await.unwrap();
    });
}

#[test]
fn an_answer_of_not_yet_is_no_failure_and_is_asked_for_again_after_that_time() {
    world(66, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        asked.instead([], || Err(Error::requeue_after(20 * SECOND)));
        w.put("blog", pointing("first")).await;
        let running = start(&w, &asked, &diary);
        w.sleep(19 * SECOND).await;
        assert_eq!(asked.take_calls().len(), 1);
        w.sleep(2 * SECOND).await;
        assert_eq!(asked.take_calls().len(), 1);
        assert!(!running.handle.is_settled());
        asked.mend();
        w.sleep(20 * SECOND).await;
        assert_eq!(names(&diary), ["first"]);
        assert!(running.handle.is_settled());
        assert_eq!(running.handle.metrics().map_failures, 0);
        running.stop().await.unwrap();
    });
}

/// behaviour C10
#[test]
fn not_yet_over_and_over_without_a_pause_does_not_spin() {
    world(72, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        asked.instead([], || Err(Error::requeue_after(Duration::ZERO)));
        w.put("blog", pointing("first")).await;
        let running = start(&w, &asked, &diary);
        w.sleep(100 * SECOND).await;
        let calls = asked.take_calls().len();
        assert!((90..140).contains(&calls), "about one a second: {calls}");
        asked.mend();
        running.settled().await;
        assert_eq!(names(&diary), ["first"]);
        running.stop().await.unwrap();
    });
}

#[test]
fn an_entry_that_is_refused_is_unmapped_until_it_changes_and_holds_nothing_up() {
    world(67, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        asked.instead(["bad"], || Err(Error::terminal("no such certificate")));
        for name in ["a", "b", "c"] {
            w.put(name, pointing(if name == "b" { "bad" } else { name })).await;
        }
        let running = start(&w, &asked, &diary);
        running.settled().await;
        assert_eq!(names(&diary), ["a", "c"]);
        let unmapped = || running.handle.status().sources[1].unmapped.clone();
        assert_eq!(unmapped(), [(Key::of::<Site>("b"), "no such certificate".to_owned())]);
        assert_eq!(running.handle.metrics().map_failures, 0);
        asked.take_calls();
        w.sleep(1000 * SECOND).await;
        assert_eq!(asked.take_calls().len(), 0, "it is not asked about again by itself");
        w.put("b", pointing("good")).await;
        running.settled().await;
        assert_eq!(names(&diary), ["good"]);
        assert_eq!(unmapped(), []);
        running.stop().await.unwrap();
    });
}

/// behaviour C8
#[test]
fn an_entry_that_is_gone_and_refused_is_not_waited_for() {
    world(68, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        for name in ["a", "b"] {
            w.put(name, pointing("good")).await;
        }
        let running = start(&w, &asked, &diary);
        running.settled().await;
        asked.instead(["good"], || Err(Error::terminal("nothing of it")));
        let unmapped = || running.handle.status().sources[1].unmapped.len();
        // One that is refused before it goes, and one that is refused as it goes.
        w.put("a", pointing("bad")).await;
        running.settled().await;
        assert_eq!(unmapped(), 1);
        for name in ["a", "b"] {
            w.delete(name).await;
        }
        running.settled().await;
        assert_eq!(unmapped(), 0);
        asked.take_calls();
        asked.mend();
        w.put("a", pointing("new")).await;
        running.settled().await;
        assert_eq!(asked.take_calls(), [[pair("-", "new")]], "nothing of it is kept");
        running.stop().await.unwrap();
    });
}

/// behaviour C8
#[test]
fn a_panic_in_a_call_is_a_failure_of_that_call_only() {
    world(68, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        asked.instead(["bad"], || panic!("in a call"));
        w.put("a", pointing("bad")).await;
        w.put("b", pointing("good")).await;
        let running = start(&w, &asked, &diary);
        w.sleep(SECOND).await;
        assert_eq!(names(&diary), ["good"]);
        assert!(running.handle.status().sources[1].unmapped[0].1.contains("panicked: in a call at "));
        running.stop().await.unwrap();
    });
}

/// behaviour S7
#[test]
fn a_line_that_is_full_takes_no_more_and_looks_at_the_difference_later() {
    world(69, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        w.put("s0", pointing("zero")).await;
        let running = start(&w, &asked, &diary);
        running.settled().await;
        names(&diary);
        asked.0.lock().takes = 3600 * SECOND;
        w.put("s0", pointing("hangs")).await;
        w.sleep(MS).await;
        for number in 0..3000 {
            w.put(&format!("s{}", number % 10), pointing(&format!("c{number}"))).await;
        }
        // As if the history held no more than that.
        w.store.publisher().refresh(&"site".into()).unwrap();
        w.sleep(MS).await;
        assert_eq!(running.handle.metrics().resubscribes, 0, "it takes nothing more, not even that");
        asked.0.lock().takes = MS;
        w.sleep(3600 * SECOND).await;
        running.settled().await;
        let woken: BTreeSet<String> = names(&diary).into_iter().collect();
        assert!((0..1000).all(|number| woken.contains(&format!("c{number}"))), "those that were taken");
        assert!((2990..3000).all(|number| woken.contains(&format!("c{number}"))), "what is there now");
        assert!(woken.len() < 1100, "and not what came in between: {}", woken.len());
        assert_eq!(running.handle.metrics().resubscribes, 1);
        running.stop().await.unwrap();
    });
}

/// behaviour C14
#[test]
fn a_shutdown_ends_a_call_that_gets_no_answer() {
    world(70, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        asked.0.lock().takes = 3600 * SECOND;
        w.put("blog", pointing("first")).await;
        let running = start(&w, &asked, &diary);
        w.sleep(SECOND).await;
        assert_eq!(asked.take_calls().len(), 1);
        let begun = w.seams.now();
        running.stop().await.unwrap();
        assert!(w.seams.now() - begun < SECOND);
        assert_eq!(Arc::strong_count(&asked.0), 1, "nothing of it is left");
    });
}

/// behaviour C6
#[test]
fn filters_and_mappings_before_are_applied_to_each_change() {
    world(71, async |w| {
        let (asked, diary) = (Asked::new(&w), Diary::default());
        let calls = asked.clone();
        let source = Source::of::<Site>()
            .when(|change| change.new.as_ref().is_some_and(|site| site.spec.port == 80))
            .map(|change| change.beside::<Certificate>("each"))
            .map_batches(10, move |changes| {
                let calls = calls.clone();
                async move { calls.ask(&changes).await }
            });
        w.put("a", pointing("seen")).await;
        w.put("b", site(81)).await;
        let running = w.start(Controller::new(&w.store, noting(&diary)).subscribe(source));
        running.settled().await;
        assert_eq!(names(&diary), ["each", "seen"]);
        assert_eq!(asked.take_calls(), [[pair("-", "seen")]]);
        assert_eq!(running.handle.status().kind, None, "its requests are no keys of sites");
        running.stop().await.unwrap();
    });
}
