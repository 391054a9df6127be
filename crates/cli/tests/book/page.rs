//! A page, and its fenced blocks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of the book's pages.
pub(crate) const BOOK: &str = "docs/book/src";

/// A page of Markdown.
pub(crate) struct Page {
    /// From the root of the repository.
    pub(crate) path: String,
    pub(crate) lines: Vec<String>,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The place of its first line in [`Page::lines`].
    pub(crate) first: usize,
    pub(crate) language: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) lines: Vec<String>,
    /// The last line of text above it.
    pub(crate) above: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Page {
    /// By its path from the root of the repository.
    pub(crate) fn read(path: &str) -> Self {
        let text =
            std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), lines: text.lines().map(str::to_owned).collect() }
    }

    /// Every page of the book.
    pub(crate) fn all() -> Vec<Self> {
        let mut found = Vec::new();
        let mut folders = vec![root().join(BOOK)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "md") {
                    found.push(Self::read(path.strip_prefix(root()).unwrap().to_str().unwrap()));
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    /// The command that must succeed where the page is to be run.
    pub(crate) fn needs(&self) -> Option<&str> {
        self.note("needs")
    }

    /// The servers that its commands call.
    pub(crate) fn servers(&self) -> Vec<&str> {
        self.note("servers").unwrap_or_default().split_whitespace().collect()
    }

    /// What a comment of this name says.
    fn note(&self, name: &str) -> Option<&str> {
        let begin = format!("<!-- {name}: ");
        self.lines.iter().find_map(|line| line.strip_prefix(&begin)?.strip_suffix(" -->"))
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut found = Vec::new();
        let mut open: Option<Block> = None;
        let mut above = String::new();
        for (number, line) in self.lines.iter().enumerate() {
            let is_fence = line.trim_start().starts_with("```");
            match (&mut open, is_fence) {
                (None, true) => {
                    let info = line
                        .strip_prefix("```")
                        .unwrap_or_else(|| panic!("{}: a fence that is indented", self.at(number)));
                    let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
                    let attributes =
                        attributes(rest).unwrap_or_else(|| panic!("{}: {rest}", self.at(number)));
                    open = Some(Block {
                        first: number + 1,
                        language: language.to_owned(),
                        attributes,
                        lines: Vec::new(),
                        above: std::mem::take(&mut above),
                    });
                }
                (Some(_), true) => found.extend(open.take()),
                (Some(block), false) => block.lines.push(line.clone()),
                (None, false) if !line.trim().is_empty() => above.clone_from(line),
                (None, false) => {}
            }
        }
        assert!(open.is_none(), "{}: a fence that does not end", self.path);
        found
    }

    /// A line of it, for people.
    pub(crate) fn at(&self, number: usize) -> String {
        format!("{}:{}", self.path, number + 1)
    }
}

impl Block {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

/// `a=b c="d e"`.
fn attributes(mut rest: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    while !rest.trim().is_empty() {
        let (name, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_once(' ').unwrap_or((value, "")),
        };
        found.insert(name.trim().to_owned(), value.to_owned());
        rest = after;
    }
    Some(found)
}
