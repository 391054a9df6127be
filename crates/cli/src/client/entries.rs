//! One entry, by its key.

use trimtab::store::Document;
use trimtab_http::wire::{EntryKey, Written};

use super::{Answer, Client, Failure, Request};

/// How an entry is to go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deletion {
    /// What becomes of what it owns.
    pub(crate) propagation: Option<&'static str>,
    /// Finalizers to take off, without waiting for whom they belong to.
    pub(crate) drop_finalizers: Vec<String>,
    /// It is only asked what would come of it.
    pub(crate) dry_run: bool,
}

impl Client {
    /// The entry.
    pub(crate) fn entry(&self, key: &EntryKey) -> Result<Answer<Document>, Failure> {
        self.get(&path(key)).lies_at(key).send()
    }

    /// Makes the entry what the document says: with an ETag, when it is at that.
    pub(crate) fn put_entry(
        &self,
        document: &Document,
        etag: Option<&str>,
        dry_run: bool,
    ) -> Result<Answer<Written>, Failure> {
        let key = key_of(document);
        let request = self.put(&path(&key)).lies_at(&key).only_asks(dry_run);
        request.if_match(etag).json(document).send()
    }

    /// Deletes the entry.
    pub(crate) fn delete_entry(&self, key: &EntryKey, how: &Deletion) -> Result<Answer<Written>, Failure> {
        let request = self.delete(&path(key)).lies_at(key).query("propagation", how.propagation);
        let dropped = how.drop_finalizers.iter();
        let request = dropped.fold(request, |request, name| request.query("drop_finalizer", Some(name)));
        request.only_asks(how.dry_run).send()
    }
}

/// The key that a document names.
pub(crate) fn key_of(document: &Document) -> EntryKey {
    EntryKey {
        kind: document.kind.clone(),
        name: document.name.clone(),
        namespace: document.namespace.clone(),
        partition: document.partition.clone(),
    }
}

fn path(key: &EntryKey) -> [&str; 4] {
    ["v1", "entries", &key.kind, &key.name]
}

impl Request<'_> {
    fn lies_at(self, key: &EntryKey) -> Self {
        self.query("namespace", key.namespace.as_deref()).query("partition", key.partition.as_deref())
    }

    /// Nothing is written when it is a dry run.
    pub(crate) fn only_asks(self, dry_run: bool) -> Self {
        self.query("dry_run", dry_run.then_some("true"))
    }
}
