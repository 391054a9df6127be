//! One process, one directory.
//!
//! The operating system's lock on a file goes with the process that holds it, however that ends; a file that merely exists would stay behind
//! after kill -9. The file itself is never removed: a process that waits to lock it would lock one that nobody else can see.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::OpenError;

const NAME: &str = "lock";

/// The lock of a directory, held until it is dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    pub(crate) fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(NAME);
        let refused = |source| OpenError::of(&path, source);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { path: directory.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        // The number is for people; a full disk must not keep a store from being read.
        _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text).ok().and_then(|_| text.parse::<u32>().ok()) {
        Some(id) if id == std::process::id() => "this very process".into(),
        Some(id) => format!("process {id}"),
        None => "another process".into(),
    }
}
