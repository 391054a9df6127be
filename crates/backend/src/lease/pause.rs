//! Waiting between tries at a store that is away.

use std::time::Duration;

use trimtab_seams::Seams;

use super::LeaseSettings;

/// Grows from a thirtieth of the renewal interval to the whole of it, half of each wait drawn at random so that replicas do not knock together.
#[derive(Debug)]
pub(super) struct Pause {
    seams: Seams,
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl Pause {
    pub(super) fn new(seams: &Seams, settings: &LeaseSettings) -> Self {
        Self::up_to(settings.renew_every(), seams, settings)
    }

    /// That of who holds a lease.
    pub(super) fn of_holder(seams: &Seams, settings: &LeaseSettings) -> Self {
        Self::up_to(settings.retry_within(), seams, settings)
    }

    fn up_to(longest: Duration, seams: &Seams, settings: &LeaseSettings) -> Self {
        let shortest = longest.min(settings.renew_every() / 30);
        Self { seams: seams.clone(), shortest, longest, next: shortest }
    }

    /// Waits once more.
    pub(super) async fn wait(&mut self, asked: Option<Duration>) {
        let wait = self.next(asked);
        self.seams.sleep(wait).await;
    }

    /// How long the next wait is; at least as long as the store asks for.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let half = self.next / 2;
        let wait = half + self.seams.random_below(half);
        self.next = (self.next * 2).min(self.longest);
        asked.map_or(wait, |asked| asked.max(wait))
    }

    pub(super) fn reset(&mut self) {
        self.next = self.shortest;
    }
}
