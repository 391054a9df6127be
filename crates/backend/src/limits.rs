//! How large things may be, and how faithfully they are followed.

/// The limits of a backend. The default is the portable floor, which holds on memory, embedded, etcd and Consul alike (contract T3); a
/// backend's own higher limits must be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Units of a transaction: a put counts 1, a check 1, a delete 2. Checks on reserved kinds (fence, shard map) are not counted. Default 60.
    pub operations: usize,
    /// Bytes of keys and values of a transaction together. Default 320 KiB.
    pub transaction_bytes: usize,
    /// Bytes of the payload of a spec. Default 256 KiB.
    pub spec_bytes: usize,
    /// Bytes of the payload of a status. Default 64 KiB.
    pub status_bytes: usize,
}

impl Limits {
    /// The floor that every backend must offer.
    pub const PORTABLE: Self = Self {
        operations: 60,
        transaction_bytes: 320 * 1024,
        spec_bytes: 256 * 1024,
        status_bytes: 64 * 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::PORTABLE
    }
}

/// Whether a follower is told each commit by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// Each commit is one batch.
    EveryCommit,
    /// Whole commits may be merged into one batch; a delete of an entry in view is always told (contract F2).
    Conflated,
}
