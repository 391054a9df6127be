//! What an author writes: one function from a key to what should happen next.
//!
//! It gets a key, not an object: level-triggered, deletions included, no stale copy carried in the queue. The context is lent, so neither a
//! read nor a write outlives the run or its lease. The future is not boxed: a bare `async fn` in a trait would leave it without
//! `Send`, and a boxed one costs an allocation a run; `-> impl Future + Send` costs nothing, and authors still write `async fn`.

mod closure;

use std::future::Future;

use trimtab_backend::Key;

pub use closure::{ReconcileFn, ReconcileWithFn, reconcile_fn, reconcile_with};

use crate::{Action, Context, Result};

/// What to reconcile is named by a key.
#[doc(alias = "reconcile.Request")]
pub type Request = Key;

/// Makes what a key declares true, and keeps it true.
///
/// It is called with a key of which something changed; it reads what is there now through the context, compares, and corrects. It may be
/// called at any time, any number of times, after a crash at any point: it must be idempotent. For one controller it is never called for
/// one key twice at the same time (behaviour Q2).
///
/// ```
/// use trimtab_runtime::{Action, Context, Reconciler, Request, Result};
///
/// struct Greeter;
///
/// impl Reconciler for Greeter {
///     async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
///         if ctx.entry(&request)?.is_some() {
///             println!("hello, {}", request.name());
///         }
///         Ok(Action::done())
///     }
/// }
/// ```
///
/// Async functions implement it; closures become reconcilers by [`reconcile_fn`] and, with state, by [`reconcile_with`].
///
/// # Cancel safety
/// The future is dropped when a deadline passes, when a lease is lost, or when the drain deadline passes. What it had committed stays; it will run again.
///
/// # Panics
/// A panic becomes an error of this run: the key is retried with backoff, all others go on (behaviour C12).
#[doc(alias = "reconcile.Reconciler")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reconciler",
    label = "not a reconciler",
    note = "write `impl Reconciler for {Self} {{ async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {{ .. }} }}`",
    note = "or give a closure: `reconcile_fn(async |ctx, request| {{ .. }})`; one that captures: `reconcile_with(state, async |state, ctx, request| {{ .. }})`"
)]
pub trait Reconciler: Send + Sync + 'static {
    /// Reconciles one key.
    ///
    /// # Errors
    /// Any error; what follows from it is told by its [reaction](crate::Error::reaction), by default a retry with backoff.
    #[doc(alias = "Reconcile")]
    fn reconcile(&self, ctx: &Context, request: Request) -> impl Future<Output = Result<Action>> + Send;
}
