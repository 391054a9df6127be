//! What is wrong with an input, so that a person can mend it.

use crate::Key;

/// A value that breaks a rule. Terminal: the same input will be refused again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{field} {what}{}", Named(key), Measured(*limit, *actual))]
pub struct Invalid {
    /// The entry it belongs to, when there is one.
    pub key: Option<Key>,
    /// The field: `name`, `spec`, `operations` ...
    pub field: &'static str,
    /// What is wrong, and what is allowed.
    pub what: String,
    /// The limit that was passed, in the unit that `what` names.
    pub limit: Option<u64>,
    /// What was found, in the same unit.
    pub actual: Option<u64>,
}

impl Invalid {
    /// A broken rule about `field`.
    pub fn new(field: &'static str, what: impl Into<String>) -> Self {
        Self { key: None, field, what: what.into(), limit: None, actual: None }
    }

    /// A limit that was passed; `unit` is what is counted.
    pub fn above(field: &'static str, unit: &str, limit: u64, actual: u64) -> Self {
        let (limit, actual) = (Some(limit), Some(actual));
        Self { key: None, field, what: format!("has too many {unit}"), limit, actual }
    }

    /// The same, of this entry.
    #[must_use]
    pub fn of(mut self, key: &Key) -> Self {
        self.key = Some(key.clone());
        self
    }
}

struct Named<'a>(&'a Option<Key>);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |key| write!(f, "{key}: "))
    }
}

struct Measured(Option<u64>, Option<u64>);

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0, self.1) {
            (Some(limit), Some(actual)) => write!(f, " ({actual}, the limit is {limit})"),
            (Some(limit), None) => write!(f, " (the limit is {limit})"),
            _ => Ok(()),
        }
    }
}
