//! Whether what was printed is what the book says, but for what differs from run to run.

use std::sync::LazyLock;

use regex::Regex;

/// What differs from run to run, and what stands for it. Earlier ones are replaced first.
static DIFFERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uid>"),
        (r"[^ ]*/trimtab-edit-[A-Za-z0-9]+", "<a file of its own>"),
        (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?\b", "<time>"),
        (r"\b[0-9a-f]{8}-[0-9]+\b", "<position>"),
        (r"\btrimtab_[0-9a-f]{64}\b", "<token>"),
        (r"\b[0-9a-f]{64}\b", "<hash>"),
        (r"\b([0-9]+(\.[0-9]+)? ?(ms|us|µs|s|m|h|d) ?)+\b", "<duration>"),
        (r"\btrimtab [0-9]+\.[0-9]+\.[0-9]+", "trimtab <version>"),
        (r#""[0-9]+\.[0-9]+""#, "<etag>"),
        (r#"\b(index|at|attempt|of|created|modified|status_modified|pid)("?:? ?)[0-9]+\b"#, "$1$2<n>"),
        (r"\b[0-9]+ (failures?|times)\b", "<n> $1"),
        (r"\breplica [0-9a-f]{16}\b", "replica <id>"),
        (r"\bepoch=[0-9]+", "epoch=<n>"),
        (r"\b[0-9]+ %( +[0-9]+)+", "<its share>"),
        (r"\b(ready|standby) +[a-z0-9]+( replicas?)?( +[0-9]+){6,}", "<where it runs>"),
        (r"\b(done|failed|terminal) +[0-9]+ +[0-9]+\b", "$1 <n> <n>"),
        (r"<duration> +[0-9]+\b", "<duration> <n>"),
        (r"[ \t]+", " "),
    ]
    .into_iter()
    .map(|(form, name)| (Regex::new(form).expect("a form"), name))
    .collect()
});

/// A line by its form.
pub(crate) fn form(line: &str) -> String {
    let whole = line.trim_end().to_owned();
    DIFFERS.iter().fold(whole, |line, (form, name)| form.replace_all(&line, *name).into_owned())
}

/// Tables as a terminal shows them; to a program, cells are parted by tabs.
pub(crate) fn aligned(lines: &[&str]) -> Vec<String> {
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    let tables = lines.chunk_by(|one, other| cells(one).len() == cells(other).len());
    let table = |lines: &[&str]| -> Vec<String> {
        let rows: Vec<_> = lines.iter().map(|line| cells(line)).collect();
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<_> = (0..rows[0].len()).map(width).collect();
        let line = |row: &Vec<String>| -> String {
            let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join("  ")
        };
        if widths.len() < 2 { rows.concat() } else { rows.iter().map(line).collect() }
    };
    tables.flat_map(table).map(|line| line.trim_end().to_owned()).collect()
}

/// Whether these lines were printed. A line `...` stands for any lines, none included.
pub(crate) fn is_so(expected: &[String], printed: &[String]) -> bool {
    match expected {
        [] => printed.is_empty(),
        [dots, rest @ ..] if dots == "..." => {
            (0..=printed.len()).any(|skipped| is_so(rest, &printed[skipped..]))
        }
        [line, rest @ ..] => {
            printed.split_first().is_some_and(|(first, more)| form(line) == form(first) && is_so(rest, more))
        }
    }
}

/// How far one must read until these lines have been printed, in this order, among others.
pub(crate) fn end_of(expected: &[String], printed: &[String]) -> Option<usize> {
    let mut at = 0;
    for line in expected.iter().filter(|line| *line != "...") {
        at += printed[at..].iter().position(|other| form(other) == form(line))? + 1;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_differs_from_run_to_run_is_compared_by_its_form_and_all_else_to_the_letter() {
        let same = |one: &str, other: &str| is_so(&lines(one), &lines(other));
        assert!(same("site/blog created (index 13)", "site/blog created (index 4)"));
        assert!(same("blog   default  2s", "blog  default   1m30s"));
        assert!(same("b78b7eb3-12", "0000beef-7"));
        assert!(!same("site/blog created (index 13)", "site/blog changed (index 13)"));
        assert!(!same("3 entries", "4 entries"));
        assert!(same("a\n...\nz", "a\nb\nc\nz") && same("a\n...", "a"));
        assert!(!same("a\n...\nz", "a\nb") && !same("", "a"));
    }

    #[test]
    fn what_a_terminal_prints_is_looked_for_in_order_among_other_lines() {
        let printed = lines("a\nb\nc\nd");
        assert_eq!(end_of(&lines("b\nd"), &printed), Some(4));
        assert_eq!(end_of(&lines("b"), &printed), Some(2));
        assert_eq!(end_of(&lines("d\nb"), &printed), None);
    }
}
