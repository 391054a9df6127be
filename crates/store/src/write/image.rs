//! An entry as it is to be: what writes are applied to before anything is sent.

use trimtab_backend::{Invalid, Key};

use super::payload::Payload;
use super::verb::{Validate, Verb};
use super::{Basis, Draft, owners};
use crate::entry::SpecHeader;
use crate::{CASCADE_FINALIZER, Deletion, Entry, Propagation};

/// An entry in the making: its header, and its two payloads as far as they are new.
pub(super) struct Image {
    pub(super) header: SpecHeader,
    pub(super) spec: Payload,
    pub(super) status: Payload,
    /// What a typed edit demands of the spec that results.
    pub(super) validate: Option<Validate>,
    /// Owners were added, so it might come to own itself.
    pub(super) owners_added: bool,
}

impl Image {
    /// As the entry is.
    pub(super) fn of(entry: &Entry) -> Self {
        Self::new(entry.spec_header())
    }

    /// One that begins its life, its spec still to be given.
    pub(super) fn born(basis: &Basis<'_>) -> Self {
        Self::new(SpecHeader::born((basis.uid)(), basis.now.into()))
    }

    fn new(header: SpecHeader) -> Self {
        Self { header, spec: Payload::Kept, status: Payload::Kept, validate: None, owners_added: false }
    }

    /// Whether it is being deleted, and nothing holds that any more: it goes.
    pub(super) fn is_released(&self) -> bool {
        self.header.deleted.is_some() && self.header.lists.finalizers.is_empty()
    }

    /// Takes a draft: the spec exactly, labels and owners in addition unless told otherwise.
    pub(super) fn draft(&mut self, key: &Key, draft: Draft, basis: &Basis<'_>) -> Result<(), Invalid> {
        self.spec = Payload::Text(draft.spec?);
        self.validate = None;
        let lists = &mut self.header.lists;
        if draft.exact {
            lists.labels.clear();
        }
        lists.labels.extend(draft.labels);
        for wanted in &draft.owners {
            owners::add(&mut lists.owners, owners::identify(key, wanted, basis)?);
            self.owners_added = true;
        }
        if draft.origin.is_some() {
            lists.origin = draft.origin;
        }
        Ok(())
    }

    /// Marks it as being deleted. When nothing holds the delete, it is then released.
    pub(super) fn delete(&mut self, propagation: Propagation, basis: &Basis<'_>) {
        if self.header.deleted.is_none() {
            let finalizers = &mut self.header.lists.finalizers;
            let cascades = finalizers.iter().any(|name| name == CASCADE_FINALIZER);
            if propagation != Propagation::Background && !cascades {
                finalizers.push(CASCADE_FINALIZER.into());
            }
            self.header.deleted = Some(Deletion { since: basis.now.into(), propagation });
        }
    }

    /// Applies a verb that changes it; `stored` is the entry as it is.
    pub(super) fn apply(&mut self, verb: Verb, stored: Option<&Entry>) -> Result<(), Invalid> {
        let lists = &mut self.header.lists;
        match verb {
            Verb::EditSpec(edit) => {
                self.spec.edit(stored.map(Entry::spec_json), &edit);
                self.validate = Some(edit.validate);
            }
            Verb::EditStatus(edit) => self.status.edit(stored.and_then(Entry::status_json), &edit),
            Verb::SetStatus(status) => self.status = Payload::Text(status),
            Verb::AddFinalizer(name) if lists.finalizers.contains(&name) => {}
            Verb::AddFinalizer(name) if self.header.deleted.is_some() => {
                let what = format!("cannot be given `{name}` while the entry is being deleted");
                return Err(Invalid::new("finalizers", what));
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
                self.owners_added = true;
            }
            Verb::RemoveOwner(uid) => lists.owners.retain(|owner| owner.uid != uid),
        }
        Ok(())
    }
}
