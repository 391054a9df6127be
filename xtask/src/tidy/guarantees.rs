//! Every promise of `GUARANTEES.md` has a proof that exists, or says until when it is unproven.
//!
//! A promise is a table line whose first cell is an id such as `Q-a`. A proof is a link to a file of the repository whose text is the name of a test
//! in that file.

use super::File;

const PAGE: &str = "GUARANTEES.md";

pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(page) = files.iter().find(|file| file.path == PAGE) else {
        return vec![format!("{PAGE}: missing")];
    };
    page.text.lines().filter_map(promise).flat_map(|(id, proof)| check_one(files, id, proof)).collect()
}

fn promise(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.trim().strip_prefix('|')?.trim_end_matches('|').split('|').map(str::trim);
    let id = cells.next().filter(|id| is_id(id))?;
    Some((id, cells.next_back()?))
}

/// A capital letter, a dash, a small letter.
fn is_id(text: &str) -> bool {
    matches!(text.as_bytes(), [b'A'..=b'Z', b'-', b'a'..=b'z'])
}

fn check_one(files: &[File], id: &str, proof: &str) -> Vec<String> {
    if proof.contains("unproven until ") {
        return Vec::new();
    }
    let links: Vec<(&str, &str)> = links(proof).collect();
    if links.is_empty() {
        return vec![format!("{PAGE}: {id} has neither a proof nor `unproven until ...`")];
    }
    let wrong =
        links.into_iter().filter_map(|(test, path)| match files.iter().find(|file| file.path == path) {
            None => Some(format!("{PAGE}: {id}: no file {path}")),
            Some(file) if !file.text.contains(&format!("fn {test}(")) => {
                Some(format!("{PAGE}: {id}: no test `{test}` in {path}"))
            }
            Some(_) => None,
        });
    wrong.collect()
}

/// The links of a cell: `[name](path)`; back-ticks round a name are taken off.
fn links(cell: &str) -> impl Iterator<Item = (&str, &str)> {
    cell.split('[').skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("](")?;
        let (path, _) = rest.split_once(')')?;
        Some((name.trim_matches('`'), path))
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_promise_needs_a_proof_that_exists() {
        let tests = || file("tests/a.rs", "//! Tests.\nfn it_holds() {}\n");
        let page = |proof: &str| file(PAGE, &format!("| Q-a | it holds | {proof} |"));
        assert!(check(&[page("[it_holds](tests/a.rs)"), tests()]).is_empty());
        assert!(check(&[page("unproven until the simulator"), tests()]).is_empty());
        assert_eq!(check(&[page("[it_fails](tests/a.rs)"), tests()]).len(), 1);
        assert_eq!(check(&[page("[it_holds](tests/b.rs)"), tests()]).len(), 1);
        assert_eq!(check(&[page("surely"), tests()]).len(), 1);
    }
}
