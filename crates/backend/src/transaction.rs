//! What is asked of a backend: checks and operations, all or nothing.

use bytes::Bytes;
use hashbrown::HashSet;
use trimtab_seams::HashState;

use crate::{Failed, Index, Invalid, Key, Limits, Part, Record};

/// What must be true of a record for a transaction to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It is not there.
    Absent,
    /// It was last written by this commit.
    At(Index),
    /// Nothing: a blind write, asked for by name.
    Anything,
}

impl Expect {
    /// Whether it holds for what is there.
    pub fn holds(self, found: Option<&Record>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::At(version) => found.is_some_and(|record| record.version == version),
            Self::Anything => true,
        }
    }
}

/// A condition on a record that the transaction does not write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The entry.
    pub key: Key,
    /// Its half.
    pub part: Part,
    /// What must be true of it.
    pub expect: Expect,
}

/// A write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Writes one half of an entry.
    Put {
        /// The entry.
        key: Key,
        /// Its half.
        part: Part,
        /// Header line and payload.
        value: Bytes,
        /// What must be true of that half before.
        expect: Expect,
    },
    /// Removes both halves of an entry.
    Delete {
        /// The entry.
        key: Key,
        /// What must be true of its spec half before; [`Expect::Absent`] is invalid.
        expect: Expect,
    },
}

impl Operation {
    /// The entry it writes.
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => key,
        }
    }

    /// The condition it stands under: on the half that a put writes, on the spec half of a delete.
    pub const fn condition(&self) -> (&Key, Part, Expect) {
        match self {
            Self::Put { key, part, expect, .. } => (key, *part, *expect),
            Self::Delete { key, expect } => (key, Part::Spec, *expect),
        }
    }
}

/// Checks and operations that commit together at one index, or not at all. Conditions are judged before any operation (contract T2), so the
/// order within either list means nothing.
///
/// ```
/// use trimtab_backend::{Check, Expect, Index, Key, Limits, Operation, Part, Transaction};
///
/// let (site, page) = (Key::new("site", "blog"), Key::new("page", "home"));
/// let put = Operation::Put { key: page, part: Part::Spec, value: "{}".into(), expect: Expect::Absent };
/// let unmoved = Check { key: site, part: Part::Spec, expect: Expect::At(Index::new(7)) };
/// let transaction = Transaction::of([put]).checking(unmoved);
/// assert_eq!(transaction.units(), 2);
/// transaction.validate(&Limits::PORTABLE)?;
/// assert_eq!(transaction.failing(|_, _| None).len(), 1, "in an empty store the check fails");
/// # Ok::<(), trimtab_backend::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Conditions on records that it does not write.
    pub checks: Vec<Check>,
    /// Writes.
    pub operations: Vec<Operation>,
}

impl Transaction {
    /// These operations, without further checks.
    pub fn of(operations: impl IntoIterator<Item = Operation>) -> Self {
        Self { checks: Vec::new(), operations: operations.into_iter().collect() }
    }

    /// The same under one more check.
    #[must_use]
    pub fn checking(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Every condition: those of the checks, then those of the operations.
    pub fn conditions(&self) -> impl Iterator<Item = (&Key, Part, Expect)> {
        let checks = self.checks.iter().map(|check| (&check.key, check.part, check.expect));
        checks.chain(self.operations.iter().map(Operation::condition))
    }

    /// Every condition that does not hold, given what stands at each (key, part). Empty: the operations may be applied.
    pub fn failing<'a>(&self, found: impl Fn(&Key, Part) -> Option<&'a Record>) -> Vec<Failed> {
        let judged = self.conditions().map(|(key, part, expect)| (key, part, expect, found(key, part)));
        judged
            .filter(|(.., expect, found)| !expect.holds(*found))
            .map(|(key, part, expected, found)| Failed {
                key: key.clone(),
                part,
                expected,
                found: found.into(),
            })
            .collect()
    }

    /// Units as [`Limits::operations`] counts them.
    pub fn units(&self) -> usize {
        let checks = self.checks.iter().filter(|check| !check.key.kind_name().is_reserved()).count();
        let weight =
            |operation: &Operation| if matches!(operation, Operation::Delete { .. }) { 2 } else { 1 };
        checks + self.operations.iter().map(weight).sum::<usize>()
    }

    /// Bytes as [`Limits::transaction_bytes`] counts them.
    pub fn bytes(&self) -> usize {
        let size = |operation: &Operation| match operation {
            Operation::Put { key, value, .. } => key.encoded_bytes() + value.len(),
            Operation::Delete { key, .. } => 2 * key.encoded_bytes(),
        };
        self.checks.iter().map(|check| check.key.encoded_bytes()).sum::<usize>()
            + self.operations.iter().map(size).sum::<usize>()
    }

    /// What every backend checks before it does anything: names, each (key, part) at most once over checks and operations (contract T1), no delete
    /// that expects absence, and the limits (contract T3).
    pub fn validate(&self, limits: &Limits) -> Result<(), Invalid> {
        let above = |field, unit, limit: usize, actual: usize| {
            if actual > limit {
                Err(Invalid::above(field, unit, limit as u64, actual as u64))
            } else {
                Ok(())
            }
        };
        above(
            "operations",
            "units (put 1, check 1, delete 2) in one transaction",
            limits.operations,
            self.units(),
        )?;
        for (key, ..) in self.conditions() {
            key.validate()?;
        }
        if let Some(key) = self.repeated() {
            return Err(
                Invalid::new("operations", "names this entry more than once in one transaction").of(key)
            );
        }
        for operation in &self.operations {
            match operation {
                Operation::Put { key, part, value, .. } => {
                    let payload = Record::payload_of(value).len();
                    let (field, limit) = match part {
                        Part::Spec => ("spec", limits.spec_bytes),
                        Part::Status => ("status", limits.status_bytes),
                    };
                    above(field, "bytes", limit, payload).map_err(|invalid| invalid.of(key))?;
                }
                Operation::Delete { key, expect: Expect::Absent } => {
                    return Err(Invalid::new("expect", "a delete cannot expect absence").of(key));
                }
                Operation::Delete { .. } => {}
            }
        }
        above("transaction", "bytes of keys and values", limits.transaction_bytes, self.bytes())
    }

    /// An entry of which one half is named twice. A delete names both. A few halves are compared pair by pair, which takes no memory.
    fn repeated(&self) -> Option<&Key> {
        const PAIRWISE: usize = 12;
        let halves = || {
            let checks = self.checks.iter().map(|check| (&check.key, check.part));
            let operations = self.operations.iter().flat_map(|operation| {
                let (key, part, _) = operation.condition();
                let other = matches!(operation, Operation::Delete { .. }).then_some((key, Part::Status));
                std::iter::once((key, part)).chain(other)
            });
            checks.chain(operations)
        };
        let twice = if halves().nth(PAIRWISE).is_none() {
            halves().enumerate().find(|(at, half)| halves().take(*at).any(|before| before == *half))
        } else {
            let mut seen = HashSet::with_hasher(HashState::default());
            halves().enumerate().find(|(_, half)| !seen.insert(*half))
        };
        twice.map(|(_, (key, _))| key)
    }
}
