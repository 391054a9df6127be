//! What holds for every block of every page.

use std::collections::BTreeSet;
use std::process::Command;

use jsonschema::Validator;
use serde_json::Value;

use crate::STORIES;
use crate::page::{BOOK, Block, Page};

/// A schema that `trimtab schema` prints.
pub(crate) fn schema(of: &str) -> Validator {
    let printed = Command::new(env!("CARGO_BIN_EXE_trimtab")).args(["schema", of]).output().unwrap();
    assert!(printed.status.success(), "there is no schema {of}");
    jsonschema::options().build(&serde_json::from_slice(&printed.stdout).unwrap()).unwrap()
}

fn value(block: &Block) -> Result<Value, String> {
    let text = block.text();
    match block.language.as_str() {
        "json" => serde_json::from_str(&text).map_err(|error| error.to_string()),
        "toml" => toml::from_str(&text).map_err(|error| error.to_string()),
        other => Err(format!("{other} has no schema")),
    }
}

/// What is wrong with a block.
fn wrong(block: &Block) -> Option<String> {
    let named = |title: &str| block.above.contains(&format!("`{title}`"));
    match (block.language.as_str(), block.attribute("title"), block.attribute("schema")) {
        ("text", ..) => None,
        _ if block.attribute("not-run").is_some_and(|why| !why.is_empty()) => None,
        (_, Some(title), _) if !named(title) => {
            Some(format!("the line above must name `{title}`, for readers"))
        }
        (_, Some(_), _) | ("console", ..) => None,
        (_, None, Some(of)) => match value(block) {
            Ok(value) => schema(of).iter_errors(&value).next().map(|error| error.to_string()),
            Err(error) => Some(error),
        },
        _ => Some("nothing runs it: give it a title, a schema, or a reason not to run it".into()),
    }
}

#[test]
fn every_block_is_run_or_held_against_a_schema_or_says_why_not() {
    let wrong: Vec<_> = Page::all()
        .iter()
        .flat_map(|page| {
            let blocks = page.blocks();
            let found = blocks
                .iter()
                .filter_map(|block| Some(format!("{}: {}", page.at(block.first), wrong(block)?)));
            found.collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_with_commands_is_a_story_and_every_page_is_in_the_summary() {
    let pages = Page::all();
    let name = |page: &Page| page.path[BOOK.len() + 1..].to_owned();
    let with_commands: BTreeSet<_> = pages
        .iter()
        .filter(|page| page.blocks().iter().any(|block| block.language == "console"))
        .map(name)
        .collect();
    let told: BTreeSet<_> = STORIES.iter().map(|&chapter| chapter.to_owned()).collect();
    assert_eq!(with_commands, told, "the pages with commands, and the stories that are told");
    let summary = Page::read(&format!("{BOOK}/SUMMARY.md")).lines.join("\n");
    let forgotten: Vec<_> = pages
        .iter()
        .map(name)
        .filter(|name| name != "SUMMARY.md" && !summary.contains(&format!("({name})")))
        .collect();
    assert_eq!(forgotten, [""; 0], "not in SUMMARY.md");
}

#[test]
fn the_chapter_of_alerts_has_every_alert_and_no_other() {
    let rules = Page::read("contrib/alerts.yaml").lines;
    let known: BTreeSet<_> = rules.iter().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let chapter = Page::read(&format!("{BOOK}/operating/watching.md")).lines;
    let row = |line: &'_ String| Some(line.strip_prefix("| `Trimtab")?.split_once('`')?.0.to_owned());
    let told: BTreeSet<_> = chapter.iter().filter_map(row).map(|name| format!("Trimtab{name}")).collect();
    assert_eq!(told, known.into_iter().map(str::to_owned).collect());
}
