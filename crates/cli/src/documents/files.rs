//! Which files of a folder hold documents.

use std::fs;
use std::io::{Error, ErrorKind};
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
    let unread =
        |path: &Path, error: Error| Problem::error(path, None, "", format!("cannot be read: {error}"));
    let entries = match fs::read_dir(folder) {
        Ok(entries) if depth < MOST_DEPTH => entries,
        Ok(_) => {
            let what = format!("lies more than {MOST_DEPTH} folders deep");
            return problems.push(Problem::error(folder, None, "", what));
        }
        Err(error) => return problems.push(unread(folder, error)),
    };
    for entry in entries {
        let path = match entry {
            Ok(entry) if entry.file_name().to_string_lossy().starts_with('.') => continue,
            Ok(entry) => entry.path(),
            Err(error) => {
                problems.push(unread(folder, error));
                continue;
            }
        };
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => walk(&path, depth + 1, files, problems),
            Ok(found) if found.is_file() && is_document(&path) => files.push(path),
            Ok(_) => {}
            // Gone by now, and no document: an editor's.
            Err(_) if !is_document(&path) && is_gone(&path) => {}
            // A link to what is away at present is not the same as no file: what came from there must not be pruned.
            Err(error) => problems.push(unread(&path, error)),
        }
    }
}

fn is_gone(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_to_nothing_is_told_and_not_taken_for_no_file() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::write(path("a.yaml"), "").unwrap();
        symlink(path("a.yaml"), path("b.yaml")).unwrap();
        symlink(path("away.yaml"), path("c.yaml")).unwrap();
        symlink(path("away"), path(".hidden.yaml")).unwrap();
        let (files, problems) = below(root.path());
        assert_eq!(files, [path("a.yaml"), path("b.yaml")]);
        let told: Vec<_> = problems.sorted().iter().map(Problem::text).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("{}: cannot be read: ", path("c.yaml").display())), "{told:?}");
    }
}
