//! What is wrong with the settings of a reconciler.

use trimtab_backend::Invalid;
use trimtab_queue::InvalidBackoff;

/// Why a reconciler cannot be made of its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pointer, or a kind.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The delays.
    #[error("backoff: {0}")]
    Backoff(#[from] InvalidBackoff),
    /// The webhook.
    #[error("webhook: {0}")]
    Webhook(String),
}
