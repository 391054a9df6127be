//! Keys made from types: the kind is written once, on the type.

use trimtab_backend::Key;

use super::Kind;

/// What a [`Kind`] gives to [`Key`].
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)] struct Site {}
/// # impl trimtab_store::Kind for Site { const KIND: &'static str = "site"; type Status = (); }
/// use trimtab_backend::Key;
/// use trimtab_store::KindKey as _;
///
/// let key = Key::new("listing", "a").in_namespace("shop").beside::<Site>("blog");
/// assert_eq!(key, Key::of::<Site>("blog").in_namespace("shop"));
/// assert!(key.is::<Site>());
/// ```
pub trait KindKey: Sized {
    /// The key of an entry of this kind in the default tenancy.
    fn of<K: Kind>(name: impl AsRef<str>) -> Self;

    /// The key of an entry of this kind in the same tenancy.
    #[must_use]
    fn beside<K: Kind>(&self, name: impl AsRef<str>) -> Self;

    /// Whether it names an entry of this kind.
    fn is<K: Kind>(&self) -> bool;
}

impl KindKey for Key {
    fn of<K: Kind>(name: impl AsRef<str>) -> Self {
        Self::new(K::KIND, name.as_ref())
    }

    fn beside<K: Kind>(&self, name: impl AsRef<str>) -> Self {
        Self::within(K::KIND.into(), self.tenancy().clone(), name.as_ref())
    }

    fn is<K: Kind>(&self) -> bool {
        self.kind() == K::KIND
    }
}
