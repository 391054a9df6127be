//! The benches: a package outside the workspace, so that nobody who only uses Trimtab builds what it is measured against.

use crate::Outcome;
use crate::process::{self, cargo, root};

/// Runs the benches and the peers' and says which targets are met: none of those that print JSON.
const COMPARE: &str = "compare";

fn run_named(name: &str, arguments: &[String]) -> Outcome {
    let mut command = cargo(&["run", "--release", "--quiet", "--bin", name, "--"]);
    process::run(command.args(arguments).current_dir(root().join("bench")))
}

/// Runs the named benches, or all of them; each prints one line of JSON per figure. Or compares them with the peers.
pub(crate) fn run(names: &[String]) -> Outcome {
    match names {
        [] => all()?.iter().try_for_each(|name| run_named(name, &[])),
        [compare, arguments @ ..] if compare == COMPARE => run_named(COMPARE, arguments),
        names => names.iter().try_for_each(|name| run_named(name, &[])),
    }
}

fn all() -> Result<Vec<String>, String> {
    let folder = root().join("bench/src/bin");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<_> =
        entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned())).collect();
    names.retain(|name| name != COMPARE);
    names.sort();
    Ok(names)
}
