//! What is stored.

use bytes::Bytes;

use crate::{Index, Key};

/// Which half of an entry. The two are records of their own under one key, so that a status write is light and never conflicts with an
/// edit of the spec (behaviour E6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What should be.
    Spec,
    /// What is.
    Status,
}

/// A value under a key and a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The entry.
    pub key: Key,
    /// Its half.
    pub part: Part,
    /// One line of JSON header, a newline, the payload; a backend looks at neither.
    pub value: Bytes,
    /// The commit that began this life of the record.
    pub created: Index,
    /// The commit that wrote it last.
    pub version: Index,
}

impl Record {
    /// The payload of a value: what follows its first newline, or all of it when there is none.
    pub fn payload_of(value: &[u8]) -> &[u8] {
        value.iter().position(|&byte| byte == b'\n').map_or(value, |newline| &value[newline + 1..])
    }
}

/// One change to the records of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordChange {
    /// Written.
    Put(Record),
    /// Gone, with both parts.
    Delete {
        /// The entry.
        key: Key,
        /// The commit that had begun the life of its spec part, so that a delete and a re-creation are told apart.
        created: Index,
    },
}

impl RecordChange {
    /// The entry that changed.
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put(record) => &record.key,
            Self::Delete { key, .. } => key,
        }
    }
}
