//! Notes what went wrong below redb.
//!
//! redb tells that a commit failed; what to answer depends on what failed beneath it. A write that found no space before the sync was begun is
//! certainly not applied; after a failed sync nobody knows (the kernel may have dropped the pages and forgotten that it did).

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;

use crate::error::is_full;

/// What went wrong, from the harmless to the grave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A write found no space.
    Full,
    /// A read or a write failed.
    Failed(String),
    /// A sync failed.
    Sync(String),
}

/// What happened to a file since the last [`Faults::clear`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    gravest: Option<Fault>,
    /// The header was written and not yet synced.
    header_written: bool,
    /// The header was written and then synced: what it points to will be found again.
    landed: bool,
}

/// redb's header, which names the newest commit, is the first thing in the file. A file also grows, and is synced for that, before it.
const HEADER: u64 = 0;

impl Faults {
    /// Begins anew.
    pub(crate) fn clear(&self) {
        *self.0.lock() = Seen::default();
    }

    /// The gravest fault, and whether a commit had landed all the same.
    pub(crate) fn gravest(&self) -> (Option<Fault>, bool) {
        let seen = self.0.lock();
        (seen.gravest.clone(), seen.landed)
    }

    fn note<T>(&self, result: io::Result<T>, fault: impl FnOnce(&io::Error) -> Fault) -> io::Result<T> {
        if let Err(error) = &result {
            let mut seen = self.0.lock();
            seen.gravest = seen.gravest.take().max(Some(fault(error)));
        }
        result
    }

    fn wrote(&self, offset: u64) {
        self.0.lock().header_written |= offset == HEADER;
    }

    fn synced(&self) {
        let mut seen = self.0.lock();
        seen.landed |= std::mem::take(&mut seen.header_written);
    }
}

/// A file whose faults are noted. It offers redb no locks: the lock of the directory covers both files.
#[derive(Debug)]
pub(crate) struct Watched {
    file: Box<dyn StorageBackend>,
    faults: Faults,
}

impl Watched {
    pub(crate) fn new(file: Box<dyn StorageBackend>, faults: Faults) -> Self {
        Self { file, faults }
    }
}

fn failed(error: &io::Error) -> Fault {
    if is_full(error.kind()) { Fault::Full } else { Fault::Failed(error.to_string()) }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        self.faults.note(self.file.len(), failed)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.faults.note(self.file.read(offset, out), failed)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.faults.note(self.file.set_len(len), failed)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.faults.note(self.file.sync_data(), |error| Fault::Sync(error.to_string()))?;
        self.faults.synced();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.faults.note(self.file.write(offset, data), failed)?;
        self.faults.wrote(offset);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}
