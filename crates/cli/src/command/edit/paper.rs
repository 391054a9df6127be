//! The file that is edited: private, and kept when something would be lost.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use super::text::{Text, Typed};
use crate::client::Failure;

/// A temporary file that nobody else may read.
pub(super) struct Paper(Option<TempPath>);

impl Paper {
    /// With this text.
    pub(super) fn new(text: &str) -> Result<Self, Failure> {
        let told = |error: std::io::Error| {
            let folder = std::env::temp_dir();
            Failure::failed(format!("no file can be made in {}: {error}", folder.display()))
                .hint("name another folder by TMPDIR")
        };
        // Made with mode 0600, by a name that was free.
        let mut file = Builder::new().prefix("trimtab-edit-").suffix(".yaml").tempfile().map_err(told)?;
        file.write_all(text.as_bytes()).map_err(told)?;
        Ok(Self(Some(file.into_temp_path())))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// What stands there. An editor may have put another file in its place.
    pub(super) fn text(&self) -> Result<String, Failure> {
        let told =
            |what: &str| Failure::failed(format!("{} {what}; nothing was written", self.path().display()));
        let bytes = match std::fs::read(self.path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
            Err(error) => return Err(told(&format!("cannot be read: {error}"))),
        };
        String::from_utf8(bytes).map_err(|_| told("is not UTF-8 text"))
    }

    /// Writes it anew.
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        std::fs::write(self.path(), text)
            .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", self.path().display())))
    }

    /// Keeps the file when something was typed; where it is.
    pub(super) fn keep_if_worth(&mut self, text: &Text) -> Option<PathBuf> {
        let worth = match self.text() {
            Ok(now) => !matches!(text.read(&now), Typed::Nothing | Typed::Same),
            // What cannot be read here may still be what somebody typed.
            Err(_) => true,
        };
        if !worth {
            return None;
        }
        self.0.take()?.keep().ok()
    }
}
