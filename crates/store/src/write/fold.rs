//! Several writes to one entry, becoming one.
//!
//! A transaction may name each half of an entry once (contract T1), but `add_finalizer` beside `edit_status` in one commit is what
//! authors write. So all writes to an entry are applied to one copy of it in memory, and what differs in the end is written.

use serde_json::Value;
use trimtab_backend::{Check, Expect, Invalid, Key, Operation, Part};

use super::resolved::After;
use super::verb::{Edit, How, Verb};
use super::{Basis, Draft, Touched, admission, json, owners};
use crate::entry::{SpecHeader, encode};
use crate::{CASCADE_FINALIZER, Deletion, Entry, Propagation};

/// Conditions, writes, and what they make of the entry; the last is none when nothing is written.
pub(super) type Outcome = (Vec<Check>, Vec<Operation>, Option<Touched>);

/// An entry being written.
pub(super) struct Fold<'a> {
    basis: &'a Basis<'a>,
    key: Key,
    /// The entry it is written from.
    base: Option<Entry>,
    /// What is demanded of the spec part.
    expect: Expect,
    /// The entry as it is to be; none while there is none.
    now: Option<Now>,
    /// It was there, and is to go at once.
    gone: bool,
    /// Written even when equal.
    blind: bool,
    owners_added: bool,
    expects_spec: bool,
    expects_status: bool,
    validate: Option<fn(&str) -> Result<(), Invalid>>,
}

struct Now {
    header: SpecHeader,
    spec: Payload,
    status: Payload,
}

/// A spec or status: as it is stored, or made anew.
enum Payload {
    Kept,
    Text(Box<str>),
    Value(Value),
}

impl Payload {
    /// As a value, to be edited.
    fn edit(&mut self, kept: Option<&str>, edit: &Edit) {
        let mut value = match std::mem::replace(self, Self::Kept) {
            Self::Kept => kept.and_then(json::parse).unwrap_or_default(),
            Self::Text(text) => json::parse(&text).unwrap_or_default(),
            Self::Value(value) => value,
        };
        json::lay(&mut value, &edit.before, &edit.after);
        *self = Self::Value(value);
    }

    /// The text to write; none when it means the same as what is stored. Nothing stored is the same as null.
    fn changed(self, kept: Option<&str>) -> Option<Box<str>> {
        let text = match self {
            Self::Kept => return None,
            Self::Text(text) => text,
            Self::Value(value) => value.to_string().into(),
        };
        (!json::same_text(&text, kept.unwrap_or("null"))).then_some(text)
    }
}

/// Where the writes to an entry begin.
pub(super) enum Start {
    /// At this entry, or at nothing; it must still be so.
    At(Option<Entry>),
    /// At this entry, or at nothing; whatever is there.
    Blind(Option<Entry>),
}

impl<'a> Fold<'a> {
    pub(super) fn new(key: Key, start: Start, basis: &'a Basis<'a>) -> Self {
        let (base, blind) = match start {
            Start::At(base) => (base, false),
            Start::Blind(base) => (base, true),
        };
        let expect = match &base {
            _ if blind => Expect::Anything,
            Some(base) => Expect::At(base.version()),
            None => Expect::Absent,
        };
        let kept = |base: &Entry| Now { header: base.spec_header(), spec: Payload::Kept, status: Payload::Kept };
        Self {
            basis,
            key,
            now: base.as_ref().map(kept),
            base,
            expect,
            gone: false,
            blind,
            owners_added: false,
            expects_spec: false,
            expects_status: false,
            validate: None,
        }
    }

    /// Writes a draft.
    pub(super) fn draft(&mut self, draft: Draft, how: How) -> Result<(), Invalid> {
        if self.gone {
            let what = "deletes this entry and writes it again in one transaction; commit the delete first";
            return Err(Invalid::new("operations", what).of(&self.key));
        }
        if how == How::Create && self.now.is_some() {
            return Err(Invalid::new("operations", "creates this entry twice in one transaction").of(&self.key));
        }
        let spec = draft.spec.map_err(|invalid| invalid.of(&self.key))?;
        let born = || SpecHeader::born((self.basis.uid)(), self.basis.now.into());
        let header = self.now.take().map_or_else(|| (born(), Payload::Kept), |now| (now.header, now.status));
        let (mut header, status) = header;
        if draft.exact {
            header.lists.labels.clear();
        }
        header.lists.labels.extend(draft.labels);
        for wanted in &draft.owners {
            let owner = owners::identify(&self.key, wanted, self.basis)?;
            owners::add(&mut header.lists.owners, owner);
            self.owners_added = true;
        }
        if draft.origin.is_some() {
            header.lists.origin = draft.origin;
        }
        self.now = Some(Now { header, spec: Payload::Text(spec), status });
        Ok(())
    }

    /// Applies a verb. On an entry that is already to go there is nothing left to change.
    pub(super) fn verb(&mut self, verb: Verb) -> Result<(), Invalid> {
        match verb {
            Verb::ExpectUnchanged => self.expects_spec = true,
            Verb::ExpectStatusUnchanged => self.expects_status = true,
            Verb::Delete(propagation) => self.delete(propagation),
            verb => {
                if let (false, Some(now)) = (self.gone, &mut self.now) {
                    let change = Change { key: &self.key, base: self.base.as_ref(), now };
                    let added = change.apply(verb, &mut self.validate)?;
                    self.owners_added |= added;
                }
            }
        }
        Ok(())
    }

    /// The condition that it is absent.
    pub(super) fn absent(&mut self) {
        self.expects_spec = true;
    }

