//! From operations to a commit.

use trimtab_store::{Committed, Conflict, Entry, Invalid, Key, Snapshot, Store, Write, WriteError};

use super::Planned;
use crate::problem::Refusal;

/// How often operations without a condition are tried anew against what somebody else has written meanwhile.
const ATTEMPTS: usize = 5;

/// Why nothing was written.
pub(crate) enum Unmet {
    /// A condition did not hold; what is there instead.
    Condition(Key, Option<Entry>),
    /// What was to be changed is not there.
    Missing(Key),
    /// Others have written at the same moment, each time.
    Conflict(Vec<Conflict>),
    /// It cannot be done, whatever is there.
    Refused(Refusal),
}

/// What operations are compared with.
pub(crate) enum Reads<'a> {
    /// The view: nothing to wait for, but it may lag behind what another replica has told a client.
    View(Snapshot),
    /// The store itself.
    Latest(&'a Store),
}

impl Reads<'_> {
    pub(super) async fn entry(&self, key: &Key) -> Result<Option<Entry>, Refusal> {
        match self {
            Self::View(snapshot) => snapshot.entry(key).map_err(Refusal::from),
            Self::Latest(store) => store.latest(key).await.map_err(Refusal::from),
        }
    }
}

/// Commits operations together, or says what that would come to. What does not hold in view is compared with the store itself before it is refused.
pub(crate) async fn settle(store: &Store, planned: &[Planned], dry_run: bool) -> Result<Committed, Unmet> {
    let mut reads = Reads::View(store.snapshot());
    let mut attempt = 1;
    loop {
        let unmet = match writes(planned, &reads).await {
            Ok(writes) => {
                let told =
                    if dry_run { store.rehearse(writes).await } else { store.commit_told(writes).await };
                match told {
                    Ok(committed) => return Ok(committed),
                    Err(WriteError::Conflict(conflicts)) => Unmet::Conflict(conflicts),
                    Err(error @ WriteError::Unknown(_)) => return Err(Unmet::Refused(unknown(store, error))),
                    Err(error) => return Err(Unmet::Refused(error.into())),
                }
            }
            Err(Unmet::Refused(refusal)) => return Err(Unmet::Refused(refusal)),
            Err(unmet) if matches!(reads, Reads::Latest(_)) => return Err(unmet),
            Err(unmet) => unmet,
        };
        if attempt == ATTEMPTS {
            return Err(unmet);
        }
        attempt += 1;
        reads = Reads::Latest(store);
    }
}

/// The commit lies after what is in view, if it happened: once the view has gone on, reading tells.
fn unknown(store: &Store, error: WriteError) -> Refusal {
    let refusal = Refusal::from(error);
    match store.position() {
        Some(position) => refusal.position(position.to_string()),
        None => refusal,
    }
}

async fn writes(planned: &[Planned], reads: &Reads<'_>) -> Result<Vec<Write>, Unmet> {
    let mut writes = Vec::with_capacity(planned.len());
    for planned in planned {
        writes.extend(planned.writes(reads).await?);
    }
    Ok(writes)
}

impl From<Refusal> for Unmet {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Invalid> for Unmet {
    fn from(invalid: Invalid) -> Self {
        Self::Refused(invalid.into())
    }
}

impl Unmet {
    /// For a request about one entry: conditions come from its header.
    pub(crate) fn of_one(self) -> Refusal {
        match self {
            Self::Condition(key, found) => {
                let what = match &found {
                    Some(found) => {
                        format!("{key} is there at {}; read it again, then decide again", found.etag())
                    }
                    None => format!("{key} is not there; leave `If-Match` out to create it"),
                };
                Refusal::precondition(what, found.as_ref())
            }
            Self::Missing(key) => Refusal::not_found(format!("there is no {key}")),
            Self::Conflict(conflicts) => WriteError::Conflict(conflicts).into(),
            Self::Refused(refusal) => refusal,
        }
    }

    /// For a transaction: conditions come from its body.
    pub(crate) fn of_several(self) -> Refusal {
        match self {
            Self::Condition(key, found) => {
                let what = match &found {
                    Some(found) => format!("nothing was written: {key} is there at {}", found.etag()),
                    None => format!("nothing was written: {key} is not there"),
                };
                Refusal::conflict(what, found.as_ref())
            }
            Self::Missing(key) => Refusal::not_found(format!("nothing was written: there is no {key}")),
            other => other.of_one(),
        }
    }
}
