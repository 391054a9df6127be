//! Why a directory cannot be opened as a store, so that a person knows which file it is about and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A directory that cannot be opened as a store. Nothing in it was lost or changed by trying.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The path, or one above it, is a file.
    #[error("`{path}` is a file and a store is a directory; name another path, or move the file away")]
    NotADirectory {
        /// The path as given.
        path: PathBuf,
    },
    /// Another process, or another handle of this one, has it open.
    #[error("`{path}` is in use by {holder}; stop that one, or give each process a directory of its own")]
    InUse {
        /// The directory.
        path: PathBuf,
        /// Who has it, as the lock file tells.
        holder: String,
    },
    /// A right is missing: the directory is read-only or another user's.
    #[error(
        "`{path}` may not be written by this process{owner}; run as its owner, change its mode, or name another path"
    )]
    Denied {
        /// The directory or the file in it.
        path: PathBuf,
        /// Whose it is and its mode, in words; empty where that is not known.
        owner: String,
        /// What the system said.
        source: io::Error,
    },
    /// It lies on a file system that is mounted read-only.
    #[error("`{path}` lies on a read-only file system; mount it for writing, or name another path")]
    ReadOnly {
        /// The directory or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no space to open it: even opening writes a little.
    #[error("no space is left to open `{path}`; free some and try again, nothing is lost")]
    Full {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what was written into it, or was not written by Trimtab.
    #[error(
        "`{path}` is corrupt or no file of Trimtab's: {what}; put a copy of the whole directory back, or move it away to begin anew"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// A newer version of Trimtab wrote it.
    #[error(
        "`{path}` has format {found} and this version of Trimtab reads up to {supported}; use a version that knows format {found}"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: u32,
        /// The newest format that this version reads.
        supported: u32,
    },
    /// One of the two files is there without the other.
    #[error("`{path}` is missing beside `{beside}`; put it back, or put a copy of the whole directory back")]
    Missing {
        /// The file that is missing.
        path: PathBuf,
        /// The one that is there.
        beside: PathBuf,
    },
    /// The two files do not belong together.
    #[error(
        "`{log}` and `{entries}` do not belong together: {what}; put both back from one copy of the directory"
    )]
    Mismatch {
        /// The log.
        log: PathBuf,
        /// The checkpoint.
        entries: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The system could not do something that has no better name here.
    #[error("`{path}` cannot be used: {source}")]
    Io {
        /// The directory or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// Sorts what the system said about a path by what a person has to do.
    pub(crate) fn of(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied { owner: owner_of(&path), path, source },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path, source },
            io::ErrorKind::NotADirectory => Self::NotADirectory { path },
            kind if is_full(kind) => Self::Full { path, source },
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn corrupt(path: &Path, what: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_owned(), what: what.into() }
    }
}

/// Whether the system refused to store more: the disk, a quota, or a limit on the size of files.
pub(crate) const fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Owner and mode of the nearest part of the path that there is.
#[cfg(unix)]
fn owner_of(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let found = path.ancestors().find_map(|path| Some((path, std::fs::metadata(path).ok()?)));
    found.map_or_else(String::new, |(path, metadata)| {
        let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
        format!(" (`{}` belongs to user {owner} and has mode {mode:04o})", path.display())
    })
}

#[cfg(not(unix))]
fn owner_of(_: &Path) -> String {
    String::new()
}
