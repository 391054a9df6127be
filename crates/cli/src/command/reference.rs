//! The reference of the commands, and of the variables they take, for people: made of the same definitions as the help.

use std::fmt::Write as _;
use std::path::Path;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::CommandLine;

const BEGIN: &str =
    "<!-- made by `UPDATE=1 cargo test -p trimtab-cli --lib reference`; do not edit by hand -->\n";
const END: &str = "<!-- end of what is made -->\n";

/// Every command with its words, those within others too; the first is `trimtab` itself.
fn commands() -> Vec<(String, Command)> {
    fn add(words: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        all.push((words.to_owned(), command.clone()));
        let inner =
            command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help");
        inner.for_each(|inner| add(&format!("{words} {}", inner.get_name()), inner, all));
    }
    let mut command = CommandLine::command().disable_help_subcommand(true);
    command.build();
    let mut all = Vec::new();
    add("trimtab", &command, &mut all);
    all
}

/// Of the arguments that a command has, those that not every command has.
fn own(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| {
        !argument.is_hide_set() && !matches!(argument.get_id().as_str(), "help" | "version")
    })
}

fn text(styled: Option<&StyledStr>) -> String {
    styled.map(StyledStr::to_string).unwrap_or_default()
}

/// What clap took the last dot from.
fn sentence(styled: Option<&StyledStr>) -> String {
    let text = text(styled);
    if text.ends_with('.') { text } else { text + "." }
}

/// A table of all commands, then a section for each.
fn page() -> String {
    let all = commands();
    let (whole, each) = all.split_first().expect("trimtab itself");
    let mut page = String::from("\n| command | what it does |\n|---|---|\n");
    for (words, command) in each.iter().filter(|(_, command)| !command.has_subcommands()) {
        let anchor = words.replace(' ', "-");
        let _ = writeln!(page, "| [`{words}`](#{anchor}) | {} |", sentence(command.get_about()));
    }
    let _ = write!(page, "\n```text\n{}\n```\n", text(whole.1.get_after_help()));
    for (words, command) in each.iter().filter(|(_, command)| !command.has_subcommands()) {
        section(&mut page, words, command);
    }
    page
}

fn section(page: &mut String, words: &str, command: &Command) {
    let long = command.get_long_about().or(command.get_about());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = write!(page, "\n## `{words}`\n\n{}\n\n```text\n{usage}\n```\n", sentence(long));
    let arguments: Vec<_> = own(command).collect();
    if !arguments.is_empty() {
        page.push_str("\n| argument or flag | what it is |\n|---|---|\n");
        for argument in arguments {
            row(page, argument);
        }
    }
    let after = text(command.get_after_help());
    if !after.is_empty() {
        let _ = write!(page, "\n```text\n{}\n```\n", after.trim_end());
    }
}

fn row(page: &mut String, argument: &Arg) {
    let mut names: Vec<String> = argument.get_short().map(|short| format!("-{short}")).into_iter().collect();
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let values: Vec<_> =
        argument.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>")).collect();
    if let Some(last) = names.last_mut().filter(|_| takes) {
        let _ = write!(last, " {}", values.join(" "));
    }
    let names = if names.is_empty() { values } else { names };
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let mut told = sentence(argument.get_long_help().or(argument.get_help())).replace('\n', " ");
    let possible: Vec<_> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if takes && !possible.is_empty() {
        let _ = write!(told, " One of {}.", possible.join(", "));
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes && !defaults.is_empty() {
        let _ = write!(told, " Default: `{}`.", defaults.join(" "));
    }
    if let Some(variable) = argument.get_env() {
        let _ = write!(told, " Or by `{}`.", variable.to_string_lossy());
    }
    let _ = writeln!(page, "| {} | {} |", names.join(", "), told.replace('|', "\\|"));
}

/// The variables that flags are taken from, each with the commands that have it.
fn variables() -> String {
    let mut rows: Vec<(String, String, Vec<String>)> = Vec::new();
    for (words, command) in commands() {
        for argument in own(&command) {
            let Some(variable) = argument.get_env() else { continue };
            let variable = variable.to_string_lossy().into_owned();
            let flag = format!("--{}", argument.get_long().unwrap_or_default());
            match rows.iter_mut().find(|(known, ..)| *known == variable) {
                Some((.., commands)) => commands.push(words.clone()),
                None => rows.push((variable, flag, vec![words.clone()])),
            }
        }
    }
    let mut page = String::from("\n| variable | flag | of |\n|---|---|---|\n");
    for (variable, flag, commands) in rows {
        let commands: Vec<_> = commands.iter().map(|words| words.trim_start_matches("trimtab ")).collect();
        let _ = writeln!(page, "| `{variable}` | `{flag}` | {} |", commands.join(", "));
    }
    page + "\n"
}

#[test]
fn the_reference_pages_are_those_of_the_definitions() {
    for (name, made) in [("commands", page() + "\n"), ("environment", variables())] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/book/src/reference/{name}.md"));
        let kept = std::fs::read_to_string(&path).expect("the page is there");
        let (before, rest) = kept.split_once(BEGIN).expect("the page has a line where what is made begins");
        let (_, after) = rest.split_once(END).expect("the page has a line where it ends");
        let right = format!("{before}{BEGIN}{made}{END}{after}");
        if std::env::var_os("UPDATE").is_some_and(|set| !set.is_empty()) {
            std::fs::write(&path, &right).expect("writable");
        } else {
            assert!(
                kept == right,
                "{} is not what the definitions say; run `UPDATE=1 cargo test -p trimtab-cli --lib reference` and look at what changed",
                path.display()
            );
        }
    }
}
