//! What writes were resolved to.

use bytes::Bytes;
use trimtab_backend::{Index, Key, Part, Record, Transaction};

use crate::Entry;

/// A transaction, and what it makes of each entry it writes.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What to send. Empty when all that was asked for is so already: then there is nothing to send.
    pub transaction: Transaction,
    /// The entries that it writes, in the order they were first named.
    pub touched: Vec<Touched>,
}

impl Resolved {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.transaction.checks.is_empty() && self.transaction.operations.is_empty()
    }
}

/// An entry that a transaction writes: as it was, and as it will be.
#[derive(Clone, Debug)]
pub struct Touched {
    pub(super) key: Key,
    pub(super) before: Option<Entry>,
    pub(super) after: After,
}

#[derive(Clone, Debug)]
pub(super) enum After {
    Gone,
    Written { spec: Option<Bytes>, status: Option<Bytes> },
}

impl Touched {
    /// Its key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The entry that was written from: the one whose versions the transaction demands. None when it is created.
    pub fn before(&self) -> Option<&Entry> {
        self.before.as_ref()
    }

    /// The entry as the commit of this index has left it; none when it has deleted it. A blind write that met something else than the view
    /// showed may have left more than this tells.
    pub fn at(&self, index: Index) -> Option<Entry> {
        let After::Written { spec, status } = &self.after else { return None };
        let record = |part, value: &Option<Bytes>, had: Option<Record>| match value {
            Some(value) => {
                let created = had.map_or(index, |had| had.created);
                Some(Record { key: self.key.clone(), part, value: value.clone(), created, version: index })
            }
            None => had,
        };
        let spec = record(Part::Spec, spec, self.before().map(Entry::spec_record))?;
        let status = record(Part::Status, status, self.before().and_then(Entry::status_record));
        Some(Entry::from_records(spec, status).expect("what the door encoded can be read"))
    }
}
