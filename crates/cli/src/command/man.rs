//! `trimtab man`: the manual, made of the same definitions as the help.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, roman};

use super::print::print;
use super::{CommandLine, Exit};
use crate::client::Failure;

const EXAMPLE: &str = "\
Example:
  trimtab man ~/.local/share/man/man1    then: man trimtab-apply
  trimtab man | man -l -                 read the first page";

/// `trimtab man`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Man {
    /// The folder that a page for each command is written to; without it the page of trimtab itself is printed.
    dir: Option<PathBuf>,
}

impl Man {
    /// Writes the pages.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let pages = pages();
        let Some(dir) = &self.dir else {
            let mut own = pages.iter().filter(|(name, _)| name == "trimtab.1");
            own.try_for_each(|(_, page)| print(page))?;
            return Ok(Exit::Done);
        };
        let written = fs::create_dir_all(dir)
            .and_then(|()| pages.iter().try_for_each(|(name, page)| fs::write(dir.join(name), page)));
        written.map_err(|error| {
            Failure::failed(format!("the pages cannot be written to {}: {error}", dir.display()))
        })?;
        print(format!("wrote {} pages to {}\n", pages.len(), dir.display()))?;
        Ok(Exit::Done)
    }
}

/// Every page, with the name of its file.
fn pages() -> Vec<(String, Vec<u8>)> {
    // The built-in `help` would have a page for the help of each command.
    let mut command = CommandLine::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages);
    pages
}

fn add(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) {
    let page = Page::new(command.clone()).manual("Trimtab");
    let mut text = Vec::new();
    render(command, &page, &mut text).expect("a vector takes everything");
    pages.push((page.get_filename(), text));
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        add(inner, pages);
    }
}

/// The library's own layout would run the lines of examples into one.
fn render(command: &Command, page: &Page, text: &mut Vec<u8>) -> io::Result<()> {
    page.render_title(text)?;
    page.render_name_section(text)?;
    page.render_synopsis_section(text)?;
    page.render_description_section(text)?;
    page.render_options_section(text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(text)?;
    }
    if let Some(examples) = command.get_after_long_help().or(command.get_after_help()) {
        let mut roff = Roff::new();
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in examples.to_string().lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
        roff.to_writer(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page_that_tells_its_flags_and_keeps_the_lines_of_its_example() {
        let pages = pages();
        let page = |name: &str| {
            let found = pages.iter().find(|(file, _)| file == name);
            let text = &found.unwrap_or_else(|| panic!("there is no {name}")).1;
            String::from_utf8(text.clone()).unwrap()
        };
        for command in CommandLine::command().get_subcommands() {
            page(&format!("trimtab-{}.1", command.get_name()));
        }
        page("trimtab-config-show.1");
        assert!(page("trimtab-run.1").contains("until\\-settled"));
        let token = page("trimtab-token.1");
        let example = token.split(".SH EXAMPLES").nth(1).unwrap();
        assert!(example.contains("\n  trimtab token \\-\\-role read"), "{example}");
    }
}
