//! The one transaction that a reconciler's answer comes to.
//!
//! Whatever it asks for rests on the entry as it was given: the entry's version guards all of it, so an answer to a question that has changed meanwhile is
//! refused by the store, and the key runs again.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use trimtab_backend::{Key, Tenancy};
use trimtab_runtime::{Error, Result};
use trimtab_store::{Draft, Entry, Timestamp, View, Write};

use crate::protocol::{Output, Speaker, Target, merged};
use crate::watched::Watched;

/// What the answer is an answer to.
pub(crate) struct Asked<'a> {
    pub(crate) controller: &'a str,
    pub(crate) request: &'a Key,
    /// None when it is gone.
    pub(crate) entry: Option<&'a Entry>,
    pub(crate) children: &'a [Entry],
    pub(crate) watched: &'a Watched,
    /// The finalizer to remove when the reconciler has cleaned up.
    pub(crate) finalizer: &'a str,
    pub(crate) view: &'a View,
    pub(crate) now: Timestamp,
}

impl Asked<'_> {
    /// What its status part comes to. Nothing when the entry is gone: there is nothing to have a status.
    pub(crate) fn status(&self, patch: Option<Map<String, Value>>) -> Result<Option<Write>> {
        let (Some(entry), Some(patch)) = (self.entry, patch) else { return Ok(None) };
        let current = entry.status_value()?;
        let speaker = Speaker { controller: self.controller, generation: entry.generation(), now: self.now };
        let status = merged(Some(&current), patch, &speaker)?;
        Ok((status != current).then(|| entry.set_status_json(&status)))
    }

    /// What all of it comes to.
    pub(crate) fn all(&self, output: Output) -> Result<Vec<Write>> {
        let Output { status, apply, delete, finalized, exactly, requeue_after: _ } = output;
        let mut writes: Vec<Write> = self.status(status)?.into_iter().collect();
        let own = writes.len();

        let mut applied = BTreeSet::new();
        for (number, document) in apply.into_iter().enumerate() {
            let draft = document.into_draft().map_err(|invalid| format!("apply[{number}]: {invalid}"))?;
            let draft = self.owned(draft).map_err(|what| format!("apply[{number}]: {what}"))?;
            let key = draft.key(self.request.tenancy());
            writes.push(draft.exactly().apply());
            if let Some(twice) = applied.replace(key) {
                return Err(format!("apply[{number}]: {twice} is applied twice").into());
            }
        }
        for entry in self.deletions(&delete, &exactly, &applied)? {
            writes.push(entry.delete());
        }
        if writes.len() > own {
            writes.push(match self.entry {
                Some(entry) => entry.expect_unchanged(),
                None => Write::expect_absent(self.request),
            });
        }
        let holds = |entry: &&Entry| entry.is_deleting() && entry.has_finalizer(self.finalizer);
        if let Some(entry) = self.entry.filter(|_| finalized).filter(holds) {
            writes.push(entry.remove_finalizer(self.finalizer));
        }
        Ok(writes)
    }

    /// A draft of a child is owned by the entry; any other stands alone.
    fn owned(&self, draft: Draft) -> std::result::Result<Draft, String> {
        let key = draft.key(self.request.tenancy());
        match self.entry {
            _ if !self.watched.owns(key.kind()) => Ok(draft),
            Some(entry) => Ok(draft.owned_by(entry)),
            None => Err(format!("{key} would be owned by {}, which is gone", self.request)),
        }
    }

    /// The entries that go: those named, and the children of the kinds that were told exactly.
    fn deletions(
        &self,
        delete: &[Target],
        exactly: &[String],
        applied: &BTreeSet<Key>,
    ) -> Result<Vec<Entry>> {
        let mut gone = Vec::new();
        for (number, target) in delete.iter().enumerate() {
            let key = key(target, self.request.tenancy());
            if applied.contains(&key) {
                return Err(format!("delete[{number}]: {key} is applied too; do one of them").into());
            }
            gone.extend(self.view.entry(&key)?);
        }
        for kind in exactly {
            if !self.watched.owns(kind) {
                return Err(not_owned(kind, &self.watched.owned()));
            }
            let surplus = self.children.iter().filter(|child| child.kind() == kind);
            gone.extend(surplus.filter(|child| !applied.contains(child.key())).cloned());
        }
        gone.retain(|entry| !entry.is_deleting());
        gone.sort_by(|a, b| a.key().cmp(b.key()));
        gone.dedup_by(|a, b| a.key() == b.key());
        Ok(gone)
    }
}

fn not_owned(kind: &str, owned: &[&str]) -> Error {
    let known = match owned {
        [] => "this controller has none".to_owned(),
        kinds => format!("here those are {}", kinds.join(", ")),
    };
    format!("exactly: `{kind}` is no kind that is watched with `owner = true`; {known}").into()
}

/// The key that is meant, seen from a tenancy.
fn key(target: &Target, home: &Tenancy) -> Key {
    let partition = target.partition.as_deref().unwrap_or(home.partition());
    let namespace = target.namespace.as_deref().unwrap_or(home.namespace());
    Key::within(target.kind.as_str().into(), Tenancy::new(partition, namespace), &target.name)
}
