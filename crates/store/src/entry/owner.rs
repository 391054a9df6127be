//! Who owns an entry, and how it is being deleted: what the header of a spec record holds beside its numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trimtab_backend::{Key, Tenancy, Uid};

use super::Timestamp;

/// The finalizer that a delete with [`Propagation::Foreground`] or [`Propagation::Orphan`] leaves on an entry: it is removed by the owner
/// cascade once the dependents are gone, or freed.
pub const CASCADE_FINALIZER: &str = "trimtab.cascade";

/// The labels of an entry, in order of their names.
pub type Labels = BTreeMap<String, String>;

/// An owner of an entry: when its last owner is gone, the entry is deleted (behaviour E7). It lies in the same partition and namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Which of the lives of that name owns.
    #[serde(with = "uid_text")]
    pub uid: Uid,
}

impl Owner {
    /// Its key, seen from the tenancy of the entry it owns.
    pub fn key(&self, tenancy: &Tenancy) -> Key {
        Key::within(self.kind.as_str().into(), tenancy.clone(), &self.name)
    }
}

/// That an entry is being deleted: it was asked for, and finalizers hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// Since when.
    pub since: Timestamp,
    /// What becomes of what it owns.
    pub propagation: Propagation,
}

/// What becomes of the entries that a deleted entry owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// They are deleted after it is gone. The default.
    #[default]
    Background,
    /// They are deleted first; it stays, deleting, until they are gone.
    Foreground,
    /// They stay, and it is taken off their owners.
    Orphan,
}

/// A uid as its text.
pub(super) mod uid_text {
    use std::fmt;

    use serde::{Deserializer, Serializer, de};
    use trimtab_backend::Uid;

    pub(crate) fn serialize<S: Serializer>(uid: &Uid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(uid)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uid, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Uid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a uid")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Uid, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A uid as its text, or nothing.
pub(super) mod maybe_uid {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use trimtab_backend::Uid;

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(uid: &Option<Uid>, serializer: S) -> Result<S::Ok, S::Error> {
        match uid {
            Some(uid) => serializer.collect_str(uid),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uid>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse()).transpose().map_err(serde::de::Error::custom)
    }
}
