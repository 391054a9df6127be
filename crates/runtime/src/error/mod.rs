//! The error a reconciler returns.
//!
//! A reconciler calls many libraries, each with its own error, and only ever hands them to the runtime. So this type takes all of
//! them by `?`, as anyhow's does. What the runtime does about one is decided by values found in its chain of sources
//! ([`RequeueAfter`], [`RetryAfter`], [`Terminal`], the write door's own error), so a helper far below says "not yet" with `?` and nobody
//! in between has to pass it on. An `error_policy` callback, the other way this is done, sees only what its author thought of.
//!
//! It is not itself a [`std::error::Error`], and so flows into the runtime only; calls of this crate that are not reconciles return errors
//! of their own.

mod ext;
mod marks;
mod reaction;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub use ext::{OptionExt, ResultExt};
pub use marks::{RequeueAfter, RetryAfter, Terminal};
pub use reaction::Reaction;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// What reconcilers, transformers and triggers return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error, on its way into the runtime. `?` makes it of every std error, of anyhow's, of `String` and `&'static str`.
///
/// ```
/// use trimtab_runtime::{Error, Reaction, Result};
///
/// fn port(text: &str) -> Result<u16> {
///     let port = text.parse()?; // any std error
///     if port == 0 {
///         return Err(Error::terminal("port 0 cannot be listened on")); // wrong until somebody changes it
///     }
///     Ok(port)
/// }
///
/// assert_eq!(port("x").unwrap_err().reaction(), Reaction::Retry);
/// assert_eq!(port("0").unwrap_err().reaction(), Reaction::Terminal);
/// ```
pub struct Error {
    source: BoxError,
    reaction: Option<Reaction>,
}

impl Error {
    /// An error that trying again does not mend: the key is listed as failed until something maps to it again, or it is enqueued by hand
    /// (behaviour C11).
    #[doc(alias = "TerminalError")]
    pub fn terminal(error: impl Into<Self>) -> Self {
        error.into().reacting(Reaction::Terminal)
    }

    /// A failure of something that said when to come back. Counted as a failure, and told to the limiter.
    pub fn retry_after(delay: Duration, error: impl Into<Self>) -> Self {
        error.into().reacting(Reaction::RetryAfter(delay))
    }

    /// Not a failure: not yet. The key's failures are forgotten, and it runs again after `delay`.
    pub fn requeue_after(delay: Duration) -> Self {
        Self::from(RequeueAfter(delay))
    }

    /// What the runtime does about it: the outermost mark in the chain decides; without one it is retried with backoff.
    pub fn reaction(&self) -> Reaction {
        self.reaction.or_else(|| self.chain().find_map(Reaction::of)).unwrap_or(Reaction::Retry)
    }

    /// The error and what lies under it, the outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(&*self.source);
        std::iter::from_fn(move || {
            let error = next?;
            next = error.source();
            Some(error)
        })
    }

    /// The first error of this type in the chain.
    #[doc(alias = "errors.As")]
    pub fn find<E: StdError + 'static>(&self) -> Option<&E> {
        self.chain().find_map(|error| error.downcast_ref())
    }

    pub(crate) fn reacting(self, reaction: Reaction) -> Self {
        Self { reaction: Some(reaction), ..self }
    }

    /// For the queue, which keeps errors as std errors. The chain is kept.
    pub(crate) fn into_boxed(self) -> BoxError {
        self.source
    }

    /// Everything on one line: for logs and for lists of failing keys.
    pub(crate) fn line(&self) -> String {
        format!("{self:#}")
    }
}

impl<E: Into<BoxError> + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        #[cfg(feature = "anyhow")]
        let (reaction, error) = reaction::of_anyhow(error);
        #[cfg(not(feature = "anyhow"))]
        let reaction = None;
        Self { source: error.into(), reaction }
    }
}

/// The outermost error; with `{:#}` the whole chain on one line, leaving out what its predecessor already says.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.source.to_string();
        f.write_str(&said)?;
        if f.alternate() {
            for error in self.chain().skip(1) {
                let text = error.to_string();
                if !said.contains(&text) {
                    write!(f, ": {text}")?;
                }
                said = text;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}
