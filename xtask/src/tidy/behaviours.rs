//! Every row of `docs/behaviours.md` has a test that names it.
//!
//! A row is a table line whose first cell is an id. A row whose last cell begins with `later` says so of itself and needs no test yet.

use std::collections::BTreeSet;

use super::File;

const TABLE: &str = "docs/behaviours.md";

pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(table) = files.iter().find(|file| file.path == TABLE) else {
        return vec![format!("{TABLE}: missing")];
    };
    let named: BTreeSet<&str> =
        files.iter().filter(|file| file.is_rust()).flat_map(|file| ids_named(&file.text)).collect();
    let rows = rows(&table.text);
    let mut found: Vec<String> = rows
        .iter()
        .filter(|row| !row.later && !named.contains(row.id))
        .map(|row| format!("{TABLE}: no test names `behaviour {}`", row.id))
        .collect();
    let known: BTreeSet<&str> = rows.iter().map(|row| row.id).collect();
    found.extend(
        named.difference(&known).map(|id| format!("{TABLE}: a test names `behaviour {id}`, which is no row")),
    );
    found
}

struct Row<'a> {
    id: &'a str,
    later: bool,
}

fn rows(table: &str) -> Vec<Row<'_>> {
    let row = |line: &'_ str| -> Option<(usize, usize, bool)> {
        let cells: Vec<&str> =
            line.trim().strip_prefix('|')?.trim_end_matches('|').split('|').map(str::trim).collect();
        let id = *cells.first().filter(|id| is_id(id))?;
        let start = line.find(id)?;
        Some((start, start + id.len(), cells.last()?.starts_with("later")))
    };
    table
        .lines()
        .filter_map(|line| row(line).map(|(from, to, later)| Row { id: &line[from..to], later }))
        .collect()
}

/// A capital letter and a number.
fn is_id(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_uppercase())
        && !chars.as_str().is_empty()
        && chars.all(|c| c.is_ascii_digit())
}

/// The ids that the comments of tests name: `/// behaviour Q3, Q4`. A comment belongs to a test when an attribute that says so follows it, before anything but
/// further comments and attributes; the documentation of the code itself may mention a row without proving it.
fn ids_named(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let comments = lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.strip_prefix("///")?)));
    let of_tests = comments.filter(|(at, _)| {
        let rest = lines[at + 1..].iter().take_while(|line| line.starts_with("//") || line.starts_with('#'));
        rest.into_iter().any(|line| line.starts_with('#') && line.contains("test"))
    });
    of_tests.flat_map(|(_, comment)| ids_of(comment)).collect()
}

/// The ids after the word `behaviour`.
fn ids_of(comment: &str) -> Vec<&str> {
    let lists = comment.split("behaviour").skip(1);
    let words = lists.flat_map(|list| {
        let words = list.split([' ', ',', '(', ')', '.', ';', ':']).filter(|word| !word.is_empty());
        words.take_while(|word| is_id(word) || *word == "and")
    });
    words.filter(|word| is_id(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_row_without_a_test_and_a_test_without_a_row_are_found() {
        let table = file(
            TABLE,
            "| id | text |\n|---|---|\n| Q1 | once |\n| Q2 | twice | later: issue 5 |\n| Q3 | thrice |\n",
        );
        let tests = file("a.rs", "//! Tests.\n/// behaviour Q1, Q4\n#[test]\nfn a() {}\n");
        let found = check(&[table, tests]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("Q3") && found[1].contains("Q4"));
    }

    #[test]
    fn ids_are_read_from_the_comments_of_tests_alone() {
        assert_eq!(ids_of(" behaviour Q3 and Q4: text (behaviour L1)"), ["Q3", "Q4", "L1"]);
        assert_eq!(ids_named("/// behaviour Q3\n/// More.\n#[tokio::test]\nfn a() {}"), ["Q3"]);
        assert_eq!(ids_named("/// Does it (behaviour Q3).\npub fn a() {}\n#[test]\nfn b() {}"), [""; 0]);
    }
}
