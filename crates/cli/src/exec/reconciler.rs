//! The reconciler that runs a script.

use std::path::Path;
use std::time::Duration;

use serde_json::Map;
use tracing::Instrument;
use trimtab::runtime::{Action, Context, Controller, Error, Reconciler, Request, Result};
use trimtab::store::{Entry, Store, Write};

use super::ending::{Ending, meaning};
use super::environment::{of_run, standing};
use super::groups::Groups;
use super::input::Input;
use super::not_yet::NotYet;
use super::output::Output;
use super::process::{Ended, Program};
use super::watched::Watched;
use super::writes::Asked;
use crate::config::{self, program};

/// Runs a controller's script for a key and makes what it answers true.
#[derive(Debug)]
pub(crate) struct Exec {
    name: String,
    program: Program,
    watched: Watched,
    time: Duration,
    /// Whether entries are to be held until the script has cleaned up.
    holds: bool,
    finalizer: String,
    not_yet: NotYet,
}

/// What there is to do about the finalizer before a script runs.
enum Hold {
    /// Nothing: run.
    Run,
    /// This. It changes the entry, and that change runs the key again.
    First(Write),
    /// There is nothing to run for: the entry goes, and nothing here holds it.
    Leave,
}

impl Exec {
    /// The reconciler of a `[[controller]]`; `folder` is that of the file.
    ///
    /// # Errors
    /// What is wrong with its settings, in words.
    pub(crate) fn new(
        folder: &Path,
        controller: &config::Controller,
        groups: &Groups,
    ) -> std::result::Result<Self, String> {
        let (path, arguments) = controller.exec.split_first().ok_or("exec names no program")?;
        Ok(Self {
            name: controller.name.clone(),
            program: Program {
                path: program(folder, path),
                arguments: arguments.to_vec(),
                folder: folder.to_owned(),
                environment: standing(controller, |name| std::env::var_os(name)),
                groups: groups.clone(),
            },
            watched: Watched::new(controller).map_err(|invalid| invalid.to_string())?,
            time: controller.timeout,
            holds: controller.finalizer,
            finalizer: format!("trimtab/{}", controller.name),
            not_yet: NotYet::new(controller.backoff).map_err(|invalid| invalid.to_string())?,
        })
    }

    /// The keys whose scripts said "not yet".
    pub(crate) fn not_yet(&self) -> NotYet {
        self.not_yet.clone()
    }

    /// A controller that runs it, listening to all it looks at.
    pub(crate) fn controller(self, store: &Store) -> Controller {
        let (name, watched) = (self.name.clone(), self.watched.clone());
        watched.subscribe(Controller::new(store, self).named(&name))
    }

    /// An entry is held before its script first runs, and not held any more once the file says so.
    fn hold(&self, entry: Option<&Entry>) -> Hold {
        let Some(entry) = entry else { return Hold::Run };
        match (self.holds, entry.has_finalizer(&self.finalizer), entry.is_deleting()) {
            (true, false, false) => Hold::First(entry.add_finalizer(&self.finalizer)),
            (false, true, _) => Hold::First(entry.remove_finalizer(&self.finalizer)),
            (true, false, true) => Hold::Leave,
            _ => Hold::Run,
        }
    }

    async fn run(&self, ctx: &Context, input: &Input<'_>) -> Result<Ended> {
        let line = input.to_line()?;
        let on_line = |line: &str| tracing::info!(target: "script", "{line}");
        let variables = of_run(&self.name, ctx.request());
        let begun = ctx.now();
        let ended = self.program.run(ctx.seams(), &variables, line, self.time, on_line).await?;
        tracing::debug!(took = ?(ctx.now() - begun), how = ?ended.how, "the script ended");
        Ok(ended)
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
        let ended = self
            .run(
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
                    epoch: ctx.epoch().map(trimtab::backend::Index::get),
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
        match meaning(&ended, self.time) {
            Ending::Success => {
                let output = Output::parse(&ended.output)?;
                let again = output.requeue_after;
                ctx.commit(asked.all(output)?).await?;
                Ok(again.map_or(Action::done(), Action::requeue_after))
            }
            Ending::NotYet(words) => {
                let Output { status, requeue_after, .. } = Output::parse(&ended.output)?;
                self.commit_status(ctx, &asked, status).await?;
                let delay = self.not_yet.said(request, &words);
                tracing::info!("{words}");
                Err(Error::requeue_after(requeue_after.unwrap_or(delay)))
            }
            Ending::Terminal(words) => {
                let Output { status, .. } = Output::parse(&ended.output)?;
                self.commit_status(ctx, &asked, status).await?;
                Err(Error::terminal(words))
            }
            Ending::Failed(words) => Err(words.into()),
        }
    }

    async fn commit_status(
        &self,
        ctx: &Context,
        asked: &Asked<'_>,
        status: Option<Map<String, serde_json::Value>>,
    ) -> Result<()> {
        ctx.commit(asked.status(status)?).await?;
        Ok(())
    }
}

impl Reconciler for Exec {
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

fn is_not_yet(error: &Error) -> bool {
    matches!(error.reaction(), trimtab::runtime::Reaction::RequeueAfter(_))
}
