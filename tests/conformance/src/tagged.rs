//! The tests of a package that carry the contract's numbers.
//!
//! A tag is a doc comment of a test such as `contract 16, contract U1` or `contract 16, 21`. Where it stands on what is no test, or on one that is
//! ignored, it counts for nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// By number the files that hold such tests.
pub(crate) fn tagged(package: &Path) -> BTreeMap<u8, Vec<PathBuf>> {
    let mut found = BTreeMap::<u8, Vec<PathBuf>>::new();
    for file in ["src", "tests"].into_iter().flat_map(|folder| sources(&package.join(folder))) {
        let text = std::fs::read_to_string(&file).expect("a source");
        for number in numbers(&text) {
            let files = found.entry(number).or_default();
            if !files.contains(&file) {
                files.push(file.clone());
            }
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let found = paths.into_iter().flat_map(|path| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => vec![path],
        _ => Vec::new(),
    });
    found.collect()
}

/// The numbers that the tests of a source carry.
fn numbers(source: &str) -> Vec<u8> {
    let (mut found, mut waiting, mut is_test) = (Vec::new(), Vec::new(), false);
    for line in source.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            waiting.extend(tags(comment));
        } else if line.starts_with("#[ignore") {
            waiting.clear();
        } else if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        } else {
            if is_test {
                found.append(&mut waiting);
            }
            waiting.clear();
            is_test = false;
        }
    }
    found
}

/// `contract 16, 21`, `contract L3, test 49`, `contract 22, contract U2: and why`.
fn tags(comment: &str) -> Vec<u8> {
    let (mut found, mut of_the_contract) = (Vec::new(), false);
    for item in comment.split([',', ':']).map(str::trim) {
        let (word, rest) = item.split_once(' ').unwrap_or(("", item));
        match word {
            "contract" => of_the_contract = true,
            "" | "test" => {}
            _ => of_the_contract = false,
        }
        let number = rest.strip_prefix("test ").unwrap_or(rest);
        found.extend(number.parse::<u8>().ok().filter(|_| of_the_contract));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_what_the_tests_of_this_workspace_write() {
        for (comment, numbers) in [
            (" contract 16, contract U1, contract U2", &[16][..]),
            (" contract 16, 21", &[16, 21]),
            (" contract L3, test 49", &[49]),
            (" contract test 40, at the channel: bounded memory, and 7", &[40]),
            (" behaviour Q3, fault 7, contract 5", &[5]),
            (" contract L2: the stated bound. What memory adds is nothing, 8", &[]),
            (" Some 16 of them.", &[]),
        ] {
            assert_eq!(tags(comment), numbers, "{comment}");
        }
    }

    #[test]
    fn only_tests_that_run_count() {
        let source = "
            /// contract 1
            fn no_test() {}
            /// contract 2
            ///
            /// In so many words.
            #[tokio::test(flavor = \"multi_thread\")]
            async fn a_test() {}
            /// contract 3
            #[test]
            #[ignore = \"slow\"]
            fn ignored() {}
            /// contract 4
            #[test]
            fn another() {}
        ";
        assert_eq!(numbers(source), [2, 4]);
    }

    #[test]
    fn files_are_found_in_both_folders_of_a_package() {
        let package = tempfile::TempDir::new().expect("a folder");
        for path in ["src/tests/deep.rs", "tests/one.rs", "tests/one.txt", "benches/no.rs"] {
            let path = package.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, "/// contract 9\n#[test]\nfn it() {}\n").expect("written");
        }
        let files = tagged(package.path());
        let names = files[&9].iter().map(|file| file.file_name().expect("a name").to_owned());
        assert_eq!(names.collect::<Vec<_>>(), ["deep.rs", "one.rs"]);
    }
}
