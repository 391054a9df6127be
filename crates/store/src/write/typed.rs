//! The verbs of a typed entry: edits.
//!
//! Writing the whole type back would erase every field that a newer program has stored and this one's type does not know. So an edit
//! keeps what the closure changed and lays that over the stored JSON (behaviour C24).

use serde::Serialize;
use serde_json::Value;
use trimtab_backend::Invalid;

use super::Write;
use super::verb::{Edit, Verb};
use crate::{Kind, Typed};

impl<K: Kind> Typed<K> {
    /// Changes the spec: fields that the closure does not touch, and fields that the type does not know, stay as they are stored. Members of
    /// objects and elements of lists of equal length are changed one by one, anything else whole.
    ///
    /// What is written is what differs from the value that it is called on. So to undo an earlier commit of the same run, read the entry anew:
    /// called on the value from before that commit, an edit back to it changes nothing.
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use trimtab_store::{Kind, Typed, Write};
    /// # #[derive(Serialize, Deserialize)] struct Database { replicas: u32 }
    /// # impl Kind for Database { const KIND: &'static str = "database"; type Status = (); }
    /// fn grow(database: &Typed<Database>) -> Write {
    ///     database.edit(|spec| spec.replicas += 1)
    /// }
    /// ```
    pub fn edit(&self, edit: impl FnOnce(&mut K)) -> Write {
        let edited = || {
            let before = to_value("spec", &*self.spec)?;
            let mut spec: K =
                serde_json::from_str(self.spec_json()).map_err(|error| broken("spec", &error))?;
            edit(&mut spec);
            spec.normalize();
            spec.validate()?;
            let after = to_value("spec", &spec)?;
            Ok(Verb::EditSpec(Edit { before, after, validate: validate::<K> }))
        };
        Write::trying(self, edited())
    }

    /// Changes the status, as [`edit`](Typed::edit) changes the spec. Begins from the type's default when none was written yet. On condition that
    /// neither spec nor status was changed by others meanwhile (behaviour E6). An equal status writes nothing.
    #[doc(alias = "client.Status")]
    pub fn edit_status(&self, edit: impl FnOnce(&mut K::Status)) -> Write {
        let edited = || {
            let before = to_value("status", &*self.status)?;
            let mut status: K::Status = match self.status_json() {
                Some(json) => serde_json::from_str(json).map_err(|error| broken("status", &error))?,
                None => K::Status::default(),
            };
            edit(&mut status);
            let after = to_value("status", &status)?;
            Ok(Verb::EditStatus(Edit { before, after, validate: |_| Ok(()) }))
        };
        Write::trying(self, edited())
    }

    /// Makes this the whole status: fields that the type does not know are gone.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the status is handed over, as `edit_status` would build it"
    )]
    pub fn set_status(&self, status: K::Status) -> Write {
        let text = serde_json::to_string(&status).map_err(|error| unwritable("status", &error));
        Write::trying(self, text.map(|text| Verb::SetStatus(text.into())))
    }
}

/// What the kind says of a spec that is about to be stored.
fn validate<K: Kind>(spec: &str) -> Result<(), Invalid> {
    let spec: K = serde_json::from_str(spec).map_err(|error| broken("spec", &error))?;
    spec.validate()
}

fn to_value(field: &'static str, value: &impl Serialize) -> Result<Value, Invalid> {
    serde_json::to_value(value).map_err(|error| unwritable(field, &error))
}

pub(super) fn unwritable(field: &'static str, error: &serde_json::Error) -> Invalid {
    Invalid::new(field, format!("cannot be written as JSON ({error})"))
}

fn broken(field: &'static str, error: &serde_json::Error) -> Invalid {
    Invalid::new(field, format!("would no longer be of its kind ({error})"))
}
