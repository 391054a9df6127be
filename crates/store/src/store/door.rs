//! The one door writes go through.

use std::fmt;

use trimtab_backend::{
    Backend as _, Check, Commit, CommitError, Failed, FollowError, Found, Index, Invalid, Key, Limits,
    Operation, Part, Record, Transaction, Uid,
};

use super::Store;
use super::core::{Core, Rule};
use super::settle::settle;
use super::yielding::yielding;
use crate::{Basis, Conflict, Entry, IntoWrites, Overlay, Resolved, Touched, View, Write, WriteError};

/// How often drafts are resolved anew against what was found in their place, before the conflict is the author's.
const REBASES: usize = 4;

/// Commits writes against a view, without waiting for the feed: what a run's context stands on. [`Store::commit`] is the plain way.
///
/// Cheap to clone; keeps the store open.
///
/// ```
/// # use std::sync::Arc;
/// # use serde::{Deserialize, Serialize};
/// # use trimtab_store::{Kind, Memory, Overlay, Store};
/// # #[derive(Serialize, Deserialize)] struct Site { port: u16 }
/// # impl Kind for Site { const KIND: &'static str = "site"; type Status = (); }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = Store::open(Memory::new()).await?;
/// let (door, view) = (store.door(), store.view());
/// let committed = door.commit(Site { port: 80 }.named("blog").create(), &view, &[]).await?;
/// assert!(view.get::<Site>("blog")?.is_none(), "the view stands still");
///
/// let mut own = Overlay::default();
/// own.lay(&committed);
/// let view = view.with_overlay(Arc::new(own));
/// let blog = view.get::<Site>("blog")?.ok_or("its own write")?;
/// door.commit(blog.edit(|site| site.port = 81), &view, &[]).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Door(Store);

/// What a commit through a [`Door`] came to.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The outcome; its position is the view's when there was nothing to write.
    pub commit: Commit,
    /// The entries that were written.
    pub touched: Vec<Touched>,
}

impl Committed {
    /// The entries that were written, as the commit left them; `None`: deleted.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, Option<Entry>)> {
        let index = self.commit.position().index;
        self.touched.iter().map(move |touched| (touched.key(), touched.at(index)))
    }
}

impl Door {
    pub(super) fn new(store: Store) -> Self {
        Self(store)
    }

    /// How large things may be.
    pub fn limits(&self) -> Limits {
        self.0.core().backend.limits()
    }

    /// Commits these writes, resolved against the view and the own writes laid over it, on condition that all fences hold. Several writes to one
    /// entry become one; what would change nothing is not sent.
    ///
    /// Does not wait for the view to include it; lay what it [touched](Committed::touched) over the view instead ([`Overlay::lay`]).
    /// An unknown outcome is resolved here, for up to 10 s.
    ///
    /// # Errors
    /// [`WriteError`]. A fence that does not hold is [`WriteError::Fenced`], whatever else failed.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the outcome open, as a lost answer does; half a commit is never left.
    pub async fn commit(
        &self,
        writes: impl IntoWrites,
        view: &View,
        fences: &[Check],
    ) -> Result<Committed, WriteError> {
        let Resolved { transaction, touched } = resolve(self.0.core(), writes, view, &[])?;
        send(self.0.core(), transaction, touched, view, fences).await
    }
}

/// What becomes of a transaction that was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is committed.
    Commit,
    /// Its conditions are compared with the latest records, and nothing is written.
    Rehearse,
}

/// As [`Door::commit`], without fences; but where somebody else has changed what a draft is applied to, the draft is resolved anew against what
/// was found. Writes made from an entry that was read are not: that is a conflict.
pub(super) async fn commit(
    core: &Core,
    writes: impl IntoWrites,
    view: &View,
    mode: Mode,
) -> Result<Committed, WriteError> {
    let writes = writes.into_writes();
    if !writes.iter().any(Write::goes_by_view) {
        let resolved = resolve(core, writes, view, &[])?;
        return perform(core, resolved, view, mode).await;
    }
    let mut resolved = resolve(core, writes.clone(), view, &[])?;
    let mut found = Vec::new();
    for _ in 0..REBASES {
        match perform(core, resolved, view, mode).await {
            Err(WriteError::Conflict(conflicts)) => {
                found.retain(|(key, _)| conflicts.iter().all(|conflict| conflict.key != *key));
                found.extend(conflicts.iter().map(|conflict| (conflict.key.clone(), conflict.found.clone())));
                resolved = resolve(core, writes.clone(), view, &found)?;
                if demands_the_same(&resolved.transaction, &conflicts) {
                    return Err(WriteError::Conflict(conflicts));
                }
            }
            sent => return sent,
        }
    }
    perform(core, resolved, view, mode).await
}

