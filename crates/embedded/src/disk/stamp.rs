//! What each file says of itself: its format, and the store it belongs to.

use std::path::Path;

use redb::{ReadTransaction, TableDefinition, TableError, WriteTransaction};
use trimtab_backend::StoreId;

use crate::OpenError;

/// The newest format that this version reads, and the one that it writes.
pub(crate) const FORMAT: u32 = 1;

const STAMP: TableDefinition<&str, &[u8]> = TableDefinition::new("stamp");

/// Writes the stamp of a new file.
pub(crate) fn write(transaction: &WriteTransaction, store: StoreId) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(STAMP)?;
    table.insert("format", FORMAT.to_le_bytes().as_slice())?;
    table.insert("store", store.as_bytes().as_slice())?;
    Ok(())
}

/// Reads the stamp, and refuses what is not ours or newer than us.
pub(crate) fn read(transaction: &ReadTransaction, path: &Path) -> Result<StoreId, OpenError> {
    let corrupt = |what: String| OpenError::corrupt(path, what);
    let table = match transaction.open_table(STAMP) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Err(corrupt("it has no stamp of Trimtab's".into())),
        Err(error) => return Err(corrupt(error.to_string())),
    };
    let read = |name| match table.get(name) {
        Ok(Some(value)) => Ok(value.value().to_vec()),
        Ok(None) => Err(corrupt(format!("its stamp has no {name}"))),
        Err(error) => Err(corrupt(error.to_string())),
    };
    let wrong = |name| corrupt(format!("its stamp has a {name} of the wrong length"));
    let found = u32::from_le_bytes(read("format")?.try_into().map_err(|_| wrong("format"))?);
    if found > FORMAT {
        return Err(OpenError::NewerFormat { path: path.to_owned(), found, supported: FORMAT });
    }
    Ok(StoreId::new(read("store")?.try_into().map_err(|_| wrong("store"))?))
}
