//! `trimtab init`: a folder that works, to be changed into one's own.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::print::print;
use crate::client::Failure;
use crate::config::FILE_NAME;

/// Each file: its path, its mode, its text.
const FILES: [(&str, u32, &str); 4] = [
    (FILE_NAME, 0o644, include_str!("trimtab.toml")),
    ("entries/hello.yaml", 0o644, include_str!("hello.yaml")),
    ("write-note", 0o755, include_str!("write-note")),
    (".gitignore", 0o644, include_str!("gitignore")),
];

const EXAMPLE: &str = "\
Example:
  trimtab init notes    then: trimtab run notes";

/// `trimtab init`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Init {
    /// The folder; made when it is not there.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
}

impl Init {
    /// Writes the files, unless one of them is there already.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let dir = &self.dir;
        if let Some((there, ..)) = FILES.iter().find(|(name, ..)| dir.join(name).symlink_metadata().is_ok()) {
            return Err(Failure::failed(format!(
                "{} is there already, and nothing was written; name another folder: `trimtab init DIR`",
                dir.join(there).display()
            )));
        }
        for (name, mode, text) in FILES {
            let path = dir.join(name);
            write(&path, mode, text)
                .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", path.display())))?;
        }
        let shown = dir.display();
        print(format!("made {shown}: trimtab.toml, entries/hello.yaml, write-note\nnext:\n"))?;
        let next = [
            (format!("trimtab run {shown}"), "keep it true; Ctrl-C ends"),
            ("trimtab get notes".into(), "in another terminal: what is there"),
            ("trimtab edit note hello".into(), "change it, and look at out/hello.txt"),
            (format!("trimtab run {shown} --until-settled"), "or: make it true once"),
        ];
        let width = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or_default();
        for (command, what) in next {
            print(format!("  {command:width$}  {what}\n"))?;
        }
        Ok(Exit::Done)
    }
}

fn write(path: &Path, mode: u32, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes())
}
