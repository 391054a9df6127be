//! What a replica tells the others of itself.

use serde::{Deserialize, Serialize};
use trimtab_store::Timestamp;

/// A replica, as it presents itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// What it is called, such as its host's name; the holder of its leases should be called the same, see
    /// [`Placement::with_holder`](crate::Placement::with_holder). As long as it is one among the replicas, people know which is meant.
    pub name: String,
    /// Its version of the program.
    pub version: String,
    /// When it started, by its own clock.
    pub started: Timestamp,
    /// Where its API is reached by others, when it is.
    pub api: Option<String>,
}

/// The part that is written beside the name, which is the lease's holder.
#[derive(Serialize, Deserialize)]
pub(super) struct About {
    version: String,
    started: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api: Option<String>,
}

impl Replica {
    /// What its record says.
    pub(super) fn about(&self) -> String {
        let Self { version, started, api, .. } = self.clone();
        serde_json::to_string(&About { version, started, api }).expect("texts are JSON")
    }

    /// What a record says; none when it is not of this form.
    pub(super) fn of(name: &str, about: &str) -> Option<Self> {
        let About { version, started, api } = serde_json::from_str(about).ok()?;
        Some(Self { name: name.into(), version, started, api })
    }
}
