//! Acquiring a lease.

use std::fmt;

use trimtab_seams::{Instant, Seams};

use super::held::Grant;
use super::observer::{Observer, Sight};
use super::pause::Pause;
use super::term::{Header, Term};
use super::{Held, Holder, LeaseError, LeaseSettings, Vigil, Watch, key_of};
use crate::deadline::before;
use crate::{AnyBackend, Backend, Check, CommitError, Operation, Part, Position, Transaction, Uid, Verdict};

/// Gives leases. Sealed: [`StoreLease`] is the one implementation, since what a lease promises rests on how it is kept.
pub trait Leases: sealed::Sealed + Clone + Send + Sync + 'static {
    /// Waits until the lease is granted: following its records, not polling, through outages of the store too. A lease that nobody holds is
    /// granted at once; one that is held when it was released, or when its records have stood still for its TTL.
    ///
    /// The same holder asking again is a challenger like any other: each grant is an epoch of its own.
    ///
    /// # Errors
    /// A name that is not allowed, a missing right, a broken store. Never because the store is away.
    ///
    /// # Cancel safety
    /// Dropping the future gives up. If it was dropped while its claim was under way, the lease may stand as held by nobody alive until its TTL
    /// has passed.
    fn acquire(&self, name: &str, holder: &str) -> impl Future<Output = Result<Held, LeaseError>> + Send;

    /// Follows who holds a lease.
    ///
    /// # Errors
    /// A name that is not allowed.
    fn watch(&self, name: &str) -> Result<Watch, LeaseError>;
}

/// Leases over any backend, each an entry of kind `trimtab.lease`. Cheap to clone.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use trimtab_backend::{Backend, Expect, Key, Leases, Memory, Operation, Part, StoreLease, Transaction};
/// use trimtab_seams::Seams;
///
/// let (memory, seams) = (Memory::new(), Seams::tokio());
/// let leases = StoreLease::new(memory.clone(), &seams);
/// let mut held = leases.acquire("billing", "host-1").await?;
///
/// let (key, value) = (Key::new("invoice", "7"), "{}".into());
/// let write = Operation::Put { key, part: Part::Spec, value, expect: Expect::Absent };
/// memory.commit(Transaction::of([write]).checking(held.fence())).await?;
///
/// held.renew().await?;
/// held.release().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct StoreLease {
    backend: AnyBackend,
    seams: Seams,
    settings: LeaseSettings,
    about: Option<String>,
}

impl StoreLease {
    /// Leases in this store, with the default settings.
    pub fn new(backend: impl Backend, seams: &Seams) -> Self {
        let settings = LeaseSettings::default();
        Self { backend: AnyBackend::new(backend), seams: seams.clone(), settings, about: None }
    }

    /// The same with other times.
    #[must_use]
    pub fn with_settings(self, settings: LeaseSettings) -> Self {
        Self { settings, ..self }
    }

    /// The same, where what is acquired also says this of its holder, for those who [watch over](Self::vigil) leases. JSON: it stands in the record as it is given.
    #[must_use]
    pub fn with_about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    /// Watches over many leases without wanting one.
    pub fn vigil(&self) -> Vigil {
        Vigil::new(&self.backend, &self.seams, self.settings)
    }

