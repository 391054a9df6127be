//! What an entry has been decoded into: each type once.
//!
//! Twenty controllers that read one gateway should decode it once. A map behind a lock would make every read of a typed view take that
//! lock; a chain that only grows is read without one, and an entry is rarely read as more than one type.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::{DecodeError, Kind};

/// A spec and a status as the types of a kind.
pub(super) struct Pair<K: Kind> {
    pub(super) spec: Arc<K>,
    pub(super) status: Arc<K::Status>,
}

/// The chain: one link a type.
#[derive(Default)]
pub(super) struct Decoded(OnceLock<Box<Link>>);

struct Link {
    of: TypeId,
    /// A `Result<Pair<K>, DecodeError>` of the type `of`.
    pair: Box<dyn Any + Send + Sync>,
    next: Decoded,
}

impl Decoded {
    /// The pair of this type, decoded now if nobody has asked before. Others who ask meanwhile wait for it.
    pub(super) fn get<K: Kind>(
        &self,
        decode: impl Fn() -> Result<Pair<K>, DecodeError>,
    ) -> &Result<Pair<K>, DecodeError> {
        let mut chain = self;
        loop {
            let link = chain.0.get_or_init(|| {
                Box::new(Link { of: TypeId::of::<K>(), pair: Box::new(decode()), next: Self::default() })
            });
            if link.of == TypeId::of::<K>() {
                return link.pair.downcast_ref().expect("a link holds the pair of the type it names");
            }
            chain = &link.next;
        }
    }
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Decoded" } else { "Decoded(nothing)" })
    }
}
