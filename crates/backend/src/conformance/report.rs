//! What a run of the suite gives.

use std::fmt;

/// What ran and held, and what did not run. Its text is a line for each test.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The tests that held.
    pub ran: Vec<Ran>,
    /// The tests that did not run, each with its reason.
    pub skipped: Vec<Skipped>,
}

/// A test that held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its number in the contract, section 3.
    pub test: u8,
    /// The rule it holds.
    pub rule: &'static str,
    /// What it proved.
    pub proves: &'static str,
}

/// A test that did not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its number in the contract, section 3.
    pub test: u8,
    /// What it would have proved.
    pub proves: &'static str,
    /// Why it did not run.
    pub reason: String,
}

/// A rule of the contract that a backend breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("contract test {test} (rule {rule}), \"{proves}\": expected {expected}, seen {seen}")]
pub struct Violation {
    /// The test's number in the contract, section 3.
    pub test: u8,
    /// The rule that is broken.
    pub rule: &'static str,
    /// What the test proves.
    pub proves: &'static str,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub seen: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Ran { test, rule, proves } in &self.ran {
            writeln!(f, "held    {test:>2} {rule:<3} {proves}")?;
        }
        for Skipped { test, proves, reason } in &self.skipped {
            writeln!(f, "skipped {test:>2}     {proves}: {reason}")?;
        }
        Ok(())
    }
}
