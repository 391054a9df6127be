//! Writing what is declared into the store, and taking out what no longer is.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use trimtab::backend::{Index, Invalid, Key};
use trimtab::seams::Seams;
use trimtab::store::{Commit, Entry, Store, WriteError};

use crate::documents::Declared;

/// Commits under way at once: they share the syncs of the disk.
const AT_ONCE: usize = 64;
/// How often it is said how far a long list has come.
const SAY_AGAIN: Duration = Duration::from_secs(2);

/// What came of a declared entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    Created(Index),
    Changed(Index),
    Unchanged,
    /// One of that name is still being deleted; it can be made anew once that is gone.
    Going,
    /// Not possible as it stands.
    Refused(String),
    /// Not possible at present.
    Later(String),
}

/// Applies all of these. An owner may be declared after what it owns, so what lacks its owner is tried again as long as others were made.
pub(super) async fn all(store: &Store, seams: &Seams, declared: Vec<Declared>) -> Vec<(Declared, Applied)> {
    let (total, mut said) = (declared.len(), seams.now());
    let mut done = Vec::with_capacity(total);
    let mut round = declared;
    loop {
        let (mut unowned, mut made) = (Vec::new(), 0);
        let mut answers = start(store, seams, round);
        while let Some((declared, applied)) = answers.recv().await {
            match applied {
                Err(invalid) if invalid.field == "owners" => unowned.push((declared, invalid)),
                Err(invalid) => done.push((declared, Applied::Refused(invalid.to_string()))),
                Ok(applied) => {
                    made += usize::from(matches!(applied, Applied::Created(_)));
                    done.push((declared, applied));
                }
            }
            if seams.now() - said >= SAY_AGAIN {
                said = seams.now();
                tracing::info!("entries: {} of {total} applied", done.len());
            }
        }
        if made == 0 || unowned.is_empty() {
            let refused = unowned.into_iter();
            done.extend(refused.map(|(one, invalid)| (one, Applied::Refused(invalid.to_string()))));
            done.sort_by(|(a, _), (b, _)| (&a.origin, a.line).cmp(&(&b.origin, b.line)));
            return done;
        }
        round = unowned.into_iter().map(|(declared, _)| declared).collect();
    }
}

/// Starts applying all of these. In tasks of their own, for a commit may block its thread while the disk is synced, and only those that wait meanwhile share the next sync.
fn start(
    store: &Store,
    seams: &Seams,
    declared: Vec<Declared>,
) -> mpsc::Receiver<(Declared, Result<Applied, Invalid>)> {
    let (answer, answers) = mpsc::channel(AT_ONCE);
    let tasks = AT_ONCE.min(declared.len());
    let queue = Arc::new(Mutex::new(VecDeque::from(declared)));
    for _ in 0..tasks {
        let (store, queue, answer) = (store.clone(), Arc::clone(&queue), answer.clone());
        seams.spawn("apply entries", async move {
            loop {
                let Some(declared) = queue.lock().pop_front() else { return };
                let applied = one(&store, &declared).await;
                // Nobody listens any more: the daemon stops.
                if answer.send((declared, applied)).await.is_err() {
                    return;
                }
            }
        });
    }
    answers
}

async fn one(store: &Store, declared: &Declared) -> Result<Applied, Invalid> {
    // One that cannot be read is not replaced: the store refuses, and says so.
    let before = store.entry(&declared.key).ok().flatten();
    if before.as_ref().is_some_and(Entry::is_deleting) {
        return Ok(Applied::Going);
    }
    match store.commit(declared.draft.clone().apply()).await {
        Ok(Commit::Unchanged(_)) => Ok(Applied::Unchanged),
        Ok(commit) if before.is_some() => Ok(Applied::Changed(commit.position().index)),
        Ok(commit) => Ok(Applied::Created(commit.position().index)),
        Err(WriteError::Invalid(invalid)) => Err(invalid),
        Err(error @ WriteError::Broken { .. }) => Ok(Applied::Refused(error.to_string())),
        // A right that is missing may be given.
        Err(error) => Ok(Applied::Later(error.to_string())),
    }
}

/// Deletes the entries whose origin lies in `folder` and that are declared no more. False when some are to be tried again.
pub(super) async fn prune(store: &Store, folder: &str, declared: &BTreeSet<Key>) -> bool {
    let view = store.view();
    let kinds = view.kinds();
    let here = |entry: &Entry| {
        let origin = entry.origin().and_then(|origin| origin.strip_prefix(folder));
        origin.is_some_and(|rest| rest.starts_with('/'))
    };
    let gone = kinds
        .into_iter()
        .flat_map(|kind| view.list_kind(kind).everywhere())
        .filter_map(Result::ok)
        .filter(|entry| here(entry) && !entry.is_deleting() && !declared.contains(entry.key()));
    let mut all = true;
    for entry in gone {
        let (key, origin) = (entry.key(), entry.origin().unwrap_or_default());
        match store.commit(entry.delete()).await {
            Ok(_) if entry.finalizers().is_empty() => {
                tracing::info!(%key, "deleted: it is no longer declared in {origin}");
            }
            Ok(_) => {
                let holders = entry.finalizers().join(", ");
                tracing::info!(%key, "being deleted: it is no longer declared in {origin}; held by {holders}");
            }
            Err(error) => {
                tracing::warn!(%key, %error, "could not be deleted; it is tried again");
                all = false;
            }
        }
    }
    all
}
