//! The daemon's life: open, apply, run, settle or be told to stop, close.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use trimtab::runtime::{Manager, ManagerHandle, RunError};
use trimtab::seams::{Instant, Seams};
use trimtab::store::Store;
use trimtab_polyglot::{Groups, NotYet};

use super::Checked;
use super::api::{Door, Health, Served};
use super::controllers::Controllers;
use super::entries::Entries;
use super::open::{open, shown};
use super::replica::{self, Replica};
use super::settle::{Judge, Verdict};
use super::signals::Signals;
use super::summary::Summary;
use super::voice::Voice;
use crate::command::{Exit, Run};
use crate::screen::Screen;

/// How long running scripts may go on once it is known how a run until settled ended.
const DRAIN_SETTLED: Duration = Duration::from_secs(2);
/// How long scripts that were asked to end are waited for: a little longer than until they are killed.
const LAST_SCRIPTS: Duration = Duration::from_millis(2500);
/// How often they are asked after.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// Why it came to an end.
enum Ended {
    /// The manager returned; none of the others had said so before.
    Stopped(Result<(), RunError>),
    /// Somebody does not want to wait.
    AtOnce,
}

/// Serves a folder. Everything that goes wrong has been told when it returns.
pub(super) async fn serve(
    arguments: &Run,
    checked: &Checked,
    screen: &Screen,
    voice: &Voice,
    seams: &Seams,
) -> Exit {
    let config = &checked.config;
    let failed = |what: &str| {
        voice.error(what);
        Exit::Failed
    };
    let signals = match Signals::listen(seams) {
        Ok(signals) => signals,
        Err(error) => return failed(&format!("signals cannot be heard: {error}")),
    };
    let health = Health::default();
    // Before the store, which may take long to open: an address that is in use is told at once.
    let opened = if is_served(arguments) { Door::open(config, &health, seams).await } else { Ok(None) };
    let door = match opened {
        Ok(door) => door,
        Err(problem) => {
            voice.problem(&problem);
            return Exit::Failed;
        }
    };
    // The time of a run until settled runs from here.
    let deadline = arguments.until_settled.then(|| seams.now() + arguments.timeout);
    let store = tokio::select! {
        opened = Box::pin(open(checked, door.as_ref(), &health, seams)) => match opened {
            Ok(store) => store,
            Err(what) => return failed(&what),
        },
        () = signals.come(1) => {
            // As asked, unless all was to be settled first.
            return if arguments.until_settled { failed("stopped while the store was being opened") } else { Exit::Done };
        }
        () = until(deadline, seams) => return timed_out(arguments, voice, &health.reasons()),
    };
    let (version, index) = (env!("CARGO_PKG_VERSION"), store.snapshot().index());
    let url = door.as_ref().map(Door::url);
    let api = url.as_ref().map(|url| format!("  api {url}")).unwrap_or_default();
    screen.say(&format!("trimtab {version}  store {}  index {index}{api}", shown(config)));

    let replica = Replica::of(config, seams);
    let groups = Groups::default();
    let drain = arguments.until_settled.then_some(DRAIN_SETTLED);
    let Controllers { manager, handle, not_yet } =
        match Controllers::new(config, &store, &groups, url.as_deref(), &replica, drain) {
            Ok(controllers) => controllers,
            Err(what) => return failed(&what),
        };
    let roster = match replica::roster(&replica, config, &store, door.as_ref()) {
        Ok(roster) => roster,
        Err(what) => return failed(&what),
    };
    let served = Served {
        name: &replica.name,
        store: &store,
        described: &shown(config),
        manager: &handle,
        roster: roster.as_ref(),
    };
    let api = door.map(|door| (door.api(config, &served, &health), door));
    let daemon = Daemon {
        arguments,
        checked,
        store: &store,
        handle: &handle,
        health: &health,
        signals: &signals,
        screen,
        voice,
        seams,
        deadline,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let (leave, left) = oneshot::channel::<()>();
    let running = async {
        let exit = daemon.run(manager, not_yet).await;
        drop((stop, leave));
        exit
    };
    let present = async {
        let Some(roster) = &roster else { return };
        tokio::select! {
            () = roster.run(async { drop(left.await) }) => {}
            () = signals.come(2) => {}
        }
    };
    let serving = async {
        let Some((api, door)) = api else { return };
        // What is asked last is answered, unless somebody does not want to wait.
        tokio::select! {
            () = door.serve(&api, seams, async { drop(stopped.await) }) => {}
            () = signals.come(2) => {}
        }
    };
    let (exit, (), ()) = tokio::join!(running, serving, present);
    if let Some(exit) = exit {
        last_scripts(&groups, &signals, seams).await;
        store.close().await;
        return exit;
    }
    let killed = groups.kill_all();
    failed(&format!("stopped at once; running scripts were killed: {killed}"))
}

/// Ends when the time is up; without a deadline never.
async fn until(deadline: Option<Instant>, seams: &Seams) {
    match deadline {
        Some(deadline) => seams.sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn timed_out(arguments: &Run, voice: &Voice, left: &[String]) -> Exit {
    voice.list(&format!("not settled within {:?}:", arguments.timeout), left);
    Exit::TimedOut
}

/// A run until settled asks nobody and is asked by nobody, so that it may run beside a daemon on the same address; unless a flag says where.
fn is_served(arguments: &Run) -> bool {
    !arguments.until_settled || arguments.settings.listen.is_some()
}

/// What the parts are made of.
struct Daemon<'a> {
    arguments: &'a Run,
    checked: &'a Checked,
    store: &'a Store,
    handle: &'a ManagerHandle,
    health: &'a Health,
    signals: &'a Signals,
    screen: &'a Screen,
    voice: &'a Voice,
    seams: &'a Seams,
    /// Of a run until settled.
    deadline: Option<Instant>,
}

impl Daemon<'_> {
    /// Runs the controllers. None when it is to be left at once.
    async fn run(&self, manager: Manager, not_yet: Vec<(String, NotYet)>) -> Option<Exit> {
        let Self { arguments, checked, store, handle, health, signals, screen, voice, seams, deadline } =
            *self;
        let Checked { config, schemas } = checked;
        let mut entries = Entries::new(config, schemas, store, seams, health);
        let judge = Judge {
            store: store.clone(),
            seams: seams.clone(),
            manager: handle.clone(),
            entries: entries.standing(),
            not_yet,
        };
        tokio::select! {
            () = entries.pass() => {}
            () = signals.come(1) => return Some(self.stopped()),
            () = until(deadline, seams) => {
                let left = Box::pin(judge.left_over()).await;
                return Some(timed_out(arguments, voice, &left));
            }
        }

        let summary = Summary::new(config, store, handle, screen);
        let verdict = Mutex::new(None);
        let shutdown = async {
            tokio::select! {
                () = signals.come(1) => {}
                found = judge.wait(deadline.unwrap_or(Instant::FAR_FUTURE)), if arguments.until_settled => {
                    summary.say();
                    *verdict.lock() = Some(found);
                }
            }
        };
        let ended = tokio::select! {
            ended = manager.run(shutdown) => Ended::Stopped(ended),
            () = entries.run() => unreachable!("it runs for ever"),
            () = summary.run() => unreachable!("it runs for ever"),
            () = signals.come(2) => Ended::AtOnce,
        };
        screen.leave();
        let Ended::Stopped(ended) = ended else { return None };
        let verdict = verdict.lock().take();
        match (verdict, ended) {
            // What did not end in time is among what is told already.
            (Some(verdict), Ok(()) | Err(RunError::DrainDeadline { .. })) => Some(self.judged(verdict)),
            (None, Ok(())) => Some(self.stopped()),
            (_, Err(error)) => {
                voice.error(&error.to_string());
                Some(Exit::Failed)
            }
        }
    }

    /// Stopped by a signal: well done, unless there was something to wait for.
    fn stopped(&self) -> Exit {
        if !self.arguments.until_settled {
            return Exit::Done;
        }
        self.voice.error("stopped before all was settled");
        Exit::Failed
    }

    fn judged(&self, verdict: Verdict) -> Exit {
        match verdict {
            Verdict::Settled => {
                self.screen.say(&format!("settled at index {}", self.store.snapshot().index()));
                Exit::Done
            }
            Verdict::Failed(left) => {
                self.voice.list("this cannot be settled:", &left);
                Exit::Failed
            }
            Verdict::TimedOut(left) => timed_out(self.arguments, self.voice, &left),
        }
    }
}

/// Waits for scripts that were cancelled and asked to end, and kills what is left.
async fn last_scripts(groups: &Groups, signals: &Signals, seams: &Seams) {
    let deadline = seams.now() + LAST_SCRIPTS;
    while !groups.are_gone() && seams.now() < deadline {
        tokio::select! {
            () = seams.sleep(ASK_AGAIN) => {}
            () = signals.come(2) => break,
        }
    }
    groups.kill_all();
}
