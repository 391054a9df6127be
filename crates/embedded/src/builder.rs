//! What can be set before a store is opened.

use std::path::PathBuf;
use std::sync::Arc;

use trimtab_backend::Limits;
use trimtab_seams::Seams;

use crate::disk::Directory;
use crate::lock::DirectoryLock;
use crate::open::{Settings, open};
use crate::{Embedded, OpenError};

/// How to open a store. Made by [`Embedded::builder`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("data");
/// use trimtab_embedded::Embedded;
///
/// let store = Embedded::builder(&path).history(8 << 20).open()?;
/// # drop(store);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder opens nothing until `open` is called"]
pub struct EmbeddedBuilder {
    path: PathBuf,
    settings: Settings,
    limits: Limits,
    seams: Option<Seams>,
}

impl EmbeddedBuilder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, settings: Settings::default(), limits: Limits::PORTABLE, seams: None }
    }

    /// Bytes of commits that are kept for followers, in memory and in the log: keys, values, and 128 a change. At least the last 1,000 commits are
    /// kept whatever their size. Default 64 MiB. A small history makes whoever was away for long begin anew with a snapshot.
    pub const fn history(mut self, bytes: u64) -> Self {
        self.settings.history_bytes = bytes;
        self
    }

    /// Bytes that the log grows by before a checkpoint is made. Default 64 MiB. More makes opening after a crash longer, less makes the same entries be
    /// written again more often.
    pub const fn checkpoint_after(mut self, bytes: u64) -> Self {
        self.settings.checkpoint_bytes = bytes;
        self
    }

    /// How large transactions may be. Default [`Limits::PORTABLE`], which holds on every backend: what is larger will not move to another.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The clock, randomness and spawning to use. Default [`Seams::tokio`], made by [`EmbeddedBuilder::open`].
    pub fn seams(mut self, seams: &Seams) -> Self {
        self.seams = Some(seams.clone());
        self
    }

    /// Opens the directory; makes it when it is not there. Reads all of it into memory, on this thread.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(self) -> Result<Embedded, OpenError> {
        let refused = |source| {
            if self.path.exists() && !self.path.is_dir() {
                OpenError::NotADirectory { path: self.path.clone() }
            } else {
                OpenError::of(&self.path, source)
            }
        };
        let files = Directory::make(&self.path).map_err(refused)?;
        let lock = DirectoryLock::take(&self.path)?;
        let seams = self.seams.unwrap_or_else(Seams::tokio);
        Ok(Embedded::new(open(Arc::new(files), Some(lock), self.settings, seams)?, self.limits))
    }
}
