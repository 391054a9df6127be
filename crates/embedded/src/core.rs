//! An open store: what stands in memory, what lies on the disk, and who waits to write.

use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, MutexGuard};
use trimtab_backend::{CommitError, Index, RecordLog};
use trimtab_seams::Seams;

use crate::checkpoint::Checkpoints;
use crate::disk::Files;
use crate::group::Queue;
use crate::lock::DirectoryLock;
use crate::writer::Writer;

/// Shared by all handles, by the one who leads a group and by a running checkpoint. Only the leader writes the log.
#[derive(Debug)]
pub(crate) struct Core {
    seams: Seams,
    files: Arc<dyn Files>,
    records: RecordLog,
    queue: Queue,
    broken: Arc<OnceLock<String>>,
    writer: Mutex<Writer>,
    checkpoints: Arc<Checkpoints>,
    /// Let go of last.
    lock: Mutex<Option<DirectoryLock>>,
}

impl Core {
    pub(crate) fn new(
        seams: Seams,
        files: Arc<dyn Files>,
        records: RecordLog,
        writer: Writer,
        (checkpoints, broken): (Checkpoints, Arc<OnceLock<String>>),
        lock: Option<DirectoryLock>,
    ) -> Self {
        Self {
            seams,
            files,
            records,
            queue: Queue::default(),
            broken,
            writer: Mutex::new(writer),
            checkpoints: Arc::new(checkpoints),
            lock: Mutex::new(lock),
        }
    }

    pub(crate) const fn seams(&self) -> &Seams {
        &self.seams
    }

    pub(crate) fn files(&self) -> &dyn Files {
        &*self.files
    }

    pub(crate) const fn records(&self) -> &RecordLog {
        &self.records
    }

    pub(crate) const fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(crate) const fn checkpoints(&self) -> &Arc<Checkpoints> {
        &self.checkpoints
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock()
    }

    /// Up to where the log may be trimmed: what is in the checkpoint and no follower may ask for.
    pub(crate) fn trimmable(&self) -> Index {
        self.checkpoints.index().min(self.records.floor())
    }

    /// Why nothing is written any more.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    /// Refuses all writes from now on; the first reason is the one that is told.
    pub(crate) fn break_down(&self, what: String) -> CommitError {
        if self.broken.set(what).is_ok() {
            tracing::error!(what = self.broken(), "the store takes no more writes");
        }
        self.broken_error()
    }

    pub(crate) fn broken_error(&self) -> CommitError {
        let what = self.broken().unwrap_or("it said so");
        CommitError::Broken { what: format!("{what}; nothing is written until the process is started anew") }
    }

    /// Makes a last checkpoint and lets go of the files, then of the directory.
    pub(crate) fn shut(&self) {
        let sound = self.broken().is_none();
        if sound {
            self.checkpoints.run();
        }
        self.writer().shut(sound.then(|| self.trimmable()));
        self.checkpoints.shut();
        self.records.close();
        drop(self.lock.lock().take());
    }
}

/// A store that nobody holds any more ends its feeds.
impl Drop for Core {
    fn drop(&mut self) {
        self.records.close();
    }
}
