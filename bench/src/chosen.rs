//! Which cases to run, and how often: what the programs are given.

/// `[ROUNDS] [CASE..]`: a word chooses the cases whose name has it in it, `=word` the one that it names. Without words all are chosen.
#[derive(Debug)]
pub struct Chosen {
    /// Rounds of each case.
    pub rounds: usize,
    words: Vec<String>,
}

impl Chosen {
    /// From a program's arguments; 3 rounds if none are said.
    pub fn from_arguments(arguments: impl Iterator<Item = String>) -> Self {
        let (numbers, words): (Vec<_>, Vec<_>) = arguments.partition(|word| word.parse::<usize>().is_ok());
        let rounds = numbers.first().and_then(|number| number.parse().ok()).unwrap_or(3);
        Self { rounds, words }
    }

    /// Whether a case is to be run.
    pub fn has(&self, case: &str) -> bool {
        let means = |word: &String| match word.strip_prefix('=') {
            Some(name) => case == name,
            None => case.contains(word.as_str()),
        };
        self.words.is_empty() || self.words.iter().any(means)
    }
}
