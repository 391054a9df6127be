//! `trimtab token`: a new bearer token, and the line that grants it.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use super::Exit;
use super::print::print;
use crate::client::Failure;
use crate::daemon::api;

const EXAMPLE: &str = "\
Example:
  trimtab token --role read --name dashboard --append tokens

The token is printed once and kept nowhere; the file holds its hash.";

/// `trimtab token`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Token {
    /// What it allows.
    #[arg(long, value_enum)]
    pub(crate) role: Role,
    /// Whose it is, for the log: one word.
    #[arg(long, value_parser = name)]
    pub(crate) name: String,
    /// Add its line to this file; made, for its owner alone, when it is not there.
    #[arg(long, value_name = "FILE")]
    pub(crate) append: Option<PathBuf>,
}

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// To look.
    Read,
    /// To look and to change.
    Write,
}

fn name(text: &str) -> Result<String, String> {
    let is_word = |c: char| c.is_ascii_graphic() && c != '#';
    if (1..=63).contains(&text.len()) && text.chars().all(is_word) {
        return Ok(text.to_owned());
    }
    Err("must be one word of 1 to 63 characters".into())
}

impl Token {
    /// Makes the token. Standard output gets the token alone, so that it can be put where it belongs by a script.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let token =
            fresh().map_err(|error| Failure::failed(format!("/dev/urandom cannot be read: {error}")))?;
        let role = match self.role {
            Role::Read => api::Role::Read,
            Role::Write => api::Role::Write,
        };
        let line = api::line(role, &Sha256::digest(token.as_bytes()), &self.name);
        match &self.append {
            None => eprintln!(
                "put this line into the file of `[http] tokens`; the token is printed once:\n{line}"
            ),
            Some(path) => {
                append(path, &line).map_err(|what| Failure::failed(format!("{} {what}", path.display())))?;
                eprintln!("added to {}; the token is printed once:", path.display());
            }
        }
        print(format!("{token}\n")).map_err(|failure| match &self.append {
            None => failure,
            Some(path) => failure.hint(format!(
                "nobody has the token: take the line of `{}` out of {}",
                self.name,
                path.display()
            )),
        })?;
        Ok(Exit::Done)
    }
}

/// 256 bits by chance, with a beginning by which scanners for leaked secrets know it.
fn fresh() -> std::io::Result<String> {
    let mut bits = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bits)?;
    let digits: Vec<String> = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("trimtab_{}", digits.concat()))
}

fn append(path: &Path, line: &str) -> Result<(), String> {
    let told = |error: std::io::Error| format!("cannot be written: {error}");
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(told)?;
    let mode = file.metadata().map_err(told)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let shown = path.display();
        return Err(format!("can be reached by others (mode {mode:04o}); do `chmod 600 {shown}`, and again"));
    }
    let mut before = String::new();
    file.read_to_string(&mut before).map_err(told)?;
    // The last line may lack its end.
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{end}{line}\n").as_bytes()).map_err(told)
}
