//! What a backend lets the suite do beyond the contract.

use std::fmt;
use std::pin::Pin;

use crate::Index;

/// A future that stays on its thread: the suite is awaited, never spawned.
pub(super) type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The hooks of one suite; async closures behind the object-safe faces below.
pub(super) struct Hooks<'a, B> {
    pub(super) fresh: Box<dyn Fresh<B> + 'a>,
    pub(super) compact: Option<Box<dyn Compact<B> + 'a>>,
    pub(super) restart: Option<Box<dyn Restart<B> + 'a>>,
    pub(super) overflow_after: Option<usize>,
}

impl<'a, B> Hooks<'a, B> {
    pub(super) fn new(fresh: impl AsyncFn() -> B + 'a) -> Self {
        Self { fresh: Box::new(fresh), compact: None, restart: None, overflow_after: None }
    }
}

impl<B> fmt::Debug for Hooks<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("compacts", &self.compact.is_some())
            .field("restarts", &self.restart.is_some())
            .field("overflow_after", &self.overflow_after)
            .finish_non_exhaustive()
    }
}

pub(super) trait Fresh<B> {
    fn fresh(&self) -> LocalFuture<'_, B>;
}

impl<B, F: AsyncFn() -> B> Fresh<B> for F {
    fn fresh(&self) -> LocalFuture<'_, B> {
        Box::pin(async move { self().await })
    }
}

pub(super) trait Compact<B> {
    fn compact<'a>(&'a self, store: &'a B, upto: Index) -> LocalFuture<'a, ()>;
}

impl<B, F: AsyncFn(&B, Index)> Compact<B> for F {
    fn compact<'a>(&'a self, store: &'a B, upto: Index) -> LocalFuture<'a, ()> {
        Box::pin(async move { self(store, upto).await })
    }
}

pub(super) trait Restart<B> {
    fn restart<'a>(&'a self, store: B) -> LocalFuture<'a, B>
    where
        B: 'a;
}

impl<B, F: AsyncFn(B) -> B> Restart<B> for F {
    fn restart<'a>(&'a self, store: B) -> LocalFuture<'a, B>
    where
        B: 'a,
    {
        Box::pin(async move { self(store).await })
    }
}
