//! The folder of entries, kept in the store.
//!
//! Files win at start and when a file changes, and only then: between, whoever writes to the store is right. So what is applied is not the folder as it stands
//! but the files in it that have another content than at the last look. A file that is wrong is told and left alone, and nothing is pruned meanwhile: what seems
//! to be gone may stand in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use trimtab::backend::Key;
use trimtab::seams::Seams;
use trimtab::store::Store;

use super::api::Health;
use super::apply::{self, Applied};
use super::watcher::Watcher;
use crate::config::{Config, Problem};
use crate::documents::{Declared, Folder, Schemas};

/// After how long that is tried again which could not be written.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// More writes than these are told as a sum.
const MOST_TOLD: usize = 20;

/// How the folder stands, for whoever waits until all is settled.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// Something is still to be written.
    pub(super) pending: bool,
    /// Files and entries that cannot be applied as they stand.
    pub(super) wrong: Vec<String>,
    /// Declared entries that can be made once the ones of the same name are gone.
    pub(super) waits: Vec<Key>,
}

/// Keeps the folder in the store.
pub(super) struct Entries {
    config: Config,
    schemas: Schemas,
    health: Health,
    store: Store,
    seams: Seams,
    watcher: Watcher,
    /// What stood in each file when it was last applied.
    applied: BTreeMap<String, u64>,
    /// What is to be tried again. Not the rest of its file, which others may have changed since.
    again: BTreeSet<Key>,
    /// What could not be applied as it stands, and why.
    refused: BTreeMap<Key, String>,
    /// What cannot be applied at present, and why.
    later: BTreeMap<Key, String>,
    prune_again: bool,
    /// The last look missed something.
    incomplete: bool,
    /// The problems told last, so that they are told once.
    told: Vec<Problem>,
    file: Option<String>,
    standing: Arc<Mutex<Standing>>,
}

impl Entries {
    pub(super) fn new(
        config: &Config,
        schemas: &Schemas,
        store: &Store,
        seams: &Seams,
        health: &Health,
    ) -> Self {
        Self {
            watcher: Watcher::new(config, seams),
            file: std::fs::read_to_string(&config.file).ok(),
            config: config.clone(),
            schemas: schemas.clone(),
            health: health.clone(),
            store: store.clone(),
            seams: seams.clone(),
            applied: BTreeMap::new(),
            again: BTreeSet::new(),
            refused: BTreeMap::new(),
            later: BTreeMap::new(),
            prune_again: false,
            incomplete: false,
            told: Vec::new(),
            standing: Arc::new(Mutex::new(Standing { pending: true, ..Standing::default() })),
        }
    }

    /// How it stands, also later.
    pub(super) fn standing(&self) -> Arc<Mutex<Standing>> {
        Arc::clone(&self.standing)
    }

    /// Applies what has changed, for ever.
    pub(super) async fn run(mut self) {
        loop {
            let unfinished = !self.again.is_empty() || self.prune_again;
            tokio::select! {
                () = self.watcher.changed() => self.look_at_file(),
                () = self.seams.sleep(TRY_AGAIN), if unfinished => {}
            }
            if self.config.entries.watch || unfinished {
                self.pass().await;
            }
        }
    }

    /// One look at the folder, and everything that follows from it.
    pub(super) async fn pass(&mut self) {
        self.watcher.follow();
        let look = self.look().await;
        self.tell(look.problems.clone().sorted());
        if !self.applied.is_empty() && !self.config.entries.path.exists() {
            tracing::warn!("{} is gone; what came from it stays as it is until it is back", self.origin());
        }
        if self.config.entries.prune && look.incomplete && !self.incomplete {
            tracing::warn!("nothing is pruned until every file of {} can be read", self.origin());
        }
        self.incomplete = look.incomplete;
        let declared: BTreeSet<Key> = look.declared.iter().map(|declared| declared.key.clone()).collect();
        let todo = look.declared.into_iter().filter(|one| self.is_due(one, &look.files)).collect();
        let done = apply::all(&self.store, &self.seams, todo).await;
        self.refused.retain(|key, _| declared.contains(key));
        let waits = self.note(done, &look.files);
        let prunes = self.config.entries.prune && !look.incomplete && self.config.entries.path.exists();
        self.prune_again = prunes && !apply::prune(&self.store, &self.origin(), &declared).await;

        let wrong = self.told.iter().map(ToString::to_string);
        let wrong: Vec<_> = wrong.chain(self.refused.values().cloned()).collect();
        self.health.set("entries", wrong.iter().chain(self.later.values()).cloned().collect());
        let mut standing = self.standing.lock();
        standing.wrong = wrong;
        standing.pending = self.prune_again || self.again.len() > waits.len();
        standing.waits = waits;
    }

