//! The limits of an entry's header (behaviour E9). Sizes of spec, status and transaction, and names, are checked by
//! [`Transaction::validate`](trimtab_backend::Transaction::validate).

use trimtab_backend::{Invalid, Key};

use crate::entry::Lists;
use crate::{CASCADE_FINALIZER, Owner};

const LABELS: usize = 64;
const LABEL_NAME_BYTES: usize = 63;
const LABEL_VALUE_BYTES: usize = 253;
const OWNERS: usize = 16;
const FINALIZERS: usize = 16;
const FINALIZER_BYTES: usize = 253;

/// Whether an entry may have these labels, owners and finalizers.
pub(super) fn lists(key: &Key, lists: &Lists) -> Result<(), Invalid> {
    let finalizers = lists.finalizers.iter().filter(|name| *name != CASCADE_FINALIZER);
    within("labels", "labels", LABELS, lists.labels.len())
        .and_then(|()| lists.labels.iter().try_for_each(|(name, value)| label(name, value)))
        .and_then(|()| within("owners", "owners", OWNERS, lists.owners.len()))
        .and_then(|()| lists.owners.iter().try_for_each(|owner| self_owned(key, owner)))
        .and_then(|()| within("finalizers", "finalizers", FINALIZERS, finalizers.clone().count()))
        .and_then(|()| lists.finalizers.iter().try_for_each(|name| finalizer(name)))
}

fn within(field: &'static str, unit: &str, limit: usize, actual: usize) -> Result<(), Invalid> {
    if actual > limit { Err(Invalid::above(field, unit, limit as u64, actual as u64)) } else { Ok(()) }
}

fn label(name: &str, value: &str) -> Result<(), Invalid> {
    if name.is_empty() || name.chars().any(char::is_control) || value.chars().any(char::is_control) {
        let what = format!(
            "have the label {name:?}={value:?}: a name must not be empty, and neither may hold control characters"
        );
        return Err(Invalid::new("labels", what));
    }
    within("labels", &format!("bytes in the label name `{name}`"), LABEL_NAME_BYTES, name.len())?;
    within("labels", &format!("bytes in the value of the label `{name}`"), LABEL_VALUE_BYTES, value.len())
}

fn finalizer(name: &str) -> Result<(), Invalid> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Invalid::new(
            "finalizers",
            format!("have {name:?}, which is empty or holds control characters"),
        ));
    }
    within("finalizers", &format!("bytes in `{name}`"), FINALIZER_BYTES, name.len())
}

fn self_owned(key: &Key, owner: &Owner) -> Result<(), Invalid> {
    if (owner.kind.as_str(), owner.name.as_str()) == (key.kind(), key.name()) {
        return Err(Invalid::new("owners", "name the entry itself"));
    }
    Ok(())
}
