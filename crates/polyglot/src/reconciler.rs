//! The reconciler that asks a program in another language, and makes what it answers true. How the program is reached is the carrier's.

use std::time::Duration;

use serde_json::{Map, Value};
use tracing::Instrument;
use trimtab_runtime::{Action, Context, Controller, Error as Failure, Reconciler, Request, Result};
use trimtab_store::{Entry, Store, Write};

use crate::call::{Asking, Call};
use crate::not_yet::NotYet;
use crate::process::{About, Groups, Stay};
use crate::protocol::{Answer, Input, Output};
use crate::watched::Watched;
use crate::writes::Asked;
use crate::{Error, Settings};

/// A reconciler in another language.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::collections::BTreeMap;
/// use std::time::Duration;
/// use trimtab_polyglot::{Carrier, Groups, Polyglot, Program, Settings};
/// use trimtab_store::{Draft, Memory, Store};
///
/// let program = Program {
///     path: "/bin/sh".into(),
///     arguments: vec!["-c".into(), r#"echo '{"status": {"seen": true}}'"#.into()],
///     folder: "/".into(),
///     environment: BTreeMap::new(),
/// };
/// let second = Duration::from_secs(1);
/// let settings = Settings {
///     name: "sites".into(),
///     kind: "site".into(),
///     carrier: Carrier::Exec(program),
///     workers: 1,
///     timeout: 30 * second,
///     backoff: (second, 60 * second),
///     finalizer: false,
///     watches: Vec::new(),
/// };
/// let store = Store::open(Memory::new()).await?;
/// store.commit(Draft::json("site", "blog", &serde_json::json!({})).apply()).await?;
/// let controller = Polyglot::new(settings, &Groups::default())?.controller(&store);
/// # let handle = controller.handle();
/// # let seams = store.seams().clone();
/// # let shutdown = async move { while !handle.is_settled() { seams.sleep(Duration::from_millis(5)).await } };
/// # #[cfg(any())]
/// let shutdown = std::future::pending();
/// controller.run(shutdown).await?;
/// # let key = trimtab_store::Key::new("site", "blog");
/// # assert_eq!(store.entry(&key)?.unwrap().status_json(), Some(r#"{"seen":true}"#));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Polyglot {
    name: String,
    kind: String,
    call: Call,
    watched: Watched,
    time: Duration,
    /// Whether entries are to be held until the program has cleaned up.
    holds: bool,
    finalizer: String,
    not_yet: NotYet,
}

/// What there is to do about the finalizer before the program is asked.
enum Hold {
    /// Nothing: ask.
    Run,
    /// This. It changes the entry, and that change runs the key again.
    First(Write),
    /// There is nothing to run for: the entry goes, and nothing here holds it.
    Leave,
}

impl Polyglot {
    /// A reconciler of these settings; the processes that it starts are entered into `groups`.
    ///
    /// # Errors
    /// [`Error`]: what is wrong with its settings.
    pub fn new(settings: Settings, groups: &Groups) -> std::result::Result<Self, Error> {
        Ok(Self {
            call: Call::new(&settings.carrier, settings.workers, groups)?,
            watched: Watched::new(&settings, groups)?,
            time: settings.timeout,
            holds: settings.finalizer,
            finalizer: format!("trimtab/{}", settings.name),
            not_yet: NotYet::new(settings.backoff)?,
            name: settings.name,
            kind: settings.kind,
        })
    }

    /// The keys whose programs said "not yet".
    pub fn not_yet(&self) -> NotYet {
        self.not_yet.clone()
    }

    /// A controller that runs it, listening to all it looks at.
    pub fn controller(self, store: &Store) -> Controller {
        let (name, watched) = (self.name.clone(), self.watched.clone());
        watched.subscribe(Controller::new(store, self).named(&name), store.seams())
    }

