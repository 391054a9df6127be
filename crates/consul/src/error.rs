//! Why a Consul cannot be used as a store, so that a person knows what to do.

use trimtab_backend::{CommitError, FollowError, Invalid, Why};

/// A Consul that cannot be used as a store. Nothing in it was changed by trying.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A setting is wrong.
    #[error("{what}")]
    Setting {
        /// Which one, and what is allowed.
        what: String,
    },
    /// No endpoint answers.
    #[error("Consul cannot be reached: {what}")]
    Unreachable {
        /// Each endpoint with its reason and what to do about it.
        what: String,
    },
    /// Something else answers there.
    #[error(
        "what answers is not Consul: {what}; the endpoint must be an agent's HTTP address, its port is 8500 unless told otherwise"
    )]
    NotConsul {
        /// What it said.
        what: String,
    },
    /// The servers have no leader.
    #[error(
        "Consul has no leader: {what}; look at `consul operator raft list-peers`, a majority of its servers must be up"
    )]
    NoLeader {
        /// What it said.
        what: String,
    },
    /// A right is missing.
    #[error("denied: {what}")]
    Denied {
        /// Which right, and what to do.
        what: String,
    },
    /// It is too old.
    #[error("Consul is too old: {what}")]
    TooOld {
        /// What it lacks, and which version has it.
        what: String,
    },
    /// Something else lies under the prefix.
    #[error(
        "`{prefix}` is in use by something that is not Trimtab's ({what}); give another `prefix`, or remove what lies there"
    )]
    PrefixInUse {
        /// The prefix of all keys, with the format's folder.
        prefix: String,
        /// What was found.
        what: String,
    },
    /// A newer version of Trimtab wrote it.
    #[error(
        "`{key}` has format {found} and this version of Trimtab reads up to {supported}; use a version that knows format {found}"
    )]
    NewerFormat {
        /// The key that says so.
        key: String,
        /// The format found.
        found: u32,
        /// The newest format that this version reads.
        supported: u32,
    },
    /// It answers, but not now.
    #[error("Consul is not available: {what}; try again")]
    Unavailable {
        /// What it said.
        what: String,
    },
}

impl ConnectError {
    /// Whether trying again is of use: what is in the way may go without a change of these settings or of what lies under the prefix. Rights and tokens
    /// may be given, certificates renewed, agents started.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::NotConsul { .. }
            | Self::NoLeader { .. }
            | Self::Denied { .. }
            | Self::Unavailable { .. } => true,
            Self::Setting { .. }
            | Self::TooOld { .. }
            | Self::PrefixInUse { .. }
            | Self::NewerFormat { .. } => false,
        }
    }

    pub(crate) fn setting(what: impl Into<String>) -> Self {
        Self::Setting { what: what.into() }
    }

    pub(crate) fn of_follow(error: FollowError) -> Self {
        match error {
            FollowError::Unavailable { why: Why::NoLeader, .. } => Self::NoLeader { what: error.to_string() },
            FollowError::Denied { what } => Self::Denied { what },
            FollowError::Invalid(invalid) => Self::setting(invalid.to_string()),
            FollowError::Broken { what } => Self::TooOld { what },
            other => Self::Unavailable { what: other.to_string() },
        }
    }

    pub(crate) fn of_commit(error: CommitError) -> Self {
        match error {
            CommitError::Unavailable { why: Why::NoLeader, .. } => Self::NoLeader { what: error.to_string() },
            CommitError::Denied { what } => Self::Denied { what },
            CommitError::Invalid(invalid) => Self::setting(invalid.to_string()),
            CommitError::Broken { what } => Self::TooOld { what },
            other => Self::Unavailable { what: other.to_string() },
        }
    }

    /// As the answer to a commit that found the store gone.
    pub(crate) fn as_commit(&self) -> CommitError {
        match self.as_follow() {
            FollowError::Denied { what } => CommitError::Denied { what },
            FollowError::Invalid(invalid) => Invalid::into(invalid),
            FollowError::Broken { what } => CommitError::Broken { what },
            FollowError::Unavailable { why, retry_after } => CommitError::Unavailable { why, retry_after },
            other => CommitError::Broken { what: other.to_string() },
        }
    }

    /// As the answer to a follower that found the store gone.
    pub(crate) fn as_follow(&self) -> FollowError {
        let unavailable = |why| FollowError::Unavailable { why, retry_after: None };
        match self {
            Self::Denied { what } => FollowError::Denied { what: what.clone() },
            Self::NoLeader { .. } => unavailable(Why::NoLeader),
            Self::Unreachable { .. } => unavailable(Why::Unreachable),
            Self::Unavailable { .. } => unavailable(Why::Busy),
            other => FollowError::Broken { what: other.to_string() },
        }
    }
}