    /// Reads the folder, on a thread that may be blocked.
    async fn look(&self) -> Folder {
        let (answer, answered) = oneshot::channel();
        let (root, folder) = (self.config.folder.clone(), self.config.entries.path.clone());
        let (closed, schemas) = (self.config.kinds.clone(), self.schemas.clone());
        self.seams.spawn_blocking("read entries", move || {
            let mut look = Folder::read(&root, &folder, &schemas);
            if !closed.is_empty() {
                look.keep_kinds(|kind| closed.contains_key(kind));
            }
            drop(answer.send(look));
        });
        // A reader that panicked has seen nothing; then nothing may be pruned.
        answered.await.unwrap_or_else(|_| Folder { incomplete: true, ..Folder::default() })
    }

    /// Whether its file has changed since it was applied, or it is to be tried again.
    fn is_due(&self, one: &Declared, files: &BTreeMap<String, u64>) -> bool {
        self.again.contains(&one.key) || self.applied.get(&one.origin) != files.get(&one.origin)
    }

    /// Tells problems that were not told at the last look.
    fn tell(&mut self, problems: Vec<Problem>) {
        for problem in problems.iter().filter(|problem| !self.told.contains(problem)) {
            tracing::error!("{}", problem.text());
        }
        self.told = problems;
    }

    /// Tells what came of it and remembers it. Gives what waits for a deletion.
    fn note(&mut self, done: Vec<(Declared, Applied)>, files: &BTreeMap<String, u64>) -> Vec<Key> {
        self.again.clear();
        let before = std::mem::take(&mut self.later);
        self.applied.clone_from(files);
        let (mut created, mut changed, mut unchanged) = (0, 0, 0);
        let mut waits = Vec::new();
        let tell = done.len() <= MOST_TOLD;
        for (Declared { origin, line, key, .. }, applied) in done {
            self.refused.remove(&key);
            match applied {
                Applied::Created(index) => {
                    created += 1;
                    if tell {
                        tracing::info!(%key, index = index.get(), "created from {origin}");
                    }
                }
                Applied::Changed(index) => {
                    changed += 1;
                    if tell {
                        tracing::info!(%key, index = index.get(), "changed from {origin}");
                    }
                }
                Applied::Unchanged => unchanged += 1,
                Applied::Going => {
                    self.again.insert(key.clone());
                    waits.push(key);
                }
                Applied::Refused(what) => {
                    tracing::error!("{origin}:{line}: {what}");
                    self.refused.insert(key, format!("{origin}:{line}: {what}"));
                }
                Applied::Later(what) => {
                    let told = format!("{origin}:{line}: could not be applied, and is tried again: {what}");
                    if before.get(&key) != Some(&told) {
                        tracing::warn!(%key, error = %what, "could not be applied from {origin}; it is tried again");
                    }
                    self.later.insert(key.clone(), told);
                    self.again.insert(key);
                }
            }
        }
        if created + changed > 0 && !tell {
            tracing::info!("entries: {created} created, {changed} changed, {unchanged} as they were");
        }
        waits
    }

    /// How origins in the folder begin.
    fn origin(&self) -> String {
        let path = &self.config.entries.path;
        path.strip_prefix(&self.config.folder).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// A change of `trimtab.toml` is told once.
    fn look_at_file(&mut self) {
        let Some(known) = &self.file else { return };
        if read(&self.config.file).is_some_and(|now| now != *known) {
            tracing::warn!("{} has changed; restart to apply", self.config.file.display());
            self.file = None;
        }
    }
}

fn read(file: &Path) -> Option<String> {
    std::fs::read_to_string(file).ok()
}
