//! Which store this is.

use bytes::Bytes;
use serde_json::{Value, json};
use trimtab_backend::{Position, StoreId};

use crate::transaction::index;

/// The format of what lies under a root.
pub(crate) const FORMAT: u64 = 1;

/// The id of a store, and the bytes that say so: every commit is made on the condition that they still do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) store: StoreId,
    pub(crate) meta: Bytes,
}

impl Identity {
    pub(crate) fn position(&self, revision: i64) -> Position {
        Position { store: self.store, index: index(revision) }
    }
}

/// What `meta/store` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meta {
    /// A store of this format.
    Ours(StoreId),
    /// A store of a newer one.
    Newer(u64),
    /// Something else.
    Foreign,
}

pub(crate) fn written(store: StoreId) -> Bytes {
    let id = format!("{:032x}", u128::from_be_bytes(*store.as_bytes()));
    json!({ "store": id, "format": FORMAT }).to_string().into()
}

pub(crate) fn read(value: &[u8]) -> Meta {
    let Ok(value) = serde_json::from_slice::<Value>(value) else { return Meta::Foreign };
    let id =
        value["store"].as_str().filter(|id| id.len() == 32).and_then(|id| u128::from_str_radix(id, 16).ok());
    match (id, value["format"].as_u64()) {
        (Some(id), Some(FORMAT)) => Meta::Ours(StoreId::new(id.to_be_bytes())),
        (_, Some(newer)) if newer > FORMAT => Meta::Newer(newer),
        _ => Meta::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_known_by_what_was_written_and_by_nothing_else() {
        let store = StoreId::new([7; 16]);
        assert_eq!(read(&written(store)), Meta::Ours(store));
        assert_eq!(read(b"{\"format\":2,\"id\":{}}"), Meta::Newer(2));
        for foreign in [
            "",
            "[]",
            "{}",
            "hello",
            "{\"format\":1,\"store\":\"7\"}",
            "{\"format\":1,\"store\":\"g0000000000000000000000000000000\"}",
        ] {
            assert_eq!(read(foreign.as_bytes()), Meta::Foreign, "{foreign}");
        }
    }
}
