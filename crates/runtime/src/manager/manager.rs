//! The manager.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_store::Store;

use super::handle::ManagerHandle;
use crate::controller::{Abandoned, run_under};
use crate::lease_use::{Keeper, Lease, Placement};
use crate::task::{Group, RaiseOnDrop, Signal, race};
use crate::{Controller, Misconfigured, RunError, owners};

/// Runs controllers together.
///
/// It adds a controller of its own for each store, the [owner cascade](crate::owners): what an entry alone owns is deleted when it is gone.
///
/// ```
/// use std::time::Duration;
/// use trimtab_runtime::{Controller, Manager, RunError};
///
/// async fn run(gateways: Controller, databases: Controller) -> Result<(), RunError> {
///     let manager = Manager::new().add(gateways).add(databases).with_drain(Duration::from_secs(20));
///     let handle = manager.handle(); // for /ready and /metrics
///     # drop(handle);
///     manager.run(std::future::pending()).await
/// }
/// # let _ = run;
/// ```
#[derive(Debug, Default)]
#[must_use = "a manager does nothing until its `run` is awaited"]
#[doc(alias = "ctrl.Manager")]
pub struct Manager {
    controllers: Vec<Controller>,
    drain: Option<Duration>,
    placement: Option<Placement>,
    no_cascade: bool,
    handle: ManagerHandle,
}

impl Manager {
    /// A manager of nothing yet.
    #[doc(alias = "NewManager")]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more controller. Their names must differ.
    #[expect(clippy::should_implement_trait, reason = "the word of the field; a manager is no number")]
    pub fn add(mut self, controller: Controller) -> Self {
        self.cascade_for(&controller.store().clone());
        controller.is_not_alone();
        self.handle.add(controller.handle());
        self.controllers.push(controller);
        self
    }

    /// The owner cascade of a store of which there may be no controller: where entries own each other, deletes are to be followed all the same. A second time, and
    /// after [`without_owner_cascade`](Self::without_owner_cascade), it changes nothing.
    pub fn with_owner_cascade(mut self, store: &Store) -> Self {
        self.cascade_for(store);
        self
    }

    /// The first controller of a store brings the store's cascade with it.
    fn cascade_for(&mut self, store: &Store) {
        let known = |other: &Controller| is_same(other.store(), store);
        if !self.no_cascade && !self.controllers.iter().any(known) {
            let before =
                self.controllers.iter().filter(|controller| is_cascade(&controller.handle().name())).count();
            let cascade = match before {
                0 => owners::cascade(store),
                _ => owners::cascade(store).named(&format!("{}-{}", owners::CASCADE, before + 1)),
            };
            self.handle.add(cascade.handle());
            self.controllers.push(cascade);
        }
    }

    /// Leaves the owner cascade out: something else deletes what is owned, or nothing shall.
    pub fn without_owner_cascade(mut self) -> Self {
        self.no_cascade = true;
        self.controllers.retain(|controller| !is_cascade(&controller.handle().name()));
        self.handle.retain(|name| !is_cascade(name));
        self
    }

    /// How long running reconciles may take to finish after a shutdown, for controllers that do not say so themselves. Default 30 s.
    pub fn with_drain(self, drain: Duration) -> Self {
        Self { drain: Some(drain), ..self }
    }

    /// In which replicas the controllers run that do not say so themselves. Default: everywhere. Under one lease they all run in the same replica; in
    /// one group they share keys out alike, the owner cascade too.
    pub fn with_placement(self, placement: Placement) -> Self {
        Self { placement: Some(placement), ..self }
    }

    /// A handle: readiness, metrics, controllers by name.
    pub fn handle(&self) -> ManagerHandle {
        self.handle.clone()
    }

    /// Whether all of it can run as it is set up. `run` asks this first.
    ///
    /// # Errors
    /// The first [`Misconfigured`].
    pub fn check(&self) -> Result<(), Misconfigured> {
        let mut names = Vec::new();
        for controller in &self.controllers {
            let name = controller.handle().name();
            if names.contains(&name) {
                let problem =
                    "another controller of this manager has this name; give each its own with `named`".into();
                return Err(Misconfigured { controller: name.to_string(), setting: "named", problem });
            }
            names.push(name);
            controller.check()?;
        }
        Ok(())
    }

    /// Runs until `shutdown` ends, then stops all of them. Returns when every task it started has ended. When one controller ends by an error the others are
    /// stopped too.
    ///
    /// # Errors
    /// The first [`RunError`]; drain deadlines of several controllers are told together.
    ///
    /// # Panics
    /// As [`Seams::spawn`](trimtab_seams::Seams::spawn).
    ///
    /// # Cancel safety
    /// Dropping the future stops everything at once, as by a crash.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), RunError> {
        let this = self.settled();
        let _abandoned: Vec<_> = this.controllers.iter().map(Abandoned::guard).collect();
        this.check()?;
        let Some(first) = this.controllers.first() else {
            shutdown.await;
            return Ok(());
        };
        let seams = first.store().seams().clone();
        let stop = Arc::new(Signal::default());
        let _abandoned = RaiseOnDrop(Arc::clone(&stop));
        let tasks = Group::default();
        let keepers = Group::default();
        let keepers_stop = Arc::new(Signal::default());
        let _keepers_abandoned = RaiseOnDrop(Arc::clone(&keepers_stop));
        let failures = Arc::new(Mutex::new(Vec::new()));
        let mut leases: Vec<(Store, Lease, Arc<Keeper>)> = Vec::new();
        for controller in this.controllers {
            let keeper = controller.lease().map(|lease| {
                let store = controller.store();
                // A lease of this name in another store is another lease.
                let is_it = |(other, kept, _): &&(Store, Lease, _)| {
                    is_same(other, store) && (&kept.name, kept.shared) == (&lease.name, lease.shared)
                };
                if let Some((_, _, keeper)) = leases.iter().find(is_it) {
                    return Arc::clone(keeper);
                }
                let keeper = Keeper::new(store, &lease);
                keeper.start(&keepers, Arc::clone(&keepers_stop));
                leases.push((store.clone(), lease, Arc::clone(&keeper)));
                keeper
            });
            let (stop, failures) = (Arc::clone(&stop), Arc::clone(&failures));
            tasks.spawn(&seams, "controller", async move {
                let ended = run_under(controller, stop.raised(), keeper).await;
                if let Err(error) = ended {
                    failures.lock().push(error);
                    stop.raise();
                }
            });
        }
        race(race(shutdown, stop.raised()), tasks.ended()).await;
        stop.raise();
        tasks.ended().await;
        keepers_stop.raise();
        keepers.ended().await;
        let failures = std::mem::take(&mut *failures.lock());
        first_of(failures)
    }

    /// With its own settings in place of those that controllers left open.
    fn settled(mut self) -> Self {
        for controller in &mut self.controllers {
            controller.inherit(self.drain, self.placement.as_ref());
        }
        self
    }
}

fn is_same(a: &Store, b: &Store) -> bool {
    std::ptr::eq(a.publisher(), b.publisher())
}

fn is_cascade(name: &str) -> bool {
    name.starts_with(owners::CASCADE)
}

/// Several drain deadlines are one; otherwise the first error stands.
fn first_of(failures: Vec<RunError>) -> Result<(), RunError> {
    let mut late = Vec::new();
    for failure in failures {
        match failure {
            RunError::DrainDeadline { running } => late.extend(running),
            other => return Err(other),
        }
    }
    if late.is_empty() { Ok(()) } else { Err(RunError::DrainDeadline { running: late }) }
}
