//! How much, how long, and in which order.

use std::time::Duration;

use trimtab::seams::Seams;

#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    /// Of the faults' order and times, and of what is written.
    pub(crate) seed: u64,
    pub(crate) load: Duration,
    /// Of both kinds together.
    pub(crate) entries: u32,
    /// Writes a second.
    pub(crate) rate: u32,
    /// Of all leases.
    pub(crate) ttl: Duration,
}

impl Numbers {
    /// Those that CI goes by, but for what the environment says: `TRIMTAB_REPLICAS_SEED`, `TRIMTAB_REPLICAS_MINUTES`.
    pub(crate) fn given() -> Self {
        let said = |name: &str| {
            let said = std::env::var(name).ok()?;
            Some(said.parse::<u64>().unwrap_or_else(|_| panic!("{name} must be a number, not {said:?}")))
        };
        Self {
            seed: said("TRIMTAB_REPLICAS_SEED").unwrap_or_else(|| Seams::tokio().random() % 1_000_000),
            load: Duration::from_secs(60 * said("TRIMTAB_REPLICAS_MINUTES").unwrap_or(1)),
            entries: 2000,
            rate: 20,
            ttl: Duration::from_secs(3),
        }
    }
}
