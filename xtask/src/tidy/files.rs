//! The length of a file, and the head comment of a module.

use super::File;

/// Above this there is more than one concern in it.
const MOST_LINES: usize = 600;

/// Programs whose text is compared letter by letter, or that are not modules.
const WITHOUT_HEAD: [&str; 1] = ["/compile_fail/"];

pub(super) fn check(files: &[File]) -> Vec<String> {
    files.iter().filter(|file| file.is_rust()).flat_map(check_one).collect()
}

fn check_one(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let lines = file.text.lines().count();
    if lines > MOST_LINES {
        found.push(format!("{}: {lines} lines, at most {MOST_LINES}: part it by concern", file.path));
    }
    let exempt = WITHOUT_HEAD.iter().any(|folder| file.path.contains(folder));
    if !exempt && !file.text.trim_start_matches("#!/usr/bin/env").trim_start().starts_with("//!") {
        found.push(format!("{}: no head comment: begin with `//!` and say what it is for", file.path));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_long_file_and_a_headless_one_are_found() {
        assert!(check(&[file("a.rs", "//! Short.\n")]).is_empty());
        assert_eq!(check(&[file("a.rs", "fn a() {}\n")]).len(), 1);
        let long = format!("//! Long.\n{}", "\n".repeat(MOST_LINES));
        assert_eq!(check(&[file("a.rs", &long)]).len(), 1);
        assert!(check(&[file("a.md", "no Rust")]).is_empty());
    }
}
