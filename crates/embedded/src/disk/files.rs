//! The files of a store, by name.
//!
//! The directory is one implementation; the tests have another, a disk that loses power. A path in each place that opens a file was no choice: what
//! happens between two files could then only be tested by pulling a plug.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use redb::StorageBackend;
use redb::backends::FileBackend;

/// Where the files lie.
pub(crate) trait Files: fmt::Debug + Send + Sync + 'static {
    /// The path of a file, for messages.
    fn path(&self, name: &str) -> PathBuf;

    /// Whether there is one of this name.
    fn exists(&self, name: &str) -> io::Result<bool>;

    /// Opens a file; makes an empty one when there is none.
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>>;

    /// Gives a file its final name. Done, or not done at all, whenever the power goes; lasting once it returns.
    fn publish(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; fine when there is none.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A directory of the operating system.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Makes the directory, and those above it, when they are not there; for this user alone, since entries may hold secrets.
    pub(crate) fn make(path: &Path) -> io::Result<Self> {
        if !path.is_dir() {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(path)?;
            path.parent().map_or(Ok(()), sync_directory)?;
        }
        Ok(Self(path.to_owned()))
    }
}

impl Files for Directory {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.path(name).try_exists()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.path(name))?;
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }

    fn publish(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))?;
        sync_directory(&self.0)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

/// Makes the names in a directory last.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

/// Windows has no such call; its file systems keep names in a journal.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
