//! Following all leases, and following them anew when the store was away.

use trimtab_seams::{Instant, Seams};

use super::pause::Pause;
use super::{KIND, LeaseError, LeaseSettings};
use crate::{AnyBackend, Backend, Feed, FeedItem, FollowError, KindName, ResetReason, Scope};

/// A feed that does not end while the store may come back. What was told up to a break is told to be forgotten at once, and not only when the next
/// snapshot begins: nobody may act on it meanwhile.
pub(super) struct Follower {
    backend: AnyBackend,
    seams: Seams,
    pause: Pause,
    state: State,
}

enum State {
    /// Not before this.
    Away(Instant),
    Live(Feed),
    Failed(FollowError),
}

impl Follower {
    pub(super) fn new(backend: &AnyBackend, seams: &Seams, settings: &LeaseSettings) -> Self {
        let (pause, state) = (Pause::new(seams, settings), State::Away(Instant::ORIGIN));
        Self { backend: backend.clone(), seams: seams.clone(), pause, state }
    }

    /// The next item. Cancel safe.
    ///
    /// # Errors
    /// What no waiting mends; a reset was told before it.
    pub(super) async fn next(&mut self) -> Result<FeedItem, LeaseError> {
        loop {
            match &mut self.state {
                State::Live(feed) => match feed.next().await {
                    Ok(item) => {
                        if matches!(item, FeedItem::Synced(_)) {
                            self.pause.reset();
                        }
                        return Ok(item);
                    }
                    Err(error) => {
                        self.lose(error);
                        return Ok(FeedItem::Reset { why: ResetReason::Suspect });
                    }
                },
                State::Away(until) => {
                    self.seams.sleep_until(*until).await;
                    match self.backend.follow(Scope::Kind(KindName::new(KIND)), None).await {
                        Ok(feed) => self.state = State::Live(feed),
                        Err(error) => self.lose(error),
                    }
                }
                State::Failed(error) => {
                    let error = error.clone();
                    self.state = State::Away(Instant::ORIGIN);
                    return Err(error.into());
                }
            }
        }
    }

    fn lose(&mut self, error: FollowError) {
        self.state = match error {
            FollowError::Unavailable { retry_after, .. } => {
                State::Away(self.seams.now() + self.pause.next(retry_after))
            }
            error => State::Failed(error),
        };
    }
}
