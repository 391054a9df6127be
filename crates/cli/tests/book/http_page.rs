//! The reference of the HTTP API, made of its description.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::page::{Page, root};
use crate::updating;

const PAGE: &str = "docs/book/src/reference/http.md";
const BEGIN: &str =
    "<!-- made by `UPDATE=1 cargo test -p trimtab-cli --test book http_page`; do not edit by hand -->";
const END: &str = "<!-- end of what is made -->";

/// What any path may answer is told once, above.
const EVERYWHERE: [&str; 6] = ["401", "403", "408", "431", "500", "503"];

/// Kept equal to the code by a test of `trimtab-http`.
fn description() -> Value {
    let text = std::fs::read_to_string(root().join("crates/http/openapi.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default().trim_end_matches('.')
}

/// A section for each path: what it does, what may be said with it, what it answers.
fn made() -> String {
    let description = description();
    let mut page = String::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            section(&mut page, &format!("{} {path}", method.to_uppercase()), operation);
        }
    }
    page
}

fn section(page: &mut String, title: &str, operation: &Value) {
    let _ = write!(page, "\n### `{title}`\n\n{}.", text(operation, "summary"));
    let paragraphs = operation["description"].as_str().unwrap_or_default().split("\n\n");
    for (number, paragraph) in paragraphs.filter(|paragraph| !paragraph.is_empty()).enumerate() {
        let between = if number == 0 { " " } else { "\n\n" };
        let _ = write!(page, "{between}{}", paragraph.replace('\n', " "));
    }
    page.push_str("\n\n");
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    for parameter in parameters.iter().filter(|parameter| parameter["in"] != "path") {
        let place = if parameter["in"] == "header" { " (header)" } else { "" };
        let _ = writeln!(page, "- `{}`{place}: {}.", text(parameter, "name"), text(parameter, "description"));
    }
    let body = operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
    if let Some(schema) = body.and_then(|body| body["schema"]["$ref"].as_str()) {
        let name = schema.rsplit('/').next().unwrap_or_default();
        let _ = writeln!(page, "- body: `{name}` of `/openapi.json`.");
    }
    let answers = operation["responses"].as_object().unwrap();
    let answers: Vec<_> = answers
        .iter()
        .filter(|(code, _)| !EVERYWHERE.contains(&code.as_str()) || title.ends_with("/readyz"))
        .map(|(code, answer)| format!("**{code}** {}", text(answer, "description").replace('\n', " ")))
        .collect();
    let before = if page.ends_with("\n\n") { "" } else { "\n" };
    let _ = writeln!(page, "{before}Answers: {}.", answers.join("; "));
}

#[test]
fn the_page_of_the_api_says_what_its_description_says() {
    let page = Page::read(PAGE).lines.join("\n") + "\n";
    let (before, rest) = page.split_once(BEGIN).expect("the page has a line where what is made begins");
    let (_, after) = rest.split_once(END).expect("the page has a line where it ends");
    let right = format!("{before}{BEGIN}\n{}\n{END}{after}", made());
    if updating() {
        std::fs::write(root().join(PAGE), &right).unwrap();
    } else {
        assert!(
            page == right,
            "{PAGE} is out of date: run `UPDATE=1 cargo test -p trimtab-cli --test book http_page`"
        );
    }
}

#[test]
fn the_page_of_the_api_names_every_problem_and_no_other() {
    let description = description();
    let problems = description["components"]["schemas"]["ProblemKind"]["enum"].as_array().unwrap();
    let known: BTreeSet<_> =
        problems.iter().map(|kind| kind.as_str().unwrap().rsplit(':').next().unwrap()).collect();
    let page = Page::read(PAGE).lines;
    let told: BTreeSet<_> = page
        .iter()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter(|(_, rest)| rest.starts_with(['4', '5']))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(told, known);
}
