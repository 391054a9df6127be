//! What the store says, as refusals.

use std::time::Duration;

use trimtab_backend::{FollowError, Invalid, Why};
use trimtab_store::{DecodeError, LatestError, ReadError, WriteError};

use super::Refusal;
use crate::wire::ProblemKind;

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        let refusal = Self::new(ProblemKind::Invalid, invalid.to_string()).field(invalid.field);
        match invalid.limit {
            Some(limit) => refusal.limit(limit),
            None => refusal,
        }
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Conflict(conflicts) => {
                let detail: Vec<_> = conflicts.iter().map(ToString::to_string).collect();
                let found = conflicts.iter().filter_map(|conflict| conflict.found.as_ref());
                Self::new(ProblemKind::Conflict, detail.join("; ")).found(found)
            }
            WriteError::Invalid(invalid) => invalid.into(),
            WriteError::Unknown(_) => Self::new(ProblemKind::UnknownOutcome, error.to_string()),
            WriteError::Unavailable { why, retry_after } => {
                let patience = retry_after.unwrap_or(if why == Why::Full { FULL } else { SOON });
                Self::unavailable(error.to_string()).retry_after(patience)
            }
            // The daemon's own rights and state: nothing that another request would mend.
            other => Self::unavailable(other.to_string()).retry_after(FULL),
        }
    }
}

/// When there may be space again.
const FULL: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(1);

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Decode(error) => error.into(),
            other => Self::new(ProblemKind::Invalid, other.to_string()).field("kind"),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        let detail = format!("{error}; delete it, then write it anew");
        Self::new(ProblemKind::Invalid, detail).field("entry")
    }
}

impl From<FollowError> for Refusal {
    fn from(error: FollowError) -> Self {
        match &error {
            FollowError::Unavailable { retry_after, .. } => {
                Self::unavailable(error.to_string()).retry_after(retry_after.unwrap_or(SOON))
            }
            _ => Self::unavailable(error.to_string()).retry_after(FULL),
        }
    }
}

impl From<LatestError> for Refusal {
    fn from(error: LatestError) -> Self {
        match error {
            LatestError::Follow(error) => error.into(),
            LatestError::Decode(error) => error.into(),
            other => Self::unavailable(other.to_string()),
        }
    }
}
