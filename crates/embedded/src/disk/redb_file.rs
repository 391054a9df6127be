//! One file of redb's: made whole or not at all, opened with its checksums verified, written with the outcome told apart.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use redb::{Builder, Database, ReadTransaction, ReadableDatabase, WriteTransaction};
use trimtab_backend::StoreId;

use super::Files;
use super::stamp;
use super::watched::{Fault, Faults, Watched};
use crate::OpenError;

/// Pages that redb keeps in memory. All records are in memory already: this is for a write transaction and for the walk at opening.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// Why something was not written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// There was no space; certainly not written. The file must be opened anew.
    Full,
    /// Certainly not written, and it will not get better.
    Refused(String),
    /// Nobody knows whether it was written.
    Open(String),
}

/// Why something could not be read back.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ReadError(pub(crate) String);

impl<E: Into<redb::Error>> From<E> for ReadError {
    fn from(error: E) -> Self {
        Self(error.into().to_string())
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct RedbFile {
    /// There until it is dropped.
    database: Option<Arc<Database>>,
    faults: Faults,
    path: PathBuf,
}

impl RedbFile {
    /// Makes a file that begins with a stamp and these rows. It has its name only once it is whole.
    pub(crate) fn create(
        files: &dyn Files,
        name: &str,
        store: StoreId,
        first_rows: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), OpenError> {
        let unfinished = format!("{name}.new");
        let path = files.path(&unfinished);
        let refused = |source| OpenError::of(&path, source);
        files.remove(&unfinished).map_err(refused)?;
        let file = Watched::new(files.open(&unfinished).map_err(refused)?, Faults::default());
        let write = || -> Result<(), redb::Error> {
            let database = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(file)?;
            let transaction = database.begin_write()?;
            stamp::write(&transaction, store)?;
            first_rows(&transaction)?;
            transaction.commit()?;
            database.close()?;
            Ok(())
        };
        write().map_err(|error| told(&path, error))?;
        files.publish(&unfinished, name).map_err(refused)
    }

    /// Opens a file that is there, verifying every checksum in it, and gives the store it belongs to.
    ///
    /// redb trusts a file that was closed cleanly unless it is asked not to. Asking doubles the time to open (1.3 s instead of 0.7 s for
    /// 300,000 entries of 1 KiB in a warm cache), and a flipped bit is an error instead of somebody's configuration.
    pub(crate) fn open(files: &dyn Files, name: &str) -> Result<(Self, StoreId), OpenError> {
        let path = files.path(name);
        let file = files.open(name).map_err(|source| OpenError::of(&path, source))?;
        if file.len().map_err(|source| OpenError::of(&path, source))? == 0 {
            return Err(OpenError::corrupt(&path, "it is empty"));
        }
        let faults = Faults::default();
        let file = Watched::new(file, faults.clone());
        // redb may panic on a file that somebody else has changed.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let mut builder = Builder::new();
            builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true).create_with_backend(file)
        }));
        let database = match opened {
            Ok(Ok(database)) => Some(Arc::new(database)),
            Ok(Err(error)) => return Err(told(&path, error.into())),
            Err(panic) => return Err(OpenError::corrupt(&path, text_of(&*panic))),
        };
        let opened = Self { database, faults, path };
        let transaction = opened.database().begin_read().map_err(|error| told(&opened.path, error.into()))?;
        let store = stamp::read(&transaction, &opened.path)?;
        Ok((opened, store))
    }

    pub(crate) const fn path(&self) -> &PathBuf {
        &self.path
    }

    pub(crate) fn database(&self) -> &Arc<Database> {
        self.database.as_ref().expect("it is there until it is dropped")
    }

    pub(crate) fn read(&self) -> Result<ReadTransaction, ReadError> {
        Ok(self.database().begin_read()?)
    }

    /// Runs one write transaction and syncs it. With `quick_repair` opening after a crash need not walk the file; the commit costs more.
    pub(crate) fn write<T>(
        &self,
        quick_repair: bool,
        body: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, WriteError> {
        self.faults.clear();
        let prepare = || -> Result<_, redb::Error> {
            let mut transaction = self.database().begin_write()?;
            transaction.set_quick_repair(quick_repair);
            let made = body(&transaction)?;
            Ok((transaction, made))
        };
        let (transaction, made) = prepare().map_err(|error| self.judge(&error, false))?;
        transaction.commit().map_err(|error| self.judge(&error.into(), true))?;
        Ok(made)
    }

    /// What a failure means for what was to be written. Before the commit began nothing can have been written; after it, only the want of
    /// space before the sync is sure to have stopped it: the page that found no space is one that the new header needs.
    fn judge(&self, error: &redb::Error, committing: bool) -> WriteError {
        let path = self.path.display();
        match self.faults.gravest() {
            (Some(Fault::Full), false) => WriteError::Full,
            (Some(Fault::Sync(what)), _) => WriteError::Open(format!("a sync of `{path}` failed: {what}")),
            (Some(Fault::Failed(what)), _) if committing => {
                WriteError::Open(format!("a write to `{path}` failed: {what}"))
            }
            _ if committing => WriteError::Open(format!("a write to `{path}` failed: {error}")),
            _ => WriteError::Refused(format!("`{path}` cannot be written: {error}")),
        }
    }
}

/// redb closes a file when it is dropped, and panics there if it has panicked before.
impl Drop for RedbFile {
    fn drop(&mut self) {
        let database = self.database.take();
        _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

/// What a person must know of an error at opening.
fn told(path: &std::path::Path, error: redb::Error) -> OpenError {
    match error {
        redb::Error::Io(source) => match source.kind() {
            std::io::ErrorKind::InvalidData => OpenError::corrupt(path, source.to_string()),
            std::io::ErrorKind::UnexpectedEof => OpenError::corrupt(path, "it is shorter than it says"),
            _ => OpenError::of(path, source),
        },
        redb::Error::Corrupted(what) => OpenError::corrupt(path, what),
        other => OpenError::corrupt(path, other.to_string()),
    }
}

/// The message of a panic.
pub(crate) fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "reading it panicked".into())
}
