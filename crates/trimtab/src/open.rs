//! A store in a directory, in one call.

use std::path::Path;

use trimtab_embedded::Embedded;
use trimtab_seams::Seams;
use trimtab_store::Store;

/// Why [`open`] has no store to give.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory cannot be opened.
    #[error(transparent)]
    Directory(#[from] trimtab_embedded::OpenError),
    /// The directory was opened but cannot be followed.
    #[error(transparent)]
    Follow(#[from] trimtab_store::OpenError),
}

/// Opens the durable store in a directory, creating it when it is not there, and answers when all entries are in memory. One process at a time may have it open.
///
/// With other settings: `Store::builder(Embedded::builder(path)..)`.
///
/// # Errors
/// [`OpenError`] names the file and what to do. Nothing in the directory is lost by trying.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn open(path: impl AsRef<Path>) -> Result<Store, OpenError> {
    let path = path.as_ref().to_owned();
    let seams = Seams::tokio();
    // Reading a large directory takes seconds.
    let backend = seams.block_in_place(|| Embedded::open(path))?;
    Ok(Store::builder(backend).seams(&seams).open().await?)
}