    fn delete(&mut self, propagation: Propagation) {
        let Some(now) = &mut self.now else { return };
        if now.header.deleted.is_some() {
            return;
        }
        let finalizers = &mut now.header.lists.finalizers;
        if propagation != Propagation::Background && !finalizers.iter().any(|name| name == CASCADE_FINALIZER) {
            finalizers.push(CASCADE_FINALIZER.into());
        }
        if finalizers.is_empty() {
            self.gone = true;
        } else {
            now.header.deleted = Some(Deletion { since: self.basis.now.into(), propagation });
        }
    }

    /// What it comes to.
    pub(super) fn finish(mut self) -> Result<Outcome, Invalid> {
        let released = |now: &Now| now.header.deleted.is_some() && now.header.lists.finalizers.is_empty();
        if self.gone || self.now.as_ref().is_some_and(released) {
            return Ok(self.remove());
        }
        let Some(mut now) = self.now.take() else { return Ok((self.checks(false, false), Vec::new(), None)) };
        let base = self.base.as_ref();
        let spec = now.spec.changed(base.map(Entry::spec_json));
        let status = now.status.changed(base.and_then(Entry::status_json));
        let spec_changed = spec.is_some() || base.is_none();
        let relisted = base.is_none_or(|base| !base.has_lists(&now.header.lists) || base.deletion() != now.header.deleted);
        if let (Some(spec), Some(validate)) = (&spec, self.validate) {
            validate(spec).map_err(|invalid| invalid.of(&self.key))?;
        }
        if let (true, Some(base)) = (spec_changed, base) {
            now.header.generation = base.generation() + 1;
        }
        let spec = (spec_changed || relisted || self.blind).then(|| {
            let kept = || base.map_or("null", Entry::spec_json);
            encode(&now.header, spec.as_deref().unwrap_or_else(kept))
        });
        if spec.is_some() {
            admission::lists(&self.key, &now.header.lists)?;
            if self.owners_added {
                owners::acyclic(&self.key, &now.header.lists.owners, self.basis)?;
            }
        }
        let status = status.zip(base).map(|(status, base)| encode(&base.status_header(now.header.generation), &status));
        let checks = self.checks(spec.is_some(), status.is_some());
        let put = |part, value, expect| Operation::Put { key: self.key.clone(), part, value, expect };
        let spec_put = spec.clone().map(|value| put(Part::Spec, value, self.expect));
        let status_put = status.clone().map(|value| put(Part::Status, value, self.status_expect()));
        let operations: Vec<_> = spec_put.into_iter().chain(status_put).collect();
        let after = After::Written { spec, status };
        let touched = (!operations.is_empty()).then(|| Touched { key: self.key, before: self.base, after });
        Ok((checks, operations, touched))
    }

    /// It goes, both halves. Created in the same breath, it never was.
    fn remove(self) -> Outcome {
        if self.base.is_none() {
            return (self.checks(false, false), Vec::new(), None);
        }
        let delete = Operation::Delete { key: self.key.clone(), expect: self.expect };
        (Vec::new(), vec![delete], Some(Touched { key: self.key, before: self.base, after: After::Gone }))
    }

    /// The conditions on halves that are not written. A status is written on condition that its spec is the one it was made from
    /// (behaviour E6).
    fn checks(&self, spec_written: bool, status_written: bool) -> Vec<Check> {
        let check = |part, expect| Check { key: self.key.clone(), part, expect };
        let spec = (!spec_written && (self.expects_spec || status_written)).then(|| check(Part::Spec, self.expect));
        let status = (!status_written && self.expects_status).then(|| check(Part::Status, self.status_expect()));
        spec.into_iter().chain(status).collect()
    }

    fn status_expect(&self) -> Expect {
        self.base.as_ref().and_then(Entry::status_version).map_or(Expect::Absent, Expect::At)
    }
}

/// A verb at work on an entry that is there.
struct Change<'a> {
    key: &'a Key,
    base: Option<&'a Entry>,
    now: &'a mut Now,
}

impl Change<'_> {
    /// Applies it; whether it has added an owner.
    fn apply(self, verb: Verb, validate: &mut Option<fn(&str) -> Result<(), Invalid>>) -> Result<bool, Invalid> {
        let lists = &mut self.now.header.lists;
        match verb {
            Verb::EditSpec(edit) => {
                self.now.spec.edit(self.base.map(Entry::spec_json), &edit);
                *validate = Some(edit.validate);
            }
            Verb::EditStatus(edit) => self.now.status.edit(self.base.and_then(Entry::status_json), &edit),
            Verb::SetStatus(status) => self.now.status = Payload::Text(status),
            Verb::AddFinalizer(name) if lists.finalizers.contains(&name) => {}
            Verb::AddFinalizer(name) if self.now.header.deleted.is_some() => {
                let what = format!("cannot be given `{name}` while the entry is being deleted");
                return Err(Invalid::new("finalizers", what).of(self.key));
            }
            Verb::AddFinalizer(name) => lists.finalizers.push(name),
            Verb::RemoveFinalizer(name) => lists.finalizers.retain(|have| *have != name),
            Verb::SetLabel(name, value) => {
                lists.labels.insert(name, value);
            }
            Verb::RemoveLabel(name) => {
                lists.labels.remove(&name);
            }
            Verb::AddOwner(owner) => {
                owners::add(&mut lists.owners, owner);
                return Ok(true);
            }
            Verb::RemoveOwner(uid) => lists.owners.retain(|owner| owner.uid != uid),
            Verb::Delete(_) | Verb::ExpectUnchanged | Verb::ExpectStatusUnchanged => {}
        }
        Ok(false)
    }
}
