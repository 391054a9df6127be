//! A lease that is held.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use trimtab_seams::{Instant, Seams};

use super::hedge::hedged;
use super::leases::settle;
use super::pause::Pause;
use super::term::{Header, Term};
use super::{LeaseError, LeaseSettings, key_of};
use crate::deadline::before;
use crate::{
    AnyBackend, Backend, Check, CommitError, Expect, Index, Key, Operation, Part, Position, Transaction,
    Verdict, Why,
};

/// A lease that was granted. Dropping it does not release it: another waits for the TTL then.
///
/// It is valid until a time on the monotonic clock, counted from before the last renewal that the store acknowledged was sent (contract L3, L4).
/// Past that time start nothing under it. What is written with its [fence](Held::fence) is refused by the store once another holds it.
#[must_use = "a lease that is dropped is not released: the next one waits for its TTL; call `release`"]
pub struct Held {
    grant: Grant,
    /// The acquiring commit.
    epoch: Index,
    /// The last commit it made.
    at: Position,
    valid_until: Instant,
}

/// How many tries of a renewal may be under way at once. What a leader of the store was given before it died is often answered by a time-out alone, long after the next
/// leader would have taken another try.
const BESIDE: usize = 4;

/// How long a lease is tried to be given back at most. Who gives it back waits to end, and it ends by itself; its TTL may be hours.
const GIVE_BACK: Duration = Duration::from_secs(10);

/// What a try came to.
enum Tried {
    /// Where it was committed, and when it was sent.
    Written(Position, Instant),
    /// Certainly not committed; it may be tried again, at the earliest after this time.
    Not(Option<Duration>),
}

/// What was granted to whom, and where.
pub(super) struct Grant {
    pub(super) backend: AnyBackend,
    pub(super) seams: Seams,
    pub(super) settings: LeaseSettings,
    pub(super) name: String,
    pub(super) header: Header,
    pub(super) term: Term,
}

impl Held {
    pub(super) fn new(grant: Grant, at: Position, sent: Instant) -> Self {
        let valid_until = sent + grant.settings.renew_deadline();
        Self { grant, epoch: at.index, at, valid_until }
    }

    /// The name of the lease.
    pub fn name(&self) -> &str {
        &self.grant.name
    }

    /// The epoch: the index of the commit that acquired it. Of one name it grows with every grant. A view of the store that is at least this new
    /// holds everything that earlier holders wrote.
    pub const fn epoch(&self) -> Index {
        self.epoch
    }

    /// The condition to add to every transaction under the lease: no other grant since. It counts against no limit.
    pub fn fence(&self) -> Check {
        Check { key: self.key(), part: Part::Spec, expect: Expect::At(self.epoch) }
    }

    /// Until when work may be started under it, on the clock of the seams.
    pub const fn valid_until(&self) -> Instant {
        self.valid_until
    }

    /// Whether that time is still to come.
    pub fn is_valid(&self) -> bool {
        self.grant.seams.now() < self.valid_until
    }

    /// When to renew it next.
    pub fn renew_at(&self) -> Instant {
        let settings = &self.grant.settings;
        self.valid_until - settings.renew_deadline() + settings.renew_every()
    }

    /// Renews it: tries until the store has acknowledged, and gives up at [`valid_until`](Held::valid_until). Called later than that it tries for
    /// one renewal interval; as long as nobody took over, the lease is kept.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when another was granted it. [`LeaseError::Unavailable`] when the store did not answer in time: the validity is as it
    /// was, and another renewal may still succeed.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the store was told; the validity stands as it was.
    pub async fn renew(&mut self) -> Result<(), LeaseError> {
        let (at, sent) = {
            let beat = self.grant.term.beat(&self.grant.header);
            // Without a condition on the beat itself: the fence admits nobody else, and a late one, or one more, says nothing false.
            let put = self.put(Part::Status, beat, Expect::Anything);
            self.write(put, Some(self.fence()), BESIDE, self.give_up()).await?
        };
        if at.store != self.at.store || at.index <= self.at.index {
            self.recognise().await?;
        }
        self.at = at;
        self.valid_until = sent + self.grant.settings.renew_deadline();
        Ok(())
    }

