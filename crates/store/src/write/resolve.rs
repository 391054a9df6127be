//! From writes to a transaction.

use std::collections::BTreeMap;

use trimtab_backend::{Invalid, Key, Transaction};

use super::fold::{Fold, Outcome};
use super::verb::{How, Intent, Step};
use super::{Basis, IntoWrites, Resolved, Write};
use crate::{Draft, Entry};

impl Write {
    /// Makes the one transaction that these writes come to: several to one entry become one, those that change nothing fall away, every
    /// put and delete names the version it replaces, and all limits are checked (behaviour E9). Pure: asks nobody but the basis.
    ///
    /// An entry is written from the version that was read, or from what the run's own commits made of it ([`Basis::rebase`]); a draft from the
    /// entry in view ([`Basis::current`]) unless an entry that was read is written in the same breath.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use serde_json::json;
    /// use trimtab_backend::{Limits, Tenancy, Uid};
    /// use trimtab_store::{Basis, Draft, Write};
    ///
    /// let basis = Basis {
    ///     home: &Tenancy::default(),
    ///     limits: &Limits::PORTABLE,
    ///     now: SystemTime::UNIX_EPOCH,
    ///     current: &|_| None,
    ///     rebase: &|_| None,
    ///     follows: &|_| true,
    ///     uid: &|| Uid::from_random([7; 16]),
    /// };
    /// let resolved = Write::resolve(Draft::json("site", "blog", &json!({})).apply(), &basis)?;
    /// assert_eq!(resolved.transaction.operations.len(), 1);
    /// assert_eq!(resolved.touched[0].key().to_string(), "site/blog");
    /// # Ok::<(), trimtab_backend::Invalid>(())
    /// ```
    pub fn resolve(writes: impl IntoWrites, basis: &Basis<'_>) -> Result<Resolved, Invalid> {
        let mut transaction = Transaction::default();
        let mut touched = Vec::new();
        for group in group(writes.into_writes(), basis)? {
            let key = group.key.clone();
            let outcome = group.fold(basis).map_err(|invalid| invalid.of(&key));
            let (checks, operations, entry) = outcome?;
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
    asked: Vec<Asked>,
}

enum Asked {
    Draft(Box<Draft>, How),
    Step(Step),
    Absent,
}

/// Sorts writes by the entry they are for; entries in the order they are first named.
fn group(writes: Vec<Write>, basis: &Basis<'_>) -> Result<Vec<Group>, Invalid> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for write in writes {
        let (key, read, asked) = match write.0? {
            Intent::Of(read, step) => {
                let base = (basis.rebase)(&read).unwrap_or(read);
                (base.key().clone(), Some(base), Asked::Step(step))
            }
            Intent::Draft(draft, how) => (draft.key(basis.home), None, Asked::Draft(draft, how)),
            Intent::Absent(key) => (key, None, Asked::Absent),
        };
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push(Group { key, read: None, asked: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[place];
        let versions = |entry: &Entry| (entry.version(), entry.status_version());
        // Of two versions that were read only the newer can still be there. Written from the older they conflict, as they should.
        group.read = group.read.take().into_iter().chain(read).min_by_key(versions);
        group.asked.push(asked);
    }
    Ok(groups)
}

impl Group {
    fn fold(self, basis: &Basis<'_>) -> Result<Outcome, Invalid> {
        let mut fold = self.start(basis)?;
        for asked in self.asked {
            match asked {
                Asked::Draft(draft, how) => fold.draft(*draft, how)?,
                Asked::Step(step) => fold.step(step)?,
                Asked::Absent => fold.expect_absent(),
            }
        }
        fold.finish()
    }

    /// What the entry is written from.
    fn start<'a>(&self, basis: &'a Basis<'a>) -> Result<Fold<'a>, Invalid> {
        let any = |how| self.asked.iter().any(|asked| matches!(asked, Asked::Draft(_, its) if *its == how));
        let absent = any(How::Create) || self.asked.iter().any(|asked| matches!(asked, Asked::Absent));
        let blind = self.asked.iter().all(|asked| matches!(asked, Asked::Draft(_, How::Overwrite)));
        let (kind, key) = (self.key.kind_name(), self.key.clone());
        if kind.is_reserved() && self.asked.iter().any(|asked| matches!(asked, Asked::Draft(..))) {
            return Err(Invalid::new("kind", "begins with `trimtab.`, which is reserved"));
        }
        match &self.read {
            Some(_) if absent => {
                Err(Invalid::new("expect", "asks for this entry to be absent and to be as it was read"))
            }
            Some(read) => Ok(Fold::from(key, Some(read.clone()), basis)),
            None if absent => Ok(Fold::from(key, None, basis)),
            None if any(How::Apply) && !(basis.follows)(kind) => {
                let what = "is not followed by this store, so what is there cannot be seen; create it, or overwrite it blindly";
                Err(Invalid::new("kind", what))
            }
            None if blind => Ok(Fold::blindly_from(key, (basis.current)(&self.key), basis)),
            None => Ok(Fold::from(key, (basis.current)(&self.key), basis)),
        }
    }
}
