//! Waiting for the next change in a source: the trigger "on change".

use trimtab_backend::Index;
use trimtab_store::{EntryEvent, Store};
use trimtab_stream::{Closed, Message, SubscribeError};

use super::body::{Body, Happening, Origin};

/// Why a watch could not be set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoWatch {
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    #[error("watch a source that carries no entries; give its events as a future instead")]
    NoEntries,
}

/// Ends at the first change after `from` that the source's filters let through; when what came after it is not known any more, at once.
pub(crate) async fn watch(body: Body, store: &Store, from: Index) -> Result<(), NoWatch> {
    let Origin::Entries(request) = &body.origin else { return Err(NoWatch::NoEntries) };
    let request = request.clone().resume_at(from.get());
    loop {
        let mut subscription = store.publisher().subscribe(request.clone())?;
        loop {
            match subscription.next().await {
                // Something may have happened in between.
                Ok(Message::NewSnapshotToFollow) | Err(Closed::Lagged | Closed::TopicRefreshed) => {
                    return Ok(());
                }
                // From an empty store on: what is there now has come since, and was looked at.
                Ok(Message::EndOfSnapshot(_)) => {}
                Ok(Message::Changes { events, .. }) => {
                    if events.iter().any(|event| counts(&body, store, event)) {
                        return Ok(());
                    }
                }
                Err(Closed::TokenClosed) => break,
                Err(_) => return Err(NoWatch::Subscribe(SubscribeError::ShuttingDown)),
            }
        }
    }
}

/// A filter that gives no answer lets the change through: a run too many does no harm.
fn counts(body: &Body, store: &Store, event: &EntryEvent) -> bool {
    if !body.holds(&event.key) {
        return false;
    }
    let happening = Happening { event, snapshot: &store.snapshot() };
    body.filters.iter().all(|filter| filter(&happening).unwrap_or(true))
}
