//! `log.redb`: each commit under its index.
//!
//! Appending at the right edge of a tree is what redb does quickest, so a commit is here before anybody is told of it, and nothing else is
//! written while it waits. What a checkpoint holds and no follower may ask for is trimmed a few rows with each commit, so that no commit pays for all.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use redb::{AccessGuard, Database, Range, ReadableDatabase, ReadableTable, TableDefinition};
use trimtab_backend::{Index, RecordChange, Staged, StoreId};

use super::codec::{KeyReader, encode_changes};
use super::redb_file::RedbFile;
use super::{Files, ReadError, WriteError};
use crate::OpenError;

const COMMITS: TableDefinition<u64, &[u8]> = TableDefinition::new("commits");

/// Rows that a commit trims at most, beside twice as many as it writes.
const TRIM: usize = 16;

/// The log, open for writing.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: RedbFile,
    /// The first row; the one after `last` when there is none.
    first: u64,
    /// The last row that was answered for.
    last: u64,
    /// Rows may lie above it.
    beyond: bool,
}

impl LogFile {
    pub(crate) const NAME: &str = "log.redb";

    pub(crate) fn create(files: &dyn Files, store: StoreId) -> Result<(), OpenError> {
        RedbFile::create(files, Self::NAME, store, |transaction| {
            transaction.open_table(COMMITS)?;
            Ok(())
        })
    }

    /// Opens it. Without rows it stands before the first commit: trimming never takes the last one.
    pub(crate) fn open(files: &dyn Files) -> Result<(Self, StoreId), OpenError> {
        let (file, store) = RedbFile::open(files, Self::NAME)?;
        let ends = || -> Result<_, ReadError> {
            let table = file.read()?.open_table(COMMITS)?;
            let row =
                |row: Option<(AccessGuard<'_, u64>, AccessGuard<'_, &[u8]>)>| row.map(|row| row.0.value());
            Ok((row(table.first()?), row(table.last()?)))
        };
        let (first, last) = ends().map_err(|error| OpenError::corrupt(file.path(), error.0))?;
        let last = last.unwrap_or(0);
        Ok((Self { file, first: first.unwrap_or(last + 1), last, beyond: false }, store))
    }

    pub(crate) const fn path(&self) -> &PathBuf {
        self.file.path()
    }

    pub(crate) const fn first(&self) -> Index {
        Index::new(self.first)
    }

    pub(crate) const fn last(&self) -> Index {
        Index::new(self.last)
    }

    /// Takes this as the last row: what lies above it was never answered for, and goes with the next append.
    pub(crate) fn end_at(&mut self, last: Index) {
        self.beyond = self.last > last.get();
        self.last = last.get();
    }

    /// Writes staged commits and syncs them. Rows up to `trim` may go. Gives the bytes written.
    pub(crate) fn append(&mut self, staged: &Staged, trim: Index) -> Result<u64, WriteError> {
        let (last, head, beyond) = (self.last, staged.head().get(), self.beyond);
        let rows = usize::try_from(head - last).unwrap_or(usize::MAX);
        let (bytes, first) = self.file.write(false, |transaction| {
            let mut table = transaction.open_table(COMMITS)?;
            if beyond {
                table.retain_in(last + 1.., |_, _| false)?;
            }
            let mut bytes = 0;
            for (index, changes) in staged.commits() {
                let row = encode_changes(changes);
                bytes += row.len() as u64;
                table.insert(index.get(), row.as_slice())?;
            }
            let first = trim_rows(&mut table, self.first, trim.get(), rows.saturating_mul(2) + TRIM)?;
            Ok((bytes, first))
        })?;
        (self.first, self.last, self.beyond) = (first, head, false);
        Ok(bytes)
    }

    /// Lets all rows up to `trim` go.
    pub(crate) fn trim(&mut self, trim: Index) -> Result<(), WriteError> {
        if self.first <= trim.get() {
            self.first = self.file.write(false, |transaction| {
                trim_rows(&mut transaction.open_table(COMMITS)?, self.first, trim.get(), usize::MAX)
            })?;
        }
        Ok(())
    }

    /// A reader of what is durable now, which does not keep the file open.
    pub(crate) fn reader(&self) -> LogReader {
        LogReader(Arc::downgrade(self.file.database()))
    }
}

fn trim_rows(
    table: &mut redb::Table<'_, u64, &[u8]>,
    first: u64,
    upto: u64,
    most: usize,
) -> Result<u64, redb::Error> {
    let mut next = first;
    for _ in 0..most {
        if next > upto || table.remove(next)?.is_none() {
            break;
        }
        next += 1;
    }
    Ok(next)
}

/// Reads the log beside the one who writes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogReader(Weak<Database>);

impl LogReader {
    /// The commits from `first` to `last`, without a gap.
    pub(crate) fn commits(&self, first: Index, last: Index) -> Result<Commits, ReadError> {
        let database = self.0.upgrade().ok_or_else(|| ReadError("the log is closed".into()))?;
        let rows = database.begin_read()?.open_table(COMMITS)?.range(first.get()..=last.get())?;
        Ok(Commits { rows, next: first.get(), last: last.get(), keys: KeyReader::default() })
    }
}

/// Commits in order. Ends after an error.
pub(crate) struct Commits {
    rows: Range<'static, u64, &'static [u8]>,
    next: u64,
    last: u64,
    keys: KeyReader,
}

impl Commits {
    fn read(&mut self) -> Result<Arc<[RecordChange]>, ReadError> {
        let missing = || ReadError(format!("commit {} is not there", self.next));
        let (index, row) = self.rows.next().ok_or_else(missing)??;
        if index.value() != self.next {
            return Err(missing());
        }
        let changes = self.keys.changes(Index::new(self.next), row.value())?;
        self.next += 1;
        Ok(changes.into())
    }
}

impl Iterator for Commits {
    type Item = Result<Arc<[RecordChange]>, ReadError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.last {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.next = u64::MAX;
            self.last = 0;
        }
        Some(read)
    }
}
