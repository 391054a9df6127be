//! What a reconcile that went well asks for next.
//!
//! Not `()`: "run me again in a minute" is a result, not an error. Not `Into<Action>` either, which would let `Ok(())` pass but keep
//! the compiler from inferring the types of closures.

use std::fmt;
use std::time::Duration;

/// What is to happen to the key after a reconcile that went well. Each forgets the key's failures (behaviour C9).
///
/// ```
/// use std::time::Duration;
/// use trimtab_runtime::Action;
///
/// assert_eq!(Action::done().requeue_delay(), None);
/// assert_eq!(Action::requeue_now().requeue_delay(), Some(Duration::ZERO));
/// assert_eq!(Action::requeue_after(Duration::from_secs(60)).requeue_delay(), Some(Duration::from_secs(60)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "an action does something when it is returned from `reconcile`"]
#[doc(alias = "reconcile.Result")]
pub struct Action(Option<Duration>);

impl Action {
    /// Nothing more until something changes.
    pub const fn done() -> Self {
        Self(None)
    }

    /// Run again after this long, or earlier when something changes. Zero is [`Action::requeue_now`].
    #[doc(alias = "RequeueAfter")]
    #[doc(alias = "Result.RequeueAfter")]
    pub const fn requeue_after(delay: Duration) -> Self {
        Self(Some(delay))
    }

    /// Run again at once. Repeated without any new event it is damped: after a small burst the limiter's delays apply, and the key is
    /// reported as a hot loop (behaviour C10).
    #[doc(alias = "RequeueNow")]
    #[doc(alias = "Result.Requeue")]
    pub const fn requeue_now() -> Self {
        Self(Some(Duration::ZERO))
    }

    /// After how long the key asks to run again; none when it does not.
    pub const fn requeue_delay(self) -> Option<Duration> {
        self.0
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("done"),
            Some(Duration::ZERO) => f.write_str("requeue now"),
            Some(delay) => write!(f, "requeue after {delay:?}"),
        }
    }
}
