//! The benches: a package outside the workspace, so that nobody who only uses Trimtab builds what it is measured against.

use crate::Outcome;
use crate::process::{self, cargo, root};

fn run_named(name: &str) -> Outcome {
    let mut command = cargo(&["run", "--release", "--quiet", "--bin", name]);
    process::run(command.current_dir(root().join("bench")))
}

/// Runs the named benches, or all of them. Each prints one line of JSON per figure.
pub(crate) fn run(names: &[String]) -> Outcome {
    if names.is_empty() {
        return all()?.iter().try_for_each(|name| run_named(name));
    }
    names.iter().try_for_each(|name| run_named(name))
}

fn all() -> Result<Vec<String>, String> {
    let folder = root().join("bench/src/bin");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<_> =
        entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}
