//! Whether the daemon is stopping, for everybody who would go on.

use tokio::sync::watch;

/// Raised once.
pub(crate) struct Stopping(watch::Sender<bool>);

impl Default for Stopping {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stopping {
    pub(crate) fn raise(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when it is raised. Cancel safe.
    pub(crate) async fn raised(&self) {
        // The sender lives as long as this future.
        let _ = self.0.subscribe().wait_for(|raised| *raised).await;
    }
}
