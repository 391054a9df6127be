//! From files to an open store: made when there is none, checked against each other, played back.

use std::sync::{Arc, OnceLock};

use trimtab_backend::{Index, RecordLog, StoreId};
use trimtab_seams::Seams;

use crate::OpenError;
use crate::checkpoint::Checkpoints;
use crate::core::Core;
use crate::disk::{EntriesFile, Files, LogFile, encoded_bytes};
use crate::lock::DirectoryLock;
use crate::writer::Writer;

/// What can be set, see [`EmbeddedBuilder`](crate::EmbeddedBuilder).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) history_commits: usize,
    pub(crate) history_bytes: u64,
    pub(crate) checkpoint_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { history_commits: 1000, history_bytes: 64 << 20, checkpoint_bytes: 64 << 20 }
    }
}

pub(crate) fn open(
    files: Arc<dyn Files>,
    lock: Option<DirectoryLock>,
    settings: Settings,
    seams: Seams,
) -> Result<Arc<Core>, OpenError> {
    make_when_new(&*files, &seams)?;
    let (entries, store) = EntriesFile::open(&*files)?;
    let (log, store_of_log) = LogFile::open(&*files)?;
    fit(&entries, store, &log, store_of_log)?;

    let (records, logged) = play_back(store, &entries, &log)?;
    records.keep(settings.history_commits, usize::try_from(settings.history_bytes).unwrap_or(usize::MAX));

    let broken = Arc::new(OnceLock::new());
    let checkpoints = Checkpoints::new(
        Arc::clone(&files),
        seams.clone(),
        records.clone(),
        Arc::clone(&broken),
        (entries, log.reader()),
        (logged, settings.checkpoint_bytes),
    );
    Ok(Arc::new(Core::new(seams, files, records, Writer::new(log), (checkpoints, broken), lock)))
}

/// Each file gets its name once it is whole, the log first: entries without a log are a loss, a log without commits and entries was being made when
/// the power went.
fn make_when_new(files: &dyn Files, seams: &Seams) -> Result<(), OpenError> {
    let exists = |name| files.exists(name).map_err(|source| OpenError::of(&files.path(name), source));
    let missing = |name, beside| OpenError::Missing { path: files.path(name), beside: files.path(beside) };
    let store = match (exists(LogFile::NAME)?, exists(EntriesFile::NAME)?) {
        (true, true) => return Ok(()),
        (false, true) => return Err(missing(LogFile::NAME, EntriesFile::NAME)),
        (true, false) => {
            let (log, store) = LogFile::open(files)?;
            if log.last() > Index::ZERO {
                return Err(missing(EntriesFile::NAME, LogFile::NAME));
            }
            store
        }
        (false, false) => {
            let store = StoreId::new(seams.random_bytes());
            LogFile::create(files, store)?;
            store
        }
    };
    EntriesFile::create(files, store)
}

/// Whether the two files are of one store and the log reaches from the checkpoint on without a gap.
fn fit(entries: &EntriesFile, store: StoreId, log: &LogFile, store_of_log: StoreId) -> Result<(), OpenError> {
    let mismatch =
        |what| OpenError::Mismatch { log: log.path().clone(), entries: entries.path().clone(), what };
    let checkpoint = entries.index();
    if store != store_of_log {
        return Err(mismatch("they are of different stores".into()));
    }
    if log.last() < checkpoint {
        let last = log.last();
        return Err(mismatch(format!("the log ends at commit {last}, the checkpoint is of {checkpoint}")));
    }
    if log.first() > checkpoint.next() {
        let first = log.first();
        return Err(mismatch(format!("the log begins at commit {first}, the checkpoint is of {checkpoint}")));
    }
    Ok(())
}

/// The records of the checkpoint and the commits of the log. Gives also how many bytes of the log are not in the checkpoint.
fn play_back(store: StoreId, entries: &EntriesFile, log: &LogFile) -> Result<(RecordLog, u64), OpenError> {
    let entries_corrupt = |error: crate::disk::ReadError| OpenError::corrupt(entries.path(), error.0);
    let log_corrupt = |error: crate::disk::ReadError| OpenError::corrupt(log.path(), error.0);
    let (checkpoint, first) = (entries.index(), log.first());
    let records = entries.records().map_err(entries_corrupt)?.map(|record| record.map_err(entries_corrupt));
    let mut logged = 0;
    let commits = log.reader().commits(first, log.last()).map_err(log_corrupt)?;
    let commits = (first.get()..).zip(commits).map(|(index, changes)| {
        let changes = changes.map_err(log_corrupt)?;
        if index > checkpoint.get() {
            logged += encoded_bytes(&changes);
        }
        Ok(changes)
    });
    let records = RecordLog::restore(store, checkpoint, records, first, commits)?;
    Ok((records, logged))
}
