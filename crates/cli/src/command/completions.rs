//! `trimtab completions`: what makes a shell complete commands and flags.

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::{Shell as Known, generate};

use super::print::print;
use super::{CommandLine, Exit};
use crate::client::Failure;

const EXAMPLE: &str = "\
Example:
  trimtab completions bash > ~/.local/share/bash-completion/completions/trimtab
  trimtab completions zsh  > ~/.zfunc/_trimtab      with `fpath+=~/.zfunc` before compinit in ~/.zshrc
  trimtab completions fish > ~/.config/fish/completions/trimtab.fish";

/// `trimtab completions`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Completions {
    /// Of which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// GNU Bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// Fish.
    Fish,
}

impl Completions {
    /// Prints the script.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        print(self.script())?;
        Ok(Exit::Done)
    }

    fn script(self) -> Vec<u8> {
        let shell = match self.shell {
            Shell::Bash => Known::Bash,
            Shell::Zsh => Known::Zsh,
            Shell::Fish => Known::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut CommandLine::command(), "trimtab", &mut script);
        script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_of_each_shell_knows_every_command() {
        for &shell in Shell::value_variants() {
            let script = String::from_utf8(Completions { shell }.script()).unwrap();
            for command in CommandLine::command().get_subcommands() {
                let name = command.get_name();
                assert!(script.contains(name), "{shell:?} does not know {name}");
            }
        }
    }
}
