//! Why a lease is not had.

use crate::{CommitError, FollowError, Index, Invalid, Why};

/// What went wrong with a lease. Sorted by reaction.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// It has passed to another, or somebody wrote to its records: stop what was done under it, then acquire it anew.
    #[error("the lease `{name}` of epoch {epoch} is lost: its record was written by another since")]
    Lost {
        /// The lease.
        name: String,
        /// The epoch that has ended.
        epoch: Index,
    },
    /// The store did not answer in time: stop what is done under the lease once it is no longer valid; it may be renewed again until it is lost.
    #[error("the lease could not be kept: the store is unavailable: {0}")]
    Unavailable(Why),
    /// A right is missing: a person must act.
    #[error("denied: {what}")]
    Denied {
        /// Which right, on what.
        what: String,
    },
    /// The name of the lease or of its holder breaks a rule.
    #[error("invalid: {0}")]
    Invalid(#[from] Invalid),
    /// The store is not to be trusted until somebody has looked.
    #[error("the store is broken: {what}")]
    Broken {
        /// What broke, and what to do.
        what: String,
    },
}

impl From<FollowError> for LeaseError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Unavailable { why, .. } => Self::Unavailable(why),
            FollowError::Denied { what } => Self::Denied { what },
            FollowError::Invalid(invalid) => Self::Invalid(invalid),
            FollowError::Broken { what } => Self::Broken { what },
        }
    }
}

/// For the outcomes that end the work with a lease; conflicts and unknown outcomes are dealt with before.
impl From<CommitError> for LeaseError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Unavailable { why, .. } => Self::Unavailable(why),
            CommitError::Denied { what } => Self::Denied { what },
            CommitError::Invalid(invalid) => Self::Invalid(invalid),
            CommitError::Broken { what } => Self::Broken { what },
            CommitError::Conflict(_) | CommitError::Unknown(_) => Self::Unavailable(Why::Busy),
        }
    }
}
