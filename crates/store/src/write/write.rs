//! One write, and the verbs of an entry that make one.

use serde_json::Value;
use trimtab_backend::{Invalid, Key, Part, Uid};

use super::verb::{Edit, Intent, Step, Verb};
use crate::{DecodeError, Entry, Owner, Propagation};

/// A change to one entry, or a condition on one, as a value. Nothing happens until it is committed.
///
/// Made by the verbs of [`Entry`], [`Typed`](crate::Typed) and [`Draft`](crate::Draft). Commit one, or several together: then all of them
/// happen at one index, or none. Several to one entry become one. What would change nothing falls away.
///
/// What is wrong with it (a spec that its kind refuses) is told when it is committed.
///
/// ```
/// use trimtab_store::{Entry, Write};
///
/// fn let_go(entry: &Entry) -> Option<Write> {
///     entry.is_deleting().then(|| entry.remove_finalizer("backups"))
/// }
///
/// fn retire(old: &Entry, new: &Entry) -> [Write; 2] {
///     [old.delete(), new.expect_unchanged()]
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a write does nothing until it is committed: `ctx.commit(write).await?`"]
pub struct Write(pub(super) Result<Intent, Invalid>);

impl Write {
    /// The condition that nothing has this name.
    pub fn expect_absent(key: &Key) -> Self {
        Self(Ok(Intent::Absent(key.clone())))
    }

    /// Whether it goes by what is in view: resolved against a later view, it may come to something else.
    pub(crate) fn goes_by_view(&self) -> bool {
        matches!(self.0, Ok(Intent::Draft(..)))
    }

    fn step(entry: &Entry, step: Step) -> Self {
        Self(Ok(Intent::Of(entry.clone(), step)))
    }

    fn of(entry: &Entry, verb: Verb) -> Self {
        Self::step(entry, Step::Change(verb))
    }

    pub(super) fn trying(entry: &Entry, verb: Result<Verb, Invalid>) -> Self {
        verb.map_or_else(|invalid| Self(Err(invalid.of(entry.key()))), |verb| Self::of(entry, verb))
    }
}

/// Verbs. Each makes a [`Write`] that carries the version it was called on: when somebody else has changed the entry meanwhile, the commit is
/// a conflict and nothing is written.
impl Entry {
    /// Deletes it; what it owns goes after it. Finalizers hold it: then it is marked, and goes when the last of them is removed
    /// (behaviour E7). Deleting what is being deleted changes nothing.
    #[doc(alias = "client.Delete")]
    pub fn delete(&self) -> Write {
        self.delete_with(Propagation::Background)
    }

    /// Deletes it and says what becomes of what it owns. All but [`Propagation::Background`] leave a finalizer of their own,
    /// [`CASCADE_FINALIZER`](crate::CASCADE_FINALIZER), for the owner cascade to remove.
    pub fn delete_with(&self, propagation: Propagation) -> Write {
        Write::step(self, Step::Delete(propagation))
    }

    /// Adds a finalizer, unless it is there: the entry cannot go before it is removed. Invalid on an entry that is being deleted.
    #[doc(alias = "controllerutil.AddFinalizer")]
    pub fn add_finalizer(&self, name: impl Into<String>) -> Write {
        Write::of(self, Verb::AddFinalizer(name.into()))
    }

    /// Removes a finalizer. The last one of an entry that is being deleted takes the entry with it.
    #[doc(alias = "controllerutil.RemoveFinalizer")]
    pub fn remove_finalizer(&self, name: impl Into<String>) -> Write {
        Write::of(self, Verb::RemoveFinalizer(name.into()))
    }

    /// Gives a label a value.
    pub fn set_label(&self, name: impl Into<String>, value: impl Into<String>) -> Write {
        Write::of(self, Verb::SetLabel(name.into(), value.into()))
    }

    /// Takes a label away.
    pub fn remove_label(&self, name: impl Into<String>) -> Write {
        Write::of(self, Verb::RemoveLabel(name.into()))
    }

    /// Makes another entry of the same tenancy one of its owners.
    pub fn add_owner(&self, owner: &Self) -> Write {
        let invalid =
            || Invalid::new("owners", format!("cannot have {}, which lies in another tenancy", owner.key()));
        let same = owner.tenancy() == self.tenancy();
        let owner = Owner { kind: owner.kind().into(), name: owner.name().into(), uid: owner.uid() };
        Write::trying(self, if same { Ok(Verb::AddOwner(owner)) } else { Err(invalid()) })
    }

    /// Takes an owner away; the entry stays.
    pub fn remove_owner(&self, owner: Uid) -> Write {
        Write::of(self, Verb::RemoveOwner(owner))
    }

    /// The condition that its spec part is as it was read: spec, labels, owners, finalizers. For what a decision rests on without writing it.
    pub fn expect_unchanged(&self) -> Write {
        Write::step(self, Step::Unchanged(Part::Spec))
    }

    /// The condition that its status is as it was read.
    pub fn expect_status_unchanged(&self) -> Write {
        Write::step(self, Step::Unchanged(Part::Status))
    }

    /// Edits the spec as a JSON value: what the closure leaves alone stays as it is stored.
    pub fn edit_json(&self, edit: impl FnOnce(&mut Value)) -> Write {
        Write::trying(self, json_edit(self.spec_value(), edit).map(Verb::EditSpec))
    }

    /// Edits the status as a JSON value, null when none was written yet.
    pub fn edit_status_json(&self, edit: impl FnOnce(&mut Value)) -> Write {
        Write::trying(self, json_edit(self.status_value(), edit).map(Verb::EditStatus))
    }

    /// Makes this JSON value the status.
    pub fn set_status_json(&self, status: &Value) -> Write {
        Write::of(self, Verb::SetStatus(status.to_string().into()))
    }
}

fn json_edit(before: Result<Value, DecodeError>, edit: impl FnOnce(&mut Value)) -> Result<Edit, Invalid> {
    let before = before.map_err(|error| Invalid::new("entry", error.to_string()))?;
    let mut after = before.clone();
    edit(&mut after);
    Ok(Edit { before, after, validate: |_| Ok(()) })
}
