//! Checkpoints: the log played into the entries, so that the log may be trimmed and the next opening is short.
//!
//! A checkpoint reads the log, as opening does, and not the records in memory: it needs no lock that a commit waits for and no list of what changed,
//! and what it writes is what a restart would have come to. The order is: log durable, checkpoint durable, then trim.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use trimtab_backend::{Index, RecordLog};
use trimtab_seams::Seams;

use crate::disk::{EntriesFile, Files, LogReader, WriteError};

/// Makes checkpoints beside the commits.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    files: Arc<dyn Files>,
    seams: Seams,
    records: RecordLog,
    broken: Arc<OnceLock<String>>,
    /// The file; none after it was full (it is opened again) and after the last checkpoint.
    entries: Mutex<Option<EntriesFile>>,
    log: Mutex<LogReader>,
    /// The index of the last checkpoint.
    index: AtomicU64,
    /// Bytes that the log has grown by.
    logged: AtomicU64,
    /// At how many of them the next checkpoint is due, and how many later the one after.
    due_at: AtomicU64,
    every: u64,
    running: AtomicBool,
}

impl Checkpoints {
    /// `logged` bytes of the log are not in the entries yet.
    pub(crate) fn new(
        files: Arc<dyn Files>,
        seams: Seams,
        records: RecordLog,
        broken: Arc<OnceLock<String>>,
        (entries, log): (EntriesFile, LogReader),
        (logged, every): (u64, u64),
    ) -> Self {
        Self {
            files,
            seams,
            records,
            broken,
            index: AtomicU64::new(entries.index().get()),
            entries: Mutex::new(Some(entries)),
            log: Mutex::new(log),
            logged: AtomicU64::new(logged),
            due_at: AtomicU64::new(every),
            every,
            running: AtomicBool::new(false),
        }
    }

    /// The index of the last checkpoint that is durable.
    pub(crate) fn index(&self) -> Index {
        Index::new(self.index.load(Ordering::Acquire))
    }

    /// From now on the log is read through this.
    pub(crate) fn read_through(&self, log: LogReader) {
        *self.log.lock() = log;
    }

    /// Notes that the log has grown, and begins a checkpoint when one is due.
    pub(crate) fn logged(self: &Arc<Self>, bytes: u64) {
        let logged = self.logged.fetch_add(bytes, Ordering::AcqRel) + bytes;
        if logged < self.due_at.load(Ordering::Acquire) || self.running.swap(true, Ordering::AcqRel) {
            return;
        }
        let running = Running(Arc::clone(self));
        self.seams.spawn_blocking("embedded checkpoint", move || running.0.run());
    }

    /// Makes a checkpoint of all that is durable. A failure leaves the one before; it is tried again when the log has grown by a quarter
    /// of what makes a checkpoint due.
    pub(crate) fn run(&self) {
        let mut entries = self.entries.lock();
        let logged = self.logged.load(Ordering::Acquire);
        let log = self.log.lock().clone();
        let due_after = match self.play(&mut entries, &log) {
            Ok(()) => self.every,
            Err(WriteError::Open(what)) => {
                // The broken store says so itself, with the first reason.
                _ = self.broken.set(what);
                return;
            }
            Err(error) => {
                *entries = None;
                tracing::warn!(?error, "failed to make a checkpoint; the log grows until one is made");
                self.every / 4
            }
        };
        self.due_at.store(logged + due_after.max(1), Ordering::Release);
    }

    fn play(&self, entries: &mut Option<EntriesFile>, log: &LogReader) -> Result<(), WriteError> {
        if self.broken.get().is_some() {
            return Err(WriteError::Refused("the store is broken".into()));
        }
        let file = if let Some(file) = entries {
            file
        } else {
            let opened = EntriesFile::open(&*self.files);
            entries.insert(opened.map_err(|error| WriteError::Refused(error.to_string()))?.0)
        };
        let (from, upto) = (file.index(), self.records.head().index);
        if from < upto {
            let commits = log.commits(from.next(), upto);
            file.play(commits.map_err(|error| WriteError::Refused(error.0))?, upto)?;
            self.index.store(upto.get(), Ordering::Release);
        }
        Ok(())
    }

    /// Lets go of the file.
    pub(crate) fn shut(&self) {
        *self.entries.lock() = None;
    }
}

/// A checkpoint that was begun. Its end is noted also when the executor drops it unrun.
struct Running(Arc<Checkpoints>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
    }
}
