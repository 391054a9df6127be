//! One add, with all that can be said about it.
//!
//! The alternative is a method for each combination of delay, payload, priority and error; a queue of one's own would then have to write all of
//! them. One value keeps [`WorkQueue`](crate::WorkQueue) at four methods.

use std::time::Duration;

use crate::{BoxError, Priority};

/// An item to be put in line: now, after a delay, or after the limiter's delay because of an error.
///
/// ```
/// use std::time::Duration;
/// use trimtab_queue::{Add, Newest, Priority};
///
/// let add = Add::after("orders", Duration::from_secs(5))
///     .carrying(Newest(Some(7)))
///     .with_priority(Priority::Low);
/// assert_eq!((add.item, add.data, add.priority), ("orders", Newest(Some(7)), Priority::Low));
/// ```
#[derive(Debug)]
#[must_use = "an add does nothing until it is pushed"]
pub struct Add<T, D = ()> {
    /// What to work on.
    pub item: T,
    /// What it carries to its next run.
    pub data: D,
    /// Not before this long from now. Zero, the default: now.
    pub after: Duration,
    /// Default: [`Priority::Normal`].
    pub priority: Priority,
    /// When given, a failure is counted and the limiter's delay is used instead of `after`.
    pub error: Option<BoxError>,
}

impl<T> Add<T> {
    /// Now.
    pub fn now(item: T) -> Self {
        Self::after(item, Duration::ZERO)
    }

    /// Not before this long from now.
    pub fn after(item: T, after: Duration) -> Self {
        Self { item, data: (), after, priority: Priority::default(), error: None }
    }

    /// Counts a failure and waits as long as the limiter says.
    pub fn rate_limited(item: T, error: impl Into<BoxError>) -> Self {
        Self { error: Some(error.into()), ..Self::now(item) }
    }

    /// The same with a payload.
    pub fn carrying<D>(self, data: D) -> Add<T, D> {
        Add { item: self.item, data, after: self.after, priority: self.priority, error: self.error }
    }
}

impl<T, D> Add<T, D> {
    /// Neither delay nor error.
    pub(crate) fn is_now(&self) -> bool {
        self.after.is_zero() && self.error.is_none()
    }

    /// The same at another priority. A ready key is moved by a higher one, never by a lower one.
    pub fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }
}