    /// An entry is held before its program is first asked, and not held any more once the file says so.
    fn hold(&self, entry: Option<&Entry>) -> Hold {
        let Some(entry) = entry else { return Hold::Run };
        match (self.holds, entry.has_finalizer(&self.finalizer), entry.is_deleting()) {
            (true, false, false) => Hold::First(entry.add_finalizer(&self.finalizer)),
            (false, true, _) => Hold::First(entry.remove_finalizer(&self.finalizer)),
            (true, false, true) => Hold::Leave,
            _ => Hold::Run,
        }
    }

    async fn ask(&self, ctx: &Context, input: &Input<'_>) -> Result<Answer<Output>> {
        let line = input.to_line()?;
        let about = About { controller: &self.name, kind: &self.kind, key: Some(ctx.request()) };
        let (stay, gone) = Stay::new();
        ctx.ends_after(gone);
        let asking = Asking { seams: ctx.seams(), about, input: line, time: self.time, stay: Some(stay) };
        Ok(self.call.ask(asking).await)
    }

    async fn reconcile_inside(&self, ctx: &Context, request: &Request) -> Result<Action> {
        let entry = ctx.entry(request)?;
        match self.hold(entry.as_ref()) {
            Hold::Run => {}
            Hold::Leave => return Ok(Action::done()),
            Hold::First(write) => {
                ctx.commit(write).await?;
                return Ok(Action::done());
            }
        }
        let (view, entry) = (ctx.view(), entry.as_ref());
        let references = entry.map(|entry| self.watched.references(entry, &view)).transpose()?;
        let children =
            entry.map(|entry| self.watched.children(entry, &view)).transpose()?.unwrap_or_default();
        let answer = self
            .ask(
                ctx,
                &Input {
                    controller: &self.name,
                    request,
                    entry,
                    references: &references.unwrap_or_default(),
                    children: &children,
                    attempt: ctx.attempt(),
                    failures: ctx.failures(),
                    reasons: ctx.reasons().iter().map(ToString::to_string).collect(),
                    index: ctx.index().get(),
                    epoch: ctx.epoch().map(trimtab_backend::Index::get),
                    deadline_ms: u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
                },
            )
            .await?;
        let asked = Asked {
            controller: &self.name,
            request,
            entry,
            children: &children,
            watched: &self.watched,
            finalizer: &self.finalizer,
            view: &view,
            now: ctx.wall().into(),
        };
        match answer {
            Answer::Success(output) => {
                let again = output.requeue_after;
                ctx.commit(asked.all(output)?).await?;
                Ok(again.map_or(Action::done(), Action::requeue_after))
            }
            Answer::NotYet { words, after, said: Output { status, requeue_after, .. } } => {
                self.commit_status(ctx, &asked, status).await?;
                let delay = self.not_yet.said(request, &words);
                tracing::info!("{words}");
                ctx.note(words);
                Err(Failure::requeue_after(requeue_after.or(after).unwrap_or(delay)))
            }
            Answer::Terminal { words, said: Output { status, .. } } => {
                self.commit_status(ctx, &asked, status).await?;
                Err(Failure::terminal(words))
            }
            Answer::Failed(words) => Err(words.into()),
        }
    }

    async fn commit_status(
        &self,
        ctx: &Context,
        asked: &Asked<'_>,
        status: Option<Map<String, Value>>,
    ) -> Result<()> {
        ctx.commit(asked.status(status)?).await?;
        Ok(())
    }
}

impl Reconciler for Polyglot {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        // At the level of errors, so that it is there however little is logged.
        let span = tracing::error_span!(
            "reconcile",
            controller = %self.name,
            key = %request,
            attempt = ctx.attempt(),
            index = ctx.index().get(),
        );
        let result = self.reconcile_inside(ctx, &request).instrument(span).await;
        if !matches!(&result, Err(error) if is_not_yet(error)) {
            self.not_yet.over(&request);
        }
        result
    }
}

fn is_not_yet(error: &Failure) -> bool {
    matches!(error.reaction(), trimtab_runtime::Reaction::RequeueAfter(_))
}
