//! Functions and closures as reconcilers.
//!
//! Two bounds stand on each: `AsyncFn`, from which the compiler infers the closure's argument types, and a trait of ours that says
//! its future may move between threads, which `AsyncFn` cannot say yet. An async closure that captures lends from itself and so cannot fulfil the
//! second on stable Rust; its captures go in as the state of [`reconcile_with`].

use std::fmt;
use std::future::Future;

use super::{Reconciler, Request};
use crate::{Action, Context, Result};

/// A function that is a reconciler. Implemented for async functions and for async closures that capture nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an async function `(&Context, Request) -> Result<Action>` whose future is `Send`",
    note = "a closure that captures: `reconcile_with(state, async |state, ctx, request| {{ .. }})`"
)]
pub trait ReconcileFn<'a>: Fn(&'a Context, Request) -> Self::Future {
    /// What it gives.
    type Future: Future<Output = Result<Action>> + Send;
}

impl<'a, F, Fut> ReconcileFn<'a> for F
where
    F: Fn(&'a Context, Request) -> Fut,
    Fut: Future<Output = Result<Action>> + Send,
{
    type Future = Fut;
}

impl<F> Reconciler for F
where
    F: for<'a> ReconcileFn<'a> + Send + Sync + 'static,
{
    fn reconcile(&self, ctx: &Context, request: Request) -> impl Future<Output = Result<Action>> + Send {
        self(ctx, request)
    }
}

/// A closure as a reconciler. It may not capture: state goes to [`reconcile_with`].
///
/// ```
/// use trimtab_runtime::{Action, reconcile_fn};
///
/// let greet = reconcile_fn(async |ctx, request| {
///     if ctx.entry(&request)?.is_some() {
///         println!("hello, {}", request.name());
///     }
///     Ok(Action::done())
/// });
/// # let _ = greet;
/// ```
#[doc(alias = "reconcile.Func")]
pub fn reconcile_fn<F>(reconcile: F) -> F
where
    F: AsyncFn(&Context, Request) -> Result<Action> + for<'a> ReconcileFn<'a> + Send + Sync + 'static,
{
    reconcile
}

/// A function of a state that is a reconciler together with it. Implemented for async functions and for async closures that capture nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an async function `(&State, &Context, Request) -> Result<Action>` whose future is `Send`",
    note = "the closure may not capture: what it needs belongs into the state"
)]
pub trait ReconcileWithFn<'a, S: 'a>: Fn(&'a S, &'a Context, Request) -> Self::Future {
    /// What it gives.
    type Future: Future<Output = Result<Action>> + Send;
}

impl<'a, S: 'a, F, Fut> ReconcileWithFn<'a, S> for F
where
    F: Fn(&'a S, &'a Context, Request) -> Fut,
    Fut: Future<Output = Result<Action>> + Send,
{
    type Future = Fut;
}

/// A closure with state as a reconciler.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use trimtab_runtime::{Action, reconcile_with};
///
/// let counting = reconcile_with(AtomicU32::new(0), async |count, _ctx, _request| {
///     count.fetch_add(1, Ordering::Relaxed);
///     Ok(Action::done())
/// });
/// # let _ = counting;
/// ```
pub fn reconcile_with<S, F>(state: S, reconcile: F) -> impl Reconciler
where
    S: Send + Sync + 'static,
    F: AsyncFn(&S, &Context, Request) -> Result<Action>
        + for<'a> ReconcileWithFn<'a, S>
        + Send
        + Sync
        + 'static,
{
    With { state, reconcile }
}

struct With<S, F> {
    state: S,
    reconcile: F,
}

impl<S, F> Reconciler for With<S, F>
where
    S: Send + Sync + 'static,
    F: for<'a> ReconcileWithFn<'a, S> + Send + Sync + 'static,
{
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        (self.reconcile)(&self.state, ctx, request).await
    }
}

impl<S, F> fmt::Debug for With<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reconcile_with")
    }
}
