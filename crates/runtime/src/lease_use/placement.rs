//! Where a controller runs, when several replicas of its program do.

use std::time::Duration;

/// Where a controller runs, when several replicas of its program follow one store. Default: everywhere.
///
/// ```
/// use std::time::Duration;
/// use trimtab_runtime::Placement;
///
/// let placement = Placement::leader("gateway-binder").with_ttl(Duration::from_secs(20));
/// # let _ = placement;
/// let placement = Placement::sharded("gateways").with_holder("host-1");
/// # let _ = placement;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// In every replica: for one replica, or for reconcilers that only read.
    #[default]
    Everywhere,
    /// In the replica that holds a lease.
    Leader(Leader),
    /// In all replicas of a group, each key in one of them.
    Sharded(Sharded),
}

/// A lease by which one replica is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leader {
    /// The lease's name. Controllers that share it run in the same replica.
    pub name: String,
    /// How long a replica that has fallen silent keeps the lease. Default 10 s. Renewed each third of it; at two thirds without renewal the holder stops
    /// working by itself.
    pub ttl: Duration,
    /// What this replica is called in the lease's record, such as its host's name. Default: a random number.
    pub holder: Option<String>,
}

/// A group of replicas that share the keys out among them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sharded {
    /// The group's name. Controllers that share it run a key in the same replica, whatever its kind.
    pub group: String,
    /// How long a replica that has fallen silent keeps its keys. Default 10 s. Renewed each third of it; at two thirds without renewal the replica stops
    /// working by itself.
    pub ttl: Duration,
    /// What this replica is called in the group's map, such as its host's name. Default: a random number.
    pub holder: Option<String>,
}

/// What is kept in the store for a placement.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    /// Of the lease, or of the group.
    pub(crate) name: String,
    pub(crate) ttl: Duration,
    pub(crate) holder: Option<String>,
    pub(crate) shared: bool,
}

const TTL: Duration = Duration::from_secs(10);

impl Placement {
    /// In the replica that holds the lease of this name, every write on condition that it still does.
    ///
    /// **How long there may be no leader**: when it is killed, sleeps or is cut off, its TTL, and then a commit of the next one and a view that shows it; with a store that
    /// answers within 100 ms less than 2 s. When the store's own leader dies, its election may come on top. When the replica stops, until its running reconciles have
    /// ended, at most its [drain](crate::Controller::with_drain), and then the same.
    #[doc(alias = "LeaderElectionID")]
    pub fn leader(name: impl Into<String>) -> Self {
        Self::Leader(Leader { name: name.into(), ttl: TTL, holder: None })
    }

    /// In all replicas of the group of this name, each on its share of the keys, every write on condition that the key is still its own. A replica that joins or
    /// leaves moves only its share, about one key in as many as there are replicas; the others run on.
    ///
    /// What is known of a key - failures, promised runs, triggers - does not move with it: its new owner runs it once at once. Keys that belong to another
    /// replica are not queued here, and those [enqueued](crate::ControllerHandle::enqueue) by hand are passed over.
    ///
    /// **How long a key may be without an owner**: when a replica is killed, sleeps or is cut off, its TTL, and then as long as the map takes: a commit to take it
    /// out, one by each replica that is left, and a view that shows them; with five replicas and a store that answers within 100 ms less than 2 s. When
    /// a replica stops, until its running reconciles have ended, at most its [drain](crate::Controller::with_drain), and then the same. A reconcile that
    /// does not give way when it is cancelled, because it blocks its thread, holds up the keys that are moving until it does.
    ///
    /// [`Context::epoch`](crate::Context::epoch) is the version of the group's map; [`ControllerStatus::shard`](crate::ControllerStatus::shard) shows the
    /// group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use trimtab_runtime::{Action, Controller, Placement, Source, reconcile_fn};
    /// # use trimtab_store::{Draft, Memory, Store};
    ///
    /// # let store = Store::open(Memory::new()).await?;
    /// # store.commit(Draft::json("site", "blog", &serde_json::json!({ "port": 80 })).apply()).await?;
    /// let serve = reconcile_fn(async |_, _| Ok(Action::done()));
    /// let sites = Controller::new(&store, serve)
    ///     .subscribe(Source::kind("site"))
    ///     .with_placement(Placement::sharded("sites").with_holder("host-1"));
    /// let handle = sites.handle();
    /// sites
    ///     .run(async move {
    ///         while !handle.is_settled() {
    ///             tokio::task::yield_now().await;
    ///         }
    ///         let group = handle.status().shard.expect("it belongs to one");
    ///         assert_eq!((group.members.len(), group.share), (1, 1.0));
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "Sharding")]
    pub fn sharded(group: impl Into<String>) -> Self {
        Self::Sharded(Sharded { group: group.into(), ttl: TTL, holder: None })
    }

    /// The same with another time to live: shorter takes over faster, and loses the lease over a shorter pause. Everywhere: nothing changes.
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        match self {
            Self::Leader(leader) => Self::Leader(Leader { ttl, ..leader }),
            Self::Sharded(sharded) => Self::Sharded(Sharded { ttl, ..sharded }),
            other @ Self::Everywhere => other,
        }
    }

    /// The same under this name in the store. Two replicas of one name are two all the same. Everywhere: nothing changes.
    #[must_use]
    #[doc(alias = "Identity")]
    pub fn with_holder(self, holder: impl Into<String>) -> Self {
        let holder = Some(holder.into());
        match self {
            Self::Leader(leader) => Self::Leader(Leader { holder, ..leader }),
            Self::Sharded(sharded) => Self::Sharded(Sharded { holder, ..sharded }),
            other @ Self::Everywhere => other,
        }
    }

    pub(crate) fn lease(&self) -> Option<Lease> {
        let (name, ttl, holder, shared) = match self.clone() {
            Self::Leader(Leader { name, ttl, holder }) => (name, ttl, holder, false),
            Self::Sharded(Sharded { group, ttl, holder }) => (group, ttl, holder, true),
            Self::Everywhere => return None,
        };
        Some(Lease { name, ttl, holder, shared })
    }
}
