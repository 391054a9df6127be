//! Where an entry is, when its kind is known from elsewhere.

use trimtab_backend::{Key, Tenancy};

use super::{Entry, Kind, Typed};

/// What names an entry to a `get::<K>(..)`: a name, a key, an entry, or a tenancy with a name. The kind always comes from `K`.
///
/// A bare name means the tenancy at hand: of the request in a reconcile, of the changed entry in a transformer, the default one on a store.
/// A key or an entry brings its own; `(&tenancy, "name")` says it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name an entry",
    label = "a name, a `&Key`, an entry, or `(&tenancy, \"name\")` is wanted here"
)]
pub trait Locate {
    /// The key of the entry of this kind; `home` is the tenancy at hand.
    fn locate(&self, kind: &str, home: &Tenancy) -> Key;
}

impl Locate for str {
    fn locate(&self, kind: &str, home: &Tenancy) -> Key {
        Key::within(kind.into(), home.clone(), self)
    }
}

impl Locate for String {
    fn locate(&self, kind: &str, home: &Tenancy) -> Key {
        self.as_str().locate(kind, home)
    }
}

impl Locate for Key {
    fn locate(&self, kind: &str, _: &Tenancy) -> Key {
        if self.kind() == kind { self.clone() } else { self.name().locate(kind, self.tenancy()) }
    }
}

impl Locate for Entry {
    fn locate(&self, kind: &str, home: &Tenancy) -> Key {
        self.key().locate(kind, home)
    }
}

impl<K: Kind> Locate for Typed<K> {
    fn locate(&self, kind: &str, home: &Tenancy) -> Key {
        self.key().locate(kind, home)
    }
}

impl<N: AsRef<str>> Locate for (&Tenancy, N) {
    fn locate(&self, kind: &str, _: &Tenancy) -> Key {
        self.1.as_ref().locate(kind, self.0)
    }
}

impl<L: Locate + ?Sized> Locate for &L {
    fn locate(&self, kind: &str, home: &Tenancy) -> Key {
        (**self).locate(kind, home)
    }
}
