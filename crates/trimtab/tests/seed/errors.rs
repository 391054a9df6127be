//! The seed's `RequeueAfter`, `RequeueNow`, `RequeueAfterError` and its `Error`.

use std::error::Error as _;
use std::time::Duration;

use trimtab::prelude::*;
use trimtab::{Reaction, RequeueAfter};

use crate::stage::{MS, SECOND};

/// `RequeueAfter(duration)`: an error, also from far below; or, where there is no error, an action.
#[test]
fn requeue_after_is_an_error_or_an_action() {
    fn far_below() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err(RequeueAfter(9 * SECOND))?
    }
    fn reconcile() -> Result<Action> {
        far_below()?;
        Ok(Action::done())
    }
    assert_eq!(reconcile().unwrap_err().reaction(), Reaction::RequeueAfter(9 * SECOND));
    assert_eq!(Error::requeue_after(9 * SECOND).reaction(), Reaction::RequeueAfter(9 * SECOND));
    assert_eq!(Action::requeue_after(9 * SECOND).requeue_delay(), Some(9 * SECOND));
}

/// `RequeueNow()`.
#[test]
fn requeue_now_is_a_delay_of_nothing() {
    assert_eq!(RequeueAfter::now(), RequeueAfter(Duration::ZERO));
    assert_eq!(Error::from(RequeueAfter::now()).reaction(), Reaction::RequeueAfter(Duration::ZERO));
    assert_eq!(Action::requeue_now().requeue_delay(), Some(Duration::ZERO));
}

/// `RequeueAfterError`: a std error like any other, found behind errors that give it as their source.
#[test]
fn requeue_after_error_is_found_in_a_chain() {
    #[derive(Debug, thiserror::Error)]
    #[error("bind the gateway")]
    struct Bind(#[source] RequeueAfter);

    let error = Error::from(Bind(RequeueAfter(SECOND)));
    assert_eq!(error.find::<RequeueAfter>(), Some(&RequeueAfter(SECOND)));
    assert_eq!(error.reaction(), Reaction::RequeueAfter(SECOND));
    assert_eq!(Error::from("anything else").reaction(), Reaction::Retry);
    assert!(RequeueAfter(SECOND).source().is_none());
}

/// `RequeueAfterError.Error()`.
#[test]
fn requeue_after_error_says_how_long() {
    assert_eq!(RequeueAfter::now().to_string(), "requeue now");
    assert_eq!(RequeueAfter(1500 * MS).to_string(), "requeue after 1.5s");
    assert_eq!(Error::from(RequeueAfter(2 * SECOND)).to_string(), "requeue after 2s");
}
