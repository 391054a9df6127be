//! What one backend holds, test by test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use trimtab_backend::conformance::Report;

use crate::page::{Page, TESTS};
use crate::tagged::tagged;

/// One backend's column of the page.
#[derive(Debug)]
pub struct Column<'a> {
    /// The first words of its heading: `memory`, `embedded`, `etcd` or `Consul`. A version may follow.
    pub heading: &'a str,
    /// The folder of the backend's package, whose tests are looked through for the contract's numbers.
    pub package: &'a str,
    /// What the suite held.
    pub report: &'a Report,
    /// What has no meaning on it, and why.
    pub without: &'a [(&'a [u8], &'a str)],
}

impl Column<'_> {
    /// Compares it with the page; with `UPDATE` set it is written into the page instead.
    ///
    /// # Panics
    /// When they differ, when a test of the contract is neither held nor said to have no meaning, and when it is both.
    pub fn compare(&self) {
        let path = docs().join("conformance.md");
        let kept = std::fs::read_to_string(&path).expect("the page is there");
        let mut page = Page::read(&kept).unwrap_or_else(|what| panic!("{}: {what}", path.display()));
        page.set(self.heading, &titles(self.report), &self.cells());
        let right = page.written();
        if std::env::var_os("UPDATE").is_some_and(|set| !set.is_empty()) {
            std::fs::write(&path, right).expect("writable");
        } else {
            let differ = kept.lines().zip(right.lines()).find(|(kept, right)| kept != right);
            assert!(
                kept == right,
                "docs/conformance.md is not what ran on {}: run `cargo xtask conformance` and look at what changed; the first line that differs: {differ:?}",
                self.heading
            );
        }
    }

    fn cells(&self) -> BTreeMap<u8, String> {
        let own = tagged(Path::new(self.package));
        TESTS.map(|test| (test, self.cell(test, &own))).collect()
    }

    fn cell(&self, test: u8, own: &BTreeMap<u8, Vec<PathBuf>>) -> String {
        let mut held = Vec::new();
        if self.report.ran.iter().any(|ran| ran.test == test) {
            held.push("suite".to_owned());
        }
        held.extend(own.get(&test).into_iter().flatten().map(|file| link(file)));
        let without = self.without.iter().find(|(tests, _)| tests.contains(&test));
        match (held.is_empty(), without) {
            (false, None) => held.join(", "),
            (true, Some((_, why))) => format!("*{why}*"),
            (true, None) => {
                panic!("contract test {test} is not held on {}, and nothing says why not", self.heading)
            }
            (false, Some((_, why))) => {
                panic!("contract test {test} is held on {} and said to have no meaning: {why}", self.heading)
            }
        }
    }
}

/// What each test shows, in the suite's words.
fn titles(report: &Report) -> BTreeMap<u8, String> {
    let ran = report.ran.iter().map(|ran| (ran.test, ran.proves));
    let all = ran.chain(report.skipped.iter().map(|skipped| (skipped.test, skipped.proves)));
    let mut titles = BTreeMap::<u8, String>::new();
    for (test, proves) in all {
        let title = titles.entry(test).or_default();
        let between = if title.is_empty() { "" } else { "; " };
        let _ = write!(title, "{between}{proves}");
    }
    titles
}

/// Seen from the page.
fn link(file: &Path) -> String {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let root = docs().parent().map(PathBuf::from).unwrap_or_default();
    let path = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    format!("[{name}](../{path})")
}

fn docs() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).expect("this package lies two folders deep");
    root.join("docs")
}
