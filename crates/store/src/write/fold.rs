//! Several writes to one entry, becoming one.
//!
//! A transaction may name each half of an entry once (contract T1), but `add_finalizer` beside `edit_status` in one commit is what
//! authors write. So all writes to an entry are applied to one image of it in memory, and what differs in the end is written.

use bytes::Bytes;
use trimtab_backend::{Check, Expect, Invalid, Key, Operation, Part};

use super::image::Image;
use super::resolved::After;
use super::verb::{How, Step};
use super::{Basis, Draft, Touched, admission, owners};
use crate::Entry;
use crate::entry::encode;

/// What the writes to one entry come to: conditions, operations, and what they make of it (none when nothing is written).
pub(super) type Outcome = (Vec<Check>, Vec<Operation>, Option<Touched>);

/// An entry being written.
pub(super) struct Fold<'a> {
    basis: &'a Basis<'a>,
    key: Key,
    /// What it is written from; none when nothing is to be there.
    base: Option<Entry>,
    /// What is demanded of its spec part; anything for a blind write.
    expect: Expect,
    life: Life,
    /// Halves whose condition is asked for by name.
    expects: Vec<Part>,
}

/// The entry as it is to be.
enum Life {
    Absent,
    There(Box<Image>),
    /// It goes at once.
    Gone,
}

impl<'a> Fold<'a> {
    /// Begins at this entry, or at nothing, on condition that it is still so.
    pub(super) fn from(key: Key, base: Option<Entry>, basis: &'a Basis<'a>) -> Self {
        let expect = base.as_ref().map_or(Expect::Absent, |base| Expect::At(base.version()));
        let life = base.as_ref().map_or(Life::Absent, |base| Life::There(Image::of(base).into()));
        Self { basis, key, base, expect, life, expects: Vec::new() }
    }

    /// Begins the same way, whatever is there.
    pub(super) fn blindly_from(key: Key, base: Option<Entry>, basis: &'a Basis<'a>) -> Self {
        Self { expect: Expect::Anything, ..Self::from(key, base, basis) }
    }

    /// Writes a draft.
    pub(super) fn draft(&mut self, draft: Draft, how: How) -> Result<(), Invalid> {
        let twice = |what: &str| Err(Invalid::new("operations", what));
        match &mut self.life {
            Life::Gone => {
                twice("delete this entry and write it again in one transaction; commit the delete first")
            }
            Life::There(_) if how == How::Create => twice("create this entry twice in one transaction"),
            Life::There(image) => image.draft(&self.key, draft, self.basis),
            Life::Absent => {
                let mut image = Image::born(self.basis);
                image.draft(&self.key, draft, self.basis)?;
                self.life = Life::There(image.into());
                Ok(())
            }
        }
    }

    /// Takes a step. Where the entry is to go, there is nothing left to change.
    pub(super) fn step(&mut self, step: Step) -> Result<(), Invalid> {
        let image = match (&mut self.life, &step) {
            (_, Step::Unchanged(part)) => {
                self.expects.push(*part);
                return Ok(());
            }
            (Life::There(image), _) => image,
            (Life::Absent | Life::Gone, _) => return Ok(()),
        };
        match step {
            Step::Change(verb) => image.apply(verb, self.base.as_ref())?,
            Step::Delete(propagation) => image.delete(propagation, self.basis),
            Step::Unchanged(_) => {}
        }
        if image.is_released() {
            self.life = Life::Gone;
        }
        Ok(())
    }

    /// The condition that it is absent.
    pub(super) fn expect_absent(&mut self) {
        self.expects.push(Part::Spec);
    }

    /// What it comes to.
    pub(super) fn finish(mut self) -> Result<Outcome, Invalid> {
        match std::mem::replace(&mut self.life, Life::Absent) {
            Life::There(image) => self.put(*image),
            Life::Absent => Ok((self.checks(&[]), Vec::new(), None)),
            Life::Gone => {
                let delete = Operation::Delete { key: self.key.clone(), expect: self.expect };
                let touched = Touched { key: self.key, before: self.base, after: After::Gone };
                Ok((Vec::new(), vec![delete], Some(touched)))
            }
        }
    }

    fn put(self, image: Image) -> Result<Outcome, Invalid> {
        let (spec, status) = self.encode(image)?;
        let put = |part, value: &Bytes, expect| {
            let (key, value) = (self.key.clone(), value.clone());
            Operation::Put { key, part, value, expect }
        };
        let spec_put = spec.as_ref().map(|value| put(Part::Spec, value, self.expect));
        let status_put = status.as_ref().map(|value| put(Part::Status, value, self.expect_of_status()));
        let operations: Vec<_> = spec_put.into_iter().chain(status_put).collect();
        let written: Vec<_> = operations.iter().map(|operation| operation.condition().1).collect();
        let checks = self.checks(&written);
        let touched = Touched { key: self.key, before: self.base, after: After::Written { spec, status } };
        Ok((checks, operations, (!written.is_empty()).then_some(touched)))
    }

    /// The values of the halves that are to be written: those that differ from what is stored.
    fn encode(&self, mut image: Image) -> Result<(Option<Bytes>, Option<Bytes>), Invalid> {
        let base = self.base.as_ref();
        let stored = base.map(Entry::spec_json);
        let spec = image.spec.changed(stored);
        if let (Some(spec), Some(validate)) = (&spec, image.validate) {
            validate(spec)?;
        }
        if let (Some(_), Some(base)) = (&spec, base) {
            image.header.generation = base.generation() + 1;
        }
        let (header, lists) = (&image.header, &image.header.lists);
        let is_equal =
            |base: &Entry| spec.is_none() && base.deletion() == header.deleted && base.has_lists(lists);
        let spec_value = if self.expect != Expect::Anything && base.is_some_and(is_equal) {
            None
        } else {
            admission::lists(&self.key, lists)?;
            if image.owners_added {
                owners::acyclic(&self.key, &lists.owners, self.basis)?;
            }
            Some(encode(header, spec.as_deref().or(stored).unwrap_or("null")))
        };
        let status = base.and_then(|base| {
            let status = image.status.changed(base.status_json())?;
            Some(encode(&base.status_header(header.generation), &status))
        });
        Ok((spec_value, status))
    }

    /// The conditions on halves that are not written. A status is written on condition that its spec is the one it was made from
    /// (behaviour E6).
    fn checks(&self, written: &[Part]) -> Vec<Check> {
        let wanted = |part| {
            let beside = part == Part::Spec && written.contains(&Part::Status);
            !written.contains(&part) && (beside || self.expects.contains(&part))
        };
        let check = |part| {
            let expect = if part == Part::Spec { self.expect } else { self.expect_of_status() };
            Check { key: self.key.clone(), part, expect }
        };
        [Part::Spec, Part::Status].into_iter().filter(|part| wanted(*part)).map(check).collect()
    }

    fn expect_of_status(&self) -> Expect {
        self.base.as_ref().and_then(Entry::status_version).map_or(Expect::Absent, Expect::At)
    }
}
