//! What the help of every command keeps to.

use clap::builder::StyledStr;
use clap::{Command, CommandFactory as _};

use super::CommandLine;

/// The aim is a terminal of 24 lines; no help is longer than this.
const MOST_LINES: usize = 40;
const MOST_COLUMNS: usize = 100;

/// Every command, those within others too; the first is `trimtab` itself.
fn commands() -> Vec<Command> {
    fn add(command: &Command, all: &mut Vec<Command>) {
        all.push(command.clone());
        command.get_subcommands().for_each(|inner| add(inner, all));
    }
    let mut command = CommandLine::command().disable_help_subcommand(true);
    command.build();
    let mut all = Vec::new();
    add(&command, &mut all);
    all
}

fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

#[test]
fn every_command_says_in_a_line_what_it_does() {
    for command in commands() {
        let about = command.get_about().map(StyledStr::to_string).unwrap_or_default();
        let lines = about.lines().count();
        assert!(lines == 1 && about.len() <= MOST_COLUMNS, "{}: {about:?}", name(&command));
    }
}

#[test]
fn every_command_shows_an_example_that_it_would_take() {
    for command in commands() {
        // A command that only holds others is shown by theirs.
        if command.has_subcommands() && name(&command) != "trimtab" {
            continue;
        }
        let after = command.get_after_help().map(StyledStr::to_string).unwrap_or_default();
        assert!(
            after.starts_with("Example:\n  ") || after.starts_with("Examples:\n  "),
            "{} has no example",
            name(&command)
        );
        let spoken = name(&command).replace('-', " ");
        let examples = after.lines().filter(|line| line.trim_start().starts_with("trimtab"));
        for example in examples {
            assert!(example.contains(&spoken), "{}: {example}", name(&command));
            // Behind two blanks or a sign of the shell stand words for people.
            let typed = example.trim_start().split("  ").next().unwrap_or_default();
            let typed = typed.split([' ']).take_while(|word| !["|", ">", "&&"].contains(word));
            let parsed = CommandLine::command().try_get_matches_from(typed);
            assert!(parsed.is_ok(), "{}: {example}: {}", name(&command), parsed.unwrap_err());
        }
    }
}

#[test]
fn every_help_fits_a_screen() {
    for command in commands() {
        let name = name(&command).to_owned();
        let help = command.term_width(MOST_COLUMNS).render_help().to_string();
        let lines = help.lines().count();
        assert!(lines <= MOST_LINES, "{name} has {lines} lines:\n{help}");
        let long = help.lines().find(|line| line.chars().count() > MOST_COLUMNS);
        assert_eq!(long, None, "{name}");
    }
}

#[test]
fn every_flag_and_argument_says_what_it_is() {
    for command in commands() {
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let help = argument.get_help().map(StyledStr::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{} {}", name(&command), argument.get_id());
        }
    }
}

#[test]
fn the_help_of_trimtab_lists_every_exit_code() {
    let after = CommandLine::command().get_after_help().map(StyledStr::to_string).unwrap_or_default();
    let (_, codes) = after.split_once("Exit codes: ").expect("they are listed");
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "124 "] {
        assert!(codes.split(", ").any(|told| told.starts_with(code)), "{code} is not told: {codes}");
    }
}
