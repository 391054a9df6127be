//! What a write does, as data.

use serde_json::Value;
use trimtab_backend::{Invalid, Key, Part, Uid};

use crate::{Draft, Entry, Owner, Propagation};

/// What is asked for, of whom.
#[derive(Clone, Debug)]
pub(super) enum Intent {
    /// Of an entry at the version that was read.
    Of(Entry, Step),
    /// Of an entry that may or may not be there.
    Draft(Box<Draft>, How),
    /// That it is not there.
    Absent(Key),
}

/// What is asked of an entry that was read.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Change(Verb),
    Delete(Propagation),
    /// That this half is as it was read.
    Unchanged(Part),
}

/// How a draft is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Over what the view shows, or where it shows nothing.
    Apply,
    /// Where nothing is.
    Create,
    /// Over whatever is there.
    Overwrite,
}

/// What is changed about an entry.
#[derive(Clone, Debug)]
pub(super) enum Verb {
    EditSpec(Edit),
    EditStatus(Edit),
    SetStatus(Box<str>),
    AddFinalizer(String),
    RemoveFinalizer(String),
    SetLabel(String, String),
    RemoveLabel(String),
    AddOwner(Owner),
    RemoveOwner(Uid),
}

/// A change of a JSON value: what it was for its editor, and what the editor made of it.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub(super) before: Value,
    pub(super) after: Value,
    /// Asked of the outcome once it is laid over what is stored.
    pub(super) validate: Validate,
}

/// Whether a payload may be stored.
pub(super) type Validate = fn(&str) -> Result<(), Invalid>;