    /// One try at a lease that may be claimed as far as the observer knows.
    async fn claim(&self, sight: &Sight, name: &str, holder: &str) -> Result<Claim, LeaseError> {
        let born = || Header::born(Uid::from_random(self.seams.random_bytes()), self.seams.wall());
        let header = sight.epoch.as_ref().and_then(Header::of).unwrap_or_else(born);
        let nonce = u128::from_le_bytes(self.seams.random_bytes());
        let (ttl, about) = (self.settings.ttl(), self.about.clone());
        let term = Term { holder: Some(holder.into()), nonce, ttl, about };
        let (key, [epoch, beat]) = (key_of(name), sight.unmoved());
        let unmoved = Check { key: key.clone(), part: Part::Status, expect: beat };
        let put = Operation::Put { key, part: Part::Spec, value: term.value(&header), expect: epoch };
        let sent = self.seams.now();
        let at = match self.backend.commit(Transaction::of([put]).checking(unmoved)).await {
            Ok(commit) => commit.position(),
            Err(CommitError::Conflict(_)) => return Ok(Claim::Beaten),
            Err(CommitError::Unknown(pending)) => {
                match settle(&self.backend, Pause::new(&self.seams, &self.settings), pending).await? {
                    Verdict::Committed(at) => at,
                    Verdict::Never => return Ok(Claim::Away(None)),
                }
            }
            Err(CommitError::Unavailable { retry_after, .. }) => return Ok(Claim::Away(retry_after)),
            Err(error) => return Err(error.into()),
        };
        Ok(Claim::Won(Box::new(self.grant(name, header, term, at, sent))))
    }

    fn grant(&self, name: &str, header: Header, term: Term, at: Position, sent: Instant) -> Held {
        let (backend, seams) = (self.backend.clone(), self.seams.clone());
        Held::new(
            Grant { backend, seams, settings: self.settings, name: name.into(), header, term },
            at,
            sent,
        )
    }
}

enum Claim {
    Won(Box<Held>),
    /// Another was first, or the holder beat after all.
    Beaten,
    /// The store did not take it.
    Away(Option<std::time::Duration>),
}

impl Leases for StoreLease {
    async fn acquire(&self, name: &str, holder: &str) -> Result<Held, LeaseError> {
        key_of(name).validate()?;
        Holder::validate(holder)?;
        let mut observer = Observer::new(&self.backend, &self.seams, self.settings, name);
        let mut pause = Pause::new(&self.seams, &self.settings);
        // After a claim that was beaten: what was seen then. The feed has to show what beat it, or a whole TTL must pass, before another.
        let mut beaten = None;
        loop {
            let Some(claimable_at) = observer.claimable_at() else {
                observer.step().await?;
                continue;
            };
            let not_before = match beaten {
                Some((ref seen, until)) if seen == observer.sight() => until,
                _ => Instant::ORIGIN,
            };
            // What the feed has to tell comes first: a challenger that slept must not claim on what it saw before.
            let alarm = self.seams.sleep_until(claimable_at.max(not_before));
            if let Some(stepped) = before(alarm, observer.step()).await {
                stepped?;
                continue;
            }
            if !observer.is_live() {
                continue;
            }
            match self.claim(observer.sight(), name, holder).await? {
                Claim::Won(mut held) => {
                    // A claim whose outcome was long unknown may be granted too late to be of use: only a renewal tells.
                    if held.is_valid() || held.renew().await.is_ok() {
                        return Ok(*held);
                    }
                }
                Claim::Beaten => {
                    beaten = Some((observer.sight().clone(), self.seams.now() + self.settings.ttl()));
                }
                Claim::Away(retry_after) => pause.wait(retry_after).await,
            }
        }
    }

    fn watch(&self, name: &str) -> Result<Watch, LeaseError> {
        key_of(name).validate()?;
        Ok(Watch::new(Observer::new(&self.backend, &self.seams, self.settings, name)))
    }
}

/// Asks until it is known what became of a transaction. What will never be told counts as never: the next try is made on what is there.
///
/// # Errors
/// What no waiting mends.
pub(super) async fn settle(
    backend: &AnyBackend,
    mut pause: Pause,
    mut pending: crate::Pending,
) -> Result<Verdict, LeaseError> {
    loop {
        match backend.resolve(pending.clone()).await {
            Ok(verdict) => return Ok(verdict),
            Err(CommitError::Unknown(next)) => {
                pending = next;
                pause.wait(None).await;
            }
            Err(CommitError::Unavailable { retry_after, .. }) => pause.wait(retry_after).await,
            Err(CommitError::Invalid(_)) => return Ok(Verdict::Never),
            Err(error) => return Err(error.into()),
        }
    }
}

impl fmt::Debug for StoreLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLease").field("settings", &self.settings).finish_non_exhaustive()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::StoreLease {}
}
