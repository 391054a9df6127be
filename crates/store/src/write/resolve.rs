//! From writes to a transaction.

use std::collections::BTreeMap;

use trimtab_backend::{Invalid, Key, Transaction};

use super::fold::{Fold, Outcome, Start};
use super::verb::{How, Intent, Verb};
use super::{Basis, IntoWrites, Resolved, Write};
use crate::{Draft, Entry};

impl Write {
    /// Makes the one transaction that these writes come to: several to one entry become one, those that change nothing fall away, every
    /// put and delete names the version it replaces, and all limits are checked (behaviour E9). Pure: asks nobody but the basis.
    ///
    /// An entry is written from the version that was read, or from what the run's own commits made of it ([`Basis::rebase`]); a draft from the
    /// entry in view ([`Basis::current`]) unless an entry that was read is written in the same breath.
    pub fn resolve(writes: impl IntoWrites, basis: &Basis<'_>) -> Result<Resolved, Invalid> {
        let mut transaction = Transaction::default();
        let mut touched = Vec::new();
        for group in group(writes.into_writes(), basis)? {
            let (checks, operations, entry) = group.fold(basis)?;
            transaction.checks.extend(checks);
            transaction.operations.extend(operations);
            touched.extend(entry);
        }
        transaction.validate(basis.limits)?;
        Ok(Resolved { transaction, touched })
    }
}

/// All that is asked of one entry, in order.
struct Group {
    key: Key,
    /// The oldest version of it that was read.
    read: Option<Entry>,
    steps: Vec<Step>,
}

enum Step {
    Draft(Box<Draft>, How),
    Verb(Verb),
    Absent,
}

/// Sorts writes by the entry they are for; entries in the order they are first named.
fn group(writes: Vec<Write>, basis: &Basis<'_>) -> Result<Vec<Group>, Invalid> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for write in writes {
        let (key, read, step) = match write.0? {
            Intent::Of(read, verb) => {
                let base = (basis.rebase)(&read).unwrap_or(read);
                (base.key().clone(), Some(base), Step::Verb(verb))
            }
            Intent::Draft(draft, how) => (draft.key(basis.home), None, Step::Draft(draft, how)),
            Intent::Absent(key) => (key, None, Step::Absent),
        };
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push(Group { key, read: None, steps: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[place];
        let versions = |entry: &Entry| (entry.version(), entry.status_version());
        // Of two versions that were read only the newer can still be there. Writing from the older makes that a conflict, which it is.
        group.read = group.read.take().into_iter().chain(read).min_by_key(versions);
        group.steps.push(step);
    }
    Ok(groups)
}

impl Group {
    fn fold(self, basis: &Basis<'_>) -> Result<Outcome, Invalid> {
        let start = self.start(basis)?;
        let mut fold = Fold::new(self.key, start, basis);
        for step in self.steps {
            match step {
                Step::Draft(draft, how) => fold.draft(*draft, how)?,
                Step::Verb(verb) => fold.verb(verb)?,
                Step::Absent => fold.absent(),
            }
        }
        fold.finish()
    }

    /// What the entry is written from.
    fn start(&self, basis: &Basis<'_>) -> Result<Start, Invalid> {
        let absent = |step: &Step| matches!(step, Step::Absent | Step::Draft(_, How::Create));
        let blind = |step: &Step| matches!(step, Step::Draft(_, How::Overwrite));
        let applied = |step: &Step| matches!(step, Step::Draft(_, How::Apply));
        let invalid = |field, what| Err(Invalid::new(field, what).of(&self.key));
        let drafted = self.steps.iter().any(|step| matches!(step, Step::Draft(..)));
        if drafted && self.key.kind_name().is_reserved() {
            return invalid("kind", "begins with `trimtab.`, which is reserved");
        }
        match &self.read {
            Some(_) if self.steps.iter().any(absent) => {
                invalid("expect", "is expected to be absent and to be as it was read")
            }
            Some(read) => Ok(Start::At(Some(read.clone()))),
            None if self.steps.iter().any(absent) => Ok(Start::At(None)),
            None if !(basis.follows)(self.key.kind_name()) && self.steps.iter().any(applied) => {
                invalid("kind", "is not followed by this store, so what is there cannot be seen; create or overwrite it")
            }
            None if self.steps.iter().all(blind) => Ok(Start::Blind((basis.current)(&self.key))),
            None => Ok(Start::At((basis.current)(&self.key))),
        }
    }
}
