//! From a change to requests.
//!
//! `Fn` is a supertrait, and not only a bound of the blanket implementation, because that is what lets the compiler infer the argument of a
//! closure. A transformer is synchronous on purpose: a pure function of a change and a snapshot can be tried again and replayed.

use trimtab_store::{Change, Shape};

use super::IntoRequests;

/// A function from a change to the requests it leads to. Implemented for every such function and closure.
///
/// It sees the old and the new entry, so that what an entry no longer points at is reconciled too (behaviour C7), and the store as it was then.
#[doc(alias = "handler.MapFunc")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not turn a change into requests",
    label = "a function `|change: &Change<{S}>| -> requests` is wanted here"
)]
pub trait Transformer<S: Shape>: Fn(&Change<S>) -> Self::Requests + Send + Sync + 'static {
    /// What it gives.
    type Requests: IntoRequests;
}

impl<S: Shape, F, R> Transformer<S> for F
where
    F: Fn(&Change<S>) -> R + Send + Sync + 'static,
    R: IntoRequests,
{
    type Requests = R;
}
