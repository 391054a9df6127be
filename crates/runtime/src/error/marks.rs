//! Errors that say what to do about them. They are found anywhere in a chain of sources, so that they may be returned from as deep as
//! one likes.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::BoxError;

/// "Not yet": run again after this long. Not a failure; what had failed before is forgotten (behaviour C9).
///
/// ```
/// use std::time::Duration;
/// use trimtab_runtime::{Error, Reaction, RequeueAfter};
///
/// fn deep_below() -> std::io::Result<()> {
///     Err(std::io::Error::other(RequeueAfter(Duration::from_secs(1))))
/// }
///
/// let error = Error::from(deep_below().unwrap_err());
/// assert_eq!(error.reaction(), Reaction::RequeueAfter(Duration::from_secs(1)));
/// assert_eq!(RequeueAfter::now().to_string(), "requeue now");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "RequeueAfterError")]
#[doc(alias = "RequeueAfterError.Error")]
pub struct RequeueAfter(pub Duration);

impl RequeueAfter {
    /// At once, damped when it repeats without any new event (behaviour C10).
    #[doc(alias = "RequeueNow")]
    pub const fn now() -> Self {
        Self(Duration::ZERO)
    }
}

impl fmt::Display for RequeueAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Duration::ZERO => f.write_str("requeue now"),
            delay => write!(f, "requeue after {delay:?}"),
        }
    }
}

impl StdError for RequeueAfter {}

/// A failure that says when to come back, such as an answer with a Retry-After. Counted as a failure, and the limiter hears of it
/// (behaviour L5). Shows as the error it holds.
#[derive(Debug)]
pub struct RetryAfter {
    delay: Duration,
    error: BoxError,
}

impl RetryAfter {
    /// This error, to be tried again after `delay`.
    pub fn new(delay: Duration, error: impl Into<BoxError>) -> Self {
        Self { delay, error: error.into() }
    }

    /// After how long.
    pub const fn delay(&self) -> Duration {
        self.delay
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for RetryAfter {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.error)
    }
}

/// A failure that trying again does not mend (behaviour C11). Shows as the error it holds.
#[derive(Debug)]
#[doc(alias = "TerminalError")]
pub struct Terminal(BoxError);

impl Terminal {
    /// This error, for good.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Terminal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
