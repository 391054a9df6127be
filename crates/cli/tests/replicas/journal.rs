//! What the reconcilers wrote down: when each run began and ended.

use std::path::Path;

use crate::time::Moment;

/// What a line says of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Begin,
    End,
    /// Its process was told to end in the middle of it.
    Cut,
}

/// A line of the journal. Lines are in the order in which they were written, by whomever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) word: Word,
    pub(crate) at: Moment,
    /// With the number of its life: `a.2`.
    pub(crate) replica: String,
    /// Also the name of its controller.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) epoch: u64,
    pub(crate) generation: u64,
    pub(crate) value: u64,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split(' ').collect();
        let [word, at, replica, kind, name, epoch, generation, value] = words[..] else { return None };
        let word = match word {
            "begin" => Word::Begin,
            "end" => Word::End,
            "cut" => Word::Cut,
            _ => return None,
        };
        Some(Self {
            word,
            at: Moment::read(at)?,
            replica: replica.into(),
            kind: kind.into(),
            name: name.into(),
            epoch: epoch.parse().ok()?,
            generation: generation.parse().ok()?,
            value: value.parse().ok()?,
        })
    }
}

/// The whole journal; every line must be one.
pub(crate) fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).expect("a journal");
    text.lines()
        .map(|line| Line::read(line).unwrap_or_else(|| panic!("no line of a journal: {line:?}")))
        .collect()
}