async fn perform(core: &Core, resolved: Resolved, view: &View, mode: Mode) -> Result<Committed, WriteError> {
    let Resolved { transaction, touched } = resolved;
    match mode {
        Mode::Commit => send(core, transaction, touched, view, &[]).await,
        Mode::Rehearse => rehearse(core, &transaction, touched).await,
    }
}

/// Compares the conditions with what is there now, asked of the backend; writes nothing.
async fn rehearse(
    core: &Core,
    transaction: &Transaction,
    touched: Vec<Touched>,
) -> Result<Committed, WriteError> {
    let mut keys: Vec<Key> = transaction.conditions().map(|(key, ..)| key.clone()).collect();
    keys.sort();
    keys.dedup();
    let (position, records) = core.backend.read(&keys).await.map_err(unread)?;
    let there =
        |key: &Key, part| records.iter().find(move |record| record.key == *key && record.part == part);
    let failed = transaction.failing(there);
    if failed.is_empty() {
        return Ok(Committed { commit: Commit::Unchanged(position), touched });
    }
    let mut conflicts = Vec::with_capacity(failed.len());
    for Failed { key, part, expected, .. } in failed {
        let found = entry_of(&key, &records)?;
        conflicts.push(Conflict::new(key, part, expected, found));
    }
    Err(WriteError::Conflict(conflicts))
}

/// Whether a transaction would fail again as it did.
fn demands_the_same(transaction: &Transaction, conflicts: &[Conflict]) -> bool {
    transaction.conditions().any(|(key, part, expect)| {
        conflicts.iter().any(|was| was.key == *key && was.part == part && was.expected == expect)
    })
}

fn resolve(
    core: &Core,
    writes: impl IntoWrites,
    view: &View,
    found: &[(Key, Option<Entry>)],
) -> Result<Resolved, Invalid> {
    let basis = Basis {
        home: view.tenancy(),
        limits: &core.backend.limits(),
        now: core.seams.wall(),
        current: &|key| match found.iter().find(|(found, _)| found == key) {
            Some((_, entry)) => entry.clone(),
            // What cannot be read counts as absent here; the store refuses to create over it, and says what is there.
            None => view.entry(key).ok().flatten(),
        },
        rebase: &|read| view.overlay().and_then(|own| own.rebase(read)),
        follows: &|kind| core.state.about().follows(kind),
        uid: &|| Uid::from_random(core.seams.random_bytes()),
    };
    let resolved = Write::resolve(writes, &basis)?;
    if let Some(rule) = &core.rule {
        resolved.touched.iter().try_for_each(|touched| ruled(rule, touched))?;
    }
    Ok(resolved)
}

/// Whether a store's rule lets a spec pass. One that is as it was is not asked about: a rule that came later must not keep an entry from being labelled, let go or deleted.
fn ruled(rule: &Rule, touched: &Touched) -> Result<(), Invalid> {
    // The index is of no matter here.
    let Some(after) = touched.at(Index::ZERO) else { return Ok(()) };
    if touched.before().is_some_and(|before| before.generation() == after.generation()) {
        return Ok(());
    }
    rule(&after).map_err(|invalid| invalid.of(touched.key()))
}

async fn send(
    core: &Core,
    mut transaction: Transaction,
    touched: Vec<Touched>,
    view: &View,
    fences: &[Check],
) -> Result<Committed, WriteError> {
    if transaction.checks.is_empty() && transaction.operations.is_empty() {
        let unavailable = WriteError::Unavailable { why: trimtab_backend::Why::Busy, retry_after: None };
        let position = view.position().ok_or(unavailable)?;
        return Ok(Committed { commit: Commit::Unchanged(position), touched });
    }
    for fence in fences {
        if !transaction.checks.contains(fence) {
            transaction.checks.push(fence.clone());
        }
    }
    let puts = transaction.operations.iter().any(|operation| matches!(operation, Operation::Put { .. }));
    let sent = outcome(core, transaction, fences).await;
    match &sent {
        // A store that was closed takes nothing, and that is no trouble.
        Err(WriteError::Unavailable { .. } | WriteError::Broken { .. }) if core.is_closed() => {}
        Err(error @ (WriteError::Unavailable { .. } | WriteError::Broken { .. })) => {
            core.refusals.refused(error, core.backend.trouble().as_deref(), core.seams.now());
        }
        Ok(_) | Err(WriteError::Conflict(_) | WriteError::Fenced) => core.refusals.taken(puts),
        // Nothing is known of it, or it was turned away at the door: whether the store would take another is not told by that.
        Err(WriteError::Unknown(_) | WriteError::Denied { .. } | WriteError::Invalid(_)) => {}
    }
    Ok(Committed { commit: sent?, touched })
}

