//! What can be set, with its defaults.

use std::time::Duration;

use trimtab_backend::Limits;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How long one request may take.
    pub(crate) timeout: Duration,
    /// How long a blocking query is held when nothing happens.
    pub(crate) wait: Duration,
    /// How long a feed goes on trying before it ends as unavailable.
    pub(crate) patience: Duration,
    /// How often a scope is compared with the store, for the writes of others.
    pub(crate) resync: Duration,
    /// The values of commits up to this size together are carried in their records.
    pub(crate) carried: usize,
    /// The largest request that Consul takes.
    pub(crate) request_bytes: usize,
    /// Transactions under way at once.
    pub(crate) lanes: usize,
    pub(crate) limits: Limits,
    /// Lanes that stood still for so long are removed.
    pub(crate) lane_idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            wait: Duration::from_secs(15),
            patience: Duration::from_secs(15),
            resync: Duration::from_secs(60),
            carried: 16 * 1024,
            // Consul's `limits.txn_max_req_len`.
            request_bytes: 512 * 1024,
            lanes: 16,
            limits: Limits::PORTABLE,
            lane_idle: Duration::from_secs(60 * 60),
        }
    }
}