    /// Gives it back: the next one is granted it at once. End the work under it first. Tries for as long as it is valid, for 10 s at most.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when another had been granted it already. [`LeaseError::Unavailable`] when the store did not answer in time; it then
    /// passes on when its TTL has passed.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether it was given back.
    pub async fn release(self) -> Result<(), LeaseError> {
        let free = Term { holder: None, about: None, ..self.grant.term.clone() };
        let value = free.value(&self.grant.header);
        self.give_back(self.put(Part::Spec, value, Expect::At(self.epoch))).await
    }

    /// Gives it back and takes its records out of the store: for a lease whose name nobody asks for again. End the work under it first.
    ///
    /// # Errors
    /// As [`release`](Self::release).
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether it was given back.
    pub async fn remove(self) -> Result<(), LeaseError> {
        let delete = Operation::Delete { key: self.key(), expect: Expect::At(self.epoch) };
        self.give_back(delete).await
    }

    async fn give_back(&self, operation: Operation) -> Result<(), LeaseError> {
        let give_up = self.give_up().min(self.grant.seams.now() + GIVE_BACK);
        self.write(operation, None, 1, give_up).await.map(drop)
    }

    /// Until when the store is tried.
    fn give_up(&self) -> Instant {
        self.valid_until.max(self.grant.seams.now() + self.grant.settings.renew_every())
    }

    fn put(&self, part: Part, value: Bytes, expect: Expect) -> Operation {
        Operation::Put { key: self.key(), part, value, expect }
    }

    /// Writes to its records, with tries and verdicts, until it is known to be written. Gives where, and when that try was sent.
    async fn write(
        &self,
        operation: Operation,
        check: Option<Check>,
        beside: usize,
        give_up: Instant,
    ) -> Result<(Position, Instant), LeaseError> {
        let Grant { seams, settings, .. } = &self.grant;
        let transaction = Transaction { checks: check.into_iter().collect(), operations: vec![operation] };
        let tries = async {
            let mut pause = Pause::of_holder(seams, settings);
            loop {
                let tried = hedged(seams, settings.retry_within(), beside, || self.attempt(&transaction));
                match tried.await? {
                    Tried::Written(at, sent) => return Ok((at, sent)),
                    Tried::Not(retry_after) => pause.wait(retry_after).await,
                }
            }
        };
        before(seams.sleep_until(give_up), tries)
            .await
            .unwrap_or(Err(LeaseError::Unavailable(Why::Unreachable)))
    }

    async fn attempt(&self, transaction: &Transaction) -> Result<Tried, LeaseError> {
        let Grant { backend, seams, settings, .. } = &self.grant;
        let sent = seams.now();
        match backend.commit(transaction.clone()).await {
            Ok(commit) => Ok(Tried::Written(commit.position(), sent)),
            Err(CommitError::Conflict(_)) => Err(self.lost()),
            Err(CommitError::Unknown(pending)) => {
                match settle(backend, Pause::of_holder(seams, settings), pending).await? {
                    Verdict::Committed(at) => Ok(Tried::Written(at, sent)),
                    Verdict::Never => Ok(Tried::Not(None)),
                }
            }
            Err(CommitError::Unavailable { retry_after, .. }) => Ok(Tried::Not(retry_after)),
            Err(error) => Err(error.into()),
        }
    }

    /// The store's index went back, so an older copy was put back, in which our version may be another's: the nonce tells (contract L1).
    async fn recognise(&self) -> Result<(), LeaseError> {
        let (_, records) = self.grant.backend.read(&[self.key()]).await?;
        let ours = |term: Term| term.nonce == self.grant.term.nonce;
        let epoch = records.iter().find(|record| record.part == Part::Spec && record.version == self.epoch);
        if epoch.and_then(Term::of).is_some_and(ours) { Ok(()) } else { Err(self.lost()) }
    }

    fn lost(&self) -> LeaseError {
        LeaseError::Lost { name: self.grant.name.clone(), epoch: self.epoch }
    }

    fn key(&self) -> Key {
        key_of(&self.grant.name)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("name", &self.grant.name)
            .field("epoch", &self.epoch)
            .field("valid_until", &self.valid_until)
            .finish_non_exhaustive()
    }
}
