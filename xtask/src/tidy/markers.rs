//! Markers of work that was left lying, and traces of somebody's machine.

use super::File;

/// Written in halves, so that this file does not find itself.
const MARKERS: [(&str, &str); 9] = [
    ("todo", "!("),
    ("unimplemented", "!("),
    ("dbg", "!("),
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("HA", "CK"),
    ("#[", "allow("),
    ("#![", "allow("),
];

pub(super) fn check(files: &[File]) -> Vec<String> {
    let looked_at = |file: &&File| matches!(file.extension(), "rs" | "md" | "toml" | "sh" | "");
    files
        .iter()
        .filter(looked_at)
        .filter(|file| !file.path.starts_with("LICENSE"))
        .flat_map(check_one)
        .collect()
}

fn check_one(file: &File) -> Vec<String> {
    let marked = file.text.lines().enumerate().filter_map(|(number, line)| {
        let marker = MARKERS.iter().map(|(a, b)| format!("{a}{b}")).find(|marker| has_word(line, marker))?;
        Some(format!("{}:{}: a marker was left: `{marker}`", file.path, number + 1))
    });
    marked.collect()
}

fn has_word(line: &str, marker: &str) -> bool {
    line.match_indices(marker).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + marker.len()..].chars().next();
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !letter(before) && (marker.ends_with('(') || !letter(after))
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_marker_is_found_as_a_word_only() {
        let marker = ["TO", "DO"].concat();
        assert_eq!(check(&[file("a.rs", &format!("// {marker}: later"))]).len(), 1);
        assert!(check(&[file("a.rs", &format!("// {marker}S"))]).is_empty());
        assert_eq!(check(&[file("run", &["to", "do!()"].concat())]).len(), 1);
    }
}
