//! Triggers: "run this key again when that has happened".
//!
//! A reconciler that waits for a machine to boot holds a worker; one that polls wakes for nothing. A trigger is a future beside the key: when
//! it ends, the key is enqueued. Each key has at most one, so a level-triggered reconciler may set it in every run.

mod table;

use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

use trimtab_backend::Index;
use trimtab_seams::{BoxFuture, Seams};
use trimtab_store::Store;

use crate::source::{Body, Source, watch};
use crate::{Error, Result};

pub(crate) use table::Triggers;

/// How long [`Trigger::at`] sleeps at most before it looks at the time of day again, which may have been set meanwhile.
const LOOK: Duration = Duration::from_secs(60);

/// What to wait for before a key is enqueued. Any future that gives a [`Result`] is one; these are ready-made.
///
/// ```
/// use std::time::Duration;
/// use trimtab_runtime::{Context, Source, Trigger};
///
/// fn wait(ctx: &Context, booted: std::future::Ready<std::io::Result<()>>) {
///     ctx.add_trigger(async move { Ok(booted.await?) });
///     ctx.add_trigger(Trigger::after(Duration::from_secs(5))); // replaces the first: a key has one
///     ctx.add_trigger(Trigger::on_change(Source::kind("certificate").named("blog-cert")));
/// }
/// # let _ = wait;
/// ```
#[must_use = "a trigger waits once it is given to `add_trigger`"]
pub struct Trigger(What);

enum What {
    Future(BoxFuture<'static, Result<()>>),
    After(Duration),
    At(SystemTime),
    OnChange(Box<Body>),
}

impl Trigger {
    /// After this long.
    pub fn after(delay: Duration) -> Self {
        Self(What::After(delay))
    }

    /// At this time of day; at once when it has passed. Follows the clock when it is set, within a minute.
    pub fn at(time: SystemTime) -> Self {
        Self(What::At(time))
    }

    /// When something changes in a source: any change that its filters let through. Nothing is missed that happened after it was set or, set from within a
    /// reconcile, after the run's snapshot.
    #[doc(alias = "memdb.WatchSet")]
    pub fn on_change<S>(source: Source<S>) -> Self {
        Self(What::OnChange(Box::new(source.into_body())))
    }

    /// The future it stands for, seen from an index on.
    fn into_future(self, store: &Store, seams: &Seams, from: Index) -> BoxFuture<'static, Result<()>> {
        let seams = seams.clone();
        match self.0 {
            What::Future(future) => future,
            What::After(delay) => {
                let sleep = seams.sleep(delay);
                Box::pin(async move {
                    sleep.await;
                    Ok(())
                })
            }
            What::At(time) => Box::pin(async move {
                while let Ok(left) = time.duration_since(seams.wall()) {
                    if left.is_zero() {
                        break;
                    }
                    seams.sleep(left.min(LOOK)).await;
                }
                Ok(())
            }),
            What::OnChange(source) => {
                let store = store.clone();
                Box::pin(async move { watch(*source, &store, from).await.map_err(Error::from) })
            }
        }
    }
}

impl<F: Future<Output = Result<()>> + Send + 'static> From<F> for Trigger {
    fn from(future: F) -> Self {
        Self(What::Future(Box::pin(future)))
    }
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            What::Future(_) => f.write_str("Trigger(future)"),
            What::After(delay) => write!(f, "Trigger(after {delay:?})"),
            What::At(time) => write!(f, "Trigger(at {time:?})"),
            What::OnChange(_) => f.write_str("Trigger(on change)"),
        }
    }
}
