//! Hearing of changed files.
//!
//! What is told is only that something may have changed; what it was is found by looking. So events may be merged, and lost ones do no harm as long as a
//! later one comes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use trimtab::seams::Seams;

use crate::config::{Config, FILE_NAME};

/// An editor writes in several steps: a look is taken once it has been quiet for so long ...
const QUIET: Duration = Duration::from_millis(100);
/// ... or after so long in any case.
const AT_MOST: Duration = Duration::from_secs(1);
/// How often a look is taken when the system does not tell of changes.
const BLIND: Duration = Duration::from_secs(5);

/// Tells when files may have changed: those of entries, and `trimtab.toml`.
pub(super) struct Watcher {
    seams: Seams,
    changed: Arc<Notify>,
    entries: Option<PathBuf>,
    /// None when the system does not tell.
    system: Option<RecommendedWatcher>,
    /// Whether all is told that is asked for. A folder that is not there yet cannot be followed.
    sees: bool,
}

impl Watcher {
    pub(super) fn new(config: &Config, seams: &Seams) -> Self {
        let changed = Arc::new(Notify::new());
        let entries = config.entries.watch.then(|| config.entries.path.clone());
        let system = system(&config.folder, entries.clone(), &changed);
        let system = system.inspect_err(|error| {
            tracing::warn!(%error, "changes of files are not told by the system; they are looked for every {BLIND:?}");
        });
        Self { seams: seams.clone(), changed, entries, system: system.ok(), sees: false }
    }

    /// Follows the folder of entries, also when it has just been made, or made anew. To be called before each look.
    pub(super) fn follow(&mut self) {
        let Some(system) = &mut self.system else { return };
        let Some(entries) = &self.entries else {
            self.sees = true;
            return;
        };
        // It may be another folder by now, and of the old one nothing is told any more.
        drop(system.unwatch(entries));
        let watched = system.watch(entries, RecursiveMode::Recursive);
        self.sees = watched.is_ok();
        if let Err(error) = watched
            && entries.exists()
        {
            let folder = entries.display();
            tracing::warn!(%error, %folder, "changes here are not told by the system; they are looked for every {BLIND:?}");
        }
    }

    /// Ends once something may have changed and it has been quiet since. Cancel safe.
    pub(super) async fn changed(&self) {
        if self.sees {
            self.changed.notified().await;
        } else {
            tokio::select! {
                () = self.changed.notified() => {}
                () = self.seams.sleep(BLIND) => return,
            }
        }
        let end = self.seams.now() + AT_MOST;
        loop {
            let quiet = (self.seams.now() + QUIET).min(end);
            tokio::select! {
                () = self.changed.notified() => {}
                () = self.seams.sleep_until(quiet) => return,
            }
        }
    }
}

fn system(
    folder: &Path,
    entries: Option<PathBuf>,
    changed: &Arc<Notify>,
) -> notify::Result<RecommendedWatcher> {
    // Some systems tell of a path without the links in it.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (changed, file) = (Arc::clone(changed), real(folder).join(FILE_NAME));
    let entries: Vec<PathBuf> = entries.into_iter().flat_map(|entries| [real(&entries), entries]).collect();
    let is_wanted =
        move |path: &PathBuf| *path == file || entries.iter().any(|entries| path.starts_with(entries));
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let wanted = match &event {
            // Our own reading of the files is told too.
            Ok(Event { kind: EventKind::Access(_), .. }) => false,
            Ok(event) => event.need_rescan() || event.paths.iter().any(&is_wanted),
            Err(_) => true,
        };
        if wanted {
            changed.notify_one();
        }
    })?;
    watcher.watch(&real(folder), RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
