//! What compilers cannot see.
//!
//! Each check takes text and gives findings, so that each can be shown to fail. A finding names the file, the line where there is one,
//! and what to do.

mod behaviours;
mod contrib;
mod files;
mod guarantees;
mod links;
mod markers;

use crate::Outcome;
use crate::process::{output, root};

/// A file of the repository that git knows or would add.
pub(crate) struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

impl File {
    /// What follows the last dot of its name; nothing for a script without one.
    fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    fn is_markdown(&self) -> bool {
        self.extension() == "md"
    }
}

pub(crate) fn run() -> Outcome {
    let files = read()?;
    let found = [
        files::check(&files),
        behaviours::check(&files),
        guarantees::check(&files),
        markers::check(&files),
        links::check(&files),
        contrib::check(&files),
    ]
    .concat();
    if found.is_empty() {
        println!("tidy: {} files", files.len());
        return Ok(());
    }
    Err(format!("{}\n\n{} things to tidy", found.join("\n"), found.len()))
}

fn read() -> Result<Vec<File>, String> {
    let mut command = std::process::Command::new("git");
    command.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let listed = output(&mut command)?;
    let file = |path: &str| {
        Some(File { path: path.to_owned(), text: std::fs::read_to_string(root().join(path)).ok()? })
    };
    Ok(listed.lines().filter_map(file).collect())
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