/// What a transaction comes to.
pub(super) async fn outcome(
    core: &Core,
    transaction: Transaction,
    fences: &[Check],
) -> Result<Commit, WriteError> {
    let commit = match yielding(core.backend.commit(transaction)).await {
        Ok(commit) => commit,
        Err(CommitError::Unknown(pending)) => settle(&core.backend, &core.seams, pending).await?,
        Err(CommitError::Conflict(failed)) => return Err(conflict(core, failed, fences).await),
        Err(CommitError::Unavailable { why, retry_after }) => {
            return Err(WriteError::Unavailable { why, retry_after });
        }
        Err(CommitError::Denied { what }) => return Err(WriteError::Denied { what }),
        Err(CommitError::Invalid(invalid)) => return Err(invalid.into()),
        Err(CommitError::Broken { what }) => return Err(WriteError::Broken { what }),
        Err(other) => return Err(WriteError::Broken { what: other.to_string() }),
    };
    Ok(commit)
}

/// What failed conditions mean. A conflict carries what is there, read if the backend did not say (contract T5).
async fn conflict(core: &Core, failed: Vec<Failed>, fences: &[Check]) -> WriteError {
    let is_fence = |failed: &Failed| {
        fences.iter().any(|fence| {
            (&fence.key, fence.part, fence.expect) == (&failed.key, failed.part, failed.expected)
        })
    };
    if failed.iter().any(is_fence) {
        return WriteError::Fenced;
    }
    let gone = |failed: &Failed| failed.part == Part::Spec && failed.found == Found::Absent;
    let mut keys: Vec<Key> =
        failed.iter().filter(|failed| !gone(failed)).map(|failed| failed.key.clone()).collect();
    keys.sort();
    keys.dedup();
    let records =
        if keys.is_empty() { Ok(Vec::new()) } else { core.backend.read(&keys).await.map(|read| read.1) };
    let records = match records {
        Ok(records) => records,
        Err(error) => return unread(error),
    };
    let mut conflicts = Vec::with_capacity(failed.len());
    for Failed { key, part, expected, .. } in failed {
        match entry_of(&key, &records) {
            Ok(found) => conflicts.push(Conflict::new(key, part, expected, found)),
            Err(invalid) => return invalid.into(),
        }
    }
    WriteError::Conflict(conflicts)
}

/// The entry among records that were read.
fn entry_of(key: &Key, records: &[Record]) -> Result<Option<Entry>, Invalid> {
    let half = |part| records.iter().find(|record| record.key == *key && record.part == part).cloned();
    let Some(spec) = half(Part::Spec) else { return Ok(None) };
    let entry = Entry::from_records(spec, half(Part::Status));
    entry.map(Some).map_err(|error| Invalid::new("entry", error.to_string()).of(key))
}

/// Nothing was written, and what stands in the way could not be read.
pub(super) fn unread(error: FollowError) -> WriteError {
    match error {
        FollowError::Unavailable { why, retry_after } => WriteError::Unavailable { why, retry_after },
        FollowError::Denied { what } => WriteError::Denied { what },
        FollowError::Invalid(invalid) => invalid.into(),
        FollowError::Broken { what } => WriteError::Broken { what },
        other => WriteError::Broken { what: other.to_string() },
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Door").field(&self.0).finish()
    }
}

impl Overlay {
    /// Lays what a commit has written over what was laid before.
    pub fn lay(&mut self, committed: &Committed) {
        let index = committed.commit.position().index;
        for touched in &committed.touched {
            self.set(touched.before(), touched.key().clone(), touched.at(index));
        }
    }
}
