//! SIGTERM and SIGINT: the first asks to stop, the second demands it.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use trimtab::seams::Seams;

/// The signals to stop that have come. Clones hear of the same.
#[derive(Clone, Debug)]
pub(super) struct Signals(watch::Receiver<u32>);

impl Signals {
    /// Listens from now on.
    pub(super) fn listen(seams: &Seams) -> std::io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (told, heard) = watch::channel(0);
        seams.spawn("signals", count(terminate, interrupt, told));
        Ok(Self(heard))
    }

    /// Ends once so many have come.
    pub(super) async fn come(&self, wanted: u32) {
        let mut heard = self.0.clone();
        if heard.wait_for(|come| *come >= wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn count(mut terminate: Signal, mut interrupt: Signal, told: watch::Sender<u32>) {
    loop {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        let come = *told.borrow() + 1;
        if come == 1 {
            tracing::info!("{name}: stopping; once more to stop at once");
        }
        if told.send(come).is_err() {
            return;
        }
    }
}
