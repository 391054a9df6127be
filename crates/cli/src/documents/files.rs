//! Which files of a folder hold documents.

use std::fs;
use std::path::{Path, PathBuf};

use super::read::is_document;
use crate::config::{Problem, Problems};

/// Folders within folders, at most this deep: a link that leads back up ends here.
const MOST_DEPTH: usize = 16;

/// Every file of documents below a folder, in the order of their paths, and what could not be looked into.
pub(super) fn below(folder: &Path) -> (Vec<PathBuf>, Problems) {
    let (mut files, mut problems) = (Vec::new(), Problems::default());
    walk(folder, 0, &mut files, &mut problems);
    files.sort();
    (files, problems)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>, problems: &mut Problems) {
    let mut fail = |what: String| problems.push(Problem::error(folder, None, "", what));
    let entries = match fs::read_dir(folder) {
        Ok(entries) if depth < MOST_DEPTH => entries,
        Ok(_) => return fail(format!("lies more than {MOST_DEPTH} folders deep")),
        Err(error) => return fail(format!("cannot be read: {error}")),
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if path.is_dir() && !hidden {
            walk(&path, depth + 1, files, problems);
        } else if path.is_file() && is_document(&path) {
            files.push(path);
        }
    }
}
