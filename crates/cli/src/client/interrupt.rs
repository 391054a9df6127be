//! Work without an end, until somebody has seen enough.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use trimtab::seams::Seams;

use super::Failure;
use crate::command::Exit;

/// Does the work, which may block, until it ends or SIGINT or SIGTERM comes; that is an end as good as any.
pub(crate) fn until_interrupted(
    seams: &Seams,
    work: impl FnOnce() -> Result<Exit, Failure> + Send + 'static,
) -> Result<Exit, Failure> {
    let unable = |error: std::io::Error| Failure::failed(format!("signals cannot be waited for: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unable)?;
    let outcome = runtime.block_on(async {
        let mut interrupted = signal(SignalKind::interrupt()).map_err(unable)?;
        let mut terminated = signal(SignalKind::terminate()).map_err(unable)?;
        let (told, heard) = oneshot::channel();
        seams.spawn_blocking("work", move || drop(told.send(work())));
        tokio::select! {
            _ = interrupted.recv() => Ok(Exit::Done),
            _ = terminated.recv() => Ok(Exit::Done),
            outcome = heard => outcome.unwrap_or_else(|_| Err(Failure::failed("the work broke off; please report this"))),
        }
    });
    // It may be waiting for the daemon.
    runtime.shutdown_background();
    outcome
}
