//! What stands in a queue: an item, which is identity only, and what it carries.
//!
//! A queue that merges equal items has to say what becomes of the two values. One rule for all cannot serve: a payload wants the
//! newest, reasons want the union, an index the highest. So identity ([`Item`]) and payload ([`Merge`]) are apart, and the rule belongs
//! to the payload's type. Plain use never sees it: a payload of `()` is the default.

use std::hash::Hash;

/// An item: what names the work. Two equal items are one piece of work. Implemented for every type that can be one.
///
/// `Eq` and `Clone` are called with the queue's lock held, so they should be cheap: a small id, or an `Arc`.
pub trait Item: Clone + Eq + Hash + Send + Sync + 'static {}

impl<T: Clone + Eq + Hash + Send + Sync + 'static> Item for T {}

/// What an item carries to its next run, and how two of them become one.
///
/// ```
/// use trimtab_queue::Merge;
///
/// /// Why a key runs, each reason once.
/// #[derive(Default)]
/// struct Reasons(Vec<&'static str>);
///
/// impl Merge for Reasons {
///     fn merge(&mut self, newer: Self) {
///         for reason in newer.0 {
///             if !self.0.contains(&reason) {
///                 self.0.push(reason);
///             }
///         }
///     }
/// }
/// ```
pub trait Merge: Default + Send + Sync + 'static {
    /// Takes in what a newer add of the same item carries. Called with the queue's lock held: it must not call the queue.
    fn merge(&mut self, newer: Self);
}

impl Merge for () {
    fn merge(&mut self, (): ()) {}
}

/// A payload of which the newest wins (behaviour Q5). `None` when the run was promised by a delay and nothing newer came with it.
///
/// ```
/// use trimtab_queue::{Merge, Newest};
///
/// let mut carried = Newest(Some(1));
/// carried.merge(Newest(Some(2)));
/// carried.merge(Newest(None));
/// assert_eq!(carried, Newest(Some(2)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Newest<T>(pub Option<T>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Send + Sync + 'static> Merge for Newest<T> {
    fn merge(&mut self, newer: Self) {
        if newer.0.is_some() {
            self.0 = newer.0;
        }
    }
}
