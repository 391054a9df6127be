//! The shutdown that most programs want.

/// Waits for Ctrl-C or, on Unix, SIGTERM: a shutdown for `run`. A second Ctrl-C during the drain is not heard here; race `run` against another `interrupted()` to stop at once.
///
/// # Cancel safety
/// Cancel safe. From its first poll on the process no longer ends by these signals by itself.
///
/// # Panics
/// Outside a tokio runtime with its I/O driver.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Where a signal cannot be heard it still ends the process by itself.
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => drop(tokio::signal::ctrl_c().await),
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}
