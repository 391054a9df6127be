//! Marks at the end of a line.

use std::time::Duration;

use super::{Error, Reaction, Result};

/// Says what follows from an error, where the error is passed on.
///
/// ```
/// use trimtab_runtime::{Reaction, Result, ResultExt};
///
/// fn replicas(text: &str) -> Result<u32> {
///     Ok(text.parse::<u32>().terminal()?) // wrong until the entry changes
/// }
///
/// assert_eq!(replicas("many").unwrap_err().reaction(), Reaction::Terminal);
/// ```
pub trait ResultExt<T>: Sized {
    /// Do not try again: see [`Error::terminal`].
    fn terminal(self) -> Result<T>;
    /// A failure; try again after this long: see [`Error::retry_after`].
    fn retry_after(self, delay: Duration) -> Result<T>;
    /// Not a failure; run again after this long: see [`Error::requeue_after`].
    fn or_requeue_after(self, delay: Duration) -> Result<T>;
}

impl<T, E: Into<Error>> ResultExt<T> for std::result::Result<T, E> {
    fn terminal(self) -> Result<T> {
        self.map_err(Error::terminal)
    }

    fn retry_after(self, delay: Duration) -> Result<T> {
        self.map_err(|error| Error::retry_after(delay, error))
    }

    fn or_requeue_after(self, delay: Duration) -> Result<T> {
        self.map_err(|error| error.into().reacting(Reaction::RequeueAfter(delay)))
    }
}

/// Says what follows from something that is not there.
pub trait OptionExt<T>: Sized {
    /// Absent means not yet: run again after this long.
    fn or_requeue_after(self, delay: Duration) -> Result<T>;
}

impl<T> OptionExt<T> for Option<T> {
    fn or_requeue_after(self, delay: Duration) -> Result<T> {
        self.ok_or_else(|| Error::requeue_after(delay))
    }
}
