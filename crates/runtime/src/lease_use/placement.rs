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
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// In every replica: for one replica, or for reconcilers that only read.
    #[default]
    Everywhere,
    /// In the replica that holds a lease.
    Leader(Leader),
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

impl Placement {
    /// In the replica that holds the lease of this name, every write on condition that it still does.
    #[doc(alias = "LeaderElectionID")]
    pub fn leader(name: impl Into<String>) -> Self {
        Self::Leader(Leader { name: name.into(), ttl: Duration::from_secs(10), holder: None })
    }

    /// The same with another time to live: shorter takes over faster, and loses the lease over a shorter pause. Everywhere: nothing changes.
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        match self {
            Self::Leader(leader) => Self::Leader(Leader { ttl, ..leader }),
            other @ Self::Everywhere => other,
        }
    }

    /// The same under this name in the lease's record. Two replicas of one name are two holders all the same. Everywhere: nothing changes.
    #[must_use]
    #[doc(alias = "Identity")]
    pub fn with_holder(self, holder: impl Into<String>) -> Self {
        match self {
            Self::Leader(leader) => Self::Leader(Leader { holder: Some(holder.into()), ..leader }),
            other @ Self::Everywhere => other,
        }
    }

    pub(crate) fn lease(&self) -> Option<&Leader> {
        match self {
            Self::Leader(leader) => Some(leader),
            Self::Everywhere => None,
        }
    }
}
