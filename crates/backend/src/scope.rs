//! What a follower asks to be told of.

use crate::{Key, KindName, TenancyPattern};

/// A part of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Every kind but the reserved ones.
    All,
    /// One kind, in all tenancies. Reserved kinds are reached this way.
    Kind(KindName),
    /// One kind in some tenancies.
    Within(KindName, TenancyPattern),
}

impl Scope {
    /// Whether an entry lies in it.
    pub fn contains(&self, key: &Key) -> bool {
        match self {
            Self::All => !key.kind_name().is_reserved(),
            Self::Kind(kind) => kind == key.kind_name(),
            Self::Within(kind, tenancies) => kind == key.kind_name() && tenancies.matches(key.tenancy()),
        }
    }
}
