//! `entries.redb`: all records as they were at one index.
//!
//! Written seldom and with quick-repair, so that opening after kill -9 costs what opening after a clean close does, however many entries there are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use redb::{Range, TableDefinition};
use trimtab_backend::{Index, Part, Record, RecordChange, StoreId};

use super::codec::{KeyReader, record_key, record_value};
use super::redb_file::RedbFile;
use super::{Files, ReadError, WriteError};
use crate::OpenError;

const RECORDS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("records");
const CHECKPOINT: TableDefinition<(), u64> = TableDefinition::new("checkpoint");

/// The checkpoint.
#[derive(Debug)]
pub(crate) struct EntriesFile {
    file: RedbFile,
    index: u64,
}

impl EntriesFile {
    pub(crate) const NAME: &str = "entries.redb";

    pub(crate) fn create(files: &dyn Files, store: StoreId) -> Result<(), OpenError> {
        RedbFile::create(files, Self::NAME, store, |transaction| {
            transaction.open_table(RECORDS)?;
            transaction.open_table(CHECKPOINT)?.insert((), 0)?;
            Ok(())
        })
    }

    pub(crate) fn open(files: &dyn Files) -> Result<(Self, StoreId), OpenError> {
        let (file, store) = RedbFile::open(files, Self::NAME)?;
        let index = || -> Result<_, ReadError> {
            let index = file.read()?.open_table(CHECKPOINT)?.get(())?;
            Ok(index
                .ok_or_else(|| ReadError("it does not say at which index it was written".into()))?
                .value())
        };
        let index = index().map_err(|error| OpenError::corrupt(file.path(), error.0))?;
        Ok((Self { file, index }, store))
    }

    pub(crate) const fn path(&self) -> &PathBuf {
        self.file.path()
    }

    /// The index that its records are of.
    pub(crate) const fn index(&self) -> Index {
        Index::new(self.index)
    }

    /// All records.
    pub(crate) fn records(&self) -> Result<Records, ReadError> {
        let rows = self.file.read()?.open_table(RECORDS)?.range::<&[u8]>(..)?;
        Ok(Records { rows, keys: KeyReader::default() })
    }

    /// Plays commits that follow its index into it, up to `upto`, and syncs that.
    pub(crate) fn play(
        &mut self,
        commits: impl Iterator<Item = Result<Arc<[RecordChange]>, ReadError>>,
        upto: Index,
    ) -> Result<(), WriteError> {
        // What is written twice or deleted again is written once.
        let mut last = BTreeMap::new();
        for changes in commits {
            let changes = changes.map_err(|error| WriteError::Refused(error.0))?;
            for change in &*changes {
                match change {
                    RecordChange::Put(record) => {
                        last.insert(record_key(&record.key, record.part), Some(record_value(record)));
                    }
                    RecordChange::Delete { key, .. } => {
                        last.insert(record_key(key, Part::Spec), None);
                        last.insert(record_key(key, Part::Status), None);
                    }
                }
            }
        }
        self.file.write(true, |transaction| {
            let mut table = transaction.open_table(RECORDS)?;
            for (key, value) in &last {
                match value {
                    Some(value) => table.insert(key.as_slice(), value.as_slice())?,
                    None => table.remove(key.as_slice())?,
                };
            }
            transaction.open_table(CHECKPOINT)?.insert((), upto.get())?;
            Ok(())
        })?;
        self.index = upto.get();
        Ok(())
    }
}

/// Records in the order of their keys.
pub(crate) struct Records {
    rows: Range<'static, &'static [u8], &'static [u8]>,
    keys: KeyReader,
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;
    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(
            row.map_err(ReadError::from)
                .and_then(|(key, value)| self.keys.record(key.value(), value.value())),
        )
    }
}
