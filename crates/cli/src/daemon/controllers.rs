//! From the tables of the file to controllers under one manager.

use std::time::Duration;

use trimtab::runtime::{Manager, ManagerHandle, Placement};
use trimtab::store::Store;
use trimtab_polyglot::{Groups, NotYet, Polyglot};

use super::carriers::settings;
use super::replica::Replica;
use crate::config::{self, Config};

/// The lease of the owner cascade. No controller of a file can have this name.
const CASCADE: &str = "trimtab.owners";
/// So many of its last runs are kept by each controller, for `describe` and `queue`.
const HISTORY: usize = 4096;

/// The controllers, and what is asked of them while they run.
pub(super) struct Controllers {
    pub(super) manager: Manager,
    pub(super) handle: ManagerHandle,
    /// By controller: the keys whose scripts said "not yet".
    pub(super) not_yet: Vec<(String, NotYet)>,
}

impl Controllers {
    /// Makes a controller of each table. `drain` is how long running scripts may go on after a shutdown; the manager's default when none.
    pub(super) fn new(
        config: &Config,
        store: &Store,
        groups: &Groups,
        api: Option<&str>,
        replica: &Replica,
        drain: Option<Duration>,
    ) -> Result<Self, String> {
        // Entries own each other also where no controller is.
        let (mut manager, mut not_yet) = (Manager::new().with_owner_cascade(store), Vec::new());
        if config.store.is_shared() {
            // One replica is enough to follow what owns what.
            manager = manager.with_placement(of_replica(Placement::leader(CASCADE), replica));
        }
        if let Some(drain) = drain {
            manager = manager.with_drain(drain);
        }
        for table in &config.controllers {
            let wrong =
                |what: String| format!("{}: controller `{}`: {what}", config.file.display(), table.name);
            let reconciler = settings(&config.folder, table, api)
                .and_then(|settings| Polyglot::new(settings, groups).map_err(|error| error.to_string()))
                .map_err(wrong)?;
            not_yet.push((table.name.clone(), reconciler.not_yet()));
            let mut controller = reconciler
                .controller(store)
                .with_timings()
                .with_history(HISTORY)
                .with_workers(table.workers)
                .with_backoff(table.backoff.base, table.backoff.max)
                .with_placement(placement(table, replica));
            if table.fairness {
                controller = controller.with_fairness();
            }
            if let Some(period) = table.resync {
                controller = controller.with_resync(period);
            }
            manager = manager.add(controller);
        }
        manager.check().map_err(|misconfigured| misconfigured.to_string())?;
        Ok(Self { handle: manager.handle(), manager, not_yet })
    }
}

/// A lease and a group have the controller's name: each may run in another replica, and replicas whose files differ share out nothing that one of them does not run.
fn placement(table: &config::Controller, replica: &Replica) -> Placement {
    let placement = match table.placement {
        config::Placement::Everywhere => Placement::Everywhere,
        config::Placement::Leader => Placement::leader(&table.name),
        config::Placement::Sharded => Placement::sharded(&table.name),
    };
    of_replica(placement, replica)
}

fn of_replica(placement: Placement, replica: &Replica) -> Placement {
    placement.with_ttl(replica.lease).with_holder(&replica.name)
}
